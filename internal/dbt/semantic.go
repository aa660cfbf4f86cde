package dbt

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// Semantic is a resource of the semantic layer: a metric, a semantic model or
// a saved query. It is read, checked and written into the artifacts; asking it
// a question is not done.
type Semantic struct {
	UniqueID         string
	Name             string
	ResourceType     ResourceType
	PackageName      string
	Path             string
	OriginalFilePath string
	FQN              []string
	Tags             []string
	Group            string
	Config           *Config
	DependsOn        DependsOn
	Refs             []Ref
	Line             int

	// fields are those of its own kind, as the manifest has them.
	fields *jinja.Dict
	// unrendered is its config as written.
	unrendered *jinja.Dict
	inputs     []any // measures of a metric, once known
}

// loadSemantics reads semantic models, metrics and saved queries, in the order
// in which they refer to each other.
func (l *loader) loadSemantics() {
	for _, p := range l.patches.semantics["semantic_models"] {
		l.readSemanticModel(p)
	}
	for _, p := range l.patches.semantics["metrics"] {
		l.readMetric(p)
	}
	for _, p := range l.patches.semantics["saved_queries"] {
		l.readSavedQuery(p)
	}
	for _, id := range keysOf(l.p.Metrics) {
		l.resolveMetric(l.p.Metrics[id], nil)
	}
	for _, id := range keysOf(l.p.SavedQueries) {
		q := l.p.SavedQueries[id]
		params, _ := q.fields.Get("query_params")
		names, _ := params.(*jinja.Dict).Get("metrics")
		for _, name := range texts(names) {
			l.dependOnMetric(q, name)
		}
	}
}

// newSemantic is what all three kinds have in common; nil when it is disabled.
func (l *loader) newSemantic(p *patch, kind ResourceType) *Semantic {
	f := p.file
	s := &Semantic{UniqueID: string(kind) + "." + f.pkg.name + "." + p.name, Name: p.name, ResourceType: kind, PackageName: f.pkg.name,
		Path: f.relative, OriginalFilePath: f.original, FQN: f.fqn(p.name), Line: p.node.Line}
	config := p.config.Copy()
	config.Del("tags")
	if t := child(child(p.node, "config"), "tags"); t != nil {
		config.Set("tags", jinjaList(texts(l.rendered(f, t))))
	}
	s.Tags = texts(l.rendered(f, child(p.node, "tags")))
	s.Config = l.resolveConfig(kind, f.pkg, s.FQN, config)
	s.Group = s.Config.String("group")
	s.unrendered = jinja.NewDict()
	projectRaw(f.pkg.doc, kind, s.FQN, s.unrendered)
	for _, k := range keysIn(p.unrendered) {
		v, _ := p.unrendered.Get(k)
		s.unrendered.Set(k, v)
	}
	if !s.Config.Enabled() {
		return nil
	}
	return s
}

func (l *loader) addSemantic(to map[string]*Semantic, s *Semantic, p *patch) {
	if other := to[s.UniqueID]; other != nil {
		l.fail(l.problemAt(p.file.shown, p.node, duplicateName(string(s.ResourceType), s.Name, s.UniqueID, p.file.shown, other.UniqueID, other.OriginalFilePath), "rename one of them"))
		return
	}
	to[s.UniqueID] = s
}

func (l *loader) readSemanticModel(p *patch) {
	s := l.newSemantic(p, SemanticModelResource)
	if s == nil {
		return
	}
	f := p.file
	sc := &scope{p: l.p, pkg: f.pkg, level: levelFull, seen: &seen{}}
	model := text(child(p.node, "model"))
	if _, err := sc.renderText(context.Background(), f.shown, "{{ "+model+" }}"); err != nil {
		l.fail(templateProblem(f.shown, p.node.Line, err))
		return
	}
	s.Refs = sc.seen.refs
	relation := any(nil)
	for _, r := range s.Refs {
		target := l.p.resolveRef(s.PackageName, r)
		if target == nil {
			l.fail(l.p.missingRef(&Node{UniqueID: s.UniqueID, ResourceType: s.ResourceType, PackageName: s.PackageName, OriginalFilePath: f.original, Line: s.Line, pkg: f.pkg}, r))
			return
		}
		s.DependsOn.Nodes = append(s.DependsOn.Nodes, target.UniqueID)
		relation = jinja.NewDict("alias", target.Alias, "schema_name", target.Schema, "database", target.Database, "relation_name", orNone(target.RelationName))
	}
	defaults := any(nil)
	if d, ok := l.rendered(f, child(p.node, "defaults")).(*jinja.Dict); ok {
		defaults = overlaid(jinja.NewDict("agg_time_dimension", nil), d)
	}
	s.fields = jinja.NewDict("model", model, "node_relation", relation, "description", l.descriptionOf(f, p.node), "label", l.rendered(f, child(p.node, "label")),
		"defaults", defaults, "entities", l.elementsOf(f, p.node, "entities"), "measures", l.elementsOf(f, p.node, "measures"),
		"dimensions", l.elementsOf(f, p.node, "dimensions"), "metadata", nil, "primary_entity", l.rendered(f, child(p.node, "primary_entity")))
	l.addSemantic(l.p.SemanticModels, s, p)
	for _, m := range elements(child(p.node, "measures")) {
		if l.rendered(f, child(m, "create_metric")) == true {
			l.createMetric(p, m)
		}
	}
}

// elementsOf are the entities, measures or dimensions of a semantic model, with
// all the keys that the manifest has of them.
func (l *loader) elementsOf(f file, n *yaml.Node, kind string) *jinja.List {
	out := jinja.NewList()
	for _, e := range elements(child(n, kind)) {
		var d *jinja.Dict
		switch kind {
		case "entities":
			d = jinja.NewDict("name", nil, "type", nil, "description", nil, "label", nil, "role", nil, "expr", nil)
		case "measures":
			d = jinja.NewDict("name", nil, "agg", nil, "description", nil, "label", nil, "create_metric", false, "expr", nil, "agg_params", nil,
				"non_additive_dimension", nil, "agg_time_dimension", nil)
		default:
			d = jinja.NewDict("name", nil, "type", nil, "description", nil, "label", nil, "is_partition", false, "type_params", nil, "expr", nil, "metadata", nil)
		}
		for _, k := range keysIn(d) {
			if v := l.rendered(f, child(e, jinja.Str(k))); v != nil && k != "create_metric" {
				d.Set(k, v)
			}
		}
		for key, full := range map[string]*jinja.Dict{
			"agg_params":             jinja.NewDict("percentile", nil, "use_discrete_percentile", false, "use_approximate_percentile", false),
			"non_additive_dimension": jinja.NewDict("name", nil, "window_choice", nil, "window_groupings", jinja.NewList()),
		} {
			if given, ok := get(d, key).(*jinja.Dict); ok {
				d.Set(key, overlaid(full, given))
			}
		}
		if v, _ := d.Get("expr"); v != nil {
			d.Set("expr", jinja.Str(v))
		}
		if params, ok := get(d, "type_params").(*jinja.Dict); ok {
			d.Set("type_params", overlaid(jinja.NewDict("time_granularity", nil, "validity_params", nil), params))
		}
		d.Set("config", jinja.NewDict("meta", orEmpty(l.rendered(f, child(child(e, "config"), "meta")))))
		out.V = append(out.V, d)
	}
	return out
}

func get(d *jinja.Dict, key string) any {
	v, _ := d.Get(key)
	return v
}

func (l *loader) descriptionOf(f file, n *yaml.Node) any {
	if child(n, "description") == nil {
		return nil
	}
	d, _ := l.description(f.pkg, f.shown, text(child(n, "description")))
	return d
}

// createMetric makes the metric that a measure asks for with create_metric.
func (l *loader) createMetric(p *patch, measure *yaml.Node) {
	f := p.file
	name := l.renderedText(f, child(measure, "name"))
	or := func(key, def string) string {
		if v := l.renderedText(f, child(measure, key)); v != "" {
			return v
		}
		return def
	}
	own := &patch{file: f, kind: "metrics", name: name, node: &yaml.Node{Kind: yaml.MappingNode, Line: measure.Line}, config: jinja.NewDict("enabled", true), unrendered: jinja.NewDict("enabled", true)}
	m := l.newSemantic(own, MetricResource)
	params := emptyTypeParams()
	params.Set("measure", inputMeasure(name))
	params.Set("expr", name)
	m.fields = jinja.NewDict("description", or("description", "Metric created from measure "+name), "label", or("label", name), "type", "simple",
		"type_params", params, "filter", nil, "metadata", nil, "time_granularity", nil)
	l.addSemantic(l.p.Metrics, m, own)
}

func emptyTypeParams() *jinja.Dict {
	return jinja.NewDict("measure", nil, "input_measures", jinja.NewList(), "numerator", nil, "denominator", nil, "expr", nil, "window", nil,
		"grain_to_date", nil, "metrics", jinja.NewList(), "conversion_type_params", nil, "cumulative_type_params", nil, "metric_aggregation_params", nil)
}

func (l *loader) readMetric(p *patch) {
	m := l.newSemantic(p, MetricResource)
	if m == nil {
		return
	}
	f := p.file
	kind := strings.ToLower(l.renderedText(f, child(p.node, "type")))
	if !in(kind, "simple", "ratio", "cumulative", "derived", "conversion") {
		l.fail(l.problemAt(f.shown, p.node, fmt.Sprintf("the metric %s has the type %q", p.name, kind), "type: simple, ratio, cumulative, derived or conversion"))
		return
	}
	description := l.descriptionOf(f, p.node)
	if description == nil {
		description = ""
	}
	params, err := typeParams(kind, plain(child(p.node, "type_params")))
	if err != nil {
		l.fail(l.problemAt(f.shown, p.node, fmt.Sprintf("metric %s: %v", p.name, err), "window: 28 days"))
		return
	}
	m.fields = jinja.NewDict("description", description, "label", l.rendered(f, child(p.node, "label")), "type", kind, "type_params", params,
		"filter", whereFilters(plain(child(p.node, "filter"))), "metadata", nil, "time_granularity", l.rendered(f, child(p.node, "time_granularity")))
	if kind == "cumulative" && (get(params, "window") != nil || get(params, "grain_to_date") != nil) {
		l.warn(l.deprecated(f, p.node, "MFCumulativeTypeParamsDeprecation", "Cumulative fields `type_params.window` and `type_params.grain_to_date` have been moved and will soon be deprecated. Please nest those values under `type_params.cumulative_type_params.window` and `type_params.cumulative_type_params.grain_to_date`.", nil))
	}
	l.addSemantic(l.p.Metrics, m, p)
}

// typeParams are a metric's parameters with every key, in the forms of the
// manifest: a name alone becomes a mapping, a window a number and its unit.
func typeParams(kind string, v any) (*jinja.Dict, error) {
	out := emptyTypeParams()
	in, _ := v.(*jinja.Dict)
	if m := get(in, "measure"); m != nil {
		out.Set("measure", inputMeasure(m))
	}
	for _, key := range []string{"numerator", "denominator"} {
		if m := get(in, key); m != nil {
			d, err := inputMetric(m)
			if err != nil {
				return nil, err
			}
			out.Set(key, d)
		}
	}
	inputs := jinja.NewList()
	for _, m := range appended(nil, get(in, "metrics")).V {
		d, err := inputMetric(m)
		if err != nil {
			return nil, err
		}
		inputs.V = append(inputs.V, d)
	}
	out.Set("metrics", inputs)
	if e := get(in, "expr"); e != nil {
		out.Set("expr", jinja.Str(e))
	}
	window, err := timeWindow(get(in, "window"))
	if err != nil {
		return nil, err
	}
	out.Set("window", window)
	out.Set("grain_to_date", get(in, "grain_to_date"))
	if c, ok := get(in, "conversion_type_params").(*jinja.Dict); ok {
		window, err := timeWindow(get(c, "window"))
		if err != nil {
			return nil, err
		}
		d := overlaid(jinja.NewDict("base_measure", nil, "conversion_measure", nil, "entity", nil, "calculation", "conversion_rate", "window", nil, "constant_properties", nil), c)
		d.Set("base_measure", inputMeasure(get(c, "base_measure")))
		d.Set("conversion_measure", inputMeasure(get(c, "conversion_measure")))
		d.Set("window", window)
		out.Set("conversion_type_params", d)
	}
	if kind != "cumulative" {
		return out, nil
	}
	c, _ := get(in, "cumulative_type_params").(*jinja.Dict)
	d := overlaid(jinja.NewDict("window", get(in, "window"), "grain_to_date", get(in, "grain_to_date"), "period_agg", "first", "metric", nil), c)
	if window, err = timeWindow(get(d, "window")); err != nil {
		return nil, err
	}
	d.Set("window", window)
	out.Set("cumulative_type_params", d)
	return out, nil
}

// inputMeasure is a measure as a metric names it.
func inputMeasure(v any) *jinja.Dict {
	d := jinja.NewDict("name", v, "filter", nil, "alias", nil, "join_to_timespine", false, "fill_nulls_with", nil)
	if given, ok := v.(*jinja.Dict); ok {
		d = overlaid(d, given)
		d.Set("filter", whereFilters(get(given, "filter")))
	}
	return d
}

// inputMetric is a metric as another one names it.
func inputMetric(v any) (*jinja.Dict, error) {
	d := jinja.NewDict("name", v, "filter", nil, "alias", nil, "offset_window", nil, "offset_to_grain", nil)
	given, ok := v.(*jinja.Dict)
	if !ok {
		return d, nil
	}
	d = overlaid(d, given)
	d.Set("filter", whereFilters(get(given, "filter")))
	window, err := timeWindow(get(given, "offset_window"))
	d.Set("offset_window", window)
	return d, err
}

func whereFilters(v any) any {
	if v == nil {
		return nil
	}
	l := jinja.NewList()
	for _, f := range appended(nil, v).V {
		l.V = append(l.V, jinja.NewDict("where_sql_template", jinja.Str(f)))
	}
	return jinja.NewDict("where_filters", l)
}

// timeWindow reads "28 days".
func timeWindow(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	number, unit, ok := strings.Cut(strings.ToLower(jinja.Str(v)), " ")
	count, err := strconv.Atoi(number)
	if !ok || err != nil {
		return nil, fmt.Errorf("invalid window (%s); it is of the form `<count> <granularity>`", jinja.Str(v))
	}
	return jinja.NewDict("count", int64(count), "granularity", strings.TrimSuffix(unit, "s")), nil
}

// resolveMetric finds the measures that a metric comes down to.
func (l *loader) resolveMetric(m *Semantic, above []string) {
	if m.inputs != nil {
		return
	}
	if slices.Contains(above, m.Name) {
		l.fail(Problem{File: l.p.packages[m.PackageName].file(m.OriginalFilePath), Line: m.Line,
			Message: "found a cycle of metrics: " + strings.Join(append(above, m.Name), " → "), Hint: "one of these must not use the next"})
		return
	}
	params, _ := get(m.fields, "type_params").(*jinja.Dict)
	var metrics, measures []any
	switch get(m.fields, "type") {
	case "simple", "cumulative":
		measures = []any{get(params, "measure")}
	case "conversion":
		c, _ := get(params, "conversion_type_params").(*jinja.Dict)
		measures = []any{get(c, "base_measure"), get(c, "conversion_measure")}
	case "ratio":
		metrics = []any{get(params, "numerator"), get(params, "denominator")}
	default:
		metrics = appended(nil, get(params, "metrics")).V
	}
	m.inputs = []any{}
	for _, v := range measures {
		l.dependOnMeasure(m, v)
	}
	for _, v := range metrics {
		d, ok := v.(*jinja.Dict)
		if !ok {
			l.fail(Problem{File: l.p.packages[m.PackageName].file(m.OriginalFilePath), Line: m.Line, Message: "invalid ratio metric. Both a numerator and denominator must be specified"})
			continue
		}
		if target := l.dependOnMetric(m, jinja.Str(get(d, "name"))); target != nil {
			l.resolveMetric(target, append(above, m.Name))
			for _, input := range target.inputs {
				if !slices.ContainsFunc(m.inputs, func(have any) bool { return jinja.Equal(have, input) }) {
					m.inputs = append(m.inputs, input)
				}
			}
		}
	}
	params.Set("input_measures", jinja.NewList(m.inputs...))
}

func (l *loader) dependOnMeasure(m *Semantic, v any) {
	d, _ := v.(*jinja.Dict)
	name := get(d, "name")
	for _, id := range keysOf(l.p.SemanticModels) {
		for _, e := range appended(nil, get(l.p.SemanticModels[id].fields, "measures")).V {
			if name != nil && get(e.(*jinja.Dict), "name") == name {
				m.inputs = append(m.inputs, d)
				m.DependsOn.Nodes = unique(append(m.DependsOn.Nodes, id))
				return
			}
		}
	}
	l.fail(Problem{File: l.p.packages[m.PackageName].file(m.OriginalFilePath), Line: m.Line,
		Message: fmt.Sprintf("a semantic model having a measure `%s` does not exist but was referenced by the metric %s", jinja.Str(name), m.Name)})
}

// dependOnMetric finds a metric by its name and makes s depend on it.
func (l *loader) dependOnMetric(s *Semantic, name string) *Semantic {
	target := l.p.resolveMetric(s.PackageName, name)
	if target == nil {
		p := Problem{File: l.p.packages[s.PackageName].file(s.OriginalFilePath), Line: s.Line,
			Message: fmt.Sprintf("%s '%s' depends on a metric named '%s' which was not found", s.ResourceType, s.UniqueID, name)}
		if near := nearest(name, l.p.metricNames()); near != "" {
			p.Hint = fmt.Sprintf("did you mean %q?", near)
		}
		l.fail(p)
		return nil
	}
	s.DependsOn.Nodes = unique(append(s.DependsOn.Nodes, target.UniqueID))
	return target
}

func (p *Project) resolveMetric(from, name string) *Semantic {
	for _, where := range p.searchPackages(from, "") {
		for _, id := range keysOf(p.Metrics) {
			if m := p.Metrics[id]; m.Name == name && (where == "" || m.PackageName == where) {
				return m
			}
		}
	}
	return nil
}

// semantics are all resources of the semantic layer.
func (p *Project) semantics() []*Semantic {
	var all []*Semantic
	for _, m := range []map[string]*Semantic{p.SemanticModels, p.Metrics, p.SavedQueries} {
		for _, id := range keysOf(m) {
			all = append(all, m[id])
		}
	}
	return all
}

func (p *Project) metricNames() []string {
	var names []string
	for _, m := range p.Metrics {
		names = append(names, m.Name)
	}
	return names
}
