package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"apotheca/internal/pipeline"
	"apotheca/internal/warehouse"
)

// roomMin is the room below which a disk is worth a warning.
const roomMin = 5e9

// folder checks that files can be made in a folder, or that it can be made,
// and how much room there is.
func folder(check, path string) warehouse.Finding {
	existing := path
	for {
		info, err := os.Stat(existing)
		if err == nil && info.IsDir() {
			break
		}
		if err == nil {
			return warehouse.Finding{Check: check, Verdict: warehouse.Failed,
				Found: existing + " is a file", Hint: "--dir must name a folder, or one that can be made"}
		}
		if next := parent(existing); next != existing {
			existing = next
			continue
		}
		return failed(check, err)
	}
	trial, err := os.CreateTemp(existing, ".apotheca-doctor-")
	if err != nil {
		return warehouse.Finding{Check: check, Verdict: warehouse.Failed,
			Found: fmt.Sprintf("nothing can be written to %s: %v", existing, err),
			Hint:  "--dir must name a folder that you may write to"}
	}
	trial.Close()
	if err := os.Remove(trial.Name()); err != nil {
		return failed(check, err)
	}
	return room(check, path, existing)
}

// room says how much is free where existing lies.
func room(check, path, existing string) warehouse.Finding {
	free, err := freeSpace(existing)
	if err != nil {
		return warehouse.Finding{Check: check, Verdict: warehouse.Warning,
			Found: fmt.Sprintf("%s can be written to; how much room there is cannot be known: %v", path, err)}
	}
	return roomy(check, path, free)
}

func roomy(check, path string, free int64) warehouse.Finding {
	f := warehouse.Finding{Check: check, Verdict: warehouse.OK, Found: fmt.Sprintf("%s can be written to, %s free", path, pipeline.Size(free))}
	if free < roomMin {
		f.Verdict = warehouse.Warning
		f.Hint = fmt.Sprintf("make room on that disk, or name a folder elsewhere with --dir; the whole registry takes some %s", pipeline.Size(roomMin))
	}
	return f
}

// freeSpace is how many bytes a user may still write to the disk of a folder.
func freeSpace(dir string) (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, fmt.Errorf("ask for free space of %s: %w", dir, err)
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil
}

func parent(path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		absolute = path
	}
	return filepath.Dir(absolute)
}
