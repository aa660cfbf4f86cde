package deps

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// unpackedSize is the most that an archive may unpack to.
const unpackedSize = 2 << 30

// untar unpacks a compressed archive whose one folder becomes dir. It writes
// nothing outside of dir and follows no link: what is neither file nor folder
// is left out.
func untar(r io.Reader, dir string) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer root.Close()
	top, room := "", int64(unpackedSize)
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir {
			continue
		}
		first, rest, _ := strings.Cut(strings.TrimPrefix(path.Clean(h.Name), "./"), "/")
		if !filepath.IsLocal(h.Name) {
			return fmt.Errorf("unpack: %q would lie outside of the package", h.Name)
		}
		if top == "" {
			top = first
		}
		if first != top {
			return fmt.Errorf("unpack: an archive of a package holds one folder, this one has %s and %s", top, first)
		}
		if room -= h.Size; room < 0 {
			return errors.New("unpack: it is larger than any package")
		}
		if err := unpackOne(root, rest, h, archive); err != nil {
			return fmt.Errorf("unpack %s: %w", h.Name, err)
		}
	}
	if top == "" {
		return errors.New("unpack: the archive is empty")
	}
	return nil
}

func unpackOne(root *os.Root, name string, h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeDir {
		if name == "" {
			return nil
		}
		return root.MkdirAll(name, 0o755)
	}
	if name == "" {
		return errors.New("it is no folder")
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(f, content, h.Size); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
