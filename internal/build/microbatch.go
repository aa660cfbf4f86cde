package build

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"apotheca/internal/dbt"
)

// BatchResults are the windows of a microbatch model, by what became of them.
type BatchResults struct {
	Successful []dbt.Window
	Failed     []dbt.Window
}

func (b *BatchResults) sort() {
	older := func(x, y dbt.Window) int { return x.Start.Compare(y.Start) }
	slices.SortFunc(b.Successful, older)
	slices.SortFunc(b.Failed, older)
}

// microbatch is a model under way that is built window by window, each a run of
// its own.
type microbatch struct {
	*run
	session *session
	result  *Result
	config  dbt.Microbatch
	windows []dbt.Window

	mu      sync.Mutex // guards the results
	batches BatchResults
}

// microbatches runs a microbatch model. The first batch goes alone, because it
// makes the table, and without it the others are skipped; the last one goes
// alone, because of the hooks that follow it. Those between may run side by
// side.
func (r *run) microbatches(ctx context.Context, s *session, result *Result, config dbt.Microbatch) error {
	m := &microbatch{run: r, session: s, result: result, config: config}
	existing, there, err := r.cache.lookup(ctx, s, r.Project.Relation(result.Node))
	if err != nil {
		return err
	}
	incremental := there && existing.Type == dbt.TableRelation && !r.fullRefresh(result.Node)
	retried, again := r.Retried[result.UniqueID]
	if m.windows = retried.Failed; !again {
		m.windows = config.Batches(incremental, r.EventTime, r.batchesUntil())
	}
	// What is tried again adds to what succeeded, also in a full refresh.
	m.execute(ctx, s, 0, incremental || again)
	switch last := len(m.windows) - 1; {
	case len(m.batches.Failed) > 0:
		for at := 1; at <= last; at++ {
			m.skip(at)
		}
	case last > 0:
		m.between(ctx, there)
		m.execute(ctx, s, last, true)
	}
	m.conclude()
	m.batches.Successful = append(m.batches.Successful, retried.Successful...)
	return nil
}

// batchesUntil is the moment up to which batches are built.
func (r *run) batchesUntil() time.Time {
	if r.BatchesUntil.IsZero() {
		return r.started
	}
	return r.BatchesUntil
}

// between runs the batches that are neither first nor last: one after the
// other, or on as many idle sessions as there are.
func (m *microbatch) between(ctx context.Context, thereBefore bool) {
	left := make(chan int, len(m.windows))
	for at := 1; at < len(m.windows)-1; at++ {
		left <- at
	}
	close(left)
	work := func(s *session) {
		for at := range left {
			m.execute(ctx, s, at, true)
		}
	}
	var helpers sync.WaitGroup
	if m.config.Concurrent && m.dialect.ConcurrentBatches {
		for range len(left) - 1 {
			select {
			case s := <-m.sessions:
				s.reset()
				helpers.Go(func() {
					defer func() { m.sessions <- s }()
					if m.ready(ctx, s, m.result.Node) == nil {
						work(s)
					}
				})
			default: // all are at work
			}
		}
	}
	work(m.session)
	helpers.Wait()
}

// execute runs one batch.
func (m *microbatch) execute(ctx context.Context, s *session, at int, incremental bool) {
	result := m.begin(at, incremental)
	result.Thread = s.name
	m.report(Event{Kind: NodeStarted, Result: result, Total: len(m.windows)})
	err := context.Cause(ctx)
	if err == nil {
		err = m.compile(ctx, s, result)
	}
	if err == nil {
		err = m.produce(ctx, s, result)
	}
	if err = errors.Join(err, m.writeScript(s, result)); err != nil {
		m.fail(s, result, err)
	}
	m.end(at, result)
}

// skip records a batch that does not run, because the first one failed.
func (m *microbatch) skip(at int) {
	result := m.begin(at, true)
	result.Status = Skipped
	m.end(at, result)
}

func (m *microbatch) begin(at int, incremental bool) *Result {
	batch := dbt.Batch{Window: m.windows[at], Incremental: incremental}
	return &Result{
		UniqueID: m.result.UniqueID, Status: Success, Rows: -1, Index: at + 1, Started: m.Now(), elsewhere: m.result.elsewhere,
		Node: m.result.Node.ForBatch(batch, at == 0, at == len(m.windows)-1),
	}
}

func (m *microbatch) end(at int, result *Result) {
	result.Finished = m.Now()
	m.mu.Lock()
	if result.Status == Success {
		m.batches.Successful = append(m.batches.Successful, m.windows[at])
	} else {
		m.batches.Failed = append(m.batches.Failed, m.windows[at])
	}
	m.mu.Unlock()
	m.report(Event{Kind: NodeFinished, Result: result, Total: len(m.windows)})
}

// conclude makes one result of those of the batches.
func (m *microbatch) conclude() {
	m.batches.sort()
	succeeded, failed := len(m.batches.Successful), len(m.batches.Failed)
	switch {
	case failed == 0:
		m.result.Status, m.result.Message = Success, "SUCCESS"
	case succeeded == 0:
		m.result.Status, m.result.Message = Error, "ERROR"
	default:
		m.result.Status, m.result.Message = PartialSuccess, fmt.Sprintf("PARTIAL SUCCESS (%d/%d)", succeeded, succeeded+failed)
	}
	m.result.Batches = &m.batches
	m.result.Failures = new(int64)
}

// checkBatch checks what a batch needs beyond the model's configuration, which
// was checked when the project was read.
func (m *materialization) checkBatch(keys []string) error {
	if m.node.Batch == nil {
		return fmt.Errorf("microbatch incremental strategy requires 'batch.event_time_start' and 'batch.event_time_end' to be set in the context\nhint: remove the macro get_incremental_microbatch_sql, or set the flag require_batched_execution_for_custom_microbatch_strategy in dbt_project.yml")
	}
	if m.dialect.BatchesMerge && len(keys) == 0 {
		return fmt.Errorf("dbt-%s 'microbatch' requires a `unique_key` config\nhint: set unique_key in %s", m.dialect.Name, m.node.OriginalFilePath)
	}
	if !m.dialect.BatchesMerge && len(keys) > 0 {
		return fmt.Errorf("microbatch incremental strategy does not support 'unique_key'. Microbatch runs delete+insert per batch based on 'event_time' and does not do key-based upserts. Remove 'unique_key' or use incremental_strategy='merge'.\nhint: remove unique_key from %s", m.node.OriginalFilePath)
	}
	return nil
}

// replaceBatchSQL deletes the batch's rows and inserts those that belong to it.
func (u upsert) replaceBatchSQL(n *dbt.Node) string {
	eventTime := n.Config.String("event_time")
	within := "\nwhere " + eventTime + " >= '" + stampOfBatch(n.Batch.Start) + "'\n    and " + eventTime + " < '" + stampOfBatch(n.Batch.End) + "'"
	return "delete from " + u.target.String() + within + u.and() + ";\n\n" + u.insertSQL() + within
}

// stampOfBatch writes a border of a batch as a literal's text.
func stampOfBatch(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05-07:00") }

// isBatch reports the result of one batch, which is a part of its model's.
func (r *Result) isBatch() bool { return r.Node != nil && r.Node.Batch != nil }

// batchText is how the console names a batch.
func (r *Result) batchText() string {
	return strings.Join([]string{"batch", r.Node.BatchName(), "of", r.Name()}, " ")
}
