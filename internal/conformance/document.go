package conformance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Merge puts a report in the place of an older one of the same target and
// adapter, in the file that the document is written from. The targets keep the
// order of the list.
func Merge(file string, order []string, report *Report) ([]*Report, error) {
	all, err := readReports(file)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(old *Report) bool {
		return old.Target == report.Target && old.Adapter == report.Adapter || !slices.Contains(order, old.Target)
	})
	all = append(all, report)
	slices.SortStableFunc(all, func(a, b *Report) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Target), slices.Index(order, b.Target)),
			cmp.Compare(a.Adapter, b.Adapter))
	})
	return all, writeJSON(file, all)
}

// Render writes the document anew from the results of earlier runs, with the
// reasons that the list gives now.
func Render(file, document string, list Targets) error {
	all, err := readReports(file)
	if err != nil {
		return err
	}
	var kept []*Report
	for _, t := range list.Targets {
		for _, r := range all {
			if r.Target != t.Name {
				continue
			}
			for i := range r.Differences {
				r.Differences[i].Reason = ""
			}
			t.explain(r.Adapter, r.Differences)
			r.Note = t.Note
			kept = append(kept, r)
		}
	}
	if err := writeJSON(file, kept); err != nil {
		return err
	}
	return WriteDocument(document, kept)
}

func readReports(file string) ([]*Report, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read reports: %w", err)
	}
	var all []*Report
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, fmt.Errorf("read reports %s: %w", file, err)
	}
	return all, nil
}

const preamble = `# Conformance with dbt

Written from real runs by the following, not by hand:

    PATH=$(scripts/oracle):$PATH go run ./cmd/dbt-conformance --sources DIR

DIR holds clones of public repositories as owner/name; ` + "`cmd/dbt-conformance/targets.yml`" + `
says which, and how each is run. ` + "`--project DIR`" + ` runs any other project.

Each project was run under dbt Core and under ` + "`apotheca dbt`" + `, with the same commands,
each on a database of its own; versions are those of ` + "`scripts/oracle`" + `. A node is equal
when nothing about it differs: its entry in the manifest field by field, its compiled
SQL but for whitespace, its result in each command, its entry in the catalog, and its
table or view: columns, types and every row. Exit codes, console lines, what ` + "`ls`" + ` prints
and every artifact are compared as well. Seconds are of one machine, while it did other
things too.

`

// WriteDocument writes the table, and every difference with its reason.
func WriteDocument(file string, reports []*Report) error {
	var b bytes.Buffer
	b.WriteString(preamble)
	b.WriteString(total(reports))
	b.WriteString("| project | adapter | nodes | equal | different | relations | rows | why |\n")
	b.WriteString("|---|---|--:|--:|--:|--:|--:|---|\n")
	for _, r := range reports {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d | %s |\n",
			r.link(), r.Adapter, r.Nodes, r.Equal, r.Nodes-r.Equal, r.Relations, r.Rows, r.why())
	}
	for _, r := range reports {
		r.write(&b)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write document: %w", err)
	}
	return nil
}

// total is a sentence over all runs.
func total(reports []*Report) string {
	var nodes, equal, relations int
	var rows int64
	for _, r := range reports {
		nodes, equal, relations, rows = nodes+r.Nodes, equal+r.Equal, relations+r.Relations, rows+r.Rows
	}
	return fmt.Sprintf("%d runs: %d of %d nodes are equal; %d tables and views with %d rows were compared.\n\n",
		len(reports), equal, nodes, relations, rows)
}

func (r *Report) link() string {
	if owner, _, ok := strings.Cut(r.Repository, "/"); !ok || owner == "" || owner == "." {
		return r.Target
	}
	return fmt.Sprintf("[%s](https://github.com/%s)", r.Target, r.Repository)
}

// why sums up the reasons of the differences.
func (r *Report) why() string {
	var reasons []string
	for _, d := range r.Differences {
		if d.Reason != "" && !slices.Contains(reasons, d.Reason) {
			reasons = append(reasons, d.Reason)
		}
	}
	if n := r.Unexplained(); n > 0 {
		reasons = append(reasons, fmt.Sprintf("%d %s without a reason yet", n, plural(n, "difference")))
	}
	return cell(strings.Join(reasons, "; "))
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

func (r *Report) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n## %s on %s\n\n", r.Target, r.Adapter)
	if r.Note != "" {
		fmt.Fprintf(b, "%s\n\n", strings.TrimSpace(r.Note))
	}
	b.WriteString("| command | dbt | apotheca | dbt, s | apotheca, s |\n|---|---|---|--:|--:|\n")
	for _, s := range r.Steps {
		fmt.Fprintf(b, "| `%s` | %s | %s | %.1f | %.1f |\n", s.Command,
			outcomeText(s.DbtExit, s.DbtDone), outcomeText(s.OurExit, s.OurDone), s.DbtTook, s.OurTook)
	}
	if a := r.Answers; a != nil {
		fmt.Fprintf(b, "\nIts authors publish the manifest and the catalog of a run under dbt %s: of %d nodes %d are the same here.\n",
			a.Version, a.Nodes, a.Equal)
	}
	if len(r.Differences) == 0 {
		b.WriteString("\nNo difference.\n")
		return
	}
	b.WriteString("\n| what | where | dbt | apotheca | why |\n|---|---|---|---|---|\n")
	for _, g := range grouped(r.Differences) {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", cell(strings.TrimSpace(g.About+" "+g.Field)),
			cell(g.where()), code(g.Dbt), code(g.Ours), cell(cmp.Or(g.Reason, "not known yet")))
	}
}

func outcomeText(exit int, done string) string {
	return strings.TrimSpace(fmt.Sprintf("exit %d %s", exit, done))
}

// group is differences that are one and the same but for the node.
type group struct {
	Difference
	nodes []string
}

func grouped(differences []Difference) []*group {
	var groups []*group
	known := map[Difference]*group{}
	for _, d := range differences {
		key := d
		key.Node = ""
		if key.Reason != "" {
			key.Dbt, key.Ours = "", ""
		}
		g := known[key]
		if g == nil {
			g = &group{Difference: d}
			known[key] = g
			groups = append(groups, g)
		}
		if d.Node != "" {
			g.nodes = append(g.nodes, d.Node)
		}
	}
	return groups
}

// namedMax is how many nodes of one difference are named; the file of results
// has them all.
const namedMax = 3

func (g *group) where() string {
	names := slices.Compact(slices.Clone(g.nodes))
	if more := len(names) - namedMax; more > 0 {
		names = append(names[:namedMax], fmt.Sprintf("%d more", more))
	}
	return strings.TrimSpace(strings.Join(names, ", ") + " " + parenthesised(g.Step))
}

func parenthesised(text string) string {
	if text == "" {
		return ""
	}
	return "(" + text + ")"
}

// cell is text inside a table.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(text)
}

func code(text string) string {
	if text == nothing || text == "" {
		return text
	}
	return "`" + strings.NewReplacer("|", "\\|", "\n", " ⏎ ", "`", "'").Replace(text) + "`"
}
