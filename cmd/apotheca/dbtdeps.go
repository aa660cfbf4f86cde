package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/deps"
)

// depsFlags are those of dbt deps alone.
type depsFlags struct {
	upgrade, lock bool
	add, source   string
}

func (a *app) dbtDepsCommand(f *dbtFlags) *cobra.Command {
	own := &depsFlags{}
	cmd := &cobra.Command{
		Use:   "deps",
		Short: "Install the packages of packages.yml",
		Long: `Installs the packages that packages.yml or dependencies.yml asks for into
dbt_packages: from the hub (package:), a Git repository (git:), a folder (local:)
or an archive (tarball:). What was chosen is kept in package-lock.yml.`,
		Args: cobra.NoArgs,
		RunE: a.dbtRun(f, "deps", func(ctx context.Context, i *invocation, _ []string) error { return i.installPackages(ctx, own) }),
	}
	flags := cmd.Flags()
	flags.BoolVar(&own.upgrade, "upgrade", false, "choose versions anew, whatever the lock file says")
	flags.BoolVar(&own.lock, "lock", false, "write package-lock.yml and install nothing")
	flags.StringVar(&own.add, "add-package", "", "put `name@version` into packages.yml first")
	flags.StringVar(&own.source, "source", "hub", "where the added package comes from: hub, git or local")
	return cmd
}

func (i *invocation) installPackages(ctx context.Context, own *depsFlags) error {
	if err := i.begin(); err != nil {
		return err
	}
	vars, err := dbt.ParseVars(i.vars)
	if err != nil {
		return usagef("--vars %q is not a YAML dictionary", i.vars).hint(`--vars '{key: value}'`)
	}
	hub, _ := i.env("DBT_PACKAGE_HUB_URL")
	o := deps.Options{
		Dir: i.dir, Vars: vars, Env: i.env, Hub: hub, Upgrade: own.upgrade, LockOnly: own.lock,
		Log: func(message string) { i.console.Say("%s", message) },
		Warn: func(message string) {
			i.tellWarning(build.Line{Name: "DepsUnpinned", Text: "[" + i.yellow("WARNING") + "]: " + message}, message)
		},
	}
	if o.Add, err = own.addition(); err != nil {
		return err
	}
	if err := deps.Install(ctx, o); err != nil {
		return &userError{message: err.Error(), advice: hintOf(err), code: exitUsage, cause: err}
	}
	return nil
}

// addition reads name@version; the name of a Git package may hold an @.
func (f *depsFlags) addition() (*deps.Addition, error) {
	if f.add == "" {
		return nil, nil
	}
	add := &deps.Addition{Package: f.add, Source: f.source}
	if i := strings.LastIndex(f.add, "@"); i > 0 {
		add.Package, add.Version = f.add[:i], f.add[i+1:]
	}
	switch {
	case f.source != "hub" && f.source != "git" && f.source != "local":
		return nil, usagef("--source %s is not a source of packages", f.source).hint("--source hub, git or local")
	case add.Version == "" && f.source != "local":
		return nil, usagef("--add-package %s names no version", f.add).hint("--add-package %s@1.0.0", f.add)
	}
	return add, nil
}
