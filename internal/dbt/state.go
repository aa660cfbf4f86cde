package dbt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"apotheca/internal/jinja"
)

// State is what an earlier run left behind, to select by and to defer to.
type State struct {
	manifest *jinja.Dict
	results  map[string]string // status by id; nil without run_results.json
	// sources are when rows came by source id: then, and now.
	sources, current map[string]string
}

// ReadState reads the artifacts that lie in the folder of an earlier run. What
// is not there is missed only by who selects by it. Target is the folder of
// this project's artifacts, whose sources.json is compared with the earlier.
func ReadState(earlier, target fs.FS) (*State, error) {
	s := &State{}
	var err error
	if s.manifest, err = readArtifact(earlier, "manifest.json"); err != nil {
		return nil, err
	}
	results, err := readArtifact(earlier, "run_results.json")
	if err != nil {
		return nil, err
	}
	s.results = resultsBy(results, "status")
	then, err := readArtifact(earlier, "sources.json")
	if err != nil {
		return nil, err
	}
	now, err := readArtifact(target, "sources.json")
	if err != nil {
		return nil, err
	}
	s.sources, s.current = resultsBy(then, "max_loaded_at"), resultsBy(now, "max_loaded_at")
	return s, nil
}

// readArtifact reads one file; nil when it is not there.
func readArtifact(dir fs.FS, name string) (*jinja.Dict, error) {
	if dir == nil {
		return nil, nil
	}
	data, err := fs.ReadFile(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := decodeJSON(d)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	out, ok := v.(*jinja.Dict)
	if !ok {
		return nil, fmt.Errorf("read %s: it is no artifact of dbt", name)
	}
	return out, nil
}

// resultsBy is one field of every result that has it, by id.
func resultsBy(artifact *jinja.Dict, field string) map[string]string {
	if artifact == nil {
		return nil
	}
	out := map[string]string{}
	for _, r := range appended(nil, get(artifact, "results")).V {
		if d, ok := r.(*jinja.Dict); ok && get(d, field) != nil {
			out[jinja.Str(get(d, "unique_id"))] = jinja.Str(get(d, field))
		}
	}
	return out
}

// resource is what the earlier manifest says of a resource; nil for a new one.
func (s *State) resource(id string) *jinja.Dict {
	for _, section := range []string{"nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests"} {
		all, _ := get(s.manifest, section).(*jinja.Dict)
		if d, ok := get(all, id).(*jinja.Dict); ok {
			return d
		}
	}
	return nil
}

// comparison compares a project with an earlier state of it.
type comparison struct {
	p *Project
	s *State
	// changed are the macros that are new, gone or different; nil until asked.
	changed map[string]bool
	warn    func(Problem) // of what cannot be compared; may be nil
}

// stateChecks are what state: can look for.
var stateChecks = []string{"new", "old", "modified", "unmodified", "modified.body", "modified.configs", "modified.persisted_descriptions",
	"modified.relation", "modified.macros", "modified.contract"}

// stateMatcher finds the resources that differ from the earlier state.
func (p *Project) stateMatcher(value string, s *State, warn func(Problem)) (func(r *resource) bool, error) {
	if s == nil || s.manifest == nil {
		return nil, hintedf("--state names the folder of an earlier run's artifacts", "Got a state selector method, but no comparison manifest")
	}
	if !in(value, stateChecks...) {
		return nil, hintedf("one of state:"+joinOr(stateChecks), "there is no state %q", value)
	}
	c := &comparison{p: p, s: s, warn: warn}
	return func(r *resource) bool {
		old, now := s.resource(r.id), p.resourceDict(r.id)
		if old == nil {
			return value == "new" || value == "modified" || value != "old" && value != "unmodified" && value != "modified.macros" && isNodeKind(r.kind) ||
				value == "modified.macros" && c.macros(r)
		}
		switch value {
		case "new":
			return false
		case "old":
			return true
		case "modified":
			return c.modified(r, old, now)
		case "unmodified":
			return !c.modified(r, old, now)
		case "modified.macros":
			return c.macros(r)
		}
		if !isNodeKind(r.kind) {
			return false
		}
		switch value {
		case "modified.body":
			return !c.sameBody(r, old, now)
		case "modified.configs":
			return !sameConfig(old, now)
		case "modified.persisted_descriptions":
			return !sameDescriptions(old, now)
		case "modified.relation":
			return !sameRelation(old, now)
		}
		return !sameContract(old, now)
	}, nil
}

func isNodeKind(kind ResourceType) bool {
	return in(string(kind), string(Model), string(Seed), string(Snapshot), string(DataTest), string(Analysis), string(Operation))
}

// resourceDict is a resource as the manifest has it.
func (p *Project) resourceDict(id string) *jinja.Dict {
	if n := p.Nodes[id]; n != nil {
		return p.nodeDict(n)
	}
	if s := p.Sources[id]; s != nil {
		return p.sourceDict(s)
	}
	if e := p.Exposures[id]; e != nil {
		return p.exposureDict(e)
	}
	if u := p.UnitTests[id]; u != nil {
		return p.unitTestDict(u)
	}
	for _, s := range p.semantics() {
		if s.UniqueID == id {
			return p.semanticDict(s)
		}
	}
	return nil
}

// modified reports a change that can change a result, as dbt counts it: tags,
// groups and descriptions that are not stored do not.
func (c *comparison) modified(r *resource, old, now *jinja.Dict) bool {
	same := func(keys ...string) bool {
		for _, key := range keys {
			if !jinja.Equal(get(old, key), get(now, key)) {
				return false
			}
		}
		return true
	}
	switch {
	case r.kind == SourceResource:
		database, schema := "database", "schema"
		if c.p.behaves("state_modified_compare_more_unrendered_values") {
			database, schema = "unrendered_database", "unrendered_schema"
		}
		return !same(database, schema, "identifier", "fqn", "quoting", "freshness", "loaded_at_field", "external") || !sameConfig(old, now)
	case r.kind == ExposureResource:
		return !same("fqn", "type", "owner", "maturity", "url", "description", "label") || !sameConfig(old, now) ||
			!jinja.Equal(get(old, "depends_on"), get(now, "depends_on"))
	case r.kind == UnitTestResource:
		return !same("checksum")
	case !isNodeKind(r.kind):
		for _, k := range keysIn(now) {
			if key := jinja.Str(k); !in(key, "created_at", "unrendered_config", "config", "path", "original_file_path", "tags", "meta", "depends_on", "group") && !same(key) {
				return true
			}
		}
		return !sameConfig(old, now)
	case r.node.Test != nil:
		return !sameConfig(old, now) || !same("fqn") || c.macros(r)
	}
	if r.kind == Model && !same("latest_version", "access", "deprecation_date") {
		return true
	}
	return !c.sameBody(r, old, now) || !sameConfig(old, now) || !sameDescriptions(old, now) || !same("fqn") ||
		!sameRelation(old, now) || !sameContract(old, now) || c.macros(r)
}

func (c *comparison) sameBody(r *resource, old, now *jinja.Dict) bool {
	if r.kind != Seed {
		return jinja.Equal(get(old, "raw_code"), get(now, "raw_code"))
	}
	same := jinja.Equal(get(old, "checksum"), get(now, "checksum"))
	if r.node.Checksum.Name == checksumOfPath && c.warn != nil {
		then, _ := get(old, "checksum").(*jinja.Dict)
		c.warn(largeSeed(r.node, jinja.Str(get(then, "name")), same))
	}
	return same
}

// largeSeed tells what a comparison of a seed means that is too large for a
// checksum of its content.
func largeSeed(n *Node, then string, same bool) Problem {
	w := Problem{File: n.shownFile(), Data: map[string]any{"package_name": n.PackageName, "name": n.Name}}
	w.Message = fmt.Sprintf("Found a seed (%s.%s) >1MB in size", n.PackageName, n.Name)
	switch {
	case then != checksumOfPath:
		w.Event = "SeedIncreased"
		w.Message += ". The previous file was <=1MB, so it has changed"
	case same:
		w.Event = "SeedExceedsLimitSamePath"
		w.Message += " at the same path, dbt cannot tell if it has changed: assuming they are the same"
	default:
		w.Event = "SeedExceedsLimitAndPathChanged"
		w.Message += ". The previous file was in a different location, assuming it has changed"
	}
	return w
}

// sameConfig compares configs as they are written, but for what names the
// relation and what groups resources.
func sameConfig(old, now *jinja.Dict) bool {
	a, _ := get(old, "unrendered_config").(*jinja.Dict)
	b, _ := get(now, "unrendered_config").(*jinja.Dict)
	for _, d := range []*jinja.Dict{a, b} {
		for _, k := range keysIn(d) {
			key := jinja.Str(k)
			if !in(key, "alias", "schema", "database", "tags", "group") && !jinja.Equal(get(a, key), get(b, key)) {
				return false
			}
		}
	}
	return true
}

func sameRelation(old, now *jinja.Dict) bool {
	a, _ := get(old, "unrendered_config").(*jinja.Dict)
	b, _ := get(now, "unrendered_config").(*jinja.Dict)
	for _, key := range []string{"database", "schema", "alias"} {
		if !jinja.Equal(get(a, key), get(b, key)) {
			return false
		}
	}
	return true
}

// sameDescriptions compares the descriptions that persist_docs stores.
func sameDescriptions(old, now *jinja.Dict) bool {
	config, _ := get(now, "config").(*jinja.Dict)
	persist, _ := get(config, "persist_docs").(*jinja.Dict)
	if get(persist, "relation") == true && !jinja.Equal(get(old, "description"), get(now, "description")) {
		return false
	}
	if get(persist, "columns") != true {
		return true
	}
	descriptions := func(d *jinja.Dict) *jinja.Dict {
		out := jinja.NewDict()
		columns, _ := get(d, "columns").(*jinja.Dict)
		for _, k := range keysIn(columns) {
			c, _ := get(columns, jinja.Str(k)).(*jinja.Dict)
			out.Set(k, get(c, "description"))
		}
		return out
	}
	return jinja.Equal(descriptions(old), descriptions(now))
}

func sameContract(old, now *jinja.Dict) bool {
	a, _ := get(old, "contract").(*jinja.Dict)
	b, _ := get(now, "contract").(*jinja.Dict)
	before, after := get(a, "enforced") == true, get(b, "enforced") == true
	return before == after && (!after || jinja.Equal(get(a, "checksum"), get(b, "checksum")))
}

// macros reports a resource that uses, itself or through other macros, one
// that has changed.
func (c *comparison) macros(r *resource) bool {
	if r.node == nil {
		return false
	}
	if c.changed == nil {
		c.changed = c.changedMacros()
	}
	seen := map[string]bool{}
	var uses func(ids []string) bool
	uses = func(ids []string) bool {
		for _, id := range ids {
			if c.changed[id] {
				return true
			}
			if m := c.p.Macros[id]; m != nil && !seen[id] {
				seen[id] = true
				if uses(c.p.macroCalls(m)) {
					return true
				}
			}
		}
		return false
	}
	return uses(r.node.DependsOn.Macros)
}

// changedMacros passes over dbt's own: their text is another one here.
func (c *comparison) changedMacros() map[string]bool {
	old, _ := get(c.s.manifest, "macros").(*jinja.Dict)
	changed := map[string]bool{}
	for id, m := range c.p.Macros {
		before, _ := get(old, id).(*jinja.Dict)
		if m.PackageName != builtinName && (before == nil || get(before, "macro_sql") != m.SQL) {
			changed[id] = true
		}
	}
	return changed
}

// resultMatcher finds the resources whose last result had a status.
func resultMatcher(value string, s *State) (func(r *resource) bool, error) {
	if s == nil || s.results == nil {
		return nil, hintedf("--state names the folder of an earlier run's artifacts", "No comparison run_results")
	}
	return func(r *resource) bool { return s.results[r.id] == value }, nil
}

// sourceStatusMatcher finds the sources that have newer rows than before.
func sourceStatusMatcher(value string, s *State) (func(r *resource) bool, error) {
	switch {
	case s == nil || s.sources == nil:
		return nil, hintedf("--state names the folder of an earlier run's artifacts", "No previous state comparison freshness results in sources.json")
	case s.current == nil:
		return nil, hintedf("apotheca dbt source freshness", "No current state comparison freshness results in sources.json")
	case value != "fresher":
		return nil, hintedf("source_status:fresher", "there is no source status %q", value)
	}
	return func(r *resource) bool {
		now, ok := s.current[r.id]
		return ok && now > s.sources[r.id]
	}, nil
}
