package build

import (
	"regexp"
	"strings"
	"time"
)

// Level is how much a line matters.
type Level string

// The levels, as dbt spells them.
const (
	LevelDebug Level = "debug"
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// Line is one event of a command's log: a line or several of the console, and
// an object of a log of JSON.
type Line struct {
	At    time.Time
	Level Level // empty is info
	// Name is dbt's name of the event, by which tools find it; empty is Note,
	// and Formatting for an empty line.
	Name string
	Text string
	// Thread is where it happened; empty is the main one.
	Thread string
	// Data is what the event tells, by dbt's keys; nil is the text alone.
	Data map[string]any
}

// String is the line as the console shows it.
func (l Line) String() string {
	stamp := l.At.Format("15:04:05")
	if strings.HasPrefix(l.Text, "\n") {
		return stamp + l.Text
	}
	return strings.TrimRight(stamp+"  "+l.Text, " ")
}

// Plain is the text without colours.
func (l Line) Plain() string { return colours.ReplaceAllString(l.Text, "") }

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")
