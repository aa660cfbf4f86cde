package lake

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// memDisk is a disk in memory that counts its operations, can be made to fail
// at one of them, and knows what would be left after a power cut.
type memDisk struct {
	mu    sync.Mutex
	dirs  map[string]bool
	files map[string]*memFile // as programs see them
	safe  map[string]*memFile // the entries of folders that are on the platter

	ops    int
	failAt int // 0 never
	mode   failure
}

type failure int

const (
	failOnce   failure = iota // one operation fails, having done nothing or half
	failAlways                // from then on every operation fails
	// cutAll: the power goes; what was not synced is gone, folders as well.
	cutAll
	// cutData: the power goes; folders are as they were, but the content of
	// files that was not synced is gone.
	cutData
)

var errDisk = errors.New("the disk is broken")

func newMemDisk() *memDisk {
	return &memDisk{dirs: map[string]bool{".": true}, files: map[string]*memFile{}, safe: map[string]*memFile{}}
}

// op counts an operation and says whether it is to fail.
func (d *memDisk) op() error {
	d.ops++
	if d.failAt == 0 || d.ops < d.failAt || d.mode == failOnce && d.ops > d.failAt {
		return nil
	}
	return errDisk
}

func (d *memDisk) failed() bool { return d.failAt > 0 && d.ops >= d.failAt }

// reboot makes the disk whole again, with what is left on it.
func (d *memDisk) reboot() {
	switch d.mode {
	case cutAll:
		d.files = map[string]*memFile{}
		for name, f := range d.safe {
			f.data = slices.Clone(f.synced)
			d.files[name] = f
		}
	case cutData:
		for _, f := range d.files {
			f.data = slices.Clone(f.synced)
		}
	}
	d.failAt = 0
}

func (d *memDisk) MkdirAll(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.op(); err != nil {
		return err
	}
	for ; !d.dirs[name]; name = path.Dir(name) {
		d.dirs[name] = true
	}
	return nil
}

func (d *memDisk) Create(name string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.op(); err != nil {
		return nil, err
	}
	if !d.dirs[path.Dir(name)] {
		return nil, fs.ErrNotExist
	}
	f := d.files[name]
	if f == nil {
		f = &memFile{disk: d}
		d.files[name] = f
	}
	f.data = nil
	return &memHandle{memFile: f}, nil
}

func (d *memDisk) Open(name string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.op(); err != nil {
		return nil, err
	}
	f := d.files[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return &memHandle{memFile: f}, nil
}

func (d *memDisk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.op(); err != nil {
		return err
	}
	if d.files[from] == nil {
		return fs.ErrNotExist
	}
	d.files[to] = d.files[from]
	delete(d.files, from)
	return nil
}

func (d *memDisk) RemoveAll(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.op(); err != nil {
		return err
	}
	for file := range d.files {
		if file == name || strings.HasPrefix(file, name+"/") {
			delete(d.files, file)
		}
	}
	for dir := range d.dirs {
		if dir == name || strings.HasPrefix(dir, name+"/") {
			delete(d.dirs, dir)
		}
	}
	return nil
}

func (d *memDisk) ReadDir(name string) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.op(); err != nil {
		return nil, err
	}
	if !d.dirs[name] {
		return nil, fs.ErrNotExist
	}
	var entries []fs.DirEntry
	for dir := range d.dirs {
		if path.Dir(dir) == name && dir != name {
			entries = append(entries, memEntry{path.Base(dir), true})
		}
	}
	for file := range d.files {
		if path.Dir(file) == name {
			entries = append(entries, memEntry{path.Base(file), false})
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func (d *memDisk) SyncDir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.op(); err != nil {
		return err
	}
	for file := range d.safe {
		if path.Dir(file) == name && d.files[file] == nil {
			delete(d.safe, file)
		}
	}
	for file, f := range d.files {
		if path.Dir(file) == name {
			d.safe[file] = f
		}
	}
	return nil
}

type memFile struct {
	disk         *memDisk
	data, synced []byte
}

type memHandle struct {
	*memFile
	offset int
}

func (h *memHandle) Read(p []byte) (int, error) {
	n, err := h.ReadAt(p, int64(h.offset))
	h.offset += n
	return n, err
}

func (h *memHandle) ReadAt(p []byte, offset int64) (int, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.disk.op(); err != nil {
		return 0, err
	}
	if offset >= int64(len(h.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.data[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Write that fails has written half.
func (h *memHandle) Write(p []byte) (int, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.disk.op(); err != nil {
		h.data = append(h.data, p[:len(p)/2]...)
		return len(p) / 2, err
	}
	h.data = append(h.data, p...)
	return len(p), nil
}

func (h *memHandle) Sync() error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.disk.op(); err != nil {
		return err
	}
	h.synced = slices.Clone(h.data)
	return nil
}

func (h *memHandle) Close() error { return nil }

type memEntry struct {
	name string
	dir  bool
}

func (e memEntry) Name() string               { return e.name }
func (e memEntry) IsDir() bool                { return e.dir }
func (e memEntry) Type() fs.FileMode          { return 0 }
func (e memEntry) Info() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }
