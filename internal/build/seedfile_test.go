package build

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/warehouse"
)

var testSeedTypes = warehouse.SeedTypes{
	Integer: "integer", Number: "float8", Boolean: "boolean", Date: "date", Timestamp: "timestamp", Text: "text",
}

func TestSeedTypesAreInferredAsDbtDoes(t *testing.T) {
	t.Parallel()
	f := func(cells, want string) {
		t.Helper()
		table, err := parseSeed(strings.NewReader("c,other\n"+strings.ReplaceAll(cells, "|", ",x\n")+",x\n"), "", nil)
		if err != nil {
			t.Errorf("%q: %v", cells, err)
			return
		}
		if got := table.columns[0].typeName(testSeedTypes); got != want {
			t.Errorf("%q = %s, want %s", cells, got, want)
		}
	}
	f("1|2", "integer")
	f("007", "integer")
	f("1|2.0", "float8")
	f("1e3", "float8")
	f(`"1,234"|$5|50%`, "integer")
	f("|null|NULL", "integer")
	f("NA|1", "text")
	f("2024-02-29", "date")
	f("2024-02-30", "text")
	f("2024-02-29|2024-02-29 10:00:00", "text")
	f("2024-2-29 9:00:00", "timestamp")
	f("2024-02-29 10:00:00.000", "text")
	f("2024-02-29 10:00", "text")
	f("2024-02-29T10:00:00.5", "timestamp")
	f("2024-02-29T10:00Z", "timestamp")
	f("2024-02-29 10:00:00", "timestamp")
	f("2024-02-29T10:00:00+02:00", "timestamp")
	f("true|FALSE|", "boolean")
	f("yes|no", "text")
	f("1|true", "text")
	f("0x10", "text")
	f("NaN", "text")
}

func TestSeedValues(t *testing.T) {
	t.Parallel()
	const file = "\xef\xbb\xbfcode;n;when;flag;,day\n"
	text := strings.NewReplacer(",", ";").Replace(file) +
		"007;1,500;2024-02-29T10:00:00+02:00;true;a \"quoted\" word;2024-1-2\n" +
		"null;;;;\n"
	table, err := parseSeed(strings.NewReader(text), ";", map[string]string{"code": "varchar"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range table.columns {
		names = append(names, c.name)
	}
	if diff := cmp.Diff([]string{"code", "n", "when", "flag", "e", "day"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	var got [][]any
	for row, err := range table.values() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row)
	}
	want := [][]any{
		{"007", "1500", "2024-02-29 08:00:00", true, `a "quoted" word`, warehouse.NewDate(2024, 1, 2)},
		{nil, nil, nil, nil, nil, nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestSeedHeaderNames(t *testing.T) {
	t.Parallel()
	got := seedNames([]string{"", "a", " x ", "x", "x", ""})
	want := []string{"a", "a_2", "x", "x_2", "x_3", "f"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestSeedRefuses(t *testing.T) {
	t.Parallel()
	f := func(file, delimiter, want string) {
		t.Helper()
		_, err := parseSeed(strings.NewReader(file), delimiter, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q = %v, want an error with %q", file, err, want)
		}
	}
	f("", "", "empty")
	f("a,b\n1,2,3\n", "", "line 2 has 3 values for 2 columns")
	f("a\n\xff\n", "", "line 2 is not UTF-8")
	f("a\n1\n", "::", "not one character")
}

func FuzzParseSeed(f *testing.F) {
	f.Add("a,b\n1,2\n")
	f.Add("a;a;\n\"x\"\"y\";1e400;%\n")
	f.Fuzz(func(t *testing.T, file string) {
		table, err := parseSeed(strings.NewReader(file), "", nil)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, c := range table.columns {
			if seen[c.name] {
				t.Errorf("column %q twice", c.name)
			}
			seen[c.name] = true
		}
		for row := range table.values() {
			if len(row) != len(table.columns) {
				t.Errorf("row of %d values for %d columns", len(row), len(table.columns))
			}
		}
	})
}
