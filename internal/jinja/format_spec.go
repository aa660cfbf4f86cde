package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// spec is how one value is formatted, for % and str.format alike.
type spec struct {
	fill         rune // 0 means a blank
	align        byte // < > ^ or =; 0 means the type's own
	sign         byte // + or a blank; 0 means only minus
	alternate    bool
	width        int
	group        byte // , or _ between thousands
	precision    int
	hasPrecision bool
	verb         byte
}

// sizeMax bounds widths and precisions, which cost memory that no template wrote.
const sizeMax = 100_000

func (sp *spec) percentFlags(flags string) {
	sp.align = '>'
	for _, c := range []byte(flags) {
		switch c {
		case '-':
			sp.align = '<'
		case '+':
			sp.sign = '+'
		case ' ':
			if sp.sign == 0 {
				sp.sign = ' '
			}
		case '#':
			sp.alternate = true
		case '0':
			if sp.align != '<' {
				sp.align, sp.fill = '=', '0'
			}
		}
	}
	if sp.align == '<' {
		sp.fill = 0
	}
}

// parseSpec reads [[fill]align][sign][#][0][width][,][.precision][type].
func parseSpec(text string) (sp spec, err error) {
	const aligns = "<>^="
	if r, n := utf8.DecodeRuneInString(text); n < len(text) && strings.IndexByte(aligns, text[n]) >= 0 {
		sp.fill, sp.align, text = r, text[n], text[n+1:]
	} else if text != "" && strings.IndexByte(aligns, text[0]) >= 0 {
		sp.align, text = text[0], text[1:]
	}
	if text != "" && strings.IndexByte("+- ", text[0]) >= 0 {
		if text[0] != '-' {
			sp.sign = text[0]
		}
		text = text[1:]
	}
	text, sp.alternate = strings.CutPrefix(text, "#")
	if strings.HasPrefix(text, "0") && sp.fill == 0 {
		sp.fill = '0'
	}
	if sp.width, text, err = leadingInt(text); err != nil {
		return sp, err
	}
	if text != "" && (text[0] == ',' || text[0] == '_') {
		sp.group, text = text[0], text[1:]
	}
	if text, sp.hasPrecision = strings.CutPrefix(text, "."); sp.hasPrecision {
		if sp.precision, text, err = leadingInt(text); err != nil {
			return sp, err
		}
	}
	if len(text) > 1 {
		return sp, fmt.Errorf("invalid format specifier")
	}
	if text != "" {
		sp.verb = text[0]
	}
	return sp, nil
}

func leadingInt(text string) (int, string, error) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	if digits == 0 {
		return 0, text, nil
	}
	n, err := strconv.Atoi(text[:digits])
	if err != nil || n > sizeMax {
		return 0, "", fmt.Errorf("width or precision is too large")
	}
	return n, text[digits:], nil
}

// format is Python's format(v, spec). A bool with a spec is the number it equals.
func (sp spec) format(v any) (string, error) {
	if sp == (spec{}) {
		return Str(v), nil
	}
	if b, ok := v.(bool); ok {
		v, _ = integer(b)
	}
	if text, ok := v.(string); ok {
		return sp.text(text)
	}
	if !isNumber(v) {
		return "", fmt.Errorf("unsupported format string passed to %s.__format__", TypeName(v))
	}
	if sp.align == 0 {
		sp.align = '>'
		if sp.fill == '0' {
			sp.align = '=' // zeros go between the sign and the digits
		}
	}
	text, err := sp.number(v)
	return sp.pad(text), err
}

func (sp spec) text(text string) (string, error) {
	if sp.verb != 0 && sp.verb != 's' {
		return "", fmt.Errorf("unknown format code '%c' for object of type 'str'", sp.verb)
	}
	if sp.group != 0 || sp.align == '=' || sp.sign != 0 {
		return "", fmt.Errorf("sign, '=' and grouping are for numbers only")
	}
	if sp.align == 0 {
		sp.align = '<'
	}
	return sp.pad(sp.cut(text)), nil
}

func (sp spec) number(v any) (string, error) {
	if d, ok := v.(Decimal); ok && sp.verb == 0 && !sp.hasPrecision {
		return sp.signed(d.Sign() < 0, strings.TrimPrefix(d.String(), "-")), nil
	}
	i, isInt := bigInteger(v)
	f, _ := asFloat(v)
	switch sp.verb {
	case 'd', 'x', 'X', 'o', 'b', 'c', 'n':
		if !isInt {
			return "", fmt.Errorf("unknown format code '%c' for object of type '%s'", sp.verb, TypeName(v))
		}
		if sp.verb == 'c' {
			return character(v)
		}
		return sp.integer(i, rune(sp.verb)), nil
	case 'e', 'E', 'f', 'F', 'g', 'G':
		return sp.float(f, rune(sp.verb)), nil
	case '%':
		return sp.float(f*100, 'f') + "%", nil
	case 0:
		switch {
		case isInt && !sp.hasPrecision:
			return sp.integer(i, 'd'), nil
		case isInt:
			return "", fmt.Errorf("precision not allowed in integer format specifier")
		case sp.hasPrecision:
			return sp.float(f, 'g'), nil
		}
		return sp.signed(math.Signbit(f), strings.TrimPrefix(formatFloat(f), "-")), nil
	}
	return "", fmt.Errorf("unknown format code '%c' for object of type '%s'", sp.verb, TypeName(v))
}

func (sp spec) integer(i *big.Int, verb rune) string {
	base, prefix := 10, ""
	switch verb {
	case 'x', 'X':
		base, prefix = 16, "0x"
	case 'o':
		base, prefix = 8, "0o"
	case 'b':
		base, prefix = 2, "0b"
	}
	digits := new(big.Int).Abs(i).Text(base)
	if sp.hasPrecision && len(digits) < sp.precision {
		digits = strings.Repeat("0", sp.precision-len(digits)) + digits
	}
	if verb == 'X' {
		digits, prefix = strings.ToUpper(digits), "0X"
	}
	if sp.alternate {
		digits = prefix + digits
	}
	return sp.signed(i.Sign() < 0, digits)
}

func (sp spec) float(f float64, verb rune) string {
	precision := 6
	if sp.hasPrecision {
		precision = sp.precision
	}
	text := ""
	switch lower := verb | 0x20; {
	case math.IsInf(f, 0):
		text = "inf"
	case math.IsNaN(f):
		text = "nan"
	case lower == 'g':
		text = general(math.Abs(f), max(precision, 1))
	default:
		text = strconv.FormatFloat(math.Abs(f), byte(lower), precision, 64)
	}
	if verb < 'a' {
		text = strings.ToUpper(text)
	}
	return sp.signed(math.Signbit(f) && !math.IsNaN(f), text)
}

// general is C's %g, which strconv's 'g' is not: it takes the exponent from the
// precision and drops zeros at the end.
func general(f float64, precision int) string {
	e := strconv.FormatFloat(f, 'e', precision-1, 64)
	mantissa, exponent, _ := strings.Cut(e, "e")
	exp, _ := strconv.Atoi(exponent)
	if exp < -4 || exp >= precision {
		return trimZeros(mantissa) + "e" + exponent
	}
	return trimZeros(strconv.FormatFloat(f, 'f', max(0, precision-1-exp), 64))
}

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

func (sp spec) signed(negative bool, digits string) string {
	if sp.group != 0 {
		digits = grouped(digits, sp.group)
	}
	switch {
	case negative:
		return "-" + digits
	case sp.sign != 0:
		return string(sp.sign) + digits
	}
	return digits
}

func grouped(digits string, sep byte) string {
	whole := digits
	if i := strings.IndexAny(digits, ".e"); i >= 0 {
		whole = digits[:i]
	}
	var b strings.Builder
	for i, c := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(sep)
		}
		b.WriteByte(c)
	}
	return b.String() + digits[len(whole):]
}

// cut shortens a text to the precision.
func (sp spec) cut(text string) string {
	if !sp.hasPrecision || utf8.RuneCountInString(text) <= sp.precision {
		return text
	}
	return string([]rune(text)[:sp.precision])
}

func (sp spec) pad(text string) string {
	n := sp.width - utf8.RuneCountInString(text)
	if n <= 0 {
		return text
	}
	fill := " "
	if sp.fill != 0 {
		fill = string(sp.fill)
	}
	switch sp.align {
	case '<':
		return text + strings.Repeat(fill, n)
	case '^':
		return strings.Repeat(fill, n/2) + text + strings.Repeat(fill, n-n/2)
	case '=':
		if text != "" && strings.IndexByte("+- ", text[0]) >= 0 {
			return text[:1] + strings.Repeat(fill, n) + text[1:]
		}
	}
	return strings.Repeat(fill, n) + text
}
