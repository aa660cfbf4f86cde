package conformance

import (
	"fmt"
	"io"
	"strings"
)

// Print writes a report for a person at a terminal: a line for the target and
// three for each difference.
func Print(w io.Writer, r *Report) {
	fmt.Fprintf(w, "\n%s on %s: %d of %d nodes equal, %d relations, %d rows, %d differences, %d without a reason\n",
		r.Target, r.Adapter, r.Equal, r.Nodes, r.Relations, r.Rows, len(r.Differences), r.Unexplained())
	for _, s := range r.Steps {
		fmt.Fprintf(w, "  %-24s dbt exit %d in %5.1fs %s\n", s.Command, s.DbtExit, s.DbtTook, s.DbtDone)
		fmt.Fprintf(w, "  %-24s our exit %d in %5.1fs %s\n", "", s.OurExit, s.OurTook, s.OurDone)
	}
	for _, d := range r.Differences {
		fmt.Fprintf(w, "\n  %s %s %s %s\n", d.About, d.Node, d.Field, d.Step)
		fmt.Fprintf(w, "    dbt  %s\n    ours %s\n", indented(d.Dbt), indented(d.Ours))
		if d.Reason != "" {
			fmt.Fprintf(w, "    %s\n", d.Reason)
		}
	}
}

func indented(text string) string { return strings.ReplaceAll(text, "\n", "\n         ") }
