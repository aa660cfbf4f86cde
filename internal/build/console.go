package build

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
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
	// Log takes the lines instead of Out; Out then gets nothing.
	Log func(Line)

	begun bool
	level Level // of the lines that follow; empty is info
}

// Say prints a line of its own.
func (c *Console) Say(format string, args ...any) { c.line(format, args...) }

// Report is for Options.Report.
func (c *Console) Report(e Event) {
	switch e.Kind {
	case RunStarted:
		if e.Total == 0 && e.Command != Compile {
			c.line("Nothing to do. Try checking your model configs and model specification args")
			return
		}
		c.line("")
		c.line("Concurrency: %d threads (target='%s')", e.Threads, e.Target)
		c.line("")
	case NodeStarted:
		c.part(e)
		if e.Command == Compile {
			return
		}
		c.progress(e, startText(e.Result), "RUN", "")
	case NodeFinished:
		if e.Command != Compile || e.Result.Failed() {
			c.finished(e)
		}
	case RunFinished:
		c.summary(e.Results)
	}
}

// part sets hooks and nodes apart: the first of each follows an empty line.
func (c *Console) part(e Event) {
	if e.Result.Index == 1 && c.begun {
		c.line("")
	}
	c.begun = true
}

func (c *Console) line(format string, args ...any) {
	c.write(Line{Level: cmp.Or(c.level, LevelInfo), Text: fmt.Sprintf(format, args...)})
}

func (c *Console) write(l Line) {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	l.At, l.Text = now(), strings.TrimRight(l.Text, " ")
	if c.Log != nil {
		c.Log(l)
		return
	}
	_, _ = fmt.Fprintln(c.Out, l) // nowhere else to complain to
}

// progress is `1 of 28 START sql table model s.m ........ [RUN]`, padded with
// dots to dbt's width.
func (c *Console) progress(e Event, text, status, colour string) {
	width := c.Width
	if width == 0 {
		width = 80
	}
	line := fmt.Sprintf("%d of %d %s ", e.Result.Index, e.Total, text)
	dots := max(width-utf8.RuneCountInString(line), 0)
	c.write(Line{
		Level: levelOf(e), Result: e.Result, Total: e.Total,
		Text: line + strings.Repeat(".", dots) + " [" + c.paint(status, colour) + "]",
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

func startText(r *Result) string {
	switch r.Type() {
	case dbt.Model, dbt.Analysis:
		return "START sql " + r.Node.Config.Materialized() + " model " + r.Name()
	case dbt.Seed:
		return "START seed file " + r.Name()
	case dbt.Operation:
		return "START hook: " + r.Name()
	case dbt.UnitTestResource:
		return "START unit_test " + r.Name()
	case dbt.SourceResource:
		return "START freshness of " + r.Name()
	}
	return "START " + string(r.Type()) + " " + r.Name()
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
		c.progress(e, "SKIP "+skipText(r), "SKIP", yellow)
	case Success:
		status := r.Response
		if status == "" {
			status = "OK"
		}
		c.progress(e, successText(r), status+took, green)
	case NoOp:
		c.progress(e, "NO-OP "+string(r.Type())+" "+r.Name(), "NO-OP"+took, "")
	case Pass:
		c.progress(e, "PASS "+r.Name(), "PASS"+took, green)
	case Warn:
		c.progress(e, fmt.Sprintf("WARN %d %s", *r.Failures, r.Name()), fmt.Sprintf("WARN %d%s", *r.Failures, took), yellow)
	case Fail:
		c.progress(e, fmt.Sprintf("FAIL %d %s", *r.Failures, r.Name()), fmt.Sprintf("FAIL %d%s", *r.Failures, took), red)
	case Error:
		c.progress(e, "ERROR "+errorText(r), "ERROR"+took, red)
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
	return string(r.Type()) + " " + r.Name()
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
	return "OK created sql " + r.Node.Config.Materialized() + " model " + r.Name()
}

func errorText(r *Result) string {
	switch r.Type() {
	case dbt.Model:
		return "creating sql " + r.Node.Config.Materialized() + " model " + r.Name()
	case dbt.Seed:
		return "loading seed file " + r.Name()
	case dbt.Snapshot:
		return "snapshotting " + r.Name()
	}
	return r.Name()
}

// summary ends the output: what ran, what went wrong and where to look, and
// the line of counts that tools search for.
func (c *Console) summary(rs *Results) {
	if rs.Command == Compile && !rs.Failed() || !c.begun && len(rs.All) == 0 {
		return
	}
	c.line("")
	c.line("Finished running%s in %s.", counted(rs), spelled(rs.Elapsed))
	failed, warnings := rs.Count(Error)+rs.Count(Fail), rs.Count(Warn)
	c.line("")
	if rs.Command == SourceFreshness {
		c.problems(rs)
		c.line("Done.")
		return
	}
	if failed+warnings == 0 && !rs.Failed() {
		c.line("%s", c.paint("Completed successfully", green))
	} else {
		c.line("Completed with %s, 0 partial successes, and %s:", plural(failed, "error"), plural(warnings, "warning"))
	}
	if rs.Stopped != nil {
		c.line("")
		c.line("%s", c.paint("Stopped before the end: what did not run is skipped", red))
	}
	for _, warning := range rs.Warnings {
		c.line("")
		c.line("%s", c.paint("Warning: "+warning, yellow))
	}
	c.problems(rs)
	c.line("")
	passed := rs.Count(Pass) + rs.Count(Success)
	c.line("Done. PASS=%d WARN=%d ERROR=%d SKIP=%d NO-OP=%d TOTAL=%d", passed, warnings, failed, rs.Count(Skipped), rs.Count(NoOp), rs.Total())
}

// sampleShown is how many of a sample's rows are printed.
const sampleShown = 10

// problems tells what went wrong; of sources, which are only asked, no warnings.
func (c *Console) problems(rs *Results) {
	for _, r := range rs.All {
		if r.Failed() || r.Status == Warn && r.Source == nil {
			c.problem(r)
		}
	}
}

func (c *Console) problem(r *Result) {
	word, colour := "Failure", red
	c.level = LevelError
	if r.Status == Warn {
		word, colour, c.level = "Warning", yellow, LevelWarn
	}
	defer func() { c.level = LevelInfo }()
	name := r.Name()
	if r.Node != nil {
		name = r.Node.Name
	} else if r.Source != nil {
		name = r.Source.Name
	}
	c.line("")
	c.line("%s", c.paint(fmt.Sprintf("%s in %s %s (%s)", word, r.Type(), name, r.File()), colour))
	if r.Source != nil && r.Freshness != nil {
		c.line("  Status: %s", r.Status)
	}
	c.indented(r.Message)
	if len(r.Sample.Rows) > 0 {
		rows := r.Sample.Rows[:min(len(r.Sample.Rows), sampleShown)]
		c.line("")
		c.indented(sampleTable(r.Sample.Columns, rows))
		if rest := *r.Failures - int64(len(rows)); rest > 0 {
			c.indented(fmt.Sprintf("and %d more", rest))
		}
	}
	if r.CompiledPath != "" {
		c.line("")
		c.line("  compiled code at %s", r.CompiledPath)
	}
}

// sampleTable leaves out the columns that would not fit on a screen.
func sampleTable(columns []warehouse.ResultColumn, rows [][]any) string {
	const columnsShown = 6
	if len(columns) <= columnsShown {
		return formatTable(namesOf(columns), rows)
	}
	names := append(namesOf(columns[:columnsShown]), "…")
	cut := make([][]any, len(rows))
	for i, row := range rows {
		cut[i] = append(slices.Clone(row[:columnsShown]), "…")
	}
	return formatTable(names, cut)
}

func (c *Console) indented(text string) {
	for line := range strings.Lines(text) {
		c.line("  %s", strings.TrimRight(line, "\n"))
	}
}

// counted is " 3 seeds, 5 table models, 20 data tests", sorted as dbt does it:
// by the words in the singular.
func counted(rs *Results) string {
	var order []string
	counts := map[string]int{}
	for _, r := range rs.All {
		if r.silent {
			continue
		}
		kind := kindOf(r)
		if counts[kind] == 0 {
			order = append(order, kind)
		}
		counts[kind]++
	}
	slices.Sort(order)
	parts := make([]string, len(order))
	for i, kind := range order {
		parts[i] = plural(counts[kind], kind)
	}
	if len(parts) == 0 {
		return ""
	}
	return " " + strings.Join(parts, ", ")
}

func kindOf(r *Result) string {
	switch r.Type() {
	case dbt.Model:
		return r.Node.Config.Materialized() + " model"
	case dbt.Operation:
		return "project hook"
	}
	return strings.ReplaceAll(string(r.Type()), "_", " ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if noun == string(dbt.DataTest) {
		noun = "data test"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func spelled(d time.Duration) string {
	seconds := d.Seconds()
	hours, minutes := int(seconds)/3600, int(seconds)/60%60
	return fmt.Sprintf("%d hours %d minutes and %.2f seconds (%.2fs)", hours, minutes, seconds-float64(hours*3600+minutes*60), seconds)
}
