package flatten

import (
	"iter"
	"strings"
)

// Batch is the rows that a few records made, table by table in the order of
// Spec.Tables. The zero value is of no use; Spec.Batch makes one.
type Batch struct {
	widths []int
	values [][]any // per table, row after row
	arena  strings.Builder
	known  map[string]any
}

const (
	arenaBytes = 64 << 10
	// Values that occur again and again, states and countries, are short.
	knownBytes = 24
	knownMax   = 4096
)

// Batch makes an empty batch.
func (s *Spec) Batch() *Batch {
	b := &Batch{known: map[string]any{}}
	for _, t := range s.Tables() {
		b.widths = append(b.widths, len(t.Columns))
	}
	b.values = make([][]any, len(b.widths))
	return b
}

// Next makes an empty batch with room for as many rows as this one has.
func (b *Batch) Next() *Batch {
	n := &Batch{widths: b.widths, values: make([][]any, len(b.values)), known: map[string]any{}}
	for i, values := range b.values {
		n.values[i] = make([]any, 0, len(values)+len(values)/8)
	}
	return n
}

// Rows are the rows of one table. A row holds string, int64, float64, bool,
// time.Time or nil, and is a part of the batch: it must not be changed.
func (b *Batch) Rows(table int) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		values, width := b.values[table], b.widths[table]
		for i := 0; i < len(values); i += width {
			if !yield(values[i : i+width : i+width]) {
				return
			}
		}
	}
}

// Len is the number of rows of one table.
func (b *Batch) Len(table int) int { return len(b.values[table]) / b.widths[table] }

func (b *Batch) put(table int, v any) { b.values[table] = append(b.values[table], v) }

func (b *Batch) add(table int, row ...any) { b.values[table] = append(b.values[table], row...) }

// marks is how much there is of each table.
func (b *Batch) marks() []int {
	marks := make([]int, len(b.values))
	for i := range b.values {
		marks[i] = len(b.values[i])
	}
	return marks
}

func (b *Batch) rollback(marks []int) {
	for i, mark := range marks {
		b.values[i] = b.values[i][:mark]
	}
}

// text keeps a text: short ones once, others side by side in large pieces,
// which costs the collector less than one piece each.
func (b *Batch) text(text []byte) any {
	short := len(text) <= knownBytes
	if short {
		if v, ok := b.known[string(text)]; ok {
			return v
		}
	}
	v := any(b.copied(text))
	if short && len(b.known) < knownMax {
		b.known[v.(string)] = v
	}
	return v
}

func (b *Batch) copied(text []byte) string {
	if len(text) > arenaBytes/4 {
		return string(text)
	}
	if b.arena.Cap()-b.arena.Len() < len(text) {
		b.arena = strings.Builder{}
		b.arena.Grow(arenaBytes)
	}
	from := b.arena.Len()
	b.arena.Write(text)
	return b.arena.String()[from:]
}
