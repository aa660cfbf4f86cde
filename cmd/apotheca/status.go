package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"apotheca/internal/pipeline"
)

func (a *app) statusCommand() *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [clinical-trials]",
		Short: "Where each stage stands, from recorded results",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && args[0] != clinicalTrials {
				return usagef("no pipeline is named %q", args[len(args)-1]).hint("apotheca status %s", clinicalTrials)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := readConfig()
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("dir") {
				c.Dir = dir
			}
			l := pipeline.Layout{Root: c.Dir, Pipeline: clinicalTrials, Flags: placeWords(cmd)}
			s, err := pipeline.ReadStatus(l)
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(s)
			}
			a.printStatus(s, l)
			return nil
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for scripts")
	return cmd
}

func (a *app) printStatus(s *pipeline.PipelineStatus, l pipeline.Layout) {
	fmt.Fprintf(a.stdout, "%s in %s\n\n", s.Pipeline, l.Root)
	for _, unreadable := range s.Unreadable {
		fmt.Fprintf(a.stdout, "not counted: %s\n", unreadable)
	}
	if s.LastRun == nil {
		fmt.Fprintf(a.stdout, "nothing was run here yet\n\nnext:\n  %s\n", l.Command("--sample"))
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
	fmt.Fprintf(a.stdout, "\nlast run %s, run date %s: %s\n", s.LastRun.RunID, s.LastRun.RunDate, s.LastRun.Status)
	if s.LastRun.Error != "" {
		fmt.Fprintln(a.stdout, wrapped("  ", s.LastRun.Error, ""))
	}
	if s.Next != "" {
		fmt.Fprintf(a.stdout, "\nnext:\n  %s\n", s.Next)
	}
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
