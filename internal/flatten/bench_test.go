package flatten_test

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/valyala/fastjson"

	"apotheca/internal/flatten"
)

// BenchmarkFlatten flattens the real studies that lie beside the repository;
// beside it, what building the whole tree of each would cost.
func BenchmarkFlatten(b *testing.B) {
	studies := realStudies(b)
	ids, size := make([]string, len(studies)), 0
	for i, study := range studies {
		ids[i] = fastjson.GetString(study, "protocolSection", "identificationModule", "nctId")
		size += len(study)
	}
	text, err := os.ReadFile("../../projects/clinical_trials/flatten.yml")
	if err != nil {
		b.Fatal(err)
	}
	spec, err := flatten.ParseSpec("flatten.yml", text)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("flatten", func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		flattener := spec.Flattener("x")
		for b.Loop() {
			batch := spec.Batch()
			for i, study := range studies {
				flattener.Flatten(&flatten.Record{Identity: ids[i], Body: study, ContentHash: "x"}, batch)
			}
			if quarantined := batch.Len(len(spec.Tables()) - 1); quarantined > 0 {
				b.Fatalf("%d studies were rejected", quarantined)
			}
		}
	})
	b.Run("tree", func(b *testing.B) {
		b.SetBytes(int64(size))
		var parser fastjson.Parser
		for b.Loop() {
			for _, study := range studies {
				if _, err := parser.ParseBytes(study); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func realStudies(b *testing.B) (studies [][]byte) {
	b.Helper()
	file, err := os.Open("../../../shared/data/ctgov/studies.ndjson.gz")
	if errors.Is(err, fs.ErrNotExist) {
		b.Skip("real studies are not there: ../shared/data/ctgov/studies.ndjson.gz beside the repository")
	}
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(unpacked)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		studies = append(studies, append([]byte(nil), lines.Bytes()...))
	}
	if err := lines.Err(); err != nil {
		b.Fatal(err)
	}
	return studies
}
