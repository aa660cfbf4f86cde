package dbt

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// Project is a loaded project with its packages: every resource resolved,
// nothing compiled. It does not change after Load.
type Project struct {
	Name    string
	Version string
	Target  Target

	Nodes     map[string]*Node // models, seeds, snapshots, tests, analyses, operations
	Sources   map[string]*Source
	UnitTests map[string]*UnitTest
	Exposures map[string]*Exposure
	// Metrics, SemanticModels and SavedQueries are the semantic layer's.
	Metrics, SemanticModels, SavedQueries map[string]*Semantic
	Groups                                map[string]*Group
	Docs                                  map[string]*Doc
	Macros                                map[string]*Macro
	// Disabled holds what is switched off, and tests whose model is missing.
	Disabled map[string][]*Node

	// Parents and Children hold every resource's neighbours, sorted; a
	// resource without any has an empty list.
	Parents  map[string][]string
	Children map[string][]string

	// OnRunStart and OnRunEnd are the hooks' operations in the order they run.
	OnRunStart []*Node
	OnRunEnd   []*Node

	// Warnings are what is suspicious and did not stop the load.
	Warnings Problems
	// Orphans are the tests that were switched off because what they test does
	// not exist: most often a name is misspelt.
	Orphans []*Node
	// secrets are values that must not be printed (DBT_ENV_SECRET_…).
	secrets     []string
	secretsLock sync.Mutex

	// personal knows the personal columns; nil where the project guards none.
	personal func() personalRelations

	selectors map[string]*namedSelector // of selectors.yml
	deferral  *deferral

	options       Options
	root          *pkg
	packages      map[string]*pkg // with the root, without dbt's own
	builtin       *pkg            // dbt's own macros
	macroOf       map[*jinja.Block]*Macro
	standardNames map[*Macro]bool
	replaced      *replacements
	graph         sharedGraph
	index         *refIndex
	sortedNodes   []*Node // Nodes by unique id, once all are known
	// disabledSources are the sources that are switched off, by id.
	disabledSources map[string]*Source
}

// pkg is the root project or an installed package.
type pkg struct {
	name    string
	version string
	dir     string // from the root of Options.FS; "." for the root project
	isRoot  bool
	doc     *yaml.Node
	// checksum is of dbt_project.yml.
	checksum Checksum
	values   *jinja.Dict // dbt_project.yml, rendered where dbt renders it
	vars     *jinja.Dict
	configs  map[ResourceType]*jinja.Dict // models:, seeds:, …
	quoting  Quoting
	// dispatch is the search order by macro namespace.
	dispatch map[string][]string
	macros   map[string]*Macro
	files    files
}

func (p *pkg) file(name string) string { return path.Join(p.dir, name) }

const projectFile = "dbt_project.yml"

var projectName = pattern(`^[\p{L}_][\p{L}\p{N}_]*$`)

// unrendered are the keys of dbt_project.yml that dbt keeps as written.
var unrendered = pattern(`^(on-run-start|on-run-end|query-comment|vars)$|(^|/)\+?(pre|post)[-_]hook$`)

// readProject reads a package's dbt_project.yml without rendering it.
func (l *loader) readProject(dir string) (*pkg, error) {
	p := &pkg{dir: dir, isRoot: dir == "."}
	data, err := fs.ReadFile(l.o.FS, p.file(projectFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Problems{{
			File: p.file(projectFile), Message: "there is no dbt project here",
			Hint: "give the folder that holds dbt_project.yml with --project-dir",
		}}
	}
	if err != nil {
		return nil, fmt.Errorf("read project: %w", err)
	}
	p.checksum = checksum(strings.TrimSpace(string(data)))
	p.doc, err = parseYAML(data)
	if err != nil {
		return nil, Problems{yamlProblem(p.file(projectFile), err)}
	}
	p.name = text(child(p.doc, "name"))
	if n := child(p.doc, "name"); !projectName().MatchString(p.name) {
		return nil, Problems{l.problemAt(p.file(projectFile), n, fmt.Sprintf("project name %q is not valid", p.name),
			"name: my_project; letters, digits and underscores, no digit in front")}
	}
	p.version = text(child(p.doc, "version"))
	p.vars = jinja.NewDict()
	if d, ok := plain(child(p.doc, "vars")).(*jinja.Dict); ok {
		p.vars = d
	}
	return p, nil
}

// renderProject renders dbt_project.yml with the target known.
func (l *loader) renderProject(p *pkg) {
	sc := &scope{p: l.p, pkg: p, level: levelTarget}
	file := p.file(projectFile)
	value := yamlValue(p.doc, func(n *yaml.Node, keys []string) any {
		for i := range keys {
			if unrendered().MatchString(strings.Join(keys[:i+1], "/")) {
				return n.Value
			}
		}
		return l.native(sc, file, n)
	})
	p.values, _ = value.(*jinja.Dict)
	if p.values == nil {
		p.values = jinja.NewDict()
	}
	p.configs = map[ResourceType]*jinja.Dict{}
	for key, t := range configKeys {
		d, ok := l.projectKey(p, key).(*jinja.Dict)
		if !ok {
			continue
		}
		if p.configs[t] != nil && key == "tests" || key == "tests" && has(p.values, "data_tests") {
			l.fail(l.problemAt(file, keyNode(p.doc, "tests"),
				"tests and data_tests are the same key; only one may be there", "remove tests:"))
			continue
		}
		p.configs[t] = d
	}
	p.quoting = l.projectQuoting(p)
	p.dispatch = l.projectDispatch(p)
	l.checkProject(p)
}

// configKeys are the keys of dbt_project.yml that configure resources.
var configKeys = map[string]ResourceType{
	"models": Model, "seeds": Seed, "snapshots": Snapshot, "tests": DataTest, "data_tests": DataTest,
	"sources": SourceResource, "analyses": Analysis, "exposures": ExposureResource, "unit_tests": UnitTestResource,
	"metrics": MetricResource, "semantic_models": SemanticModelResource, "saved_queries": SavedQueryResource,
}

func has(d *jinja.Dict, key string) bool {
	_, ok := d.Get(key)
	return ok
}

// projectKey looks a key up in both of its spellings: a-b and a_b.
func (l *loader) projectKey(p *pkg, key string) any {
	if v, ok := p.values.Get(key); ok {
		return v
	}
	if v, ok := p.values.Get(strings.ReplaceAll(key, "_", "-")); ok {
		return v
	}
	v, _ := p.values.Get(strings.ReplaceAll(key, "-", "_"))
	return v
}

// projectPaths is a list of folders, or its default.
func (l *loader) projectPaths(p *pkg, key string, def ...string) []string {
	v := l.projectKey(p, key)
	for _, old := range oldPaths {
		if v == nil && old.now == key {
			v = l.projectKey(p, old.key)
		}
	}
	if v == nil {
		return def
	}
	var out []string
	for _, s := range texts(v) {
		out = append(out, path.Clean(strings.TrimSuffix(s, "/")))
	}
	return out
}

// texts reads a text or a list of texts.
func texts(v any) []string {
	switch x := v.(type) {
	case nil:
		return nil
	case *jinja.List:
		out := make([]string, len(x.V))
		for i, e := range x.V {
			out[i] = jinja.Str(e)
		}
		return out
	}
	return []string{jinja.Str(v)}
}

func (l *loader) projectQuoting(p *pkg) Quoting {
	q := adapterQuoting(l.p.Target.Type)
	d, _ := l.projectKey(p, "quoting").(*jinja.Dict)
	return overlayQuoting(q, d)
}

func adapterQuoting(adapterType string) Quoting {
	if adapterType == "snowflake" {
		return Quoting{}
	}
	return Quoting{Database: true, Schema: true, Identifier: true}
}

func overlayQuoting(q Quoting, d *jinja.Dict) Quoting {
	set := func(key string, to *bool) {
		if v, ok := d.Get(key); ok {
			if b, ok := v.(bool); ok {
				*to = b
			}
		}
	}
	set("database", &q.Database)
	set("schema", &q.Schema)
	set("identifier", &q.Identifier)
	return q
}

func (l *loader) projectDispatch(p *pkg) map[string][]string {
	out := map[string][]string{}
	list, _ := l.projectKey(p, "dispatch").(*jinja.List)
	if list == nil {
		return out
	}
	for _, e := range list.V {
		d, ok := e.(*jinja.Dict)
		namespace, _ := d.Get("macro_namespace")
		order, _ := d.Get("search_order")
		if !ok || namespace == nil || order == nil {
			l.fail(l.problemAt(p.file(projectFile), keyNode(p.doc, "dispatch"),
				"dispatch needs macro_namespace and search_order in every entry", ""))
			continue
		}
		out[jinja.Str(namespace)] = texts(order)
	}
	return out
}

// knownProjectKeys are the keys a dbt_project.yml may have; others are warned of.
var knownProjectKeys = map[string]bool{
	"name": true, "source-paths": true, "data-paths": true, "version": true, "config-version": true, "profile": true, "model-paths": true,
	"seed-paths": true, "test-paths": true, "analysis-paths": true, "macro-paths": true, "snapshot-paths": true,
	"docs-paths": true, "asset-paths": true, "function-paths": true, "target-path": true, "log-path": true, "packages-install-path": true,
	"clean-targets": true, "quoting": true, "on-run-start": true, "on-run-end": true, "require-dbt-version": true,
	"dispatch": true, "models": true, "seeds": true, "snapshots": true, "tests": true, "data-tests": true,
	"sources": true, "analyses": true, "unit-tests": true, "exposures": true, "metrics": true,
	"semantic-models": true, "saved-queries": true, "vars": true, "query-comment": true, "restrict-access": true,
	"flags": true, "dbt-cloud": true, "anchors": true,
}

func (l *loader) checkProject(p *pkg) {
	file := p.file(projectFile)
	for _, e := range entries(p.doc) {
		key := strings.ReplaceAll(e.key, "_", "-")
		if !knownProjectKeys[key] && p.isRoot {
			w := l.problemAt(file, e.at, fmt.Sprintf("%q is not a key of dbt_project.yml", e.key), "")
			if near := nearest(key, keysOf(knownProjectKeys)); near != "" {
				w.Hint = fmt.Sprintf("did you mean %q?", near)
			}
			l.warn(w)
		}
	}
	for _, old := range oldPaths {
		if n := keyNode(p.doc, old.key); n != nil {
			w := l.problemAt(file, n, fmt.Sprintf("The `%s` config has been renamed to `%s`. Please update your `dbt_project.yml` configuration to reflect this change.", old.key, old.now), "")
			w.Event, w.Data = old.event, map[string]any{"deprecated_path": old.key, "exp_path": old.now}
			l.warn(w)
		}
	}
	l.warnOfPaths(p)
	l.requireVersion(p)
}

// oldPaths are keys that dbt still reads where the new one is not written.
var oldPaths = []struct{ key, now, event string }{
	{"source-paths", "model-paths", "ConfigSourcePathDeprecation"}, {"data-paths", "seed-paths", "ConfigDataPathDeprecation"},
}

// warnOfPaths finds the paths that dbt would rather have among the flags.
func (l *loader) warnOfPaths(p *pkg) {
	for _, path := range []struct{ key, usual, event, holds, flag, variable string }{
		{"log-path", "logs", "ConfigLogPathDeprecation", "logs", "--log-path", "DBT_LOG_PATH"},
		{"target-path", "target", "ConfigTargetPathDeprecation", "artifacts", "--target-path", "DBT_TARGET_PATH"},
	} {
		n := child(p.doc, path.key)
		if !p.isRoot || n == nil || text(n) == path.usual {
			continue
		}
		w := l.problemAt(projectFile, n, fmt.Sprintf("The `%s` config in `dbt_project.yml` has been deprecated, and will no longer be supported in a future version of dbt-core. If you wish to write dbt %s to a custom directory, please use the %s CLI flag or %s env var instead.",
			path.key, path.holds, path.flag, path.variable), "")
		w.Event, w.Data = path.event, map[string]any{"deprecated_path": path.key}
		l.warn(w)
	}
}

// requireVersion checks require-dbt-version against the version whose
// semantics projects get.
func (l *loader) requireVersion(p *pkg) {
	written := texts(l.projectKey(p, "require-dbt-version"))
	at := keyNode(p.doc, "require-dbt-version")
	bounds, err := ParseVersions(written)
	if err != nil {
		l.fail(l.problemAt(p.file(projectFile), at, "require-dbt-version: "+err.Error(), `write it like [">=1.6.0", "<2.0.0"]`))
		return
	}
	ours, _ := ParseVersion(Version)
	if !l.o.NoVersionCheck && !Allows(bounds, ours) {
		l.fail(l.problemAt(p.file(projectFile), at, fmt.Sprintf(
			"this version of dbt is not supported with the '%s' package: it requires %s, and this runner follows dbt %s",
			p.name, strings.Join(written, ", "), Version), "take another version of the package, or pass --no-version-check"))
	}
}
