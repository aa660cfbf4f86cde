package main

import "testing"

func TestShortened(t *testing.T) {
	t.Parallel()
	const line = "extract  a/folder/ünd/steps.csv: 110,088 rows, 25 MB of 77 MB"
	for width, want := range map[int]string{
		100: line,
		-1:  line, // it does not say
		40:  "extract  a/folder/ü…rows, 25 MB of 77 MB",
		21:  "extract  a…B of 77 MB",
	} {
		if got := shortened(line, width); got != want {
			t.Errorf("in %d columns: %q, want %q", width, got, want)
		}
	}
}
