package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"apotheca/internal/declaration"
	"apotheca/internal/pipeline"
)

func (a *app) statusCommand() *cobra.Command {
	var dir, target string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [NAME|DIR]",
		Short: "Where each stage stands, from recorded results",
		Long: `Says where each stage of a pipeline stands, from what was recorded: of
clinical-trials, of the one that is named, or of the folder with its pipeline.yml.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := readConfig()
			if err != nil {
				return err
			}
			c = c.with(cmd, dir, target)
			d, err := c.pipelineNamed(append(args, clinicalTrials)[0])
			if err != nil {
				return err
			}
			l := c.layoutOf(d)
			l.Flags = placeWords(cmd)
			meant, err := a.targetOf(c, d)
			if err != nil && c.Target != "" {
				return err // otherwise what was run is told of any target
			}
			s, err := pipeline.ReadStatus(l, d.stages(), meant.Name)
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(s)
			}
			first := "--sample"
			if d.Source == declaration.CSV && d.Sample == "" {
				first = ""
			}
			a.printStatus(s, l, first)
			return nil
		},
	}
	dirFlag(cmd, &dir)
	targetFlag(cmd, &target)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for scripts")
	return cmd
}

// printStatus shows a status. First is the flag of a first run, if it needs one.
func (a *app) printStatus(s *pipeline.PipelineStatus, l pipeline.Layout, first string) {
	fmt.Fprintf(a.stdout, "%s in %s%s\n\n", s.Pipeline, l.Root, onTarget(s.Target))
	for _, unreadable := range s.Unreadable {
		fmt.Fprintf(a.stdout, "not counted: %s\n", unreadable)
	}
	if s.LastRun == nil {
		fmt.Fprintf(a.stdout, "nothing was run here yet\n\nnext:\n  %s\n", l.Command(first))
		return
	}
	g := grid{head: []string{"stage", "status", "when", "took", "what"}}
	for _, stage := range s.Stages {
		when, took := "", ""
		if !stage.StartedAt.IsZero() {
			when = stage.StartedAt.Format("2006-01-02 15:04:05Z")
			took = seconds(stage.DurationMS)
		}
		g.add(string(stage.Name), standing(stage.Status), when, took, cell(stage.Summary))
	}
	g.write(a.stdout, "")
	if s.Extract != nil {
		fmt.Fprintf(a.stdout, "\nlake: %s\n", s.Extract)
	}
	fmt.Fprintf(a.stdout, "\nlast run %s, run date %s%s: %s\n",
		s.LastRun.RunID, s.LastRun.RunDate, onTarget(s.LastRun.Target), s.LastRun.Status)
	if s.LastRun.Error != "" {
		for line := range strings.SplitSeq(s.LastRun.Error, "\n") {
			if strings.HasPrefix(line, " ") || len(line) < 78 { // a place in SQL is shown below it
				fmt.Fprintln(a.stdout, "  "+line)
			} else {
				fmt.Fprintln(a.stdout, wrapped("  ", line, ""))
			}
		}
	}
	if s.Next != "" {
		fmt.Fprintf(a.stdout, "\nnext:\n  %s\n", s.Next)
	}
}

func onTarget(name string) string {
	if name == "" {
		return ""
	}
	return ", target " + name
}

func standing(s pipeline.Status) string {
	if s == "" {
		return "never run"
	}
	return string(s)
}

func seconds(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	if d >= time.Minute {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}
