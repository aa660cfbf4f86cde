package dbt

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/jinja"
)

// exceptionsValue is `exceptions` in templates: what they complain with, in
// dbt's words.
type exceptionsValue struct{ s *scope }

func (exceptionsValue) TypeName() string { return "dict" }
func (exceptionsValue) IsMapping() bool  { return true }

// Iter gives the names, as a mapping does.
func (exceptionsValue) Iter() []any {
	var names []any
	for _, name := range exceptionNames {
		names = append(names, name)
	}
	return names
}

var exceptionNames = []string{
	"warn", "missing_config", "missing_materialization", "missing_relation", "raise_ambiguous_alias", "raise_ambiguous_catalog_match",
	"raise_cache_inconsistent", "raise_dataclass_not_dict", "raise_compiler_error", "raise_database_error", "raise_dep_not_found",
	"raise_dependency_error", "raise_duplicate_patch_name", "raise_duplicate_resource_name", "raise_invalid_property_yml_version",
	"raise_not_implemented", "relation_wrong_type", "raise_contract_error", "column_type_missing", "raise_fail_fast_error",
	"warn_snapshot_timestamp_data_types",
}

func (e exceptionsValue) GetItem(key any) (any, bool) { return e.GetAttr(jinja.Str(key)) }

func (e exceptionsValue) GetAttr(name string) (any, bool) {
	switch name {
	case "keys":
		return constantMacro(jinja.NewList(e.Iter()...)), true
	case "warn", "warn_snapshot_timestamp_data_types":
		return function(func(a []any, kw *jinja.Dict) (any, error) { return "", e.warn(name, a, kw) }), true
	}
	if !slices.Contains(exceptionNames, name) {
		return nil, false
	}
	return function(func(a []any, kw *jinja.Dict) (any, error) { return nil, raise(name, complaint(name, a, kw)) }), true
}

// raise heads a complaint as dbt's exception of that name is headed.
func raise(name, text string) error {
	heading := CompilationError
	switch name {
	case "raise_database_error":
		heading = DatabaseError
	case "raise_fail_fast_error":
		heading = FailFastError
	case "raise_cache_inconsistent":
		heading = InternalError
	}
	return &Complaint{heading, errors.New(text)}
}

func (e exceptionsValue) warn(name string, a []any, kw *jinja.Dict) error {
	message := jinja.Str(argument(a, kw, 0, "msg", ""))
	if name != "warn" {
		message = fmt.Sprintf("Data type of snapshot table timestamp columns (%s) doesn't match derived column 'updated_at' (%s). Please update snapshot config 'updated_at'.",
			jinja.Str(argument(a, kw, 0, "snapshot_time_data_type", "")), jinja.Str(argument(a, kw, 1, "updated_at_data_type", "")))
	}
	if warn := e.s.p.options.Warn; warn != nil && e.s.execute {
		return warn(message)
	}
	return nil
}

// complaint is what a function of `exceptions` says.
func complaint(name string, a []any, kw *jinja.Dict) string {
	text := func(i int, key string) string {
		if v := argument(a, kw, i, key, nil); v != nil {
			return jinja.Str(v)
		}
		return ""
	}
	of := func(v any, key string) string {
		d, _ := v.(*jinja.Dict)
		found, _ := d.Get(key)
		return jinja.Str(found)
	}
	switch name {
	case "missing_config":
		return fmt.Sprintf("Model '%s' does not define a required config parameter '%s'.", of(argument(a, kw, 0, "model", nil), "unique_id"), text(1, "name"))
	case "missing_materialization":
		config := argument(a, kw, 0, "model", nil)
		if d, ok := config.(*jinja.Dict); ok {
			config, _ = d.Get("config")
		}
		adapter := text(1, "adapter_type")
		return fmt.Sprintf("No materialization '%s' was found for adapter %s! (searched types 'default' and '%s')", of(config, "materialized"), adapter, adapter)
	case "missing_relation":
		return fmt.Sprintf("Relation %s not found!", text(0, "relation"))
	case "relation_wrong_type":
		kind := any(nil)
		relation, _ := argument(a, kw, 0, "relation", nil).(relationValue)
		if relation.Type != "" {
			kind = string(relation.Type)
		}
		return fmt.Sprintf("Trying to create %s %s, but it currently exists as a %s. Either drop %s manually, or run dbt with `--full-refresh` and dbt will drop it for you.",
			text(1, "expected_type"), text(0, "relation"), jinja.Str(kind), text(0, "relation"))
	case "column_type_missing":
		return UntypedColumns(text(0, "column_names"))
	case "raise_contract_error":
		return contractComplaint(argument(a, kw, 0, "yaml_columns", nil), argument(a, kw, 1, "sql_columns", nil))
	case "raise_not_implemented":
		return "ERROR: " + text(0, "msg")
	case "raise_cache_inconsistent":
		return "Cache inconsistency detected: " + text(0, "message")
	case "raise_dep_not_found":
		return fmt.Sprintf("Error while parsing %s.\nThe required package \"%s\" was not found. Is the package installed?\nHint: You may need to run `dbt deps`.",
			text(1, "node_description"), text(2, "required_pkg"))
	case "raise_invalid_property_yml_version":
		return fmt.Sprintf("The yml property file at %s is invalid because %s. Please consult the documentation for more information on yml property file syntax:\n\nhttps://docs.getdbt.com/reference/configs-and-properties",
			text(0, "path"), text(1, "issue"))
	case "raise_ambiguous_alias", "raise_ambiguous_catalog_match", "raise_dataclass_not_dict", "raise_duplicate_patch_name", "raise_duplicate_resource_name":
		var all []string
		for i := range a {
			all = append(all, jinja.Str(a[i]))
		}
		return strings.Join(all, " ")
	}
	return text(0, "msg") // the others hand on what they are given
}

// contractComplaint lists where the columns of a query are not those of its
// contract.
func contractComplaint(yaml, sql any) string {
	declared, _ := jinja.Iterate(yaml)
	found, _ := jinja.Iterate(sql)
	if len(declared) == 0 {
		return "This model has an enforced contract, and its 'columns' specification is missing"
	}
	get := func(v any, key string) string {
		d, _ := v.(*jinja.Dict)
		x, _ := d.Get(key)
		return jinja.Str(x)
	}
	var mismatches [][]any
	for _, s := range found {
		name, kind := get(s, "name"), get(s, "data_type")
		at := slices.IndexFunc(declared, func(d any) bool { return get(d, "name") == name })
		switch {
		case at < 0:
			mismatches = append(mismatches, []any{name, kind, "", "missing in contract"})
		case get(declared[at], "data_type") != kind:
			mismatches = append(mismatches, []any{name, kind, get(declared[at], "data_type"), "data type mismatch"})
		}
	}
	for _, d := range declared {
		name := get(d, "name")
		if !slices.ContainsFunc(found, func(s any) bool { return get(s, "name") == name }) {
			mismatches = append(mismatches, []any{name, "", get(d, "data_type"), "missing in definition"})
		}
	}
	return ContractFailure(mismatches)
}

// UntypedColumns is what dbt says of columns under contract that have no type.
func UntypedColumns(names string) string {
	return fmt.Sprintf("Contracted models require data_type to be defined for each column. Please ensure that the column name and data_type are defined within the YAML configuration for the %s column(s).", names)
}

// ContractFailure is what dbt says of a query that does not keep a contract. A
// mismatch is a column's name, its type in the query, that in the contract, and
// what is wrong.
func ContractFailure(mismatches [][]any) string {
	t := &Table{
		Columns: []Column{{Name: "column_name"}, {Name: "definition_type"}, {Name: "contract_type"}, {Name: "mismatch_reason"}},
		Rows:    mismatches,
	}
	slices.SortStableFunc(t.Rows, func(x, y []any) int { return strings.Compare(x[0].(string), y[0].(string)) })
	return "This model has an enforced contract that failed.\n" +
		"Please ensure the name, data_type, and number of columns in your contract match the columns in your model's definition.\n\n" +
		t.Print(PrintLimits{Rows: -1, Columns: 6, Width: 50, Precision: 3})
}
