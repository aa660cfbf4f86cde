package csvfile_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"apotheca/internal/columnar"
	"apotheca/internal/csvfile"
	"apotheca/internal/schema"
)

var steps = &csvfile.Table{
	Name: "steps",
	Columns: []csvfile.Column{
		{Name: "id", Type: schema.Integer, Required: true},
		{Name: "external_id", Type: schema.Integer},
		{Name: "steps", Type: schema.Integer},
		{Name: "submission_time", Type: schema.Timestamp, Offset: "submission_time_offset"},
	},
}

// read is all rows of a file, "line: value|value", and what was rejected.
func read(t testing.TB, table *csvfile.Table, in io.Reader) (rows, rejected []string, err error) {
	t.Helper()
	f, err := csvfile.Open(in, "f.csv", table)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	parser, block := f.Parser(), f.NewBlock()
	var chunk csvfile.Chunk
	for {
		err := f.Next(&chunk)
		if errors.Is(err, io.EOF) {
			return rows, rejected, nil
		}
		if err != nil {
			return rows, rejected, err
		}
		parser.Parse(chunk, block)
		for row := range block.Rows {
			var cells []string
			for i := range block.Columns {
				cells = append(cells, cell(&block.Columns[i], row))
			}
			rows = append(rows, fmt.Sprintf("%d: %s", block.Lines[row], strings.Join(cells, "|")))
		}
		for _, r := range block.Rejected {
			rejected = append(rejected, fmt.Sprintf("%d %s: %s", r.Line, r.Column, r.Reason))
		}
	}
}

func cell(c *columnar.Column, row int) string {
	switch {
	case c.IsNull(row):
		return "NULL"
	case c.IsText():
		return string(c.TextAt(row))
	case c.Type == schema.Double:
		return fmt.Sprint(c.Floats[row])
	case c.Type == schema.Timestamp:
		return columnar.Micros(c.Ints[row]).Format("2006-01-02T15:04:05.999999Z")
	case c.Type == schema.Date:
		return time.Unix(c.Ints[row]*86400, 0).UTC().Format(time.DateOnly)
	case c.Type == schema.Boolean:
		return fmt.Sprint(c.Ints[row] == 1)
	}
	return fmt.Sprint(c.Ints[row])
}

func TestRead(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in             string
		rows, rejected []string
	}{
		"the shape of the files": {
			in:   ",ID,EXTERNAL_ID,STEPS,SUBMISSION_TIME\n0,1,7,1200,2024-02-29T01:00:00.000+0100\n1,2,7,,\n",
			rows: []string{"2: 1|7|1200|2024-02-29T00:00:00Z|60", "3: 2|7|NULL|NULL|NULL"},
		},
		"any order and case, columns of others, BOM, CRLF, no end of line at the end": {
			in:   "\xef\xbb\xbfsubmission_TIME,Steps,note,External_Id,iD\r\n2024-01-01 00:00:00Z,5,\"a, \"\"b\"\"\r\nc\",8,-3\r\n\r\n2023-12-31T23:59:59.123456789-03:30,+6,,9,4",
			rows: []string{"2: -3|8|5|2024-01-01T00:00:00Z|0", "5: 4|9|6|2024-01-01T03:29:59.123456Z|-210"},
		},
		"quoted numbers": {
			in:   "id,external_id,steps,submission_time\n\"1\",\"2\",\"\",\"2024-02-29T01:00:00+01\"\n",
			rows: []string{"2: 1|2|NULL|2024-02-29T00:00:00Z|60"},
		},
		"every mistake with its line and column": {
			in: "ID,external_id,steps,submission_time\n" +
				"x,1,1,\n" + "1,1.5,1,\n" + "2,1,99999999999999999999,\n" + ",1,1,\n" + "3,1,1\n" + "4,1,1,,\n" +
				"5,1,1,2024-02-30T00:00:00Z\n" + "6,1,1,2024-02-29T00:00:00\n" + "7,1,1,2024-02-29T24:00:00Z\n" +
				"8,1,1,2024-02-29T00:00:00.1234567890Z\n" + "9,1,1,yesterday\n" +
				"10,1,1\"2,\n" + "\"11\"x,1,1,\n" + "12,1,1,2024-02-29T00:00:00+1960\n" + "13,1,1,\n" + "14,\"open\n1,1,\n",
			rows: []string{"16: 13|1|1|NULL|NULL"},
			rejected: []string{
				`2 ID: not an integer: "x"`, `3 external_id: not an integer: "1.5"`,
				`4 steps: an integer of more than 64 bits: "99999999999999999999"`, `5 ID: it is empty, and must not be`,
				`6 : 3 fields instead of 4`, `7 : 5 fields instead of 4`,
				`8 submission_time: not a time like 2024-02-29T01:00:00.000+0100: "2024-02-30T00:00:00Z"`,
				"9 submission_time: a time without an offset: `utc: true` in pipeline.yml takes it as UTC: \"2024-02-29T00:00:00\"",
				`10 submission_time: not a time like 2024-02-29T01:00:00.000+0100: "2024-02-29T24:00:00Z"`,
				`11 submission_time: not a time like 2024-02-29T01:00:00.000+0100: "2024-02-29T00:00:00.1234567890Z"`,
				`12 submission_time: not a time like 2024-02-29T01:00:00.000+0100: "yesterday"`,
				`13 steps: a quote stands inside a field that does not begin with one`,
				`14 ID: something stands between a closing quote and the end of the field`,
				`15 submission_time: not a time like 2024-02-29T01:00:00.000+0100: "2024-02-29T00:00:00+1960"`,
				`17 external_id: the quote is never closed`,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, rejected, err := read(t, steps, strings.NewReader(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.rows, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.rejected, rejected); diff != "" {
				t.Errorf("rejected (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ             schema.Type
		required        bool
		in, want, wrong string
	}{
		{schema.Integer, true, "-9223372036854775808", "-9223372036854775808", ""},
		{schema.Integer, true, " 1", "", "not an integer"},
		{schema.Double, true, "1e-3", "0.001", ""},
		{schema.Double, true, "NaN", "", "not a number"},
		{schema.Double, true, "0x1p-2", "", "not a number"},
		{schema.Double, true, "1e999", "", "a number out of range"},
		{schema.Decimal(5, 2), true, "-0123.4500", "-0123.4500", ""},
		{schema.Decimal(5, 2), true, "1234.5", "", "more than 3 digits before the point"},
		{schema.Decimal(5, 2), true, "1.234", "", "more than 2 places behind the point"},
		{schema.Decimal(5, 2), true, "-", "", "not a decimal number"},
		{schema.Boolean, true, "Yes", "true", ""},
		{schema.Boolean, true, "2", "", "not true or false"},
		{schema.Date, true, "2024-02-29", "2024-02-29", ""},
		{schema.Date, true, "1900-02-28", "1900-02-28", ""},
		{schema.Date, true, "1900-02-29", "", "not a date like 2024-02-29"},
		{schema.Date, true, "29.2.2024", "", "not a date like 2024-02-29"},
		{schema.Text, true, "Ærø", "Ærø", ""},
		{schema.Text, true, `""`, "", ""},
		{schema.Text, true, "", "", "it is empty, and must not be"},
		{schema.Text, false, "", "NULL", ""},
		{schema.Text, true, "\xff", "", "it is not valid UTF-8; iconv -f LATIN1 -t UTF-8 may make it so"},
		{schema.Text, true, "a\x00", "", "it has a NUL character"},
	}
	for _, tt := range tests {
		table := &csvfile.Table{Name: "t", Columns: []csvfile.Column{{Name: "v", Type: tt.typ, Required: tt.required}, {Name: "n", Type: schema.Integer}}}
		rows, rejected, err := read(t, table, strings.NewReader("v,n\n"+tt.in+",1\n"))
		if err != nil {
			t.Fatal(err)
		}
		if tt.wrong == "" && (len(rows) != 1 || rows[0] != "2: "+tt.want+"|1") {
			t.Errorf("%s %q = %q, %q, want %q", tt.typ, tt.in, rows, rejected, tt.want)
		}
		if tt.wrong != "" && (len(rejected) != 1 || !strings.Contains(rejected[0], tt.wrong)) {
			t.Errorf("%s %q = %q, %q, want it rejected: %s", tt.typ, tt.in, rows, rejected, tt.wrong)
		}
	}
}

// No value of a table with personal data is said, whichever column is wrong.
func TestPersonalDataIsNotSaid(t *testing.T) {
	t.Parallel()
	table := &csvfile.Table{Name: "patients", Columns: []csvfile.Column{
		{Name: "patient_id", Type: schema.Integer, Required: true}, {Name: "first_name", Type: schema.Text, PII: true},
	}}
	_, rejected, err := read(t, table, strings.NewReader("patient_id,first_name\nSolveig,1\n2,Sol\x00veig\n3,\"Solveig\"x\n4,Sol,veig\n5,Sol\xffveig\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(rejected) != 5 {
		t.Fatalf("%d rejected, want 5: %q", len(rejected), rejected)
	}
	for _, r := range rejected {
		if strings.Contains(r, "ol") && !strings.Contains(r, "column") && strings.Contains(r, "veig") {
			t.Errorf("%q says a name", r)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want, hint string }{
		{"", "f.csv: the file is empty", ""},
		{"\n\n", "f.csv: column id, external_id", ""},
		{"id,externalid,steps,submission_time\n", "f.csv: column external_id is missing of table steps; its columns are id, externalid, steps, submission_time", "header: externalid"},
		{"id;external_id;steps;submission_time\n", "columns id, external_id, steps, submission_time are missing", "delimiter"},
		{"id,ID,external_id,steps,submission_time\n", "two columns are named id: the 1st and the 2nd", ""},
		{"\xff\xfei\x00d\x00", "UTF-16", "iconv"},
	}
	for _, tt := range tests {
		_, _, err := read(t, steps, strings.NewReader(tt.in))
		if tt.in == "\n\n" {
			if err == nil {
				t.Error("a file of blank lines has a header, want an error")
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.in, err, tt.want)
			continue
		}
		said := err.Error()
		var h interface{ Hint() string }
		if errors.As(err, &h) {
			said += h.Hint()
		}
		if !strings.Contains(said, tt.hint) {
			t.Errorf("%q: hint %q, want %s", tt.in, said, tt.hint)
		}
	}
}

func TestCompressed(t *testing.T) {
	t.Parallel()
	const text = "id,external_id,steps,submission_time\n1,2,3,\n"
	var zipped, packed bytes.Buffer
	z := gzip.NewWriter(&zipped)
	p, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{z, p} {
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, in := range map[string][]byte{"gzip": zipped.Bytes(), "zstd": packed.Bytes()} {
		rows, _, err := read(t, steps, bytes.NewReader(in))
		if err != nil || len(rows) != 1 {
			t.Errorf("%s: %q, %v, want one row", name, rows, err)
		}
		if _, _, err := read(t, steps, bytes.NewReader(in[:len(in)-6])); err == nil {
			t.Errorf("%s: no error of a file that was cut, want one", name)
		}
	}
}

// Chunks end between records, also where quotes hold line ends.
func TestManyChunks(t *testing.T) {
	t.Parallel()
	table := &csvfile.Table{Name: "t", Columns: []csvfile.Column{{Name: "id", Type: schema.Integer}, {Name: "note", Type: schema.Text}}}
	var file bytes.Buffer
	file.WriteString("id,note\n")
	var want []int64
	line := int64(2)
	for i := 0; file.Len() < 20<<20; i++ {
		want = append(want, line)
		if i%3 == 0 {
			fmt.Fprintf(&file, "%d,\"two\n lines, and \"\"quotes\"\"\"\n", i)
			line += 2
		} else {
			fmt.Fprintf(&file, "%d,plain\n", i)
			line++
		}
	}
	f, err := csvfile.Open(&file, "f.csv", table)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	chunks := 0
	var chunk csvfile.Chunk
	for {
		err := f.Next(&chunk)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		chunks++
		block := f.NewBlock()
		f.Parser().Parse(chunk, block)
		if len(block.Rejected) > 0 {
			t.Fatalf("rejected %v, want none", block.Rejected[0])
		}
		for row := range block.Rows {
			if id := block.Columns[0].Ints[row]; id != int64(len(got)+row) {
				t.Fatalf("id %d in row %d", id, len(got)+row)
			}
		}
		got = append(got, block.Lines...)
	}
	if chunks < 3 || !slices.Equal(got, want) {
		t.Errorf("%d chunks, %d lines, want several and %d equal lines", chunks, len(got), len(want))
	}
}

// Records may be longer than what is read at a time, and long ones may follow
// one another.
func TestLongRecords(t *testing.T) {
	t.Parallel()
	table := &csvfile.Table{Name: "t", Columns: []csvfile.Column{{Name: "a", Type: schema.Text}, {Name: "b", Type: schema.Text}}}
	sizes := []int{9 << 20, 1, 20 << 20, 30 << 20, 2}
	var file bytes.Buffer
	file.WriteString("a,b\n")
	for i, size := range sizes {
		fmt.Fprintf(&file, "%d,%s\n", i, bytes.Repeat([]byte{'x'}, size))
	}
	rows, rejected, err := read(t, table, &file)
	if err != nil || len(rejected) > 0 || len(rows) != len(sizes) {
		t.Fatalf("%d rows, %d rejected, %v; want %d rows", len(rows), len(rejected), err, len(sizes))
	}
	for i, row := range rows {
		if want := fmt.Sprintf("%d: %d|", i+2, i); !strings.HasPrefix(row, want) || len(row) != len(want)+sizes[i] {
			t.Errorf("row %d: %.20s… of %d bytes, want %s and %d bytes", i, row, len(row), want, sizes[i])
		}
	}
}

// FuzzAgainstStandard holds the records to those of encoding/csv.
func FuzzAgainstStandard(f *testing.F) {
	for _, seed := range []string{"a,b\n", "\"a\"\"\",b\r\n\r\n,\n", "\"a\nb\",\"\"\n", "a\"b,c\nd,e", "\"a\"b,c\nd,e\n", "\"open,\n", "a,b,c\n", "\r\n", "a,\r", "\n00,"} {
		f.Add(seed)
	}
	table := &csvfile.Table{Name: "t", Columns: []csvfile.Column{{Name: "a", Type: schema.Text}, {Name: "b", Type: schema.Text}}}
	f.Fuzz(func(t *testing.T, body string) {
		if strings.ContainsRune(body, 0) || strings.ToValidUTF8(body, "") != body {
			t.Skip()
		}
		rows, rejected, err := read(t, table, strings.NewReader("a,b\n"+body))
		if err != nil {
			t.Fatal(err)
		}
		standard := csv.NewReader(strings.NewReader("a,b\n" + body))
		standard.FieldsPerRecord = 2
		var want []string
		bad := 0
		for first := true; ; first = false {
			record, err := standard.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				bad++
				continue
			}
			if !first {
				want = append(want, strings.Join(record, "|"))
			}
		}
		var got []string
		for _, row := range rows {
			_, values, _ := strings.Cut(row, ": ")
			got = append(got, strings.ReplaceAll(strings.ReplaceAll(values, "NULL", ""), "\r\n", "\n"))
		}
		for i := range want {
			want[i] = strings.ReplaceAll(strings.ReplaceAll(want[i], "NULL", ""), "\r\n", "\n")
		}
		if bad != len(rejected) || !slices.Equal(got, want) {
			t.Errorf("%q:\n got %q and %q\nwant %q and %d bad", body, got, rejected, want, bad)
		}
	})
}
