package dbt

import (
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// adapterValue is `adapter` in templates. While a project is parsed it knows
// no database and answers with nothing.
type adapterValue struct{ s *scope }

func (adapterValue) TypeName() string { return "dbt.context.providers.RuntimeDatabaseWrapper" }

func (v adapterValue) GetAttr(name string) (any, bool) {
	if f := v.plainMethod(name); f != nil {
		return function(f), true
	}
	switch name {
	case "dispatch":
		return jinja.Func(v.dispatch), true
	case "type":
		return constantMacro(v.s.p.Target.Type), true
	case "quote":
		return jinja.Func(func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			return quoteIdentifier(jinja.Str(argument(a, kw, 0, "identifier", ""))), nil
		}), true
	case "quote_as_configured":
		return jinja.Func(v.quoteAsConfigured), true
	case "Relation":
		return relationClass{v.s}, true
	case "Column":
		return columnClass{v.s}, true
	case "behavior":
		return behavior{v.s.p}, true
	case "get_pseudocolumns_for_relation":
		return constantMacro([]any{}), true
	}
	f := v.database(name)
	if f == nil {
		return nil, false
	}
	if !v.s.execute {
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { return atParse(name), nil }), true
	}
	if v.s.adapter == nil {
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) {
			return nil, fmt.Errorf("adapter.%s() needs a database, and there is none", name)
		}), true
	}
	return f, true
}

// behavior are the behaviour flags of adapters: off, unless dbt_project.yml says
// otherwise.
type behavior struct{ p *Project }

func (b behavior) GetAttr(name string) (any, bool) { return behaviorFlag(b.p.behaves(name)), true }

type behaviorFlag bool

func (f behaviorFlag) GetAttr(name string) (any, bool) {
	return bool(f), name == "no_warn" || name == "setting"
}
func (f behaviorFlag) Truth() bool { return bool(f) }
func (f behaviorFlag) Str() string { return jinja.Str(bool(f)) }

// atParse is what a method answers while there is no database.
func atParse(name string) any {
	switch name {
	case "get_columns_in_table", "get_columns_in_relation", "get_missing_columns", "list_relations", "list_relations_without_caching", "get_column_schema_from_query":
		return jinja.NewList()
	case "check_schema_exists", "already_exists":
		return false
	case "execute":
		return &jinja.Tuple{V: []any{"", tableValue{&Table{}}}}
	}
	return nil
}

func (v adapterValue) dispatch(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	if _, ok := kw.Get("packages"); ok {
		return nil, fmt.Errorf("The \"packages\" argument of adapter.dispatch() has been deprecated.\nUse the \"macro_namespace\" argument instead.") //nolint:staticcheck // dbt's words
	}
	namespace := ""
	if n := argument(a, kw, 1, "macro_namespace", nil); n != nil {
		namespace = jinja.Str(n)
	}
	name := jinja.Str(argument(a, kw, 0, "macro_name", ""))
	m, err := v.s.p.dispatch(v.s.pkg, name, namespace)
	if err != nil {
		return nil, err
	}
	if x, ok := v.s.over.Macros[name]; ok {
		return constantMacro(x), nil
	}
	return m.call, nil
}

func (v adapterValue) quoteAsConfigured(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	name := jinja.Str(argument(a, kw, 0, "identifier", ""))
	q := v.s.p.root.quoting
	quoted := map[string]bool{"database": q.Database, "schema": q.Schema, "identifier": q.Identifier}
	if quoted[jinja.Str(argument(a, kw, 1, "quote_key", "identifier"))] {
		return quoteIdentifier(name), nil
	}
	return name, nil
}

// database returns the methods that ask the database; nil for unknown names.
func (v adapterValue) database(name string) jinja.Func {
	switch name {
	case "execute", "run_sql_for_tests":
		return v.execute
	case "add_query":
		return v.addQuery
	case "commit":
		return runnerFunction(v.s, name)
	case "get_relation", "load_relation":
		return v.getRelation
	case "get_columns_in_relation":
		return v.columns
	case "get_missing_columns":
		return v.missingColumns
	case "get_column_schema_from_query":
		return v.columnsOfQuery
	case "create_schema", "drop_schema", "drop_relation", "truncate_relation", "rename_relation":
		return v.statement(name)
	case "check_schema_exists":
		return v.schemaExists
	case "list_relations", "list_relations_without_caching":
		return v.relations
	case "already_exists":
		return v.alreadyExists
	case "get_incremental_strategy_macro":
		return v.incrementalStrategyMacro
	case "store_relation", "get_temp_relation_path", "batch_id_for_model":
		return func(*jinja.State, []any, *jinja.Dict) (any, error) {
			return nil, fmt.Errorf("adapter.%s() is not supported", name)
		}
	}
	if f := v.askingMethod(name); f != nil {
		return function(f)
	}
	return nil
}

func (v adapterValue) execute(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	t, err := v.s.adapter.Execute(v.s.ctx, Statement{
		SQL:   jinja.Str(argument(a, kw, 0, "sql", "")),
		Begin: jinja.Truth(argument(a, kw, 1, "auto_begin", false)),
		Fetch: jinja.Truth(argument(a, kw, 2, "fetch", false)),
	})
	if err != nil {
		return nil, fmt.Errorf("run query: %w", err)
	}
	if limit, ok := argument(a, kw, 3, "limit", nil).(int64); ok && limit >= 0 && limit < int64(len(t.Rows)) {
		t.Rows = t.Rows[:limit]
	}
	return &jinja.Tuple{V: []any{responseValue{t.Response}, tableValue{t}}}, nil
}

// responseValue is what an adapter says of a statement.
type responseValue struct{ Response }

func (r responseValue) Str() string                 { return r.Message }
func (r responseValue) GetItem(key any) (any, bool) { return r.GetAttr(jinja.Str(key)) }
func (r responseValue) GetAttr(name string) (any, bool) {
	switch name {
	case "_message", "message":
		return r.Message, true
	case "code":
		return orNone(r.Code), true
	case "rows_affected":
		if r.Affected == nil {
			return nil, true
		}
		return *r.Affected, true
	}
	return nil, false
}

func (v adapterValue) getRelation(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	part := func(i int, name string) string {
		x := argument(a, kw, i, name, nil)
		if x == nil {
			return ""
		}
		return jinja.Str(x)
	}
	r, ok, err := v.s.adapter.Relation(v.s.ctx, part(0, "database"), part(1, "schema"), part(2, "identifier"))
	if err != nil {
		return nil, fmt.Errorf("look up relation: %w", err)
	}
	if r, ok, err = v.notApproximate(r, ok, part(0, "database"), part(1, "schema"), part(2, "identifier")); err != nil || !ok {
		return nil, err
	}
	return relationValue{v.s, r}, nil
}

func relationArgument(a []any, kw *jinja.Dict, i int, name string) (Relation, error) {
	r, ok := argument(a, kw, i, name, nil).(relationValue)
	if !ok {
		return Relation{}, fmt.Errorf("%s must be a relation, not %s", name, jinja.Repr(argument(a, kw, i, name, nil)))
	}
	return r.Relation, nil
}

func (v adapterValue) columns(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	r, err := relationArgument(a, kw, 0, "relation")
	if err != nil {
		return nil, err
	}
	if m := v.s.p.Replaced(nil, "get_columns_in_relation"); m != nil {
		return v.s.p.findMacro(v.s.p.root, "get_columns_in_relation").call.Call(st, a, kw)
	}
	columns, err := v.s.adapter.Columns(v.s.ctx, r)
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	return v.list(columns), nil
}

func (v adapterValue) list(columns []Column) *jinja.List {
	l := jinja.NewList()
	for _, c := range columns {
		l.V = append(l.V, v.s.column(c))
	}
	return l
}

func (v adapterValue) missingColumns(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	from, err := v.s.relationOf("get_missing_columns", "from_relation", argument(a, kw, 0, "from_relation", nil))
	if err != nil {
		return nil, err
	}
	to, err := v.s.relationOf("get_missing_columns", "to_relation", argument(a, kw, 1, "to_relation", nil))
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	existing, err := v.s.adapter.Columns(v.s.ctx, to)
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	for _, c := range existing {
		have[strings.ToLower(c.Name)] = true
	}
	wanted, err := v.s.adapter.Columns(v.s.ctx, from)
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	var lacking []Column
	for _, c := range wanted {
		if !have[strings.ToLower(c.Name)] {
			lacking = append(lacking, c)
		}
	}
	return v.list(lacking), nil
}

func (v adapterValue) columnsOfQuery(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	sql := fmt.Sprintf("select * from (\n%s\n) as __dbt_sbq where false limit 0", jinja.Str(argument(a, kw, 0, "sql", "")))
	t, err := v.s.adapter.Query(v.s.ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("run query: %w", err)
	}
	return v.list(t.Columns), nil
}

func (v adapterValue) schemaExists(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	_, exists, err := v.listed(argument(a, kw, 0, "database", nil), argument(a, kw, 1, "schema", nil))
	return exists, err
}

// relations lists a schema, given by its names or as a relation.
func (v adapterValue) relations(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	database, schema := argument(a, kw, 0, "database", nil), argument(a, kw, 1, "schema", nil)
	if r, ok := argument(a, kw, 0, "schema_relation", nil).(relationValue); ok {
		database, schema = r.Database, r.Schema
	}
	relations, _, err := v.listed(database, schema)
	l := jinja.NewList()
	for _, r := range relations {
		l.V = append(l.V, relationValue{v.s, r})
	}
	return l, err
}

func (v adapterValue) alreadyExists(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	schema, name := jinja.Str(argument(a, kw, 0, "schema", "")), jinja.Str(argument(a, kw, 1, "name", ""))
	_, exists, err := v.s.adapter.Relation(v.s.ctx, v.s.p.Target.Database, schema, name)
	return exists, err
}

func (v adapterValue) listed(database, schema any) ([]Relation, bool, error) {
	name := v.s.p.Target.Database
	if database != nil {
		name = jinja.Str(database)
	}
	relations, exists, err := v.s.adapter.Relations(v.s.ctx, name, jinja.Str(schema))
	if err != nil {
		return nil, false, fmt.Errorf("list relations: %w", err)
	}
	return relations, exists, nil
}

// statement runs the macro of a piece of plain DDL: dbt's, or the project's.
func (v adapterValue) statement(name string) jinja.Func {
	return func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
		r, err := relationArgument(a, kw, 0, map[string]string{"rename_relation": "from_relation"}[name])
		if err != nil {
			return nil, err
		}
		if _, err := v.s.p.findMacro(v.s.p.root, name).call.Call(st, a, kw); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.ReplaceAll(name, "_", " "), err)
		}
		v.s.adapter.Changed(r.Database, r.Schema)
		return nil, nil
	}
}
