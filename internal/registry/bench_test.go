package registry

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

func BenchmarkStudy(b *testing.B) {
	g := &generator{seed: 1, count: 600_000}
	var text []byte
	total, slot := 0, 0
	for b.Loop() {
		text, _ = g.appendStudy(text[:0], slot, "2026-10-02")
		total += len(text)
		slot = (slot + 1) % g.count
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "studies/s")
	b.ReportMetric(float64(total)/b.Elapsed().Seconds()/1e6, "MB/s")
}

func BenchmarkHeader(b *testing.B) {
	g := &generator{seed: 1, count: 600_000}
	slot := 0
	for b.Loop() {
		g.header(slot)
		slot = (slot + 1) % g.count
	}
}

// BenchmarkPage serves pages of 1,000 through the handler, without a network.
func BenchmarkPage(b *testing.B) {
	for _, encoding := range []string{"identity", "gzip"} {
		b.Run(encoding, func(b *testing.B) {
			r, err := New(Options{Count: 100_000, Seed: 1})
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			for b.Loop() {
				req := httptest.NewRequest(http.MethodGet, "/api/v2/studies?pageSize=1000", nil)
				req.Header.Set("Accept-Encoding", encoding)
				w := httptest.NewRecorder()
				w.Body = bytes.NewBuffer(nil)
				r.ServeHTTP(w, req)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
			b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "studies/s")
		})
	}
}
