package dbt

import "apotheca/internal/jinja"

func (l *loader) readSavedQuery(p *patch) {
	s := l.newSemantic(p, SavedQueryResource)
	if s == nil {
		return
	}
	f := p.file
	asked, _ := plain(child(p.node, "query_params")).(*jinja.Dict)
	params := jinja.NewDict("metrics", appended(nil, get(asked, "metrics")), "group_by", appended(nil, get(asked, "group_by")),
		"where", whereFilters(get(asked, "where")), "order_by", appended(nil, get(asked, "order_by")), "limit", get(asked, "limit"))
	exports := jinja.NewList()
	for _, e := range elements(child(p.node, "exports")) {
		written, _ := plain(child(e, "config")).(*jinja.Dict)
		given, _ := l.rendered(f, child(e, "config")).(*jinja.Dict)
		name := l.renderedText(f, child(e, "name"))
		config := jinja.NewDict("export_as", s.setting(given, "export_as"), "schema_name", s.setting(given, "schema"), "alias", get(given, "alias"), "database", get(given, "database"))
		for key, def := range map[string]any{"schema_name": l.p.Target.Schema, "alias": name, "database": l.p.Target.Database} {
			if get(config, key) == nil {
				config.Set(key, def)
			}
		}
		exports.V = append(exports.V, jinja.NewDict("name", name, "config", config, "unrendered_config", overlaid(nil, written)))
	}
	s.fields = jinja.NewDict("query_params", params, "exports", exports, "description", l.descriptionOf(f, p.node),
		"label", l.rendered(f, child(p.node, "label")), "metadata", nil)
	l.addSemantic(l.p.SavedQueries, s, p)
}

// setting is an export's own setting, or its query's.
func (s *Semantic) setting(own *jinja.Dict, key string) any {
	if v := get(own, key); v != nil {
		return v
	}
	v, _ := s.Config.Get(key)
	return v
}

// semanticDict is a resource of the semantic layer as the manifest has it.
func (p *Project) semanticDict(s *Semantic) *jinja.Dict {
	d := jinja.NewDict("name", s.Name, "resource_type", string(s.ResourceType), "package_name", s.PackageName, "path", s.Path,
		"original_file_path", s.OriginalFilePath, "unique_id", s.UniqueID, "fqn", jinjaList(s.FQN))
	for _, k := range keysIn(s.fields) {
		v, _ := s.fields.Get(k)
		d.Set(k, v)
	}
	d.Set("config", s.Config.values)
	d.Set("unrendered_config", s.unrendered)
	d.Set("depends_on", dependsDict(s.DependsOn))
	d.Set("refs", refsList(s.Refs))
	d.Set("created_at", float64(p.options.Now.UnixMicro())/1e6)
	d.Set("group", orNone(s.Group))
	switch s.ResourceType {
	case MetricResource:
		meta, _ := s.Config.Get("meta")
		d.Set("meta", orEmpty(meta))
		d.Set("tags", jinjaList(s.Tags))
		d.Set("sources", jinja.NewList())
		d.Set("metrics", jinja.NewList())
	case SavedQueryResource:
		d.Set("tags", jinjaList(s.Tags))
	}
	return d
}
