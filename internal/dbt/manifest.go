package dbt

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"apotheca/internal/jinja"
)

const manifestSchema = "https://schemas.getdbt.com/dbt/manifest/v12.json"

// WriteManifest writes target/manifest.json, version 12. Compiled holds what
// was compiled so far, by unique id; it may be nil.
func (p *Project) WriteManifest(w io.Writer, compiled map[string]*Compiled) error {
	out := bufio.NewWriterSize(w, 1<<16)
	for i, s := range p.manifestSections(compiled) {
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		if err := s.write(out, before); err != nil {
			return fmt.Errorf("write manifest: %w", err)
		}
	}
	out.WriteByte('}')
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// manifestSection is one key of the manifest: a mapping whose values are made
// when they are written, so that the whole never stands in memory.
type manifestSection struct {
	key   string
	ids   []string
	value func(id string) any
}

func (p *Project) manifestSections(compiled map[string]*Compiled) []manifestSection {
	unresolved := p.unresolvedTests()
	withUnresolved := func(ids []string) []string { return append(ids, keysOf(unresolved)...) }
	parents, children := p.edgesWith(unresolved)
	var ofNodes, ofParents, ofChildren []string
	sorted := []func(){
		func() {
			for _, n := range p.sortedNodes {
				ofNodes = append(ofNodes, n.UniqueID)
			}
			ofNodes = withUnresolved(ofNodes)
		},
		func() { ofParents = withUnresolved(keysOf(p.Parents)) },
		func() { ofChildren = withUnresolved(keysOf(p.Children)) },
	}
	parallel(len(sorted), func(i int) { sorted[i]() })
	neighbours := func(m map[string][]string) func(string) any {
		return func(id string) any { return jinjaList(m[id]) }
	}
	return []manifestSection{
		sectionOfDict("metadata", p.metadata()),
		{"nodes", ofNodes, func(id string) any {
			if n := p.Nodes[id]; n != nil {
				return p.builtNodeDict(n, compiled[id])
			}
			return p.nodeDict(unresolved[id])
		}},
		sectionOfAll("sources", p.Sources, p.sourceDict),
		sectionOfAll("macros", p.Macros, p.macroDict),
		sectionOfAll("docs", p.Docs, docDict),
		sectionOfAll("exposures", p.Exposures, p.exposureDict),
		sectionOfAll("metrics", p.Metrics, p.semanticDict),
		sectionOfAll("groups", p.Groups, groupDict),
		sectionOfAll("selectors", p.selectors, func(s *namedSelector) *jinja.Dict { return s.dict }),
		p.disabledSection(),
		{"parent_map", ofParents, neighbours(parents)},
		{"child_map", ofChildren, neighbours(children)},
		sectionOfDict("group_map", p.groupMap()),
		sectionOfAll("saved_queries", p.SavedQueries, p.semanticDict),
		sectionOfAll("semantic_models", p.SemanticModels, p.semanticDict),
		sectionOfAll("unit_tests", p.UnitTests, p.unitTestDict),
	}
}

func sectionOfAll[V any](key string, m map[string]V, dict func(V) *jinja.Dict) manifestSection {
	return manifestSection{key, keysOf(m), func(id string) any { return dict(m[id]) }}
}

// write encodes as many values at once as there are processors, some dozens at
// a time, while what came before them is written.
func (s manifestSection) write(out *bufio.Writer, before byte) error {
	fmt.Fprintf(out, "%c%q:{", before, s.key)
	const atOnce, ahead = 16, 8
	type encoded struct {
		json []byte
		err  error
	}
	parts := make([]chan encoded, (len(s.ids)+atOnce-1)/atOnce)
	for i := range parts {
		parts[i] = make(chan encoded, 1)
	}
	buffers := make(chan []byte, ahead)
	for range ahead {
		buffers <- nil
	}
	var wait sync.WaitGroup
	defer wait.Wait()
	defer close(buffers)
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), len(parts)) {
		wait.Go(func() {
			for b := range buffers { // first a buffer, then a part: the next to be written has one
				i := int(next.Add(1)) - 1
				if i >= len(parts) {
					return
				}
				json, err := s.encode(b[:0], i*atOnce, min((i+1)*atOnce, len(s.ids)))
				parts[i] <- encoded{json, err}
			}
		})
	}
	var failed error
	for _, part := range parts {
		p := <-part
		if failed == nil {
			if failed = p.err; failed == nil {
				_, failed = out.Write(p.json)
			}
		}
		buffers <- p.json
	}
	if failed != nil {
		return failed
	}
	return out.WriteByte('}')
}

// encode appends the entries from first to before end.
func (s manifestSection) encode(b []byte, first, end int) ([]byte, error) {
	for i, id := range s.ids[first:end] {
		if first+i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, id, jsonStyle{}), ':')
		var err error
		if b, err = appendJSON(b, s.value(id), jsonStyle{}); err != nil {
			return b, fmt.Errorf("%s %s: %w", s.key, id, err)
		}
	}
	return b, nil
}

// builtNodeDict is nodeDict with what compiling and running brought.
func (p *Project) builtNodeDict(n *Node, c *Compiled) *jinja.Dict {
	d := p.nodeDict(n)
	if n.ResourceType != Seed {
		setCompiled(d, n, c)
	}
	setRun(d, n, c)
	return d
}

// unresolvedTests are the disabled tests that the manifest keeps among the nodes.
func (p *Project) unresolvedTests() map[string]*Node {
	tests := map[string]*Node{}
	for id, nodes := range p.Disabled {
		for _, n := range nodes {
			if n.unresolved {
				tests[id] = n
			}
		}
	}
	return tests
}

// edgesWith are Parents and Children with those of unresolved tests, which
// nothing but the manifest counts.
func (p *Project) edgesWith(unresolved map[string]*Node) (parents, children map[string][]string) {
	if len(unresolved) == 0 {
		return p.Parents, p.Children
	}
	parents, children = maps.Clone(p.Parents), maps.Clone(p.Children)
	for _, id := range keysOf(unresolved) {
		parents[id] = slices.Sorted(slices.Values(unresolved[id].DependsOn.Nodes))
		for _, parent := range parents[id] {
			siblings := append(slices.Clone(children[parent]), id)
			slices.Sort(siblings)
			children[parent] = siblings
		}
	}
	return parents, children
}

func (p *Project) disabledSection() manifestSection {
	d := jinja.NewDict()
	for _, id := range keysOf(p.Disabled) {
		l := jinja.NewList()
		for _, n := range p.Disabled[id] {
			if !n.unresolved {
				l.V = append(l.V, p.nodeDict(n))
			}
		}
		if len(l.V) > 0 {
			d.Set(id, l)
		}
	}
	for _, id := range keysOf(p.disabledSources) {
		d.Set(id, jinja.NewList(p.sourceDict(p.disabledSources[id])))
	}
	return sectionOfDict("disabled", d)
}

func sectionOfDict(key string, d *jinja.Dict) manifestSection {
	return manifestSection{key, texts(jinja.NewList(d.Keys()...)), func(id string) any { v, _ := d.Get(id); return v }}
}

func dictOf[V any](m map[string]V, dict func(V) *jinja.Dict) *jinja.Dict {
	d := jinja.NewDict()
	for _, id := range keysOf(m) {
		d.Set(id, dict(m[id]))
	}
	return d
}

// setCompiled adds what compiling a node brought.
func setCompiled(d *jinja.Dict, n *Node, c *Compiled) {
	if c == nil {
		return
	}
	d.Set("depends_on", dependsDict(DependsOn{Macros: c.Macros, Nodes: n.DependsOn.Nodes}))
	if c.Broken {
		return
	}
	d.Set("compiled", true)
	d.Set("extra_ctes_injected", true)
	d.Set("compiled_code", c.Code)
	d.Set("compiled_path", orNone(c.Path))
	if c.Index > 0 {
		d.Set("index", int64(c.Index))
	}
	ctes := jinja.NewList()
	for _, cte := range c.CTEs {
		ctes.V = append(ctes.V, jinja.NewDict("id", cte.UniqueID, "sql", cte.SQL))
	}
	d.Set("extra_ctes", ctes)
	if len(c.References) > 0 {
		d.Set("constraints", c.resolved(n.Constraints))
		columns, _ := get(d, "columns").(*jinja.Dict)
		for i, column := range n.Columns {
			if len(column.Constraints) > 0 {
				get(columns, n.Columns[i].Name).(*jinja.Dict).Set("constraints", c.resolved(column.Constraints))
			}
		}
	}
}

// resolved are constraints with the names of the relations that they refer to.
func (c *Compiled) resolved(constraints []any) *jinja.List {
	out := jinja.NewList()
	for _, given := range constraints {
		d, _ := given.(*jinja.Dict)
		if name, ok := c.References[jinja.Str(get(d, "to"))]; ok {
			d = overlaid(d, jinja.NewDict("to", name))
		}
		out.V = append(out.V, d)
	}
	return out
}

// setRun adds what running a node brought. The macros that a test calls when it
// is run are seen by dbt only then.
func setRun(d *jinja.Dict, n *Node, c *Compiled) {
	if c == nil || c.RunPath == "" {
		return
	}
	d.Set("build_path", c.RunPath)
	if n.ResourceType == DataTest {
		macros := append(slices.Clone(c.Macros),
			"macro.dbt.get_limit_subquery_sql", "macro.dbt.should_store_failures", "macro.dbt.statement")
		d.Set("depends_on", dependsDict(DependsOn{Macros: unique(macros), Nodes: n.DependsOn.Nodes}))
	}
}

func (p *Project) metadata() *jinja.Dict {
	now := p.options.Now.UTC().Format("2006-01-02T15:04:05.000000Z")
	return jinja.NewDict(
		"dbt_schema_version", manifestSchema, "dbt_version", Version, "generated_at", now,
		"invocation_id", orNone(p.options.InvocationID), "invocation_started_at", p.options.Now.UTC().Format(time.RFC3339Nano),
		"env", p.metadataEnv(), "project_name", p.Name, "project_id", md5Hex(p.Name), "user_id", nil,
		"send_anonymous_usage_stats", false, "adapter_type", p.Target.Type,
		"quoting", jinja.NewDict("database", p.root.quoting.Database, "schema", p.root.quoting.Schema, "identifier", p.root.quoting.Identifier, "column", nil))
}

// metadataEnv are the variables a user wants to see in artifacts.
func (p *Project) metadataEnv() *jinja.Dict {
	d := jinja.NewDict()
	for _, name := range keysOf(p.options.MetadataEnv) {
		d.Set(name, p.options.MetadataEnv[name])
	}
	return d
}

// MetadataEnv are they as every artifact has them, never nil.
func (p *Project) MetadataEnv() map[string]string {
	if p.options.MetadataEnv == nil {
		return map[string]string{}
	}
	return p.options.MetadataEnv
}

func docDict(d *Doc) *jinja.Dict {
	return jinja.NewDict("name", d.Name, "resource_type", "doc", "package_name", d.PackageName, "path", d.Path,
		"original_file_path", d.OriginalFilePath, "unique_id", d.UniqueID, "block_contents", d.Contents)
}

func groupDict(g *Group) *jinja.Dict {
	return jinja.NewDict("name", g.Name, "resource_type", "group", "package_name", g.PackageName, "path", g.Path,
		"original_file_path", g.OriginalFilePath, "unique_id", g.UniqueID, "owner", orEmpty(g.Owner), "description", orNone(g.Description),
		"config", g.Config.values)
}

func (p *Project) groupMap() *jinja.Dict {
	d := jinja.NewDict()
	for _, id := range keysOf(p.Groups) {
		members := jinja.NewList()
		for _, n := range p.sortedNodes {
			if n.Group == p.Groups[id].Name {
				members.V = append(members.V, n.UniqueID)
			}
		}
		for _, m := range p.semantics() {
			if m.Group == p.Groups[id].Name {
				members.V = append(members.V, m.UniqueID)
			}
		}
		d.Set(p.Groups[id].Name, members)
	}
	return d
}

// graphDict is `graph` in templates.
func (p *Project) graphDict() *jinja.Dict {
	return jinja.NewDict(
		"nodes", dictOf(p.Nodes, p.nodeDict), "sources", dictOf(p.Sources, p.sourceDict), "exposures", dictOf(p.Exposures, p.exposureDict),
		"metrics", dictOf(p.Metrics, p.semanticDict), "groups", dictOf(p.Groups, groupDict),
		"semantic_models", dictOf(p.SemanticModels, p.semanticDict), "saved_queries", dictOf(p.SavedQueries, p.semanticDict))
}
