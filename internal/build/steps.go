package build

import (
	"context"
	"fmt"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
	"apotheca/internal/warehouse"
)

// Step carries out what dbt's own macros ask of the program that runs a node.
// The same functions build the nodes for which nobody replaced a macro.
func (a adapter) Step(ctx context.Context, t *dbt.Templates, name string, args []any) (any, error) {
	switch name {
	case "commit":
		return nil, a.session.committed(t.Node())
	case "leave_transaction":
		return nil, a.session.leaveTransaction()
	case "write":
		a.session.write(textAt(args, 0))
		return nil, nil
	case "materialize":
		return a.materialize(ctx, t)
	case "load_agate_table", "create_csv_table", "load_csv_rows":
		return a.seedStep(ctx, t, name)
	}
	s := &steps{materialization: a.run.underway(a.session, t), args: args}
	for _, part := range []func(context.Context, string) (any, error){s.naming, s.creating, s.describing, s.upserting, s.keeping} {
		if answer, err := part(ctx, name); err != nil || answer != nil {
			return answer, err
		}
	}
	return nil, fmt.Errorf("%s is not supported", name)
}

// underway is the node of templates, without a look at what is there.
func (r *run) underway(s *session, t *dbt.Templates) *materialization {
	m := &materialization{run: r, session: s, result: s.result, node: t.Node(), templates: t}
	if m.result == nil {
		m.result = &Result{Rows: -1}
	}
	if m.node == nil { // of an operation
		m.node = &dbt.Node{Config: &dbt.Config{}}
		return m
	}
	m.kind, m.target, m.sql = m.node.Config.Materialized(), r.Project.Relation(m.node), t.Text("sql")
	m.target.Type = dbt.TableRelation
	return m
}

// steps are the calls that macros make, by their names in macros/*.sql. Each
// part answers nil for names that are not its own.
type steps struct {
	*materialization
	args []any
}

// done is the answer of a step that has none.
const done = ""

func (s *steps) naming(ctx context.Context, name string) (any, error) {
	switch name {
	case "suffixed":
		return s.dialect.Suffixed(textAt(s.args, 0), textAt(s.args, 1)), nil
	case "drop_sql":
		return s.dropSQL(s.relation(0)), nil
	case "rename_sql":
		return s.renameSQL(s.relation(0), textAt(s.args, 1)), nil
	case "schema_name":
		return s.schemaOf(s.relation(0)).String(), nil
	case "list_relations":
		return s.listRelations(ctx, s.relation(0))
	case "columns_in_relation":
		return adapter{s.run, s.session}.Columns(ctx, s.relation(0))
	}
	return nil, nil
}

// schemaOf is a relation's schema as create schema takes it.
func (r *run) schemaOf(relation dbt.Relation) dbt.Relation {
	relation.Identifier, relation.Type = "", ""
	relation.Hide.Database = !r.dialect.ManyDatabases && relation.Database == r.Project.Target.Database
	return relation
}

// listRelations looks past the cache.
func (s *steps) listRelations(ctx context.Context, schema dbt.Relation) (*dbt.Table, error) {
	found, err := s.session.fetch(ctx, -1, s.dialect.ListRelations, schema.Database, schema.Schema)
	if err != nil {
		return nil, err
	}
	table := &dbt.Table{}
	for _, column := range []string{"database", "name", "schema", "type"} {
		table.Columns = append(table.Columns, dbt.Column{Name: column, DataType: "text"})
	}
	for _, row := range found.Rows {
		table.Rows = append(table.Rows, []any{schema.Database, row[1], row[0], row[2]})
	}
	return table, nil
}

func (s *steps) creating(ctx context.Context, name string) (any, error) {
	switch name {
	case "create_table_sql":
		return s.createTableSQL(ctx, jinja.Truth(s.args[0]), s.relation(1), textAt(s.args, 2))
	case "create_view_sql":
		return s.createViewSQL(ctx, s.relation(0), textAt(s.args, 1))
	case "check_contract":
		return done, s.checkContract(ctx, textAt(s.args, 0))
	case "column_definitions":
		return s.columnDefinitions(ctx)
	case "declared_columns":
		return s.declaredColumns(), nil
	case "create_index_sql":
		i, err := readIndex(s.node, s.args[1])
		return s.createIndexSQL(s.relation(0), i), err
	case "drop_index_sql":
		return s.dropIndexSQL(s.relation(0), textAt(s.args, 1)), nil
	case "drop_indexes":
		return done, s.dropIndexes(ctx, s.relation(0))
	case "test_sql":
		config := testConfig{calc: textAt(s.args, 1), warnIf: textAt(s.args, 2), errorIf: textAt(s.args, 3)}
		return config.verdict("(\n" + textAt(s.args, 0) + "\n) as dbt_internal_test"), nil
	}
	return nil, nil
}

func (s *steps) describing(ctx context.Context, name string) (any, error) {
	switch name {
	case "apply_grants":
		return done, s.bringGrants(ctx, s.relation(0), readGrants(s.args[1]), jinja.Truth(s.args[2]))
	case "persist_docs":
		return done, s.commentOn(ctx, s.relation(0), jinja.Truth(s.args[1]), jinja.Truth(s.args[2]))
	case "comment_on_relation":
		return s.relationComment(s.relation(0), textAt(s.args, 1)), nil
	case "comment_on_columns":
		return s.columnComments(s.relation(0), describedColumns(s.args[1])), nil
	}
	return nil, nil
}

func (s *steps) upserting(ctx context.Context, name string) (any, error) {
	switch name {
	case "insert_sql":
		u := upsert{dialect: s.dialect, target: s.relation(0), source: s.relation(1), columns: s.columns(2)}
		return u.insertSQL(), nil
	case "delete_insert_sql":
		return s.upsert().deleteInsertSQL(), nil
	case "merge_sql":
		return s.upsert().mergeSQL(textsAt(s.args, 5)), nil
	case "batch_sql":
		u := s.upsert()
		if err := s.checkBatch(u.keys); err != nil {
			return nil, err
		}
		return u.replaceBatchSQL(s.node), nil
	case "incremental_strategy_macro":
		_, macro, err := s.incrementalStrategy(textAt(s.args, 0))
		return macro, err
	case "updated_columns":
		return updatedColumns(s.dialect, textsAt(s.args, 0), textsAt(s.args, 1), s.columns(2))
	case "alter_columns":
		change := columnChange{added: resultColumns(s.args[1]), removed: resultColumns(s.args[2])}
		return done, s.alter(ctx, s.alterations(s.relation(0), change))
	case "alter_column_type":
		return done, s.alter(ctx, s.retype(s.relation(0), warehouse.ResultColumn{Name: textAt(s.args, 1), Type: textAt(s.args, 2)}))
	}
	return nil, nil
}

// upsert is the one of arguments target, source, key, columns, predicates.
func (s *steps) upsert() upsert {
	return upsert{
		dialect: s.dialect, target: s.relation(0), source: s.relation(1),
		keys: textsAt(s.args, 2), columns: s.columns(3), predicates: textsAt(s.args, 4),
	}
}

func (s *steps) keeping(ctx context.Context, name string) (any, error) {
	h := &history{materialization: s.materialization}
	switch name {
	case "snapshot_table_sql", "snapshot_staging_sql", "snapshot_merge_sql":
		if err := h.learnNames(ctx); err != nil {
			return nil, err
		}
	default:
		return nil, nil
	}
	if name == "snapshot_merge_sql" {
		h.target = s.relation(0)
		return h.mergeSQL(s.relation(1), textsAt(s.args, 2)), nil
	}
	var err error
	if h.snapshotStrategy, err = readStrategy(s.args[0]); err != nil {
		return nil, err
	}
	if name == "snapshot_table_sql" {
		return h.first(textAt(s.args, 1)), nil
	}
	h.target = s.relation(2)
	if err := h.checkTarget(ctx); err != nil {
		return nil, err
	}
	return h.stagingSQL(ctx, textAt(s.args, 1))
}

func (s *steps) relation(i int) dbt.Relation {
	if i < len(s.args) {
		r, _ := s.args[i].(dbt.Relation)
		return r
	}
	return dbt.Relation{}
}

// columns are the names of an argument's columns.
func (s *steps) columns(i int) []string { return namesOf(resultColumns(s.args[i])) }

func resultColumns(arg any) []warehouse.ResultColumn {
	given, _ := arg.([]dbt.Column)
	columns := make([]warehouse.ResultColumn, len(given))
	for i, c := range given {
		columns[i] = warehouse.ResultColumn{Name: c.Name, Type: c.DataType}
	}
	return columns
}

func textAt(args []any, i int) string {
	if i >= len(args) || args[i] == nil {
		return ""
	}
	return jinja.Str(args[i])
}

// textsAt are an argument's texts: a list of them, or one.
func textsAt(args []any, i int) []string {
	if i >= len(args) {
		return nil
	}
	switch x := args[i].(type) {
	case nil:
		return nil
	case *jinja.List:
		texts := make([]string, len(x.V))
		for k, v := range x.V {
			texts[k] = jinja.Str(v)
		}
		return texts
	case string:
		if x == "" {
			return nil
		}
	}
	return []string{jinja.Str(args[i])}
}
