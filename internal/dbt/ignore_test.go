package dbt

import (
	"regexp"
	"testing"
)

func TestIgnorePatterns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.py", "models/a.py", true},
		{"*.py", "models/a.pyc", false},
		{"skip/", "models/skip/a.sql", true},
		{"skip/", "models/skip", false},
		{"skip", "models/skip/deep/a.sql", true},
		{"models/skip", "models/skip/a.sql", true},
		{"models/skip", "other/models/skip/a.sql", false},
		{"/a.sql", "models/a.sql", false},
		{"models/**/a.sql", "models/x/y/a.sql", true},
		{"models/**/a.sql", "models/a.sql", true},
		{"models/**", "models/x/a.sql", true},
		{"a[!b]c.sql", "a-c.sql", true},
		{"a[!b]c.sql", "abc.sql", false},
		{"a?c.sql", "models/abc.sql", true},
		{`\#a.sql`, "#a.sql", true},
	} {
		if got := regexp.MustCompile(ignoreExpression(test.pattern)).MatchString(test.name); got != test.want {
			t.Errorf("%q fits %q: %t", test.pattern, test.name, got)
		}
	}
}
