package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"io/fs"
	"slices"
)

// registryPages is a registry of a few pages, each a list of records.
type registryPages [][]string

// study makes a small study; its text tells bodies apart.
func study(number int, date, text string) string {
	return fmt.Sprintf(`{"protocolSection":{"identificationModule":{"nctId":"NCT%08d","briefTitle":%q},`+
		`"statusModule":{"lastUpdatePostDateStruct":{"date":%q}}}}`, number, text, date)
}

// ordinary has an overlap between its second and third page, in which the
// later body is the newer one, and a record that is no study.
func ordinary() registryPages {
	return registryPages{
		{study(1, "2024-01-01", "one"), study(2, "2024-01-01", "two")},
		{study(3, "2024-01-01", "three"), study(4, "2024-01-01", "old four"), `{"hasResults":false}`},
		{study(4, "2024-02-01", "new four"), study(5, "2024-01-01", "five")},
		{study(6, "2024-01-01", "six")},
	}
}

func (r registryPages) total() int {
	distinct := map[string]bool{}
	for _, page := range r {
		for _, record := range page {
			var id struct {
				ProtocolSection struct{ IdentificationModule struct{ NCTID string } }
			}
			if json.Unmarshal([]byte(record), &id) == nil && id.ProtocolSection.IdentificationModule.NCTID != "" {
				record = id.ProtocolSection.IdentificationModule.NCTID
			}
			distinct[record] = true
		}
	}
	return len(distinct)
}

// page is the answer to the cursor of that page.
func (r registryPages) page(number int, cursor string) Page {
	page := Page{Cursor: cursor, Total: -1, FetchedAt: time.Now()}
	if number == 1 {
		page.Total = r.total()
	}
	if number < len(r) {
		page.Next = fmt.Sprintf("token-%d", number+1)
	}
	for _, record := range r[number-1] {
		page.Records = append(page.Records, json.RawMessage(record))
	}
	return page
}

// drive does what a run does: it goes on where the lake stands, up to a
// compacted extract.
func drive(ctx context.Context, l *Lake, r registryPages) (Snapshot, error) {
	newest, err := l.Newest()
	var e *Extract
	switch {
	case errors.Is(err, ErrNoSnapshot), err == nil && newest.Loadable():
		e, err = l.Begin(Build{Source: "test", DataTimestamp: "today"}, "")
	case err != nil:
	case newest.State == Success:
		return l.Compact(ctx, newest.ID, nil)
	default:
		e, err = l.Resume(newest.ID)
	}
	if err != nil {
		return Snapshot{}, err
	}
	for !e.Exhausted() {
		m := e.Manifest()
		if err := e.Append(r.page(m.Pages+1, m.Cursor)); err != nil {
			return Snapshot{}, errors.Join(err, e.Fail(m.Pages+1, err))
		}
	}
	if err := e.Finish(); err != nil {
		return Snapshot{}, errors.Join(err, e.Fail(0, err))
	}
	return l.Compact(ctx, e.Manifest().ID, nil)
}

// rowsIn reads a compacted extract without the time of fetching.
func rowsIn(t *testing.T, l *Lake, s Snapshot) []Row {
	t.Helper()
	file, err := openParquet(l.disk, s.Path, s.Compacted.Extent)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var rows []Row
	for _, group := range file.RowGroups() {
		err := eachRow(group, func(row *Row) error {
			copied := *row
			copied.Study = append([]byte(nil), row.Study...)
			copied.FetchedAt = time.Time{}
			rows = append(rows, copied)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

func TestCompactKeepsEachStudyOnceAndItsNewestBody(t *testing.T) {
	t.Parallel()
	l := Open(t.TempDir(), Options{})
	s, err := drive(t.Context(), l, ordinary())
	if err != nil {
		t.Fatal(err)
	}
	four := study(4, "2024-02-01", "new four")
	got := rowsIn(t, l, s)
	want := []Row{
		{NCTID: "NCT00000001", LastUpdatePostDate: "2024-01-01", Page: 1, Position: 1, Study: []byte(study(1, "2024-01-01", "one"))},
		{NCTID: "NCT00000002", LastUpdatePostDate: "2024-01-01", Page: 1, Position: 2, Study: []byte(study(2, "2024-01-01", "two"))},
		{NCTID: "NCT00000003", LastUpdatePostDate: "2024-01-01", Page: 2, Position: 1, Study: []byte(study(3, "2024-01-01", "three"))},
		{Page: 2, Position: 3, Problem: "the record has no NCT id", Study: []byte(`{"hasResults":false}`)},
		{NCTID: "NCT00000004", LastUpdatePostDate: "2024-02-01", Page: 3, Position: 1, Study: []byte(four)},
		{NCTID: "NCT00000005", LastUpdatePostDate: "2024-01-01", Page: 3, Position: 2, Study: []byte(study(5, "2024-01-01", "five"))},
		{NCTID: "NCT00000006", LastUpdatePostDate: "2024-01-01", Page: 4, Position: 1, Study: []byte(study(6, "2024-01-01", "six"))},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Row{}, "ContentHash")); diff != "" {
		t.Error("rows (-want +got):\n" + diff)
	}
	// Three of the four pages lost no row and went over as they were.
	c := s.Compacted
	if c.Rows != 7 || c.RowGroups != 4 || c.Copied != 3 || c.Superseded != 1 {
		t.Errorf("compacted %+v, want 7 rows in 4 groups, 3 of them copied, 1 row superseded", *c)
	}
	if s.Studies != 6 || s.Quarantined != 1 || s.Total != 7 {
		t.Errorf("counted %d studies, %d quarantined of %d, want 6, 1 of 7", s.Studies, s.Quarantined, s.Total)
	}
}

func TestOlderBodyOnLaterPageLoses(t *testing.T) {
	t.Parallel()
	l := Open(t.TempDir(), Options{})
	s, err := drive(t.Context(), l, registryPages{
		{study(1, "2024-02-01", "new"), study(2, "2024-01-01", "first")},
		{study(1, "2024-01-01", "old"), study(2, "2024-01-01", "second"), study(3, "", "undated")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rowsIn(t, l, s) {
		got = append(got, string(row.Study))
	}
	want := []string{study(1, "2024-02-01", "new"), study(2, "2024-01-01", "second"), study(3, "", "undated")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("bodies (-want +got):\n" + diff)
	}
}

func TestPageThatCannotBelong(t *testing.T) {
	t.Parallel()
	records := func(texts ...string) (records []json.RawMessage) {
		for _, text := range texts {
			records = append(records, json.RawMessage(text))
		}
		return records
	}
	first := Page{Records: records(study(1, "", "")), Next: "a", Total: 3}
	second := Page{Records: records(study(2, "", "")), Cursor: "a", Next: "b", Total: -1}
	tests := []struct {
		name  string
		pages []Page
		want  string
	}{
		{"no total", []Page{{Records: first.Records, Total: -1}},
			"page 1: the registry did not announce how many studies there are"},
		{"empty page with token", []Page{first, {Cursor: "a", Next: "b"}},
			"page 2: it has no studies and yet a next page token"},
		{"repeated page", []Page{first, second, {Records: records(study(1, "", ""), study(2, "", "")), Cursor: "b", Next: "c"}},
			"page 3: no progress: all of its 2 records were on earlier pages"},
		{"repeated page with a bad record", []Page{
			{Records: records(study(1, "", ""), "null"), Next: "a", Total: 5},
			{Records: records(study(1, "", ""), "null"), Cursor: "a"}},
			"page 2: no progress: all of its 2 records were on earlier pages"},
		{"token of this page", []Page{first, {Records: second.Records, Cursor: "a", Next: "a"}},
			"page 2: its next page token is the one it was read with"},
		{"token of an earlier page", []Page{first, second, {Records: records(study(3, "", "")), Cursor: "b", Next: "a"}},
			"page 3: its next page token is repeated: it led to page 2"},
		{"too many", []Page{first, {Records: records(study(2, "", ""), study(3, "", ""), study(4, "", "")), Cursor: "a"}},
			"page 2: more studies than possible: 4 came, the registry announced 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := Open(t.TempDir(), Options{})
			e, err := l.Begin(Build{}, "")
			if err != nil {
				t.Fatal(err)
			}
			for i, page := range test.pages {
				err = e.Append(page)
				if err != nil && i < len(test.pages)-1 {
					t.Fatalf("page %d: %v", i+1, err)
				}
			}
			var refused *PageError
			if !errors.As(err, &refused) || refused.Error() != test.want {
				t.Errorf("got error %v, want %s", err, test.want)
			}
			newest, err := l.Newest()
			if err != nil || newest.Pages != len(test.pages)-1 {
				t.Errorf("manifest has %d pages (%v), want %d", newest.Pages, err, len(test.pages)-1)
			}
		})
	}
}

func TestIncompletePassIsNoSuccess(t *testing.T) {
	t.Parallel()
	l := Open(t.TempDir(), Options{})
	e, err := l.Begin(Build{}, "")
	if err != nil {
		t.Fatal(err)
	}
	page := registryPages{{study(1, "", ""), "null"}}.page(1, "")
	page.Total = 3
	if err := e.Append(page); err != nil {
		t.Fatal(err)
	}
	var incomplete *IncompleteError
	if err := e.Finish(); !errors.As(err, &incomplete) {
		t.Fatalf("got %v, want an IncompleteError", err)
	}
	want := &IncompleteError{Total: 3, Studies: 1, Quarantined: 1, Pages: 1}
	if diff := cmp.Diff(want, incomplete); diff != "" {
		t.Error(diff)
	}
	if newest, _ := l.Newest(); newest.State != InProgress {
		t.Errorf("state %s, want in_progress", newest.State)
	}
	if _, err := l.Compact(t.Context(), "000001", nil); err == nil {
		t.Error("an incomplete extract was compacted")
	}
}

func TestManifestForgetsTokensWhenThePassIsOver(t *testing.T) {
	t.Parallel()
	l := Open(t.TempDir(), Options{})
	e, err := l.Begin(Build{}, "")
	if err != nil {
		t.Fatal(err)
	}
	pages := ordinary()
	for i := range pages {
		if err := e.Append(pages.page(i+1, e.Manifest().Cursor)); err != nil {
			t.Fatal(err)
		}
	}
	if got := e.Manifest().Cursor; got != "" || !e.Exhausted() {
		t.Errorf("cursor %q after the last page, want none", got)
	}
	if err := e.Finish(); err != nil {
		t.Fatal(err)
	}
	newest, err := l.Newest()
	if err != nil {
		t.Fatal(err)
	}
	for _, shard := range newest.Shards {
		if shard.Cursor != "" {
			t.Errorf("%s keeps token %q in a finished extract", shard.File, shard.Cursor)
		}
	}
}

func TestResumeAtMidnightIsTheSameExtract(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 23, 59, 0, 0, time.UTC)
	dir := t.TempDir()
	l := Open(dir, Options{Now: func() time.Time { return now }})
	e, err := l.Begin(Build{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Append(ordinary().page(1, "")); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Minute)
	s, err := drive(t.Context(), Open(dir, Options{Now: func() time.Time { return now }}), ordinary())
	if err != nil {
		t.Fatal(err)
	}
	if s.ID != "000001" || s.Compacted.Rows != 7 {
		t.Errorf("extract %s with %d rows, want 000001 with 7", s.ID, s.Compacted.Rows)
	}
}

// backwards lists directories from their end, as some file systems do.
type backwards struct{ FS }

func (b backwards) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := b.FS.ReadDir(name)
	slices.Reverse(entries)
	return entries, err
}

func TestCompactionFollowsTheManifestNotTheDirectory(t *testing.T) {
	t.Parallel()
	var digests []string
	for _, disk := range []FS{Disk{}, backwards{Disk{}}} {
		s, err := drive(t.Context(), Open(t.TempDir(), Options{FS: disk}), ordinary())
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, s.Compacted.Digest)
	}
	if digests[0] != digests[1] {
		t.Error("the compacted extract depends on the order in which the directory lists its files")
	}
}
