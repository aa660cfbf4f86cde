package dbt

import (
	"fmt"
	"path"
	"strings"

	"apotheca/internal/jinja"
)

// plainMethod gives the methods of `adapter` that ask no database; nil for
// other names.
func (v adapterValue) plainMethod(name string) func(a []any, kw *jinja.Dict) (any, error) {
	switch name {
	case "cache_added", "cache_dropped":
		return func(a []any, kw *jinja.Dict) (any, error) {
			return v.cacheChanged(name, argument(a, kw, 0, "relation", nil))
		}
	case "cache_renamed":
		return v.cacheRenamed
	case "get_hard_deletes_behavior":
		return hardDeletesOf
	case "quote_seed_column":
		return v.quoteSeedColumn
	case "standardize_grants_dict":
		return standardGrants
	case "convert_type":
		return convertType
	case "render_raw_columns_constraints":
		return v.columnsConstraints
	case "render_raw_model_constraints":
		return modelConstraints
	case "parse_index":
		return v.parseIndex
	case "nice_connection_name":
		return func([]any, *jinja.Dict) (any, error) { return v.s.nodeID(), nil }
	case "valid_incremental_strategies":
		return func([]any, *jinja.Dict) (any, error) {
			return jinja.NewList("append", "delete+insert", "merge", "microbatch"), nil
		}
	case "verify_database":
		return v.verifyDatabase
	case "get_partitions_metadata", "build_catalog_relation", "get_catalog_integration":
		return func([]any, *jinja.Dict) (any, error) { return nil, fmt.Errorf("adapter.%s() is not supported", name) }
	}
	if v.s.p.Target.Type == "duckdb" {
		return v.duckdbMethod(name)
	}
	return nil
}

// duckdbMethod gives what dbt-duckdb adds.
func (v adapterValue) duckdbMethod(name string) func(a []any, kw *jinja.Dict) (any, error) {
	switch name {
	case "is_motherduck", "is_ducklake", "use_ducklake_table_workarounds", "disable_transactions":
		return func([]any, *jinja.Dict) (any, error) { return false, nil }
	case "warn_once":
		return func(a []any, kw *jinja.Dict) (any, error) {
			if warn := v.s.p.options.Warn; warn != nil && v.s.execute {
				return nil, warn(jinja.Str(argument(a, kw, 0, "msg", "")))
			}
			return nil, nil
		}
	case "get_binding_char":
		return func([]any, *jinja.Dict) (any, error) { return "?", nil }
	case "external_root":
		return func([]any, *jinja.Dict) (any, error) {
			root, _ := v.s.p.targetValue().Get("external_root")
			if root == nil {
				root = "."
			}
			return root, nil
		}
	case "get_seed_file_path":
		return func(a []any, kw *jinja.Dict) (any, error) {
			model, _ := argument(a, kw, 0, "model", nil).(*jinja.Dict)
			root, _ := model.Get("root_path")
			file, _ := model.Get("original_file_path")
			return path.Join(jinja.Str(root), jinja.Str(file)), nil
		}
	case "escape_sql_string":
		return func(a []any, kw *jinja.Dict) (any, error) {
			return strings.ReplaceAll(jinja.Str(argument(a, kw, 0, "value", "")), "'", "''"), nil
		}
	case "convert_datetimes_to_strs":
		return func(a []any, kw *jinja.Dict) (any, error) {
			t, ok := argument(a, kw, 0, "table", nil).(tableValue)
			if !ok {
				return nil, fmt.Errorf("adapter.%s() takes a table", name)
			}
			return t.withTextMoments(), nil
		}
	case "external_write_options":
		return externalWriteOptions
	case "external_read_location":
		return externalReadLocation
	}
	return nil
}

// cacheChanged has the run look again at a schema that a template changed.
func (v adapterValue) cacheChanged(name string, relation any) (any, error) {
	r, ok := relation.(relationValue)
	if !ok {
		did := map[string]string{"cache_added": "cache", "cache_dropped": "drop"}[name]
		return nil, fmt.Errorf("Attempted to %s a null relation for %s", did, v.s.nodeID()) //nolint:staticcheck // dbt's words
	}
	if v.s.adapter != nil {
		v.s.adapter.Changed(r.Database, r.Schema)
	}
	return "", nil
}

func (v adapterValue) cacheRenamed(a []any, kw *jinja.Dict) (any, error) {
	from, isFrom := argument(a, kw, 0, "from_relation", nil).(relationValue)
	to, isTo := argument(a, kw, 1, "to_relation", nil).(relationValue)
	switch {
	case !isFrom:
		return nil, fmt.Errorf("Attempted to rename null relation to %s for %s", jinja.Str(to), v.s.nodeID()) //nolint:staticcheck // dbt's words
	case !isTo:
		return nil, fmt.Errorf("Attempted to rename %s to null relation for %s", jinja.Str(from), v.s.nodeID()) //nolint:staticcheck // dbt's words
	}
	if _, err := v.cacheChanged("cache_dropped", from); err != nil {
		return nil, err
	}
	return v.cacheChanged("cache_added", to)
}

// hardDeletesOf is get_hard_deletes_behavior(config) of the config it is given.
func hardDeletesOf(a []any, kw *jinja.Dict) (any, error) {
	get := func(key string) any {
		switch c := argument(a, kw, 0, "config", nil).(type) {
		case *jinja.Dict:
			v, _ := c.Get(key)
			return v
		case configValue:
			v, _ := c.get(nil, "get", []any{key}, nil)
			return v
		}
		return nil
	}
	behavior, old := get("hard_deletes"), get("invalidate_hard_deletes")
	switch {
	case behavior != nil && old != nil:
		return nil, fmt.Errorf("You cannot set both the invalidate_hard_deletes and hard_deletes config properties on the same snapshot.") //nolint:staticcheck // dbt's words
	case jinja.Truth(old), behavior == "invalidate":
		return "invalidate", nil
	case behavior == nil, behavior == "ignore":
		return "ignore", nil
	case behavior == "new_record":
		return behavior, nil
	}
	return nil, fmt.Errorf("Invalid setting for property hard_deletes.") //nolint:staticcheck // dbt's words
}

func (v adapterValue) quoteSeedColumn(a []any, kw *jinja.Dict) (any, error) {
	name := jinja.Str(argument(a, kw, 0, "column", ""))
	switch q := argument(a, kw, 1, "quote_config", nil).(type) {
	case nil:
		return quoteIdentifier(name), nil
	case bool:
		if q {
			return quoteIdentifier(name), nil
		}
		return name, nil
	default:
		return nil, fmt.Errorf(`The seed configuration value of "quote_columns" has an invalid type <class '%s'>`, jinja.TypeName(q)) //nolint:staticcheck // dbt's words
	}
}

// standardGrants turns rows of a privilege and who has it into lists.
func standardGrants(a []any, kw *jinja.Dict) (any, error) {
	t, ok := argument(a, kw, 0, "grants_table", nil).(tableValue)
	if !ok {
		return nil, fmt.Errorf("adapter.standardize_grants_dict() takes a table")
	}
	grants := jinja.NewDict()
	for i := range t.Rows {
		row := rowValue{t, t.row(i)}
		who, hasWho := row.GetItem("grantee")
		what, hasWhat := row.GetItem("privilege_type")
		if !hasWho || !hasWhat {
			return nil, fmt.Errorf("adapter.standardize_grants_dict() needs the columns grantee and privilege_type")
		}
		all, _ := grants.Get(what)
		list, _ := all.(*jinja.List)
		if list == nil {
			list = jinja.NewList()
			grants.Set(what, list)
		}
		list.V = append(list.V, who)
	}
	return grants, nil
}

// convertType is the SQL type for a column of a result.
func convertType(a []any, kw *jinja.Dict) (any, error) {
	t, ok := argument(a, kw, 0, "agate_table", nil).(tableValue)
	i, isInt := argument(a, kw, 1, "col_idx", nil).(int64)
	if !ok || !isInt || i < 0 || i >= int64(len(t.Columns)) {
		return nil, fmt.Errorf("adapter.convert_type() takes a table and the number of a column")
	}
	return map[agateType]string{
		agateInteger: "integer", agateNumber: "float8", agateBoolean: "boolean", agateDate: "date",
		agateDateTime: "timestamp without time zone", agateText: "text",
	}[t.agateType(int(i))], nil
}

// verifyDatabase refuses databases that a connection to PostgreSQL cannot see.
func (v adapterValue) verifyDatabase(a []any, kw *jinja.Dict) (any, error) {
	name := strings.Trim(jinja.Str(argument(a, kw, 0, "database", "")), `"`)
	if t := v.s.p.Target; t.Type == "postgres" && !strings.EqualFold(name, t.Database) {
		return nil, fmt.Errorf("Cross-db references not allowed in %s (%s vs %s)", t.Type, name, t.Database) //nolint:staticcheck // dbt's words
	}
	return "", nil
}

// externalWriteOptions are the options of DuckDB's copy for a file.
func externalWriteOptions(a []any, kw *jinja.Dict) (any, error) {
	location := jinja.Str(argument(a, kw, 0, "write_location", ""))
	given, _ := argument(a, kw, 1, "rendered_options", nil).(*jinja.Dict)
	if given == nil {
		return nil, fmt.Errorf("adapter.external_write_options() takes a location and a mapping of options")
	}
	has := func(key string) bool { _, ok := given.Get(key); return ok }
	if !has("format") {
		ending := path.Ext(location)
		compression := map[string]string{".gz": "gzip", ".zst": "zstd"}[strings.ToLower(ending)]
		if compression != "" {
			ending = path.Ext(strings.TrimSuffix(location, ending))
		}
		switch {
		case ending != "":
			given.Set("format", strings.ToLower(ending[1:]))
			if compression != "" && !has("compression") {
				given.Set("compression", compression)
			}
		case has("delimiter"):
			given.Set("format", "csv")
		default:
			given.Set("format", "parquet")
		}
	}
	if format, _ := given.Get("format"); format == "csv" && !has("header") {
		given.Set("header", int64(1))
	}
	if by, _ := given.Get("partition_by"); by != nil {
		if text := jinja.Str(by); strings.Contains(text, ",") && !strings.HasPrefix(text, "(") {
			given.Set("partition_by", "("+text+")")
		}
	}
	var parts []string
	for _, key := range given.Keys() {
		value, _ := given.Get(key)
		text := jinja.Str(value)
		if in(strings.ToLower(jinja.Str(key)), "delimiter", "quote", "escape", "null") && !strings.HasPrefix(text, "'") {
			text = "'" + text + "'"
		}
		parts = append(parts, jinja.Str(key)+" "+text)
	}
	return strings.Join(parts, ", "), nil
}

// externalReadLocation is where the files of a partitioned location are.
func externalReadLocation(a []any, kw *jinja.Dict) (any, error) {
	location := jinja.Str(argument(a, kw, 0, "write_location", ""))
	given, _ := argument(a, kw, 1, "rendered_options", nil).(*jinja.Dict)
	by, _ := given.Get("partition_by")
	if by == nil {
		return location, nil
	}
	format, _ := given.Get("format")
	if format == nil {
		format = "parquet"
	}
	depth := len(strings.Split(jinja.Str(by), ","))
	return path.Join(location, strings.Repeat("*/", depth)+"*."+jinja.Str(format)), nil
}
