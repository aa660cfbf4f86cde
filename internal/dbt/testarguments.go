package dbt

import (
	"context"
	"fmt"

	"apotheca/internal/jinja"
)

// bindKwargs renders the arguments of a generic test and gives them to its
// template. A column's name is taken as it is.
func (s *scope) bindKwargs(ctx context.Context) error {
	if s.node == nil || s.node.Test == nil {
		return nil
	}
	kwargs := s.node.Test.kwargs
	bound := jinja.NewDict()
	for _, k := range keysIn(kwargs) {
		v, _ := kwargs.Get(k)
		if k != "column_name" {
			var err error
			if v, err = s.renderedValue(ctx, v); err != nil {
				return err
			}
		}
		bound.Set(k, v)
	}
	s.extra = map[string]any{kwargsName: bound}
	return nil
}

// warnOfTopLevelArguments finds the arguments that stand beside a test's
// config, where dbt wants them below arguments:.
func (l *loader) warnOfTopLevelArguments(d *testDeclaration, name string, arguments *jinja.Dict, nested any) {
	if list, ok := nested.(*jinja.Dict); ok && list.Len() > 0 {
		return
	}
	for _, k := range keysIn(arguments) {
		if !in(jinja.Str(k), "config", "column_name", "description", "name", "arguments") {
			l.warn(l.deprecated(d.patch.file, d.node, "MissingArgumentsPropertyInGenericTestDeprecation", fmt.Sprintf(
				"Found top-level arguments to test `%s`. Arguments to generic tests should be nested under the `arguments` property.`", name),
				map[string]any{"test_name": name}))
			return
		}
	}
}

// looksLikeCall is an argument that dbt takes for a call without braces.
var looksLikeCall = pattern(`^\s*(env_var|ref|var|source|doc)\s*\(.+\)\s*$`)

// renderedValue renders the templates inside a value.
func (s *scope) renderedValue(ctx context.Context, v any) (any, error) {
	switch x := v.(type) {
	case string:
		if looksLikeCall().MatchString(x) {
			x = "{{ " + x + " }}"
		}
		if !hasTemplate(x) {
			return x, nil
		}
		t, err := jinja.Parse(s.node.shownFile(), x)
		if err != nil {
			return nil, err
		}
		return t.RenderNative(s.state(ctx))
	case *jinja.List:
		out := jinja.NewList()
		for _, e := range x.V {
			r, err := s.renderedValue(ctx, e)
			if err != nil {
				return nil, err
			}
			out.V = append(out.V, r)
		}
		return out, nil
	case *jinja.Dict:
		out := jinja.NewDict()
		for _, k := range keysIn(x) {
			e, _ := x.Get(k)
			r, err := s.renderedValue(ctx, e)
			if err != nil {
				return nil, err
			}
			out.Set(k, r)
		}
		return out, nil
	}
	return v, nil
}
