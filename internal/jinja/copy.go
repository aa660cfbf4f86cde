package jinja

// DeepCopy is a value that shares no list, tuple or dict with v. What is in v
// twice is twice the same in the copy.
func DeepCopy(v any) any {
	switch v.(type) {
	case *List, *Tuple, *Dict:
		return copier{}.copy(v)
	}
	return v
}

// copier knows the copies it has made already.
type copier map[any]any

func (c copier) copy(v any) any {
	switch v.(type) {
	case *List, *Tuple, *Dict:
	default:
		return v
	}
	if made, ok := c[v]; ok {
		return made
	}
	switch x := v.(type) {
	case *List:
		l := &List{V: make([]any, len(x.V))}
		c[v] = l
		for i, e := range x.V {
			l.V[i] = c.copy(e)
		}
		return l
	case *Tuple:
		t := &Tuple{V: make([]any, len(x.V))}
		c[v] = t
		for i, e := range x.V {
			t.V[i] = c.copy(e)
		}
		return t
	}
	from := v.(*Dict)
	d := from.Copy()
	c[v] = d
	d.ownEntries()
	for i, e := range d.entries {
		d.entries[i].val = c.copy(e.val)
	}
	return d
}
