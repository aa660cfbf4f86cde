package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"apotheca/internal/build"
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

// loadProject reads the project in the invocation's folder.
func (i *invocation) loadProject() error {
	vars, err := dbt.ParseVars(i.vars)
	if err != nil {
		return usagef("--vars %q is not a YAML dictionary", i.vars).hint(`--vars '{run_date: 2026-11-21}'`)
	}
	profiles, err := profilesFS(i.env, i.dir, i.profilesDir)
	if err != nil {
		return err
	}
	absolute, err := filepath.Abs(i.dir)
	if err != nil {
		return fmt.Errorf("find project: %w", err)
	}
	sample, err := i.eventTime.window(i.started.UTC())
	if err != nil {
		return err
	}
	if _, err := i.eventTime.between(); err != nil {
		return err
	}
	project, err := dbt.Load(dbt.Options{
		FS: os.DirFS(i.dir), Dir: absolute, Profiles: profiles,
		Profile: i.profile, Target: i.target,
		Vars: vars, Env: i.dbtEnv(), FullRefresh: i.fullRefresh, Threads: i.threads, Command: i.command,
		Sample: sample, Now: i.now().UTC(), InvocationID: i.id,
		NoVersionCheck: i.anyVersion, Flags: i.templateFlags(), MetadataEnv: i.metadataEnv(),
		Log: i.logTemplate, Print: i.printTemplate,
		Warn: func(message string) error { return i.warn(dbt.Problem{Event: "JinjaLogWarning", Message: message}) },
	})
	if err != nil {
		return &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	i.project = project
	return nil
}

// logTemplate takes what templates log().
func (i *invocation) logTemplate(event, message string) {
	line := build.Line{Name: event, Text: message}
	if event == "JinjaLogDebug" {
		line.Level = build.LevelDebug
	}
	i.console.Tell(line)
}

// printTemplate takes what templates print().
func (i *invocation) printTemplate(message string) {
	if !i.noPrint {
		i.print("PrintEvent", message, nil)
	}
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
		path, err := filepath.Abs(pipeline.Layout{Root: c.Dir}.Warehouse())
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
func profilesFS(env func(string) (string, bool), projectDir, flag string) (fs.FS, error) {
	if flag == "" {
		flag, _ = env("DBT_PROFILES_DIR")
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
