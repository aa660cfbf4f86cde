package registry_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/registry"
)

func TestParseFaults(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "403", "404@1", "408@2", "429@3", "429:retry-after=2@5x3", "429:every=10,retry-after=0", "500@2", "502@1", "503", "504@9x2",
		"hang@4", "hang:on=version@1", "cut@4", "html@2", "html:on=any", "repeat@3", "repeat-token@3", "empty-page@2", "stale-token@4", "rebuild@5",
		"rebuild:changed=3,removed=2,added=1,tokens=kept@5", "malformed@2", "malformed:kind=null@2", "malformed:kind=string-list",
		"429@1 500@2\tcut@3\nhtml@4",
	} {
		parsed, err := registry.ParseFaults(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		var got []string
		for _, f := range parsed {
			got = append(got, f.String())
		}
		if diff := cmp.Diff(strings.Fields(text), got); diff != "" && text != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestParseFaultsRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"418":                      `there is no fault "418"`,
		"teapot@3":                 `there is no fault "teapot"`,
		"500@":                     `"" is not a whole number`,
		"500@0":                    "counts from 1",
		"500@2x0":                  "counts from 1",
		"500@-1":                   "is not a whole number",
		"500@2xmany":               `"many" is not a whole number`,
		"500:":                     `500 has no option ""`,
		"500:every=2@3":            "exclude each other",
		"500:colour=red":           `500 has no option "colour"`,
		"403:retry-after=2":        `403 has no option "retry-after"`,
		"429:retry-after=soon":     `"soon" is not a whole number`,
		"500:on=moon":              `no endpoint "moon"`,
		"repeat:on=version":        "happens to pages of studies only",
		"malformed:kind=odd":       `no kind "odd"`,
		"rebuild:tokens=lost":      `tokens are stale or kept, not "lost"`,
		"rebuild:renamed=2":        `rebuild has no option "renamed"`,
		"500@2 nonsense":           `fault "nonsense"`,
		"99999999999999999999@1":   "there is no fault",
		"500@99999999999999999999": "is not a whole number",
	} {
		_, err := registry.ParseFaults(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
			continue
		}
		for _, kind := range []string{"\nhint: FAULT is KIND", "stale-token", "malformed", "rebuild", "429"} {
			if !strings.Contains(err.Error(), kind) {
				t.Errorf("%q: the hint does not name %q", text, kind)
			}
		}
	}
}

func FuzzParseFaults(f *testing.F) {
	for _, seed := range []string{"429@3", "429:retry-after=2@5x3", "rebuild:tokens=kept@2", "malformed:kind=null", "x@@:,=", "500:every=0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := registry.ParseFaults(text)
		if err != nil {
			return
		}
		var words []string
		for _, fault := range parsed {
			words = append(words, fault.String())
		}
		again, err := registry.ParseFaults(strings.Join(words, " "))
		if err != nil || len(again) != len(parsed) {
			t.Errorf("%q reads as %q, which does not read: %v", text, words, err)
		}
	})
}

// statuses asks for pages of five, n times, without following tokens.
func (s *served) statuses(n int) (got []int) {
	s.t.Helper()
	for range n {
		resp, _ := s.get("/studies?pageSize=5")
		got = append(got, resp.StatusCode)
	}
	return got
}

func TestStatusFaultsFollowTheirSchedule(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{
		"429@3":               {200, 200, 429, 200, 200},
		"500@2x3":             {200, 500, 500, 500, 200},
		"503":                 {503, 503, 503, 503, 503},
		"403:every=2":         {200, 403, 200, 403, 200},
		"502@1 504@2 408@4":   {502, 504, 200, 408, 200},
		"500@2 429@2":         {200, 500, 200, 200, 200},
		"404:on=version":      {200, 200, 200, 200, 200},
		"429:on=any@2":        {200, 429, 200, 200, 200},
		"429:retry-after=7@5": {200, 200, 200, 200, 429},
	} {
		s := serve(t, registry.Options{Count: 20, Faults: faults(t, text)})
		if diff := cmp.Diff(want, s.statuses(5)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestFaultsOfOtherEndpointsCountTheirOwnRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20, Faults: faults(t, "500:on=version@2")})
	s.statuses(3)
	first, _ := s.get("/version")
	second, _ := s.get("/version")
	if diff := cmp.Diff([]int{200, 500}, []int{first.StatusCode, second.StatusCode}); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
}

func TestRetryAfterAndBodiesOfErrors(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20, Faults: faults(t, "429@1 429:retry-after=2@2 503:retry-after=30@3 403@4")})
	type answer struct {
		Status     int
		RetryAfter string
		Type       string
		Names      bool // the body says what is wrong
	}
	var got []answer
	for range 4 {
		resp, body := s.get("/studies")
		kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
		got = append(got, answer{resp.StatusCode, resp.Header.Get("Retry-After"), kind, strings.Contains(body, http.StatusText(resp.StatusCode))})
	}
	want := []answer{{429, "", "text/plain", true}, {429, "2", "text/plain", true}, {503, "30", "text/html", true}, {403, "", "text/html", true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestHTMLWithStatus200(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20, Faults: faults(t, "html@1")})
	resp, body := s.get("/studies")
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(body, "<!DOCTYPE html>") || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Errorf("status %d, %s: %s", resp.StatusCode, resp.Header.Get("Content-Type"), body)
	}
}

func TestCutBodyBreaksOffInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, compressed := range []bool{true, false} {
		s := serve(t, registry.Options{Count: 20, Faults: faults(t, "cut@1")})
		client := &http.Client{Transport: &http.Transport{DisableCompression: !compressed}}
		resp, err := client.Get(s.url + "/studies")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(string(body), `{"studies":[{`) {
			t.Errorf("compressed %v: read %d bytes, error %v; want a beginning and an unexpected end", compressed, len(body), err)
		}
	}
}

func TestHangEndsWithTheClientsPatience(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20, Faults: faults(t, "hang@1")})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/studies", nil)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		failed <- err
	}()
	<-s.arrived
	if resp, _ := s.get("/version"); resp.StatusCode != http.StatusOK {
		t.Errorf("another request meanwhile: status %d", resp.StatusCode)
	}
	select {
	case err := <-failed:
		t.Errorf("the request ended by itself: %v", err)
	default:
	}
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the client's own", err)
	}
}

func TestCloseEndsAHang(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20, Faults: faults(t, "hang@1")})
	failed := make(chan error)
	go func() {
		resp, err := http.Get(s.url + "/studies")
		if err == nil {
			resp.Body.Close()
		}
		failed <- err
	}()
	<-s.arrived
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("a hanging request was answered")
	}
}

func TestRepeatedPageComesWithItsToken(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20, Faults: faults(t, "repeat@3")})
	first := s.page("pageSize=5")
	second := s.page("pageSize=5&pageToken=" + *first.NextPageToken)
	third := s.page("pageSize=5&pageToken=" + *second.NextPageToken)
	if diff := cmp.Diff(second, third); diff != "" {
		t.Errorf("the third page is not the second again (-second +third):\n%s", diff)
	}
	fourth := s.page("pageSize=5&pageToken=" + *third.NextPageToken)
	if cmp.Equal(third.Studies, fourth.Studies) {
		t.Error("asked again, the page is still the one before")
	}
}

func TestRepeatedToken(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20, Faults: faults(t, "repeat-token@2")})
	first := s.page("pageSize=5")
	second := s.page("pageSize=5&pageToken=" + *first.NextPageToken)
	if *second.NextPageToken != *first.NextPageToken || cmp.Equal(first.Studies, second.Studies) {
		t.Error("want other studies under the same token")
	}
}

func TestFaultsThatNeedATokenWaitForOne(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20, Faults: faults(t, "stale-token@1")})
	first := s.page("pageSize=5")
	resp, body := s.get("/studies?pageSize=5&pageToken=" + *first.NextPageToken)
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "pageToken") {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
	if resp, _ := s.get("/studies?pageSize=5&pageToken=" + *first.NextPageToken); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a stale token is good again: status %d", resp.StatusCode)
	}
	if got := len(s.ids("pageSize=5")); got != 20 {
		t.Errorf("a new pass finds %d studies, want 20", got)
	}
}

func TestEmptyPageGoesOn(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 20, Faults: faults(t, "empty-page@2")})
	first := s.page("pageSize=5")
	if empty := s.page("pageSize=5&pageToken=" + *first.NextPageToken); len(empty.Studies) != 0 || empty.NextPageToken == nil {
		t.Errorf("page of %d studies, token %v", len(empty.Studies), empty.NextPageToken)
	}
	s = serve(t, registry.Options{Count: 20, Faults: faults(t, "empty-page@2")})
	if got := len(s.ids("pageSize=5")); got != 20 {
		t.Errorf("%d studies in all, want 20", got)
	}
}

func TestMalformedStudyStandsInTheMiddleOfThePage(t *testing.T) {
	t.Parallel()
	clean := serve(t, registry.Options{Count: 9}).page("pageSize=9").Studies
	for kind, broken := range map[string]func(study string) bool{
		"no-id":       func(s string) bool { return !strings.Contains(s, `"nctId":`) && strings.Contains(s, `"statusModule"`) },
		"bad-id":      func(s string) bool { return strings.Contains(s, `"nctId":"N/A-4711"`) },
		"string-list": func(s string) bool { return strings.Contains(s, `"conditions":"Asthma"`) },
		"text-number": func(s string) bool { return strings.Contains(s, `"count":"about 120"`) },
		"null":        func(s string) bool { return s == "null" },
		"scalar":      func(s string) bool { return s == `"NCT00000000"` },
		"empty":       func(s string) bool { return s == "{}" },
	} {
		s := serve(t, registry.Options{Count: 9, Faults: faults(t, "malformed:kind="+kind+"@1")})
		got := s.page("pageSize=9").Studies
		if len(got) != 9 || !broken(string(got[4])) {
			t.Errorf("%s: the fifth of %d studies is %.200s", kind, len(got), got[4])
		}
		got[4] = clean[4]
		if diff := cmp.Diff(clean, got); diff != "" {
			t.Errorf("%s: other studies are damaged too:\n%s", kind, diff)
		}
		if again := s.page("pageSize=9").Studies; !cmp.Equal(clean, again) {
			t.Errorf("%s: the next answer is damaged too", kind)
		}
	}
}

func TestRebuildHalfWayMakesTokensStale(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 100, Faults: faults(t, "rebuild@2")})
	token := *s.page("pageSize=50").NextPageToken
	before := s.DataTimestamp()
	if resp, _ := s.get("/studies?pageSize=50&pageToken=" + token); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("token of the old build: status %d, want 400", resp.StatusCode)
	}
	if !s.DataTimestamp().After(before) {
		t.Errorf("data timestamp stayed %v", before)
	}
}

func TestRebuildThatKeepsTokensShowsInTheTimestampOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 100, Faults: faults(t, "rebuild:tokens=kept,changed=0,removed=7,added=2@2")})
	if got := len(s.ids("pageSize=50")); got == 100 {
		t.Errorf("%d studies: nothing changed half way", got)
	}
	if _, body := s.get("/version"); body != `{"apiVersion":"2.0.5","dataTimestamp":"2026-10-05T09:00:04"}` {
		t.Errorf("version: %s", body)
	}
	if got := s.Studies(); got != 95 {
		t.Errorf("%d studies, want 95", got)
	}
}
