package dbt

import (
	"io/fs"
	"regexp"
	"strings"
)

const ignoreFile = ".dbtignore"

// ignored are the patterns of a package's .dbtignore, which is written like a
// .gitignore: the last one that fits decides.
type ignored []ignorePattern

type ignorePattern struct {
	match *regexp.Regexp
	keep  bool // the pattern begins with !
}

// readIgnored reads a package's .dbtignore; without one nothing is ignored.
func (l *loader) readIgnored(p *pkg) ignored {
	data, err := fs.ReadFile(l.o.FS, p.file(ignoreFile))
	if err != nil {
		return nil
	}
	var all ignored
	for _, line := range strings.Split(string(data), "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, keep := strings.CutPrefix(line, "!")
		if re, err := regexp.Compile(ignoreExpression(pattern)); err == nil {
			all = append(all, ignorePattern{re, keep})
		}
	}
	return all
}

// has reports a file of the package that is left out.
func (all ignored) has(name string) bool {
	out := false
	for _, p := range all {
		if p.match.MatchString(name) {
			out = !p.keep
		}
	}
	return out
}

// ignoreExpression is a pattern as a regular expression over a path. One with
// a slash before its end is counted from the package's root; one that ends in a
// slash fits folders alone; what fits a folder fits all that is in it.
func ignoreExpression(pattern string) string {
	folder := strings.HasSuffix(pattern, "/")
	pattern = strings.TrimSuffix(pattern, "/")
	rooted := strings.Contains(pattern, "/")
	pattern = strings.TrimPrefix(pattern, "/")
	var b strings.Builder
	b.WriteString("^")
	if !rooted {
		b.WriteString("(?:.*/)?")
	}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case strings.HasPrefix(pattern[i:], "**/"):
			b.WriteString("(?:.*/)?")
			i += 2
		case strings.HasPrefix(pattern[i:], "**"):
			b.WriteString(".*")
			i++
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		case c == '[' && strings.IndexByte(pattern[i:], ']') > 1:
			end := i + strings.IndexByte(pattern[i:], ']')
			b.WriteString("[" + strings.Replace(pattern[i+1:end], "!", "^", 1) + "]")
			i = end
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	if folder {
		return b.String() + "/"
	}
	return b.String() + "(?:/|$)"
}
