package dbt

import (
	"strings"
	"testing"

	"apotheca/internal/jinja"
)

// The answers are Python's.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ call, pattern, s, want string }{
		{"findall", `(from|join)\s+(\w+)(?=\s|$)`, "from a join b", "[('from', 'a'), ('join', 'b')]"},
		{"findall", `(?ix) ( from ) # words
			\s+ (\w+)`, "FROM x from y", "[('FROM', 'x'), ('from', 'y')]"},
		{"findall", `x*`, "ab", "['', '', '']"},
		{"findall", `(?P<a>x)(y)`, "xy", "[('x', 'y')]"},
		{"findall", `(a)|(b)`, "ab", "[('a', ''), ('', 'b')]"},
		{"split", `,\s*`, "a, b,c", "['a', 'b', 'c']"},
		{"search", `b(?=c)`, "abc", "<re.Match object; span=(1, 2), match='b'>"},
		{"match", `b`, "abc", "None"},
		{"search", `(?<=(.))b`, "ab", "<re.Match object; span=(1, 2), match='b'>"},
	} {
		p, err := compilePattern(test.pattern, 0)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		v, err := p.method(test.call)(nil, []any{test.s}, nil)
		if got := jinja.Str(v); got != test.want || err != nil {
			t.Errorf("%s(%s, %q) = %s, %v, want %s", test.call, test.pattern, test.s, got, err, test.want)
		}
	}
	for _, wrong := range []string{`(`, `)`, `[a`, `\q`, `(?P=x)`, `(?P<a>x)(?P<a>y)`, `\1`, `a\`, `(?z)`, `*a`} {
		if p, err := compilePattern(wrong, 0); err == nil {
			t.Errorf("%s was taken for %s", wrong, p.text)
		}
	}
}

func FuzzPatterns(f *testing.F) {
	for _, seed := range []string{`(?P<a>\w+)(?P=a)`, `(?x) a # b`, `[]a-z[^]`, `a{,2}+`, `(?(1)a|b)`, `\N{x}`, `(?#c)\U0001F600`} {
		f.Add(seed, int64(0))
	}
	f.Fuzz(func(t *testing.T, pattern string, flags int64) {
		p, err := rewritePattern(pattern, flags)
		if open := strings.Count(p.text, "("); err == nil && open < len(p.names) {
			t.Errorf("%q has %d groups but became %q", pattern, len(p.names), p.text)
		}
	})
}
