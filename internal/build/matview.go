package build

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"apotheca/internal/dbt"
)

// planMaterializedView decides what is to become of a materialized view: it is
// made, refreshed, or has its indexes changed. As in dbt, indexes are all of
// its configuration that is compared; a changed query asks for a full refresh.
func (m *materialization) planMaterializedView(ctx context.Context) (func(context.Context) error, error) {
	if enforced(m.node) {
		return nil, fmt.Errorf("a contract cannot be enforced on a materialized view\nhint: remove the contract of %s", m.node.OriginalFilePath)
	}
	indexes, err := configuredIndexes(m.node)
	if err != nil {
		return nil, err
	}
	if m.existing == nil || m.existing.Type != dbt.MaterializedView || m.fullRefresh() {
		return func(ctx context.Context) error { return m.createMaterializedView(ctx) }, nil
	}
	m.kept = true
	changes, err := m.indexChanges(ctx, indexes)
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		return m.refresh, nil
	}
	return m.onConfigurationChange(changes)
}

func (m *materialization) onConfigurationChange(changes []string) (func(context.Context) error, error) {
	switch choice := m.node.Config.String("on_configuration_change"); choice {
	case "", "apply":
		return func(ctx context.Context) error { return m.alterIndexes(ctx, changes) }, nil
	case "continue":
		m.warn(fmt.Sprintf("configuration changes were identified and on_configuration_change is continue for %s", m.target))
		m.result.Response = "skip " + m.target.String()
		return nil, nil
	case "fail":
		return nil, &dbt.Complaint{
			Heading: dbt.FailFastError,
			Err:     fmt.Errorf("Configuration changes were identified and `on_configuration_change` was set to `fail` for `%s`", m.target), //nolint:staticcheck // dbt's words
		}
	default:
		return nil, fmt.Errorf("on_configuration_change: %s is not one of apply, continue, fail", choice)
	}
}

// createMaterializedView makes it under its own name: the existing relation is
// renamed away first or, being a materialized view itself, dropped.
func (m *materialization) createMaterializedView(ctx context.Context) error {
	switch {
	case m.existing == nil:
	case m.existing.Type == dbt.MaterializedView:
		if err := m.dropRelation(ctx, *m.existing); err != nil {
			return err
		}
		m.cache.dropOver(m.target)
	default:
		if err := m.setAside(ctx); err != nil {
			return err
		}
	}
	sql, err := m.text(ctx, "get_create_materialized_view_as_sql", func() (string, error) {
		return "create materialized view if not exists " + m.target.String() + " as " + m.sql, nil
	}, m.target, m.sql)
	if err != nil {
		return err
	}
	if err := m.main(ctx, m.header()+sql); err != nil {
		return err
	}
	if indexes, _ := configuredIndexes(m.node); len(indexes) > 0 {
		m.result.Rows, m.result.Response = -1, "CREATE INDEX"
	}
	if m.backup != nil { // what dbt says last
		m.result.Rows, m.result.Response = -1, "DROP "+strings.ToUpper(words(m.backup.Type))
	}
	return m.createIndexes(ctx, m.session, m.node, m.target)
}

func (m *materialization) refresh(ctx context.Context) error {
	sql, err := m.text(ctx, "refresh_materialized_view", func() (string, error) {
		return "refresh materialized view " + m.target.String(), nil
	}, m.target)
	if err != nil {
		return err
	}
	return m.main(ctx, sql)
}

func (m *materialization) alterIndexes(ctx context.Context, changes []string) error {
	m.result.Response = "CREATE INDEX"
	if strings.HasPrefix(changes[len(changes)-1], "drop") {
		m.result.Response = "DROP INDEX"
	}
	return m.alter(ctx, changes)
}

// indexChanges are the statements that bring the indexes to what is configured.
func (m *materialization) indexChanges(ctx context.Context, wanted []index) ([]string, error) {
	present, err := m.listIndexes(ctx, m.target)
	if err != nil {
		return nil, err
	}
	var changes []string
	for name, i := range present {
		if !slices.ContainsFunc(wanted, i.same) {
			changes = append(changes, m.dropIndexSQL(m.target, name))
		}
	}
	slices.Sort(changes)
	for _, i := range wanted {
		there := slices.ContainsFunc(slices.Collect(maps.Values(present)), i.same)
		if !there {
			changes = append(changes, m.createIndexSQL(m.target, i))
		}
	}
	return changes, nil
}
