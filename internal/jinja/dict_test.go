package jinja_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"apotheca/internal/jinja"
)

// record is a dict as a plain list of keys and values, searched one by one.
type record [][2]any

func (r record) place(key any) int {
	return slices.IndexFunc(r, func(e [2]any) bool { return e[0] == key })
}

func (r record) set(key, val any) record {
	if i := r.place(key); i >= 0 {
		r = slices.Clone(r)
		r[i][1] = val
		return r
	}
	return append(slices.Clone(r), [2]any{key, val})
}

func (r record) del(key any) record {
	if i := r.place(key); i >= 0 {
		return slices.Delete(slices.Clone(r), i, i+1)
	}
	return r
}

// TestDictAgainstList sets, deletes, copies and freezes at random, and compares
// with a list after each step; copies must not see what others do.
func TestDictAgainstList(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	type pair struct {
		dict *jinja.Dict
		want record
	}
	for range 200 {
		all := []pair{{jinja.NewDict(), nil}}
		size := 1 + r.IntN(60)
		for step := range 300 {
			key := any(int64(r.IntN(size)))
			if r.IntN(3) > 0 {
				key = string(rune('a'+r.IntN(26))) + string(rune('a'+r.IntN(1+size/26)))
			}
			switch p := &all[r.IntN(len(all))]; r.IntN(10) {
			case 0, 1:
				p.dict.Del(key)
				p.want = p.want.del(key)
			case 2:
				p.dict.Freeze()
			case 3:
				source := *p
				if len(all) < 5 {
					all = append(all, pair{})
				}
				all[len(all)-1] = pair{source.dict.Copy(), source.want}
			default:
				p.dict.Set(key, step)
				p.want = p.want.set(key, step)
			}
			for _, p := range all {
				checkDict(t, p.dict, p.want, key)
			}
		}
	}
}

func checkDict(t *testing.T, d *jinja.Dict, want record, key any) {
	t.Helper()
	if d.Len() != len(want) {
		t.Fatalf("Len() = %d, want %d", d.Len(), len(want))
	}
	for i, e := range want {
		if k, v := d.At(i); k != e[0] || v != e[1] {
			t.Fatalf("At(%d) = %v, %v, want %v", i, k, v, e)
		}
	}
	got, ok := d.Get(key)
	if i := want.place(key); ok != (i >= 0) || ok && got != want[i][1] {
		t.Fatalf("Get(%v) = %v, %v; place in %v is %d", key, got, ok, want, i)
	}
}
