package dbt

import (
	"fmt"

	"apotheca/internal/jinja"
)

// runnerName is how dbt's own macros speak to the program that runs the node.
const runnerName = "_runner"

// runnerValue is _runner in dbt's own macros: what text cannot do.
type runnerValue struct{ s *scope }

func (v runnerValue) GetAttr(name string) (any, bool) { return runnerFunction(v.s, name), true }

// runnerFunction is a step of the runner's as a function of templates.
func runnerFunction(s *scope, name string) jinja.Func {
	return func(_ *jinja.State, args []any, _ *jinja.Dict) (any, error) {
		if !s.execute {
			return nil, nil
		}
		if s.adapter == nil {
			return nil, fmt.Errorf("%s needs a database, and there is none", name)
		}
		handed := make([]any, len(args))
		for i, arg := range args {
			handed[i] = handedOver(arg)
		}
		returned, err := s.adapter.Step(s.ctx, &Templates{s}, name, handed)
		if err != nil {
			return nil, err
		}
		return s.value(returned), nil
	}
}

// handedOver gives relations, columns and results as what they are.
func handedOver(arg any) any {
	switch x := arg.(type) {
	case relationValue:
		return x.Relation
	case columnValue:
		return x.plain()
	case tableValue:
		return x.Table
	case *jinja.List:
		if columns, ok := columnsIn(x.V); ok {
			return columns
		}
	case jinja.Undefined:
		return nil
	}
	return arg
}

// ColumnsOf are the columns that a macro returned; none and not ok for anything
// else.
func ColumnsOf(returned any) ([]Column, bool) {
	list, ok := returned.(*jinja.List)
	if !ok {
		return nil, false
	}
	return columnsIn(list.V)
}

// RelationOf is the relation that a macro returned.
func RelationOf(returned any) (Relation, bool) {
	r, ok := returned.(relationValue)
	return r.Relation, ok
}

func columnsIn(values []any) ([]Column, bool) {
	columns := make([]Column, len(values))
	for i, value := range values {
		c, ok := value.(columnValue)
		if !ok {
			return nil, false
		}
		columns[i] = c.plain()
	}
	return columns, len(columns) > 0
}
