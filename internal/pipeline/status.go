package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"apotheca/internal/lake"
)

// PipelineStatus is where a pipeline stands, from recorded results.
type PipelineStatus struct {
	Pipeline string        `json:"pipeline"`
	Target   string        `json:"target,omitempty"` // whose load and build are meant; empty for any
	Stages   []StageStatus `json:"stages"`
	LastRun  *Record       `json:"last_run"`
	// Extract is the newest one of the lake, nil if there is none.
	Extract *ExtractStatus `json:"extract,omitempty"`
	// Unreadable names run records that could not be read; what they say is
	// missing from the above.
	Unreadable []string `json:"unreadable,omitempty"`
	// Next is the command that brings the pipeline on; empty when all is well.
	Next string `json:"next,omitempty"`
}

// StageStatus is how a stage ended when it last ran, in whichever run.
type StageStatus struct {
	Name       Stage     `json:"name"`
	Status     Status    `json:"status"` // empty: it never ran
	RunID      string    `json:"run_id,omitempty"`
	StartedAt  time.Time `json:"started_at,omitzero"`
	DurationMS int64     `json:"duration_ms"`
	Error      string    `json:"error,omitempty"`
	Summary    string    `json:"summary,omitempty"`
}

// ExtractStatus is where an extract stands, from its manifest.
type ExtractStatus struct {
	ID            string     `json:"id"`
	State         lake.State `json:"state"`
	Pages         int        `json:"pages"`
	Studies       int        `json:"studies"`
	Quarantined   int        `json:"quarantined"`
	Total         int        `json:"total"` // -1 before the first page
	DataTimestamp string     `json:"data_timestamp"`
	Compacted     bool       `json:"compacted"`
	Files         int        `json:"files,omitempty"` // of an extract of files
}

// String is one line: "extract 000002 in_progress after page 3, …".
func (e *ExtractStatus) String() string {
	if e.Files > 0 || e.Pages == 0 && e.Total == 0 {
		return fmt.Sprintf("extract %s %s, %s of %s", e.ID, e.State, plural(int64(e.Total), "record"), plural(int64(e.Files), "file")) +
			aside(int64(e.Quarantined), "quarantined") + ", data of " + e.DataTimestamp
	}
	text := fmt.Sprintf("extract %s %s after page %d, %s", e.ID, e.State, e.Pages, plural(int64(e.Studies), "study"))
	if e.Total >= 0 {
		text = fmt.Sprintf("extract %s %s after page %d, %s of %s studies", e.ID, e.State, e.Pages,
			Grouped(e.Studies), Grouped(e.Total))
	}
	text += aside(int64(e.Quarantined), "quarantined")
	if e.Compacted {
		text += ", compacted"
	}
	return text + ", registry data of " + e.DataTimestamp
}

// ReadStatus reads the run records of a pipeline and the lake's newest
// manifest. The stages are those of the pipeline. Targets share the lake and have their own load and build. What
// cannot be read is named and hides nothing else.
func ReadStatus(l Layout, of []Stage, target string) (*PipelineStatus, error) {
	records, unreadable, err := NewJournal(l).Records(l.Pipeline)
	if err != nil {
		return nil, err
	}
	s := &PipelineStatus{Pipeline: l.Pipeline, Target: target}
	for _, err := range unreadable {
		s.Unreadable = append(s.Unreadable, err.Error())
	}
	newest, err := lake.Open(l.Lake(), lake.Options{}).Newest()
	switch {
	case err == nil:
		s.Extract = &ExtractStatus{
			ID: newest.ID, State: newest.State, Pages: newest.Pages, Studies: newest.Studies,
			Quarantined: newest.Quarantined, Total: newest.Total,
			DataTimestamp: newest.DataTimestamp, Compacted: newest.Compacted != nil, Files: len(newest.Inputs),
		}
	case !errors.Is(err, lake.ErrNoSnapshot):
		s.Unreadable = append(s.Unreadable, err.Error())
	}
	if len(records) > 0 {
		s.LastRun = records[0]
	}
	for _, stage := range of {
		s.Stages = append(s.Stages, lastOf(stage, target, records))
	}
	s.Next = s.next(l)
	return s, nil
}

func lastOf(stage Stage, target string, newestFirst []*Record) StageStatus {
	for _, record := range newestFirst {
		if stage != Extract && stage != Compact && target != "" && record.Target != "" && record.Target != target {
			continue
		}
		for _, s := range record.Stages {
			if s.Name == stage {
				return StageStatus{
					Name: stage, Status: s.Status, RunID: record.RunID,
					StartedAt: s.StartedAt, DurationMS: s.DurationMS,
					Error: s.Error, Summary: s.Summary(),
				}
			}
		}
	}
	return StageStatus{Name: stage}
}

// next is the first stage that did not succeed, as a command. To read again
// is to read the same: a sample must not turn into the registry.
func (s *PipelineStatus) next(l Layout) string {
	if s.LastRun == nil || s.LastRun.Status == Running {
		return ""
	}
	for _, stage := range s.Stages {
		if stage.Status != Success {
			return s.LastRun.again(l, stage.Name)
		}
	}
	return ""
}

// Next is the command that goes on where a run stopped; empty when it did all
// it was to do.
func (r *Record) Next(l Layout) string {
	if r == nil { // it could not begin
		return ""
	}
	for _, stage := range r.Stages {
		if stage.Status != Success {
			return r.again(l, stage.Name)
		}
	}
	return ""
}

// again is the command that begins at a stage. Bad rows are mended in the
// files, which are then read again.
func (r *Record) again(l Layout, from Stage) string {
	refused := slices.ContainsFunc(r.Stages, func(s StageRecord) bool { return s.Counts[badRows] > 0 })
	if from == Extract || from == Load && refused {
		return l.Command(r.Reads)
	}
	return l.Command("--from", string(from))
}

// Summary says in a few words what a stage did, or why it did not.
func (s StageRecord) Summary() string {
	if s.Error != "" {
		text, _, _ := strings.Cut(s.Error, "\n")
		return text
	}
	if s.Status == Running {
		return ""
	}
	c := s.Counts
	switch s.Name {
	case Extract:
		if c["files"] > 0 {
			return fmt.Sprintf("%s of %s", plural(c["records"], "record"), plural(c["files"], "file")) + aside(c["quarantined"], "quarantined")
		}
		text := fmt.Sprintf("%s, %s", plural(c["pages"], "page"), plural(c["studies"], "study"))
		return text + aside(c["quarantined"], "quarantined")
	case Compact:
		return fmt.Sprintf("%s in one file of %s", plural(c["studies"], "study"), Size(c["bytes"]))
	case Load:
		return fmt.Sprintf("%s into %s", plural(c["rows"], "row"), plural(c["tables"], "table")) +
			aside(c["quarantined"], "quarantined") + aside(c["superseded"], "superseded") + aside(c["not_new"], "not new")
	case Build:
		return fmt.Sprintf("%s, %s: %d passed", plural(c["models"], "model"),
			plural(c["passed"]+c["warned"]+c["failed"]+c["skipped"], "test"), c["passed"]) +
			aside(c["warned"], "warned") + aside(c["failed"], "failed") + aside(c["skipped"], "skipped")
	}
	return ""
}

func aside(n int64, what string) string {
	if n == 0 {
		return ""
	}
	return ", " + Grouped(n) + " " + what
}

func plural(n int64, noun string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(noun, "y"):
		noun = strings.TrimSuffix(noun, "y") + "ies"
	default:
		noun += "s"
	}
	return Grouped(n) + " " + noun
}
