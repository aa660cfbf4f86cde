package csvfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"apotheca/internal/csvfile"
)

// BenchmarkParse reads step rows on one processor.
func BenchmarkParse(b *testing.B) {
	var file bytes.Buffer
	file.WriteString("ID,EXTERNAL_ID,STEPS,SUBMISSION_TIME\n")
	const rows = 200_000
	for i := range rows {
		fmt.Fprintf(&file, "%d,%d,%d,2024-02-%02dT%02d:%02d:00.000+0100\n", i, i%100, i%20_000, 1+i/100%28, i%24, i%60)
	}
	text := file.Bytes()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		f, err := csvfile.Open(bytes.NewReader(text), "steps.csv", steps)
		if err != nil {
			b.Fatal(err)
		}
		parser, block, got := f.Parser(), f.NewBlock(), 0
		for {
			chunk, err := f.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			parser.Parse(chunk, block)
			got += block.Rows
			f.Release(chunk)
		}
		if got != rows {
			b.Fatalf("%d rows, want %d", got, rows)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
