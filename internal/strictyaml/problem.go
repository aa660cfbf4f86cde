package strictyaml

import (
	"fmt"
	"strings"

	"apotheca/internal/spelling"
)

// Problem is one mistake in a file.
type Problem struct {
	File      string
	Line, Col int // 0 when not known
	Message   string
	Hint      string // what to type, or empty
}

// Error is `file:line:col: message`, then the hint on a line of its own.
func (p Problem) Error() string {
	place := p.File
	if p.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	}
	text := place + ": " + p.Message
	if p.Hint != "" {
		text += "\n  hint: " + p.Hint
	}
	return text
}

// Problems are all mistakes of a file, in its order.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Near returns the candidate that differs from the word by at most two edits,
// the nearest first.
func Near(word string, candidates []string) (string, bool) {
	best, distance := "", 3
	for _, c := range candidates {
		if d := spelling.Distance(word, c); d < distance && d < len(word) {
			best, distance = c, d
		}
	}
	return best, best != ""
}
