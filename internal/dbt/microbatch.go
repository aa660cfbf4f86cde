package dbt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"apotheca/internal/jinja"
)

// BatchSize is the time that a batch of a microbatch model covers.
type BatchSize string

// The sizes.
const (
	Hour  BatchSize = "hour"
	Day   BatchSize = "day"
	Month BatchSize = "month"
	Year  BatchSize = "year"
)

func batchSizes() []BatchSize { return []BatchSize{Hour, Day, Month, Year} }

// Truncate is the moment at which the time's hour, day, month or year began.
func (s BatchSize) Truncate(t time.Time) time.Time {
	t = t.UTC()
	switch s {
	case Hour:
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), 0, 0, 0, time.UTC)
	case Month:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	case Year:
		return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// Step is the beginning of the batch that many batches after the time's own.
func (s BatchSize) Step(t time.Time, batches int) time.Time {
	t = s.Truncate(t)
	switch s {
	case Hour:
		return t.Add(time.Duration(batches) * time.Hour)
	case Month:
		return t.AddDate(0, batches, 0)
	case Year:
		return t.AddDate(batches, 0, 0)
	}
	return t.AddDate(0, 0, batches)
}

// Ceil is the end of the time's batch; a time at the border is its own.
func (s BatchSize) Ceil(t time.Time) time.Time {
	if start := s.Truncate(t); start.Equal(t) {
		return start
	}
	return s.Step(t, 1)
}

// Format names the batch that begins at a time: 2024-09-17.
func (s BatchSize) Format(start time.Time) string {
	layouts := map[BatchSize]string{Hour: "2006-01-02T15", Day: "2006-01-02", Month: "2006-01", Year: "2006"}
	return start.UTC().Format(layouts[s])
}

// Window is a stretch of time, its end not in it.
type Window struct{ Start, End time.Time }

// Meet is the part of the window that lies in the other one too.
func (w Window) Meet(other Window) Window {
	if other.Start.After(w.Start) {
		w.Start = other.Start
	}
	if other.End.Before(w.End) {
		w.End = other.End
	}
	return w
}

// Batch is the part of a microbatch model that a node stands for while it runs.
type Batch struct {
	Window
	// Incremental batches add to the table; the others make it.
	Incremental bool
}

// Microbatch is what a model says of its batches.
type Microbatch struct {
	Size       BatchSize
	EventTime  string
	Begin      time.Time
	Lookback   int
	Concurrent bool // batches may run side by side
}

// Microbatch tells a microbatch model's configuration; false for any other node.
// A project that has its own macro for the strategy runs it once, unless a
// flag of dbt_project.yml says otherwise.
func (p *Project) Microbatch(n *Node) (Microbatch, bool) {
	if !n.isMicrobatch() || !p.runsBatches() {
		return Microbatch{}, false
	}
	c := n.Config
	lookback, _ := c.Get("lookback")
	m := Microbatch{Size: BatchSize(c.String("batch_size")), EventTime: c.String("event_time"), Concurrent: !n.readsItself()}
	if lookback, ok := lookback.(int64); ok {
		m.Lookback = int(lookback)
	}
	if own, set := c.Bool("concurrent_batches"); set {
		m.Concurrent = own
	}
	begin, _ := c.Get("begin")
	m.Begin, _ = momentOf(begin)
	return m, true
}

func (n *Node) isMicrobatch() bool {
	return n.ResourceType == Model && n.Config.Materialized() == "incremental" && n.Config.String("incremental_strategy") == "microbatch"
}

func (p *Project) runsBatches() bool {
	if p.behaves("require_batched_execution_for_custom_microbatch_strategy") {
		return true
	}
	for _, m := range p.Macros {
		if m.Name == "get_incremental_microbatch_sql" && m.PackageName != builtinName {
			return false
		}
	}
	return true
}

var namesThis = pattern(`(?s)\{[{%].*?\bthis\b.*?[}%]\}`)

func (n *Node) readsItself() bool { return namesThis().MatchString(n.RawCode) }

// Batches are the windows that a run has to build, oldest first: from where the
// model begins or, when its table is there, from as far back as it looks.
func (m Microbatch) Batches(incremental bool, asked *Window, now time.Time) []Window {
	end := m.Size.Ceil(now)
	start := m.Size.Truncate(m.Begin)
	switch {
	case asked != nil:
		end, start = m.Size.Ceil(asked.End), m.Size.Truncate(asked.Start)
	case incremental:
		// The end is a border, so that the batch before it is the last one.
		start = m.Size.Step(end, -m.Lookback-1)
	}
	windows := []Window{{start, m.Size.Step(start, 1)}}
	for last := windows[0]; last.End.Before(end); {
		last = Window{last.End, m.Size.Step(last.End, 1)}
		windows = append(windows, last)
	}
	windows[len(windows)-1].End = end
	return windows
}

// ForBatch is the node as it runs for one batch. Hooks before it belong to the
// first batch, hooks after it to the last.
func (n *Node) ForBatch(b Batch, first, last bool) *Node {
	one := *n
	one.Batch = &b
	values := n.Config.values.Copy()
	if !first {
		values.Set("pre-hook", jinja.NewList())
	}
	if !last {
		values.Set("post-hook", jinja.NewList())
	}
	values.Set("__dbt_internal_microbatch_event_time_start", datetimeIn(b.Start))
	values.Set("__dbt_internal_microbatch_event_time_end", datetimeIn(b.End))
	one.Config = &Config{values}
	return &one
}

// BatchName is how the console and files name the node's batch.
func (n *Node) BatchName() string {
	return BatchSize(n.Config.String("batch_size")).Format(n.Batch.Start)
}

// batchDict is `model.batch` in templates.
func (n *Node) batchDict() *jinja.Dict {
	return jinja.NewDict("id", strings.ReplaceAll(n.BatchName(), "-", ""),
		"event_time_start", datetimeIn(n.Batch.Start), "event_time_end", datetimeIn(n.Batch.End))
}

// eventFilter is the condition under which a node reads rows of an input with
// that event time: those of its batch, and with --sample of the sample.
func (s *scope) eventFilter(eventTime string) string {
	if eventTime == "" || s.node == nil || s.node.ResourceType != Model && s.node.ResourceType != Snapshot {
		return ""
	}
	window, sample := Window{}, s.p.options.Sample
	switch {
	case s.node.Batch != nil && sample != nil:
		window = s.node.Batch.Meet(*sample)
	case s.node.Batch != nil:
		window = s.node.Batch.Window
	case sample != nil:
		window = *sample
	default:
		return ""
	}
	return fmt.Sprintf("%s >= '%s' and %s < '%s'", eventTime, datetimeIn(window.Start).Str(), eventTime, datetimeIn(window.End).Str())
}

// checkMicrobatch refuses a microbatch model that does not say all of what
// cuts it into batches.
func (l *loader) checkMicrobatch(n *Node) {
	if !n.isMicrobatch() || !l.p.runsBatches() {
		return
	}
	fail := func(hint, format string, arguments ...any) {
		l.fail(Problem{File: n.shownFile(), Line: n.Line, Message: fmt.Sprintf("Microbatch model '%s' ", n.Name) + fmt.Sprintf(format, arguments...), Hint: hint})
	}
	get := func(key string) any { v, _ := n.Config.Get(key); return v }
	switch eventTime := get("event_time"); eventTime.(type) {
	case string:
	case nil:
		fail("event_time: the column that says when a row's event was", "must provide an 'event_time' (string) config that indicates the name of the event time column.")
	default:
		fail("event_time: the column that says when a row's event was", "must provide an 'event_time' config of type string, but got: %s.", className(eventTime))
	}
	begin, ok := momentOf(get("begin"))
	switch {
	case ok:
		n.Config.values.Set("begin", configMoment{datetime{wall: begin}})
	case get("begin") == nil:
		fail("begin: '2024-01-01'", "must provide a 'begin' (datetime) config that indicates the earliest timestamp the microbatch model should be built from.")
	default:
		fail("begin: '2024-01-01'", "must provide a 'begin' config of valid datetime (ISO format), but got: %s.", jinja.Str(get("begin")))
	}
	if size := get("batch_size"); !slices.Contains(batchSizes(), BatchSize(jinja.Str(size))) {
		fail("batch_size: day", "must provide a 'batch_size' config that is one of ['hour', 'day', 'month', 'year'], but got: %s.", jinja.Str(size))
	}
	if lookback := get("lookback"); lookback != nil && className(lookback) != "<class 'int'>" {
		fail("lookback: 1", "must provide the optional 'lookback' config as type int, but got: %s).", className(lookback))
	}
	if concurrent := get("concurrent_batches"); concurrent != nil && className(concurrent) != "<class 'bool'>" {
		fail("concurrent_batches: true", "optional 'concurrent_batches' config must be of type `bool` if specified, but got: %s).", className(concurrent))
	}
}

// warnMicrobatch warns of models whose batches read everything, and of an
// adapter that runs batches one by one whatever they ask for.
func (l *loader) warnMicrobatch() {
	if !l.p.runsBatches() {
		return
	}
	forced := 0
	for _, n := range l.p.sortedNodes {
		if on, _ := n.Config.Bool("concurrent_batches"); on && l.p.Target.Type == "postgres" {
			forced++
		}
		if n.isMicrobatch() && !slices.ContainsFunc(n.DependsOn.Nodes, func(id string) bool { return l.p.eventTimeOf(id) != "" }) {
			l.warn(Problem{File: n.shownFile(), Line: n.Line, Event: "MicrobatchModelNoEventTimeInputs", Message: fmt.Sprintf(
				"The microbatch model '%s' has no 'ref' or 'source' input with an 'event_time' configuration. "+
					"\nThis means no filtering can be applied and can result in unexpected duplicate records in the resulting microbatch model.", n.Name)})
		}
	}
	if forced > 0 {
		models := "1 microbatch model"
		if forced > 1 {
			models = fmt.Sprintf("%d microbatch models", forced)
		}
		l.warn(Problem{Event: "InvalidConcurrentBatchesConfig", Message: fmt.Sprintf(
			"Found %s with the `concurrent_batches` config set to true, but the %s adapter does not support running batches concurrently. Batches will be run sequentially.",
			models, l.p.Target.Type)})
	}
}

// eventTimeOf is the event_time of a node or source; empty for none.
func (p *Project) eventTimeOf(id string) string {
	if n := p.Nodes[id]; n != nil && n.Config != nil {
		return n.Config.String("event_time")
	}
	if s := p.Sources[id]; s != nil && s.Config != nil {
		return s.Config.String("event_time")
	}
	return ""
}

// momentOf reads a time of a config; without a zone it is meant to be UTC.
func momentOf(v any) (time.Time, bool) {
	switch x := v.(type) {
	case datetime:
		return x.wall, true
	case configMoment:
		return x.wall, true
	case nil:
		return time.Time{}, false
	}
	return ParseMoment(jinja.Str(v))
}

// ParseMoment reads a date or a time in ISO 8601, as the clocks show it there.
func ParseMoment(text string) (time.Time, bool) {
	moment, err := isoMoment(strings.TrimSpace(text))
	return moment.wall, err == nil
}

// configMoment is a time in a config: templates see it as Python prints it,
// artifacts have it with a T.
type configMoment struct{ datetime }

// className is how Python names the class of a value.
func className(v any) string {
	name := "str"
	switch v.(type) {
	case nil:
		name = "NoneType"
	case bool:
		name = "bool"
	case int64:
		name = "int"
	case float64:
		name = "float"
	case *jinja.List:
		name = "list"
	case *jinja.Dict:
		name = "dict"
	}
	return "<class '" + name + "'>"
}
