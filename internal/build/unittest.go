package build

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// unitTest runs a model's query over given rows and compares what it returns
// with the expected rows, in any order.
func (r *run) unitTest(ctx context.Context, s *session, result *Result) {
	if err := r.runUnitTest(ctx, s, result); err != nil {
		r.fail(s, result, err)
	}
}

func (r *run) runUnitTest(ctx context.Context, s *session, result *Result) error {
	if own, err := r.Project.Materialization("unit"); err == nil && !own.Builtin() {
		return dbt.Problem{
			File: own.OriginalFilePath, Line: max(own.Line, 1),
			Message: "a materialization of unit tests is not supported", Hint: "remove it",
		}
	}
	a := unitTestAdapter{adapter{r, s}}
	compiled, err := r.Project.CompileUnitTest(ctx, result.UnitTest, a)
	if err != nil {
		return err
	}
	result.Compiled = r.Now()
	result.CompiledCode = compiled.Code
	if result.CompiledPath, err = r.writeUnitTest(result.UnitTest, compiled.Code); err != nil {
		return err
	}
	// One run of the model's query gives its rows and the types in which the
	// expected ones are to be read: planning a large query is what costs here.
	actual, err := s.fetch(ctx, -1, compiled.Code)
	if err != nil {
		return err
	}
	picked, err := pickColumns(actual.Columns, compiled.Columns)
	if err != nil {
		return err
	}
	columns := make([]warehouse.ResultColumn, len(picked))
	for i, at := range picked {
		columns[i] = actual.Columns[at]
	}
	expectedSQL, err := r.Project.FixtureSQL(ctx, compiled.Expected, columnsOf(columns), true)
	if err != nil {
		return err
	}
	expected, err := s.fetch(ctx, -1, "select "+r.dialect.QuoteAll(namesOf(columns))+" from (\n"+expectedSQL+"\n) as expected")
	if err != nil {
		return fmt.Errorf("read the expected rows: %w", err)
	}
	// dbt asks for both in one query.
	result.Response = r.said("SELECT", int64(len(actual.Rows)+len(expected.Rows)))
	missing, surplus := compareRows(expected.Rows, project(actual.Rows, picked))
	failures := int64(0)
	result.Failures = &failures
	result.Status = Pass
	if len(missing)+len(surplus) > 0 {
		failures = 1 // dbt counts the test, not its rows
		result.Status = Fail
		result.Message = "actual differs from expected:\n\n" + formatDiff(namesOf(columns), missing, surplus)
	}
	return nil
}

// unitTestAdapter asks for the columns of an input once.
type unitTestAdapter struct{ adapter }

func (a unitTestAdapter) Columns(ctx context.Context, relation dbt.Relation) ([]dbt.Column, error) {
	return a.run.cache.knownColumns(relation, func() ([]dbt.Column, error) {
		return a.adapter.Columns(ctx, relation)
	})
}

// pickColumns finds where the columns are that the expected rows name.
func pickColumns(types []warehouse.ResultColumn, names []string) ([]int, error) {
	if len(names) == 0 {
		names = namesOf(types)
	}
	picked := make([]int, len(names))
	for i, name := range names {
		at := slices.IndexFunc(types, func(c warehouse.ResultColumn) bool { return strings.EqualFold(c.Name, name) })
		if at < 0 {
			return nil, fmt.Errorf("expected rows name the column %q, which the model does not return\nhint: its columns are %s", name, strings.Join(namesOf(types), ", "))
		}
		picked[i] = at
	}
	return picked, nil
}

// project keeps the picked columns of every row.
func project(rows [][]any, picked []int) [][]any {
	kept := make([][]any, len(rows))
	for i, row := range rows {
		kept[i] = make([]any, len(picked))
		for k, at := range picked {
			kept[i][k] = row[at]
		}
	}
	return kept
}

// compareRows compares two bags of rows.
func compareRows(expected, actual [][]any) (missing, surplus [][]any) {
	remaining := map[string]int{}
	for _, row := range actual {
		remaining[rowKey(row)]++
	}
	for _, row := range expected {
		if remaining[rowKey(row)] > 0 {
			remaining[rowKey(row)]--
			continue
		}
		missing = append(missing, row)
	}
	for _, row := range slices.Backward(actual) {
		if remaining[rowKey(row)] > 0 {
			remaining[rowKey(row)]--
			surplus = append(surplus, row)
		}
	}
	byKey := func(a, b []any) int { return cmp.Compare(rowKey(a), rowKey(b)) }
	slices.SortFunc(missing, byKey)
	slices.SortFunc(surplus, byKey)
	return missing, surplus
}

// rowKey tells NULL from the text NULL, and nothing else that prints alike is
// of one column's type.
func rowKey(row []any) string {
	var b strings.Builder
	for _, value := range row {
		if value == nil {
			b.WriteString("-\x00")
			continue
		}
		b.WriteString("+" + warehouse.Text(value) + "\x00")
	}
	return b.String()
}

// formatDiff shows the rows that were expected and did not come with a minus,
// those that came instead with a plus, and puts like rows beside each other.
func formatDiff(columns []string, missing, surplus [][]any) string {
	type marked struct {
		mark string
		row  []any
	}
	var rows []marked
	rest := slices.Clone(surplus)
	for _, row := range missing {
		rows = append(rows, marked{"-", row})
		if at := mostAlike(row, rest); at >= 0 {
			rows = append(rows, marked{"+", rest[at]})
			rest = slices.Delete(rest, at, at+1)
		}
	}
	for _, row := range rest {
		rows = append(rows, marked{"+", row})
	}
	table := make([][]any, len(rows))
	for i, m := range rows {
		table[i] = append([]any{m.mark}, m.row...)
	}
	return formatTable(append([]string{""}, columns...), table) + "\n(- expected, + actual)"
}

// mostAlike finds the row that shares the most values, if any does.
func mostAlike(row []any, candidates [][]any) int {
	best, at := 0, -1
	for i, candidate := range candidates {
		same := 0
		for k := range row {
			if rowKey(row[k:k+1]) == rowKey(candidate[k:k+1]) {
				same++
			}
		}
		if same > best {
			best, at = same, i
		}
	}
	return at
}

// formatTable sets rows under column names, as psql does.
func formatTable(columns []string, rows [][]any) string {
	texts := make([][]string, 0, len(rows)+1)
	texts = append(texts, columns)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = oneLine(warehouse.Text(value))
		}
		texts = append(texts, cells)
	}
	widths := make([]int, len(columns))
	for _, cells := range texts {
		for i, cell := range cells {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for r, cells := range texts {
		if r > 0 {
			b.WriteByte('\n')
		}
		line := make([]string, len(cells))
		for i, cell := range cells {
			line[i] = cell + strings.Repeat(" ", widths[i]-len([]rune(cell)))
		}
		b.WriteString(strings.TrimRight("| "+strings.Join(line, " | ")+" |", " "))
	}
	return b.String()
}

// oneLine keeps a cell on its line and of readable length.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	const width = 60
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}
