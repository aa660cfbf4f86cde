package dbt

import (
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// modulesValue is `modules` in templates: the parts of Python's library that
// dbt lends them.
func modulesValue() *jinja.Dict {
	return jinja.NewDict("datetime", datetimeModule{}, "re", reModule{}, "pytz", pytzModule{}, "itertools", itertoolsModule{})
}

// reModule is Python's re.
type reModule struct{}

func (reModule) TypeName() string { return "dict" }

// regexFlags are the flags of re, by the names under which it has them.
var regexFlags = []struct {
	name  string
	value regexFlag
}{
	{"I", flagIgnoreCase}, {"IGNORECASE", flagIgnoreCase}, {"L", flagLocale}, {"LOCALE", flagLocale},
	{"M", flagMultiLine}, {"MULTILINE", flagMultiLine}, {"S", flagDotAll}, {"DOTALL", flagDotAll},
	{"U", flagUnicode}, {"UNICODE", flagUnicode}, {"X", flagVerbose}, {"VERBOSE", flagVerbose},
	{"A", flagASCII}, {"ASCII", flagASCII},
}

// regexFlag is one flag, an integer with a name.
type regexFlag int64

func (f regexFlag) Hash() string { return fmt.Sprintf("flag:%d", int64(f)) }

func (f regexFlag) Str() string {
	for _, known := range regexFlags {
		if known.value == f && len(known.name) > 1 {
			return "re." + known.name
		}
	}
	return fmt.Sprint(int64(f))
}

// Integer is the flag's number, which templates add up.
func (f regexFlag) Integer() int64 { return int64(f) }

func (reModule) GetAttr(name string) (any, bool) {
	for _, f := range regexFlags {
		if f.name == name {
			return f.value, true
		}
	}
	switch name {
	case "compile":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return compilePattern(argument(a, kw, 0, "pattern", ""), flagsArgument(a, kw, 1))
		}), true
	case "escape":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return escapePattern(jinja.Str(argument(a, kw, 0, "pattern", ""))), nil
		}), true
	case "purge":
		return constantMacro(nil), true
	}
	if (&patternValue{}).method(name) == nil {
		return nil, false
	}
	return patternFunction(name), true
}

// patternFunction is a method of patterns as a function, whose first argument
// is the pattern and whose last one, at its place, flags.
func patternFunction(name string) jinja.Func {
	flagsAt := 2
	switch name {
	case "sub", "subn":
		flagsAt = 4
	case "split":
		flagsAt = 3
	}
	return func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
		p, err := compilePattern(argument(a, kw, 0, "pattern", nil), flagsArgument(a, kw, flagsAt))
		if err != nil {
			return nil, err
		}
		return p.method(name)(st, a[min(1, len(a)):min(len(a), flagsAt)], kw)
	}
}

func flagsArgument(a []any, kw *jinja.Dict, i int) int64 {
	switch f := argument(a, kw, i, "flags", int64(0)).(type) {
	case int64:
		return f
	case regexFlag:
		return int64(f)
	}
	return 0
}

// escapePattern is re.escape.
func escapePattern(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func function(f func(a []any, kw *jinja.Dict) (any, error)) jinja.Func {
	return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) { return f(a, kw) }
}
