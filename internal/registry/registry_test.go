package registry_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"apotheca/internal/registry"
)

// served is a registry behind HTTP, as a client sees it.
type served struct {
	*registry.Registry
	t   *testing.T
	url string

	arrived chan struct{} // a request was received; nobody needs to listen
}

func serve(t *testing.T, opts registry.Options) *served {
	t.Helper()
	r, err := registry.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	s := &served{Registry: r, t: t, arrived: make(chan struct{}, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		select {
		case s.arrived <- struct{}{}:
		default:
		}
		r.ServeHTTP(w, req)
	}))
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	s.url = server.URL + "/api/v2"
	return s
}

// get answers status and body; a body that breaks off is an error.
func (s *served) get(path string) (*http.Response, string) {
	s.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(s.url + path)
	if err != nil {
		s.t.Fatalf("get %s: %v", path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("read %s: %v", path, err)
	}
	return resp, string(body)
}

type page struct {
	TotalCount    *int
	Studies       []study
	NextPageToken *string
}

// study is the text of one study as it was sent.
type study string

func (s *study) UnmarshalJSON(text []byte) error {
	*s = study(text)
	return nil
}

func (s *served) page(query string) page {
	s.t.Helper()
	resp, body := s.get("/studies?" + query)
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("get %s: status %d: %s", query, resp.StatusCode, body)
	}
	var p page
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		s.t.Fatalf("page %s: %v", query, err)
	}
	return p
}

// ids reads a query to its end.
func (s *served) ids(query string) []string {
	s.t.Helper()
	var ids []string
	for token := ""; ; {
		q := query
		if token != "" {
			q += "&pageToken=" + url.QueryEscape(token)
		}
		p := s.page(q)
		for _, text := range p.Studies {
			ids = append(ids, idOf(s.t, text))
		}
		if p.NextPageToken == nil {
			return ids
		}
		token = *p.NextPageToken
	}
}

func idOf(t *testing.T, text study) string {
	t.Helper()
	var s struct {
		ProtocolSection struct {
			IdentificationModule struct{ NctID string }
		}
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s.ProtocolSection.IdentificationModule.NctID
}

func TestEveryStudyIsServedOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 2345})
	ids := s.ids("pageSize=1000&countTotal=true")
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			t.Errorf("%s is served twice", id)
		}
		seen[id] = true
	}
	if len(ids) != 2345 {
		t.Errorf("got %d studies, want 2345", len(ids))
	}
}
