package dbt

import (
	"sort"

	"apotheca/internal/spelling"
)

// nearest is the candidate that a typo most likely meant, or empty. Ties go to
// the first in alphabetical order.
func nearest(name string, candidates []string) string {
	sort.Strings(candidates)
	best, bestDistance := "", len([]rune(name))/3+1
	for _, c := range candidates {
		if d := spelling.Distance(name, c); d < bestDistance && c != name {
			best, bestDistance = c, d
		}
	}
	return best
}

func keysOf[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
