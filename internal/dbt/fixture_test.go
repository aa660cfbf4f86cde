package dbt

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNoExpectedRowsNameEveryColumn(t *testing.T) {
	t.Parallel()
	types := []Column{{Name: "day", DataType: "date"}, {Name: "n", DataType: "integer"}}
	got, err := new(Project).FixtureSQL(t.Context(), Fixture{Format: "dict"}, types, true)
	if err != nil {
		t.Fatal(err)
	}
	want := "select cast(null as date) as \"day\", cast(null as integer) as \"n\"\nlimit 0"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("FixtureSQL (-want +got):\n%s", diff)
	}
}
