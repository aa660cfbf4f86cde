package lake

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lake is the folder of one source, such as lake/clinical-trials.
type Lake struct {
	dir  string
	disk FS
	now  func() time.Time
}

// Options of a lake. Zero values are defaults.
type Options struct {
	FS  FS               // Disk
	Now func() time.Time // time.Now
}

// Open names the folder of a lake. It is made when something is written.
func Open(dir string, o Options) *Lake {
	if o.FS == nil {
		o.FS = Disk{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Lake{dir: filepath.ToSlash(filepath.Clean(dir)), disk: o.FS, now: o.Now}
}

// Build names what an extract reads: where, and which build of its data. Two
// equal builds give equal studies.
type Build struct {
	Source        string
	APIVersion    string
	DataTimestamp string
}

// Snapshot is an extract as others see it.
type Snapshot struct {
	Manifest
	// Path is the compacted file; empty where there is none.
	Path string
}

// ErrNoSnapshot says that there is nothing to load yet.
var ErrNoSnapshot = errors.New("the lake holds no finished extract")

// Snapshots lists all extracts, oldest first. It may be called while another
// process writes.
func (l *Lake) Snapshots() ([]Snapshot, error) {
	ids, err := l.ids()
	if err != nil {
		return nil, err
	}
	var snapshots []Snapshot
	for _, id := range ids {
		m, err := l.manifest(id)
		if errors.Is(err, fs.ErrNotExist) {
			continue // not begun, or being removed: it does not exist
		}
		if err != nil {
			return nil, err
		}
		snapshots = append(snapshots, l.snapshot(m))
	}
	return snapshots, nil
}

// Newest is the extract begun last, whatever its state; ErrNoSnapshot if none.
func (l *Lake) Newest() (Snapshot, error) {
	return l.last(func(*Snapshot) bool { return true })
}

// Latest is the newest extract that can be loaded; ErrNoSnapshot if none.
func (l *Lake) Latest() (Snapshot, error) {
	return l.last(func(s *Snapshot) bool { return s.Loadable() })
}

func (l *Lake) last(fits func(*Snapshot) bool) (Snapshot, error) {
	snapshots, err := l.Snapshots()
	if err != nil {
		return Snapshot{}, err
	}
	for i := len(snapshots) - 1; i >= 0; i-- {
		if fits(&snapshots[i]) {
			return snapshots[i], nil
		}
	}
	return Snapshot{}, ErrNoSnapshot
}

// Begin starts a pass under a new id. What earlier passes left unfinished is
// removed: a pass begun again never goes back to them.
func (l *Lake) Begin(build Build, reason string) (*Extract, error) {
	e := &Extract{writing: writing{lake: l}, ids: &idSet{}, bad: map[string]int{}}
	return e, e.begin(Manifest{
		Source: build.Source, APIVersion: build.APIVersion, DataTimestamp: build.DataTimestamp, Reason: reason, Total: -1,
	})
}

// writing is an extract that is being written, of whatever kind.
type writing struct {
	lake     *Lake
	dir      string
	manifest Manifest
}

// begin makes the folder of a new extract.
func (w *writing) begin(m Manifest) error {
	ids, err := w.lake.ids()
	if err != nil {
		return err
	}
	if m.ID, err = nextID(ids); err != nil {
		return err
	}
	w.dir = w.lake.path(m.ID)
	if err := w.lake.disk.MkdirAll(w.dir); err != nil {
		return fmt.Errorf("begin extract: %w", err)
	}
	m.Version, m.State, m.StartedAt = manifestVersion, InProgress, w.lake.now().UTC()
	if err := w.commit(m); err != nil {
		return fmt.Errorf("begin extract: %w", err)
	}
	return w.lake.tidy(ids)
}

// nextID counts on from the highest id, also of a folder without a manifest.
// Ids say nothing of the day, so that a run across midnight is still one run.
func nextID(ids []string) (string, error) {
	if len(ids) == 0 {
		return "000001", nil
	}
	highest, err := strconv.Atoi(ids[len(ids)-1])
	if err != nil {
		return "", fmt.Errorf("read extract id: %w", err)
	}
	return fmt.Sprintf("%06d", highest+1), nil
}

// tidy removes unfinished extracts, and leftovers in the finished ones.
func (l *Lake) tidy(ids []string) error {
	for _, id := range ids {
		m, err := l.manifest(id)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case m.Loadable():
			if err := l.removeOrphans(m); err != nil {
				return fmt.Errorf("tidy extract %s: %w", id, err)
			}
			continue
		}
		if err := l.remove(id); err != nil {
			return err
		}
	}
	return nil
}

// Retain keeps the newest keep loadable extracts and those in inUse, and
// removes older ones. It gives the ids that were removed.
func (l *Lake) Retain(keep int, inUse ...string) ([]string, error) {
	if keep < 1 {
		return nil, fmt.Errorf("keep %d extracts: at least 1 must be kept", keep)
	}
	snapshots, err := l.Snapshots()
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, s := range slices.Backward(snapshots) {
		if !s.Loadable() {
			continue
		}
		if keep > 0 {
			keep--
			continue
		}
		if slices.Contains(inUse, s.ID) {
			continue
		}
		if err := l.remove(s.ID); err != nil {
			return removed, err
		}
		removed = append(removed, s.ID)
	}
	return removed, nil
}

// remove takes the manifest away first, so that an extract which is only half
// removed does not exist.
func (l *Lake) remove(id string) error {
	if err := l.disk.RemoveAll(l.path(id) + "/" + manifestFile); err != nil {
		return fmt.Errorf("remove extract %s: %w", id, err)
	}
	if err := l.disk.SyncDir(l.path(id)); err != nil {
		return fmt.Errorf("remove extract %s: %w", id, err)
	}
	if err := l.disk.RemoveAll(l.path(id)); err != nil {
		return fmt.Errorf("remove extract %s: %w", id, err)
	}
	return nil
}

// ids lists the folders of extracts in the order of their numbers.
func (l *Lake) ids() ([]string, error) {
	entries, err := l.disk.ReadDir(l.extracts())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list extracts: %w", err)
	}
	var ids []string
	for _, entry := range entries {
		if entry.IsDir() && extractID.MatchString(entry.Name()) {
			ids = append(ids, entry.Name())
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return ids, nil
}

func (l *Lake) manifest(id string) (*Manifest, error) {
	path := l.path(id) + "/" + manifestFile
	text, err := readFile(l.disk, path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	m, err := parseManifest(text)
	if err == nil && m.ID != id {
		err = fmt.Errorf("it is the manifest of extract %s", m.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w\nhint: to give this extract up, remove the folder %s", path, err, l.path(id))
	}
	return m, nil
}

func (l *Lake) snapshot(m *Manifest) Snapshot {
	s := Snapshot{Manifest: *m}
	if m.Compacted != nil {
		s.Path = filepath.FromSlash(l.path(m.ID) + "/" + m.Compacted.File)
	}
	return s
}

func (l *Lake) extracts() string      { return l.dir + "/extracts" }
func (l *Lake) path(id string) string { return l.extracts() + "/" + id }
