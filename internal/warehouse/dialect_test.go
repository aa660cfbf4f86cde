package warehouse_test

import (
	"testing"
	"unicode/utf8"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

func TestQuoteDoublesTheQuote(t *testing.T) {
	t.Parallel()
	d := warehouse.Dialect{QuoteChar: `"`}
	f := func(in, want string) {
		t.Helper()
		if got := d.Quote(in); got != want {
			t.Errorf("Quote(%q) = %s, want %s", in, got, want)
		}
	}
	f(`plain`, `"plain"`)
	f(`a"; drop table b; --`, `"a""; drop table b; --"`)
	f(``, `""`)
	if got, want := d.QuoteRelation(warehouse.Relation{Schema: "s", Name: `n"`}), `"s"."n"""`; got != want {
		t.Errorf("QuoteRelation = %s, want %s", got, want)
	}
}

func TestSuffixedKeepsTheSuffix(t *testing.T) {
	t.Parallel()
	d := warehouse.Dialect{IdentifierBytesMax: 12}
	f := func(in, want string) {
		t.Helper()
		got := d.Suffixed(in, "__tmp")
		if got != want || !utf8.ValidString(got) {
			t.Errorf("Suffixed(%q) = %q, want %q", in, got, want)
		}
	}
	f("short", "short__tmp")
	f("exactly", "exactly__tmp")
	f("far_too_long", "far_too__tmp")
	f("sixäöü", "sixäö__tmp")
	f("sevenäö", "sevenä__tmp")
	f("abcdefä", "abcdef__tmp")
}

func TestCreateTable(t *testing.T) {
	t.Parallel()
	d := warehouse.Dialect{Name: "test", QuoteChar: `"`, Types: map[schema.Type]string{schema.Text: "varchar"}}
	got, err := d.CreateTable(warehouse.Relation{Schema: "s", Name: "t"}, []schema.Column{
		{Name: "id", Type: schema.Text},
		{Name: "amount", Type: schema.Decimal(10, 2), Nullable: true},
	})
	want := "create table \"s\".\"t\" (\n    \"id\" varchar not null,\n    \"amount\" decimal(10,2)\n)"
	if err != nil || got != want {
		t.Errorf("CreateTable = %s, %v, want %s", got, err, want)
	}
	if _, err := d.CreateTable(warehouse.Relation{Name: "t"}, []schema.Column{{Name: "x", Type: schema.JSON}}); err == nil {
		t.Error("a type the dialect does not know: no error")
	}
}
