package deps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var commitID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// clone checks a repository out at its revision with the git command.
func (s *shop) clone(ctx context.Context, p *pinned) (*fetched, error) {
	if strings.HasPrefix(p.spec.Git, "-") || strings.HasPrefix(p.spec.Revision, "-") {
		return nil, fmt.Errorf("package %s: neither the repository nor the revision may begin with a dash", p.spec.Git)
	}
	if p.spec.Subdirectory != "" && !filepath.IsLocal(p.spec.Subdirectory) {
		return nil, fmt.Errorf("package %s: the subdirectory %s lies outside of the repository", p.spec.Git, p.spec.Subdirectory)
	}
	s.warnUnpinned(p)
	dir, err := os.MkdirTemp(s.work, "git-")
	if err != nil {
		return nil, fmt.Errorf("make download folder: %w", err)
	}
	steps := [][]string{{"clone", "--quiet", "--depth", "1", "--", p.spec.Git, dir}}
	switch revision := p.spec.Revision; {
	case revision == "" || revision == "HEAD":
	case commitID.MatchString(revision):
		steps = append(steps, []string{"-C", dir, "fetch", "--quiet", "--depth", "1", "origin", revision}, []string{"-C", dir, "reset", "--quiet", "--hard", revision})
	default:
		steps = append(steps, []string{"-C", dir, "fetch", "--quiet", "--depth", "1", "origin", revision}, []string{"-C", dir, "reset", "--quiet", "--hard", "FETCH_HEAD"})
	}
	for _, step := range steps {
		if _, err := git(ctx, step...); err != nil {
			return nil, fmt.Errorf("error checking out spec='%s' for repo %s: %w", p.spec.Revision, p.spec.Git, err)
		}
	}
	commit, err := git(ctx, "-C", dir, "rev-parse", "HEAD")
	if err != nil {
		return nil, fmt.Errorf("read commit of %s: %w", p.spec.Git, err)
	}
	return &fetched{dir: filepath.Join(dir, p.spec.Subdirectory), revision: strings.TrimSpace(commit)}, nil
}

// git runs one git command; what it says about a failure becomes the error.
func git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("make sure git is installed on your machine")
	case errors.As(err, &exit):
		return "", errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}

// warnUnpinned says that a branch may hold something else tomorrow.
func (s *shop) warnUnpinned(p *pinned) {
	if !p.spec.WarnUnpinned {
		return
	}
	switch p.spec.Revision {
	case "", "HEAD":
		s.o.Warn(fmt.Sprintf("The git package %q is not pinned, using HEAD (default branch). This can introduce breaking changes into your project without warning!", p.spec.Git))
	case "main", "master":
		s.o.Warn(fmt.Sprintf("The git package %q is pinned to the %q branch. This can introduce breaking changes into your project without warning!", p.spec.Git, p.spec.Revision))
	}
}
