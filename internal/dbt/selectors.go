package dbt

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"apotheca/internal/jinja"
)

const selectorsFile = "selectors.yml"

// namedSelector is one selector of selectors.yml.
type namedSelector struct {
	spec      selectionSpec
	isDefault bool
	// dict is what the manifest has of it.
	dict *jinja.Dict
}

// selectionSpec is a selection as a tree. Exactly one of its parts is set.
type selectionSpec struct {
	leaf         *criterion
	union        []selectionSpec
	intersection []selectionSpec
	// exclude is taken away from the rest.
	exclude []selectionSpec
}

// loadSelectors reads selectors.yml; a selector may use those above it.
func (l *loader) loadSelectors() {
	data, err := fs.ReadFile(l.o.FS, selectorsFile)
	if err != nil {
		return
	}
	doc, err := parseYAML(data)
	if err != nil {
		l.fail(yamlProblem(selectorsFile, err))
		return
	}
	l.p.selectors = map[string]*namedSelector{}
	f := file{pkg: l.p.root, shown: selectorsFile, original: selectorsFile}
	chosen := ""
	for _, n := range elements(child(doc, "selectors")) {
		name := l.renderedText(f, child(n, "name"))
		definition := l.rendered(f, child(n, "definition"))
		if name == "" || definition == nil {
			l.fail(l.problemAt(selectorsFile, n, "every selector needs a name and a definition", "- {name: nightly, definition: 'tag:nightly'}"))
			continue
		}
		spec, shown, err := l.p.selectorSpec(definition, true)
		if err != nil {
			l.fail(l.problemAt(selectorsFile, n, fmt.Sprintf("selector %s: %v", name, err), ""))
			continue
		}
		s := &namedSelector{spec: spec, isDefault: l.rendered(f, child(n, "default")) == true}
		s.dict = jinja.NewDict("name", name, "definition", shown)
		for _, key := range []string{"description", "default"} {
			if v := child(n, key); v != nil {
				s.dict.Set(key, l.rendered(f, v))
			}
		}
		if s.isDefault && chosen != "" {
			l.fail(l.problemAt(selectorsFile, n, fmt.Sprintf("found multiple selectors with `default: true`: %s and %s", chosen, name), "keep one"))
		}
		if s.isDefault {
			chosen = name
		}
		l.p.selectors[name] = s
	}
}

// selectorSpec reads a definition, and how the manifest writes it: a text in
// the grammar of the command line, a criterion as a mapping, or a set of them.
func (p *Project) selectorSpec(v any, root bool) (selectionSpec, any, error) {
	if s, ok := v.(string); ok {
		c, err := parseCriterion(s)
		return selectionSpec{leaf: &c}, criterionDict(s), err
	}
	d, ok := v.(*jinja.Dict)
	if !ok {
		return selectionSpec{}, nil, fmt.Errorf("a definition is a text or a mapping, not %s", jinja.Repr(v))
	}
	for _, kind := range []string{"union", "intersection"} {
		if !has(d, kind) {
			continue
		}
		if root && d.Len() > 1 {
			return selectionSpec{}, nil, fmt.Errorf("only a single 'union' or 'intersection' key is allowed in a root level selector definition; found %s", strings.Join(texts(jinja.NewList(keysIn(d)...)), ","))
		}
		return p.setSpec(kind, get(d, kind))
	}
	if get(d, "method") == "selector" {
		known := p.selectors[jinja.Str(get(d, "value"))]
		if known == nil {
			return selectionSpec{}, nil, fmt.Errorf("existing selector definition for %s not found", jinja.Str(get(d, "value")))
		}
		return known.spec, get(known.dict, "definition"), nil
	}
	return p.criterionSpec(d)
}

// setSpec reads a union or an intersection; an element that excludes takes away
// from the rest.
func (p *Project) setSpec(kind string, v any) (selectionSpec, any, error) {
	list, ok := v.(*jinja.List)
	if !ok {
		return selectionSpec{}, nil, fmt.Errorf("%s must be a list", kind)
	}
	var parts, exclude []selectionSpec
	shown := jinja.NewList()
	for _, e := range list.V {
		if d, ok := e.(*jinja.Dict); ok && d.Len() == 1 && has(d, "exclude") {
			if exclude != nil {
				return selectionSpec{}, nil, errors.New("you cannot provide multiple exclude arguments to the same selector set operator")
			}
			var all any
			var err error
			if exclude, all, err = p.excludeSpecs(d); err != nil {
				return selectionSpec{}, nil, err
			}
			shown.V = append(shown.V, jinja.NewDict("exclude", all))
			continue
		}
		part, one, err := p.selectorSpec(e, false)
		if err != nil {
			return selectionSpec{}, nil, err
		}
		parts = append(parts, part)
		shown.V = append(shown.V, one)
	}
	spec := selectionSpec{union: parts, exclude: exclude}
	if kind == "intersection" {
		spec = selectionSpec{intersection: parts, exclude: exclude}
	}
	return spec, jinja.NewDict(kind, shown), nil
}

func (p *Project) excludeSpecs(d *jinja.Dict) ([]selectionSpec, any, error) {
	list, ok := get(d, "exclude").(*jinja.List)
	if !ok {
		return nil, nil, errors.New("exclude must be a list")
	}
	out, shown := []selectionSpec{}, jinja.NewList()
	for _, e := range list.V {
		spec, one, err := p.selectorSpec(e, false)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, spec)
		shown.V = append(shown.V, one)
	}
	return out, shown, nil
}

// criterionSpec reads a criterion as a mapping: {tag: nightly}, or method and
// value with how far to follow the graph.
func (p *Project) criterionSpec(d *jinja.Dict) (selectionSpec, any, error) {
	method, value := "", any(nil)
	shown := d
	switch {
	case has(d, "method") && has(d, "value"):
		method, value = jinja.Str(get(d, "method")), get(d, "value")
	case d.Len() == 1:
		k, v := d.At(0)
		method, value = jinja.Str(k), v
		shown = jinja.NewDict("method", method, "value", value)
	default:
		return selectionSpec{}, nil, fmt.Errorf("expected either 1 key or else 'method' and 'value' keys, but got %s", jinja.Repr(jinja.NewList(keysIn(d)...)))
	}
	name, argument, _ := strings.Cut(method, ".")
	c := &criterion{text: method + ":" + jinja.Str(value), method: name, argument: argument, value: jinja.Str(value),
		childrensParents: get(d, "childrens_parents") == true, indirect: jinja.Str(orElse(get(d, "indirect_selection"), ""))}
	if !in(name, methods()...) {
		return selectionSpec{}, nil, fmt.Errorf("'%s' is not a valid method name", name)
	}
	var err error
	if c.parents, err = yamlDepth(d, "parents"); err == nil {
		c.children, err = yamlDepth(d, "children")
	}
	if err != nil {
		return selectionSpec{}, nil, err
	}
	spec := selectionSpec{leaf: c}
	if has(d, "exclude") {
		exclude, _, err := p.excludeSpecs(d)
		if err != nil {
			return selectionSpec{}, nil, err
		}
		spec = selectionSpec{union: []selectionSpec{spec}, exclude: exclude}
	}
	return spec, shown, nil
}

func orElse(v, def any) any {
	if v == nil {
		return def
	}
	return v
}

// yamlDepth is how far a criterion of selectors.yml follows the graph.
func yamlDepth(d *jinja.Dict, key string) (int, error) {
	if get(d, key) != true {
		return 0, nil
	}
	steps := get(d, key+"_depth")
	if steps == nil {
		return unbounded, nil
	}
	n, err := strconv.Atoi(jinja.Str(steps))
	if err != nil {
		return 0, fmt.Errorf("invalid node spec - could not handle %s_depth %s", key, jinja.Str(steps))
	}
	return n, nil
}

// criterionDict is a text of the command line as the manifest writes it.
func criterionDict(s string) *jinja.Dict {
	m := criterionPattern().FindStringSubmatch(s)
	d := jinja.NewDict()
	if m == nil {
		return d
	}
	set := func(key string, given bool, v any) {
		if given {
			d.Set(key, v)
		}
	}
	method := m[4] + m[5]
	if method == "" {
		method = defaultMethod(m[6])
	}
	set("childrens_parents", m[1] != "", true)
	set("parents", m[3] != "", true)
	set("parents_depth", m[2] != "", m[2])
	d.Set("method", method)
	d.Set("value", m[6])
	set("children", m[7] != "", true)
	set("children_depth", m[8] != "", m[8])
	return d
}

// named finds a selector of selectors.yml.
func (p *Project) named(selector string) (*namedSelector, error) {
	if s := p.selectors[selector]; s != nil {
		return s, nil
	}
	return nil, hintedf("selectors.yml has "+joinOr(keysOf(p.selectors)), "Could not find selector named %s, expected one of %s", selector, jinja.Repr(jinjaList(keysOf(p.selectors))))
}

// defaultSelector is the one that is meant when nothing is selected; nil when
// there is none.
func (p *Project) defaultSelector() *namedSelector {
	for _, name := range keysOf(p.selectors) {
		if s := p.selectors[name]; s.isDefault {
			return s
		}
	}
	return nil
}

// evaluate finds what a tree selects.
func (q *selector) evaluate(s selectionSpec) (idSet, error) {
	out := idSet{}
	switch {
	case s.leaf != nil:
		return q.criterion(*s.leaf)
	case s.intersection != nil:
		for i, part := range s.intersection {
			chosen, err := q.evaluate(part)
			if err != nil {
				return nil, err
			}
			if i == 0 {
				out = chosen
			}
			for id := range out {
				if !chosen[id] {
					delete(out, id)
				}
			}
		}
	default:
		for _, part := range s.union {
			chosen, err := q.evaluate(part)
			if err != nil {
				return nil, err
			}
			out = union(out, chosen)
		}
	}
	for _, part := range s.exclude {
		gone, err := q.evaluate(part)
		if err != nil {
			return nil, err
		}
		for id := range gone {
			delete(out, id)
		}
	}
	return out, nil
}

func joinOr(words []string) string { return strings.Join(words, ", ") }
