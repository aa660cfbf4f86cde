package dbt

import (
	"context"
	"fmt"

	"apotheca/internal/jinja"
)

// Templates are the templates of one thing under way. They share what their
// statements returned and the names they set. One goroutine uses them.
type Templates struct{ s *scope }

// Templates are those of something under way.
func (p *Project) Templates(r Running) *Templates {
	sc := p.runScope(r.Node, r.Adapter, Overrides{})
	sc.compiled = r.Compiled
	sc.extra = map[string]any{}
	for name, value := range r.Names {
		sc.extra[name] = sc.value(value)
	}
	return &Templates{sc}
}

// Node is the node under way; nil outside any.
func (t *Templates) Node() *Node { return t.s.node }

// Render renders a template: a hook's SQL, a header.
func (t *Templates) Render(ctx context.Context, text string) (string, error) {
	name := "template"
	if t.s.node != nil {
		name = t.s.node.shownFile()
	}
	out, err := t.s.renderText(ctx, name, text)
	if err != nil && t.s.node != nil {
		return "", t.s.p.compileError(t.s.node, err)
	}
	return out, err
}

// Call calls a macro as Project.Call does.
func (t *Templates) Call(ctx context.Context, name string, args ...any) (any, error) {
	return t.call(ctx, name, args, nil)
}

func (t *Templates) call(ctx context.Context, name string, args []any, named *jinja.Dict) (any, error) {
	m := t.s.p.macro(t.s.pkg, name)
	if m == nil {
		problem := Problem{Message: fmt.Sprintf("there is no macro named '%s'", name)}
		if near := nearest(name, t.s.p.macroNames()); near != "" {
			problem.Hint = fmt.Sprintf("did you mean %q?", near)
		}
		return nil, problem
	}
	return t.run(ctx, m, args, named)
}

func (t *Templates) run(ctx context.Context, m *Macro, args []any, named *jinja.Dict) (any, error) {
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = t.s.value(arg)
	}
	var v any
	err := t.s.alone(ctx, func(ctx context.Context) (err error) {
		v, err = m.call.Call(t.s.state(ctx), values, named)
		return err
	})
	if err != nil {
		return nil, templateProblem(m.OriginalFilePath, 1, err)
	}
	return v, nil
}

// Text is a name that a materialization may have changed, such as sql.
func (t *Templates) Text(name string) string {
	v, _ := t.s.global(name)
	if v == nil {
		return ""
	}
	return jinja.Str(v)
}

// StatementResult is what a template's statement of that name returned.
func (t *Templates) StatementResult(name string) (*Table, bool) {
	stored, ok := t.s.results[name].(*jinja.Dict)
	if !ok {
		return nil, false
	}
	table := &Table{}
	if v, _ := stored.Get("table"); v != nil {
		if shown, ok := v.(tableValue); ok {
			*table = *shown.Table
		}
	}
	switch response, _ := stored.Get("response"); r := response.(type) {
	case responseValue:
		table.Response = r.Response
	case nil:
		table.Response = Response{}
	default:
		table.Response = Response{Message: jinja.Str(r)}
	}
	return table, true
}

// StoreResult keeps what a statement returned for load_result().
func (t *Templates) StoreResult(name string, table *Table) {
	t.s.storeResult(name, responseValue{table.Response}, tableValue{table})
}

// Materialize runs a materialization. It returns what that returned.
func (t *Templates) Materialize(ctx context.Context, m *Macro) (any, error) {
	return t.run(ctx, m, nil, nil)
}

// ReturnedRelations are those that a materialization answers with.
func ReturnedRelations(n *Node, returned any) ([]Relation, error) {
	if _, silent := returned.(string); silent {
		return nil, fmt.Errorf("The materialization (%q) did not explicitly return a list of relations to add to the cache.", n.Config.Materialized())
	}
	d, ok := returned.(*jinja.Dict)
	if !ok {
		return nil, fmt.Errorf(`Invalid return value from materialization, expected a dict with key "relations", got: %s`, jinja.Str(returned))
	}
	named, ok := d.Get("relations")
	if !ok {
		return nil, fmt.Errorf(`Invalid return value from materialization, "relations" not found, got keys: %s`, jinja.Str(&jinja.List{V: keysIn(d)}))
	}
	list, ok := named.(*jinja.List)
	if !ok {
		return nil, fmt.Errorf(`Invalid return value from materialization, "relations" not a list, got: %s`, jinja.Str(named))
	}
	relations := make([]Relation, len(list.V))
	for i, v := range list.V {
		r, ok := v.(relationValue)
		if !ok {
			return nil, fmt.Errorf(`Invalid return value from materialization, "relations" contains non-Relation: %s`, jinja.Str(v))
		}
		relations[i] = r.Relation
	}
	return relations, nil
}
