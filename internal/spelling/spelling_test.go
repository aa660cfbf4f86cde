package spelling_test

import (
	"testing"

	"apotheca/internal/spelling"
)

func TestDistance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"steps", "steps", 0},
		{"steps", "step", 1},
		{"steps", "stesp", 1},
		{"steps", "staps", 1},
		{"kitten", "sitting", 3},
		{"año", "ano", 1},
	}
	for _, tt := range tests {
		if got := spelling.Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := spelling.Distance(tt.b, tt.a); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}
