package schema_test

import (
	"testing"

	"apotheca/internal/schema"
)

func TestParseType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want schema.Type
	}{
		{"text", schema.Text},
		{" Integer ", schema.Integer},
		{"DOUBLE", schema.Double},
		{"decimal(18, 3)", schema.Decimal(18, 3)},
		{"decimal(38,38)", schema.Decimal(38, 38)},
		{"json", schema.JSON},
	}
	for _, tt := range tests {
		got, err := schema.ParseType(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("ParseType(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestParseTypeRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "string", "decimal", "decimal(39,0)", "decimal(4,5)", "decimal(4)", "decimal(x,1)", "decimal(4,-1)"} {
		if got, err := schema.ParseType(in); err == nil {
			t.Errorf("ParseType(%q) = %q, want an error", in, got)
		}
	}
}

func TestDecimalSize(t *testing.T) {
	t.Parallel()
	if p, s, ok := schema.Decimal(20, 6).DecimalSize(); p != 20 || s != 6 || !ok {
		t.Errorf("DecimalSize = %d, %d, %v, want 20, 6, true", p, s, ok)
	}
	if _, _, ok := schema.Text.DecimalSize(); ok {
		t.Error("DecimalSize of text is ok, want not")
	}
}

func TestTableColumn(t *testing.T) {
	t.Parallel()
	table := schema.Table{Columns: []schema.Column{{Name: "a"}, {Name: "b", Type: schema.Date}}}
	if got, ok := table.Column("b"); !ok || got.Type != schema.Date {
		t.Errorf("Column(b) = %v, %v, want the date column", got, ok)
	}
	if _, ok := table.Column("B"); ok {
		t.Error("Column(B) found, want names compared exactly")
	}
}
