package dbt

import (
	"path"

	"apotheca/internal/jinja"
)

// targetValue is `target` in templates.
func (p *Project) targetValue() *jinja.Dict { return p.Target.dict() }

// modelDict is `model` in templates.
func (s *scope) modelDict() *jinja.Dict { return s.running(s.node) }

// nodeDict is a node as the manifest and templates have it.
func (p *Project) nodeDict(n *Node) *jinja.Dict {
	meta, _ := n.Config.Get("meta")
	docs, _ := n.Config.Get("docs")
	if docs == nil {
		docs = jinja.NewDict("show", true, "node_color", nil)
	}
	fields := append(make([]any, 0, 2*fieldsMax),
		"database", n.Database, "schema", n.Schema, "name", n.Name, "resource_type", string(n.ResourceType),
		"package_name", n.PackageName, "path", n.Path, "original_file_path", n.OriginalFilePath, "unique_id", n.UniqueID,
		"fqn", jinjaList(n.FQN), "alias", n.Alias, "checksum", jinja.NewDict("name", n.Checksum.Name, "checksum", n.Checksum.Checksum),
		"config", n.Config.values, "tags", jinjaList(n.Tags), "description", n.Description, "columns", columnsDict(n.Columns),
		"meta", orEmpty(meta), "group", orNone(n.Group), "docs", docs, "patch_path", orNone(n.PatchPath), "build_path", nil,
		"unrendered_config", n.unrendered(), "created_at", float64(p.options.Now.UnixMicro())/1e6, "relation_name", orNone(n.RelationName),
		"raw_code", n.RawCode, "doc_blocks", jinjaList(n.DocBlocks),
	)
	if n.ResourceType == Seed {
		return jinja.NewDict(append(fields, "root_path", orNone(path.Join(p.options.Dir, n.pkg.dir)),
			"depends_on", jinja.NewDict("macros", jinjaList(n.DependsOn.Macros)))...)
	}
	fields = append(fields, "language", n.Language, "refs", refsList(n.Refs), "sources", sourcesList(n.SourceRefs), "metrics", jinja.NewList(),
		"depends_on", dependsDict(n.DependsOn), "compiled_path", nil, "contract", n.contract())
	switch n.ResourceType {
	case Model:
		fields = append(fields, "access", n.Access, "constraints", jinja.NewList(n.Constraints...), "version", n.Version, "latest_version", n.LatestVersion,
			"deprecation_date", orNone(n.DeprecationDate), "primary_key", jinjaList(n.PrimaryKey), "time_spine", n.TimeSpine)
	case DataTest:
		fields = n.testFields(fields)
	case Operation:
		fields = append(fields, "index", int64(n.Hook.Index))
	}
	return jinja.NewDict(fields...)
}

// fieldsMax is room for the fields of a node of any kind.
const fieldsMax = 48

func (n *Node) unrendered() *jinja.Dict {
	if n.UnrenderedConfig == nil {
		return jinja.NewDict()
	}
	return n.UnrenderedConfig.values
}

func (n *Node) contract() *jinja.Dict {
	v, _ := n.Config.Get("contract")
	c, _ := v.(*jinja.Dict)
	d := overlaid(jinja.NewDict("enforced", false, "alias_types", true, "checksum", nil), c)
	if n.ResourceType == Model && get(d, "enforced") == true {
		d.Set("checksum", n.contractChecksum())
	}
	return d
}

func (n *Node) testFields(fields []any) []any {
	if n.Test == nil {
		return fields
	}
	return append(fields, "column_name", orNone(n.Test.ColumnName), "file_key_name", n.Test.FileKeyName, "attached_node", orNone(n.Test.AttachedNode),
		"test_metadata", jinja.NewDict("name", n.Test.Name, "kwargs", n.Test.kwargs, "namespace", orNone(n.Test.Namespace)))
}

func dependsDict(d DependsOn) *jinja.Dict {
	return jinja.NewDict("macros", jinjaList(d.Macros), "nodes", jinjaList(d.Nodes))
}

func orEmpty(v any) any {
	if v == nil {
		return jinja.NewDict()
	}
	return v
}

func columnsDict(columns []ColumnInfo) *jinja.Dict {
	d := jinja.NewDict()
	for _, c := range columns {
		quote := any(nil)
		if c.Quote != nil {
			quote = *c.Quote
		}
		d.Set(c.Name, jinja.NewDict("name", c.Name, "description", c.Description, "meta", orEmpty(c.Meta), "data_type", orNone(c.DataType),
			"constraints", jinja.NewList(c.Constraints...), "quote", quote, "config", jinja.NewDict("meta", orEmpty(c.Meta), "tags", jinjaList(c.Tags)),
			"tags", jinjaList(c.Tags), "granularity", orNone(c.Granularity), "doc_blocks", jinjaList(c.DocBlocks)))
	}
	return d
}

func (p *Project) sourceDict(s *Source) *jinja.Dict {
	return jinja.NewDict(
		"database", s.Database, "schema", s.Schema, "name", s.Name, "resource_type", "source", "package_name", s.PackageName,
		"path", s.Path, "original_file_path", s.OriginalFilePath, "unique_id", s.UniqueID, "fqn", jinjaList(s.FQN),
		"source_name", s.SourceName, "source_description", s.SourceDescription, "loader", s.Loader, "identifier", s.Identifier,
		"quoting", s.quoting, "loaded_at_field", orNone(s.LoadedAtField), "loaded_at_query", orNone(s.LoadedAtQuery),
		"freshness", s.freshness(), "external", externalDict(s.External), "description", s.Description, "columns", columnsDict(s.Columns),
		"meta", orEmpty(s.Meta), "source_meta", orEmpty(s.SourceMeta), "tags", jinjaList(s.Tags), "config", s.Config.values,
		"patch_path", nil, "unrendered_config", s.unrendered(),
		"relation_name", s.RelationName,
		"created_at", float64(p.options.Now.UnixMicro())/1e6, "unrendered_database", orNone(s.writtenDatabase), "unrendered_schema", orNone(s.writtenSchema),
		"doc_blocks", jinjaList(s.DocBlocks))
}

// unrendered is a source's config as written, with what dbt puts into it.
func (s *Source) unrendered() *jinja.Dict {
	d := jinja.NewDict("loaded_at_field", orNone(s.LoadedAtField), "loaded_at_query", orNone(s.LoadedAtQuery))
	for _, key := range []string{"meta", "tags"} {
		v, _ := s.Config.Get(key)
		d.Set(key, v)
	}
	if s.freshnessDeclared {
		d.Set("freshness", s.freshness())
	}
	if enabled := s.Config.Enabled(); s.enabledDeclared || !enabled {
		d.Set("enabled", enabled)
	}
	return d
}

// externalDict is what a source says of its files, with dbt's keys.
func externalDict(v any) any {
	given, ok := v.(*jinja.Dict)
	if !ok {
		return v
	}
	return overlaid(jinja.NewDict("location", nil, "file_format", nil, "row_format", nil, "tbl_properties", nil, "partitions", nil), given)
}

func (s *Source) freshness() any {
	if s.freshnessOff {
		return nil
	}
	f := s.Freshness
	age := func(a *Age) *jinja.Dict {
		if a == nil {
			return jinja.NewDict("count", nil, "period", nil)
		}
		return jinja.NewDict("count", int64(a.Count), "period", a.Period)
	}
	if f == nil {
		f = &Freshness{}
	}
	return jinja.NewDict("warn_after", age(f.WarnAfter), "error_after", age(f.ErrorAfter), "filter", orNone(f.Filter))
}

func (p *Project) exposureDict(e *Exposure) *jinja.Dict {
	return jinja.NewDict(
		"name", e.Name, "resource_type", "exposure", "package_name", e.PackageName, "path", e.Path, "original_file_path", e.OriginalFilePath,
		"unique_id", e.UniqueID, "fqn", jinjaList(e.FQN), "type", e.Type, "owner", orEmpty(e.Owner), "description", e.Description,
		"label", orNone(e.Label), "maturity", orNone(e.Maturity), "meta", orEmpty(e.Meta), "tags", jinjaList(e.Tags), "config", e.Config.values,
		"unrendered_config", e.unrendered, "url", orNone(e.URL), "depends_on", dependsDict(e.DependsOn), "refs", refsList(e.Refs),
		"sources", sourcesList(e.SourceRefs), "metrics", metricsList(e.Metrics), "created_at", float64(p.options.Now.UnixMicro())/1e6)
}

func metricsList(names []string) *jinja.List {
	l := jinja.NewList()
	for _, name := range names {
		l.V = append(l.V, jinja.NewList(name))
	}
	return l
}

func refsList(refs []Ref) *jinja.List {
	l := jinja.NewList()
	for _, r := range refs {
		l.V = append(l.V, jinja.NewDict("name", r.Name, "package", orNone(r.Package), "version", r.Version))
	}
	return l
}

func sourcesList(sources []SourceRef) *jinja.List {
	l := jinja.NewList()
	for _, s := range sources {
		l.V = append(l.V, jinja.NewList(s.Source, s.Table))
	}
	return l
}

func (p *Project) macroDict(m *Macro) *jinja.Dict {
	arguments := jinja.NewList()
	for _, a := range m.Arguments {
		arguments.V = append(arguments.V, jinja.NewDict("name", a.Name, "type", orNone(a.Type), "description", a.Description))
	}
	return jinja.NewDict("name", m.Name, "resource_type", "macro", "package_name", m.PackageName, "path", m.Path,
		"original_file_path", m.OriginalFilePath, "unique_id", m.UniqueID, "macro_sql", m.SQL,
		"depends_on", jinja.NewDict("macros", jinjaList(p.macroCalls(m))), "description", m.Description, "meta", orEmpty(m.Meta),
		"docs", overlaid(jinja.NewDict("show", true, "node_color", nil), m.docs), "patch_path", orNone(m.PatchPath), "arguments", arguments,
		"created_at", float64(p.options.Now.UnixMicro())/1e6, "supported_languages", m.languages())
}

func (p *Project) unitTestDict(u *UnitTest) *jinja.Dict {
	given := jinja.NewList()
	for _, g := range u.Given {
		d := fixtureDict(g.Fixture)
		d.Set("input", g.Input)
		given.V = append(given.V, d)
	}
	var overrides any
	if u.overrides != nil {
		overrides = overlaid(jinja.NewDict("macros", jinja.NewDict(), "vars", jinja.NewDict(), "env_vars", jinja.NewDict()), u.overrides)
	}
	expect := fixtureDict(u.Expect)
	versions := unitTestVersions(u.versions)
	return jinja.NewDict("model", u.Model, "given", given, "expect", expect, "name", u.Name, "resource_type", "unit_test",
		"package_name", u.PackageName, "path", u.Path, "original_file_path", u.OriginalFilePath, "unique_id", u.UniqueID, "fqn", jinjaList(u.FQN),
		"description", u.Description, "overrides", overrides, "depends_on", dependsDict(u.DependsOn), "config", u.Config.values,
		"checksum", unitTestChecksum(u, given, expect, overrides, versions), "schema", p.Nodes[u.DependsOn.Nodes[0]].Schema, "created_at", float64(p.options.Now.UnixMicro())/1e6,
		"versions", versions, "version", u.Version)
}

func unitTestVersions(d *jinja.Dict) any {
	if d == nil {
		return nil
	}
	return overlaid(jinja.NewDict("include", nil, "exclude", nil), d)
}

func fixtureDict(f Fixture) *jinja.Dict {
	var rows any = jinja.NewList()
	if f.Format == "sql" {
		rows = f.SQL
	} else {
		l := jinja.NewList()
		for _, r := range f.Rows {
			d := jinja.NewDict()
			for i, c := range r.Columns {
				d.Set(c, r.Values[i])
			}
			l.V = append(l.V, d)
		}
		rows = l
	}
	return jinja.NewDict("rows", rows, "format", f.Format, "fixture", orNone(f.Fixture))
}
