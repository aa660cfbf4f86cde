package lake

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRetain(t *testing.T) {
	t.Parallel()
	l := Open(t.TempDir(), Options{})
	for range 4 {
		if _, err := drive(t.Context(), l, ordinary()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Begin(Build{}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Retain(0); err == nil {
		t.Error("keeping no extract at all was accepted")
	}
	removed, err := l.Retain(2, "000001")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"000002"}, removed); diff != "" {
		t.Error("removed (-want +got):\n" + diff)
	}
	var kept []string
	snapshots, err := l.Snapshots()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range snapshots {
		kept = append(kept, s.ID+" "+string(s.State))
	}
	want := []string{"000001 success", "000003 success", "000004 success", "000005 in_progress"}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Error("kept (-want +got):\n" + diff)
	}
	if latest, err := l.Latest(); err != nil || latest.ID != "000004" {
		t.Errorf("latest is %s (%v), want 000004", latest.ID, err)
	}
	if _, err := os.Stat(filepath.Join(l.dir, "extracts", "000002")); !os.IsNotExist(err) {
		t.Errorf("the folder of a removed extract is there: %v", err)
	}
}

func TestSnapshotsAreImmutable(t *testing.T) {
	t.Parallel()
	l := Open(t.TempDir(), Options{})
	first, err := drive(t.Context(), l, ordinary())
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(first.Path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := drive(t.Context(), l, ordinary())
	if err != nil {
		t.Fatal(err)
	}
	if second.ID == first.ID || second.Compacted.Digest != first.Compacted.Digest {
		t.Errorf("a second pass gave extract %s, digest %s; want a new one like %s",
			second.ID, second.Compacted.Digest, first.Compacted.Digest)
	}
	after, err := os.ReadFile(first.Path)
	if err != nil || string(before) != string(after) {
		t.Errorf("the first extract changed (%v)", err)
	}
}

// TestDamageIsNotCompacted: each byte of a shard may rot on the disk.
func TestDamageIsNotCompacted(t *testing.T) {
	t.Parallel()
	whole := newMemDisk()
	l := Open("lake", Options{FS: whole})
	e, err := l.Begin(Build{}, "")
	if err != nil {
		t.Fatal(err)
	}
	pages := registryPages{{study(1, "", "a study whose text is long enough"), study(2, "", "b")}}
	if err := e.Append(pages.page(1, "")); err != nil {
		t.Fatal(err)
	}
	if err := e.Finish(); err != nil {
		t.Fatal(err)
	}
	const shard = "lake/extracts/000001/shard-000001.parquet"
	const manifest = "lake/extracts/000001/manifest.json"
	for at := range whole.files[shard].data {
		disk := newMemDisk()
		disk.dirs = whole.dirs
		for _, name := range []string{shard, manifest} {
			disk.files[name] = &memFile{disk: disk, data: append([]byte(nil), whole.files[name].data...)}
		}
		disk.files[shard].data[at] ^= 0x55
		damaged := Open("lake", Options{FS: disk})
		s, err := damaged.Compact(t.Context(), "000001", nil)
		if err != nil {
			if disk.files[shard] == nil {
				t.Fatalf("byte %d: the shards are gone, but the compaction failed: %v", at, err)
			}
			continue
		}
		// A byte that means nothing, such as the name of the writing program.
		if got := rowsIn(t, damaged, s); len(got) != 2 || string(got[0].Study) != pages[0][0] {
			t.Fatalf("byte %d: a damaged shard was compacted", at)
		}
	}
}

func TestLockNamesItsHolder(t *testing.T) {
	t.Parallel()
	l := Open(t.TempDir(), Options{})
	lock, err := l.Lock()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(l.dir, Options{}).Lock()
	var locked *LockedError
	if !errors.As(err, &locked) || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())+" on ") {
		t.Fatalf("got %v, want a LockedError that names process %d", err, os.Getpid())
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := l.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Unlock(); err != nil {
		t.Error(err)
	}
}

// TestLockEndsWithItsProcess starts this test binary as another process that
// takes the lock and is killed.
func TestLockEndsWithItsProcess(t *testing.T) {
	if dir := os.Getenv("LAKE_TEST_LOCK"); dir != "" {
		if _, err := Open(dir, Options{}).Lock(); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("held\n")
		select {}
	}
	t.Parallel()
	l := Open(t.TempDir(), Options{})
	child := exec.Command(os.Args[0], "-test.run=^TestLockEndsWithItsProcess$")
	child.Env = append(os.Environ(), "LAKE_TEST_LOCK="+l.dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := l.Lock(); !errors.As(err, &locked) || !strings.Contains(locked.Holder, strconv.Itoa(child.Process.Pid)) {
		t.Errorf("got %v, want the lock held by process %d", err, child.Process.Pid)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed
	lock, err := l.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	l := Open(t.TempDir(), Options{})
	start := time.UnixMicro(1_700_000_000_000_000)
	for second := range 10 {
		j := l.Journal() // each request by a process of its own
		if _, err := j.Recent(start); err != nil {
			t.Fatal(err)
		}
		if err := j.Record(start.Add(time.Duration(second) * time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.OpenFile(filepath.Join(l.dir, "requests"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	file.WriteString("17000") // cut off by a crash
	file.Close()
	got, err := l.Journal().Recent(start.Add(8 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := []time.Time{start.Add(8 * time.Second), start.Add(9 * time.Second)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("recent (-want +got):\n" + diff)
	}
}
