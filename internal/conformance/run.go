package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/warehouse"
)

// The two sides of a comparison, and the folders of what they left.
const (
	realDbt = "dbt"
	ours    = "apotheca"
)

// Database gives each side a database of the same name.
type Database interface {
	// Begin makes an empty database and returns the output of a profile that
	// leads to it. What lies in folder is set aside with the side's.
	Begin(ctx context.Context, folder string) (map[string]any, error)
	// End puts the database aside under the name of a side, so that the next
	// one can begin.
	End(ctx context.Context, side string) error
	// Open opens what a side left; folder is where its files lie now.
	Open(ctx context.Context, side, folder string) (warehouse.Warehouse, error)
	// Current opens the database that Begin made.
	Current(ctx context.Context) (warehouse.Warehouse, error)
}

// Options say where things are and how the two are started.
type Options struct {
	// Sources holds public repositories as owner/name; Files the folders that
	// targets lay over their copies.
	Sources, Files string
	// Work is where projects are copied to and run.
	Work string
	// Schemas holds the published JSON schemas of the artifacts.
	Schemas string
	// Dbt and Apotheca are the command lines of the two.
	Dbt, Apotheca []string
	// Env is what both are started with, name=value.
	Env []string
	// Reuse takes what real dbt left before instead of running it again.
	Reuse bool
	// Log is told what is run.
	Log io.Writer
}

// outcome is what a side left, as written down beside it.
type outcome struct {
	Inputs string `json:"inputs"` // to know whether it may be used again
	Steps  []step `json:"steps"`
}

type step struct {
	Command string        `json:"command"`
	Exit    int           `json:"exit"`
	Took    time.Duration `json:"took"`
	Folder  string        `json:"folder"` // of output and artifacts, below the side's
}

// job is one target on one adapter.
type job struct {
	Options
	target   *Target
	adapter  string
	database Database
	folder   string
}

// runSide runs every step of a side and sets aside what it left.
func (j *job) runSide(ctx context.Context, side string, command []string) (*outcome, error) {
	settled := filepath.Join(j.folder, side)
	inputs, err := j.fingerprint(command)
	if err != nil {
		return nil, err
	}
	if j.Reuse && side == realDbt {
		if before, err := readOutcome(settled); err == nil && before.Inputs == inputs {
			return before, nil
		}
	}
	current := filepath.Join(j.folder, "current")
	if err := errors.Join(os.RemoveAll(current), os.RemoveAll(settled), os.MkdirAll(current, 0o755)); err != nil {
		return nil, fmt.Errorf("clear work folder: %w", err)
	}
	project, err := j.prepare(ctx, current)
	if err != nil {
		return nil, err
	}
	result := &outcome{Inputs: inputs}
	for i, text := range j.target.Steps {
		s, err := j.runStep(ctx, side, command, current, project, i, text)
		if err != nil {
			return nil, err
		}
		result.Steps = append(result.Steps, s)
	}
	if err := j.database.End(ctx, side); err != nil {
		return nil, err
	}
	if err := os.Rename(current, settled); err != nil {
		return nil, fmt.Errorf("set aside what %s left: %w", side, err)
	}
	return result, writeJSON(filepath.Join(settled, "outcome.json"), result)
}

// prepare copies the project and writes the profile; it returns the folder of
// the project.
func (j *job) prepare(ctx context.Context, current string) (string, error) {
	repository := filepath.Join(current, "repository")
	from, err := j.source(j.target.Repository)
	if err != nil {
		return "", err
	}
	if err := copyFolder(repository, from); err != nil {
		return "", err
	}
	if j.target.Files != "" {
		if err := copyFolder(repository, filepath.Join(j.Files, j.target.Files)); err != nil {
			return "", err
		}
	}
	project := filepath.Join(repository, filepath.FromSlash(j.target.Folder))
	settings, err := readProject(project)
	if err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(j.target.Packages)) {
		from, err := j.source(j.target.Packages[name])
		if err != nil {
			return "", err
		}
		if err := copyFolder(filepath.Join(project, settings.PackagesInstallPath, name), from); err != nil {
			return "", err
		}
	}
	output, err := j.database.Begin(ctx, current)
	if err != nil {
		return "", err
	}
	if err := j.setup(ctx); err != nil {
		return "", err
	}
	output["schema"], output["threads"] = j.target.Schema, 4
	return project, writeProfile(filepath.Join(current, "profiles"), settings.Profile, output)
}

// source is the folder of a repository, or a folder in one.
func (j *job) source(name string) (string, error) {
	folder := name
	if !filepath.IsAbs(folder) && !strings.HasPrefix(folder, "./") {
		folder = filepath.Join(j.Sources, filepath.FromSlash(name))
	}
	if _, err := os.Stat(folder); err != nil {
		return "", fmt.Errorf("target %s: %s is not there\nhint: clone it to %s", j.target.Name, name, folder)
	}
	return folder, nil
}

func (j *job) setup(ctx context.Context) error {
	if j.target.Setup[j.adapter] == "" {
		return nil
	}
	sql := strings.ReplaceAll(j.target.Setup[j.adapter], "$SOURCES", j.Sources)
	if strings.HasSuffix(sql, ".sql") {
		content, err := os.ReadFile(sql)
		if err != nil {
			return fmt.Errorf("read the setup of %s: %w", j.target.Name, err)
		}
		sql = string(content)
	}
	w, err := j.database.Current(ctx)
	if err != nil {
		return err
	}
	conn, err := w.Conn(ctx)
	if err != nil {
		return errors.Join(err, w.Close())
	}
	if _, err = conn.Exec(ctx, sql); err != nil {
		err = fmt.Errorf("set up the database of %s: %w", j.target.Name, err)
	}
	return errors.Join(err, conn.Close(), w.Close())
}

func (j *job) runStep(ctx context.Context, side string, command []string, current, project string, i int, text string) (step, error) {
	s := step{Command: text, Folder: fmt.Sprintf("step-%d", i+1)}
	folder := filepath.Join(current, s.Folder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return s, fmt.Errorf("make folder of a step: %w", err)
	}
	args := append(slices.Clone(command[1:]), strings.Fields(text)...)
	if j.target.Vars != "" {
		args = append(args, "--vars", j.target.Vars)
	}
	cmd := exec.CommandContext(ctx, command[0], args...)
	cmd.Dir = project
	cmd.Env = j.environment(current)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	fmt.Fprintf(j.Log, "%s on %s: %s %s\n", j.target.Name, j.adapter, side, text)
	start := time.Now()
	err := cmd.Run()
	s.Took = time.Since(start)
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		return s, fmt.Errorf("run %s: %w", strings.Join(cmd.Args, " "), err)
	}
	s.Exit = cmd.ProcessState.ExitCode()
	return s, errors.Join(
		os.WriteFile(filepath.Join(folder, "stdout"), out.Bytes(), 0o644),
		os.WriteFile(filepath.Join(folder, "stderr"), problems.Bytes(), 0o644),
		keepArtifacts(folder, filepath.Join(project, "target"), start),
	)
}

func (j *job) environment(current string) []string {
	env := append(slices.Clone(j.Env),
		"DBT_PROFILES_DIR="+filepath.Join(current, "profiles"),
		"DBT_SEND_ANONYMOUS_USAGE_STATS=false", "DBT_VERSION_CHECK=false",
		"DBT_USE_COLORS=false", "NO_COLOR=1",
	)
	for _, name := range slices.Sorted(maps.Keys(j.target.Env)) {
		env = append(env, name+"="+j.target.Env[name])
	}
	return env
}

// fingerprint changes with whatever a side is given: the command, how the
// target is run, and every file that is copied.
func (j *job) fingerprint(command []string) (string, error) {
	t := *j.target
	t.Known, t.Note, t.Volatile, t.Adapters, t.Answers = nil, "", nil, nil, nil
	sum := sha256.New()
	if err := json.NewEncoder(sum).Encode(struct {
		Target  Target
		Command []string
	}{t, command}); err != nil {
		return "", fmt.Errorf("sum up target: %w", err)
	}
	folders := []string{j.target.Repository}
	for _, name := range slices.Sorted(maps.Keys(j.target.Packages)) {
		folders = append(folders, j.target.Packages[name])
	}
	for i, name := range folders {
		folder, err := j.source(name)
		if err != nil {
			return "", err
		}
		folders[i] = folder
	}
	if j.target.Files != "" {
		folders = append(folders, filepath.Join(j.Files, j.target.Files))
	}
	for _, folder := range folders {
		if err := sumFolder(sum, folder); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// artifacts are the files that dbt leaves and tools read.
var artifacts = []string{"manifest.json", "run_results.json", "catalog.json", "sources.json", "semantic_manifest.json"}

// keepArtifacts copies those that were written since a step began.
func keepArtifacts(folder, target string, since time.Time) error {
	for _, name := range artifacts {
		file := filepath.Join(target, name)
		info, err := os.Stat(file)
		if errors.Is(err, os.ErrNotExist) || err == nil && info.ModTime().Before(since) {
			continue
		}
		if err := copyFile(filepath.Join(folder, name), file); err != nil {
			return err
		}
	}
	return nil
}

type projectFile struct {
	Profile             string `yaml:"profile"`
	PackagesInstallPath string `yaml:"packages-install-path"`
}

func readProject(folder string) (projectFile, error) {
	settings := projectFile{PackagesInstallPath: "dbt_packages"}
	content, err := os.ReadFile(filepath.Join(folder, "dbt_project.yml"))
	if err != nil {
		return settings, fmt.Errorf("read project: %w", err)
	}
	if err := yaml.Unmarshal(content, &settings); err != nil {
		return settings, fmt.Errorf("read %s/dbt_project.yml: %w", folder, err)
	}
	return settings, nil
}

func writeProfile(folder, profile string, output map[string]any) error {
	if profile == "" {
		profile = "default"
	}
	content, err := yaml.Marshal(map[string]any{profile: map[string]any{
		"target":  "conformance",
		"outputs": map[string]any{"conformance": output},
	}})
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "profiles.yml"), content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	return nil
}

func readOutcome(folder string) (*outcome, error) {
	content, err := os.ReadFile(filepath.Join(folder, "outcome.json"))
	if err != nil {
		return nil, fmt.Errorf("read outcome: %w", err)
	}
	var o outcome
	if err := json.Unmarshal(content, &o); err != nil {
		return nil, fmt.Errorf("read outcome of %s: %w", folder, err)
	}
	return &o, nil
}
