package registry

import (
	"cmp"
	"slices"
	"strings"
)

// ordering is one item of the sort parameter.
type ordering struct {
	key  func(h header) (value int, present bool)
	desc bool
}

// A study that misses the field comes last, whatever the direction. Dates run
// newest first and numbers smallest first when no direction is given.
func parseSort(value string) ([]ordering, error) {
	items := splitList(value)
	if len(items) == 0 || len(items) > 2 {
		return nil, refuse("Parameter `sort` has incorrect format")
	}
	var order []ordering
	for _, item := range items {
		field, direction, given := strings.Cut(item, ":")
		if given && direction != "asc" && direction != "desc" {
			return nil, refuse("Parameter `sort` has incorrect format")
		}
		if field == "@relevance" {
			continue // without a query every study is as relevant as another
		}
		o := ordering{desc: direction == "desc"}
		if date, ok := dateFields[field]; ok {
			o.desc = direction != "asc"
			o.key = func(h header) (int, bool) { return int(date(h)), date(h) != noDay }
		} else if field == "EnrollmentCount" {
			o.key = func(h header) (int, bool) { return h.enrollment, h.enrollment >= 0 }
		} else if field == "NCTId" {
			o.key = func(h header) (int, bool) { return int(h.id), h.id != 0 }
		} else {
			return nil, refuse("Parameter `sort` contains invalid field name: '%s'", field)
		}
		order = append(order, o)
	}
	return order, nil
}

func sortSlots(b *build, slots []int, order []ordering) {
	if len(order) == 0 {
		return
	}
	type keyed struct {
		slot int
		keys [2]int
		have [2]bool
	}
	rows := make([]keyed, len(slots))
	for i, slot := range slots {
		rows[i].slot = slot
		h := b.header(slot)
		for k, o := range order {
			rows[i].keys[k], rows[i].have[k] = o.key(h)
		}
	}
	slices.SortFunc(rows, func(x, y keyed) int {
		for k, o := range order {
			if x.have[k] != y.have[k] {
				if x.have[k] {
					return -1
				}
				return 1
			}
			c := cmp.Compare(x.keys[k], y.keys[k])
			if o.desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return cmp.Compare(x.slot, y.slot)
	})
	for i := range rows {
		slots[i] = rows[i].slot
	}
}
