package pipeline

import (
	"net/http/httptest"
	"runtime"
	"testing"

	"apotheca/internal/lake"
	"apotheca/internal/registry"
	"apotheca/internal/source"
)

// BenchmarkExtract reads 5,000 made-up studies over HTTP without a limit, on
// one machine with the registry that makes them up, and compacts them.
func BenchmarkExtract(b *testing.B) {
	const studies = 5000
	r, err := registry.New(registry.Options{Count: studies, Seed: 7})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	server := httptest.NewServer(r)
	defer server.Close()
	client, err := source.NewCTGov(source.CTGovOptions{BaseURL: server.URL})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		x := Extraction{
			Lake: lake.Open(b.TempDir(), lake.Options{}), Client: client, Source: "sample",
			Pace: source.PaceOptions{Limit: -1},
		}
		if _, err := extractAndCompact(b.Context(), x); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(studies*b.N)/b.Elapsed().Seconds(), "studies/s")
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.HeapSys)/1e6, "heap-MB")
}
