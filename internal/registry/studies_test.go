package registry_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/registry"
)

func TestPageSizeRules(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 1200})
	for query, want := range map[string]int{
		"":              10,
		"pageSize=0":    10,
		"pageSize=1":    1,
		"pageSize=1000": 1000,
		"pageSize=5000": 1000,
	} {
		if got := len(s.page(query).Studies); got != want {
			t.Errorf("page %q holds %d studies, want %d", query, got, want)
		}
	}
}

func TestPageSizeMayDifferPerPage(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 30})
	first := s.page("pageSize=7")
	second := s.page("pageSize=20&pageToken=" + *first.NextPageToken)
	third := s.page("pageSize=20&pageToken=" + *second.NextPageToken)
	got := []int{len(first.Studies), len(second.Studies), len(third.Studies)}
	if diff := cmp.Diff([]int{7, 20, 3}, got); diff != "" {
		t.Errorf("studies per page (-want +got):\n%s", diff)
	}
	if third.NextPageToken != nil {
		t.Errorf("the last page carries the token %q", *third.NextPageToken)
	}
}

func TestLastPageThatIsFullCarriesNoToken(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20})
	first := s.page("pageSize=10")
	if last := s.page("pageSize=10&pageToken=" + *first.NextPageToken); len(last.Studies) != 10 || last.NextPageToken != nil {
		t.Errorf("last page: %d studies, token %v", len(last.Studies), last.NextPageToken)
	}
}

func TestTotalCountIsOnTheFirstPageOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 25})
	first := s.page("countTotal=true")
	if first.TotalCount == nil || *first.TotalCount != 25 {
		t.Errorf("first page: total %v, want 25", first.TotalCount)
	}
	if second := s.page("countTotal=true&pageToken=" + *first.NextPageToken); second.TotalCount != nil {
		t.Errorf("second page: total %d, want none", *second.TotalCount)
	}
	if p := s.page(""); p.TotalCount != nil {
		t.Errorf("without countTotal: total %d, want none", *p.TotalCount)
	}
}

func TestBodyIsLaidOutAsTheRegistryDoes(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 25})
	_, body := s.get("/studies?countTotal=true&pageSize=3")
	shape := regexp.MustCompile(`^\{"totalCount":25,"studies":\[\{.*\},\n\{.*\},\n\{.*\}\],"nextPageToken":"[A-Za-z0-9_-]+"\}$`)
	if !shape.MatchString(body) {
		t.Errorf("body is laid out otherwise: %.80s … %s", body, body[len(body)-80:])
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 50})
	other := serve(t, registry.Options{Count: 50, Seed: 9})
	token := *s.page("pageSize=5").NextPageToken
	for name, query := range map[string]string{
		"garbage":             "pageToken=abracadabra",
		"empty":               "pageToken=",
		"of another query":    "sort=LastUpdatePostDate&pageToken=" + token,
		"of another registry": "pageToken=" + *other.page("pageSize=5").NextPageToken,
		"altered":             "pageToken=" + token[:len(token)-1] + "_",
	} {
		resp, body := s.get("/studies?pageSize=5&" + query)
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "`pageToken` has incorrect format") {
			t.Errorf("a token %s: status %d: %s", name, resp.StatusCode, body)
		}
	}
	if diff := cmp.Diff(s.page("pageToken="+token).Studies, s.page("pageToken="+token).Studies); diff != "" {
		t.Errorf("a token used twice gives two pages:\n%s", diff)
	}
}

func TestTokensOutliveARestart(t *testing.T) {
	t.Parallel()
	token := *serve(t, registry.Options{Count: 50}).page("").NextPageToken
	if got := len(serve(t, registry.Options{Count: 50}).page("pageToken=" + token).Studies); got != 10 {
		t.Errorf("the same registry, restarted, gives %d studies, want 10", got)
	}
}

func TestBadRequestsArePlainText(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 3})
	for path, want := range map[string]string{
		"/studies?pageSize=-1":                                     "Invalid value in parameter `pageSize`: `-1`",
		"/studies?pageSize=ten":                                    "Invalid value in parameter `pageSize`: `ten`",
		"/studies?pageSize=99999999999":                            "Invalid value in parameter `pageSize`: `99999999999`",
		"/studies?countTotal=1":                                    "Invalid value in parameter `countTotal`: `1`",
		"/studies?format=csv":                                      "Format `csv` is not served",
		"/studies?format=xml":                                      "Invalid value in parameter `format`: `xml`",
		"/studies?markupFormat=legacy":                             "`legacy` is not served",
		"/studies?pagesize=5":                                      "Unknown parameter `pagesize`",
		"/studies?query.cond=asthma":                               "`query.cond` is not served by the sample registry",
		"/studies?pageSize=1&pageSize=2":                           "`pageSize` must be specified only once",
		"/studies?fields=":                                         "`fields` has incorrect format",
		"/studies?fields=NCTId,Nonsense":                           "contains invalid field name: 'Nonsense'",
		"/studies?sort=NCTId,StartDate,EnrollmentCount":            "`sort` has incorrect format",
		"/studies?sort=StartDate:up":                               "`sort` has incorrect format",
		"/studies?sort=BriefTitle":                                 "contains invalid field name: 'BriefTitle'",
		"/studies?filter.ids=NCT00000000":                          "`filter.ids` has incorrect format",
		"/studies?filter.ids=4711":                                 "`filter.ids` has incorrect format",
		"/studies?filter.overallStatus=FOO":                        "Invalid value in parameter `overallStatus`: `FOO`",
		"/studies?filter.advanced=AREA%5BFoo%5DRANGE%5BMIN,MAX%5D": "Error parsing query in filter.advanced: Unknown area name: `Foo`",
		"/studies?query.term=asthma":                               "Error parsing query in query.term",
		"/studies?query.term=AREA%5BStartDate%5DRANGE%5Bx,MAX%5D":  "invalid date range",
		"/studies/NCT00000000":                                     "has incorrect format",
		"/studies/4711":                                            "has incorrect format",
		"/studies/NCT00000001?pageSize=1":                          "Unknown parameter `pageSize`",
	} {
		resp, body := s.get(path)
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s: status %d: %s\nwant 400: %s", path, resp.StatusCode, body, want)
		}
		if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
			t.Errorf("%s: content type %q, want text/plain", path, got)
		}
	}
}

// dates are a study's id and the date it was posted last.
func dates(t *testing.T, studies []study) (ids, posted []string) {
	t.Helper()
	for _, raw := range studies {
		var s struct {
			ProtocolSection struct {
				IdentificationModule struct{ NctID string }
				StatusModule         struct{ LastUpdatePostDateStruct struct{ Date string } }
			}
		}
		if err := json.Unmarshal([]byte(raw), &s); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.ProtocolSection.IdentificationModule.NctID)
		posted = append(posted, s.ProtocolSection.StatusModule.LastUpdatePostDateStruct.Date)
	}
	return ids, posted
}

func TestFilterByLastUpdate(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 900})
	_, all := dates(t, s.page("pageSize=1000&fields=NCTId,LastUpdatePostDate").Studies)
	for expression, within := range map[string]func(date string) bool{
		"AREA[LastUpdatePostDate]RANGE[2024-01-01,MAX]":        func(d string) bool { return d >= "2024-01-01" },
		"AREA[LastUpdatePostDate]RANGE[MIN, 2015-06-30]":       func(d string) bool { return d <= "2015-06-30" },
		"AREA[LastUpdatePostDate]RANGE[2020,2020]":             func(d string) bool { return d[:4] == "2020" },
		"AREA[LastUpdatePostDate]RANGE[2020-02,2020-03]":       func(d string) bool { return d >= "2020-02-01" && d <= "2020-03-31" },
		"AREA[LastUpdatePostDate]RANGE[MIN,MAX]":               func(string) bool { return true },
		"AREA[LastUpdatePostDate]RANGE[2031-01-01,2031-12-31]": func(string) bool { return false },
		"AREA[LastUpdatePostDate]" + all[0]:                    func(d string) bool { return d == all[0] },
	} {
		var want []string
		for _, date := range all {
			if within(date) {
				want = append(want, date)
			}
		}
		for _, parameter := range []string{"filter.advanced", "query.term"} {
			p := s.page("pageSize=1000&countTotal=true&fields=NCTId,LastUpdatePostDate&" + parameter + "=" + url.QueryEscape(expression))
			_, got := dates(t, p.Studies)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s=%s (-want +got):\n%s", parameter, expression, diff)
			}
			if *p.TotalCount != len(want) {
				t.Errorf("%s=%s: total %d, want %d", parameter, expression, *p.TotalCount, len(want))
			}
		}
	}
}

func TestFilteredPagesJoinUp(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 700})
	query := "fields=NCTId&filter.advanced=" + url.QueryEscape("AREA[LastUpdatePostDate]RANGE[2018-01-01,MAX]")
	whole := s.ids("pageSize=1000&" + query)
	if diff := cmp.Diff(whole, s.ids("pageSize=13&"+query)); diff != "" || len(whole) < 100 {
		t.Errorf("%d studies in one page, in pages of 13 (-one +many):\n%s", len(whole), diff)
	}
}

func TestFilterByIDsMatchesAliasesToo(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 900})
	id, alias := s.aliased()
	other := idOf(t, s.page("pageSize=1").Studies[0])
	got := s.ids("filter.ids=" + strings.ToLower(alias) + "," + other + "%7CNCT99999999," + other)
	if diff := cmp.Diff([]string{other, id}, got); diff != "" {
		t.Errorf("studies (-want +got):\n%s", diff)
	}
}

// aliased is a study that has an alias.
func (s *served) aliased() (id, alias string) {
	s.t.Helper()
	for _, raw := range s.page("pageSize=1000&fields=NCTId,NCTIdAlias").Studies {
		var named struct {
			ProtocolSection struct {
				IdentificationModule struct {
					NctID        string
					NctIDAliases []string
				}
			}
		}
		if err := json.Unmarshal([]byte(raw), &named); err != nil {
			s.t.Fatal(err)
		}
		if m := named.ProtocolSection.IdentificationModule; len(m.NctIDAliases) > 0 {
			return m.NctID, m.NctIDAliases[0]
		}
	}
	s.t.Fatal("no study has an alias")
	return "", ""
}

func TestSort(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 400})
	for order, sorted := range map[string]func(ids, posted []string) bool{
		"LastUpdatePostDate":      func(_, posted []string) bool { slices.Reverse(posted); return slices.IsSorted(posted) },
		"LastUpdatePostDate:desc": func(_, posted []string) bool { slices.Reverse(posted); return slices.IsSorted(posted) },
		"LastUpdatePostDate:asc":  func(_, posted []string) bool { return slices.IsSorted(posted) },
		"NCTId":                   func(ids, _ []string) bool { return slices.IsSorted(ids) },
		"@relevance,NCTId:desc":   func(ids, _ []string) bool { slices.Reverse(ids); return slices.IsSorted(ids) },
	} {
		ids, posted := dates(t, s.page("pageSize=1000&sort="+order).Studies)
		if len(ids) != 400 || !sorted(ids, posted) {
			t.Errorf("sort=%s: %d studies, not in that order", order, len(ids))
		}
		if diff := cmp.Diff(len(s.ids("pageSize=33&fields=NCTId&sort="+order)), 400); diff != "" {
			t.Errorf("sort=%s in pages of 33: %s", order, diff)
		}
	}
}

func TestStudiesThatMissTheSortFieldComeLast(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 600})
	for _, order := range []string{"EnrollmentCount:asc", "EnrollmentCount:desc"} {
		missing := false
		for i, raw := range s.page("pageSize=1000&fields=EnrollmentCount&sort=" + order).Studies {
			has := strings.Contains(string(raw), `"count"`)
			if has && missing {
				t.Fatalf("sort=%s: study %d has a count behind one that has none", order, i)
			}
			missing = missing || !has
		}
		if !missing {
			t.Errorf("sort=%s: every study has a count: nothing was tested", order)
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 1})
	id := s.ids("")[0]
	for fields, want := range map[string]string{
		"NCTId": `{"protocolSection":{"identificationModule":{"nctId":"` + id + `"}}}`,
		"protocolSection.identificationModule.nctId": `{"protocolSection":{"identificationModule":{"nctId":"` + id + `"}}}`,
		"identificationModule.nctId|MiscInfoModule":  `{"protocolSection":{"identificationModule":{"nctId":"` + id + `"}},"derivedSection":{"miscInfoModule":{"versionHolder":"2026-10-02"}}}`,
		"VersionHolder":     `{"derivedSection":{"miscInfoModule":{"versionHolder":"2026-10-02"}}}`,
		"AnnotationSection": `{}`,
	} {
		if got := string(s.page("fields=" + url.QueryEscape(fields)).Studies[0]); got != want {
			t.Errorf("fields=%s: got %s, want %s", fields, got, want)
		}
	}
}

func TestFieldsOfBranchesAndListsAreTheWholeStudysParts(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 40})
	whole := s.page("pageSize=40").Studies
	modules := s.page("pageSize=40&fields=ProtocolSection,DerivedSection,ResultsSection,HasResults").Studies
	if diff := cmp.Diff(whole, modules); diff != "" {
		t.Errorf("all sections are not the whole study (-whole +sections):\n%s", diff)
	}
	sites := 0
	for i, raw := range s.page("pageSize=40&fields=LocationCity,LocationGeoPoint").Studies {
		type located struct {
			ProtocolSection struct {
				ContactsLocationsModule struct {
					Locations []struct {
						City     string
						Facility string
						GeoPoint map[string]float64
					}
				}
			}
		}
		var got, want located
		if err := json.Unmarshal([]byte(raw), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(whole[i]), &want); err != nil {
			t.Fatal(err)
		}
		for j := range want.ProtocolSection.ContactsLocationsModule.Locations {
			want.ProtocolSection.ContactsLocationsModule.Locations[j].Facility = ""
			sites++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("study %d (-want +got):\n%s", i, diff)
		}
	}
	if sites == 0 {
		t.Error("no study has a site: nothing was tested")
	}
}

func TestSingleStudy(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 900})
	listed := s.page("pageSize=1").Studies[0]
	id := idOf(t, listed)
	short := "nct" + strings.TrimLeft(id[3:], "0")
	for _, name := range []string{id, short} {
		resp, body := s.get("/studies/" + name)
		if resp.StatusCode != http.StatusOK || body != string(listed) {
			t.Errorf("%s: status %d, not the study that is listed", name, resp.StatusCode)
		}
	}
	if resp, body := s.get("/studies/NCT98765432"); resp.StatusCode != http.StatusNotFound ||
		body != "NCT number NCT98765432 not found" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("unknown study: status %d: %s", resp.StatusCode, body)
	}
	own, alias := s.aliased()
	resp, _ := s.get("/studies/" + alias + "?fields=NCTId")
	if got, want := resp.Header.Get("Location"), "/api/v2/studies/"+own+"?fields=NCTId"; resp.StatusCode != http.StatusMovedPermanently || got != want {
		t.Errorf("alias: status %d to %q, want 301 to %q", resp.StatusCode, got, want)
	}
	if _, body := s.get("/studies/" + own + "?fields=NCTId"); body != `{"protocolSection":{"identificationModule":{"nctId":"`+own+`"}}}` {
		t.Errorf("one field of one study: %s", body)
	}
}

func TestVersionAndSizes(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 500})
	if _, body := s.get("/version"); body != `{"apiVersion":"2.0.5","dataTimestamp":"2026-10-02T09:00:04"}` {
		t.Errorf("version: %s", body)
	}
	_, body := s.get("/stats/size")
	var stats struct {
		TotalStudies, AverageSizeBytes int
		Percentiles                    map[string]int
		Ranges                         []struct{ StudiesCount int }
		LargestStudies                 []struct {
			ID        string
			SizeBytes int
		}
	}
	if err := json.Unmarshal([]byte(body), &stats); err != nil {
		t.Fatal(err)
	}
	if stats.TotalStudies != 500 || stats.AverageSizeBytes < 5_000 || len(stats.LargestStudies) != 10 || stats.Percentiles["50"] == 0 {
		t.Errorf("sizes: %s", body)
	}
	_, largest := s.get("/studies/" + stats.LargestStudies[0].ID)
	if len(largest) != stats.LargestStudies[0].SizeBytes {
		t.Errorf("largest study has %d bytes, said to be %d", len(largest), stats.LargestStudies[0].SizeBytes)
	}
}

func TestBothBasesAreServedAndNothingElse(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 5})
	_, under := s.get("/studies")
	s.url = strings.TrimSuffix(s.url, "/api/v2")
	if _, root := s.get("/studies"); root != under {
		t.Error("the two bases answer differently")
	}
	for _, path := range []string{"/", "/api/v2", "/studies/", "/studies/metadata/x", "/stats/field/values", "/api/v1/studies"} {
		if resp, _ := s.get(path); resp.StatusCode == http.StatusOK {
			t.Errorf("%s is answered with 200", path)
		}
	}
	resp, err := http.Post(s.url+"/studies", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", resp.StatusCode)
	}
}

func TestGzipWhenTheClientTakesIt(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20})
	fetch := func(encoding string) (string, []byte) {
		req, err := http.NewRequest(http.MethodGet, s.url+"/studies", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", encoding) // set by hand, so the client does not unpack
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Header.Get("Content-Encoding"), body
	}
	_, plain := fetch("identity")
	coding, packed := fetch("br, gzip")
	if coding != "gzip" || len(packed) > len(plain)/2 {
		t.Fatalf("coding %q, %d bytes of %d", coding, len(packed), len(plain))
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(unpacked); err != nil || !bytes.Equal(body, plain) {
		t.Errorf("unpacked body differs from the plain one (%v)", err)
	}
	if coding, body := fetch("gzip;q=0"); coding != "" || !bytes.Equal(body, plain) {
		t.Errorf("gzip refused by the client: coding %q", coding)
	}
}

func TestRequestsAreCountedAndLogged(t *testing.T) {
	t.Parallel()
	seen := make(chan registry.Access, 10)
	s := serve(t, registry.Options{Count: 20, Faults: faults(t, "429:retry-after=2@1"), Log: func(a registry.Access) { seen <- a }})
	s.get("/studies?pageSize=3")
	s.get("/version")
	got := fmt.Sprint((<-seen).Fault, " ", (<-seen).Status, " ", s.Requests(), " ", s.PageRequests())
	if want := "429:retry-after=2@1 200 2 1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func faults(t *testing.T, text string) []registry.Fault {
	t.Helper()
	parsed, err := registry.ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
