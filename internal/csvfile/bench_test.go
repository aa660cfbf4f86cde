package csvfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"apotheca/internal/csvfile"
)

// BenchmarkParse reads step rows on one processor.
func BenchmarkParse(b *testing.B) {
	var file bytes.Buffer
	file.WriteString("ID,EXTERNAL_ID,STEPS,SUBMISSION_TIME\n")
	const rows = 200_000
	for i := range rows {
		dice := uint64(i) * 0x9e3779b97f4a7c15
		at := time.Unix(1_704_067_200+int64(dice%31_622_400), 0).UTC()
		fmt.Fprintf(&file, "%d,%d,%d,%s\n", i, dice>>32%90_000, dice>>16%14_000, at.Format("2006-01-02T15:04:05.000")+"+0100")
	}
	text := file.Bytes()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		f, err := csvfile.Open(bytes.NewReader(text), "steps.csv", steps)
		if err != nil {
			b.Fatal(err)
		}
		parser, block, got := f.Parser(), f.NewBlock(), 0
		var chunk csvfile.Chunk
		for {
			err := f.Next(&chunk)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			parser.Parse(chunk, block)
			got += block.Rows
		}
		if got != rows {
			b.Fatalf("%d rows, want %d", got, rows)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
