package dbt

import (
	"testing"

	"apotheca/internal/jinja"
)

// The answers are Python's.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ call, pattern, s, want string }{
		{"findall", `(from|join)\s+(\w+)(?=\s|$)`, "from a join b", "[('from', 'a'), ('join', 'b')]"},
		{"findall", `a(?=b)`, "abaab", "['a', 'a']"},
		{"findall", `(?ix) ( from ) # words
			\s+ (\w+)`, "FROM x from y", "[('FROM', 'x'), ('from', 'y')]"},
		{"findall", `(a)|(b)`, "ab", "[('a', ''), ('', 'b')]"},
		{"findall", `x*`, "ab", "['', '', '']"},
		{"split", `,\s*`, "a, b,c", "['a', 'b', 'c']"},
		{"search", `b(?=c)`, "abc", "b"},
		{"match", `b`, "abc", "None"},
	} {
		p, err := compilePattern(test.pattern, int64(0))
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		v, err := p.call(test.call, []any{test.s}, nil)
		if err != nil {
			t.Errorf("%s(%s): %v", test.call, test.pattern, err)
			continue
		}
		if m, ok := v.(matchValue); ok {
			v, _ = m.group(int64(0))
		}
		if got := jinja.Str(v); got != test.want {
			t.Errorf("%s(%s, %q) = %s, want %s", test.call, test.pattern, test.s, got, test.want)
		}
	}
	p, _ := compilePattern(`(\w)(?=\d)`, int64(0))
	if v, _ := p.call("sub", []any{`<\1>`, "a1b2c"}, nil); v != "<a>1<b>2c" {
		t.Errorf("sub: %v", v)
	}
	for _, refused := range []string{`(?!a)b`, `(?<=a)b`, `^a(?=b)`, `(a)\1`, `a(?=b)c`} {
		if _, err := compilePattern(refused, int64(0)); err == nil {
			t.Errorf("%s was taken for something else", refused)
		}
	}
}
