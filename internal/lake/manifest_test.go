package lake

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
)

// FuzzManifest: a manifest that is read is one that is written the same, and
// names no file outside its folder.
func FuzzManifest(f *testing.F) {
	l := Open("lake", Options{FS: newMemDisk()})
	e, err := l.Begin(Build{Source: "s", DataTimestamp: "t"}, "reason")
	if err != nil {
		f.Fatal(err)
	}
	pages := ordinary()
	for i := range pages {
		if err := e.Append(pages.page(i+1, e.manifest.Cursor)); err != nil {
			f.Fatal(err)
		}
		add(f, e)
	}
	if err := e.Fail(2, errors.New("cause")); err != nil {
		f.Fatal(err)
	}
	add(f, e)
	if err := e.Finish(); err != nil {
		f.Fatal(err)
	}
	add(f, e)
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		for _, shard := range m.Shards {
			if filepath.Base(shard.File) != shard.File {
				t.Fatalf("shard %q is elsewhere", shard.File)
			}
		}
		written, err := m.marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseManifest(written)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if rewritten, err := again.marshal(); err != nil || !bytes.Equal(written, rewritten) {
			t.Fatalf("written differently: %v\n%s\n%s", err, written, rewritten)
		}
	})
}

func add(f *testing.F, e *Extract) {
	m := e.Manifest()
	text, err := m.marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
}
