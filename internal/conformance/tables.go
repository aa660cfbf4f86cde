package conformance

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"path"
	"slices"
	"strings"

	"apotheca/internal/warehouse"
)

// relation is a table or view of a database and how it is declared.
type relation struct {
	schema, name, kind string
	columns            []column
}

type column struct{ name, kind string }

func (r relation) id() string { return r.schema + "." + r.name }

// listings ask a database for its relations and columns, in their order.
var listings = map[string]string{
	"duckdb": `
select t.table_schema, t.table_name, lower(t.table_type), c.column_name, c.data_type
from information_schema.tables as t
left join information_schema.columns as c
    on c.table_catalog = t.table_catalog
    and c.table_schema = t.table_schema
    and c.table_name = t.table_name
where t.table_catalog = current_database()
order by t.table_schema, t.table_name, c.ordinal_position`,
	"postgres": `
select n.nspname, c.relname,
    case c.relkind when 'r' then 'base table' when 'v' then 'view' when 'm' then 'materialized view' else c.relkind::text end,
    a.attname, format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
left join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'v', 'm', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
    and n.nspname not like 'pg_t%'
order by n.nspname, c.relname, a.attnum`,
}

// compareDatabases compares every relation of two databases. Rows are compared
// without order, by sums of hashes, so that memory does not grow with them.
func (c *comparison) compareDatabases(ctx context.Context, dbt, apotheca warehouse.Warehouse) (err error) {
	left, err := dbt.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, left.Close()) }()
	right, err := apotheca.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, right.Close()) }()
	inDbt, err := c.relations(ctx, left)
	if err != nil {
		return err
	}
	inOurs, err := c.relations(ctx, right)
	if err != nil {
		return err
	}
	for _, id := range keysOfBoth(inDbt, inOurs) {
		a, hasA := inDbt[id]
		b, hasB := inOurs[id]
		if hasA != hasB {
			c.add(Difference{About: "table", Node: id, Field: "exists", Dbt: presence(hasA), Ours: presence(hasB)})
			continue
		}
		c.report.Relations++
		if c.compareDeclared(a, b) {
			if err := c.compareRows(ctx, a, left, right); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *comparison) relations(ctx context.Context, conn warehouse.Conn) (map[string]relation, error) {
	rows, err := conn.Query(ctx, listings[c.report.Adapter])
	if err != nil {
		return nil, fmt.Errorf("list relations: %w", err)
	}
	all := map[string]relation{}
	for row, err := range rows.All() {
		if err != nil {
			return nil, fmt.Errorf("list relations: %w", err)
		}
		r := relation{schema: warehouse.Text(row[0]), name: warehouse.Text(row[1]), kind: warehouse.Text(row[2])}
		if known, ok := all[r.id()]; ok {
			r = known
		}
		if row[3] != nil {
			r.columns = append(r.columns, column{warehouse.Text(row[3]), warehouse.Text(row[4])})
		}
		all[r.id()] = r
	}
	return all, nil
}

// compareDeclared reports differences of kind and columns; it returns whether
// the rows can be compared.
func (c *comparison) compareDeclared(a, b relation) bool {
	if a.kind != b.kind {
		c.add(Difference{About: "table", Node: a.id(), Field: "kind", Dbt: a.kind, Ours: b.kind})
	}
	if slices.Equal(a.columns, b.columns) {
		return true
	}
	x, y := apart(declared(a.columns), declared(b.columns))
	c.add(Difference{About: "table", Node: a.id(), Field: "columns", Dbt: x, Ours: y})
	named := func(col column) string { return col.name }
	return slices.Equal(slices.Sorted(mapped(a.columns, named)), slices.Sorted(mapped(b.columns, named)))
}

func declared(columns []column) string {
	return strings.Join(slices.Collect(mapped(columns, func(c column) string { return c.name + " " + c.kind })), ", ")
}

func mapped[T, U any](list []T, f func(T) U) func(func(U) bool) {
	return func(yield func(U) bool) {
		for _, value := range list {
			if !yield(f(value)) {
				return
			}
		}
	}
}

// content sums up the rows of a relation, in whatever order they come.
type content struct {
	err     error // of a view that cannot be read
	rows    int64
	sum     uint64
	columns []uint64
}

func (c *comparison) compareRows(ctx context.Context, r relation, left, right warehouse.Conn) error {
	columns := c.stable(r)
	if len(columns) == 0 {
		return nil
	}
	seed := maphash.MakeSeed()
	a, b := contentOf(ctx, left, r, columns, seed), contentOf(ctx, right, r, columns, seed)
	if err := ctx.Err(); err != nil {
		return err
	}
	if a.err != nil || b.err != nil {
		if (a.err == nil) != (b.err == nil) {
			c.add(Difference{About: "table", Node: r.id(), Field: "readable", Dbt: problem(a.err), Ours: problem(b.err)})
		}
		return nil
	}
	c.report.Rows += a.rows
	if a.rows != b.rows {
		c.add(Difference{About: "table", Node: r.id(), Field: "row count", Dbt: fmt.Sprint(a.rows), Ours: fmt.Sprint(b.rows)})
	}
	if a.sum == b.sum {
		return nil
	}
	var differing []string
	for i, name := range columns {
		if a.columns[i] != b.columns[i] {
			differing = append(differing, name)
		}
	}
	x, y, err := c.examples(ctx, r, columns, left, right)
	if err != nil {
		return err
	}
	c.add(Difference{About: "table", Node: r.id(), Field: "rows: " + strings.Join(differing, ", "), Dbt: x, Ours: y})
	return nil
}

func problem(err error) string {
	if err == nil {
		return "readable"
	}
	return err.Error()
}

// stable are the columns whose values two runs share.
func (c *comparison) stable(r relation) []string {
	var names []string
	for _, col := range r.columns {
		full := r.id() + "." + col.name
		if !slices.ContainsFunc(c.target.Volatile, func(p string) bool { ok, err := path.Match(p, full); return ok && err == nil }) {
			names = append(names, col.name)
		}
	}
	return names
}

func contentOf(ctx context.Context, conn warehouse.Conn, r relation, columns []string, seed maphash.Seed) content {
	sum := content{columns: make([]uint64, len(columns))}
	rows, err := conn.Query(ctx, selectColumns(r, columns))
	if err != nil {
		return content{err: err}
	}
	for row, err := range rows.All() {
		if err != nil {
			return content{err: err}
		}
		sum.rows++
		var whole maphash.Hash
		whole.SetSeed(seed)
		for i, value := range row {
			text := exact(value)
			sum.columns[i] += maphash.String(seed, text)
			whole.WriteString(text)
			whole.WriteByte(0)
		}
		sum.sum += whole.Sum64()
	}
	return sum
}

func selectColumns(r relation, columns []string) string {
	quoted := make([]string, len(columns))
	for i, name := range columns {
		quoted[i] = quote(name)
	}
	return "select " + strings.Join(quoted, ", ") + " from " + quote(r.schema) + "." + quote(r.name)
}

// quote is for both adapters, which quote alike.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// exact is a value as text, so that NULL is not the word.
func exact(value any) string {
	if value == nil {
		return "\x00"
	}
	return warehouse.Text(value)
}

// examples shows a few rows that only one of the two has.
func (c *comparison) examples(ctx context.Context, r relation, columns []string, left, right warehouse.Conn) (string, string, error) {
	counts, shown := map[string]int{}, map[string]string{}
	for sign, conn := range map[int]warehouse.Conn{1: left, -1: right} {
		rows, err := conn.Query(ctx, selectColumns(r, columns))
		if err != nil {
			return "", "", fmt.Errorf("read %s: %w", r.id(), err)
		}
		for row, err := range rows.All() {
			if err != nil {
				return "", "", fmt.Errorf("read %s: %w", r.id(), err)
			}
			whole := strings.Join(slices.Collect(mapped(row, exact)), " | ")
			counts[whole] += sign
			shown[whole] = strings.Join(slices.Collect(mapped(row, warehouse.Text)), " | ")
		}
	}
	var a, b []string
	for _, row := range slices.Sorted(maps.Keys(counts)) {
		if counts[row] > 0 {
			a = append(a, shown[row])
		} else if counts[row] < 0 {
			b = append(b, shown[row])
		}
	}
	return few(a), few(b), nil
}

func few(rows []string) string {
	const shown = 3
	if len(rows) == 0 {
		return nothing
	}
	text := strings.Join(rows[:min(len(rows), shown)], "\n")
	if len(rows) > shown {
		text += fmt.Sprintf("\nand %d more", len(rows)-shown)
	}
	return text
}
