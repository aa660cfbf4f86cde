package lake

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fastjson"
)

func hashOf(t testing.TB, study string) string {
	t.Helper()
	v, err := fastjson.Parse(study)
	if err != nil {
		t.Fatal(err)
	}
	var h hasher
	return h.study(v)
}

func TestContentHash(t *testing.T) {
	t.Parallel()
	const base = `{"protocolSection":{"conditionsModule":{"conditions":["A","B"]},` +
		`"eligibilityModule":{"stdAges":["CHILD","ADULT"]},"designModule":{"phases":["PHASE1","PHASE2"],"enrollmentInfo":{"count":10}}},` +
		`"derivedSection":{"miscInfoModule":{"versionHolder":"2026-10-02","removedCountries":["X","Y"]},` +
		`"conditionBrowseModule":{"meshes":[{"id":"1","term":"a"},{"id":"2","term":"b"}]}},"hasResults":false}`
	tests := []struct {
		name, from, to string
		same           bool
	}{
		{"data build", "2026-10-02", "2026-10-05", true},
		{"white space", `"stdAges":[`, "\"stdAges\" : [\n ", true},
		{"escapes", `"term":"a"`, `"t\u0065rm":"\u0061"`, true},
		{"order of members", `"id":"1","term":"a"`, `"term":"a","id":"1"`, true},
		{"order of a set of texts", `"CHILD","ADULT"`, `"ADULT","CHILD"`, true},
		{"order of a set of objects", `{"id":"1","term":"a"},{"id":"2","term":"b"}`, `{"id":"2","term":"b"},{"id":"1","term":"a"}`, true},
		{"order of conditions", `"A","B"`, `"B","A"`, false},
		{"order of phases", `"PHASE1","PHASE2"`, `"PHASE2","PHASE1"`, false},
		{"element of a set", `"ADULT"`, `"OLDER_ADULT"`, false},
		{"element twice", `"X","Y"`, `"X","Y","Y"`, false},
		{"split elsewhere", `"A","B"`, `"AB",""`, false},
		{"text for number", `"count":10`, `"count":"10"`, false},
		{"number", `"count":10`, `"count":11`, false},
		{"boolean", `"hasResults":false`, `"hasResults":true`, false},
		{"null", `"hasResults":false`, `"hasResults":null`, false},
		{"member gone", `,"hasResults":false`, ``, false},
		{"versionHolder elsewhere", `"count":10`, `"count":10,"versionHolder":"2026-10-02"`, false},
		{"empty list", `["A","B"]`, `[]`, false},
		{"object for list", `["A","B"]`, `{}`, false},
		{"other language", `"term":"a"`, `"term":"ä"`, false},
	}
	for _, test := range tests {
		if strings.Count(base, test.from) == 0 {
			t.Fatalf("%s: nothing to replace", test.name)
		}
		other := strings.Replace(base, test.from, test.to, 1)
		if got := hashOf(t, base) == hashOf(t, other); got != test.same {
			t.Errorf("%s: same hash %v, want %v", test.name, got, test.same)
		}
	}
	if got := hashOf(t, base); len(got) != 32 {
		t.Errorf("hash %q has not 32 digits", got)
	}
	// The hash stands in lakes on disk: a change of it changes every study.
	if got, want := hashOf(t, base), "18d758d3bee310e6d1ceb9c97bc06b14"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

// TestContentHashOfRealVersions takes studies of several data builds: those
// that differ in nothing but the build must have one hash, others must not.
func TestContentHashOfRealVersions(t *testing.T) {
	t.Parallel()
	type body struct {
		hash    string
		content any
	}
	versions := map[string][]body{}
	for _, line := range sharedStudies(t, "versions.ndjson.gz") {
		var doc map[string]any
		if err := json.Unmarshal(line, &doc); err != nil {
			t.Fatal(err)
		}
		misc, _ := doc["derivedSection"].(map[string]any)["miscInfoModule"].(map[string]any)
		delete(misc, "versionHolder")
		row := rowOf(new(fastjson.Parser), new(hasher), line)
		versions[row.NCTID] = append(versions[row.NCTID], body{row.ContentHash, doc})
	}
	same, different := 0, 0
	for id, bodies := range versions {
		for i, a := range bodies {
			for _, b := range bodies[:i] {
				equal := reflect.DeepEqual(a.content, b.content)
				switch {
				case equal && a.hash != b.hash:
					t.Errorf("%s: only the data build differs, and the hash sees it", id)
				case equal:
					same++
				case a.hash != b.hash:
					different++
				}
			}
		}
	}
	t.Logf("%d pairs of one hash, %d of two", same, different)
	if same == 0 || different == 0 {
		t.Errorf("%d pairs of one hash, %d of two: want some of each", same, different)
	}
}

func TestRecordsThatAreNoStudies(t *testing.T) {
	t.Parallel()
	const id = `{"protocolSection":{"identificationModule":{"nctId":%s}}}`
	tests := []struct{ record, problem string }{
		{`null`, "the record is not an object but null"},
		{`[1]`, "the record is not an object but array"},
		{`"NCT00000001"`, "the record is not an object but string"},
		{`{}`, "the record has no NCT id"},
		{fmt.Sprintf(id, `null`), "the NCT id null is not NCT and eight digits"},
		{fmt.Sprintf(id, `7`), "the NCT id 7 is not NCT and eight digits"},
		{fmt.Sprintf(id, `"N/A-4711"`), `the NCT id "N/A-4711" is not NCT and eight digits`},
		{fmt.Sprintf(id, `"NCT0000001"`), `the NCT id "NCT0000001" is not NCT and eight digits`},
		{fmt.Sprintf(id, `"NCT000000O1"`), `the NCT id "NCT000000O1" is not NCT and eight digits`},
		{fmt.Sprintf(id, `"nct00000001"`), `the NCT id "nct00000001" is not NCT and eight digits`},
		{fmt.Sprintf(id, `"NCT00000001"`), ""},
	}
	for _, test := range tests {
		row := rowOf(new(fastjson.Parser), new(hasher), json.RawMessage(test.record))
		if row.Problem != test.problem || (row.NCTID == "") != (test.problem != "") || string(row.Study) != test.record {
			t.Errorf("%s: got id %q, problem %q, study %s; want problem %q", test.record, row.NCTID, row.Problem, row.Study, test.problem)
		}
	}
	broken := rowOf(new(fastjson.Parser), new(hasher), []byte("{\"a\":\"\xff\"}"))
	if broken.Problem != "the record is not valid UTF-8" || string(broken.Study) != "{\"a\":\"\uFFFD\"}" {
		t.Errorf("broken UTF-8: got %q, %s", broken.Problem, broken.Study)
	}
	// A NUL is legal JSON and stays; it is for those who write it elsewhere.
	nul := fmt.Sprintf(id, `"NCT00000001","title":"a\u0000b"`)
	if row := rowOf(new(fastjson.Parser), new(hasher), json.RawMessage(nul)); row.Problem != "" || string(row.Study) != nul {
		t.Errorf("NUL: got %q, %s", row.Problem, row.Study)
	}
}

func TestIDSet(t *testing.T) {
	t.Parallel()
	var s idSet
	want := map[uint32]bool{}
	for _, id := range []uint32{0, 63, 64, 99_999, 100_000, 4_711, 99_999_999, 63, 0, 12_345_678} {
		if got := s.add(id); got == want[id] {
			t.Errorf("add(%d) says new: %v", id, got)
		}
		want[id] = true
	}
	for _, id := range []uint32{1, 62, 65, 100_001, 99_999_998, 55_555_555} {
		if s.has(id) {
			t.Errorf("has %d", id)
		}
	}
	if s.len != len(want) {
		t.Errorf("len %d, want %d", s.len, len(want))
	}
}

// A set that searched a list for each of its ids would take hours for these.
func TestIDsAreFoundInConstantTime(t *testing.T) {
	t.Parallel()
	const ids = 2_000_000
	var s idSet
	start := time.Now()
	for id := range uint32(ids) {
		s.add(id * 49)
		s.add(id * 49)
	}
	if took := time.Since(start); s.len != ids || took > 20*time.Second {
		t.Errorf("%d ids, added twice each, made %d in %s", ids, s.len, took)
	}
}
