package build

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// seed loads a CSV file of the project. A table that is there keeps its
// columns and gets the file's rows in the place of its own; a changed header
// asks for a full refresh.
func (r *run) seed(ctx context.Context, s *session, result *Result) error {
	n := result.Node
	table, err := r.readSeed(n)
	if err != nil {
		return err
	}
	target := r.Project.Relation(n)
	target.Type = dbt.TableRelation
	existing, exists, err := r.cache.lookup(ctx, s, target)
	if err != nil {
		return err
	}
	if exists && existing.Type != dbt.TableRelation {
		return fmt.Errorf("Cannot seed to '%s', it is a %s\nhint: drop the %s, or give the seed another alias in %s", target, words(existing.Type), words(existing.Type), n.OriginalFilePath)
	}
	full := r.FullRefresh
	if own, set := n.Config.FullRefresh(); set {
		full = own
	}
	m := &materialization{run: r, session: s, result: result, node: n, target: target}
	if exists {
		m.existing = &existing
		m.kept = !full
	}
	if err := m.hooks(ctx, n.Config.PreHooks(), false); err != nil {
		return err
	}
	err = s.transact(ctx, func(ctx context.Context) error {
		if err := m.hooks(ctx, n.Config.PreHooks(), true); err != nil {
			return err
		}
		if err := m.fillSeed(ctx, table, full); err != nil {
			return err
		}
		if err := m.describe(ctx); err != nil {
			return err
		}
		if !m.kept {
			if err := m.index(ctx, target); err != nil {
				return err
			}
		}
		return m.hooks(ctx, n.Config.PostHooks(), true)
	})
	if err != nil {
		return err
	}
	r.cache.put(target)
	return m.hooks(ctx, n.Config.PostHooks(), false)
}

func (r *run) readSeed(n *dbt.Node) (*seedTable, error) {
	file, err := r.Project.Open(n)
	if err != nil {
		return nil, fmt.Errorf("open seed: %w", err)
	}
	defer file.Close()
	types := map[string]string{}
	for name, declared := range n.Config.StringMap("column_types") {
		types[name] = declared
	}
	table, err := parseSeed(file, n.Config.String("delimiter"), types)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.OriginalFilePath, err)
	}
	return table, nil
}

func (m *materialization) fillSeed(ctx context.Context, table *seedTable, full bool) error {
	verb := "INSERT"
	if full {
		verb = "CREATE"
	}
	var shown any // to macros
	if m.Project.Replaced(m.node, "reset_csv_table") != nil || m.Project.Replaced(m.node, "load_csv_rows") != nil {
		shown = table.shown(m.dialect.SeedTypes)
	}
	if err := m.roomForSeed(ctx, table, full, shown); err != nil {
		return err
	}
	rows := int64(len(table.rows))
	err := m.step(ctx, "load_csv_rows", func() (err error) {
		rows, err = m.loadSeed(ctx, m.session, m.node, m.target, table)
		return err
	}, m.node, shown)
	m.result.Rows = rows
	m.result.Response = fmt.Sprintf("%s %d", verb, rows)
	return err
}

// roomForSeed makes the seed's table, or empties the one that is there.
func (m *materialization) roomForSeed(ctx context.Context, table *seedTable, full bool, shown any) error {
	if m.existing == nil {
		return m.step(ctx, "create_csv_table", func() error {
			_, err := m.exec(ctx, m.createSeed(m.node, m.target, table))
			return err
		}, m.node, shown)
	}
	return m.step(ctx, "reset_csv_table", func() error {
		clear := []string{"truncate table " + m.target.String()}
		if full {
			clear = []string{"drop table " + m.target.String() + m.dialect.DropCascade, m.createSeed(m.node, m.target, table)}
		} else if err := m.sameHeader(ctx, m.session, m.node, m.target, table); err != nil {
			return err
		}
		return m.alter(ctx, clear)
	}, m.node, full, *m.existing, shown)
}

// seedStep is what dbt's macros ask of a seed: its rows, its table, its loading.
func (a adapter) seedStep(ctx context.Context, t *dbt.Templates, name string) (any, error) {
	n := t.Node()
	if n == nil || n.ResourceType != dbt.Seed {
		return nil, fmt.Errorf("%s() needs a seed", name)
	}
	if a.session.seed == nil {
		table, err := a.run.readSeed(n)
		if err != nil {
			return nil, err
		}
		a.session.seed = table
	}
	target := a.run.Project.Relation(n)
	switch name {
	case "load_agate_table":
		return a.session.seed.shown(a.run.dialect.SeedTypes), nil
	case "create_csv_table":
		sql := a.run.createSeed(n, target, a.session.seed)
		_, err := a.session.exec(ctx, sql)
		return sql, err
	}
	_, err := a.run.loadSeed(ctx, a.session, n, target, a.session.seed)
	return "", err
}

func (r *run) sameHeader(ctx context.Context, s *session, n *dbt.Node, target dbt.Relation, table *seedTable) error {
	present, err := s.columns(ctx, target.String())
	if err != nil {
		return err
	}
	want, got := namesOf(present), make([]string, len(table.columns))
	for i, c := range table.columns {
		got[i] = r.seedColumn(n, c.name)
	}
	if slices.EqualFunc(want, got, strings.EqualFold) {
		return nil
	}
	return fmt.Errorf("the header changed: the table has %s, the file has %s\nhint: run with --full-refresh", strings.Join(want, ", "), strings.Join(got, ", "))
}

func (r *run) createSeed(n *dbt.Node, target dbt.Relation, table *seedTable) string {
	definitions := make([]string, len(table.columns))
	for i, c := range table.columns {
		definitions[i] = "    " + r.dialect.Quote(r.seedColumn(n, c.name)) + " " + c.typeName(r.dialect.SeedTypes)
	}
	return "create table " + target.String() + " (\n" + strings.Join(definitions, ",\n") + "\n)"
}

// seedColumn is the name that a column of the file has in the table: as it
// stands unless quote_columns is false. Then it is read as SQL reads a name,
// which the file may have put in quotes itself.
func (r *run) seedColumn(n *dbt.Node, name string) string {
	quote, set := n.Config.Bool("quote_columns")
	switch {
	case quote || !set:
		return name
	case len(name) > 2 && name[0] == '"' && name[len(name)-1] == '"':
		return strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
	}
	return r.dialect.Fold(name)
}

// loadSeed takes the bulk path. Every value travels in the type that was
// inferred; a column whose type the project declares travels as text, and the
// database converts it.
func (r *run) loadSeed(ctx context.Context, s *session, n *dbt.Node, target dbt.Relation, table *seedTable) (int64, error) {
	columns := make([]schema.Column, len(table.columns))
	for i, c := range table.columns {
		columns[i] = schema.Column{Name: r.seedColumn(n, c.name), Type: c.travels(), Nullable: true}
	}
	return s.load(ctx, warehouse.Relation{
		Database: target.Database, Schema: target.Schema, Name: target.Identifier,
	}, columns, table.values())
}
