package dbt

import (
	"fmt"
	"io"
	"slices"

	"apotheca/internal/jinja"
)

// WriteSemanticManifest writes target/semantic_manifest.json, which tools of
// the semantic layer read: the manifest's semantic models, metrics and saved
// queries with the keys that those tools know, and the time spines.
func (p *Project) WriteSemanticManifest(w io.Writer) error {
	d := jinja.NewDict(
		"semantic_models", listOf(p.SemanticModels, semanticModelEntry),
		"metrics", listOf(p.Metrics, metricEntry),
		"project_configuration", jinja.NewDict(
			"time_spine_table_configurations", p.legacyTimeSpines(), "metadata", nil,
			"dsi_package_version", jinja.NewDict("major_version", "0", "minor_version", "9", "patch_version", "0"),
			"time_spines", p.timeSpines()),
		"saved_queries", listOf(p.SavedQueries, savedQueryEntry))
	written, err := appendJSON(nil, d, jsonStyle{})
	if err != nil {
		return fmt.Errorf("write semantic manifest: %w", err)
	}
	_, err = w.Write(written)
	return err
}

func listOf(all map[string]*Semantic, entry func(*Semantic) *jinja.Dict) *jinja.List {
	l := jinja.NewList()
	for _, id := range keysOf(all) {
		l.V = append(l.V, entry(all[id]))
	}
	return l
}

// picked are some keys of a mapping in a given order; one that is missing is
// null.
func picked(d *jinja.Dict, keys ...string) *jinja.Dict {
	out := jinja.NewDict()
	for _, k := range keys {
		out.Set(k, get(d, k))
	}
	return out
}

func eachPicked(v any, keys ...string) *jinja.List {
	out := jinja.NewList()
	for _, e := range appended(nil, v).V {
		d, _ := e.(*jinja.Dict)
		out.V = append(out.V, picked(d, keys...))
	}
	return out
}

// metaConfig is all that such tools see of a config.
func (s *Semantic) metaConfig() *jinja.Dict {
	meta, _ := s.Config.Get("meta")
	return jinja.NewDict("meta", orEmpty(meta))
}

func semanticModelEntry(s *Semantic) *jinja.Dict {
	d := picked(s.fields, "defaults", "description", "node_relation", "primary_entity", "entities", "measures", "dimensions", "label", "metadata")
	d.Set("name", s.Name)
	d.Set("entities", eachPicked(get(d, "entities"), "name", "description", "type", "role", "expr", "metadata", "label", "config"))
	d.Set("measures", eachPicked(get(d, "measures"), "name", "agg", "description", "create_metric", "expr", "agg_params", "metadata",
		"non_additive_dimension", "agg_time_dimension", "label", "config"))
	d.Set("dimensions", eachPicked(get(d, "dimensions"), "name", "description", "type", "is_partition", "type_params", "expr", "metadata", "label", "config"))
	d.Set("config", s.metaConfig())
	return d
}

func metricEntry(s *Semantic) *jinja.Dict {
	d := picked(s.fields, "description", "type", "type_params", "filter", "metadata", "label", "time_granularity")
	d.Set("name", s.Name)
	params, _ := get(d, "type_params").(*jinja.Dict)
	params = picked(params, "measure", "numerator", "denominator", "expr", "window", "grain_to_date", "metrics", "conversion_type_params",
		"cumulative_type_params", "input_measures")
	if c, ok := get(params, "cumulative_type_params").(*jinja.Dict); ok {
		params.Set("cumulative_type_params", picked(c, "window", "grain_to_date", "period_agg"))
	}
	d.Set("type_params", params)
	d.Set("config", s.metaConfig())
	return d
}

func savedQueryEntry(s *Semantic) *jinja.Dict {
	d := picked(s.fields, "query_params", "description", "metadata", "label")
	d.Set("name", s.Name)
	exports := jinja.NewList()
	for _, e := range appended(nil, get(s.fields, "exports")).V {
		export, _ := e.(*jinja.Dict)
		config, _ := get(export, "config").(*jinja.Dict)
		exports.V = append(exports.V, jinja.NewDict("name", get(export, "name"), "config", picked(config, "export_as", "schema_name", "alias")))
	}
	d.Set("exports", exports)
	d.Set("tags", jinjaList(s.Tags))
	return d
}

// timeSpines are the models that say of themselves that they hold the days,
// hours or minutes.
func (p *Project) timeSpines() *jinja.List {
	out := jinja.NewList()
	for _, n := range p.sortedNodes {
		spine, ok := n.TimeSpine.(*jinja.Dict)
		if !ok {
			continue
		}
		column := jinja.Str(get(spine, "standard_granularity_column"))
		granularities := jinja.NewList()
		for _, g := range appended(nil, get(spine, "custom_granularities")).V {
			d, _ := g.(*jinja.Dict)
			granularities.V = append(granularities.V, picked(d, "name", "column_name"))
		}
		out.V = append(out.V, jinja.NewDict(
			"node_relation", jinja.NewDict("alias", n.Alias, "schema_name", n.Schema, "database", n.Database, "relation_name", orNone(n.RelationName)),
			"primary_column", jinja.NewDict("name", column, "time_granularity", n.granularity(column)),
			"custom_granularities", granularities))
	}
	return out
}

func (n *Node) granularity(column string) string {
	i := slices.IndexFunc(n.Columns, func(c ColumnInfo) bool { return c.Name == column })
	if i < 0 {
		return ""
	}
	return n.Columns[i].Granularity
}

// legacyTimeSpine is the model that was the time spine before models could say
// so.
const legacyTimeSpine = "metricflow_time_spine"

func (p *Project) legacyTimeSpines() *jinja.List {
	out := jinja.NewList()
	if n := p.lookup(p.index.nodes, p.Name, Ref{Name: legacyTimeSpine}); n != nil && len(p.SemanticModels) > 0 {
		out.V = append(out.V, jinja.NewDict("location", n.RelationName, "column_name", "date_day", "grain", "day"))
	}
	return out
}

// checkTimeSpine refuses semantic models without the days to join them to.
func (l *loader) checkTimeSpine() {
	if len(l.p.SemanticModels) == 0 || len(l.p.legacyTimeSpines().V) > 0 {
		return
	}
	fine := []string{"nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day"}
	for _, spine := range l.p.timeSpines().V {
		column, _ := get(spine.(*jinja.Dict), "primary_column").(*jinja.Dict)
		if slices.Contains(fine, jinja.Str(get(column, "time_granularity"))) {
			return
		}
	}
	first := l.p.SemanticModels[keysOf(l.p.SemanticModels)[0]]
	l.fail(Problem{File: l.p.packages[first.PackageName].file(first.OriginalFilePath), Line: first.Line,
		Message: "The semantic layer requires a time spine model with granularity DAY or smaller in the project, but none was found.",
		Hint:    "give a model of days time_spine: {standard_granularity_column: date_day}, and that column granularity: day"})
}
