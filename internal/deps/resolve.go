package deps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"apotheca/internal/dbt"
)

// shop fetches packages, each once.
type shop struct {
	o       Options
	source  dbt.PackageSource
	work    string // folder of downloads
	fetched map[string]*fetched
	hub     map[string]*hubPackage
	index   map[string]bool // what the hub has; nil until asked
}

// fetched is what a download brought.
type fetched struct {
	name     string // of the project in it
	dir      string
	revision string            // git: the commit
	needs    []dbt.PackageSpec // what it asks for itself
}

// pinned is one package at one version.
type pinned struct {
	spec    dbt.PackageSpec
	version string // hub
	latest  string // hub
	fetched
}

// label is how dbt names a package in its messages.
func (p *pinned) label() string {
	switch {
	case p.spec.Hub != "":
		return p.spec.Hub
	case p.spec.Git != "" && p.spec.Subdirectory != "":
		return p.spec.Git + "/" + p.spec.Subdirectory
	case p.spec.Git != "":
		return p.spec.Git
	case p.spec.Tarball != "":
		return p.spec.Name
	}
	return p.spec.Local
}

// from says which version of the package it is.
func (p *pinned) from() string {
	switch {
	case p.spec.Hub != "":
		return "version " + p.version
	case p.spec.Git != "" && p.spec.Revision == "":
		return "HEAD (default revision)"
	case p.spec.Git != "":
		return "revision " + p.spec.Revision
	case p.spec.Tarball != "":
		return "tarball (url: " + p.spec.Tarball + ")"
	}
	return "<local @ " + p.spec.Local + ">"
}

// key says which requests are for the same package.
func key(s dbt.PackageSpec) string {
	switch {
	case s.Hub != "":
		return s.Hub
	case s.Git != "":
		return strings.TrimSuffix(s.Git, ".git") + "/" + s.Subdirectory
	case s.Tarball != "":
		return s.Name
	}
	return s.Local
}

func kind(s dbt.PackageSpec) string {
	switch {
	case s.Hub != "":
		return "hub"
	case s.Git != "":
		return "git"
	case s.Tarball != "":
		return "tarball"
	}
	return "local"
}

// wanted are the requests by package, in the order of the first ones.
type wanted struct {
	order []string
	specs map[string][]dbt.PackageSpec
}

func newWanted() *wanted { return &wanted{specs: map[string][]dbt.PackageSpec{}} }

func (w *wanted) add(s dbt.PackageSpec) error {
	k := key(s)
	have := w.specs[k]
	if len(have) == 0 {
		w.order = append(w.order, k)
	} else if kind(have[0]) != kind(s) {
		return fmt.Errorf("package %s is asked for as a %s package and as a %s package", k, kind(have[0]), kind(s))
	}
	w.specs[k] = append(have, s)
	return nil
}

// resolve finds one version of every package that the list and its packages
// ask for. Like dbt it takes the newest that fits what was asked so far, and
// settles the versions at the end.
func (s *shop) resolve(ctx context.Context, list *dbt.PackageList) ([]*pinned, error) {
	all := newWanted()
	pending := list.Packages
	for len(pending) > 0 {
		var next []dbt.PackageSpec
		for _, spec := range pending {
			if err := all.add(spec); err != nil {
				return nil, err
			}
			p, err := s.pin(all.specs[key(spec)], spec)
			if err == nil {
				err = s.describe(ctx, p)
			}
			if err != nil {
				return nil, err
			}
			next = append(next, s.unseen(all, p.needs)...)
		}
		pending = next
	}
	var out []*pinned
	seen := map[string]bool{list.Project: true}
	for _, k := range all.order {
		p, err := s.pin(all.specs[k], all.specs[k][0])
		if err == nil {
			err = s.describe(ctx, p)
		}
		if err != nil {
			return nil, err
		}
		switch {
		case p.name == list.Project:
			return nil, fmt.Errorf("found a dependency with the same name as the root project %q. Package names must be unique in a project. Please rename one of these packages", p.name)
		case seen[p.name]:
			return nil, fmt.Errorf("found duplicate project %q. This occurs when a dependency has the same project name as some other dependency", p.name)
		}
		seen[p.name] = true
		out = append(out, p)
	}
	return out, nil
}

// unseen leaves out what was asked for in the same words already, so that
// packages that ask for each other come to an end.
func (s *shop) unseen(all *wanted, needs []dbt.PackageSpec) []dbt.PackageSpec {
	var out []dbt.PackageSpec
	for _, n := range needs {
		known := false
		for _, have := range all.specs[key(n)] {
			known = known || fmt.Sprint(have) == fmt.Sprint(n)
		}
		if !known {
			out = append(out, n)
		}
	}
	return out
}

// pin chooses the version that fits all requests for a package.
func (s *shop) pin(requests []dbt.PackageSpec, spec dbt.PackageSpec) (*pinned, error) {
	p := &pinned{spec: spec}
	switch {
	case spec.Git != "":
		for _, r := range requests {
			if p.spec.Revision == "" {
				p.spec.Revision = r.Revision
			}
			if r.Revision != "" && r.Revision != p.spec.Revision {
				return nil, fmt.Errorf("git dependencies should contain exactly one version. %s contains: %s, %s", spec.Git, p.spec.Revision, r.Revision)
			}
			p.spec.WarnUnpinned = p.spec.WarnUnpinned && r.WarnUnpinned
		}
	case spec.Hub != "":
		p.spec.Versions = nil
		for _, r := range requests {
			p.spec.Versions = append(p.spec.Versions, r.Versions...)
			p.spec.Prerelease = p.spec.Prerelease || r.Prerelease
		}
	}
	return p, nil
}

// describe learns a package's name and needs: from the hub's index where that
// will do, from the package itself otherwise.
func (s *shop) describe(ctx context.Context, p *pinned) error {
	if p.spec.Hub == "" {
		return s.fetch(ctx, p)
	}
	v, err := s.choose(ctx, p)
	if err != nil {
		return err
	}
	p.name = v.Name
	p.needs, err = v.needs()
	return err
}

// fetch brings a package's files here.
func (s *shop) fetch(ctx context.Context, p *pinned) error {
	k := kind(p.spec) + " " + key(p.spec) + "@" + p.spec.Revision
	if p.spec.Hub != "" {
		v, err := s.choose(ctx, p)
		if err != nil {
			return err
		}
		k += p.version
		if s.fetched[k] == nil {
			dir, err := s.unpack(ctx, v.Downloads.Tarball)
			if err != nil {
				return fmt.Errorf("install %s %s: %w", p.spec.Hub, p.version, err)
			}
			s.fetched[k] = &fetched{name: v.Name, dir: dir}
		}
	}
	if s.fetched[k] == nil {
		f, err := s.bring(ctx, p)
		if err != nil {
			return err
		}
		list, err := dbt.PackageSource{FS: os.DirFS(f.dir), Vars: s.o.Vars, Env: s.o.Env}.List()
		if err != nil {
			return fmt.Errorf("read package %s: %w", p.label(), err)
		}
		f.name, f.needs = list.Project, list.Packages
		if p.spec.Tarball != "" {
			f.name = p.spec.Name
		}
		s.fetched[k] = f
	}
	p.fetched = *s.fetched[k]
	if p.name == "" || !filepath.IsLocal(p.name) || strings.ContainsAny(p.name, `/\`) {
		return fmt.Errorf("package %s calls itself %q, which is no name of a folder", p.label(), p.name)
	}
	return nil
}

func (s *shop) bring(ctx context.Context, p *pinned) (*fetched, error) {
	switch {
	case p.spec.Local != "":
		dir := p.spec.Local
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(s.o.Dir, dir)
		}
		return &fetched{dir: dir}, nil
	case p.spec.Tarball != "":
		dir, err := s.unpack(ctx, p.spec.Tarball)
		if err != nil {
			return nil, fmt.Errorf("install %s: %w", p.label(), err)
		}
		return &fetched{dir: dir}, nil
	}
	return s.clone(ctx, p)
}
