package registry

import (
	"strings"
)

// projection is the part of a study the fields parameter asks for: a tree of
// keys. A leaf takes everything under it.
type projection struct {
	children map[string]*projection // nil: a leaf
}

// parseFields reads piece names (NCTId), paths from the root or from
// protocolSection, and names of sections and modules (StatusModule).
func parseFields(value string) (*projection, error) {
	items := splitList(value)
	if len(items) == 0 {
		return nil, refuse("Parameter `fields` has incorrect format")
	}
	root := &projection{children: map[string]*projection{}}
	for _, item := range items {
		path, ok := pathOf(item)
		if !ok {
			return nil, refuse("Parameter `fields` contains invalid field name: '%s'", item)
		}
		root.add(strings.Split(path, "."))
	}
	return root, nil
}

func (p *projection) add(path []string) {
	for _, key := range path {
		if p.children == nil {
			return // a wider field was asked for
		}
		child, ok := p.children[key]
		if !ok {
			child = &projection{children: map[string]*projection{}}
			p.children[key] = child
		}
		p = child
	}
	p.children = nil
}

// appendFrom appends the projected part of a JSON value. Objects of a list
// are projected one by one. What the study does not have is left out, and so
// is an object of which nothing is left.
func (p *projection) appendFrom(dst, src []byte) []byte {
	dst, _ = p.walk(dst, src, 0)
	if len(dst) == 0 {
		return append(dst, "{}"...)
	}
	return dst
}

// walk projects the value at src[i:] and returns the index behind it.
func (p *projection) walk(dst, src []byte, i int) ([]byte, int) {
	i = skipSpace(src, i)
	if p.children == nil || i >= len(src) || (src[i] != '{' && src[i] != '[') {
		end := skipValue(src, i)
		if p.children == nil {
			dst = append(dst, src[i:end]...)
		}
		return dst, end
	}
	closing := byte('}')
	if src[i] == '[' {
		closing = ']'
	}
	start := len(dst)
	dst = append(dst, src[i])
	empty := len(dst)
	for i = skipSpace(src, i+1); i < len(src) && src[i] != closing; i = skipSpace(src, i) {
		if src[i] == ',' {
			i++
			continue
		}
		if closing == '}' {
			dst, i = p.member(dst, src, i, empty)
		} else {
			dst, i = p.listed(dst, src, i, empty)
		}
	}
	if len(dst) == empty {
		return dst[:start], i + 1
	}
	return append(dst, closing), i + 1
}

func (p *projection) member(dst, src []byte, i, empty int) ([]byte, int) {
	keyEnd := skipValue(src, i)
	key := src[i:keyEnd]
	i = skipSpace(src, keyEnd)
	i = skipSpace(src, i+1) // the colon
	child, wanted := p.children[string(key[1:len(key)-1])]
	if !wanted {
		return dst, skipValue(src, i)
	}
	before := len(dst)
	if before > empty {
		dst = append(dst, ',')
	}
	dst = append(append(dst, key...), ':')
	valueAt := len(dst)
	dst, i = child.walk(dst, src, i)
	if len(dst) == valueAt {
		dst = dst[:before]
	}
	return dst, i
}

func (p *projection) listed(dst, src []byte, i, empty int) ([]byte, int) {
	before := len(dst)
	if before > empty {
		dst = append(dst, ',')
	}
	valueAt := len(dst)
	dst, i = p.walk(dst, src, i)
	if len(dst) == valueAt {
		dst = dst[:before]
	}
	return dst, i
}

func skipSpace(src []byte, i int) int {
	for i < len(src) && (src[i] == ' ' || src[i] == '\n' || src[i] == '\t' || src[i] == '\r') {
		i++
	}
	return i
}

// skipValue is the index behind the value at i of well-formed JSON.
func skipValue(src []byte, i int) int {
	depth := 0
	for i < len(src) {
		switch src[i] {
		case '"':
			i = skipString(src, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + max(0, depth+1)
			}
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

func skipString(src []byte, i int) int {
	for i++; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return i
}
