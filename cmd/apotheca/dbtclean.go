package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"apotheca/internal/dbt"
)

func (a *app) dbtCleanCommand(f *dbtFlags) *cobra.Command {
	outside := false
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Delete the folders of clean-targets",
		Args:  noNodes("apotheca dbt clean"),
		RunE: func(*cobra.Command, []string) error {
			return a.invoke("clean", f).clean(!outside)
		},
	}
	unset(cmd.Flags(), &outside, "clean-project-files-only", "spare what lies outside the project")
	return cmd
}

// clean needs no profile: only what the project's own file says counts.
func (i *invocation) clean(projectOnly bool) error {
	dir, err := i.findProject()
	if err != nil {
		return err
	}
	folders, err := dbt.ReadFolders(os.DirFS(dir))
	if err != nil {
		return &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	i.console.Say("Running with dbt=%s", dbt.Version)
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
		i.console.Say("Checking %s/*", path)
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		i.console.Say("Cleaned %s/*", path)
	}
	i.console.Say("Finished cleaning all paths.")
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
