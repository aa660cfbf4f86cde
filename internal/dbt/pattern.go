package dbt

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first needed:
// short commands need few of them, and all together take a millisecond.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
