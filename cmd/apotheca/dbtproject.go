package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/pipeline"
)

// findProject goes up from the working folder, as dbt does.
func (f *dbtFlags) findProject() (string, error) {
	const marker = "dbt_project.yml"
	if f.projectDir != "" {
		if _, err := os.Stat(filepath.Join(f.projectDir, marker)); err != nil {
			return "", usagef("%s has no %s", f.projectDir, marker).
				hint("--project-dir names the folder that holds it")
		}
		return f.projectDir, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find working folder: %w", err)
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, marker)); err == nil {
			if dir == here {
				return ".", nil
			}
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", usagef("neither this folder nor one above it has a %s", marker).
				hint("--project-dir DIR; apotheca init DIR writes the built-in projects out")
		}
	}
}

// loadProject reads the project in dir and says what is suspicious in it.
func (a *app) loadProject(command, dir string, f *dbtFlags) (*dbt.Project, error) {
	vars, err := dbt.ParseVars(f.vars)
	if err != nil {
		return nil, usagef("--vars %q is not a YAML dictionary", f.vars).hint(`--vars '{run_date: 2026-11-21}'`)
	}
	profiles, err := a.profilesFS(dir, f.profilesDir)
	if err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find project: %w", err)
	}
	// Nearly all that loading allocates stays. Looking for garbage less often, up
	// to a limit, takes a fifth off the processor time.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(1 << 30)
	project, err := dbt.Load(dbt.Options{
		FS: os.DirFS(dir), Dir: absolute, Profiles: profiles,
		Profile: f.profile, Target: f.target,
		Vars: vars, Env: a.dbtEnv(), FullRefresh: f.fullRefresh, Threads: f.threads, Command: command,
		Now: a.now().UTC(), InvocationID: cmp.Or(f.invocation, newUUID()),
		NoVersionCheck: f.anyVersion, Flags: f.templateFlags(), MetadataEnv: a.metadataEnv(),
		Log: func(message string) {
			if f.console != nil {
				f.console.Say("%s", message)
			}
		},
		Print: func(message string) {
			if !f.noPrint {
				fmt.Fprintln(a.stdout, message)
			}
		},
	})
	if err != nil {
		return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	if f.warningsAreErrors() && len(project.Warnings) > 0 {
		return nil, &userError{message: project.Warnings.Error(), code: exitUsage, cause: project.Warnings}
	}
	for _, w := range project.Warnings {
		a.warn(w.Error())
	}
	return project, nil
}

// metadataEnv are the variables that a user wants to see in dbt's artifacts.
func (a *app) metadataEnv() map[string]string {
	out := map[string]string{}
	for _, variable := range a.environ() {
		name, value, _ := strings.Cut(variable, "=")
		if rest, ok := strings.CutPrefix(name, dbt.MetadataPrefix); ok {
			out[rest] = value
		}
	}
	return out
}

// dbtEnv is the environment as templates see it. Where it does not say where
// the warehouse of a built-in project is, that of the data folder is meant.
func (a *app) dbtEnv() func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := a.env(name)
		if ok || name != pipeline.WarehouseVariable {
			return value, ok
		}
		c, err := readConfig()
		if err != nil {
			return "", false
		}
		path, err := filepath.Abs(c.layout().Warehouse())
		if err != nil {
			return "", false
		}
		if _, err := os.Stat(path); err != nil {
			return "", false // the profile's own default then
		}
		return path, true
	}
}

// profilesFS is where profiles.yml is read from, in dbt's order.
func (a *app) profilesFS(projectDir, flag string) (fs.FS, error) {
	if flag == "" {
		flag, _ = a.env("DBT_PROFILES_DIR")
	}
	if flag != "" {
		if _, err := os.Stat(filepath.Join(flag, "profiles.yml")); err != nil {
			return nil, usagef("%s has no profiles.yml", flag).hint("--profiles-dir names the folder that holds it")
		}
		return os.DirFS(flag), nil
	}
	for _, dir := range []string{".", projectDir} {
		if _, err := os.Stat(filepath.Join(dir, "profiles.yml")); err == nil {
			return os.DirFS(dir), nil
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, fmt.Errorf("find profiles.yml: %w", err)
	}
	dir := filepath.Join(home, ".dbt")
	if _, err := os.Stat(filepath.Join(dir, "profiles.yml")); errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("no profiles.yml in this folder, in the project or in %s", dir).
			hint("--profiles-dir DIR names the folder that holds it")
	}
	return os.DirFS(dir), nil
}
