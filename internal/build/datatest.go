package build

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// sampleRows is how many failing rows a result keeps: enough to name what is
// wrong, few enough to print.
const sampleRows = 20

// dataTest counts what a test's query returns and judges the count.
func (r *run) dataTest(ctx context.Context, s *session, result *Result) error {
	table, relations, err := r.verdict(ctx, s, result)
	if err != nil {
		return err
	}
	from := "(\n" + result.CompiledCode + "\n) as dbt_internal_test"
	if len(relations) > 0 {
		from = relations[0].String()
	}
	return r.judge(ctx, s, result, table.Rows, from)
}

// verdict asks for the one row that says how many rows fail, and whether that
// is too many. Where the failing rows are kept it returns their relation.
func (r *run) verdict(ctx context.Context, s *session, result *Result) (warehouse.Table, []dbt.Relation, error) {
	m := r.underwayAs(s, result)
	query := result.CompiledCode
	if limit := result.Node.Config.String("limit"); limit != "" {
		query += "\nlimit " + limit
	}
	var relations []dbt.Relation
	from := "(\n" + query + "\n) as dbt_internal_test"
	if r.storesFailures(result.Node) {
		relation, err := m.storeFailures(ctx, query)
		if err != nil {
			return warehouse.Table{}, nil, err
		}
		relations = append(relations, relation)
		result.RelationName = relation.String()
		from = relation.String()
		query = "select * from " + from
	}
	config := testConfigOf(result.Node)
	sql, err := m.text(ctx, "get_test_sql", func() (string, error) { return config.verdict(from), nil },
		query, config.calc, config.warnIf, config.errorIf, nil)
	if err != nil {
		return warehouse.Table{}, nil, err
	}
	s.write(sql)
	table, err := s.fetch(ctx, 2, sql)
	return table, relations, err
}

// underwayAs is a node that is built without a look at what is there.
func (r *run) underwayAs(s *session, result *Result) *materialization {
	return &materialization{run: r, session: s, result: result, node: result.Node, target: r.Project.Relation(result.Node), sql: result.CompiledCode}
}

// judge reads the verdict, and keeps rows that fail for people to look at.
func (r *run) judge(ctx context.Context, s *session, result *Result, rows [][]any, from string) error {
	if len(rows) != 1 || len(rows[0]) != 3 {
		return fmt.Errorf("the test returned %d rows where one is expected\nhint: fail_calc must be an aggregate", len(rows))
	}
	result.Response = r.said("SELECT", 1)
	if err := testConfigOf(result.Node).judge(result, rows[0]); err != nil {
		return err
	}
	if result.Status == Warn && r.WarnError {
		result.Status = Fail
	}
	if result.Status != Pass && !r.Project.GuardsPersonalData() {
		r.sample(ctx, s, result, from)
	}
	return nil
}

// sample keeps the first failing rows. That they cannot be read does not change
// the verdict.
func (r *run) sample(ctx context.Context, s *session, result *Result, from string) {
	if whole, ok := r.wholeRows(result.Node); ok {
		from = whole
	}
	table, err := s.fetch(ctx, sampleRows, "select * from "+from+" order by 1")
	if err != nil {
		result.Message += fmt.Sprintf(" (the failing rows could not be read: %v)", err)
		return
	}
	result.Sample = table
}

// wholeRows is where the failing rows of not_null are found with their other
// columns: the test's own query returns nothing but the NULLs.
func (r *run) wholeRows(n *dbt.Node) (string, bool) {
	if n.Test == nil || n.Test.Name != "not_null" || n.Test.Namespace != "" || r.storesFailures(n) || n.Config.String("where") != "" {
		return "", false
	}
	model, ok := r.Project.Nodes[n.Test.AttachedNode]
	if !ok || model.IsEphemeral() {
		return "", false
	}
	return r.Project.Relation(model).String() + " where " + n.Test.ColumnName + " is null", true
}

// testConfig is how a test's count is computed and judged.
type testConfig struct {
	severity string
	calc     string
	warnIf   string
	errorIf  string
}

func testConfigOf(n *dbt.Node) testConfig {
	return testConfig{
		severity: strings.ToUpper(cmp.Or(n.Config.String("severity"), "ERROR")),
		calc:     cmp.Or(n.Config.String("fail_calc"), "count(*)"),
		warnIf:   cmp.Or(n.Config.String("warn_if"), "!= 0"),
		errorIf:  cmp.Or(n.Config.String("error_if"), "!= 0"),
	}
}

// verdict is the query that counts.
func (c testConfig) verdict(from string) string {
	return fmt.Sprintf("select\n    %[1]s as failures,\n    %[1]s %[2]s as should_warn,\n    %[1]s %[3]s as should_error\nfrom %[4]s", c.calc, c.warnIf, c.errorIf, from)
}

// judge is dbt's rule: with severity error, error_if decides first; then
// warn_if, whatever the severity.
func (c testConfig) judge(result *Result, row []any) error {
	failures, ok := wholeNumber(row[0])
	if !ok {
		return fmt.Errorf("fail_calc %q returned %v where a whole number is expected\nhint: an aggregate such as sum() is NULL over no rows; wrap it in coalesce(…, 0)", c.calc, row[0])
	}
	shouldWarn, okWarn := truth(row[1])
	shouldError, okError := truth(row[2])
	if !okWarn || !okError {
		return fmt.Errorf("warn_if %q and error_if %q must be true or false, not %v and %v", c.warnIf, c.errorIf, row[1], row[2])
	}
	none := int64(0)
	result.Failures = &none
	results := "results"
	if failures == 1 {
		results = "result"
	}
	switch {
	case c.severity == "ERROR" && shouldError:
		result.Status, result.Failures = Fail, &failures
		result.Message = fmt.Sprintf("Got %d %s, configured to fail if %s", failures, results, c.errorIf)
	case shouldWarn:
		result.Status, result.Failures = Warn, &failures
		result.Message = fmt.Sprintf("Got %d %s, configured to warn if %s", failures, results, c.warnIf)
	default:
		result.Status = Pass
	}
	return nil
}

// wholeNumber reads a count from whatever type the database computed it in.
func wholeNumber(value any) (int64, bool) {
	switch v := value.(type) {
	case int64:
		return v, true
	case float64:
		return int64(v), v == float64(int64(v))
	case nil, bool, string:
		return 0, false
	}
	var n int64
	text := fmt.Sprint(value)
	whole, fraction, _ := strings.Cut(text, ".")
	if strings.Trim(fraction, "0") != "" {
		return 0, false
	}
	_, err := fmt.Sscan(whole, &n)
	return n, err == nil
}

func truth(value any) (is, ok bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case int64:
		return v != 0, true
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
	}
	return false, false
}

// storesFailures reports a test whose failing rows are kept as a relation.
func (r *run) storesFailures(n *dbt.Node) bool {
	if as := n.Config.String("store_failures_as"); as != "" {
		return as != "ephemeral"
	}
	store, set := n.Config.Bool("store_failures")
	return store || !set && r.StoreFailures
}

// storeFailures replaces the test's relation by the rows that fail now.
func (m *materialization) storeFailures(ctx context.Context, query string) (dbt.Relation, error) {
	relation := m.target
	relation.Type = dbt.TableRelation
	if as := m.node.Config.String("store_failures_as"); as != "" {
		relation.Type = dbt.RelationType(as)
	}
	if relation.Type != dbt.TableRelation && relation.Type != dbt.ViewRelation {
		return relation, fmt.Errorf("store_failures_as: %s is not one of table, view, ephemeral", relation.Type)
	}
	existing, ok, err := m.cache.lookup(ctx, m.session, relation)
	if err != nil {
		return relation, err
	}
	err = m.session.transact(ctx, func(ctx context.Context) error {
		if ok {
			if err := m.dropRelation(ctx, existing); err != nil {
				return err
			}
		}
		sql, err := m.text(ctx, "get_create_sql", func() (string, error) {
			return "create " + string(relation.Type) + " " + relation.String() + " as (\n" + query + "\n)", nil
		}, relation, query)
		if err != nil {
			return err
		}
		_, err = m.exec(ctx, sql)
		return err
	})
	if err == nil {
		m.cache.put(relation)
	}
	return relation, err
}
