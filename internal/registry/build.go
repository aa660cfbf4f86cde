package registry

import (
	"fmt"
	"maps"
	"time"
)

// build is one data build: immutable, so that a request sees one build from
// its first byte to its last, whatever happens meanwhile.
type build struct {
	seed          uint64
	number        int    // 0 is the first
	epoch         int    // counts how often tokens went stale without a new build
	tokens        uint64 // what the tokens of this build carry
	timestamp     time.Time
	versionHolder string // "" leaves what the studies say
	base          corpus
	extra         corpus // slots behind base's: studies added by rebuilds
	added         int
	revisions     map[int]revision
	removed       map[int]struct{}
}

// revision is a study's state after a rebuild touched it.
type revision struct {
	number int // 0: added as generated, only dated
	date   day
}

func (b *build) size() int { return b.base.size() + b.added }
func (b *build) live() int { return b.size() - len(b.removed) }

func (b *build) has(slot int) bool {
	_, gone := b.removed[slot]
	return slot >= 0 && slot < b.size() && !gone
}

func (b *build) header(slot int) header {
	var h header
	if n := b.base.size(); slot < n {
		h = b.base.header(slot)
	} else {
		h = b.extra.header(slot - n)
	}
	if rev, ok := b.revisions[slot]; ok {
		h.lastUpdate = rev.date
		if rev.number == 0 {
			h.firstPost = rev.date
		}
	}
	return h
}

func (b *build) appendStudy(dst []byte, slot int) ([]byte, error) {
	from, inner, n := b.base, slot, b.base.size()
	if slot >= n {
		from, inner = b.extra, slot-n
	}
	rev, revised := b.revisions[slot]
	if !revised {
		return from.appendStudy(dst, inner, b.versionHolder)
	}
	study, err := from.appendStudy(nil, inner, b.versionHolder)
	if err != nil {
		return nil, err
	}
	return rev.append(dst, study)
}

func (b *build) find(id nct) (int, bool) {
	slot, ok := b.base.find(id)
	if !ok {
		if slot, ok = b.extra.find(id); ok {
			slot += b.base.size()
		}
	}
	return slot, ok && b.has(slot)
}

// Edit says what a new data build changes.
type Edit struct {
	// DataTimestamp of the new build; zero is the next weekday at 09:00:04.
	DataTimestamp time.Time

	// How many studies change, leave and arrive. Which ones is drawn from the
	// seed and the build's number, so equal edits make equal registries.
	Changed, Removed, Added int

	// KeepTokens lets the tokens of the old build go on in the new one: the
	// silent kind of rebuild, which only the data timestamp gives away.
	KeepTokens bool
}

// Rebuild switches a new data build in. Answers under way finish with the old
// one; tokens of the old one are stale from now on.
func (r *Registry) Rebuild(e Edit) error {
	r.rebuild.Lock()
	defer r.rebuild.Unlock()
	old := r.current.Load()
	if e.Changed < 0 || e.Removed < 0 || e.Added < 0 {
		return fmt.Errorf("rebuild registry: negative number of studies in %+v", e)
	}
	if e.Changed+e.Removed > old.live() {
		return fmt.Errorf("rebuild registry: %d studies to change and %d to remove of %d", e.Changed, e.Removed, old.live())
	}
	b := *old
	b.number++
	b.timestamp = e.DataTimestamp.UTC()
	if e.DataTimestamp.IsZero() {
		b.timestamp = nextWeekday(old.timestamp)
	}
	b.versionHolder = dayOf(b.timestamp).String()
	b.revisions = maps.Clone(old.revisions)
	b.removed = maps.Clone(old.removed)
	if b.revisions == nil {
		b.revisions = map[int]revision{}
	}
	if b.removed == nil {
		b.removed = map[int]struct{}{}
	}
	b.edit(e)
	if !e.KeepTokens {
		b.tokens = b.tokenID()
	}
	r.current.Store(&b)
	return nil
}

func (b *build) edit(e Edit) {
	today := dayOf(b.timestamp)
	d := newDice(b.seed, b.number, purposeEdit)
	touched := map[int]struct{}{}
	draw := func() int {
		for {
			slot := d.below(b.size())
			if _, again := touched[slot]; b.has(slot) && !again {
				touched[slot] = struct{}{}
				return slot
			}
		}
	}
	for range e.Changed {
		slot := draw()
		b.revisions[slot] = revision{number: b.revisions[slot].number + 1, date: today}
	}
	for range e.Removed {
		slot := draw()
		b.removed[slot] = struct{}{}
		delete(b.revisions, slot)
	}
	for range e.Added {
		b.revisions[b.size()] = revision{date: today}
		b.added++
	}
}

// expireTokens makes every token given out so far stale, in the same build.
func (r *Registry) expireTokens() {
	r.rebuild.Lock()
	defer r.rebuild.Unlock()
	b := *r.current.Load()
	b.epoch++
	b.tokens = b.tokenID()
	r.current.Store(&b)
}

func nextWeekday(t time.Time) time.Time {
	next := time.Date(t.Year(), t.Month(), t.Day()+1, 9, 0, 4, 0, time.UTC)
	for next.Weekday() == time.Saturday || next.Weekday() == time.Sunday {
		next = next.AddDate(0, 0, 1)
	}
	return next
}
