package lake

import (
	"encoding/binary"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"apotheca/internal/columnar"
)

// values are those of a column, without the rows that have none. They are the
// slices of the batch where every row has one.
type values struct {
	count  int
	ints   []int64
	floats []float64
	text   []byte
	ends   []uint32
	// present says of each row whether it has a value, 1 or 0; empty where all
	// must have one.
	present []byte

	gathered struct {
		ints   []int64
		floats []float64
		ends   []uint32
	}
	narrow []int32
	bits   []byte
}

func (v *values) take(c *columnar.Column, rows int) {
	v.count, v.ints, v.floats, v.text, v.ends = rows, c.Ints, c.Floats, c.Text, c.Ends
	v.present = v.present[:0]
	for _, isNull := range c.Null {
		if isNull {
			v.present = append(v.present, 0)
			v.count--
		} else {
			v.present = append(v.present, 1)
		}
	}
	if v.count == rows {
		return
	}
	g := &v.gathered
	g.ints, g.floats, g.ends = without(c.Null, g.ints, c.Ints), without(c.Null, g.floats, c.Floats), without(c.Null, g.ends, c.Ends)
	v.ints, v.floats, v.ends = g.ints, g.floats, g.ends
}

// without copies what is not null. The text of a row without a value is empty,
// so that the ends of the others stay what they are.
func without[T any](null []bool, to, from []T) []T {
	to = to[:0]
	for i, value := range from {
		if !null[i] {
			to = append(to, value)
		}
	}
	return to
}

// encode makes the values of a page.
func (v *values) encode(to []byte, s *storage) ([]byte, error) {
	switch s.typ.Kind() {
	case parquet.Int64:
		return s.encoding.EncodeInt64(to, v.ints)
	case parquet.Int32:
		v.narrow = v.narrow[:0]
		for _, n := range v.ints {
			v.narrow = append(v.narrow, int32(n))
		}
		return s.encoding.EncodeInt32(to, v.narrow)
	case parquet.Boolean:
		return s.encoding.EncodeBoolean(to, v.packed())
	case parquet.Double:
		return s.encoding.EncodeDouble(to, v.floats)
	}
	to = to[:0]
	start := uint32(0)
	for _, end := range v.ends {
		to = binary.LittleEndian.AppendUint32(to, end-start)
		to = append(to, v.text[start:end]...)
		start = end
	}
	return to, nil
}

// packed are booleans, eight to a byte.
func (v *values) packed() []byte {
	v.bits = slices.Grow(v.bits[:0], len(v.ints)/8+1)[:(len(v.ints)+7)/8]
	clear(v.bits)
	for i, n := range v.ints {
		v.bits[i/8] |= byte(n) << (i % 8)
	}
	return v.bits
}

// statistics are the bounds of numbers, and that no two are alike where each
// is more than the one before it: keys mostly are given out so.
func (v *values) statistics(s *storage) format.Statistics {
	statistics := format.Statistics{NullCount: int64(len(v.present)) - int64(v.count)}
	if len(v.present) == 0 {
		statistics.NullCount = 0
	}
	size := map[parquet.Kind]int{parquet.Int64: 8, parquet.Int32: 4}[s.typ.Kind()]
	if size == 0 || v.count == 0 {
		return statistics
	}
	least, most := v.ints[0], v.ints[v.count-1]
	if ascend(v.ints) {
		statistics.DistinctCount = int64(v.count)
	} else {
		for _, n := range v.ints {
			least, most = min(least, n), max(most, n)
		}
	}
	statistics.MinValue = binary.LittleEndian.AppendUint64(nil, uint64(least))[:size]
	statistics.MaxValue = binary.LittleEndian.AppendUint64(nil, uint64(most))[:size]
	return statistics
}

func ascend(ints []int64) bool {
	for i := 1; i < len(ints); i++ {
		if ints[i] <= ints[i-1] {
			return false
		}
	}
	return true
}
