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
	var x csvfile.Inspector
	for _, text := range []string{file, "order id;total;zip;paid;day;at;rate;note;nothing;\n"} {
		if same, err := x.Read(strings.NewReader(text), "orders.csv"); err != nil || !same {
			t.Fatalf("same %v, %v", same, err)
		}
	}
	if same, err := x.Read(strings.NewReader("Order ID;Total\n1;2\n"), "other.csv"); err != nil || same {
		t.Errorf("a file of other columns: same %v, %v", same, err)
	}
	got := x.Result()
	want := &csvfile.Inspection{
		Delimiter: ';', Rows: 3, Rejected: 1, First: csvfile.RowError{File: "orders.csv", Line: 6, Reason: "3 fields instead of 10"},
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

// What people write and no type reads is at least recognized.
func TestLooks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ values, want string }{
		{"1.234,56;0,5;-7", "numbers with a decimal comma"},
		{"1,234.50;1,000", "numbers with commas between the thousands"},
		{"29.02.2024;1.3.2024", "days like 29.02.2024"},
		{"2/29/2024", "days with slashes"},
		{" 1 ; 22", "numbers with blanks around them"},
		{"00042;00043", ""}, {"1,5;x", ""}, {"1;2", ""},
	} {
		var x csvfile.Inspector
		file := "v\n\"" + strings.ReplaceAll(tt.values, ";", "\"\n\"") + "\"\n"
		if _, err := x.Read(strings.NewReader(file), "v.csv"); err != nil {
			t.Fatal(err)
		}
		if got := x.Result().Columns[0].Looks; got != tt.want {
			t.Errorf("%s looks like %q, want %q", tt.values, got, tt.want)
		}
	}
}

// Files that are no CSV, or another kind of it, are named as what they are.
func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, want string }{
		{"PK\x03\x04rest", "it is a ZIP archive or a spreadsheet"},
		{"\xd0\xcf\x11\xe0rest", "it is a spreadsheet"},
		{"PAR1rest", "it is a Parquet file"},
		{"BZh9rest", "it is compressed by bzip2"},
		{"\xfd7zXZrest", "it is compressed by xz"},
		{"\xff\xfea\x00", "it is UTF-16"},
		{"id,v\r1,2\r", "its lines end with a carriage return alone"},
		{"", "the file is empty"},
		{"sep=;\n", "the file is empty"},
	} {
		var x csvfile.Inspector
		if _, err := x.Read(strings.NewReader(tt.file), "f.csv"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.file, err, tt.want)
		}
	}
}

// A spreadsheet's first line may name the delimiter.
func TestLineOfTheDelimiter(t *testing.T) {
	t.Parallel()
	var x csvfile.Inspector
	if _, err := x.Read(strings.NewReader("\xef\xbb\xbfsep=;\r\nid;v\r\n1;2\r\n"), "f.csv"); err != nil {
		t.Fatal(err)
	}
	if got := x.Result(); got.Delimiter != ';' || len(got.Columns) != 2 || got.Rows != 1 || got.Columns[0].Header != "id" {
		t.Errorf("%+v", got)
	}
}
