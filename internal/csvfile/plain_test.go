package csvfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzPlain holds the quick way to read numbers and times to the careful one,
// which reads what stands between quotes.
func FuzzPlain(f *testing.F) {
	for _, seed := range [][2]string{
		{"1", "2024-02-29T01:00:00.000+0100"}, {"12345678", "2023-12-31T23:59:59.999-0330"}, {"-123456789", "2023-02-29T00:00:00.000+0000"},
		{"999999999999999999", "1900-02-28T24:00:00.000+0000"}, {"9223372036854775807", "0001-01-01T00:60:00.000+0000"},
		{"00000000", "9999-12-31T23:59:60.000+1800"}, {"1234567890123456789012", "2024-13-01T00:00:00.000+1801"},
		{"", ""}, {"-", "2024-00-10T00:00:00.000 0100"}, {"+7", "2024-01-00T00:00:00.00a+0100"}, {"1 ", "2000-02-29 01:00:00.5Z"},
		{"12345678x", "2024-01-01T00:00:00.000+01:00"}, {"\x80\xff12", "2024-01-01T00:00:00.000\xab0100"}, {":", "2024-01-01T00:00:00.000+0160"},
		{"1/", "2024-01-01T00:0::00.000+0100"}, {"12345678901", "2024-1--01T00:00:00.000+0100"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, number, time string) {
		if strings.ContainsAny(number+time, "\",\r\n") {
			t.Skip()
		}
		const header = "id,external_id,steps,submission_time\n"
		plain := header + number + ",1," + number + "," + time + "\n"
		quoted := header + `"` + number + `",1,"` + number + `","` + time + `"` + "\n"
		rows, rejected, err := read(t, steps, strings.NewReader(plain))
		if err != nil {
			t.Fatal(err)
		}
		wantRows, wantRejected, err := read(t, steps, strings.NewReader(quoted))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([2][]string{wantRows, wantRejected}, [2][]string{rows, rejected}); diff != "" {
			t.Errorf("%q %q (-careful +plain):\n%s", number, time, diff)
		}
	})
}

// Any byte in the place of any other: the quick way takes nothing for a digit
// that is none.
func TestPlainEveryByte(t *testing.T) {
	t.Parallel()
	var plain, quoted strings.Builder
	for _, file := range []*strings.Builder{&plain, &quoted} {
		file.WriteString("id,external_id,steps,submission_time\n")
	}
	for _, row := range [][2]string{{"1234", "2024-02-29T01:23:45.678+0130"}, {"-12345678", "1999-12-31T23:59:59.999-1800"}} {
		for field, text := range row {
			for i := range text {
				for b := range 256 {
					fields := row
					fields[field] = text[:i] + string([]byte{byte(b)}) + text[i+1:]
					if strings.ContainsAny(fields[field], "\",\r\n") {
						continue
					}
					plain.WriteString(fields[0] + ",1,1," + fields[1] + "\n")
					quoted.WriteString(`"` + fields[0] + `",1,1,"` + fields[1] + "\"\n")
				}
			}
		}
	}
	rows, rejected, err := read(t, steps, strings.NewReader(plain.String()))
	if err != nil {
		t.Fatal(err)
	}
	wantRows, wantRejected, err := read(t, steps, strings.NewReader(quoted.String()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([2][]string{wantRows, wantRejected}, [2][]string{rows, rejected}); diff != "" {
		t.Errorf("(-careful +plain):\n%s", diff)
	}
	if len(rows) < 400 || len(rejected) < 10_000 {
		t.Errorf("%d rows and %d rejected, want many of both", len(rows), len(rejected))
	}
}
