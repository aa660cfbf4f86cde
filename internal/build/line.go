package build

import (
	"regexp"
	"strings"
	"time"

	"apotheca/internal/dbt"
)

// Level is how much a line matters.
type Level string

// The levels, as dbt spells them.
const (
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// Line is one line of a command's log.
type Line struct {
	At    time.Time
	Level Level
	Text  string
	// Result is the node that the line speaks of, Total the N of "k of N".
	Result *Result
	Total  int
}

// String is the line as the console shows it.
func (l Line) String() string {
	return strings.TrimRight(l.At.Format("15:04:05")+"  "+l.Text, " ")
}

// Plain is the text without colours.
func (l Line) Plain() string { return colours.ReplaceAllString(l.Text, "") }

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Event is dbt's name and code for what the line says, by which tools find it
// in a log of JSON.
func (l Line) Event() (name, code string) {
	if l.Result != nil {
		return l.Result.event()
	}
	text := l.Plain()
	for _, known := range []struct{ prefix, name, code string }{
		{"Running with dbt", "MainReportVersion", "A001"},
		{"Registered adapter", "AdapterRegistered", "E034"},
		{"Found ", "FoundStats", "W006"},
		{"Concurrency:", "ConcurrencyLine", "Q027"},
		{"Nothing to do", "NothingToDo", "Q035"},
		{"Finished running", "FinishedRunningStats", "E047"},
		{"Completed ", "EndOfRunSummary", "Z030"},
		{"Failure in ", "RunResultFailure", "Z022"},
		{"Warning in ", "RunResultWarning", "Z021"},
		{"  compiled code at", "SQLCompiledPath", "Z026"},
		{"  ", "RunResultError", "Z024"},
		{"Done. PASS", "StatsLine", "Z023"},
		{"Building catalog", "BuildingCatalog", "E044"},
		{"Catalog written", "CatalogWritten", "E043"},
	} {
		if strings.HasPrefix(text, known.prefix) {
			return known.name, known.code
		}
	}
	if text == "" {
		return "Formatting", "Z017"
	}
	return "Note", "Z050"
}

// event names the lines of a node: that it starts, or how it ended.
func (r *Result) event() (name, code string) {
	started := r.Finished.IsZero()
	switch {
	case r.Status == Skipped:
		return "SkippingDetails", "Q034"
	case r.Status == NoOp:
		return "LogNodeNoOpResult", "Q019"
	case r.Type() == dbt.Operation && started:
		return "LogHookStartLine", "Q032"
	case r.Type() == dbt.Operation:
		return "LogHookEndLine", "Q033"
	case started:
		return "LogStartLine", "Q011"
	}
	switch r.Type() {
	case dbt.DataTest, dbt.UnitTestResource:
		return "LogTestResult", "Q007"
	case dbt.Seed:
		return "LogSeedResult", "Q016"
	case dbt.Snapshot:
		return "LogSnapshotResult", "Q015"
	case dbt.SourceResource:
		return "LogFreshnessResult", "Q018"
	}
	return "LogModelResult", "Q012"
}

func levelOf(e Event) Level {
	switch {
	case e.Kind == NodeStarted:
	case e.Result.Failed():
		return LevelError
	case e.Result.Status == Warn:
		return LevelWarn
	}
	return LevelInfo
}
