package jinja

import (
	"fmt"
	"strconv"
	"strings"
)

// formatMethod is str.format.
func formatMethod(s *State, v any, a *arguments) (any, error) {
	f := &braceFormatter{s: s, args: a.rest(0), kw: a.keywords()}
	return f.format(v.(string), 0)
}

type braceFormatter struct {
	s    *State
	args []any
	kw   *Dict
	auto int // the next argument of {}
}

func (f *braceFormatter) format(text string, depth int) (string, error) {
	if depth > 2 {
		return "", fmt.Errorf("max string recursion exceeded")
	}
	var b strings.Builder
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			b.WriteString(text)
			break
		}
		b.WriteString(text[:i])
		c := text[i]
		text = text[i+1:]
		if text != "" && text[0] == c {
			b.WriteByte(c)
			text = text[1:]
			continue
		}
		if c == '}' {
			return "", fmt.Errorf("single '}' encountered in format string")
		}
		end := closing(text)
		if end < 0 {
			return "", fmt.Errorf("expected '}' before end of string")
		}
		part, err := f.field(text[:end], depth)
		if err != nil {
			return "", err
		}
		if err := f.s.fits(b.Len() + len(part)); err != nil {
			return "", err
		}
		b.WriteString(part)
		text = text[end+1:]
	}
	return b.String(), nil
}

// closing finds the brace that ends a field; a format may hold fields itself.
func closing(text string) int {
	open := 0
	for i, c := range []byte(text) {
		switch c {
		case '{':
			open++
		case '}':
			if open == 0 {
				return i
			}
			open--
		}
	}
	return -1
}

// field formats name!conversion:format.
func (f *braceFormatter) field(field string, depth int) (string, error) {
	name, format, _ := strings.Cut(field, ":")
	name, conversion, _ := strings.Cut(name, "!")
	v, err := f.value(name)
	if err != nil {
		return "", err
	}
	switch conversion {
	case "":
	case "r":
		v = Repr(v)
	case "a":
		v = ascii(v)
	case "s":
		if v, err = f.s.text(v); err != nil {
			return "", err
		}
	default:
		return "", fmt.Errorf("unknown conversion specifier %s", quote(conversion))
	}
	if strings.Contains(format, "{") {
		if format, err = f.format(format, depth+1); err != nil {
			return "", err
		}
	}
	if format == "" {
		return f.s.text(v)
	}
	if x, ok := v.(Formatter); ok {
		return x.Format(format), nil
	}
	sp, err := parseSpec(format)
	if err != nil {
		return "", err
	}
	return sp.format(v)
}

// value finds the argument of a field like 0.name[key].
func (f *braceFormatter) value(path string) (any, error) {
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	v, err := f.argument(path[:end])
	if err != nil {
		return nil, err
	}
	for path = path[end:]; path != ""; {
		var key any
		if rest, ok := strings.CutPrefix(path, "."); ok {
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			key, path = rest[:end], rest[end:]
		} else {
			name, rest, ok := strings.Cut(path[1:], "]")
			if !ok || path[0] != '[' {
				return nil, fmt.Errorf("missing ']' in format string")
			}
			key, path = name, rest
			if i, err := strconv.ParseInt(name, 10, 64); err == nil {
				key = i
			}
		}
		if v, err = f.s.Item(v, key); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (f *braceFormatter) argument(name string) (any, error) {
	if name == "" {
		name = strconv.Itoa(f.auto)
		f.auto++
	}
	if i, err := strconv.Atoi(name); err == nil && i >= 0 {
		if i >= len(f.args) {
			return nil, fmt.Errorf("replacement index %d out of range for positional args tuple", i)
		}
		return f.args[i], nil
	}
	v, ok := f.kw.Get(name)
	if !ok {
		return nil, fmt.Errorf("no argument named '%s' to format", name)
	}
	return v, nil
}
