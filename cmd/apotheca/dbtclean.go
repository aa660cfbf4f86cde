package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

func (a *app) dbtCleanCommand(f *dbtFlags) *cobra.Command {
	outside := false
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Delete the folders of clean-targets",
		Args:  noNodes,
		RunE:  a.dbtRun(f, "clean", func(_ context.Context, i *invocation, _ []string) error { return i.clean(!outside) }),
	}
	unset(cmd.Flags(), &outside, "clean-project-files-only", "spare what lies outside the project")
	return cmd
}

// clean needs no profile: only what the project's own file says counts.
func (i *invocation) clean(projectOnly bool) error {
	if err := i.begin(); err != nil {
		return err
	}
	folders, err := dbt.ReadFolders(os.DirFS(i.dir))
	if err != nil {
		return &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	root, err := filepath.Abs(i.dir)
	if err != nil {
		return err
	}
	var paths []string
	for _, target := range folders.Clean {
		path := target
		if !filepath.IsAbs(path) {
			path = filepath.Join(root, path)
		}
		path = filepath.Clean(path)
		if err := refuseToClean(root, path, projectOnly, folders.Own); err != nil {
			return err
		}
		paths = append(paths, path)
	}
	for _, path := range paths {
		i.console.Tell(build.Line{Name: "CheckCleanPath", Text: fmt.Sprintf("Checking %s/*", path), Data: map[string]any{"path": path}})
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		i.console.Tell(build.Line{Name: "ConfirmCleanPath", Text: fmt.Sprintf("Cleaned %s/*", path), Data: map[string]any{"path": path}})
	}
	i.console.Tell(build.Line{Name: "FinishedCleanPaths", Text: "Finished cleaning all paths.", Data: map[string]any{}})
	return nil
}

// refuseToClean protects what is no by-product: files outside of the project,
// and the project's own.
func refuseToClean(root, path string, projectOnly bool, own []string) error {
	relative, err := filepath.Rel(root, path)
	outside := err != nil || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator))
	if outside && projectOnly {
		return usagef("dbt will not clean %s: it is outside the project", path).
			hint("take it out of clean-targets, or pass --no-clean-project-files-only")
	}
	if strings.HasPrefix(root+string(filepath.Separator), path+string(filepath.Separator)) || slices.Contains(own, filepath.ToSlash(relative)) {
		return usagef("dbt will not clean %s: it holds the project's own files", path).hint("clean-targets: [target, dbt_packages]")
	}
	return nil
}
