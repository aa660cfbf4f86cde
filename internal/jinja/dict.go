package jinja

import (
	"fmt"
	"hash/maphash"
	"math"
	"math/big"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
)

// Dict is Python's dict: it keeps the order of insertion, and 1, 1.0 and True
// are the same key. A nil *Dict reads as empty.
type Dict struct {
	entries []entry
	// index is made by the first lookup, of which there can be several at once;
	// many dicts are only ever written out.
	index atomic.Pointer[table]
	// What a Freeze made common to several dicts is copied before it changes.
	entriesShared, indexShared bool
}

// table is a hash table of places in the entries, from 1.
type table []int32

type entry struct{ key, val any }

// scanMax is up to how many entries a Dict is searched one by one; most are
// keyword arguments and small records, for which a table costs more than it saves.
const scanMax = 12

// NewDict returns a dict of alternating keys and values, each key once.
func NewDict(kv ...any) *Dict {
	d := &Dict{}
	if len(kv) > 0 {
		d.entries = make([]entry, len(kv)/2)
	}
	for i := range d.entries {
		d.entries[i] = entry{kv[2*i], kv[2*i+1]}
	}
	return d
}

// Len is the number of entries.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.entries)
}

// At is the i-th entry in order.
func (d *Dict) At(i int) (key, val any) { return d.entries[i].key, d.entries[i].val }

// Get is the value of a key.
func (d *Dict) Get(key any) (any, bool) {
	if d == nil {
		return nil, false
	}
	i := d.find(hashed(key))
	if i < 0 {
		return nil, false
	}
	return d.entries[i].val, true
}

// Set adds an entry or replaces its value, keeping its place.
func (d *Dict) Set(key, val any) {
	h := hashed(key)
	i := d.find(h)
	d.ownEntries()
	if i >= 0 {
		d.entries[i].val = val
		return
	}
	d.entries = append(d.entries, entry{key, val})
	switch t, n := d.index.Load(), len(d.entries); {
	case t == nil:
	case 2*n > len(*t) || d.indexShared:
		d.dropIndex() // the next lookup makes a larger one, of its own
	default:
		t.place(h, n)
	}
}

// Del removes an entry, if it is there.
func (d *Dict) Del(key any) {
	i := d.find(hashed(key))
	if i < 0 {
		return
	}
	// A fresh slice, so that a Keys() taken before stays what it was.
	d.entries = append(d.entries[:i:i], d.entries[i+1:]...)
	d.entriesShared = d.entriesShared && i == len(d.entries)
	d.dropIndex()
}

func (d *Dict) dropIndex() {
	d.index.Store(nil)
	d.indexShared = false
}

// table is the index, at least twice as large as the entries; nil where a scan
// is as fast.
func (d *Dict) table() table {
	if len(d.entries) <= scanMax {
		return nil
	}
	if t := d.index.Load(); t != nil {
		return *t
	}
	t := make(table, 1<<bits.Len(uint(4*len(d.entries)-1)))
	for i, e := range d.entries {
		t.place(hashed(e.key), i+1)
	}
	d.index.Store(&t)
	return t
}

// Keys are the keys in order.
func (d *Dict) Keys() []any {
	out := make([]any, d.Len())
	for i := range out {
		out[i] = d.entries[i].key
	}
	return out
}

// Vals are the values in order.
func (d *Dict) Vals() []any {
	out := make([]any, d.Len())
	for i := range out {
		out[i] = d.entries[i].val
	}
	return out
}

// items are pairs in order.
func (d *Dict) items() []any {
	out := make([]any, d.Len())
	for i := range out {
		out[i] = &Tuple{[]any{d.entries[i].key, d.entries[i].val}}
	}
	return out
}

// Freeze makes copies of the dict cheap: they share its entries until they
// change. It must come before others can see the dict.
func (d *Dict) Freeze() *Dict {
	d.table()
	d.entriesShared, d.indexShared = true, true
	return d
}

// Copy is a new dict of the same entries.
func (d *Dict) Copy() *Dict {
	if d == nil {
		return &Dict{}
	}
	out := &Dict{entries: d.entries, entriesShared: d.entriesShared, indexShared: d.indexShared}
	if !d.entriesShared {
		out.entries = slices.Clone(d.entries)
	}
	if d.indexShared {
		out.index.Store(d.index.Load())
	}
	return out
}

// Become makes the entries those of another dict.
func (d *Dict) Become(o *Dict) {
	d.entries, d.entriesShared = slices.Clone(o.entries), false
	d.dropIndex()
}

func (d *Dict) ownEntries() {
	if d.entriesShared {
		d.entries, d.entriesShared = append(make([]entry, 0, len(d.entries)+2), d.entries...), false
	}
}

// place enters the n-th entry into the table.
func (t table) place(hash any, n int) {
	mask := uint64(len(t) - 1)
	i := spread64(hash) & mask
	for t[i] != 0 {
		i = (i + 1) & mask
	}
	t[i] = int32(n)
}

// find is the place of what hashed made of a key, or -1.
func (d *Dict) find(hash any) int {
	text, isText := hash.(string)
	is := func(e *entry) bool {
		if isText {
			s, ok := e.key.(string)
			return ok && s == text
		}
		return hashed(e.key) == hash
	}
	t := d.table()
	if t == nil {
		for i := range d.entries {
			if is(&d.entries[i]) {
				return i
			}
		}
		return -1
	}
	mask := uint64(len(t) - 1)
	for i := spread64(hash) & mask; t[i] != 0; i = (i + 1) & mask {
		if n := int(t[i]) - 1; is(&d.entries[n]) {
			return n
		}
	}
	return -1
}

var hashSeed = maphash.MakeSeed()

// spread64 makes a number of what hashed made of a key.
func spread64(hash any) uint64 {
	if s, ok := hash.(string); ok {
		return maphash.String(hashSeed, s)
	}
	return maphash.Comparable(hashSeed, hash)
}

// merge adds the entries of a mapping, or of pairs.
func (d *Dict) merge(v any) error {
	if o, ok := v.(*Dict); ok {
		for _, e := range o.entries {
			d.Set(e.key, e.val)
		}
		return nil
	}
	pairs, err := Iterate(v)
	if err != nil {
		return err
	}
	for i, p := range pairs {
		kv, err := Iterate(p)
		if err != nil {
			return fmt.Errorf("cannot convert dictionary update sequence element #%d to a sequence", i)
		}
		if len(kv) != 2 {
			return fmt.Errorf("dictionary update sequence element #%d has length %d; 2 is required", i, len(kv))
		}
		if err := hashable(kv[0]); err != nil {
			return err
		}
		d.Set(kv[0], kv[1])
	}
	return nil
}

type (
	tupleHash string
	hostHash  string
)

// hashed maps a key to a comparable Go value that is the same for equal keys.
func hashed(v any) any {
	switch x := v.(type) {
	case string, int64:
		return x
	case bool:
		if x {
			return int64(1)
		}
		return int64(0)
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<62 {
			return int64(x)
		}
		return x
	case *big.Int:
		return hashed(Decimal{x, 0}.simplest())
	case Decimal:
		return hashed(x.simplest())
	case *Tuple:
		var b strings.Builder
		hashTuple(&b, x, 0)
		return tupleHash(b.String())
	case Hasher:
		return hostHash(x.Hash())
	}
	if v == nil || reflect.ValueOf(v).Comparable() {
		return v
	}
	// A function of the host: it is what it points to.
	return hostHash(fmt.Sprintf("%T %p", v, v))
}

// hashTuple stops at maxHash bytes: tuples that share their elements can be
// exponentially larger than the template that built them.
const maxHash = 1 << 16

func hashTuple(b *strings.Builder, t *Tuple, depth int) {
	for _, e := range t.V {
		if b.Len() > maxHash || depth > maxNesting {
			return
		}
		if inner, ok := e.(*Tuple); ok {
			b.WriteByte('(')
			hashTuple(b, inner, depth+1)
			b.WriteByte(')')
			continue
		}
		h := hashed(e)
		fmt.Fprintf(b, "%T:%q,", h, fmt.Sprint(h))
	}
}

// Hashable fails for values that cannot be keys or elements of a set.
func Hashable(v any) error { return hashable(v) }

// hashable fails for values that cannot be keys.
func hashable(v any) error {
	switch x := v.(type) {
	case *List, *Dict:
		return fmt.Errorf("unhashable type: '%s'", TypeName(v))
	case *Tuple:
		var b strings.Builder
		if hashTuple(&b, x, 0); b.Len() > maxHash {
			return fmt.Errorf("tuple is too large for a key")
		}
		for _, e := range x.V {
			if err := hashable(e); err != nil {
				return err
			}
		}
	}
	return nil
}
