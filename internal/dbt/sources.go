package dbt

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// loadSources makes a source of every declared table.
func (l *loader) loadSources() {
	for _, p := range l.overrideSources() {
		for _, t := range elements(child(p.node, "tables")) {
			l.addSource(p, t)
		}
	}
	l.p.buildIndex()
}

func (l *loader) addSource(p *patch, t *yaml.Node) {
	f := p.file
	name := l.renderedText(f, child(t, "name"))
	if name == "" {
		l.fail(l.problemAt(f.shown, t, "every table of a source needs a name", "- name: …"))
		return
	}
	tableConfig := l.tableConfig(p, t)
	s := &Source{
		UniqueID: "source." + f.pkg.name + "." + p.name + "." + name, Name: name, SourceName: p.name, PackageName: f.pkg.name,
		Path: f.original, OriginalFilePath: f.original, FQN: f.fqn(p.name, name), Line: t.Line,
		Description: text(child(t, "description")), SourceDescription: text(child(p.node, "description")),
		Loader: l.renderedText(f, child(p.node, "loader")), External: l.rendered(f, child(t, "external")),
		Columns: l.columns(f, t),
	}
	s.Config = l.resolveConfig(SourceResource, f.pkg, s.FQN, p.config, tableConfig)
	s.enabledDeclared = has(p.config, "enabled") || has(tableConfig, "enabled")
	s.Meta, _ = s.Config.Get("meta")
	s.SourceMeta, _ = p.config.Get("meta")
	if tags := sourceTags(p.config, tableConfig); len(tags) > 0 {
		s.Config.values.Set("tags", jinjaList(tags)) // they replace the project's
	}
	s.Tags = s.Config.Tags()
	l.locateSource(s, p, t)
	l.ageSource(s, p, t)
	if !s.Config.Enabled() {
		if l.p.index != nil {
			l.p.index.off[s.SourceName+"."+s.Name] = true
		}
		l.p.disabledSources[s.UniqueID] = s
		return
	}
	if other := l.p.Sources[s.UniqueID]; other != nil {
		l.fail(l.problemAt(f.shown, t, fmt.Sprintf("the source %s.%s is declared twice, here and in %s:%d", p.name, name, other.OriginalFilePath, other.Line),
			"remove one of the two"))
		return
	}
	l.p.Sources[s.UniqueID] = s
}

func (l *loader) tableConfig(p *patch, t *yaml.Node) *jinja.Dict {
	config, _ := l.configOf(p.file, "tables", t)
	return config
}

// sourceTags are a source's and its table's tags, sorted.
func sourceTags(source, table *jinja.Dict) []string {
	var tags []string
	for _, d := range []*jinja.Dict{source, table} {
		v, _ := d.Get("tags")
		tags = append(tags, texts(v)...)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// locateSource says which relation a source reads.
func (l *loader) locateSource(s *Source, p *patch, t *yaml.Node) {
	f := p.file
	or := func(def string, n *yaml.Node) string {
		if v := l.renderedText(f, n); v != "" {
			return v
		}
		return def
	}
	s.Database = or(l.p.Target.Database, child(p.node, "database"))
	s.Schema = or(p.name, child(p.node, "schema"))
	s.writtenSchema, s.writtenDatabase = text(child(p.node, "schema")), text(child(p.node, "database"))
	s.Identifier = or(s.Name, child(t, "identifier"))
	s.Quoting = adapterQuoting(l.p.Target.Type)
	named := l.p.root.quoting
	s.quoting = jinja.NewDict("database", nil, "schema", nil, "identifier", nil, "column", nil)
	for _, n := range []*yaml.Node{child(p.node, "quoting"), child(t, "quoting")} {
		if d, ok := l.rendered(f, n).(*jinja.Dict); ok {
			s.Quoting, named = overlayQuoting(s.Quoting, d), overlayQuoting(named, d)
			s.quoting = overlaid(s.quoting, d)
		}
	}
	relation := l.p.SourceRelation(s)
	relation.Quote = named // the project's quoting shows here, and not in queries
	s.RelationName = relation.String()
}

// ageSource reads what a source says of its freshness: a table's word, then
// its source's.
func (l *loader) ageSource(s *Source, p *patch, t *yaml.Node) {
	pick := func(key string) (any, bool) {
		for _, n := range []*yaml.Node{t, child(t, "config"), p.node, child(p.node, "config")} {
			if v := keyNode(n, key); v != nil {
				if key == "loaded_at_query" {
					return text(child(n, key)), true
				}
				return l.rendered(p.file, child(n, key)), true
			}
		}
		return s.Config.Get(key)
	}
	asText := func(key string) string {
		v, _ := pick(key)
		if v == nil {
			return ""
		}
		return jinja.Str(v)
	}
	s.LoadedAtField, s.LoadedAtQuery = asText("loaded_at_field"), asText("loaded_at_query")
	s.Config.values.Set("loaded_at_field", orNone(s.LoadedAtField))
	merged := jinja.NewDict()
	for _, n := range []*yaml.Node{p.node, child(p.node, "config"), t, child(t, "config")} {
		at := keyNode(n, "freshness")
		if at == nil {
			continue
		}
		d, _ := l.rendered(p.file, child(n, "freshness")).(*jinja.Dict)
		s.freshnessDeclared, s.freshnessOff = true, d == nil // `freshness: null` on a table switches it off
		merged = overlaid(merged, d)
	}
	if s.freshnessDeclared && !s.freshnessOff {
		s.Freshness = &Freshness{WarnAfter: age(merged, "warn_after"), ErrorAfter: age(merged, "error_after")}
		if filter, _ := merged.Get("filter"); filter != nil {
			s.Freshness.Filter = jinja.Str(filter)
		}
	}
	s.Config.values.Set("freshness", s.freshness())
}

func age(d *jinja.Dict, key string) *Age {
	v, _ := d.Get(key)
	a, ok := v.(*jinja.Dict)
	if !ok {
		return nil
	}
	count, _ := a.Get("count")
	period, _ := a.Get("period")
	n, ok := count.(int64)
	if !ok || period == nil {
		return nil
	}
	return &Age{Count: int(n), Period: jinja.Str(period)}
}
