package pipeline_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/flatten"
	"apotheca/internal/pipeline"
)

// aStudy is small and valid; the numbers of NCT ids are put in by studyWith.
const aStudy = `{"protocolSection": {
	"identificationModule": {"nctId": "NCT00000000", "orgStudyIdInfo": {"id": "O-1"}, "briefTitle": "A \"title\" é😀"},
	"statusModule": {"overallStatus": "RECRUITING", "startDateStruct": {"date": "2024-01"}, "expandedAccessInfo": {"hasExpandedAccess": false}},
	"sponsorCollaboratorsModule": {"leadSponsor": {"name": "Lead"}, "collaborators": [{"name": "C1", "class": "NIH"}, {"name": "C2"}]},
	"conditionsModule": {"conditions": ["Flu", "Cold"]},
	"designModule": {"phases": ["PHASE1", "PHASE2"], "enrollmentInfo": {"count": 12}},
	"armsInterventionsModule": {"interventions": [{"type": "DRUG", "name": "Aspirin"}]},
	"contactsLocationsModule": {"locations": [{"facility": "F", "city": "Basel", "geoPoint": {"lat": 0.0, "lon": -7}}, {"city": "Bern"}]}},
	"hasResults": false}`

func studyWith(number int, old, replacement string) string {
	study := strings.Replace(aStudy, old, replacement, 1)
	if study == aStudy && old != replacement {
		panic("the study has no " + old)
	}
	return strings.Replace(study, "NCT00000000", fmt.Sprintf("NCT%08d", number), 1)
}

func TestLoadStagingQuarantine(t *testing.T) {
	t.Parallel()
	tests := []struct{ old, replacement, want string }{
		{`"Lead"`, `5`, "protocolSection.sponsorCollaboratorsModule.leadSponsor.name: wants text, found a number"},
		{`"Lead"`, `["x"]`, "protocolSection.sponsorCollaboratorsModule.leadSponsor.name: wants text, found a list"},
		{`{"name": "Lead"}`, `"Lead"`, "protocolSection.sponsorCollaboratorsModule.leadSponsor: wants an object, found a string"},
		{`{"name": "Lead"}`, `[]`, "protocolSection.sponsorCollaboratorsModule.leadSponsor: wants an object, found a list"},
		{`{"name": "C2"}`, `null`, "protocolSection.sponsorCollaboratorsModule.collaborators[1]: wants an object, found null"},
		{`{"name": "C2"}`, `"C2"`, "protocolSection.sponsorCollaboratorsModule.collaborators[1]: wants an object, found a string"},
		{`{"name": "C2"}`, `[]`, "protocolSection.sponsorCollaboratorsModule.collaborators[1]: wants an object, found a list"},
		{`["Flu", "Cold"]`, `"Flu"`, "protocolSection.conditionsModule.conditions: wants a list, found a string"},
		{`["Flu", "Cold"]`, `{}`, "protocolSection.conditionsModule.conditions: wants a list, found an object"},
		{`"Cold"`, `null`, "protocolSection.conditionsModule.conditions[1]: wants text, found null"},
		{`"Cold"`, `{}`, "protocolSection.conditionsModule.conditions[1]: wants text, found an object"},
		{`"Cold"`, `true`, "protocolSection.conditionsModule.conditions[1]: wants text, found a boolean"},
		{`"PHASE2"`, `null`, "protocolSection.designModule.phases[1]: wants text, found null"},
		{`"PHASE1"`, `1.5`, "protocolSection.designModule.phases[0]: wants text, found a floating-point number"},
		{`"count": 12`, `"count": "12"`, "protocolSection.designModule.enrollmentInfo.count: wants a 64-bit integer, found a string"},
		{`"count": 12`, `"count": 12.5`, "protocolSection.designModule.enrollmentInfo.count: wants a 64-bit integer, found a floating-point number"},
		{`"count": 12`, `"count": 9223372036854775808`, "protocolSection.designModule.enrollmentInfo.count: wants a 64-bit integer, found a larger number"},
		{`"count": 12`, `"count": 123456789012345678901234567890`, "protocolSection.designModule.enrollmentInfo.count: wants a 64-bit integer, found a floating-point number"},
		{`"hasResults": false`, `"hasResults": "false"`, "hasResults: wants true or false, found a string"},
		{`"hasResults": false`, `"hasResults": 0`, "hasResults: wants true or false, found a number"},
		{`"lat": 0.0`, `"lat": "0.0"`, "protocolSection.contactsLocationsModule.locations[0].geoPoint.lat: wants a number, found a string"},
		{`"lat": 0.0`, `"lat": 1e999`, "protocolSection.contactsLocationsModule.locations[0].geoPoint.lat: wants a finite number, found one out of range"},
		{`{"lat": 0.0, "lon": -7}`, `3`, "protocolSection.contactsLocationsModule.locations[0].geoPoint: wants an object, found a number"},
		{`"Bern"`, `false`, "protocolSection.contactsLocationsModule.locations[1].city: wants text, found a boolean"},
		{`"Bern"`, `"Be\u0000rn"`, "protocolSection.contactsLocationsModule.locations[1].city: wants text, found a NUL character in it"},
		{`"O-1"`, `"O\u00001"`, "protocolSection.identificationModule.orgStudyIdInfo.id: wants text, found a NUL character in it"},
		{`"PHASE1"`, `"\u0000"`, "protocolSection.designModule.phases: wants text, found a NUL character in it"},
		{`{"id": "O-1"}`, `[1]`, "protocolSection.identificationModule.orgStudyIdInfo: wants an object, found a list"},
		{`"nctId": "NCT00000000", `, ``, "protocolSection.identificationModule.nctId: is required, and absent"},
		{`"NCT00000000"`, `"NCT123"`, "protocolSection.identificationModule.nctId: wants text like ^NCT[0-9]{8}$, found NCT123"},
		{`"NCT00000000"`, `"NCT99999999"`, "protocolSection.identificationModule.nctId: is not the identity that the lake has"},
		{`"hasResults": false}`, `"hasResults": `, "the study: wants JSON, found text that does not parse"},
		{`"O-1"`, `"\ud800"`, "the study: wants JSON, found text that does not parse"},
		{aStudy, `[]`, "the record: wants an object, found a list"},
		{aStudy, `"x"`, "the record: wants an object, found a string"},
	}
	records := []lakeRecord{
		{page: 1, position: 1, nctID: "NCT00000001", study: studyWith(1, "", "")},
		{page: 1, position: 2, problem: "the record has no NCT id", study: `{}`},
	}
	for i, tt := range tests {
		number := i + 10
		records = append(records, lakeRecord{
			page: 2, position: i, nctID: fmt.Sprintf("NCT%08d", number), study: studyWith(number, tt.old, tt.replacement),
		})
	}
	w := openMemory(t)
	loaded := loadRecords(t, w, records)
	if got, want := loaded.Quarantined, int64(len(tests)+1); got != want || loaded.Loaded != 1 {
		t.Errorf("quarantined %d and loaded %d, want %d and 1", got, loaded.Loaded, want)
	}
	rows := query(t, w, "select extract_id, page, position, nct_id, reason, record from staging.quarantine order by page, position")
	if diff := cmp.Diff([]any{"extract-1", int64(1), int64(2), nil, "the record has no NCT id", "{}"}, rows[0]); diff != "" {
		t.Errorf("a problem of the lake (-want +got):\n%s", diff)
	}
	for i, row := range rows[1:] {
		tt, record := tests[i], records[i+2]
		if diff := cmp.Diff([]any{"extract-1", int64(2), int64(i), record.nctID, tt.want, record.study}, row); diff != "" {
			t.Errorf("%s instead of %s (-want +got):\n%s", tt.replacement, tt.old, diff)
		}
	}
	compareWithOracle(t, w, records[:1])
}

// What holds nothing is no fault: these studies load.
func TestLoadStagingAbsent(t *testing.T) {
	t.Parallel()
	tests := []struct{ old, replacement string }{
		{`{"name": "Lead"}`, `{}`},
		{`{"name": "Lead"}`, `null`},
		{`{"name": "C1", "class": "NIH"}`, `{}`},
		{`["Flu", "Cold"]`, `[]`},
		{`["Flu", "Cold"]`, `null`},
		{`"PHASE1", "PHASE2"`, ``},
		{`{"lat": 0.0, "lon": -7}`, `{}`},
		{`{"lat": 0.0, "lon": -7}`, `null`},
		{`{"id": "O-1"}`, `{}`},
		{`"O-1"`, `null`},
		{`"O-1"`, `""`},
		{`"O-1"`, `"{}"`},
		{`"O-1"`, `"\\u0000"`},
		{`"count": 12`, `"count": 9223372036854775807`},
		{`"count": 12`, `"count": -9223372036854775808`},
		{`"lat": 0.0`, `"lat": 12345678901234567890`},
		{`"hasResults": false`, `"unknown": {"a": [null, "\u0000", 1e999]}`},
		{`"armsInterventionsModule": {"interventions": [{"type": "DRUG", "name": "Aspirin"}]}`, `"armsInterventionsModule": {}`},
	}
	var records []lakeRecord
	for i, tt := range tests {
		records = append(records, lakeRecord{
			page: 1, position: i, nctID: fmt.Sprintf("NCT%08d", i), study: studyWith(i, tt.old, tt.replacement),
		})
	}
	w := openMemory(t)
	loadRecords(t, w, records)
	for _, row := range query(t, w, "select position, reason from staging.quarantine order by position") {
		t.Errorf("%s was quarantined: %v", tests[row[0].(int64)].replacement, row[1])
	}
	if !t.Failed() {
		compareWithOracle(t, w, records)
	}
}

// A study in which one place at random holds something else never ends the
// load: it loads as the oracle says, or it is quarantined and leaves nothing.
func TestLoadStagingMutations(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	studies := realStudies(t)
	var records []lakeRecord
	for i := range 1500 {
		var body any
		decoder := json.NewDecoder(strings.NewReader(studies[random.IntN(len(studies))]))
		decoder.UseNumber()
		if err := decoder.Decode(&body); err != nil {
			t.Fatal(err)
		}
		// Only what the mapping reads, so that most mutations meet it.
		protocol := body.(map[string]any)["protocolSection"].(map[string]any)
		for _, module := range []string{"outcomesModule", "referencesModule", "contactsLocationsModule"} {
			if module != "contactsLocationsModule" || random.IntN(2) == 0 {
				delete(protocol, module)
			}
		}
		delete(body.(map[string]any), "resultsSection")
		delete(body.(map[string]any), "derivedSection")
		id := fmt.Sprintf("NCT%08d", i)
		at(protocol, "identificationModule").(map[string]any)["nctId"] = id
		body = mutate(random, body)
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, lakeRecord{nctID: id, page: 1 + i/1000, position: i % 1000, study: string(text)})
	}
	w := openMemory(t)
	loaded := loadRecords(t, w, records)
	if loaded.Loaded < 100 || loaded.Quarantined < 100 {
		t.Errorf("loaded %d and quarantined %d: the mutations prove nothing", loaded.Loaded, loaded.Quarantined)
	}
	rejected := map[any]bool{}
	for _, row := range query(t, w, "select nct_id from staging.quarantine") {
		rejected[row[0]] = true
	}
	var kept []lakeRecord
	for _, r := range records {
		valid := validStudy(r)
		if valid == rejected[r.nctID] {
			t.Errorf("%s: quarantined %v, valid %v: %.3000s", r.nctID, rejected[r.nctID], valid, r.study)
		}
		if valid {
			kept = append(kept, r)
		}
	}
	compareWithOracle(t, w, kept)
}

// mutate replaces or drops one node, each with the same chance to be met at
// its level.
func mutate(random *rand.Rand, v any) any {
	if random.IntN(8) > 0 {
		switch node := v.(type) {
		case map[string]any:
			if len(node) > 0 {
				keys := make([]string, 0, len(node))
				for key := range node {
					keys = append(keys, key)
				}
				slices.Sort(keys)
				key := keys[random.IntN(len(keys))]
				if random.IntN(16) == 0 {
					delete(node, key)
				} else {
					node[key] = mutate(random, node[key])
				}
				return node
			}
		case []any:
			if len(node) > 0 {
				i := random.IntN(len(node))
				node[i] = mutate(random, node[i])
				return node
			}
		}
	}
	others := []any{
		nil, true, json.Number("7"), json.Number("-1.5"), json.Number("1e400"), json.Number("18446744073709551616"),
		"text", "", "a\x00b", "{}", []any{}, []any{nil}, []any{"a"}, map[string]any{}, map[string]any{"name": "x"},
	}
	return others[random.IntN(len(others))]
}

// A load that fails when half of the tables are replaced leaves those of the
// last load.
func TestLoadStagingFailsHalfWay(t *testing.T) {
	t.Parallel()
	w := openMemory(t)
	first := []lakeRecord{{page: 1, position: 1, nctID: "NCT00000001", study: studyWith(1, "", "")}}
	loadRecords(t, w, first)

	// The same study twice passes every table and fails the last check.
	second := []lakeRecord{
		{page: 1, position: 1, nctID: "NCT00000002", study: studyWith(2, "", "")},
		{page: 1, position: 2, nctID: "NCT00000002", study: studyWith(2, "", "")},
	}
	o := pipeline.StagingLoad{Warehouse: w, Spec: spec(t), Lake: writeLake(t, w, second), Content: pipeline.Content{ExtractID: "extract-2"}}
	_, err := pipeline.LoadStaging(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "check studies: 2 rows, but only 1 different values of nct_id") {
		t.Errorf("load of a repeated study: %v, want an error that says so", err)
	}
	compareWithOracle(t, w, first)

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pipeline.LoadStaging(cancelled, o); err == nil {
		t.Error("a cancelled load succeeded")
	}
	compareWithOracle(t, w, first)
	loadRecords(t, w, second[:1])
	compareWithOracle(t, w, second[:1])
}

func TestLoadStagingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	w := openMemory(t)
	records := []lakeRecord{
		{page: 1, position: 1, nctID: "NCT00000001", study: studyWith(1, "", "")},
		{page: 1, position: 2, nctID: "NCT00000002", study: studyWith(2, `"Lead"`, "5")},
	}
	for range 2 {
		loaded := loadRecords(t, w, records)
		got := map[string]int64{}
		for _, table := range loaded.Tables {
			got[table.Name] = table.Rows
		}
		want := map[string]int64{
			"studies": 1, "study_sponsors": 3, "study_conditions": 2, "study_interventions": 1, "study_sites": 2, "quarantine": 1,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
	}
	if left := query(t, w, "select table_name from duckdb_tables() where temporary"); len(left) > 0 {
		t.Errorf("the load left temporary tables: %v", left)
	}
}

// The mapping of package flatten's tests has every construct once.
func TestLoadStagingEveryFeature(t *testing.T) {
	t.Parallel()
	const valid = `{"id": "A'1", "reason": "cough", "vitals": {"pulse": 70, "weight": 80}, "first": true, "codes": ["a", "b"],
		"doctor": {"name": {"full": "D"}}, "nurses": [{"name": {"full": "N1"}, "languages": ["de", "fr"]}, {}, {"name": {"full": "N2"}}],
		"team": {"others": [{"name": {"full": "O"}}]}, "notes": ["n1", "n2"], "marks": [1, 2.5]}`
	tests := []struct{ old, replacement, want string }{
		{`"cough"`, `null`, "reason: is required, and absent"},
		{`"pulse": 70, `, ``, "vitals.pulse: is required, and absent"},
		{`{"full": "N2"}`, `{}`, "nurses[2].name.full: is required, and absent"},
		{`"full": "O"`, `"full": " O"`, `team.others[0].name.full: wants text like ^\S, found  O`},
		{`"full": "D"`, `"full": ""`, `doctor.name.full: wants text like ^\S, found `},
		{`["de", "fr"]`, `["de", 1]`, "nurses[0].languages[1]: wants text, found a number"},
		{`"n2"`, `null`, "notes[1]: wants text, found null"},
		{`2.5`, `"2.5"`, "marks[1]: wants a number, found a string"},
		{`[1, 2.5]`, `[1, {}]`, "marks[1]: wants a number, found an object"},
		{`"A'1"`, `"B1"`, "id: wants text like ^[A-Z]'[0-9]+$, found B1"},
	}
	records := []lakeRecord{{nctID: "A'1", page: 1, position: 0, study: valid}}
	for i, tt := range tests {
		records = append(records, lakeRecord{nctID: "A'1", page: 1, position: i + 1, study: strings.Replace(valid, tt.old, tt.replacement, 1)})
	}
	text, err := os.ReadFile(filepath.Join(repository(t), "internal/flatten/testdata/every_feature.yml"))
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := flatten.ParseSpec("every_feature.yml", text)
	if err != nil {
		t.Fatal(err)
	}
	w := openMemory(t)
	if _, err := pipeline.LoadStaging(t.Context(), pipeline.StagingLoad{
		Warehouse: w, Spec: mapping, Lake: writeLake(t, w, records), Content: pipeline.Content{ExtractID: "extract-1"},
	}); err != nil {
		t.Fatal(err)
	}
	for i, row := range query(t, w, "select reason from staging.quarantine order by position") {
		if got, want := row[0], tests[i].want; got != want {
			t.Errorf("%s instead of %s: %v, want %s", tests[i].replacement, tests[i].old, got, want)
		}
	}
	tables := map[string][][]any{
		"visits": {{"A'1", "cough", 80.0, int64(70), true, "a, b", int64(1), time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}},
		"people": {
			{"A'1", int64(1), "doctor's", "first", "D", nil},
			{"A'1", int64(2), "nurse", "second", "N1", "de|fr"},
			{"A'1", int64(3), "nurse", "second", "N2", nil},
			{"A'1", int64(4), "other", "third", "O", nil},
		},
		"notes": {{"A'1", int64(1), "n1"}, {"A'1", int64(2), "n2"}},
		"marks": {{"A'1", int64(1), 1.0}, {"A'1", int64(2), 2.5}},
	}
	for table, want := range tables {
		if diff := cmp.Diff(want, query(t, w, "select * from staging."+table+" order by all")); diff != "" {
			t.Errorf("rows of %s (-want +got):\n%s", table, diff)
		}
	}
}
