package warehousetest

import (
	"math"
	"strings"
	"time"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// testTypes loads every type, reads it back, and binds it as an argument.
func testTypes(b *bench) {
	instant := time.Date(2024, 2, 29, 23, 59, 58, 123456000, time.UTC)
	tests := []struct {
		typ  schema.Type
		in   any
		want any
	}{
		{schema.Text, "plain", "plain"},
		{schema.Integer, int64(math.MinInt64), int64(math.MinInt64)},
		{schema.Integer, int64(math.MaxInt64), int64(math.MaxInt64)},
		{schema.Double, 0.1, 0.1},
		{schema.Double, math.Inf(-1), math.Inf(-1)},
		{schema.Boolean, true, true},
		{schema.Boolean, false, false},
		{schema.Date, warehouse.NewDate(1900, 1, 1), warehouse.NewDate(1900, 1, 1)},
		{schema.Date, warehouse.NewDate(2100, 12, 31), warehouse.NewDate(2100, 12, 31)},
		{schema.Timestamp, instant, instant},
		{schema.Timestamp, instant.In(time.FixedZone("", -7*3600)), instant},
		{schema.Timestamp, time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC)},
		{schema.Decimal(38, 10), warehouse.Decimal("-1234567890123456789012345678.0123456789"), warehouse.Decimal("-1234567890123456789012345678.0123456789")},
		{schema.Decimal(5, 2), warehouse.Decimal("0.5"), warehouse.Decimal("0.50")},
		{schema.Decimal(5, 2), warehouse.Decimal("0"), warehouse.Decimal("0.00")},
		{schema.Decimal(38, 0), warehouse.Decimal("-99999999999999999999999999999999999999"), warehouse.Decimal("-99999999999999999999999999999999999999")},
		{schema.Decimal(38, 38), warehouse.Decimal("0.00000000000000000000000000000000000001"), warehouse.Decimal("0.00000000000000000000000000000000000001")},
		{schema.Decimal(12, 4), warehouse.Decimal("10000.0001"), warehouse.Decimal("10000.0001")},
		{schema.Decimal(12, 4), warehouse.Decimal("-0.0010"), warehouse.Decimal("-0.0010")},
		{schema.Double, math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat64},
		{schema.Double, math.MaxFloat64, math.MaxFloat64},
		{schema.Date, warehouse.NewDate(1, 1, 1), warehouse.NewDate(1, 1, 1)},
		{schema.Date, warehouse.NewDate(9999, 12, 31), warehouse.NewDate(9999, 12, 31)},
		{schema.Timestamp, time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		{schema.JSON, `{"b": [1.10, "<é>"], "a": null}`, `{"b": [1.10, "<é>"], "a": null}`},
	}
	for _, tt := range tests {
		columns := []schema.Column{column("id", schema.Integer), column("v", tt.typ)}
		b.create("types", columns...)
		b.load("types", columns, []any{int64(1), tt.in}, []any{int64(2), nil})
		b.exec("insert into "+b.quoted("types")+" values (3, "+b.dialect.Placeholder(1)+")", tt.in)
		got := b.fetch("select v from " + b.quoted("types") + " order by id")
		b.equal([][]any{{tt.want}, {nil}, {tt.want}}, got.Rows)
		b.exec("drop table " + b.quoted("types"))
	}
}

func testAwkwardValues(b *bench) {
	columns := []schema.Column{column("id", schema.Integer), column("t", schema.Text), column("d", schema.Double)}
	b.create("awkward", columns...)
	texts := []string{
		"", " ", "NULL", "null", "'", `"`, `\`, "\n\r\t", "a,b;--", "/* */", "$1 ?", "%s",
		"Grüße, 東京, עברית, 👩‍⚕️", "e\u0301", strings.Repeat("long ", 100_000),
	}
	rows := make([][]any, len(texts))
	for i, text := range texts {
		rows[i] = []any{int64(i), text, math.NaN()}
	}
	b.load("awkward", columns, rows...)
	got := b.fetch("select t, d from " + b.quoted("awkward") + " order by id")
	for i, text := range texts {
		if got.Rows[i][0] != text {
			b.Errorf("text %d = %.40q, want %.40q", i, got.Rows[i][0], text)
		}
		if v, ok := got.Rows[i][1].(float64); !ok || !math.IsNaN(v) {
			b.Errorf("NaN came back as %v", got.Rows[i][1])
		}
	}
	for _, text := range texts {
		if got := b.fetch("select cast("+b.dialect.Placeholder(1)+" as varchar)", text).Rows[0][0]; got != text {
			b.Errorf("bound %.40q came back as %.40q", text, got)
		}
	}
}

func testEmptyTable(b *bench) {
	columns := []schema.Column{column("a", schema.Text), column("b", schema.Date)}
	b.create("empty", columns...)
	b.load("empty", columns)
	got := b.fetch("select * from " + b.quoted("empty"))
	if len(got.Rows) != 0 || len(got.Columns) != 2 || got.Columns[1].Name != "b" || got.Columns[1].Type == "" {
		b.Errorf("empty table = %+v, want two typed columns and no rows", got)
	}
}

// testLocalTimes reads timestamps with and without a zone, whatever the zone
// they are written in.
func testLocalTimes(b *bench) {
	local := warehouse.LocalTime{Time: time.Date(2024, 2, 29, 1, 2, 3, 450000000, time.UTC)}
	got := b.fetch("select timestamp '2024-02-29 01:02:03.45', cast("+b.dialect.Placeholder(1)+" as timestamp), "+
		"timestamp with time zone '2024-02-29 01:02:03.45+05:45', cast(timestamp with time zone '2024-02-29 23:30:00-02:00' as date)", local)
	b.equal([][]any{{
		local, local, time.Date(2024, 2, 28, 19, 17, 3, 450000000, time.UTC), warehouse.NewDate(2024, 3, 1),
	}}, got.Rows)
}
