package lake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/valyala/fastjson"
)

// sharedStudies are real studies, kept beside the repository.
func sharedStudies(tb testing.TB, name string) []json.RawMessage {
	tb.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "ctgov", name))
	if err != nil {
		tb.Skip("the real studies are not beside the repository: ", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	var studies []json.RawMessage
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		studies = append(studies, bytes.Clone(lines.Bytes()))
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return studies
}

func sizeOf(studies []json.RawMessage) (bytes int64) {
	for _, study := range studies {
		bytes += int64(len(study))
	}
	return bytes
}

func BenchmarkContentHash(b *testing.B) {
	studies := sharedStudies(b, "studies.ndjson.gz")
	b.SetBytes(sizeOf(studies))
	var parser fastjson.Parser
	var hash hasher
	for b.Loop() {
		for _, study := range studies {
			rowOf(&parser, &hash, study)
		}
	}
}

// BenchmarkAppend is the lake's part of an extraction.
func BenchmarkAppend(b *testing.B) {
	studies := sharedStudies(b, "studies.ndjson.gz")
	b.SetBytes(sizeOf(studies))
	for b.Loop() {
		if _, err := fill(b.TempDir(), studies); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompact merges, reads back and verifies.
func BenchmarkCompact(b *testing.B) {
	studies := sharedStudies(b, "studies.ndjson.gz")
	b.SetBytes(sizeOf(studies))
	for b.Loop() {
		b.StopTimer()
		l, err := fill(b.TempDir(), studies)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := l.Compact(b.Context(), "000001", nil); err != nil {
			b.Fatal(err)
		}
	}
}

// fill makes a finished extract of the studies.
func fill(dir string, studies []json.RawMessage) (*Lake, error) {
	l := Open(dir, Options{})
	e, err := l.Begin(Build{}, "")
	if err != nil {
		return nil, err
	}
	for from := 0; from < len(studies); from += rowGroupRows {
		page := Page{Cursor: e.Manifest().Cursor, Total: len(studies), FetchedAt: time.Now()}
		page.Records = studies[from:min(from+rowGroupRows, len(studies))]
		if from+rowGroupRows < len(studies) {
			page.Next = fmt.Sprint(from + rowGroupRows)
		}
		if err := e.Append(page); err != nil {
			return nil, err
		}
	}
	return l, e.Finish()
}
