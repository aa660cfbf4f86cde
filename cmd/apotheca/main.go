// Apotheca is the whole ELT for clinical and health data in one program: it
// extracts, lands, loads, transforms, tests and shows.
//
// This package parses flags and the configuration file, wires the packages
// together, and turns what they return into text and exit codes. It is the
// only one that reads the environment. One file per command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"apotheca/internal/source"
)

// version is set by the linker in release builds.
var version = "dev"

// Exit codes are part of the interface: scripts rely on them.
const (
	exitOK          = 0
	exitFailed      = 1   // a stage, a model or a test failed
	exitUsage       = 2   // the command line, the configuration or the project is wrong
	exitInterrupted = 130 // the user stopped it
)

func main() {
	start := run
	if isDBT(os.Args[0]) {
		start = runDBT
	}
	os.Exit(start(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. Nothing below it touches os.Args, os.Stdout or os.Exit.
func run(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return newApp(stdout, stderr).run(ctx, args)
}

func newApp(stdout, stderr io.Writer) *app {
	return &app{
		stdout:  stdout,
		stderr:  stderr,
		env:     os.LookupEnv,
		environ: os.Environ,
		now:     time.Now,
		colour:  isTerminal(stdout) && os.Getenv("NO_COLOR") == "",
	}
}

func (a *app) run(ctx context.Context, args []string) int {
	ctx, stop := interruptible(ctx, a.stderr)
	defer stop()
	a.words = args
	root := a.rootCommand()
	if a.asDBT {
		root = a.dbtRoot()
	}
	a.args = args
	if !a.asDBT && len(args) > 0 {
		a.args = args[1:]
	}
	root.SetArgs(repeatLists(root, args))
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if a.asDBT {
		return a.exitAsDBT(ctx, err)
	}
	return a.exit(ctx, err)
}

// app is what every command needs of the world outside.
type app struct {
	stdout, stderr io.Writer
	env            func(string) (string, bool)
	environ        func() []string // name=value
	now            func() time.Time
	colour         bool
	asDBT          bool     // called by the name of dbt
	args           []string // the command line below dbt
	words          []string // of the command line
	mask           *mask    // over what is printed, once secrets are known

	// How patient a run is with the registry; tests have little time.
	retry   source.Policy
	timeout time.Duration
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:     "apotheca",
		Version: versionText(),
		Short:   "A registry warehouse you can trust, in one program",
		Long: `Apotheca extracts a clinical registry, keeps what it read, turns it into tables,
runs a standard dbt project over them, and proves that nothing is missing.

Start here:
  apotheca run clinical-trials --sample    the whole job on made-up studies, offline
  apotheca status                          where each stage stands
  apotheca query "select …"                ask the warehouse`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("no command is named %q", args[0]).hint("apotheca --help lists the commands")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	cobra.EnableCommandSorting = false // they follow the data
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v", err).hint("%s --help lists the flags", cmd.CommandPath())
	})
	root.AddCommand(a.runCommand())
	root.AddCommand(a.stageCommands()...)
	root.AddCommand(
		a.statusCommand(),
		a.queryCommand(),
		a.dbtCommand(),
		a.doctorCommand(),
		a.sampleRegistryCommand(),
		a.initCommand(),
		a.versionCommand(),
	)
	return root
}

var errInterrupted = errors.New("interrupted")

// interruptible cancels the context on the first signal, so that what is under
// way ends cleanly, and ends the process on the second.
func interruptible(ctx context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			fmt.Fprintln(stderr, "stopping; once more to stop at once")
			cancel(errInterrupted)
		case <-done:
			return
		}
		select {
		case <-signals:
			os.Exit(exitInterrupted)
		case <-done:
		}
	}()
	return ctx, func() { signal.Stop(signals); close(done); cancel(nil) }
}

func isTerminal(w io.Writer) bool {
	f, ok := fileOf(w)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is how many columns a terminal has; 0 where it does not say.
func terminalWidth(w io.Writer) int {
	f, ok := fileOf(w)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

func fileOf(w io.Writer) (*os.File, bool) {
	if masked, ok := w.(maskedWriter); ok {
		w = masked.out
	}
	f, ok := w.(*os.File)
	return f, ok
}
