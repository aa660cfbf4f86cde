package build

import (
	"context"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
)

// call calls a macro as the node's templates see it.
func (m *materialization) call(ctx context.Context, macro string, args ...any) (any, error) {
	if m.templates == nil {
		m.templates = m.Project.Templates(m.running(m.session, m.node))
	}
	return m.templates.Call(ctx, macro, args...)
}

// step does what one of dbt's macros does. Where somebody replaced that macro,
// or one that it calls, the macros do it.
func (m *materialization) step(ctx context.Context, macro string, ours func() error, args ...any) error {
	if m.Project.Replaced(m.node, macro) == nil {
		return ours()
	}
	_, err := m.call(ctx, macro, args...)
	return err
}

// text is step for macros that write SQL.
func (m *materialization) text(ctx context.Context, macro string, ours func() (string, error), args ...any) (string, error) {
	if m.Project.Replaced(m.node, macro) == nil {
		return ours()
	}
	sql, err := m.call(ctx, macro, args...)
	return strings.TrimSpace(jinja.Str(sql)), err
}

// hooks runs the hooks of one side of the node's transaction.
func (m *materialization) hooks(ctx context.Context, hooks []dbt.Hook, inside bool) error {
	return m.step(ctx, "run_hooks", func() error {
		return m.runModelHooks(ctx, m.session, m.node, hooks, inside)
	}, hookDicts(hooks), inside)
}

func hookDicts(hooks []dbt.Hook) *jinja.List {
	list := jinja.NewList()
	for _, hook := range hooks {
		list.V = append(list.V, jinja.NewDict("sql", hook.SQL, "transaction", hook.Transaction, "index", nil))
	}
	return list
}
