package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

// invocation is one dbt command under way.
type invocation struct {
	*app
	*dbtFlags
	command string
	id      string
	started time.Time
	console *build.Console
	log     *dbtLog
	dir     string       // of the project
	project *dbt.Project // once it is loaded
	// Of a retry: the batches of microbatch models, and when the run began that
	// is tried again.
	retried      map[string]build.BatchResults
	batchesUntil time.Time
	// compiled are the nodes that ran, without tests.
	compiled []*build.Result
	// deprecated counts the deprecated things that were met, by dbt's events.
	deprecated map[string]int
}

func (a *app) invoke(command string, f *dbtFlags) *invocation {
	i := &invocation{app: a, dbtFlags: f, command: command, id: newUUID(), started: a.now(), deprecated: map[string]int{}}
	i.log = a.newLog(f, i.id)
	i.console = &build.Console{
		Log: i.log.Write, Colour: i.log.console.colours || i.log.file.colours, Width: f.printerWidth,
		Now: func() time.Time { return a.now().UTC() },
	}
	return i
}

// dbtRun is the RunE of a command: what it does, and what is said in the end.
func (a *app) dbtRun(f *dbtFlags, command string, do func(context.Context, *invocation, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		i := a.invoke(command, f)
		return i.end(do(cmd.Context(), i, args))
	}
}

// load reads the project. It says what was found, as dbt does.
func (i *invocation) load() error {
	settle := i.allocateFreely()
	if err := i.begin(); err != nil {
		return err
	}
	if err := i.loadProject(); err != nil {
		return err
	}
	i.console.Tell(build.Line{
		Name: "AdapterRegistered", Text: fmt.Sprintf("Registered adapter: %s=%s", i.project.Target.Type, version),
		Data: map[string]any{"adapter_name": i.project.Target.Type, "adapter_version": "=" + version},
	})
	if err := i.warnAll(); err != nil {
		return err
	}
	found := i.project.Found()
	i.console.Tell(build.Line{Name: "FoundStats", Text: "Found " + found, Data: map[string]any{"stat_line": found}})
	if i.command != "parse" {
		settle() // the command goes on for long
	}
	return i.writeParsed()
}

// writeParsed writes what is known without a database. What runs nodes writes
// the manifest at its end.
func (i *invocation) writeParsed() error {
	if i.command == "generate" {
		return nil // it writes all at its end
	}
	if err := i.writeArtifact("semantic_manifest.json", i.project.WriteSemanticManifest); err != nil {
		return err
	}
	switch i.command {
	case "build", "run", "test", "seed", "snapshot", "compile":
		return nil
	}
	return i.writeArtifact("manifest.json", func(w io.Writer) error { return i.project.WriteManifest(w, nil) })
}

// begin is the first line of every command, also where it finds no project.
func (i *invocation) begin() error {
	missing := i.locate()
	if err := i.openLog(); err != nil {
		return err
	}
	i.console.Tell(build.Line{
		Name: "MainReportVersion", Text: "Running with dbt=" + dbt.Version, Data: map[string]any{"version": "=" + dbt.Version, "log_version": 3},
	})
	args := map[string]string{}
	for name, value := range i.arguments() {
		args[name] = fmt.Sprint(value)
	}
	i.console.Tell(build.Line{
		Name: "MainReportArgs", Level: build.LevelDebug, Text: fmt.Sprintf("running dbt with arguments %v", args), Data: map[string]any{"args": args},
	})
	return errors.Join(missing, i.warnOfFlags())
}

// warnOfFlags tells of what was said in a way that dbt will not understand for
// long.
func (i *invocation) warnOfFlags() error {
	for _, w := range i.outdated {
		if err := i.warn(w); err != nil {
			return err
		}
	}
	return nil
}

// readOnly reads the project and says nothing but what is suspicious in it.
func (i *invocation) readOnly() error {
	i.allocateFreely()
	if err := i.locate(); err != nil {
		return err
	}
	if err := i.openLog(); err != nil {
		return err
	}
	if err := i.warnOfFlags(); err != nil {
		return err
	}
	if err := i.loadProject(); err != nil {
		return err
	}
	if err := i.warnAll(); err != nil {
		return err
	}
	return i.writeParsed()
}

func (i *invocation) locate() (err error) {
	i.dir, err = i.findProject()
	return err
}

func (i *invocation) warnAll() error {
	for _, w := range i.project.Warnings {
		if err := i.warn(w); err != nil {
			return err
		}
	}
	return nil
}

// openLog keeps the lines from here on in the project's folder of logs too. The
// file is closed when the program ends.
func (i *invocation) openLog() error {
	folder := i.logPath
	if folder == "" && i.dir == "" {
		return nil
	}
	if folder == "" {
		folders, err := dbt.ReadFolders(os.DirFS(i.dir))
		if err != nil {
			return nil // loading the project says it, with the place
		}
		folder = filepath.Join(i.dir, folders.Log)
	}
	return i.log.open(folder, i.logBytesMax)
}

// print gives out what the command was asked for, under dbt's name of it.
func (i *invocation) print(event, text string, data map[string]any) {
	i.log.Print(build.Line{Name: event, Text: text, Data: data})
}

// warn says what is suspicious in a project, or stops the command when such
// things are errors.
func (i *invocation) warn(w dbt.Problem) error {
	if i.warnings.Silences(w.Event) {
		return nil
	}
	text := i.worded(w)
	if i.warnings.Fails(w.Event) {
		return &userError{message: "Compilation Error\n  " + build.Line{Text: text}.Plain(), advice: w.Hint, code: exitUsage, cause: w}
	}
	if dbt.IsDeprecation(w.Event) {
		if i.deprecated[w.Event]++; i.deprecated[w.Event] > 1 && !i.showAllDeprecations {
			return nil
		}
	}
	i.tellWarning(build.Line{Name: w.Event, Text: text, Data: w.Data}, w.Error())
	return nil
}

// worded is a warning as dbt prints it.
func (i *invocation) worded(w dbt.Problem) string {
	tag := "[" + i.yellow("WARNING") + "]"
	switch {
	case w.Event == "NoNodesForSelectionCriteria":
		return w.Message
	case !dbt.IsDeprecation(w.Event):
		return tag + ": " + w.Message
	case dbt.NamesItself(w.Event) || i.behaviour["require_event_names_in_deprecations"]:
		tag += "[" + w.Event + "]"
	}
	width := cmp.Or(i.printerWidth, 80)
	return wrapLines(tag+": Deprecated functionality", width) + "\n" + wrapLines(w.Message, width)
}

// wrapLines breaks text into lines of so many characters.
func wrapLines(text string, width int) string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}

// tellWarning puts a warning where the caller looks for it: dbt has it among its
// lines, this program beside what it prints.
func (i *invocation) tellWarning(line build.Line, ours string) {
	line.Level = build.LevelWarn
	if i.asDBT || i.log.console.format == "json" {
		i.console.Tell(line)
		return
	}
	if severities["warn"] >= i.log.console.least {
		fmt.Fprintf(i.stderr, "warning: %s\n", ours)
	}
	line.At = i.now().UTC()
	i.log.record(line)
}

func (i *invocation) yellow(text string) string {
	if i.console.Colour {
		return "\x1b[33m" + text + "\x1b[0m"
	}
	return text
}

// toldError is one that is among the lines of the log.
type toldError struct{ error }

func (e toldError) Unwrap() error { return e.error }

// end says how the command went.
func (i *invocation) end(err error) error {
	var u *userError
	mistyped := errors.As(err, &u) && u.cause == nil
	if err != nil && !mistyped && !errors.Is(err, errFailed) {
		line := build.Line{Name: "MainEncounteredError", Level: build.LevelError, Text: "Encountered an error:\n" + err.Error(), Data: map[string]any{"exc": err.Error()}}
		if i.asDBT || i.log.console.format == "json" {
			i.console.Tell(line)
		} else {
			line.At = i.now().UTC()
			i.log.record(line)
		}
		if i.asDBT {
			err = toldError{err}
		}
	}
	i.summarizeDeprecations()
	word := "succeeded"
	if err != nil {
		word = "failed"
	}
	now, took := i.now().UTC(), i.now().Sub(i.started).Seconds()
	i.console.Tell(build.Line{
		Name: "CommandCompleted", Level: build.LevelDebug,
		Text: fmt.Sprintf("Command `%s` %s at %s after %.2f seconds", i.spelled(), word, now.Format("15:04:05.000000"), took),
		Data: map[string]any{"command": i.spelled(), "completed_at": now.Format("2006-01-02T15:04:05.000000Z"), "elapsed": took, "success": err == nil},
	})
	return err
}

// spelled is the command as it is typed.
func (i *invocation) spelled() string {
	switch i.command {
	case "generate", "serve":
		return "dbt docs " + i.command
	case "freshness":
		return "dbt source freshness"
	}
	return "dbt " + i.command
}

// summarizeDeprecations says at the end how much of what is deprecated was met.
func (i *invocation) summarizeDeprecations() {
	if len(i.deprecated) == 0 {
		return
	}
	text := "[" + i.yellow("WARNING") + "][DeprecationsSummary]: Deprecated functionality\nSummary of encountered deprecations:"
	var summaries []map[string]any
	for _, event := range slices.Sorted(maps.Keys(i.deprecated)) {
		count, noun := i.deprecated[event], "occurrences"
		if count == 1 {
			noun = "occurrence"
		}
		text += fmt.Sprintf("\n- %s: %d %s", event, count, noun)
		summaries = append(summaries, map[string]any{"event_name": event, "event_code": dbt.EventCode(event), "occurrences": count})
	}
	if !i.showAllDeprecations {
		text += "\nTo see each of them, and not the first of its kind alone, add\n`--show-all-deprecations`."
	}
	i.tellWarning(build.Line{
		Name: "DeprecationsSummary", Text: text, Data: map[string]any{"summaries": summaries, "show_all_hint": !i.showAllDeprecations},
	}, strings.TrimPrefix(build.Line{Text: text}.Plain(), "[WARNING][DeprecationsSummary]: "))
}
