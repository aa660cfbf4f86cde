package build

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"apotheca/internal/dbt"
)

// Console writes a run's events as the lines that dbt prints and tools read,
// and adds what dbt leaves out: which rows made a test fail.
type Console struct {
	Out io.Writer
	// Now stamps the lines; nil means time.Now.
	Now func() time.Time
	// Colour marks the outcome with terminal colours.
	Colour bool
	// Width is the columns a line is padded to; 0 is 80.
	Width int
	// Log takes the lines instead of Out; Out then gets nothing. It also gets
	// those for finding mistakes, which Out never does.
	Log func(Line)

	begun bool
}

// Say prints a line of its own.
func (c *Console) Say(format string, args ...any) {
	c.Tell(Line{Text: fmt.Sprintf(format, args...)})
}

// Tell prints a line that is one of dbt's events.
func (c *Console) Tell(l Line) {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	l.At, l.Level = now(), cmp.Or(l.Level, LevelInfo)
	if l.Name == "" {
		l.Name = "Note"
		if l.Text == "" {
			l.Name = "Formatting"
		}
	}
	switch {
	case c.Log != nil:
		c.Log(l)
	case l.Level != LevelDebug:
		_, _ = fmt.Fprintln(c.Out, l) // nowhere else to complain to
	}
}

// Report is for Options.Report. Of clones dbt says only what did not go well.
func (c *Console) Report(e Event) {
	if e.Command == Clone && (e.Kind == NodeStarted || e.Kind == NodeFinished) {
		return
	}
	switch e.Kind {
	case RunStarted:
		c.started(e)
	case NodeStarted:
		c.nodeStarted(e)
	case NodeCompiled:
		c.Tell(Line{Name: "NodeExecuting", Level: LevelDebug, Thread: e.Result.Thread, Text: "Began executing node " + e.Result.UniqueID, Data: e.Result.dataAs("executing")})
	case NodeFinished:
		c.nodeFinished(e)
	case StatementSent, StatementDone:
		c.statement(e)
	case RunFinished:
		c.summary(e.Results)
	case ArtifactWritten:
		c.wrote(e.Path)
	}
}

func (c *Console) started(e Event) {
	if e.Total == 0 && e.Command != Compile {
		c.Tell(Line{Name: "NothingToDo", Level: LevelWarn, Text: "Nothing to do. Try checking your model configs and model specification args"})
		return
	}
	c.Say("")
	c.Tell(Line{
		Name: "ConcurrencyLine", Text: fmt.Sprintf("Concurrency: %d threads (target='%s')", e.Threads, e.Target),
		Data: map[string]any{"num_threads": e.Threads, "target_name": e.Target, "node_count": e.Total},
	})
	c.Say("")
}

func (c *Console) nodeStarted(e Event) {
	r := e.Result
	// The first hook and the first node follow an empty line.
	if r.Index == 1 && c.begun {
		c.Say("")
	}
	c.begun = true
	if r.Type() != dbt.Operation {
		c.Tell(Line{Name: "NodeStart", Level: LevelDebug, Thread: r.Thread, Text: "Began running node " + r.UniqueID, Data: r.data()})
	}
	if e.Command != Compile {
		c.progress(e, startText(r), "RUN", "")
	}
	if r.Type() != dbt.Operation {
		c.Tell(Line{Name: "NodeCompiling", Level: LevelDebug, Thread: r.Thread, Text: "Began compiling node " + r.UniqueID, Data: r.dataAs("compiling")})
	}
}

func (c *Console) nodeFinished(e Event) {
	r := e.Result
	if e.Command != Compile || r.Failed() {
		c.finished(e)
	}
	if r.Status == Skipped {
		c.Tell(Line{Name: "MarkSkippedChildren", Level: LevelDebug, Text: r.UniqueID + " is " + r.Message, Data: map[string]any{"unique_id": r.SkippedFor}})
	}
	if r.Type() != dbt.Operation {
		data := r.data()
		data["run_result"] = r.logged()
		c.Tell(Line{Name: "NodeFinished", Level: LevelDebug, Thread: r.Thread, Text: "Finished running node " + r.UniqueID, Data: data})
	}
}

// statement logs what the database is asked and how it answers.
func (c *Console) statement(e Event) {
	l := Line{Level: LevelDebug, Thread: e.Thread}
	if e.Kind == StatementSent {
		l.Name, l.Text = "SQLQuery", "On "+e.Connection+": "+e.Statement
		l.Data = map[string]any{"conn_name": e.Connection, "sql": e.Statement}
	} else {
		l.Name, l.Text = "SQLQueryStatus", fmt.Sprintf("SQL status: %s in %.3f seconds", e.Status, e.Took.Seconds())
		l.Data = map[string]any{"status": e.Status, "elapsed": e.Took.Seconds(), "query_id": ""}
	}
	c.Tell(l)
}

// progress is `1 of 28 START sql table model s.m ........ [RUN]`, padded with
// dots to dbt's width.
func (c *Console) progress(e Event, text, status, colour string) {
	width := cmp.Or(c.Width, 80)
	word, _, _ := strings.Cut(status, " in ") // how long it took has no colour
	line := fmt.Sprintf("%d of %d %s ", e.Result.Index, e.Total, text)
	dots := max(width-utf8.RuneCountInString(line), 0)
	if e.Result.isBatch() {
		line = "Batch " + line
	}
	c.Tell(Line{
		Name: e.Result.event(), Level: levelOf(e), Thread: e.Result.Thread, Data: e.progressData(),
		Text: line + strings.Repeat(".", dots) + " [" + c.paint(word, colour) + strings.TrimPrefix(status, word) + "]",
	})
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (c *Console) paint(text, colour string) string {
	if !c.Colour || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func startText(r *Result) string { return "START " + description(r) }

// description is what runs: "sql table model s.m".
func description(r *Result) string {
	switch r.Type() {
	case dbt.Model, dbt.Analysis:
		return modelText(r)
	case dbt.Seed:
		return "seed file " + r.Name()
	case dbt.Operation:
		return "hook: " + r.Name()
	case dbt.SourceResource:
		return "freshness of " + r.Name()
	}
	return string(r.Type()) + " " + r.Name()
}

func (c *Console) finished(e Event) {
	r := e.Result
	if r.Source != nil {
		c.aged(e)
		return
	}
	took := fmt.Sprintf(" in %.2fs", r.Took().Seconds())
	switch r.Status {
	case Skipped:
		c.skipped(e, took)
	case Success:
		status := cmp.Or(r.Response, "OK")
		if r.Batches != nil {
			status = r.Message
		}
		c.progress(e, successText(r), status+took, green)
	case PartialSuccess:
		c.progress(e, "PARTIALLY created "+modelText(r), r.Message+took, yellow)
	case NoOp:
		c.progress(e, "NO-OP "+string(r.Type())+" "+r.Name(), "NO-OP"+took, "")
	case Pass:
		c.progress(e, "PASS "+r.Name(), "PASS"+took, green)
	case Warn:
		c.progress(e, fmt.Sprintf("WARN %d %s", *r.Failures, r.Name()), fmt.Sprintf("WARN %d%s", *r.Failures, took), yellow)
	case Fail:
		c.progress(e, fmt.Sprintf("FAIL %d %s", *r.Failures, r.Name()), fmt.Sprintf("FAIL %d%s", *r.Failures, took), red)
	case Error:
		if r.isBatch() {
			c.failedBatch(r)
		}
		c.progress(e, "ERROR "+errorText(r), "ERROR"+took, red)
	}
}

// skipped is the line of what did not run; where that is for an ephemeral
// model's sake, which has no line of its own, also why that failed.
func (c *Console) skipped(e Event, took string) {
	r := e.Result
	switch {
	case r.isBatch():
		c.progress(e, "SKIP "+r.batchText(), "SKIPPED"+took, yellow)
	case r.isHook():
		c.progress(e, "SKIP hook: "+r.Name(), "SKIP"+took, yellow)
	case r.broken != nil:
		c.progress(e, fmt.Sprintf("SKIP relation %s due to ephemeral model status '%s'", r.Name(), r.broken.Status), "ERROR SKIP", red)
		c.problem(r.broken)
	default:
		c.progress(e, "SKIP "+skipText(r), "SKIP", yellow)
	}
}

// aged is the line of a source whose age was asked for.
func (c *Console) aged(e Event) {
	word, colour := strings.ToUpper(string(e.Result.Status)), green
	switch e.Result.Status {
	case Error:
		word, colour = "ERROR STALE", red
	case RuntimeError:
		word, colour = "ERROR", red
	case Warn:
		colour = yellow
	case Skipped:
		word, colour = "SKIP", yellow
	}
	c.progress(e, word+" freshness of "+e.Result.Name(), fmt.Sprintf("%s in %.2fs", word, e.Result.Took().Seconds()), colour)
}

func skipText(r *Result) string {
	switch r.Type() {
	case dbt.Model, dbt.Seed, dbt.Snapshot:
		return "relation " + r.Name()
	}
	return string(r.Type()) + " " + r.declared()
}

func successText(r *Result) string {
	switch r.Type() {
	case dbt.Seed:
		return "OK loaded seed file " + r.Name()
	case dbt.Snapshot:
		return "OK snapshotted " + r.Name()
	case dbt.Operation:
		return "OK hook: " + r.Name()
	}
	return "OK created " + modelText(r)
}

// modelText is how a model's lines call it: by what it becomes, or as one batch
// of it.
func modelText(r *Result) string {
	switch {
	case r.isBatch():
		return r.batchText()
	case r.isMicrobatch:
		return "sql microbatch model " + r.Name()
	}
	return "sql " + r.Node.Config.Materialized() + " model " + r.Name()
}

// failedBatch says why a batch failed: the model's own result does not.
func (c *Console) failedBatch(r *Result) {
	c.Tell(Line{
		Name: "GenericExceptionOnRun", Level: LevelError, Thread: r.Thread, Data: r.data(),
		Text: c.paint("Unhandled error while executing "+r.UniqueID, red) + "\n" + r.Message,
	})
}

func errorText(r *Result) string {
	switch r.Type() {
	case dbt.Model:
		return "creating " + modelText(r)
	case dbt.Seed:
		return "loading seed file " + r.Name()
	case dbt.Snapshot:
		return "snapshotting " + r.Name()
	case dbt.Operation:
		return "hook: " + r.Name()
	}
	return r.Name()
}
