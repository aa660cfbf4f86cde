package csvfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/csvfile"
	"apotheca/internal/schema"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	const file = "Order ID;Total;Zip;Paid;Day;At;Rate;Note;Nothing;\n" +
		"1;10.5;00123;true;2024-01-01;2024-01-01 10:00:00;1e3;a;;x\n" +
		"2;-7;12345;no;2024-02-29;2024-01-01T10:00:00Z;2;\"a\nb\";;x\n" +
		"3;1;1;yes;2024-01-02;2024-01-01T10:00:00+01;-1.5;;;x\n" +
		"4;1;1\n"
	got, err := csvfile.Inspect(strings.NewReader(file), "orders.csv")
	if err != nil {
		t.Fatal(err)
	}
	want := &csvfile.Inspection{
		Delimiter: ';', Rows: 3, Rejected: 1, First: csvfile.Rejected{Line: 6, Reason: "3 fields instead of 10"},
		Columns: []csvfile.Seen{
			{Header: "Order ID", Type: schema.Integer, Unique: true},
			{Header: "Total", Type: schema.Decimal(18, 1), Unique: true},
			{Header: "Zip", Type: schema.Text, Unique: true},
			{Header: "Paid", Type: schema.Boolean, Unique: true},
			{Header: "Day", Type: schema.Date, Unique: true},
			{Header: "At", Type: schema.Timestamp, UTC: true, Unique: true},
			{Header: "Rate", Type: schema.Double, Unique: true},
			{Header: "Note", Type: schema.Text, Empty: 1, Unique: true},
			{Header: "Nothing", Type: schema.Text, Empty: 3},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("inspection (-want +got):\n%s", diff)
	}
}
