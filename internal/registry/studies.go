package registry

import (
	"io"
	"iter"
	"net/http"
	"strconv"
	"sync"
)

const (
	defaultPageSize = 10
	maxPageSize     = 1000
)

// page is what one /studies request asked for, resolved to slots.
type page struct {
	slots []int
	next  string // token of the page after, "" on the last
	total int    // -1 when not asked for or not the first page
}

// lastPage remembers where the page served last began, for the fault that
// repeats it.
type lastPage struct {
	mu    sync.Mutex
	query string
	start int
	known bool
}

func (r *Registry) studies(a *answer, req *http.Request, b *build) error {
	q, err := parseQuery(req.URL.Query())
	if err != nil {
		return err
	}
	start := 0
	if q.token != "" {
		position, ok := b.position(q.key, q.token)
		if !ok {
			return refuse("Parameter `pageToken` has incorrect format")
		}
		start = position
	}
	p := r.page(b, q, r.repeated(a, q, start))
	if a.has(faultRepeatToken) && q.token != "" {
		p.next = q.token
	}
	if a.has(faultEmptyPage) {
		p.slots, p.next = nil, b.token(q.key, start)
	}
	return writePage(a, b, q, p)
}

// repeated is where to start: at the page before once more if a fault says so.
func (r *Registry) repeated(a *answer, q *query, start int) int {
	r.last.mu.Lock()
	defer r.last.mu.Unlock()
	if a.has(faultRepeat) && r.last.known && r.last.query == q.key && q.token != "" {
		return r.last.start
	}
	r.last.query, r.last.start, r.last.known = q.key, start, true
	return start
}

func (r *Registry) page(b *build, q *query, start int) page {
	p := page{total: -1}
	for position, slot := range r.matches(b, q, start) {
		if len(p.slots) == q.size {
			p.next = b.token(q.key, position)
			break
		}
		p.slots = append(p.slots, slot)
	}
	if q.countTotal && q.token == "" {
		p.total = r.count(b, q)
	}
	return p
}

// matches are the query's studies from a position on. Without an order the
// position is the slot, so a page costs what it shows; with one it is the
// rank, and the order is worked out once for build and query.
func (r *Registry) matches(b *build, q *query, start int) iter.Seq2[int, int] {
	if q.ids == nil && len(q.order) == 0 {
		return func(yield func(int, int) bool) {
			for slot := start; slot < b.size(); slot++ {
				if b.has(slot) && q.matches(b, slot) && !yield(slot, slot) {
					return
				}
			}
		}
	}
	slots := r.order.of(b, q)
	return func(yield func(int, int) bool) {
		for rank := start; rank < len(slots); rank++ {
			if !yield(rank, slots[rank]) {
				return
			}
		}
	}
}

func (r *Registry) count(b *build, q *query) int {
	if q.ids == nil && len(q.conditions) == 0 {
		return b.live()
	}
	n := 0
	for range r.matches(b, q, 0) {
		n++
	}
	return n
}

// sortedSlots keeps the order worked out last: a client reads one query page
// by page.
type sortedSlots struct {
	mu    sync.Mutex
	build *build
	query string
	slots []int
}

func (s *sortedSlots) of(b *build, q *query) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.build != b || s.query != q.key {
		s.build, s.query, s.slots = b, q.key, q.slots(b)
	}
	return s.slots
}

// writePage sends the page as it is made: memory does not grow with its size.
func writePage(a *answer, b *build, q *query, p page) error {
	out := a.start(http.StatusOK, "application/json")
	head := "{"
	if p.total >= 0 {
		head += `"totalCount":` + strconv.Itoa(p.total) + ","
	}
	if _, err := io.WriteString(out, head+`"studies":[`); err != nil {
		return err
	}
	var raw, shown []byte
	for i, slot := range p.slots {
		if a.has(faultCut) && i == (len(p.slots)+1)/2 {
			return errCut
		}
		var err error
		if raw, err = b.appendStudy(raw[:0], slot); err != nil {
			return err
		}
		shown = raw
		if q.fields != nil {
			shown = q.fields.appendFrom(nil, raw)
		}
		if i == len(p.slots)/2 {
			shown = a.malform(shown)
		}
		if err := writeLine(out, shown, i > 0); err != nil {
			return err
		}
	}
	tail := "]}"
	if p.next != "" {
		tail = `],"nextPageToken":"` + p.next + `"}`
	}
	if a.has(faultCut) {
		return errCut
	}
	_, err := io.WriteString(out, tail)
	return err
}

func writeLine(out io.Writer, study []byte, more bool) error {
	if more {
		if _, err := io.WriteString(out, ",\n"); err != nil {
			return err
		}
	}
	_, err := out.Write(study)
	return err
}
