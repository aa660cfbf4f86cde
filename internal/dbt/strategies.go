package dbt

import "apotheca/internal/jinja"

// incrementalStrategyMacro is the macro of an incremental strategy as templates
// see it. The runner knows which of dbt's own there are.
func (v adapterValue) incrementalStrategyMacro(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	strategy := argument(a, kw, 1, "strategy", nil)
	if strategy == nil {
		strategy = "default"
	}
	macro, err := runnerFunction(v.s, "incremental_strategy_macro")(st, []any{strategy}, nil)
	if err != nil {
		return nil, err
	}
	found, _ := v.s.global(jinja.Str(macro))
	return found, nil
}
