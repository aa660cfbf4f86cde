package jinja

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// percentFormat is Python's text % values.
func (s *State) percentFormat(text string, values any) (any, error) {
	f := percentFormatter{s: s, text: text}
	switch v := values.(type) {
	case *Tuple:
		f.args = v.V
	case *Dict:
		f.dict, f.args = v, []any{v}
	default:
		f.args = []any{v}
	}
	for {
		plain, rest, found := strings.Cut(f.text, "%")
		f.b.WriteString(plain)
		f.text = rest
		if !found {
			break
		}
		if err := f.verb(); err != nil {
			return nil, err
		}
	}
	// A list counts as a mapping to Python, of which nothing need be used.
	if _, isList := values.(*List); !isList && f.dict == nil && f.used < len(f.args) {
		return nil, fmt.Errorf("not all arguments converted during string formatting")
	}
	return f.b.String(), nil
}

type percentFormatter struct {
	s    *State
	text string // what is still to be formatted
	b    strings.Builder
	args []any
	used int
	dict *Dict
}

// verb formats one value, after its percent sign.
func (f *percentFormatter) verb() error {
	if strings.HasPrefix(f.text, "%") {
		f.b.WriteByte('%')
		f.text = f.text[1:]
		return nil
	}
	var value any
	byKey := strings.HasPrefix(f.text, "(")
	if byKey {
		key, rest, ok := strings.Cut(f.text[1:], ")")
		if !ok {
			return fmt.Errorf("incomplete format key")
		}
		if f.dict == nil {
			return fmt.Errorf("format requires a mapping")
		}
		if value, ok = f.dict.Get(key); !ok {
			return fmt.Errorf("no key %s in the values to format", quote(key))
		}
		f.text = rest
	}
	var sp spec
	var err error
	flags := len(f.text) - len(strings.TrimLeft(f.text, "-+ 0#"))
	sp.percentFlags(f.text[:flags])
	f.text = f.text[flags:]
	if sp.width, err = f.size(0); err != nil {
		return err
	}
	if strings.HasPrefix(f.text, ".") {
		f.text = f.text[1:]
		if sp.precision, err = f.size(0); err != nil {
			return err
		}
		sp.hasPrecision = true
	}
	f.text = strings.TrimLeft(f.text, "hlL")
	if f.text == "" {
		return fmt.Errorf("incomplete format")
	}
	verb, n := utf8.DecodeRuneInString(f.text)
	f.text = f.text[n:]
	if !byKey {
		if value, err = f.next(); err != nil {
			return err
		}
	}
	return f.write(sp, verb, value)
}

func (f *percentFormatter) next() (any, error) {
	if f.used >= len(f.args) {
		return nil, fmt.Errorf("not enough arguments for format string")
	}
	f.used++
	return f.args[f.used-1], nil
}

// size reads a width or precision; a star takes it from the arguments.
func (f *percentFormatter) size(def int) (int, error) {
	if strings.HasPrefix(f.text, "*") {
		f.text = f.text[1:]
		v, err := f.next()
		n, ok := integer(v)
		if err == nil && (!ok || n < 0 || n > sizeMax) {
			err = fmt.Errorf("* wants a small int")
		}
		return int(n), err
	}
	digits := len(f.text) - len(strings.TrimLeft(f.text, "0123456789"))
	if digits == 0 {
		return def, nil
	}
	n, err := strconv.Atoi(f.text[:digits])
	f.text = f.text[digits:]
	if err != nil || n > sizeMax {
		return 0, fmt.Errorf("width or precision is too large")
	}
	return n, nil
}

func (f *percentFormatter) write(sp spec, verb rune, v any) error {
	if u, ok := v.(Undefined); ok && verb != 's' && verb != 'r' {
		return u.err()
	}
	text, err := "", error(nil)
	switch verb {
	case 's':
		text, err = f.s.text(v)
		text = sp.cut(text)
	case 'r':
		text = sp.cut(Repr(v))
	case 'a':
		text = sp.cut(ascii(v))
	case 'c':
		text, err = character(v)
	case 'd', 'i', 'u', 'x', 'X', 'o':
		if !isNumber(v) {
			return fmt.Errorf("%%%c format: a real number is required, not %s", verb, TypeName(v))
		}
		if _, isInt := bigInteger(v); !isInt && strings.ContainsRune("xXo", verb) {
			return fmt.Errorf("%%%c format: an integer is required, not %s", verb, TypeName(v))
		}
		if v, err = toInt(f.s, v, &arguments{}); err == nil {
			n, _ := bigInteger(v)
			text = sp.integer(n, verb)
		}
	case 'f', 'F', 'e', 'E', 'g', 'G':
		n, ok := asFloat(v)
		if !ok {
			return fmt.Errorf("must be real number, not %s", TypeName(v))
		}
		text = sp.float(n, verb)
	default:
		return fmt.Errorf("unsupported format character '%c'", verb)
	}
	if err != nil {
		return err
	}
	if err := f.s.fits(f.b.Len() + max(len(text), sp.width)); err != nil {
		return err
	}
	f.b.WriteString(sp.pad(text))
	return nil
}

func character(v any) (string, error) {
	if t, ok := v.(string); ok && utf8.RuneCountInString(t) == 1 {
		return t, nil
	}
	n, ok := integer(v)
	if !ok || n < 0 || n > utf8.MaxRune {
		return "", fmt.Errorf("%%c requires int or char")
	}
	return string(rune(n)), nil
}

func asFloat(v any) (float64, bool) {
	switch x := v.(type) {
	case Decimal:
		return x.float(), true
	case *big.Int:
		f, err := bigFloat(x)
		return f, err == nil
	}
	_, f, _, ok := number(v)
	return f, ok
}
