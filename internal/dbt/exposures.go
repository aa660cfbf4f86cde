package dbt

import (
	"context"
	"fmt"

	"apotheca/internal/jinja"
)

// loadExposures makes an exposure of every declared one.
func (l *loader) loadExposures() {
	for _, p := range l.patches.exposures {
		f := p.file
		e := &Exposure{
			UniqueID: "exposure." + f.pkg.name + "." + p.name, Name: p.name, PackageName: f.pkg.name, Path: f.relative,
			OriginalFilePath: f.original, FQN: f.fqn(p.name), Line: p.node.Line,
			Type: l.renderedText(f, child(p.node, "type")), Label: l.renderedText(f, child(p.node, "label")),
			Description: text(child(p.node, "description")), Owner: l.owner(p),
			Maturity: l.renderedText(f, child(p.node, "maturity")), URL: l.renderedText(f, child(p.node, "url")),
		}
		e.Config = l.resolveConfig(ExposureResource, f.pkg, e.FQN, p.config)
		e.unrendered = jinja.NewDict()
		projectRaw(f.pkg.doc, ExposureResource, e.FQN, e.unrendered)
		for _, k := range keysIn(p.unrendered) {
			v, _ := p.unrendered.Get(k)
			e.unrendered.Set(k, v)
		}
		e.Tags = unique(e.Config.Tags())
		e.Meta, _ = e.Config.Get("meta")
		if !e.Config.Enabled() {
			continue
		}
		sc := &scope{p: l.p, pkg: f.pkg, level: levelFull, seen: &seen{}}
		for _, d := range elements(child(p.node, "depends_on")) {
			if _, err := sc.renderText(context.Background(), f.shown, "{{ "+text(d)+" }}"); err != nil {
				l.fail(templateProblem(f.shown, d.Line, err))
			}
		}
		e.Refs, e.SourceRefs, e.Metrics = sc.seen.refs, sc.seen.sources, sc.seen.metrics
		l.dependExposure(e)
		if l.p.Exposures[e.UniqueID] != nil {
			l.fail(l.problemAt(f.shown, p.node, fmt.Sprintf("there are two exposures named %q", p.name), ""))
			continue
		}
		l.p.Exposures[e.UniqueID] = e
	}
}

// dependExposure resolves what an exposure uses; what is missing is warned of.
func (l *loader) dependExposure(e *Exposure) {
	n := &Node{UniqueID: e.UniqueID, ResourceType: ExposureResource, PackageName: e.PackageName, OriginalFilePath: e.OriginalFilePath,
		Line: e.Line, Refs: e.Refs, SourceRefs: e.SourceRefs, pkg: l.p.packages[e.PackageName]}
	for _, missing := range l.p.resolveDependencies(n) {
		missing.Event = "NodeNotFoundOrDisabled"
		l.warn(missing)
	}
	e.DependsOn = n.DependsOn
	for _, name := range e.Metrics {
		if m := l.p.resolveMetric(e.PackageName, name); m != nil {
			e.DependsOn.Nodes = append(e.DependsOn.Nodes, m.UniqueID)
			continue
		}
		l.warn(Problem{File: n.shownFile(), Line: n.Line,
			Message: n.dependsOnA("metric named '" + name + "' which was not found"), Event: "NodeNotFoundOrDisabled"})
	}
}
