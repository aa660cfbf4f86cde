package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/pipeline"
	"github.com/spf13/cobra"
)

// dbtFlags are the ones that dbt's own commands share.
type dbtFlags struct {
	projectDir  string
	profilesDir string
	profile     string
	target      string
	targetPath  string
	selects     []string
	exclude     []string
	vars        string
	threads     int
	fullRefresh bool
	failFast    bool
	types       []string
	indirect    string
	output      string
	outputKeys  []string
}

func (a *app) dbtCommand() *cobra.Command {
	f := &dbtFlags{}
	parent := &cobra.Command{
		Use:   "dbt",
		Short: "Run a dbt project in-process",
		Long: `Runs a standard dbt project, with dbt's commands, selection syntax, artifacts and
exit codes, without Python. What dbt has and this does not fails with its name.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("no dbt command is named %q", args[0]).hint("apotheca dbt --help lists them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	f.register(parent)
	for _, c := range dbtCommands() {
		parent.AddCommand(&cobra.Command{
			Use:     c.name,
			Aliases: c.aliases,
			Short:   c.short,
			Args: func(_ *cobra.Command, args []string) error {
				if len(args) > 0 {
					return usagef("apotheca dbt %s takes no argument %q", c.name, args[0]).hint("select nodes with --select %s", args[0])
				}
				return nil
			},
			RunE: func(cmd *cobra.Command, _ []string) error {
				a.hideSecrets()
				return a.dbt(cmd.Context(), c.name, f)
			},
		})
	}
	parent.AddCommand(a.dbtDepsCommand(f))
	return parent
}

type dbtCommand struct {
	name, short string
	aliases     []string
}

func dbtCommands() []dbtCommand {
	return []dbtCommand{
		{name: "build", short: "Run seeds, models, snapshots and tests in the order of the graph"},
		{name: "run", short: "Run models"},
		{name: "test", short: "Run data tests and unit tests"},
		{name: "seed", short: "Load seeds"},
		{name: "snapshot", short: "Bring the history of snapshots up to date"},
		{name: "compile", short: "Write the SQL of models and tests without running it"},
		{name: "ls", short: "List what a selection means", aliases: []string{"list"}},
		{name: "parse", short: "Read the project and report what is wrong with it"},
	}
}

func (f *dbtFlags) register(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&f.projectDir, "project-dir", "", "the project's `folder` (default the nearest one with dbt_project.yml)")
	flags.StringVar(&f.profilesDir, "profiles-dir", "", "`folder` of profiles.yml")
	flags.StringVar(&f.profile, "profile", "", "`profile` to use instead of the project's")
	flags.StringVarP(&f.target, "target", "t", "", "`output` of the profile")
	flags.StringVar(&f.targetPath, "target-path", "", "`folder` of artifacts (default target)")
	flags.StringArrayVarP(&f.selects, "select", "s", nil, "`nodes` to include, in dbt's selection syntax")
	flags.StringArrayVar(&f.exclude, "exclude", nil, "`nodes` to leave out")
	flags.StringArrayVar(&f.types, "resource-type", nil, "only this `type`: model, seed, test, unit_test, source, …")
	flags.StringVar(&f.vars, "vars", "", "variables, as `YAML` or JSON")
	flags.IntVar(&f.threads, "threads", 0, "nodes at once (default the profile's)")
	flags.BoolVarP(&f.fullRefresh, "full-refresh", "f", false, "rebuild incremental models and seeds from nothing")
	flags.BoolVarP(&f.failFast, "fail-fast", "x", false, "start nothing more after the first failure")
	flags.StringVar(&f.indirect, "indirect-selection", "eager", "which `tests` come along: eager, cautious, buildable or empty")
	flags.StringVar(&f.output, "output", "selector", "what ls prints: selector, name, path or json")
	flags.StringArrayVar(&f.outputKeys, "output-keys", nil, "only these `keys` of ls --output json")
}

func (a *app) dbt(ctx context.Context, command string, f *dbtFlags) error {
	dir, err := f.findProject()
	if err != nil {
		return err
	}
	project, err := a.loadProject(command, dir, f)
	if err != nil {
		return err
	}
	ids, err := a.selectNodes(command, project, f)
	if err != nil {
		return err
	}
	switch command {
	case "ls":
		return a.list(project, ids, f.output, words(f.outputKeys))
	case "parse":
		fmt.Fprintf(a.stdout, "%s: %d nodes, %d sources, %d unit tests; nothing is wrong\n",
			project.Name, len(project.Nodes), len(project.Sources), len(project.UnitTests))
		return nil
	}
	targetName := cmp.Or(f.targetPath, "target")
	targetDir := f.targetPath
	if targetDir == "" {
		targetDir = filepath.Join(dir, targetName)
	}
	w, err := a.opener(access{base: dir})(ctx, project.Target)
	if err != nil {
		return err
	}
	defer w.Close()
	leave, err := shareWarehouse(ctx, w, build.Command(command), project.Target.Schema)
	if err != nil {
		return err
	}
	defer leave()
	console := &build.Console{Out: a.stdout, Colour: a.colour}
	results, err := build.Run(ctx, build.Options{
		Project: project, Warehouse: w, IDs: ids, Command: build.Command(command),
		Threads: project.Target.Threads, FullRefresh: f.fullRefresh, FailFast: f.failFast,
		TargetDir: targetDir, TargetName: targetName, Report: console.Report,
	})
	if err != nil {
		return err
	}
	if results.Failed() {
		return errFailed
	}
	return nil
}

// selectNodes says what the flags select, and which of them select nothing.
func (a *app) selectNodes(command string, project *dbt.Project, f *dbtFlags) ([]string, error) {
	selection := dbt.Selection{
		Select: words(f.selects), Exclude: words(f.exclude), Indirect: f.indirect,
		Missed: func(term string) {
			fmt.Fprintf(a.stderr, "warning: the selection criterion '%s' does not match any enabled nodes\n", term)
		},
	}
	for _, name := range words(f.types) {
		selection.ResourceTypes = append(selection.ResourceTypes, dbt.ResourceType(name))
	}
	if command == "ls" && len(selection.ResourceTypes) == 0 {
		selection.ResourceTypes = listedTypes()
	}
	if len(f.selects) > 0 && len(selection.Select) == 0 {
		selection.Missed("")
		return nil, nil
	}
	ids, err := project.Select(selection)
	if err != nil {
		return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	return ids, nil
}

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
	project, err := dbt.Load(dbt.Options{
		FS: os.DirFS(dir), Dir: absolute, Profiles: profiles,
		Profile: f.profile, Target: f.target,
		Vars: vars, Env: a.dbtEnv(), FullRefresh: f.fullRefresh, Threads: f.threads, Command: command,
		Now: a.now().UTC(), InvocationID: newUUID(),
		Log: func(message string) { fmt.Fprintln(a.stdout, message) },
	})
	if err != nil {
		return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	for _, w := range project.Warnings {
		fmt.Fprintf(a.stderr, "warning: %v\n", w)
	}
	return project, nil
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

// words splits what one flag held at its spaces: --select "a b".
func words(values []string) []string {
	var all []string
	for _, value := range values {
		all = append(all, strings.Fields(value)...)
	}
	return all
}

// repeatLists lets a selection run on over several arguments, as dbt does:
// `--select a b` becomes `--select a --select b`.
func repeatLists(args []string) []string {
	if len(args) == 0 || args[0] != "dbt" {
		return args
	}
	lists := []string{"--select", "-s", "--exclude", "--resource-type", "--output-keys"}
	isCommand := func(arg string) bool {
		return arg == "list" || arg == "deps" || slices.ContainsFunc(dbtCommands(), func(c dbtCommand) bool { return c.name == arg })
	}
	var out []string
	flag, taken, commanded := "", false, false
	for _, arg := range args {
		switch {
		case !commanded && taken && isCommand(arg):
			// Flags may stand in front of the command, which ends their list.
			flag, commanded = "", true
			out = append(out, arg)
		case strings.HasPrefix(arg, "-"):
			flag, taken = "", false
			if slices.Contains(lists, arg) {
				flag = arg
			}
			out = append(out, arg)
		case flag != "" && taken:
			out = append(out, flag, arg)
		default:
			taken = true
			commanded = commanded || flag == "" && isCommand(arg)
			out = append(out, arg)
		}
	}
	return out
}

// newUUID is a random id in the form dbt's artifacts have it.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
