package lake

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// FS is what the lake asks of a disk. Disk is the real one; tests put one in
// its place that fails.
type FS interface {
	// MkdirAll makes a folder and those above it, if they are not there, and
	// makes them last.
	MkdirAll(name string) error
	// Create makes an empty file, or empties the one that is there.
	Create(name string) (File, error)
	// Open opens a file for reading.
	Open(name string) (File, error)
	// Rename moves a file over another in one step.
	Rename(from, to string) error
	// RemoveAll removes a file or a folder with all in it, if it is there.
	RemoveAll(name string) error
	// ReadDir lists a folder, sorted by name.
	ReadDir(name string) ([]fs.DirEntry, error)
	// SyncDir makes the creations, renames and removals in a folder last.
	SyncDir(name string) error
}

// File is an open file of an FS.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.Closer
	// Sync makes the content last.
	Sync() error
}

// Disk is the disk of the machine.
type Disk struct{}

// MkdirAll implements FS.
func (d Disk) MkdirAll(name string) error {
	if _, err := os.Stat(name); err == nil || !os.IsNotExist(err) {
		return err
	}
	parent := filepath.Dir(name)
	if err := d.MkdirAll(parent); err != nil {
		return err
	}
	if err := os.Mkdir(name, 0o755); err != nil && !os.IsExist(err) {
		return err
	}
	return d.SyncDir(parent)
}

// Create implements FS.
func (Disk) Create(name string) (File, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err // and not a File that holds nil
	}
	return f, nil
}

// Open implements FS.
func (Disk) Open(name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename implements FS.
func (Disk) Rename(from, to string) error { return os.Rename(from, to) }

// RemoveAll implements FS.
func (Disk) RemoveAll(name string) error { return os.RemoveAll(name) }

// ReadDir implements FS.
func (Disk) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// SyncDir implements FS.
func (Disk) SyncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	err = dir.Sync()
	if closeErr := dir.Close(); err == nil {
		err = closeErr
	}
	return err
}

// writeFile makes a file with what write puts into it, and makes it last. A
// file that could not be finished is removed, as far as the disk still lets.
func writeFile(disk FS, name string, write func(io.Writer) error) (err error) {
	f, err := disk.Create(name)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			_ = disk.RemoveAll(name) // an orphan at worst, and err is the news
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	return f.Sync()
}

// replaceFile puts content in the place of a file, whole or not at all.
func replaceFile(disk FS, dir, name string, content []byte) error {
	path := dir + "/" + name
	err := writeFile(disk, path+temporary, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	if err := disk.SyncDir(dir); err != nil {
		return err
	}
	if err := disk.Rename(path+temporary, path); err != nil {
		return err
	}
	return disk.SyncDir(dir)
}

// readFile reads a small file.
func readFile(disk FS, name string) ([]byte, error) {
	f, err := disk.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// temporary ends the names of files that are not finished.
const temporary = ".tmp"
