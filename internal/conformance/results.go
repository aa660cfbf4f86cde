package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// byID turns a list of results into one by unique id.
func byID(results any) map[string]any {
	all := map[string]any{}
	list, _ := results.([]any)
	for _, result := range list {
		if entry, ok := result.(map[string]any); ok {
			all[printed(entry["unique_id"])] = entry
		}
	}
	return all
}

// timed are the fields of a result that no two runs share.
var timed = []string{
	"timing", "thread_id", "execution_time", "snapshotted_at",
	"max_loaded_at_time_ago_in_s", "unique_id",
}

// compareResults compares run_results.json or sources.json. Of the message of
// an error only the first line is compared, with which dbt says what kind of
// error it is and in which node: the rest has the database's own words, which
// differ from version to version, and the statement's layout.
func (c *comparison) compareResults(about string, dbt, apotheca artifact) {
	left, right := byID(dbt["results"]), byID(apotheca["results"])
	for _, id := range keysOfBoth(left, right) {
		a, hasA := left[id].(map[string]any)
		b, hasB := right[id].(map[string]any)
		if hasA != hasB {
			c.add(Difference{About: about, Node: id, Field: "unique_id", Dbt: status(a), Ours: status(b)})
			continue
		}
		failed := status(a) == "error" || status(a) == "runtime error"
		for _, field := range keysOfBoth(a, b) {
			if slices.Contains(timed, field) {
				continue
			}
			if failed && (field == "message" || field == "error") {
				a[field], b[field] = heading(a[field]), heading(b[field])
			}
			compareEntries(field, field, a, b, func(field, dbt, apotheca string) {
				if field == "compiled_code" && collapsed(dbt) == collapsed(apotheca) {
					return
				}
				c.add(Difference{About: about, Node: id, Field: field, Dbt: dbt, Ours: apotheca})
			})
		}
	}
}

// heading is the first line of a message.
func heading(message any) any {
	text, ok := message.(string)
	if !ok {
		return message
	}
	first, _, _ := strings.Cut(text, "\n")
	return first
}

func status(result map[string]any) string {
	if result == nil {
		return nothing
	}
	return printed(result["status"])
}

// compareCatalogs compares what is said of each relation and its columns.
func (c *comparison) compareCatalogs(dbt, apotheca artifact) {
	for _, section := range []string{"nodes", "sources"} {
		left, right := object(dbt, section), object(apotheca, section)
		for _, id := range keysOfBoth(left, right) {
			compareEntries("", id, left, right, func(field, dbt, apotheca string) {
				c.add(Difference{About: "catalog", Node: id, Field: field, Dbt: dbt, Ours: apotheca})
			})
		}
	}
}

var (
	colours  = regexp.MustCompile("\x1b\\[[0-9;]*m")
	stamped  = regexp.MustCompile(`^\d\d:\d\d:\d\d  ?`)
	duration = regexp.MustCompile(` in \d+\.\d+s`)
	node     = regexp.MustCompile(`^[\w:]+\.[\w.]+$`)
	finished = regexp.MustCompile(`^Finished running (.*) in \d.*$`)
	progress = regexp.MustCompile(`^\d+ of \d+ (.*?) \.* ?(\[.*\])$`)
)

// told are the lines of a console that tools read: progress, without order and
// durations, and the summary.
func told(console []byte) []string {
	var lines []string
	for line := range strings.Lines(string(console)) {
		line = colours.ReplaceAllString(strings.TrimRight(line, " \r\n"), "")
		line = stamped.ReplaceAllString(line, "")
		line = duration.ReplaceAllString(line, "")
		switch {
		case progress.MatchString(line):
			found := progress.FindStringSubmatch(line)
			lines = append(lines, found[1]+" "+found[2])
		case finished.MatchString(line):
			kinds := strings.Split(finished.FindStringSubmatch(line)[1], ", ")
			slices.Sort(kinds) // dbt's own order changes from run to run
			lines = append(lines, "Finished running "+strings.Join(kinds, ", "))
		case strings.HasPrefix(line, "Done. PASS="):
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// compareConsoles reports the lines that only one of the two printed.
func (c *comparison) compareConsoles(dbt, apotheca []byte) {
	c.compareLines("console", told(dbt), told(apotheca))
}

// compareListings compares what ls printed, line by line. JSON is compared by
// what it says.
func (c *comparison) compareListings(dbt, apotheca []byte) {
	left, right := listed(dbt), listed(apotheca)
	if slices.Equal(left, right) {
		return
	}
	slices.Sort(left)
	slices.Sort(right)
	if slices.Equal(left, right) {
		c.add(Difference{About: "ls", Field: "order", Dbt: "another order", Ours: "another order"})
		return
	}
	c.compareLines("ls", left, right)
}

// listed leaves out what is not of the list: log lines, and the rest of them.
func listed(console []byte) []string {
	var lines []string
	for line := range bytes.Lines(console) {
		text := strings.TrimRight(colours.ReplaceAllString(string(line), ""), " \r\n")
		var value map[string]any
		switch {
		case json.Unmarshal([]byte(text), &value) == nil:
			lines = append(lines, printed(value))
		case node.MatchString(text):
			lines = append(lines, text)
		}
	}
	return lines
}

func (c *comparison) compareLines(about string, left, right []string) {
	counts := map[string]int{}
	for _, line := range left {
		counts[line]++
	}
	for _, line := range right {
		counts[line]--
	}
	for _, line := range slices.Sorted(maps.Keys(counts)) {
		switch n := counts[line]; {
		case n > 0:
			c.add(Difference{About: about, Field: "line", Dbt: times(line, n), Ours: nothing})
		case n < 0:
			c.add(Difference{About: about, Field: "line", Dbt: nothing, Ours: times(line, -n)})
		}
	}
}

func times(line string, n int) string {
	if n == 1 {
		return line
	}
	return fmt.Sprintf("%s (%d times)", line, n)
}
