package warehouse

import "time"

// Finding is what one check of a database, or of what a run needs beside it,
// found.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Found   string  `json:"found"`
	Hint    string  `json:"hint,omitempty"` // what to type, when it is not ok
}

// Verdict is how a check ended.
type Verdict string

// The verdicts.
const (
	OK      Verdict = "ok"
	Warning Verdict = "warning" // a run may go well nevertheless
	Failed  Verdict = "failed"  // no run can
)

// Needs is what a run will ask of a database.
type Needs struct {
	Schemas   []string   // that it creates, or creates tables in
	Relations []Relation // that it replaces
	Sessions  int        // at once
	Now       func() time.Time
}
