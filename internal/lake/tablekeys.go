package lake

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// Span is a range of values, both ends included.
type Span struct{ Least, Most int64 }

// spansMax is how many spans are told apart.
const spansMax = 16

// MayRepeat are the spans outside of which no value of an integer column stands
// in two rows. It is false where that is not known.
//
// Row groups say their least and their greatest value, and whether all of
// theirs are different. Those whose values no other group can have need not be
// looked at again; keys are mostly given out in the order of the rows, and then
// no group need.
func (r *TableReading) MayRepeat(column string) ([]Span, bool) {
	groups, known := r.bounds(column)
	if !known {
		return nil, false
	}
	slices.SortFunc(groups, func(a, b bounds) int { return cmp.Compare(a.Least, b.Least) })
	var spans []Span
	apart := true // from the last span, by a group that stands alone
	for len(groups) > 0 {
		first, n := groups[0], 1
		for n < len(groups) && groups[n].Least <= first.Most {
			first.Most = max(first.Most, groups[n].Most)
			n++
		}
		switch groups = groups[n:]; {
		case n == 1 && first.distinct:
			apart = true
			continue
		case apart && len(spans) < spansMax:
			spans = append(spans, first.Span)
		default:
			spans[len(spans)-1].Most = first.Most
		}
		apart = false
	}
	return spans, true
}

// bounds are what a row group says of its values.
type bounds struct {
	Span
	distinct bool
}

func (r *TableReading) bounds(column string) (all []bounds, known bool) {
	leaf, found := r.opened.Schema().Lookup(column)
	if !found || leaf.Node.Type().String() != parquet.Int(64).Type().String() {
		return nil, false
	}
	for _, group := range r.opened.Metadata().RowGroups {
		s := group.Columns[leaf.ColumnIndex].MetaData.Statistics
		if len(s.MinValue) != 8 || len(s.MaxValue) != 8 || s.NullCount > 0 {
			return nil, false
		}
		all = append(all, bounds{
			Span: Span{
				Least: int64(binary.LittleEndian.Uint64(s.MinValue)),
				Most:  int64(binary.LittleEndian.Uint64(s.MaxValue)),
			},
			distinct: s.DistinctCount == group.NumRows,
		})
	}
	return all, true
}
