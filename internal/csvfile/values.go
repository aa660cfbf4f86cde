package csvfile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

const notInteger = "not an integer"

func integer(text []byte) (int64, string) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	switch {
	case err == nil:
		return n, ""
	case isRange(err):
		return 0, "an integer of more than 64 bits"
	}
	return 0, notInteger
}

func isRange(err error) bool { return strings.HasSuffix(err.Error(), strconv.ErrRange.Error()) }

func double(text []byte) (float64, string) {
	for _, c := range text {
		if !strings.ContainsRune("0123456789+-.eE", rune(c)) {
			return 0, "not a number"
		}
	}
	n, err := strconv.ParseFloat(string(text), 64)
	switch {
	case err != nil && isRange(err) || math.IsInf(n, 0):
		return 0, "a number out of range"
	case err != nil:
		return 0, "not a number"
	}
	return n, ""
}

// decimal checks digits against the size of their column. Zeros that say
// nothing are not counted.
func decimal(text []byte, precision, scale int) string {
	rest := string(text)
	if rest[0] == '-' || rest[0] == '+' {
		rest = rest[1:]
	}
	whole, fraction, _ := strings.Cut(rest, ".")
	if len(whole)+len(fraction) == 0 || strings.Trim(whole+fraction, "0123456789") != "" {
		return "not a decimal number"
	}
	if len(strings.TrimRight(fraction, "0")) > scale {
		return fmt.Sprintf("more than %d places behind the point", scale)
	}
	if len(strings.TrimLeft(whole, "0")) > precision-scale {
		return fmt.Sprintf("more than %d digits before the point", precision-scale)
	}
	return ""
}

func boolean(text []byte) (int64, string) {
	switch strings.ToLower(string(text)) {
	case "true", "t", "yes", "y", "1":
		return 1, ""
	case "false", "f", "no", "n", "0":
		return 0, ""
	}
	return 0, "not true or false"
}
