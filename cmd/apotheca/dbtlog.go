package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"apotheca/internal/build"
)

// dbtLog writes the lines of an invocation: to the console as text or as JSON,
// and to dbt.log, where nothing is left out.
type dbtLog struct {
	out      io.Writer
	file     io.Writer // nil until the project is known
	json     bool
	fileJSON bool
	least    int // severity that the console shows
	quiet    bool
	id       string
	now      func() time.Time
	mask     *mask
}

// severities are dbt's levels from the least on.
var severities = map[string]int{"debug": 0, "info": 1, "warn": 2, "error": 3, "none": 4}

func (a *app) newLog(f *dbtFlags, id string) *dbtLog {
	return &dbtLog{
		out: a.stdout, json: f.logFormat == "json", fileJSON: f.logFormatFile == "json" || f.logFormat == "json" && f.logFormatFile == "debug",
		least: severities[f.logLevel], quiet: f.quiet, id: id, now: a.now, mask: a.mask,
	}
}

// Write takes one line of the console.
func (l *dbtLog) Write(line build.Line) {
	if severities[string(line.Level)] >= l.least && (!l.quiet || line.Level == build.LevelError) {
		if l.json {
			_ = l.writeJSON(l.out, line) // nowhere else to complain to
		} else {
			_, _ = fmt.Fprintln(l.out, line)
		}
	}
	if l.file == nil {
		return
	}
	if l.fileJSON {
		_ = l.writeJSON(l.file, line)
		return
	}
	fmt.Fprintf(l.file, "%s [%-5s] [%s]: %s\n", line.At.Format("15:04:05.000000"), line.Level, thread(line), line.Plain())
}

func thread(line build.Line) string {
	if line.Result != nil && line.Result.Thread != "" {
		return line.Result.Thread
	}
	return "MainThread"
}

// open adds dbt.log in a folder. A run says where it begins.
func (l *dbtLog) open(folder string) (io.Closer, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(folder, "dbt.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	l.file = maskedWriter{file, l.mask}
	if !l.fileJSON {
		rule := strings.Repeat("=", 30)
		fmt.Fprintf(l.file, "\n\n%s %s | %s %s\n", rule, l.now().Format("15:04:05.000000"), l.id, rule)
	}
	return file, nil
}

// logged is a line of the log as JSON, in dbt's shape.
type logged struct {
	Data map[string]any `json:"data"`
	Info logInfo        `json:"info"`
}

type logInfo struct {
	Category     string         `json:"category"`
	Code         string         `json:"code"`
	Extra        map[string]any `json:"extra"`
	InvocationID string         `json:"invocation_id"`
	Level        build.Level    `json:"level"`
	Message      string         `json:"msg"`
	Name         string         `json:"name"`
	PID          int            `json:"pid"`
	Thread       string         `json:"thread"`
	Time         string         `json:"ts"`
}

func (l *dbtLog) writeJSON(w io.Writer, line build.Line) error {
	name, code := line.Event()
	entry := logged{Data: map[string]any{"msg": line.Plain()}, Info: logInfo{
		Code: code, Extra: map[string]any{}, InvocationID: l.id, Level: line.Level, Message: line.Plain(), Name: name,
		PID: os.Getpid(), Thread: thread(line), Time: line.At.UTC().Format("2006-01-02T15:04:05.000000Z"),
	}}
	if r := line.Result; r != nil {
		entry.Data = map[string]any{"index": r.Index, "total": line.Total, "status": string(r.Status), "node_info": nodeInfo(r)}
		if !r.Finished.IsZero() {
			entry.Data["execution_time"] = r.Took().Seconds()
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(entry)
}

func nodeInfo(r *build.Result) map[string]any {
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2006-01-02T15:04:05.000000")
	}
	status := string(r.Status)
	if r.Finished.IsZero() {
		status = "started"
	}
	info := map[string]any{
		"unique_id": r.UniqueID, "node_name": r.Name(), "resource_type": string(r.Type()), "node_path": r.File(),
		"node_status": status, "node_started_at": stamp(r.Started), "node_finished_at": stamp(r.Finished), "meta": map[string]any{},
	}
	if n := r.Node; n != nil {
		info["node_name"], info["node_path"] = n.Name, n.Path
		info["node_relation"] = map[string]string{"database": n.Database, "schema": n.Schema, "alias": n.Alias, "relation_name": n.RelationName}
		if n.Config != nil {
			info["materialized"] = n.Config.Materialized()
		}
	}
	return info
}
