package warehousetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

func testLoadIsAtomic(b *bench) {
	columns := []schema.Column{column("a", schema.Integer)}
	b.create("t", columns...)
	rows := make([][]any, 5000)
	for i := range rows {
		rows[i] = []any{int64(i)}
	}
	if _, err := b.conn.Load(b.Context(), b.relation("t"), columns, sequence(rows, errSource)); !errors.Is(err, errSource) {
		b.Errorf("load = %v, want the source's error", err)
	}
	if _, err := b.conn.Load(b.Context(), b.relation("t"), columns, sequence([][]any{{int64(1)}, {"x"}}, nil)); err == nil {
		b.Error("text for an integer: no error")
	}
	if got := b.count("t"); got != 0 {
		b.Errorf("rows after failed loads = %d, want 0", got)
	}
	b.load("t", columns, []any{int64(7)})
}

// testLoadRefuses loads values that the table's own column cannot hold.
func testLoadRefuses(b *bench) {
	b.exec("create table " + b.quoted("t") + " (a integer, b decimal(4,2), c integer not null)")
	columns := []schema.Column{column("a", schema.Integer), column("b", schema.Decimal(4, 2)), column("c", schema.Integer)}
	for _, row := range [][]any{
		{int64(math.MaxInt32) + 1, nil, int64(1)},
		{nil, warehouse.Decimal("123.45"), int64(1)},
		{nil, nil, nil},
		{int64(1), nil},
	} {
		if _, err := b.conn.Load(b.Context(), b.relation("t"), columns, sequence([][]any{row}, nil)); err == nil {
			b.Errorf("load %v: no error", row)
		}
	}
	if _, err := b.conn.Load(b.Context(), b.relation("missing"), columns, sequence(nil, nil)); err == nil {
		b.Error("load into a missing table: no error")
	}
	if got := b.count("t"); got != 0 {
		b.Errorf("rows = %d, want 0", got)
	}
}

func testLoadManyRows(b *bench) {
	const rows = 300_000
	b.exec("create table " + b.quoted("many") + " (id bigint, label varchar default 'none', amount double precision)")
	columns := []schema.Column{column("amount", schema.Double), column("id", schema.Integer)}
	var generated iter.Seq2[[]any, error] = func(yield func([]any, error) bool) {
		for i := range int64(rows) {
			if !yield([]any{float64(i) / 2, i}, nil) {
				return
			}
		}
	}
	err := b.conn.Transact(b.Context(), func(ctx context.Context) error {
		_, err := b.conn.Load(ctx, b.relation("many"), columns, generated)
		return err
	})
	if err != nil {
		b.Fatalf("load: %v", err)
	}
	got := b.fetch("select count(*), cast(sum(id) as bigint), sum(amount), min(label) from " + b.quoted("many"))
	const sum = int64(rows) * (rows - 1) / 2
	b.equal([][]any{{int64(rows), sum, float64(sum) / 2, "none"}}, got.Rows)
}

// everyType are columns of all logical types.
func everyType() []schema.Column {
	return []schema.Column{
		column("id", schema.Integer), column("t", schema.Text), column("d", schema.Double), column("b", schema.Boolean),
		column("day", schema.Date), column("at", schema.Timestamp), column("n", schema.Decimal(38, 6)), column("j", schema.JSON),
	}
}

// rowOfEveryType has a NULL in one column, another one in each row.
func rowOfEveryType(i int) []any {
	row := []any{
		int64(i), fmt.Sprintf("Größe %d\t\\N", i), float64(i) / 3, i%2 == 0,
		warehouse.NewDate(1600, 1, 1+i), time.Date(1900, 1, 1, 0, 0, i*7919, i%1000*1000, time.UTC),
		warehouse.Decimal(fmt.Sprintf("%d%026d.%06d", i-2_500, i, i)), fmt.Sprintf(`{"b": %d.10, "a": "é"}`, i),
	}
	if i == 2_500 {
		row[6] = warehouse.Decimal("0.000001") // no number is written 0000…
	}
	if at := i % len(row); at > 0 {
		row[at] = nil
	}
	return row
}

// testLoadEveryType loads many rows of all types at once and reads them back.
func testLoadEveryType(b *bench) {
	const rows = 5_000
	b.create("every", everyType()...)
	loaded, err := b.conn.Load(b.Context(), b.relation("every"), everyType(), func(yield func([]any, error) bool) {
		for i := range rows {
			if !yield(rowOfEveryType(i), nil) {
				return
			}
		}
	})
	if err != nil || loaded != rows {
		b.Fatalf("load = %d rows, %v, want %d", loaded, err, rows)
	}
	result, err := b.conn.Query(b.Context(), "select * from "+b.quoted("every")+" order by id")
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for row, err := range result.All() {
		if err != nil {
			b.Fatal(err)
		}
		if b.equal(rowOfEveryType(i), row); b.Failed() {
			return
		}
		i++
	}
	if i != rows {
		b.Errorf("rows = %d, want %d", i, rows)
	}
}

// testLoadConverts loads text into columns of other types, as seeds with
// declared types do.
func testLoadConverts(b *bench) {
	b.exec("create table " + b.quoted("t") + " (i integer, s smallint, n decimal(6,2), d date, l timestamp, z boolean, f real, v varchar(3))")
	names := []string{"i", "s", "n", "d", "l", "z", "f", "v"}
	columns := make([]schema.Column, len(names))
	for i, name := range names {
		columns[i] = column(name, schema.Text)
	}
	b.load("t", columns,
		[]any{"-7", "8", "12.5", "2024-02-29", "2024-02-29 12:30:00", "true", "1.5", "a\tb"},
		[]any{nil, nil, nil, nil, nil, nil, nil, nil},
	)
	got := b.fetch("select * from " + b.quoted("t") + " order by i")
	b.equal([]any{
		int64(-7), int64(8), warehouse.Decimal("12.50"), warehouse.NewDate(2024, 2, 29),
		warehouse.LocalTime{Time: time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)}, true, 1.5, "a\tb",
	}, got.Rows[0])
	for _, bad := range [][]any{
		{"seven", nil, nil, nil, nil, nil, nil, nil}, {nil, "40000", nil, nil, nil, nil, nil, nil},
		{nil, nil, "12345.00", nil, nil, nil, nil, nil}, {nil, nil, nil, "2023-02-29", nil, nil, nil, nil},
		{nil, nil, nil, nil, nil, "maybe", nil, nil},
	} {
		if _, err := b.conn.Load(b.Context(), b.relation("t"), columns, sequence([][]any{bad}, nil)); err == nil {
			b.Errorf("load %v: no error", bad)
		}
	}
	if got := b.count("t"); got != 2 {
		b.Errorf("rows = %d, want 2", got)
	}
}

// testLoadStops ends a load in the middle: by its context, by a panic of the
// sequence, and by the transaction around it.
func testLoadStops(b *bench) {
	columns := []schema.Column{column("a", schema.Integer)}
	b.create("t", columns...)
	endless := func(at int, stop func()) iter.Seq2[[]any, error] {
		return func(yield func([]any, error) bool) {
			for i := 0; ; i++ {
				if i == at {
					stop()
				}
				if !yield([]any{int64(i)}, nil) {
					return
				}
			}
		}
	}
	ctx, cancel := context.WithCancelCause(b.Context())
	if _, err := b.conn.Load(ctx, b.relation("t"), columns, endless(50_000, func() { cancel(errSource) })); !errors.Is(err, errSource) {
		b.Errorf("cancelled load = %v, want the context's cause", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				b.Error("the panic of the sequence was swallowed")
			}
		}()
		_, _ = b.conn.Load(b.Context(), b.relation("t"), columns, endless(50_000, func() { panic("in the middle") }))
	}()
	err := b.conn.Transact(b.Context(), func(ctx context.Context) error {
		if _, err := b.conn.Load(ctx, b.relation("t"), columns, sequence([][]any{{int64(1)}}, nil)); err != nil {
			return err
		}
		return errSource
	})
	if !errors.Is(err, errSource) {
		b.Errorf("transact = %v, want the work's error", err)
	}
	if got := b.count("t"); got != 0 {
		b.Errorf("rows = %d, want 0", got)
	}
}
