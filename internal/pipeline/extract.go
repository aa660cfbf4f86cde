package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"apotheca/internal/lake"
	"apotheca/internal/source"
)

// Extraction says what is read into which lake, and how.
type Extraction struct {
	Lake *lake.Lake
	// Client talks to the registry; Run paces it and lets it try again.
	Client source.Pager
	// Source names what Client reads. A pass is resumed only by an extraction
	// of the same source: a base URL, or how a sample was made.
	Source string
	// Afresh gives an unfinished pass up instead of going on with it.
	Afresh bool
	Pace   source.PaceOptions
	Retry  source.Policy
	// Passes bounds how often one call begins; 3.
	Passes int
	// Report is told what happens, in order, by one goroutine. May be nil.
	Report func(ExtractEvent)
}

// ExtractEvent is one thing that happened. Exactly one of Waiting, Retrying,
// Restarting and Resumed is set, or none: then a page was committed.
type ExtractEvent struct {
	// Where the extract stands. Total is -1 before the first page.
	Pages, Studies, Quarantined, Total int

	Waiting    time.Duration // for the limit of requests
	Retrying   *RetryEvent
	Restarting string // why the pass starts again
	Resumed    string // id of the extract that is taken up again
}

// RetryEvent is an attempt that failed and is to be made again.
type RetryEvent struct {
	Attempt int
	Wait    time.Duration
	Err     error
}

// Run brings the registry into the lake: it finishes the pass that was
// interrupted, or begins one. It returns the complete extract, still to be
// compacted. The caller holds the lock of the lake.
//
// An interrupted pass is taken up at its token as long as the registry serves
// the same build of its data. Otherwise the pass starts again and says why:
//
//  1. another build when the run begins, or another source
//  2. a token that the registry no longer takes
//  3. another build when the last page was read, or when a page does not fit:
//     what came before and after the change do not belong together
//  4. a resumed pass that cannot end well: its first half may be to blame
//
// A pass that began in this very call and fails for itself ends the call, with
// the failure in the manifest; the next call goes on from there.
func (x Extraction) Run(ctx context.Context) (lake.Snapshot, error) {
	if x.Passes == 0 {
		x.Passes = 3
	}
	if x.Report == nil {
		x.Report = func(ExtractEvent) {}
	}
	e := &extraction{Extraction: x}
	journal := x.Lake.Journal()
	defer journal.Close()
	e.pager = e.wrap(journal)
	return e.run(ctx)
}

type extraction struct {
	Extraction
	pager source.Pager
	stand ExtractEvent // the counts of the events
}

func (e *extraction) wrap(journal source.Journal) source.Pager {
	pace, policy := e.Pace, e.Retry
	pace.Journal = journal
	pace.Waiting = func(wait time.Duration) {
		event := e.stand
		event.Waiting = wait
		e.Report(event)
	}
	policy.Retrying = func(attempt int, wait time.Duration, err error) {
		event := e.stand
		event.Retrying = &RetryEvent{attempt, wait, err}
		e.Report(event)
	}
	return source.Retry(source.Pace(e.Client, pace), policy)
}

func (e *extraction) run(ctx context.Context) (lake.Snapshot, error) {
	build, err := e.build(ctx)
	if err != nil {
		return lake.Snapshot{}, err
	}
	extract, done, reason, err := e.takeUp(build)
	if err != nil || done {
		return e.finished(err)
	}
	for pass := 1; ; pass++ {
		resumed := extract != nil
		if !resumed {
			if extract, err = e.begin(build, reason); err != nil {
				return lake.Snapshot{}, err
			}
		}
		err := e.pass(ctx, extract, &build)
		var again *restartError
		switch {
		case err == nil:
			return e.finished(nil)
		case ctx.Err() != nil:
			return lake.Snapshot{}, context.Cause(ctx)
		case errors.As(err, &again) && pass < e.Passes:
			reason = again.reason
		case resumed && cannotEndWell(err):
			reason = "the resumed pass failed: " + err.Error()
		default:
			return lake.Snapshot{}, e.fail(extract, err)
		}
		extract = nil
	}
}

// restartError is a pass that the registry's own doing made void.
type restartError struct{ reason string }

func (e *restartError) Error() string { return e.reason }

// cannotEndWell reports errors of what is in the pass, not of the way to it.
func cannotEndWell(err error) bool {
	var page *lake.PageError
	var incomplete *lake.IncompleteError
	return errors.As(err, &page) || errors.As(err, &incomplete)
}

func (e *extraction) build(ctx context.Context) (lake.Build, error) {
	version, err := e.pager.Version(ctx)
	if err != nil {
		return lake.Build{}, fmt.Errorf("ask for the registry's version: %w", err)
	}
	return lake.Build{Source: e.Source, APIVersion: version.API, DataTimestamp: version.DataTimestamp}, nil
}

// takeUp finds the pass to go on with. It is done when the newest extract is
// complete and only waits for being compacted. Without either, and with a
// reason if there was one to give up, a new pass begins.
func (e *extraction) takeUp(build lake.Build) (extract *lake.Extract, done bool, reason string, err error) {
	newest, err := e.Lake.Newest()
	switch {
	case errors.Is(err, lake.ErrNoSnapshot):
		return nil, false, "", nil
	case err != nil:
		return nil, false, "", err
	case newest.Loadable():
		return nil, false, "", nil
	case e.Afresh:
		return nil, false, "a full refresh was asked for", nil
	case newest.Source != build.Source:
		return nil, false, fmt.Sprintf("the unfinished extract %s is of %s", newest.ID, newest.Source), nil
	case newest.DataTimestamp != build.DataTimestamp:
		return nil, false, fmt.Sprintf("the registry was rebuilt: its data are of %s, those of the unfinished extract %s of %s",
			build.DataTimestamp, newest.ID, newest.DataTimestamp), nil
	case newest.State == lake.Success:
		return nil, true, "", nil
	}
	extract, err = e.Lake.Resume(newest.ID)
	var damaged *lake.DamagedError
	switch {
	case errors.As(err, &damaged):
		return nil, false, err.Error(), nil
	case err != nil:
		return nil, false, "", err
	case extract.Exhausted() && newest.State == lake.Failure:
		return nil, false, fmt.Sprintf("extract %s failed after its last page: %s", newest.ID, newest.Problem.Cause), nil
	}
	e.note(extract)
	event := e.stand
	event.Resumed = newest.ID
	e.Report(event)
	return extract, false, "", nil
}

func (e *extraction) begin(build lake.Build, reason string) (*lake.Extract, error) {
	extract, err := e.Lake.Begin(build, reason)
	if err != nil {
		return nil, err
	}
	e.note(extract)
	if reason != "" {
		event := e.stand
		event.Restarting = reason
		e.Report(event)
	}
	return extract, nil
}

// pass reads page after page until the extract is complete. When the registry
// was rebuilt, build becomes the new one.
func (e *extraction) pass(ctx context.Context, extract *lake.Extract, build *lake.Build) error {
	for !extract.Exhausted() {
		err := e.page(ctx, extract)
		switch {
		case err == nil:
			e.note(extract)
			e.Report(e.stand)
		case source.IsStaleToken(err):
			return e.restart(ctx, build, err)
		case cannotEndWell(err):
			// Pages of two builds do not fit together: first see if they are.
			return errors.Join(e.checkBuild(ctx, build), err)
		default:
			return err
		}
	}
	if err := e.checkBuild(ctx, build); err != nil {
		return err
	}
	return extract.Finish()
}

// checkBuild fails if the registry no longer serves the build of the pass.
func (e *extraction) checkBuild(ctx context.Context, build *lake.Build) error {
	now, err := e.build(ctx)
	if err != nil || now == *build {
		return err
	}
	reason := fmt.Sprintf("the registry was rebuilt while it was read: its data were of %s and are of %s",
		build.DataTimestamp, now.DataTimestamp)
	*build = now
	return &restartError{reason}
}

// restart asks for the build that the next pass will read.
func (e *extraction) restart(ctx context.Context, build *lake.Build, reason error) error {
	now, err := e.build(ctx)
	if err != nil {
		return errors.Join(reason, err)
	}
	*build = now
	return &restartError{reason.Error()}
}

func (e *extraction) page(ctx context.Context, extract *lake.Extract) error {
	at := extract.Manifest()
	page, err := e.pager.Page(ctx, at.Cursor)
	if err != nil {
		return fmt.Errorf("page %d: %w", at.Pages+1, err)
	}
	return extract.Append(lake.Page{
		Records: page.Records, Cursor: at.Cursor, Next: page.Next, Total: page.Total,
		FetchedAt: e.now(),
	})
}

func (e *extraction) now() time.Time {
	if e.Pace.Clock != nil {
		return e.Pace.Clock.Now()
	}
	return time.Now()
}

func (e *extraction) note(extract *lake.Extract) {
	m := extract.Manifest()
	e.stand = ExtractEvent{Pages: m.Pages, Studies: m.Studies, Quarantined: m.Quarantined, Total: m.Total}
}

// fail puts the failure on record. A disk that takes no record is the second
// news, not the first.
func (e *extraction) fail(extract *lake.Extract, err error) error {
	page := 0
	if !extract.Exhausted() {
		page = extract.Manifest().Pages + 1
	}
	return errors.Join(err, extract.Fail(page, err))
}

func (e *extraction) finished(err error) (lake.Snapshot, error) {
	if err != nil {
		return lake.Snapshot{}, err
	}
	return e.Lake.Newest()
}
