package build

import "time"

// EventKind says what has just happened.
type EventKind int

// The events of a run, in this order; those of nodes come in pairs, but a
// skipped node only finishes. Between the two, and before the first node, come
// the statements that the database is sent, each with its end.
const (
	RunStarted EventKind = iota
	NodeStarted
	NodeCompiled
	StatementSent
	StatementDone
	NodeFinished
	RunFinished
	// ArtifactWritten comes after a file of the target folder is there.
	ArtifactWritten
)

// Event is one step of a run that is worth telling.
type Event struct {
	Kind    EventKind
	Command Command
	// Result is the node's, incomplete while it runs; nil for the run's events.
	Result *Result
	// Total is the N of "k of N".
	Total int
	// Threads is how many nodes may run at once; with RunStarted.
	Threads int
	// Target is the profile's target; with RunStarted.
	Target string
	// Results are all of them; with RunFinished.
	Results *Results

	// Path is the file; with ArtifactWritten.
	Path string

	// Connection and Thread say who speaks with the database: a connection is
	// named after its node. Statement is what it is sent; Status how it answers.
	Connection, Thread string
	Statement          string
	Status             string
	Took               time.Duration
}

// report hands one event at a time to the caller.
func (r *run) report(e Event) {
	if r.Report == nil {
		return
	}
	e.Command = r.Command
	r.reporting.Lock()
	defer r.reporting.Unlock()
	r.Report(e)
}
