package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func client(t *testing.T, o CTGovOptions, handler http.HandlerFunc) *CTGov {
	t.Helper()
	if handler != nil {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		o.BaseURL = server.URL + "/api/v2/"
	}
	c, err := NewCTGov(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPageAsksAsTheRegistryDemands(t *testing.T) {
	t.Parallel()
	var asked []string
	c := client(t, CTGovOptions{
		UserAgent: "apotheca/1.2", PageSize: 7,
		Query: url.Values{"filter.advanced": {"AREA[LastUpdatePostDate]RANGE[2024-01-01,MAX]"}},
	}, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+" "+r.URL.RawQuery)
		if got := r.UserAgent(); got != "apotheca/1.2" {
			t.Errorf("User-Agent %q", got)
		}
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("gzip was not asked for")
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, `{"totalCount":3,"studies":[ {"a" : 1} ,null],"nextPageToken":"a+b/c=&d"}`)
		z.Close()
	})
	page, err := c.Page(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%q %s %d", page.Records, page.Next, page.Total)
	if want := `["{\"a\" : 1}" "null"] a+b/c=&d 3`; got != want {
		t.Errorf("got page %s, want %s", got, want)
	}
	if _, err := c.Page(t.Context(), page.Next); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/api/v2/studies countTotal=true&filter.advanced=AREA%5BLastUpdatePostDate%5DRANGE%5B2024-01-01%2CMAX%5D&pageSize=7",
		"/api/v2/studies filter.advanced=AREA%5BLastUpdatePostDate%5DRANGE%5B2024-01-01%2CMAX%5D&pageSize=7&pageToken=a%2Bb%2Fc%3D%26d",
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error("asked (-want +got):\n" + diff)
	}
}

func TestAnswerOfTheWrongShape(t *testing.T) {
	t.Parallel()
	tests := []struct{ body, want string }{
		{``, "the answer is empty or cut off"},
		{`<!DOCTYPE html><html>`, "the answer is a web page, not the registry's JSON"},
		{`[]`, "the answer is not a JSON object"},
		{`{"totalCount":1}`, "the answer has no studies"},
		{`{"totalCount":1,"studies":null}`, "studies is not a list"},
		{`{"totalCount":1,"studies":{}}`, "studies is not a list"},
		{`{"totalCount":1,"studies":[{"a":1},{"b"`, "the answer is cut off"},
		{`{"totalCount":1,"studies":[{"a":1}]`, "the answer is cut off"},
		{`{"totalCount":1,"studies":[{a:1}]}`, "the answer is not the JSON that was promised: invalid character 'a' looking for beginning of object key string"},
		{`{"totalCount":1,"studies":[],"studies":[]}`, "studies occurs twice"},
		{`{"totalCount":1,"studies":[]} {}`, "something follows the JSON of the answer"},
		{`{"totalCount":"1","studies":[]}`, "the answer is not the JSON that was promised: json: cannot unmarshal string into Go value of type int"},
		{`{"totalCount":-1,"studies":[]}`, "totalCount is -1"},
		{`{"totalCount":1,"studies":[],"nextPageToken":7}`, "the answer is not the JSON that was promised: json: cannot unmarshal number into Go value of type string"},
		{`{"studies":[]}`, "the first page carries no totalCount, though it was asked for"},
	}
	for _, test := range tests {
		c := client(t, CTGovOptions{}, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, test.body) })
		_, err := c.Page(t.Context(), "")
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindMalformed || e.Cause != test.want {
			t.Errorf("%s: got %v, want %s", test.body, err, test.want)
		}
	}
}

func TestEndOfPages(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"studies":[{}],"totalCount":1}`,
		`{"nextPageToken":"","studies":[{}],"totalCount":1}`,
		`{"nextPageToken":null,"studies":[{}],"totalCount":1,"more":{"to":["ignore"]}}`,
	} {
		page, err := parsePage(strings.NewReader(body))
		if err != nil || page.Next != "" || page.Total != 1 || len(page.Records) != 1 {
			t.Errorf("%s: got %+v, %v", body, page, err)
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status    int
		cursor    string
		kind      Kind
		retryable bool
		hint      string
	}{
		{400, "", KindRejected, false, ""},
		{400, "token", KindStaleToken, false, ""},
		{403, "", KindForbidden, false, "--user-agent"},
		{404, "", KindRejected, false, ""},
		{408, "", KindServer, true, ""},
		{429, "", KindThrottled, true, ""},
		{500, "", KindServer, true, ""},
		{503, "token", KindServer, true, ""},
		{301, "", KindRejected, false, "--base-url"},
	}
	for _, test := range tests {
		requests := 0
		c := client(t, CTGovOptions{}, func(w http.ResponseWriter, r *http.Request) {
			requests++
			w.Header().Set("Location", "/elsewhere")
			w.Header().Set("Retry-After", "12")
			w.WriteHeader(test.status)
			fmt.Fprint(w, "what the\n registry says")
		})
		_, err := c.Page(t.Context(), test.cursor)
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%d: got %v", test.status, err)
		}
		if e.Kind != test.kind || e.Status != test.status || e.Retryable() != test.retryable ||
			!strings.Contains(e.Cause, "what the registry says") || !strings.Contains(e.Hint, test.hint) {
			t.Errorf("%d: got %+v", test.status, *e)
		}
		if want := e.Kind == KindServer || e.Kind == KindThrottled; (e.RetryAfter == 12*time.Second) != want {
			t.Errorf("%d: Retry-After read as %s", test.status, e.RetryAfter)
		}
		if requests != 1 {
			t.Errorf("%d: one call made %d requests", test.status, requests)
		}
		if test.status == 403 {
			for _, settable := range []string{"--user-agent", "--proxy", "--base-url"} {
				if !strings.Contains(e.Hint, settable) {
					t.Errorf("403 does not name %s: %s", settable, e.Hint)
				}
			}
		}
	}
}

func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	hijack := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(conn, answer)
			conn.Close()
		}
	}
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	silent := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if answer != "" {
				io.WriteString(w, answer)
				w.(http.Flusher).Flush()
			}
			select {
			case <-r.Context().Done():
			case <-done:
			}
		}
	}
	tests := []struct {
		name    string
		options CTGovOptions
		handler http.HandlerFunc
		want    Kind
	}{
		{"refused", CTGovOptions{BaseURL: closed.URL}, nil, KindUnreachable},
		{"no such host", CTGovOptions{BaseURL: "http://nowhere.invalid"}, nil, KindUnreachable},
		{"closed before the answer", CTGovOptions{}, hijack(""), KindInterrupted},
		{"closed in the body", CTGovOptions{}, hijack("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"studies\":[{"), KindInterrupted},
		{"silent", CTGovOptions{Timeout: 50 * time.Millisecond}, silent(""), KindTimeout},
		{"silent in the body", CTGovOptions{Timeout: 50 * time.Millisecond}, silent(`{"studies":[`), KindTimeout},
		{"endless", CTGovOptions{MaxPageBytes: 10}, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"totalCount":1,"studies":[{}]}`)
		}, KindMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := client(t, test.options, test.handler).Page(t.Context(), "")
			var e *Error
			if !errors.As(err, &e) || e.Kind != test.want {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			if test.want == KindUnreachable && !strings.Contains(e.Hint, "--sample") {
				t.Errorf("the hint does not name --sample: %s", e.Hint)
			}
		})
	}
}

func TestProxyIsUsed(t *testing.T) {
	t.Parallel()
	var through string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		through = r.URL.String()
		io.WriteString(w, `{"apiVersion":"2.0.5","dataTimestamp":"2026-10-02T09:00:04"}`)
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, CTGovOptions{BaseURL: "http://nowhere.invalid/api/v2", Proxy: http.ProxyURL(address)}, nil)
	got, err := c.Version(t.Context())
	if want := (Version{"2.0.5", "2026-10-02T09:00:04"}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if want := "http://nowhere.invalid/api/v2/version"; through != want {
		t.Errorf("the proxy was asked for %q, want %q", through, want)
	}
}

func TestCancellationStaysWhatItIs(t *testing.T) {
	t.Parallel()
	stop := errors.New("stopped by the user")
	ctx, cancel := context.WithCancelCause(t.Context())
	c := client(t, CTGovOptions{}, func(_ http.ResponseWriter, r *http.Request) {
		cancel(stop)
		<-r.Context().Done()
	})
	if _, err := c.Page(ctx, ""); !errors.Is(err, stop) {
		t.Errorf("got %v, want %v", err, stop)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, o := range []CTGovOptions{
		{BaseURL: "clinicaltrials.gov"}, {BaseURL: "ftp://x/"}, {BaseURL: "http://%zz"},
		{PageSize: -1}, {PageSize: 1001},
	} {
		if _, err := NewCTGov(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

// TestCapturedPages reads bodies of the registry as they were captured.
func TestCapturedPages(t *testing.T) {
	t.Parallel()
	pages := map[string]struct {
		studies int
		token   bool
		total   bool
	}{
		"first-page-with-total.json.gz": {studies: -1, token: true, total: true},
		"page-with-token.json.gz":       {studies: 100, token: true},
		"last-page.json.gz":             {studies: -1},
	}
	for name, want := range pages {
		f, err := os.Open(filepath.Join(repositoryRoot(t), "..", "shared", "data", "ctgov", "pages", name))
		if err != nil {
			t.Skip("the captured pages are not beside the repository: ", err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		page, err := parsePage(z)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if (page.Next != "") != want.token || (page.Total >= 0) != want.total ||
			len(page.Records) == 0 || want.studies > 0 && len(page.Records) != want.studies {
			t.Errorf("%s: %d studies, token %q, total %d", name, len(page.Records), page.Next, page.Total)
		}
	}
}

func repositoryRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// FuzzParsePage: whatever comes, it is a page or an *Error, and the records of
// a page are JSON that stands in the body as it is.
func FuzzParsePage(f *testing.F) {
	for _, body := range []string{
		`{"totalCount":1,"studies":[{"a":"\u0000"}],"nextPageToken":"x"}`, `{"studies":[null,1,"s",[],{}]}`,
		`{"studies":[`, `{"studies":[]}{}`, `<html>`, `{"nextPageToken":null,"studies":[{}]}`, "{\"studies\":[\"\xff\"]}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := parsePage(bytes.NewReader(body))
		var known *Error
		if err != nil {
			if !errors.As(err, &known) || known.Kind != KindMalformed {
				t.Fatalf("got %v, want an error of kind malformed", err)
			}
			return
		}
		for _, record := range page.Records {
			if !bytes.Contains(body, record) {
				t.Fatalf("record %q does not stand in the body", record)
			}
		}
	})
}
