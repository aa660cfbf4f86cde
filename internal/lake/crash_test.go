package lake

import (
	"errors"
	"fmt"
	"testing"
)

// TestEveryDiskOperationFails lets each disk operation of a small run be the
// one that fails, in four ways, and then lets the next run go on. Whatever
// happened, the error was told, the state can be read, and the finished
// extract is that of an undisturbed run.
func TestEveryDiskOperationFails(t *testing.T) {
	t.Parallel()
	undisturbed := newMemDisk()
	want, err := drive(t.Context(), Open("lake", Options{FS: undisturbed}), ordinary())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a run has %d disk operations", undisturbed.ops)
	modes := []struct {
		name string
		mode failure
	}{{"once", failOnce}, {"always", failAlways}, {"power cut", cutAll}, {"power cut, folders kept", cutData}}
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for n := 1; n <= undisturbed.ops; n++ {
				disk := newMemDisk()
				disk.failAt, disk.mode = n, m.mode
				if err := failAndResume(t, disk, want); err != nil {
					t.Fatalf("operation %d: %v", n, err)
				}
			}
		})
	}
}

func failAndResume(t *testing.T, disk *memDisk, want Snapshot) error {
	l := Open("lake", Options{FS: disk})
	if _, err := drive(t.Context(), l, ordinary()); !errors.Is(err, errDisk) && disk.failed() {
		return fmt.Errorf("the run ended with %v and did not tell of the disk", err)
	}
	disk.reboot()
	if _, err := l.Snapshots(); err != nil {
		return fmt.Errorf("state after the failure: %w", err)
	}
	got, err := drive(t.Context(), l, ordinary())
	if err != nil {
		return fmt.Errorf("the next run: %w", err)
	}
	if got.Compacted.Digest != want.Compacted.Digest || got.Compacted.Rows != want.Compacted.Rows {
		return fmt.Errorf("the finished extract has %d rows, digest %s; want %d, %s",
			got.Compacted.Rows, got.Compacted.Digest, want.Compacted.Rows, want.Compacted.Digest)
	}
	return leftovers(l, disk)
}

// leftovers finds files that no manifest names.
func leftovers(l *Lake, disk *memDisk) error {
	snapshots, err := l.Snapshots()
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for _, s := range snapshots {
		named[l.path(s.ID)+"/"+manifestFile] = true
		named[s.Path] = true
	}
	for name := range disk.files {
		if !named[name] {
			return fmt.Errorf("%s was left over", name)
		}
	}
	return nil
}
