package build

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// summary ends the output: what ran, what went wrong and where to look, and
// the line of counts that tools search for.
func (c *Console) summary(rs *Results) {
	if rs.Command == Compile && !rs.Failed() || !c.begun && len(rs.All) == 0 {
		return
	}
	c.Say("")
	if rs.Command == Clone { // of which dbt counts nothing
		c.verdict(rs)
		c.problems(rs)
		c.Say("")
		c.counts(rs)
		return
	}
	c.Tell(Line{
		Name: "FinishedRunningStats", Text: fmt.Sprintf("Finished running%s in %s (%.2fs).", counted(rs), spelled(rs.Elapsed), rs.Elapsed.Seconds()),
		Data: map[string]any{"stat_line": strings.TrimSpace(counted(rs)), "execution": " in " + spelled(rs.Elapsed), "execution_time": rs.Elapsed.Seconds()},
	})
	c.Tell(rs.line())
	c.Say("")
	if rs.Command == SourceFreshness {
		c.problems(rs)
		c.Tell(Line{Name: "FreshnessCheckComplete", Text: "Done.", Data: map[string]any{}})
		return
	}
	c.verdict(rs)
	c.problems(rs)
	c.Say("")
	c.counts(rs)
}

func (c *Console) verdict(rs *Results) {
	failed, partly, warnings := rs.Count(Error)+rs.Count(Fail)+rs.blamed(), rs.Count(PartialSuccess), rs.Count(Warn)
	text := c.paint("Completed successfully", green)
	switch {
	case failed == 0 && partly > 0:
		text = fmt.Sprintf("Completed with %s and %s", plural(partly, "partial success"), plural(warnings, "warning"))
	case failed+warnings > 0 || rs.Failed():
		text = fmt.Sprintf("Completed with %s, %s, and %s:", plural(failed, "error"), plural(partly, "partial success"), plural(warnings, "warning"))
	}
	c.Tell(Line{Name: "EndOfRunSummary", Text: text, Data: map[string]any{
		"num_errors": failed, "num_warnings": warnings, "num_partial_success": partly, "keyboard_interrupt": rs.Stopped != nil,
	}})
	if rs.Stopped != nil {
		c.Say("")
		c.Say("%s", c.paint("Stopped before the end: what did not run is skipped", red))
	}
	for _, warning := range rs.Warnings {
		c.Say("")
		c.Tell(Line{Name: "JinjaLogWarning", Level: LevelWarn, Text: c.paint("Warning: "+warning, yellow), Data: map[string]any{"msg": warning}})
	}
}

// blamed counts what was skipped and yet has a message, which dbt counts among
// the errors: the nodes below an ephemeral model that failed, and hooks.
func (rs *Results) blamed() int {
	count := 0
	for _, r := range rs.All {
		if r.Status == Skipped && (r.broken != nil || r.isHook()) {
			count++
		}
	}
	return count
}

func (c *Console) counts(rs *Results) {
	passed, warnings, failed := rs.Count(Pass)+rs.Count(Success), rs.Count(Warn), rs.Count(Error)+rs.Count(Fail)+rs.Count(PartialSuccess)
	skipped, idle, total := rs.Count(Skipped), rs.Count(NoOp), rs.Total()
	c.Tell(Line{
		Name: "StatsLine",
		Text: fmt.Sprintf("Done. PASS=%d WARN=%d ERROR=%d SKIP=%d NO-OP=%d TOTAL=%d", passed, warnings, failed, skipped, idle, total),
		Data: map[string]any{"stats": map[string]int{"pass": passed, "warn": warnings, "error": failed, "skip": skipped, "noop": idle, "total": total}},
	})
}

// sampleShown is how many of a sample's rows are printed.
const sampleShown = 10

// problems tells what went wrong; of sources, which are only asked, no warnings.
func (c *Console) problems(rs *Results) {
	for _, r := range rs.All {
		if r.Failed() && !r.silent && r.Status != PartialSuccess || r.Status == Warn && r.Source == nil {
			c.Say("")
			c.problem(r)
		}
	}
}

func (c *Console) problem(r *Result) {
	first := Line{Name: "RunResultFailure", Level: LevelError, Data: r.data()}
	message := Line{Name: "RunResultError", Level: LevelError, Data: r.data()}
	word, colour := "Failure", red
	if r.Status == Warn {
		word, colour = "Warning", yellow
		first.Name, message.Name = "RunResultWarning", "RunResultWarningMessage"
		first.Level, message.Level = LevelWarn, LevelWarn
	}
	name := r.declared()
	first.Text = c.paint(fmt.Sprintf("%s in %s %s (%s)", word, r.Type(), name, r.File()), colour)
	first.Data["node_name"], first.Data["resource_type"], first.Data["path"] = name, string(r.Type()), r.File()
	if r.Status != RuntimeError {
		c.Tell(first)
	}
	if r.Source != nil && r.Freshness != nil {
		c.Say("  Status: %s", r.Status)
	}
	if r.Message != "" {
		message.Text, message.Data["msg"] = indented(r.Message), r.Message
		if r.Status == Error || r.Status == RuntimeError {
			message.Text = "  " + r.Message // whose lines are indented as dbt does it
		}
		c.Tell(message)
	}
	if len(r.Sample.Rows) > 0 {
		rows := r.Sample.Rows[:min(len(r.Sample.Rows), sampleShown)]
		sample := sampleTable(r.Sample.Columns, rows)
		if rest := *r.Failures - int64(len(rows)); rest > 0 {
			sample += fmt.Sprintf("\nand %d more", rest)
		}
		c.Say("\n%s", indented(sample))
	}
	if r.CompiledPath != "" {
		c.Say("")
		data := r.data()
		data["path"] = r.CompiledPath
		c.Tell(Line{Name: "SQLCompiledPath", Text: "  compiled code at " + r.CompiledPath, Data: data})
	}
	if r.Type() == dbt.DataTest && r.RelationName != "" && r.Failures != nil && *r.Failures > 0 {
		query := "select * from " + r.RelationName
		rule := strings.Repeat("-", len(query))
		data := r.data()
		data["relation_name"] = r.RelationName
		c.Say("")
		c.Tell(Line{Name: "CheckNodeTestFailure", Text: fmt.Sprintf("  See test failures:\n  %s\n  %s\n  %s", rule, query, rule), Data: data})
	}
}

// wrote logs an artifact, by dbt's name of its kind.
func (c *Console) wrote(path string) {
	kind := map[string]string{
		"manifest.json": "WritableManifest", "semantic_manifest.json": "SemanticManifest", "run_results.json": "RunExecutionResult",
		"catalog.json": "CatalogArtifact", "sources.json": "FreshnessExecutionResultArtifact",
	}[filepath.Base(path)]
	c.Tell(Line{
		Name: "ArtifactWritten", Level: LevelDebug, Text: fmt.Sprintf("Wrote artifact %s to %s", kind, path),
		Data: map[string]any{"artifact_type": kind, "artifact_path": path},
	})
}

// sampleTable leaves out the columns that would not fit on a screen.
func sampleTable(columns []warehouse.ResultColumn, rows [][]any) string {
	const columnsShown = 6
	if len(columns) <= columnsShown {
		return strings.TrimRight(formatTable(namesOf(columns), rows), "\n")
	}
	names := append(namesOf(columns[:columnsShown]), "…")
	cut := make([][]any, len(rows))
	for i, row := range rows {
		cut[i] = append(slices.Clone(row[:columnsShown]), "…")
	}
	return strings.TrimRight(formatTable(names, cut), "\n")
}

func indented(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight("  "+line, " \r")
	}
	return strings.Join(lines, "\n")
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
		return strings.ReplaceAll(r.Node.Config.Materialized(), "_", " ") + " model"
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
	if strings.HasSuffix(noun, "s") {
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func spelled(d time.Duration) string {
	seconds := d.Seconds()
	hours, minutes := int(seconds)/3600, int(seconds)/60%60
	return fmt.Sprintf("%d hours %d minutes and %.2f seconds", hours, minutes, seconds-float64(hours*3600+minutes*60))
}
