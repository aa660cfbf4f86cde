package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

// dbtLog writes the lines of an invocation: to the console and to dbt.log, each
// in its own format and from its own severity on.
type dbtLog struct {
	out     io.Writer
	console sink
	file    sink
	to      *logFile // nil until the project is known
	id      string
	now     func() time.Time
	mask    *mask
	extra   map[string]string // the variables DBT_ENV_CUSTOM_ENV_…
}

// sink is how one of the two logs is written.
type sink struct {
	format  string // text, debug or json
	least   int    // severity
	colours bool
}

// severities are dbt's levels from the least on.
var severities = map[string]int{"debug": 0, "info": 1, "warn": 2, "error": 3, "none": 4}

func (a *app) newLog(f *dbtFlags, id string) *dbtLog {
	l := &dbtLog{out: a.stdout, id: id, now: a.now, mask: a.mask, extra: a.metadataEnv()}
	l.console = sink{strings.Replace(f.logFormat, "default", "text", 1), severities[f.logLevel], f.colours(a.colour)}
	l.file = sink{strings.Replace(f.logFormatFile, "default", "debug", 1), severities[f.logLevelFile], f.fileColour != nil && *f.fileColour}
	if f.debug {
		l.console.least, l.file.least = severities["debug"], severities["debug"]
		if f.logFormat == "default" {
			l.console.format = "debug"
		}
	}
	if f.quiet {
		l.console.least = max(l.console.least, severities["error"])
	}
	return l
}

// Write takes one line of the console.
func (l *dbtLog) Write(line build.Line) {
	if severities[string(line.Level)] >= l.console.least {
		l.write(l.out, l.console, line)
	}
	l.record(line)
}

// Print takes a line that is a command's result, not a remark on it: nothing
// stands in front of it, and --quiet does not hold it back.
func (l *dbtLog) Print(line build.Line) {
	line.At, line.Level = l.now().UTC(), build.LevelInfo
	if l.console.format == "json" {
		l.write(l.out, l.console, line)
	} else {
		fmt.Fprintln(l.out, line.Text)
	}
	l.record(line)
}

// record keeps a line in the file alone.
func (l *dbtLog) record(line build.Line) {
	if l.to != nil && severities[string(line.Level)] >= l.file.least {
		l.write(l.to, l.file, line)
	}
}

// write has nowhere else to complain to when it fails.
func (l *dbtLog) write(w io.Writer, s sink, line build.Line) {
	text := line.Text
	if !s.colours {
		text = line.Plain()
	}
	switch s.format {
	case "json":
		_ = l.writeJSON(w, line, text)
	case "debug":
		fmt.Fprintf(w, "%s [%-5s] [%.10s]: %s\n", line.At.Format("15:04:05.000000"), line.Level, thread(line), text)
	default:
		line.Text = text
		fmt.Fprintln(w, line)
	}
}

func thread(line build.Line) string {
	if line.Thread == "" || line.Thread == "main" {
		return "MainThread"
	}
	return line.Thread
}

// open adds dbt.log in a folder. A run says where it begins.
func (l *dbtLog) open(folder string, bytesMax int64) error {
	if l.file.least == severities["none"] {
		return nil
	}
	file, err := openLogFile(folder, bytesMax, l.mask)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	l.to = file
	if l.file.format != "json" {
		rule := strings.Repeat("=", 30)
		fmt.Fprintf(l.to, "\n\n%s %s | %s %s\n", rule, l.now().UTC().Format("15:04:05.000000"), l.id, rule)
	}
	return nil
}

// logged is a line of the log as JSON, in dbt's shape.
type logged struct {
	Data map[string]any `json:"data"`
	Info logInfo        `json:"info"`
}

type logInfo struct {
	Category     string            `json:"category"`
	Code         string            `json:"code"`
	Extra        map[string]string `json:"extra"`
	InvocationID string            `json:"invocation_id"`
	Level        build.Level       `json:"level"`
	Message      string            `json:"msg"`
	Name         string            `json:"name"`
	PID          int               `json:"pid"`
	Thread       string            `json:"thread"`
	Time         string            `json:"ts"`
}

func (l *dbtLog) writeJSON(w io.Writer, line build.Line, text string) error {
	entry := logged{Data: line.Data, Info: logInfo{
		Code: dbt.EventCode(line.Name), Extra: l.extra, InvocationID: l.id, Level: line.Level, Message: text, Name: line.Name,
		PID: os.Getpid(), Thread: thread(line), Time: line.At.UTC().Format("2006-01-02T15:04:05.000000Z"),
	}}
	if entry.Data == nil {
		entry.Data = map[string]any{"msg": line.Plain()}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(entry)
}
