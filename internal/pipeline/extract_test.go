package pipeline

import (
	"net/http/httptest"
	"testing"

	"apotheca/internal/lake"
	"apotheca/internal/registry"
	"apotheca/internal/source"
)

func TestExtractAndCompact(t *testing.T) {
	t.Parallel()
	sample, err := registry.New(registry.Options{Count: 2500, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sample)
	defer server.Close()
	client, err := source.NewCTGov(source.CTGovOptions{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	l := lake.Open(t.TempDir(), lake.Options{})
	s, err := Extraction{Lake: l, Client: client, Source: "sample", Report: func(e ExtractEvent) { t.Log(e) }}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err = l.Compact(t.Context(), s.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v %+v", s, s.Compacted)
}
