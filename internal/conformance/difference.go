package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Difference is one thing that the two do not agree on.
type Difference struct {
	// Step is the command after which it was seen, empty for the database.
	Step string `json:"step,omitempty"`
	// About is what was compared: exit, console, manifest, compiled, result,
	// source, catalog, ls, table, artifact, published.
	About string `json:"about"`
	// Node is a unique id or a relation.
	Node  string `json:"node,omitempty"`
	Field string `json:"field,omitempty"`
	Dbt   string `json:"dbt"`
	Ours  string `json:"apotheca"`
	// Reason is why it is so, where that is known.
	Reason string `json:"reason,omitempty"`
}

// nothing stands for what a side does not have.
const nothing = "—"

// compareValues reports where two JSON values differ, leaf by leaf.
func compareValues(field string, dbt, apotheca any, report func(field, dbt, apotheca string)) {
	left, leftMap := dbt.(map[string]any)
	right, rightMap := apotheca.(map[string]any)
	switch {
	case leftMap && rightMap:
		for _, key := range keysOfBoth(left, right) {
			compareEntries(join(field, key), key, left, right, report)
		}
	case isObjects(dbt) && isObjects(apotheca) && len(dbt.([]any)) == len(apotheca.([]any)):
		for i, value := range dbt.([]any) {
			compareValues(fmt.Sprintf("%s[%d]", field, i), value, apotheca.([]any)[i], report)
		}
	default:
		if a, b := printed(dbt), printed(apotheca); a != b {
			report(field, a, b)
		}
	}
}

func compareEntries(field, key string, left, right map[string]any, report func(field, dbt, apotheca string)) {
	a, hasA := left[key]
	b, hasB := right[key]
	switch {
	case hasA && hasB:
		compareValues(field, a, b, report)
	case hasA:
		report(field, printed(a), nothing)
	default:
		report(field, nothing, printed(b))
	}
}

// isObjects tells a list whose elements are worth a comparison of their own.
func isObjects(value any) bool {
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return false
	}
	_, ok = list[0].(map[string]any)
	return ok
}

func keysOfBoth[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

// printed is a value as JSON, text without its quotes.
func printed(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// collapsed is SQL with every run of whitespace as one space.
func collapsed(sql string) string { return strings.Join(strings.Fields(sql), " ") }

// apart shortens two long texts to where they begin to differ.
func apart(a, b string) (string, string) {
	const before, shown = 40, 160
	common := 0
	for common < len(a) && common < len(b) && a[common] == b[common] {
		common++
	}
	from := max(common-before, 0)
	return excerpt(a, from, shown), excerpt(b, from, shown)
}

func excerpt(text string, from, length int) string {
	if len(text) <= length {
		return text
	}
	from = min(from, len(text))
	to := min(from+length, len(text))
	cut := strings.ToValidUTF8(text[from:to], "")
	if from > 0 {
		cut = "…" + cut
	}
	if to < len(text) {
		cut += "…"
	}
	return cut
}
