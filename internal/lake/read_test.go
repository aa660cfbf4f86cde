package lake

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Groups are those that were written, in their order, with every column.
func TestOpenRows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "studies.parquet")
	at := time.Date(2026, 11, 20, 1, 2, 3, 4000, time.UTC)
	want := [][]Row{
		{
			{NCTID: "NCT00000001", LastUpdatePostDate: "2024-01-01", ContentHash: "h1", Page: 1, Position: 1, FetchedAt: at, Study: []byte(`{"a": 1}`)},
			{ContentHash: "h2", Page: 1, Position: 2, FetchedAt: at, Problem: "no id", Study: []byte(`[]`)},
		},
		{{NCTID: "NCT00000003", ContentHash: "h3", Page: 2, Position: 1, FetchedAt: at, Study: []byte(strings.Repeat("x", 1<<20))}},
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	writer := newWriter(file, shardLevel)
	for _, rows := range want {
		if _, err := writer.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := writer.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(writer.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}

	reading, err := OpenRows(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	if reading.Rows() != 3 || reading.Groups() != 2 {
		t.Errorf("%d rows in %d groups, want 3 in 2", reading.Rows(), reading.Groups())
	}
	for group := range want {
		var got []Row
		err := reading.Group(t.Context(), group, func(row *Row) error {
			kept := *row
			kept.Study = append([]byte(nil), row.Study...)
			got = append(got, kept)
			return nil
		})
		if diff := cmp.Diff(want[group], got); diff != "" || err != nil {
			t.Errorf("group %d: %v, (-want +got):\n%.2000s", group, err, diff)
		}
	}

	gaveUp := errors.New("gave up")
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(gaveUp)
	if err := reading.Group(cancelled, 0, func(*Row) error { return nil }); !errors.Is(err, gaveUp) {
		t.Errorf("cancelled reading = %v, want the cause", err)
	}
	if err := reading.Group(t.Context(), 1, func(*Row) error { return gaveUp }); !errors.Is(err, gaveUp) {
		t.Errorf("reading whose visitor fails = %v, want its error", err)
	}
	if _, err := OpenRows(path + ".missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("open of a missing file = %v", err)
	}
}
