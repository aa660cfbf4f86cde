package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// leftovers are folders of a project that are not part of it.
var leftovers = []string{".git", "target", "logs"}

// copyFolder copies a folder over another, without what git or a run left.
func copyFolder(to, from string) error {
	return eachFile(from, func(file, relative string) error {
		target := filepath.Join(to, relative)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return fmt.Errorf("copy project: %w", err)
		}
		return copyFile(target, file)
	})
}

// sumFolder adds the name and content of all that copyFolder would copy.
func sumFolder(sum io.Writer, folder string) error {
	return eachFile(folder, func(file, relative string) error {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("sum up project: %w", err)
		}
		_, err = fmt.Fprintf(sum, "%s\x00%d\x00%s", filepath.ToSlash(relative), len(content), content)
		return err
	})
}

func eachFile(folder string, do func(file, relative string) error) error {
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && relative != "." && slices.Contains(leftovers, entry.Name()):
			return filepath.SkipDir
		case entry.Type().IsRegular():
			return do(path, relative)
		}
		return nil // links lead out of the folder
	})
	if err != nil {
		return fmt.Errorf("read folder of a project: %w", err)
	}
	return nil
}

func copyFile(to, from string) error {
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o644)
	}
	if err != nil {
		return fmt.Errorf("copy file: %w", err)
	}
	return nil
}

func writeJSON(file string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(content, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(file), err)
	}
	return nil
}
