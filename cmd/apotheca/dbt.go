package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

func (a *app) dbtCommand() *cobra.Command {
	f := &dbtFlags{}
	askedVersion := false
	parent := &cobra.Command{
		Use:   "dbt",
		Short: "Run a dbt project in-process",
		Long: `Runs a standard dbt project, with dbt's commands, selection syntax, artifacts and
exit codes, without Python. What dbt has and this does not fails with its name.`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return nil
			case cmd.Root() == cmd:
				return usageOf(cmd, "No such command '%s'.", args[0])
			}
			return usagef("no dbt command is named %q", args[0]).hint("apotheca dbt --help lists them")
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if askedVersion {
				a.printVersion()
				return nil
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.hideSecrets()
			return f.settle(cmd.Flags(), a.env)
		},
	}
	f.register(parent)
	parent.Flags().BoolVarP(&askedVersion, "version", "v", false, "print the version of dbt that is followed")
	parent.Flags().BoolVarP(&askedVersion, "Version", "V", false, "")
	_ = parent.Flags().MarkHidden("Version")
	for _, c := range nodeCommands() {
		parent.AddCommand(a.dbtNodesCommand(f, c))
	}
	parent.AddCommand(
		a.dbtShowCommand(f), a.dbtRetryCommand(f), a.dbtOperationCommand(f), a.dbtSourceCommand(f), a.dbtDocsCommand(f),
		a.dbtDepsCommand(f), a.dbtDebugCommand(f), a.dbtCleanCommand(f), dbtInitCommand(),
	)
	f.attach(parent)
	program := "apotheca dbt"
	if a.asDBT {
		program = "dbt"
	}
	illustrate(parent, program)
	return parent
}

// dbtInitCommand is there to say what takes its place.
func dbtInitCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init", Hidden: true, Args: cobra.ArbitraryArgs, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return usagef("dbt init is not supported: a project is made of dbt_project.yml, profiles.yml and a folder models").
				hint("apotheca init DIR writes out a project that works, to begin from")
		},
	}
}

// nodeCommand is a command that does one thing with what is selected.
type nodeCommand struct {
	name, short string
	aliases     []string
	own         func(*cobra.Command, *listFlags)
	run         func(context.Context, *invocation, *listFlags) error
}

// listFlags are those that ls, compile and seed have of their own.
type listFlags struct {
	output string
	keys   []string
	inline string
	show   bool
}

func nodeCommands() []nodeCommand {
	run := func(ctx context.Context, i *invocation, _ *listFlags) error { return i.runNodes(ctx) }
	return []nodeCommand{
		{name: "build", short: "Run seeds, models, snapshots and tests in the order of the graph", own: buildFlags, run: runSeeds},
		{name: "run", short: "Run models", run: run},
		{name: "test", short: "Run data tests and unit tests", run: run},
		{name: "seed", short: "Load seeds", own: seedFlags, run: runSeeds},
		{name: "clone", short: "Have the names of this target mean what an earlier state has under them", run: run},
		{name: "snapshot", short: "Bring the history of snapshots up to date", run: run},
		{name: "compile", short: "Write the SQL of models and tests without running it", own: compileFlags, run: compileNodes},
		{name: "ls", short: "List what a selection means", aliases: []string{"list"}, own: lsFlags, run: listNodes},
		{name: "parse", short: "Read the project and report what is wrong with it", run: parseProject},
	}
}

func (a *app) dbtNodesCommand(f *dbtFlags, c nodeCommand) *cobra.Command {
	own := &listFlags{}
	cmd := &cobra.Command{
		Use:     c.name,
		Aliases: c.aliases,
		Short:   c.short,
		Args:    noNodes,
		RunE:    a.dbtRun(f, c.name, func(ctx context.Context, i *invocation, _ []string) error { return c.run(ctx, i, own) }),
	}
	if c.own != nil {
		c.own(cmd, own)
	}
	return cmd
}

// noNodes refuses arguments, which somebody meant as a selection.
func noNodes(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case cmd.Root().Name() == "dbt":
		return usageOf(cmd, "Got unexpected extra argument%s (%s)", plural(len(args)), strings.Join(args, " "))
	}
	return usagef("%s takes no argument %q", cmd.CommandPath(), args[0]).hint("select nodes with --select %s", args[0])
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// open opens the target's warehouse.
func (i *invocation) open(ctx context.Context) (warehouse.Warehouse, error) {
	return i.opener(access{base: i.dir, private: i.project.GuardsPersonalData()})(ctx, i.project.Target)
}

func (i *invocation) runNodes(ctx context.Context) error {
	if err := i.load(); err != nil {
		return err
	}
	ids, err := i.selectNodes()
	if err != nil {
		return err
	}
	return i.buildNodes(ctx, ids)
}

// buildFlags are those of build alone, which are about the semantic layer.
func buildFlags(cmd *cobra.Command, f *listFlags) {
	seedFlags(cmd, f)
	refuse(cmd.Flags(), "export-saved-queries", "saved queries are described and not run")
	refuse(cmd.Flags(), "include-saved-query", "saved queries are described and not run")
}

func seedFlags(cmd *cobra.Command, f *listFlags) {
	cmd.Flags().BoolVar(&f.show, "show", false, "print rows of each seed that was loaded")
}

// runSeeds loads seeds, and shows what is in them on demand.
func runSeeds(ctx context.Context, i *invocation, f *listFlags) error {
	if err := i.runNodes(ctx); err != nil || !f.show {
		return err
	}
	var seeds []*dbt.Node
	for _, r := range i.compiled {
		if r.Type() == dbt.Seed {
			seeds = append(seeds, r.Node)
		}
	}
	w, err := i.open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	const shown = 10
	previews, err := build.Look(ctx, i.options(w, nil), seeds, shown)
	for _, p := range previews {
		header := "Random sample of table: " + p.Node.Schema + "." + p.Node.Alias
		i.console.Say("")
		i.console.Tell(build.Line{Name: "SeedHeader", Text: header, Data: map[string]any{"header": header}})
		i.console.Say("%s", strings.Repeat("-", len(header)))
		i.print("PrintEvent", p.Table.Print(dbt.DefaultPrintLimits()), nil)
	}
	return err
}

// buildNodes runs nodes and reports what became of them.
func (i *invocation) buildNodes(ctx context.Context, ids []string) error {
	w, err := i.open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	leave, err := shareWarehouse(ctx, w, build.Command(i.command), i.project.Target.Schema)
	if err != nil {
		return err
	}
	defer leave()
	o := i.options(w, ids)
	results, err := build.Run(ctx, o)
	if err != nil && o.Command == build.Compile {
		return notCompiled(err)
	}
	if err != nil {
		return err
	}
	for _, r := range results.All {
		if r.Node != nil && r.Type() != dbt.DataTest {
			i.compiled = append(i.compiled, r)
		}
	}
	if results.Failed() {
		return errFailed
	}
	return nil
}

func (i *invocation) options(w warehouse.Warehouse, ids []string) build.Options {
	threads := i.project.Target.Threads
	if i.singleThreaded {
		threads = 1
	}
	eventTime := i.project.Sample()
	if eventTime == nil {
		eventTime, _ = i.eventTime.between() // which loading the project checked
	}
	return build.Options{
		EventTime: eventTime, BatchesUntil: i.batchesUntil, Retried: i.retried,
		Project: i.project, Warehouse: w, IDs: ids, Command: build.Command(i.command), Named: len(i.selects) > 0,
		Threads: threads, FullRefresh: i.fullRefresh, FailFast: i.failFast, NoIntrospect: i.noIntrospect,
		SkipAfterFailedStart: i.behaviour["skip_nodes_if_on_run_start_fails"], NoFreshnessHooks: !i.behaviour["source_freshness_run_project_hooks"],
		StoreFailures: i.storeFailures, WarnError: i.warnings.Fails("LogTestResult"),
		TargetDir: i.targetDir(), TargetName: i.targetName(), NoArtifacts: i.noJSON, Report: i.console.Report, InvocationID: i.id, Args: i.arguments(),
	}
}

// targetDir is where artifacts are written, targetName how messages name it.
func (i *invocation) targetDir() string {
	if i.targetPath != "" {
		return i.targetPath
	}
	return filepath.Join(i.dir, i.project.TargetPath())
}

func (i *invocation) targetName() string { return cmp.Or(i.targetPath, i.project.TargetPath()) }

// selectNodes says what the flags select, and which of them select nothing.
func (i *invocation) selectNodes() ([]string, error) {
	state, err := i.readState(i.state)
	if err != nil {
		return nil, err
	}
	var missed error
	selection := dbt.Selection{
		Select: words(i.selects), Exclude: words(i.exclude), Indirect: i.indirect, Selector: i.selector, State: state,
		Missed: func(term string) { missed = errors.Join(missed, i.missed(term)) },
		Warn:   func(w dbt.Problem) { missed = errors.Join(missed, i.warn(w)) },
	}
	for _, name := range words(i.types) {
		selection.ResourceTypes = append(selection.ResourceTypes, dbt.ResourceType(name))
	}
	if len(selection.ResourceTypes) == 0 {
		selection.ResourceTypes = build.Command(i.command).Types()
		if i.command == "ls" {
			selection.ResourceTypes = listedTypes()
		}
	}
	if len(i.selects) > 0 && len(selection.Select) == 0 {
		return nil, i.missed("")
	}
	ids, err := i.project.Select(selection)
	if err != nil {
		return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	if missed != nil {
		return nil, missed
	}
	except := words(i.excludeTypes)
	ids = slices.DeleteFunc(ids, func(id string) bool {
		kind, _, _ := strings.Cut(id, ".")
		return slices.Contains(except, kind)
	})
	return ids, i.deferTo(state, ids)
}

// missed warns of what selects nothing.
func (i *invocation) missed(term string) error {
	return i.warn(dbt.Problem{
		Event: "NoNodesForSelectionCriteria", Message: fmt.Sprintf("The selection criterion '%s' does not match any enabled nodes", term),
		Data: map[string]any{"spec_raw": term},
	})
}

// readState reads the artifacts of an earlier run; nil without a folder.
func (i *invocation) readState(folder string) (*dbt.State, error) {
	if folder == "" {
		return nil, nil
	}
	state, err := dbt.ReadState(os.DirFS(folder), os.DirFS(i.targetDir()))
	if err != nil {
		return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	return state, nil
}

// deferTo sends refs to what is not selected to where the state has it.
func (i *invocation) deferTo(state *dbt.State, ids []string) error {
	if !i.deferring && i.command != "clone" {
		return nil
	}
	if i.deferState != "" {
		var err error
		if state, err = i.readState(i.deferState); err != nil {
			return err
		}
	}
	if err := i.project.Defer(state, ids, i.favorState); err != nil {
		return &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	return nil
}

func parseProject(_ context.Context, i *invocation, _ *listFlags) error { return i.load() }

// notCompiled is the error of a compile as a whole, which dbt tells from
// failures of nodes by its exit code.
func notCompiled(err error) error {
	return &userError{message: err.Error(), advice: hintOf(err), code: exitUsage, cause: err}
}

// writeArtifact writes one file of the target folder.
func (i *invocation) writeArtifact(name string, write func(io.Writer) error) error {
	if i.noJSON {
		return nil
	}
	if err := build.WriteArtifact(i.project, i.targetDir(), name, write); err != nil {
		return err
	}
	i.console.Report(build.Event{Kind: build.ArtifactWritten, Path: filepath.Join(i.targetDir(), name)})
	return nil
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
func repeatLists(root *cobra.Command, args []string) []string {
	parent := root
	if root.Name() != "dbt" {
		parent, _, _ = root.Find(args[:min(len(args), 1)])
	}
	if parent == nil || parent.Name() != "dbt" {
		return args
	}
	lists, commands := (*dbtFlags)(nil).lists(), parent.Commands()
	isCommand := func(arg string) bool {
		return slices.ContainsFunc(commands, func(c *cobra.Command) bool { return c.Name() == arg || c.HasAlias(arg) })
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
