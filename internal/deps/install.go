package deps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"apotheca/internal/dbt"
)

// DefaultHub is where packages named namespace/name come from.
const DefaultHub = "https://hub.getdbt.com/"

// Options say what to install, and with what.
type Options struct {
	Dir  string // the project's folder
	Vars map[string]any
	Env  func(name string) (string, bool)

	Hub    string       // base URL; empty means DefaultHub
	Client *http.Client // nil means one with a timeout
	// NoVersionCheck considers versions that ask for another dbt.
	NoVersionCheck bool

	// Upgrade resolves anew although the lock file fits.
	Upgrade bool
	// LockOnly writes the lock file and installs nothing.
	LockOnly bool
	// Add is put into packages.yml first; nil adds nothing.
	Add *Addition

	// Log is told what happens, Warn what may go wrong later.
	Log, Warn func(message string)
	// Pause waits before a download is tried again; nil waits a second.
	Pause func(context.Context) error
}

// Install does what dbt deps does.
func Install(ctx context.Context, o Options) error {
	o.complete()
	if o.Add != nil {
		if err := o.add(*o.Add); err != nil {
			return err
		}
	}
	source := dbt.PackageSource{FS: os.DirFS(o.Dir), Vars: o.Vars, Env: o.Env}
	list, err := source.List()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "dbt-downloads-")
	if err != nil {
		return fmt.Errorf("make download folder: %w", err)
	}
	defer os.RemoveAll(work)
	s := &shop{o: o, source: source, work: work, fetched: map[string]*fetched{}, hub: map[string]*hubPackage{}}

	locked, hash, err := source.Lock()
	if err != nil {
		return err
	}
	if o.Upgrade || hash != list.Hash {
		if len(list.Packages) == 0 && hash == "" {
			o.Log("Warning: No packages were found in packages.yml")
			if o.LockOnly {
				return nil
			}
			return o.replace(list.InstallPath, nil)
		}
		if err := s.lock(ctx, list); err != nil {
			return err
		}
		if locked, _, err = source.Lock(); err != nil {
			return err
		}
	}
	if o.LockOnly {
		return nil
	}
	return s.install(ctx, list.InstallPath, locked)
}

func (o *Options) complete() {
	if o.Hub == "" {
		o.Hub = DefaultHub
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 5 * time.Minute}
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if o.Pause == nil {
		o.Pause = func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(time.Second):
				return nil
			}
		}
	}
}

// install puts the locked packages into place.
func (s *shop) install(ctx context.Context, into string, locked []dbt.PackageSpec) error {
	if len(locked) == 0 {
		s.o.Log("Warning: No packages were found in packages.yml")
		return s.o.replace(into, nil)
	}
	var ready []placed
	var outdated []string
	for _, spec := range locked {
		p, err := s.pin([]dbt.PackageSpec{spec}, spec)
		if err == nil {
			s.o.Log("Installing " + p.label())
			err = s.fetch(ctx, p)
		}
		if err != nil {
			return err
		}
		ready = append(ready, placed{p.name, p.dir, p.spec.Local != ""})
		s.o.Log("Installed from " + p.from())
		switch {
		case p.spec.Hub == "":
		case p.latest == p.version:
			s.o.Log("Up to date!")
		default:
			s.o.Log("Updated version available: " + p.latest)
			outdated = append(outdated, "'"+p.spec.Hub+"'")
		}
		if p.spec.Subdirectory != "" {
			s.o.Log("and subdirectory " + p.spec.Subdirectory)
		}
	}
	if err := s.o.replace(into, ready); err != nil {
		return err
	}
	if len(outdated) > 0 {
		s.o.Log("")
		s.o.Log("Updates available for packages: [" + strings.Join(outdated, ", ") + "]\nUpdate your versions in packages.yml, then run dbt deps")
	}
	return nil
}

// placed is a package that is ready to be installed.
type placed struct {
	name, dir string
	local     bool // its folder stays where it is
}

// replace makes the install folder hold these packages and nothing else.
func (o Options) replace(into string, packages []placed) error {
	if !filepath.IsLocal(into) || into == "." {
		return fmt.Errorf("packages-install-path %q is not a folder inside the project", into)
	}
	final := filepath.Join(o.Dir, into)
	if _, err := os.Stat(filepath.Join(final, "dbt_project.yml")); err == nil {
		return fmt.Errorf("packages-install-path %s holds a dbt_project.yml of its own; it would be deleted", into)
	}
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return fmt.Errorf("make folder of packages: %w", err)
	}
	staged, err := os.MkdirTemp(filepath.Dir(final), filepath.Base(final)+".new-")
	if err != nil {
		return fmt.Errorf("make folder of packages: %w", err)
	}
	defer os.RemoveAll(staged)
	for _, p := range packages {
		if err := p.place(filepath.Join(staged, p.name)); err != nil {
			return fmt.Errorf("install %s: %w", p.name, err)
		}
	}
	if err := os.Chmod(staged, 0o755); err != nil {
		return fmt.Errorf("install packages: %w", err)
	}
	if err := os.RemoveAll(final); err != nil {
		return fmt.Errorf("remove old packages: %w", err)
	}
	if err := os.Rename(staged, final); err != nil {
		return fmt.Errorf("install packages: %w", err)
	}
	return nil
}

// place links a local package, so that what is edited there takes effect, and
// copies it where links are not to be had.
func (p placed) place(at string) error {
	if p.local {
		from, err := filepath.Abs(p.dir)
		if err != nil {
			return err
		}
		if err := os.Symlink(from, at); err == nil {
			return nil
		}
	}
	return copyDir(p.dir, at)
}

// copyDir copies files and folders; Git's own stay behind.
func copyDir(from, to string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		at := filepath.Join(to, relative)
		switch {
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(at, 0o755)
		case !d.Type().IsRegular():
			return nil // a link of a stranger leads anywhere
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(at, data, 0o644)
	})
}

// errNoVersion ends the search for a version.
var errNoVersion = errors.New("no version fits")
