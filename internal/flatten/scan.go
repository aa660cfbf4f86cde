package flatten

// scan reads a text that is one document into slots. It reports whether the
// text is JSON, also where the mapping does not look.
func (d *document) scan(body []byte, slots []value) bool {
	i := skipSpace(body, 0)
	end := d.tree.scan(body, i, 0, slots)
	return end >= 0 && skipSpace(body, end) == len(body)
}

// scanAt reads the document that begins at i and gives the offset behind it.
func (d *document) scanAt(body []byte, i int, slots []value) int {
	return d.tree.scan(body, i, 0, slots)
}

func (n *node) scan(body []byte, i, depth int, slots []value) (end int) {
	if len(n.children) == 0 || i >= len(body) || body[i] != '{' || depth > depthMax {
		slots[n.slot] = skip(body, i, depth)
		return slots[n.slot].end
	}
	v := value{found: foundObject, start: i}
	v.end, v.empty = n.scanObject(body, i, depth, slots)
	slots[n.slot] = v
	return v.end
}

// scanObject is skipObject that stops at the keys of the node. The first of
// equal keys counts, as it does for the lake that finds the identity.
func (n *node) scanObject(body []byte, i, depth int, slots []value) (end int, empty bool) {
	i = skipSpace(body, i+1)
	if i < len(body) && body[i] == '}' {
		return i + 1, true
	}
	guess := 0
	for {
		if i >= len(body) || body[i] != '"' {
			return -1, false
		}
		key := value{start: i}
		if i, key.escaped, _ = skipText(body, i); i < 0 {
			return -1, false
		}
		key.end = i
		if i = skipSpace(body, i); i >= len(body) || body[i] != ':' {
			return -1, false
		}
		i = skipSpace(body, i+1)
		child := n.child(body, key, &guess)
		if child != nil && slots[child.slot].found == absent {
			i = child.scan(body, i, depth+1, slots)
		} else {
			i = skip(body, i, depth+1).end
		}
		if i < 0 {
			return -1, false
		}
		more := false
		if i, more = next(body, i, '}'); !more {
			return i, false
		}
	}
}

// child finds the node of a key. Records have their keys in one order, so the
// search begins behind the last that was found.
func (n *node) child(body []byte, key value, guess *int) *node {
	text := body[key.start+1 : key.end-1]
	if key.escaped {
		text = appendText(nil, body[key.start:key.end])
	}
	for tried := range n.keys {
		i := *guess + tried
		if i >= len(n.keys) {
			i -= len(n.keys)
		}
		if string(text) == n.keys[i] {
			*guess = i + 1
			if *guess == len(n.keys) {
				*guess = 0
			}
			return n.children[i]
		}
	}
	return nil
}
