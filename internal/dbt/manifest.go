package dbt

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"time"

	"apotheca/internal/jinja"
)

const manifestSchema = "https://schemas.getdbt.com/dbt/manifest/v12.json"

// WriteManifest writes target/manifest.json, version 12. Compiled holds what
// was compiled so far, by unique id; it may be nil.
func (p *Project) WriteManifest(w io.Writer, compiled map[string]*Compiled) error {
	var b bytes.Buffer
	if err := writeJSON(&b, p.manifest(compiled), jsonStyle{}); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	out := bufio.NewWriter(w)
	if _, err := b.WriteTo(out); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return out.Flush()
}

func (p *Project) manifest(compiled map[string]*Compiled) *jinja.Dict {
	nodes, disabled := jinja.NewDict(), jinja.NewDict()
	for _, id := range keysOf(p.Nodes) {
		n := p.Nodes[id]
		d := p.nodeDict(n)
		if n.ResourceType != Seed {
			setCompiled(d, n, compiled[id])
		}
		setRun(d, n, compiled[id])
		nodes.Set(id, d)
	}
	parents, children := listsOf(p.Parents), listsOf(p.Children)
	for _, id := range keysOf(p.Disabled) {
		l := jinja.NewList()
		for _, n := range p.Disabled[id] {
			if n.unresolved { // the manifest keeps it among the nodes
				nodes.Set(id, p.nodeDict(n))
				parents.Set(id, jinja.NewList())
				children.Set(id, jinja.NewList())
				continue
			}
			l.V = append(l.V, p.nodeDict(n))
		}
		if len(l.V) > 0 {
			disabled.Set(id, l)
		}
	}
	for _, id := range keysOf(p.disabledSources) {
		disabled.Set(id, jinja.NewList(p.sourceDict(p.disabledSources[id])))
	}
	return jinja.NewDict(
		"metadata", p.metadata(),
		"nodes", nodes,
		"sources", dictOf(p.Sources, p.sourceDict),
		"macros", dictOf(p.Macros, p.macroDict),
		"docs", dictOf(p.Docs, docDict),
		"exposures", dictOf(p.Exposures, p.exposureDict),
		"metrics", dictOf(p.Metrics, p.semanticDict),
		"groups", dictOf(p.Groups, groupDict),
		"selectors", jinja.NewDict(),
		"disabled", disabled,
		"parent_map", parents,
		"child_map", children,
		"group_map", p.groupMap(),
		"saved_queries", dictOf(p.SavedQueries, p.semanticDict),
		"semantic_models", dictOf(p.SemanticModels, p.semanticDict),
		"unit_tests", dictOf(p.UnitTests, p.unitTestDict),
	)
}

func dictOf[V any](m map[string]V, dict func(V) *jinja.Dict) *jinja.Dict {
	d := jinja.NewDict()
	for _, id := range keysOf(m) {
		d.Set(id, dict(m[id]))
	}
	return d
}

func listsOf(m map[string][]string) *jinja.Dict {
	d := jinja.NewDict()
	for _, id := range keysOf(m) {
		d.Set(id, jinjaList(m[id]))
	}
	return d
}

// setCompiled adds what compiling a node brought.
func setCompiled(d *jinja.Dict, n *Node, c *Compiled) {
	if c == nil {
		return
	}
	d.Set("compiled", true)
	d.Set("extra_ctes_injected", true)
	d.Set("compiled_code", c.Code)
	d.Set("compiled_path", orNone(c.Path))
	d.Set("depends_on", dependsDict(DependsOn{Macros: c.Macros, Nodes: n.DependsOn.Nodes}))
	ctes := jinja.NewList()
	for _, cte := range c.CTEs {
		ctes.V = append(ctes.V, jinja.NewDict("id", cte.UniqueID, "sql", cte.SQL))
	}
	d.Set("extra_ctes", ctes)
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
		"env", jinja.NewDict(), "project_name", p.Name, "project_id", md5Hex(p.Name), "user_id", nil,
		"send_anonymous_usage_stats", false, "adapter_type", p.Target.Type,
		"quoting", jinja.NewDict("database", p.root.quoting.Database, "schema", p.root.quoting.Schema, "identifier", p.root.quoting.Identifier, "column", nil))
}

func docDict(d *Doc) *jinja.Dict {
	return jinja.NewDict("name", d.Name, "resource_type", "doc", "package_name", d.PackageName, "path", d.Path,
		"original_file_path", d.OriginalFilePath, "unique_id", d.UniqueID, "block_contents", d.Contents)
}

func groupDict(g *Group) *jinja.Dict {
	return jinja.NewDict("name", g.Name, "resource_type", "group", "package_name", g.PackageName, "path", g.Path,
		"original_file_path", g.OriginalFilePath, "unique_id", g.UniqueID, "owner", orEmpty(g.Owner), "description", orNone(g.Description),
		"config", jinja.NewDict("meta", g.meta()))
}

func (g *Group) meta() any {
	meta, _ := g.Config.Get("meta")
	return orEmpty(meta)
}

func (p *Project) groupMap() *jinja.Dict {
	d := jinja.NewDict()
	for _, id := range keysOf(p.Groups) {
		members := jinja.NewList()
		for _, node := range keysOf(p.Nodes) {
			if p.Nodes[node].Group == p.Groups[id].Name {
				members.V = append(members.V, node)
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
