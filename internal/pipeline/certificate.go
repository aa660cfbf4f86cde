package pipeline

import (
	"errors"
	"fmt"
	"slices"

	"apotheca/internal/warehouse"
)

// Certificate is the proof at the end of a run that nothing is missing: every
// line of it was counted where it stands, none is carried over from another.
type Certificate struct {
	Balanced        bool         `json:"balanced"`
	DataTimestamp   string       `json:"registry_data_timestamp"`
	Lines           []Line       `json:"lines"`
	Tables          []TableCount `json:"tables"`
	Tests           TestCounts   `json:"tests"`
	Quarantined     int64        `json:"quarantined"`
	Quarantine      []Rejected   `json:"quarantine,omitempty"` // the first of them
	Warnings        []Finding    `json:"warnings,omitempty"`
	Failures        []Finding    `json:"failures,omitempty"`
	DurationMS      int64        `json:"duration_ms"`
	PeakMemoryBytes int64        `json:"peak_memory_bytes"`
}

// Line is one equation: the terms must add up to the registry's total.
type Line struct {
	Name     string `json:"name"`
	Terms    []Term `json:"terms"`
	Want     int64  `json:"want"`
	Got      int64  `json:"got"`
	Balanced bool   `json:"balanced"`
}

// Term is one count of a line, and where it was counted.
type Term struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// NotThere is the count of a table that does not exist; no line
// with it balances.
const NotThere = -1

// TableCount is the number of rows of one table.
type TableCount struct {
	Schema string `json:"schema"`
	Table  string `json:"table"`
	Rows   int64  `json:"rows"`
}

// Name is the table with its schema.
func (t TableCount) Name() string { return t.Schema + "." + t.Table }

// TestCounts are the data and unit tests of a run by outcome. Skipped are
// those that could not run because something before them failed.
type TestCounts struct {
	Passed  int `json:"passed"`
	Warned  int `json:"warned"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	// Orphaned tests never run: what they test does not exist.
	Orphaned int `json:"orphaned"`
}

// Rejected is one of the first records of the quarantine.
type Rejected struct {
	// Where it stands: on a page of the registry, or on a line of a file.
	Page     int64  `json:"page,omitempty"`
	Position int64  `json:"position,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int64  `json:"line,omitempty"`
	Column   string `json:"column,omitempty"`
	Identity string `json:"identity,omitempty"` // where it could be read
	Reason   string `json:"reason"`
}

// Answer is what the model says that the pipeline is run for.
type Answer struct {
	Model   string
	Columns []warehouse.ResultColumn
	Rows    [][]any
	More    bool // there are more rows than these
}

// Finding is a test that did not pass, and the first of the records it names.
type Finding struct {
	Test    string   `json:"test"`
	Message string   `json:"message"`
	Rows    int64    `json:"rows"`
	Sample  []string `json:"sample,omitempty"`
}

// balance adds a line to the certificate.
func (c *Certificate) balance(name string, want int64, terms ...Term) {
	line := Line{Name: name, Terms: terms, Want: want}
	for _, term := range terms {
		line.Got += term.Count
	}
	line.Balanced = line.Got == want &&
		!slices.ContainsFunc(terms, func(t Term) bool { return t.Count == NotThere })
	c.Lines = append(c.Lines, line)
}

// settle decides whether the certificate holds.
func (c *Certificate) settle() {
	c.Balanced = len(c.Lines) > 0 && !slices.ContainsFunc(c.Lines, func(l Line) bool { return !l.Balanced })
}

// Err says what keeps the run from being green, or nil.
func (c *Certificate) Err() error {
	for _, line := range c.Lines {
		if !line.Balanced {
			return fmt.Errorf("certificate does not balance: %s: the registry has %d, counted %d (%+d)",
				line.Name, line.Want, line.Got, line.Got-line.Want)
		}
	}
	if !c.Balanced {
		return errors.New("the certificate was not drawn up")
	}
	if n := c.Tests.Failed; n > 0 {
		return fmt.Errorf("%d of the data tests failed", n)
	}
	if n := c.Tests.Orphaned; n > 0 {
		return fmt.Errorf("%d tests never ran, because what they test does not exist: the warnings of build name them", n)
	}
	return nil
}
