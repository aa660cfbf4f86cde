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
		return fmt.Errorf("cannot seed to %s: it is a %s\nhint: drop the %s, or give the seed another alias in %s", target, words(existing.Type), words(existing.Type), n.OriginalFilePath)
	}
	full := r.FullRefresh
	if own, set := n.Config.FullRefresh(); set {
		full = own
	}
	if err := r.runModelHooks(ctx, s, n, n.Config.PreHooks(), false); err != nil {
		return err
	}
	err = s.transact(ctx, func(ctx context.Context) error {
		if err := r.runModelHooks(ctx, s, n, n.Config.PreHooks(), true); err != nil {
			return err
		}
		if err := r.fillSeed(ctx, s, result, target, table, exists, full); err != nil {
			return err
		}
		if err := r.finishSeed(ctx, s, n, target, exists && !full); err != nil {
			return err
		}
		return r.runModelHooks(ctx, s, n, n.Config.PostHooks(), true)
	})
	if err != nil {
		return err
	}
	r.cache.put(target)
	return r.runModelHooks(ctx, s, n, n.Config.PostHooks(), false)
}

// finishSeed follows the loading: what was granted and indexed stays with a
// table that was kept.
func (r *run) finishSeed(ctx context.Context, s *session, n *dbt.Node, target dbt.Relation, kept bool) error {
	if err := r.applyGrants(ctx, s, n, target, kept); err != nil {
		return err
	}
	if err := r.commentOn(ctx, s, n, target); err != nil || kept {
		return err
	}
	return r.createIndexes(ctx, s, n, target)
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

func (r *run) fillSeed(ctx context.Context, s *session, result *Result, target dbt.Relation, table *seedTable, exists, full bool) error {
	verb := "INSERT"
	switch {
	case exists && !full:
		if err := r.sameHeader(ctx, s, target, table); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "truncate table "+target.String()); err != nil {
			return err
		}
	default:
		if full {
			verb = "CREATE"
		}
		if exists {
			if _, err := s.exec(ctx, "drop table "+target.String()+r.dialect.DropCascade); err != nil {
				return err
			}
		}
		if _, err := s.exec(ctx, r.createSeed(result.Node, target, table)); err != nil {
			return err
		}
	}
	rows, err := r.loadSeed(ctx, s, result.Node, target, table)
	if err != nil {
		return err
	}
	result.Rows = rows
	result.Response = fmt.Sprintf("%s %d", verb, rows)
	return nil
}

func (r *run) sameHeader(ctx context.Context, s *session, target dbt.Relation, table *seedTable) error {
	present, err := s.columns(ctx, target.String())
	if err != nil {
		return err
	}
	want, got := namesOf(present), make([]string, len(table.columns))
	for i, c := range table.columns {
		got[i] = c.name
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
// stands unless quote_columns is false.
func (r *run) seedColumn(n *dbt.Node, name string) string {
	if quote, set := n.Config.Bool("quote_columns"); set && !quote {
		return r.dialect.Fold(name)
	}
	return name
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
