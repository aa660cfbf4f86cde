package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"apotheca/internal/build"
	"apotheca/internal/pipeline"
)

// view shows a run while it happens. Its rules:
//
//  1. What stays on the screen is one line a stage, and whatever a person must
//     know: retries, restarts, warnings, failures, the certificate.
//  2. What moves is one line, rewritten in place, and only on a terminal.
//  3. Elsewhere progress is a plain line every now and then, so that a log
//     shows that the run lives.
type view struct {
	mu     sync.Mutex
	out    io.Writer
	live   bool // rewrite the progress line in place
	colour bool
	line   string // what the progress line holds now
	now    func() time.Time
	said   time.Time // when the last plain line of progress was written
}

// plainEvery is how often progress makes a line in a log.
const plainEvery = 10 * time.Second

func (a *app) newView(asJSON bool) *view {
	v := &view{out: a.stdout, live: isTerminal(a.stdout), colour: a.colour, now: a.now}
	if asJSON { // standard output is for the script
		v.out, v.live, v.colour = a.stderr, isTerminal(a.stderr), false
	}
	return v
}

func (v *view) begin(o pipeline.Options, reading string, idle []string) {
	fmt.Fprintf(v.out, "%s  run date %s  into %s%s\n", o.Layout.Pipeline, o.RunDate, o.Layout.Root, onTarget(o.Target))
	if o.From == pipeline.Extract {
		fmt.Fprintf(v.out, "reading %s\n", reading)
	}
	if len(idle) > 0 {
		from := "a registry"
		if _, files := o.Source.(*pipeline.Files); files {
			from = "files"
		}
		fmt.Fprintf(v.out, "nothing is read from %s: %s has no effect\n", from, strings.Join(idle, ", "))
	}
	fmt.Fprintln(v.out)
}

// Started implements pipeline.Reporter.
func (v *view) Started(stage pipeline.Stage) {
	v.said = v.now() // a stage that is over soon needs no line but its last
	v.Progress(stage, "…")
}

// Progress implements pipeline.Reporter.
func (v *view) Progress(stage pipeline.Stage, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	line := fmt.Sprintf("%-8s %s", stage, text)
	if v.live {
		v.clear()
		v.line = shortened(line, terminalWidth(v.out)-1)
		fmt.Fprint(v.out, v.line)
		return
	}
	if now := v.now(); now.Sub(v.said) >= plainEvery {
		fmt.Fprintln(v.out, line)
		v.said = now
	}
}

// shortened leaves out of the middle of a line what is too long for its place:
// a line that is wrapped cannot be taken back.
func shortened(line string, width int) string {
	runes := []rune(line)
	if width < 20 || len(runes) <= width {
		return line
	}
	tail := width / 2
	return string(runes[:width-tail-1]) + "…" + string(runes[len(runes)-tail:])
}

// Note implements pipeline.Reporter.
func (v *view) Note(stage pipeline.Stage, text string) {
	v.print("%-8s %s\n", stage, v.paint(yellow, text))
}

// Finished implements pipeline.Reporter.
func (v *view) Finished(s pipeline.StageRecord) {
	mark := v.paint(green, "ok")
	switch s.Status {
	case pipeline.Failure:
		mark = v.paint(red, "failed")
	case pipeline.Interrupted:
		mark = v.paint(yellow, "stopped")
	}
	what := s.Summary()
	if s.Error != "" { // it is said once, in the end
		what = "after"
	}
	v.print("%-8s %s  %s  %s, %s\n", s.Name, mark, what, seconds(s.DurationMS), pipeline.Size(s.PeakMemoryBytes))
}

// Node implements pipeline.Reporter. What did not pass is listed in the end.
func (v *view) Node(e build.Event) {
	if e.Kind == build.NodeStarted {
		v.Progress(pipeline.Build, fmt.Sprintf("%d of %d  %s", e.Result.Index, e.Total, e.Result.Name()))
	}
}

// print writes lines that stay.
func (v *view) print(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clear()
	fmt.Fprintf(v.out, format, args...)
}

// clear takes the progress line off the screen.
func (v *view) clear() {
	if v.live && v.line != "" {
		fmt.Fprint(v.out, "\r\x1b[K")
		v.line = ""
	}
}

const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
)

func (v *view) paint(colour, text string) string {
	if !v.colour {
		return text
	}
	return colour + text + "\x1b[0m"
}

// end prints the certificate and what to do next.
func (v *view) end(record *pipeline.Record, o pipeline.Options) {
	v.print("")
	if record == nil {
		return
	}
	if record.Certificate != nil {
		v.certificate(record, o)
	}
	if record.Status != pipeline.Success {
		v.print("\nlog: %s\n", o.Layout.Log(record.RunID))
		return
	}
	v.answer(record.Answer)
	v.next(record, o)
}

// answer shows what the pipeline is run for. It goes to who asked and nowhere
// else.
func (v *view) answer(a *pipeline.Answer) {
	if a == nil {
		return
	}
	v.print("\n%s\n\n", v.paint(bold, a.Model))
	g := grid{right: make([]bool, len(a.Columns))}
	for _, c := range a.Columns {
		g.head = append(g.head, c.Name)
	}
	for _, row := range a.Rows {
		g.addRow(row)
	}
	g.write(v.out, "  ")
	if a.More {
		v.print("  and more\n")
	}
}

func (v *view) certificate(record *pipeline.Record, o pipeline.Options) {
	c, l, from := record.Certificate, o.Layout, "registry"
	if _, files := o.Source.(*pipeline.Files); files {
		from = "files"
	}
	v.findings("Failed", red, c.Failures)
	v.findings("Warnings", yellow, c.Warnings)
	v.quarantine(record, o)
	v.print("\n%s\n\n", v.paint(bold, "Certificate"))
	g := grid{head: []string{"what", "counted", from, ""}, right: []bool{false, true, true}}
	for _, line := range c.Lines {
		counted, verdict := pipeline.Grouped(line.Got), "balances"
		switch {
		case slices.ContainsFunc(line.Terms, func(t pipeline.Term) bool { return t.Count == pipeline.NotThere }):
			counted, verdict = "–", "a table is not there"
		case !line.Balanced:
			verdict = fmt.Sprintf("off by %+d", line.Got-line.Want)
		}
		g.add(line.Name, counted, pipeline.Grouped(line.Want), verdict)
	}
	g.write(v.out, "  ")
	v.print("\n")
	tables := grid{head: []string{"table", "rows"}, right: []bool{false, true}}
	for _, t := range c.Tables {
		tables.add(t.Schema+"."+t.Table, pipeline.Grouped(t.Rows))
	}
	tables.write(v.out, "  ")
	v.print("\n")
	stages := grid{head: []string{"stage", "took", "peak memory"}, right: []bool{false, true, true}}
	for _, s := range record.Stages {
		stages.add(string(s.Name), seconds(s.DurationMS), pipeline.Size(s.PeakMemoryBytes))
	}
	stages.add("all", seconds(c.DurationMS), pipeline.Size(c.PeakMemoryBytes))
	stages.write(v.out, "  ")
	t := c.Tests
	v.print("\n  tests     %d passed, %d warned, %d failed, %d skipped\n", t.Passed, t.Warned, t.Failed, t.Skipped)
	v.print("  %-8s  data of %s\n", from, c.DataTimestamp)
	v.print("  as JSON   %s\n", l.Record(record.RunID))
	verdict := v.paint(green, "GREEN: nothing is missing")
	if record.Status != pipeline.Success {
		first, _, _ := strings.Cut(record.Error, "\n") // the rest follows as the error
		verdict = v.paint(red, "NOT GREEN: "+first)
	}
	v.print("\n%s\n", verdict)
}

// findings lists tests and the records they name.
func (v *view) findings(title, colour string, all []pipeline.Finding) {
	if len(all) == 0 {
		return
	}
	v.print("\n%s\n\n", v.paint(bold, title))
	for _, f := range all {
		v.print("  %s  %s\n", v.paint(colour, f.Test), f.Message)
		if len(f.Sample) > 0 {
			v.print("%s\n", wrapped("    ", strings.Join(f.Sample, ", "), more(f)))
		}
	}
}

// quarantine names the first records that were rejected, and how to see all.
func (v *view) quarantine(record *pipeline.Record, o pipeline.Options) {
	c := record.Certificate
	if len(c.Quarantine) == 0 {
		return
	}
	total := c.Quarantined
	v.print("\n%s\n\n", v.paint(bold, "Quarantine"))
	for _, r := range c.Quarantine {
		v.print("  %s\n", rejected(r))
	}
	if rest := total - int64(len(c.Quarantine)); rest > 0 {
		v.print("  and %s more\n", pipeline.Grouped(rest))
	}
	v.print("\n  all of them%s:\n", map[bool]string{true: ", with the records as they came"}[c.Quarantine[0].Page > 0])
	v.print("  apotheca query%s \"select * from %s.quarantine\"\n", spaced(o.Layout.Flags), o.Source.SchemaName())
}

// rejected is where a record stands and why it is none.
func rejected(r pipeline.Rejected) string {
	switch {
	case r.File == "":
		return fmt.Sprintf("page %d, position %d  %s  %s", r.Page, r.Position, cmp.Or(r.Identity, "no NCT id"), cell(r.Reason))
	case r.Column == "":
		return fmt.Sprintf("%s:%d  %s", r.File, r.Line, r.Reason)
	}
	return fmt.Sprintf("%s:%d  %s: %s", r.File, r.Line, r.Column, r.Reason)
}

func more(f pipeline.Finding) string {
	if rest := f.Rows - int64(len(f.Sample)); rest > 0 {
		return fmt.Sprintf(" and %s more", pipeline.Grouped(rest))
	}
	return ""
}

// wrapped breaks a list at 78 columns.
func wrapped(indent, text, tail string) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.Fields(text + tail) {
		length := utf8.RuneCountInString(word)
		if i == 0 || width+1+length > 78 {
			if i > 0 {
				b.WriteString("\n")
			}
			b.WriteString(indent + word)
			width = len(indent) + length
			continue
		}
		b.WriteString(" " + word)
		width += 1 + length
	}
	return b.String()
}

func (v *view) next(record *pipeline.Record, o pipeline.Options) {
	last := record.Stages[len(record.Stages)-1].Name
	if last != pipeline.Build {
		v.print("\nnext:\n  %s\n", o.Layout.Command("--from", string(following(o.Source.Stages(), last))))
		return
	}
	query, name := "select overall_status, count(*) as studies from dim_study group by 1 order by 2 desc", ""
	if _, files := o.Source.(*pipeline.Files); files {
		query, name = "select * from "+record.Certificate.Tables[len(record.Certificate.Tables)-1].Name()+" limit 10", " "+o.Layout.Word()
	}
	at := spaced(o.Layout.Flags)
	v.print("\nnext:\n  apotheca query%s %q\n  apotheca status%s%s\n", at, query, name, at)
}

// spaced puts a blank before words, if there are any.
func spaced(words string) string {
	if words == "" {
		return ""
	}
	return " " + words
}

func following(stages []pipeline.Stage, s pipeline.Stage) pipeline.Stage {
	return stages[slices.Index(stages, s)+1]
}

// endJSON prints the record for a script.
func (a *app) endJSON(record *pipeline.Record, err error) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	if encodeErr := enc.Encode(answered{record, answerJSON(record.Answer)}); encodeErr != nil {
		return encodeErr
	}
	return err
}

// answered is a record and, for who asked, the answer.
type answered struct {
	*pipeline.Record
	Answer []json.RawMessage `json:"answer,omitempty"`
}

// answerJSON are the rows of an answer as objects, columns in their order.
func answerJSON(a *pipeline.Answer) []json.RawMessage {
	if a == nil {
		return nil
	}
	rows := []json.RawMessage{}
	for _, row := range a.Rows {
		object, err := jsonObject(a.Columns, row)
		if err != nil {
			object = []byte("null")
		}
		rows = append(rows, object)
	}
	return rows
}
