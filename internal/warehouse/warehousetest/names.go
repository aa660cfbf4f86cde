package warehousetest

import (
	"strings"

	"apotheca/internal/schema"
)

// testLongNames uses names at the database's limit; a suffix must still tell
// them apart.
func testLongNames(b *bench) {
	limit := b.dialect.IdentifierBytesMax
	if limit == 0 {
		limit = 255
	}
	name := strings.Repeat("n", limit)
	columns := []schema.Column{column(strings.Repeat("c", limit), schema.Integer)}
	b.create(name, columns...)
	b.load(name, columns, []any{int64(1)})
	temporary := b.dialect.Suffixed(name, "__dbt_tmp")
	b.create(temporary, columns...)
	if got := b.count(temporary); got != 0 {
		b.Errorf("the suffixed table has %d rows, want its own table", got)
	}
	if got := b.count(name); got != 1 {
		b.Errorf("rows = %d, want 1", got)
	}
}

// testHostileIdentifiers uses names that break out of careless SQL.
func testHostileIdentifiers(b *bench) {
	names := []string{
		`a b`, `a"b`, `"`, `a'b`, `a;drop table x;--`, `select`, `at`, `order`, `MixedCase`, `ünï`, `a.b`, `1`, `$1`, `{{ x }}`,
	}
	columns := make([]schema.Column, len(names))
	row := make([]any, len(names))
	for i, name := range names {
		columns[i] = column(name, schema.Text)
		row[i] = name
	}
	for _, name := range names {
		b.create(name, columns...)
		b.load(name, columns, row)
		got := b.fetch("select * from " + b.quoted(name))
		b.equal([][]any{row}, got.Rows)
		for i, c := range got.Columns {
			if c.Name != names[i] {
				b.Errorf("column = %q, want %q", c.Name, names[i])
			}
		}
	}
}

func testCatalog(b *bench) {
	b.create("orders", column("id", schema.Integer), column("Amount", schema.Decimal(10, 2)))
	b.exec("create view " + b.quoted("recent") + " as select * from " + b.quoted("orders"))
	b.equal([][]any{
		{schemaName, "orders", "table"},
		{schemaName, "recent", "view"},
	}, b.fetch(b.dialect.ListRelations, b.database, schemaName).Rows)
	got := b.fetch(b.dialect.ListColumns, b.database, schemaName, "orders").Rows
	if len(got) != 2 || got[0][0] != "id" || got[1][0] != "Amount" {
		b.Errorf("columns of the table = %v, want id and Amount", got)
	}
	if got := b.fetch(b.dialect.ListColumns, b.database, schemaName, "recent").Rows; len(got) != 2 {
		b.Errorf("columns of the view = %v, want two", got)
	}
}
