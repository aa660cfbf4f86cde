package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/doctor"
	"apotheca/internal/warehouse"
)

// doctorFlags choose the target: of the pipeline, or of a dbt project.
type doctorFlags struct {
	dir   string
	json  bool
	dbt   dbtFlags
	files fileFlags
}

func (a *app) doctorCommand() *cobra.Command {
	f := &doctorFlags{}
	cmd := &cobra.Command{
		Use:   "doctor [NAME|DIR]",
		Short: "Check what a run needs before it needs it",
		Long: `Checks what a run of a pipeline would use, of clinical-trials if none is named:
its files and the columns in their headers, its dbt project, the warehouse:
whether it can be reached and how, its version, the rights to create, replace
and roll back, time, room, sessions and timeouts, whose the schema is; the
folders of this machine, and how the last run ended. Nothing is changed.

Each check is ok, a warning, or failed; then a hint says what to type. The exit
code is 1 when a check failed.`,
		Example: `  apotheca doctor                       the target that a run would use
  apotheca doctor --target postgres     another output of profiles.yml
  apotheca doctor shop                  the pipeline in the folder shop
  apotheca doctor --project-dir shop    the target of a dbt project`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.doctor(cmd, f, append(args, clinicalTrials)[0], len(args) > 0)
		},
	}
	dirFlag(cmd, &f.dir)
	targetFlag(cmd, &f.dbt.target)
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.dbt.projectDir, "project-dir", "", "`folder` of a dbt project (default the pipeline's project)")
	flags.StringVar(&f.dbt.profilesDir, "profiles-dir", "", "`folder` of that project's profiles.yml")
	flags.StringVar(&f.dbt.profile, "profile", "", "`profile` to use instead of that project's")
	f.files.registerTables(cmd, a.words)
	flags.BoolVar(&f.json, "json", false, "print JSON, for scripts")
	return cmd
}

func (a *app) doctor(cmd *cobra.Command, f *doctorFlags, word string, named bool) error {
	a.hideSecrets()
	var o doctor.Options
	var target dbt.Target
	var err error
	switch {
	case f.dbt.projectDir != "" && named:
		return usagef("%s and --project-dir name two projects", word).hint("give one of them")
	case f.dbt.projectDir != "":
		target, err = a.examineProject(f, &o)
	default:
		target, err = a.examinePipeline(cmd, f, word, &o)
	}
	if err != nil {
		return err
	}
	o.Needs.Now = a.now
	findings := doctor.Examine(cmd.Context(), o)
	if f.json {
		err = a.printFindingsJSON(target, o.Pipeline, findings)
	} else {
		a.printFindings(target, o.Pipeline, findings)
	}
	if err == nil && doctor.Worst(findings) == warehouse.Failed {
		return errFailed
	}
	return err
}

// examinePipeline says what a run of a pipeline needs.
func (a *app) examinePipeline(cmd *cobra.Command, f *doctorFlags, word string, o *doctor.Options) (dbt.Target, error) {
	c, err := readConfig()
	if err != nil {
		return dbt.Target{}, err
	}
	c = c.with(cmd, f.dir, f.dbt.target)
	d, err := c.pipelineNamed(word)
	if err != nil {
		return dbt.Target{}, err
	}
	tables, err := d.loadedTables()
	if err != nil {
		return dbt.Target{}, err
	}
	target, err := a.targetOf(c, d)
	if err != nil {
		return dbt.Target{}, err
	}
	o.Pipeline = &doctor.Pipeline{
		Layout: c.layoutOf(d), Stages: d.stages(), Target: target.Name, Schema: d.Schema, Loads: tables, Answer: d.Answer,
	}
	o.Pipeline.Layout.Flags = placeWords(cmd)
	if o.Pipeline.Files, err = f.files.examined(cmd, d); err != nil {
		return target, err
	}
	project, err := dbt.Load(a.projectOf(c, d))
	if err != nil {
		o.Pipeline.Problem, project = err, &dbt.Project{}
	} else {
		o.Pipeline.Project = project
	}
	for _, table := range tables {
		o.Needs.Relations = append(o.Needs.Relations, warehouse.Relation{Schema: d.Schema, Name: table})
	}
	a.examineTarget(project, target, access{base: ".", memoryLimit: c.Memory, private: d.IsPrivate()}, o)
	o.Needs.Sessions = max(o.Needs.Sessions, len(tables)+1)
	o.Lake = c.layoutOf(d).Lake()
	return target, nil
}

// examined are the files of each table of a pipeline, as a run would find them.
func (f *fileFlags) examined(cmd *cobra.Command, d *declared) ([]doctor.Files, error) {
	paths := map[string][]string{}
	if err := f.choose(cmd, d, paths); err != nil {
		return nil, err
	}
	var all []doctor.Files
	for i, t := range d.Tables {
		found, err := d.filesOf(t, paths[t.Name])
		all = append(all, doctor.Files{Table: d.FileTables()[i], Paths: found, Problem: err})
	}
	return all, nil
}

// examineProject says what a build of a dbt project needs.
func (a *app) examineProject(f *doctorFlags, o *doctor.Options) (dbt.Target, error) {
	i := a.invoke(string(build.Build), &f.dbt)
	if err := i.locate(); err != nil {
		return dbt.Target{}, err
	}
	if err := i.loadProject(); err != nil {
		return dbt.Target{}, err
	}
	if err := i.warnAll(); err != nil {
		return dbt.Target{}, err
	}
	a.examineTarget(i.project, i.project.Target, access{base: i.dir}, o)
	return i.project.Target, nil
}

// examineTarget says what a project needs of its target.
func (a *app) examineTarget(project *dbt.Project, target dbt.Target, how access, o *doctor.Options) {
	open := a.opener(how)
	o.Open = func(ctx context.Context) (warehouse.Warehouse, error) { return open(ctx, target) }
	if target.Type == "duckdb" {
		o.File = duckdbPath(target, how.base)
	}
	for _, node := range project.Nodes {
		if (node.ResourceType == dbt.Model || node.ResourceType == dbt.Seed) && !node.IsEphemeral() {
			o.Needs.Relations = append(o.Needs.Relations, warehouse.Relation{Schema: node.Schema, Name: node.Alias})
		}
	}
	for _, r := range o.Needs.Relations {
		o.Needs.Schemas = append(o.Needs.Schemas, r.Schema)
	}
	slices.Sort(o.Needs.Schemas)
	o.Needs.Schemas = slices.Compact(o.Needs.Schemas)
	o.Needs.Sessions = target.Threads + 1
}

// diagnosis is what doctor --json prints.
type diagnosis struct {
	Pipeline string              `json:"pipeline,omitempty"`
	Profile  string              `json:"profile"`
	Target   string              `json:"target"`
	Type     string              `json:"type"`
	Verdict  warehouse.Verdict   `json:"verdict"`
	Findings []warehouse.Finding `json:"findings"`
}

func (a *app) printFindingsJSON(target dbt.Target, of *doctor.Pipeline, findings []warehouse.Finding) error {
	name := ""
	if of != nil {
		name = of.Layout.Pipeline
	}
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(diagnosis{
		Pipeline: name,
		Profile:  target.Profile, Target: target.Name, Type: target.Type,
		Verdict: doctor.Worst(findings), Findings: findings,
	})
}

func (a *app) printFindings(target dbt.Target, of *doctor.Pipeline, findings []warehouse.Finding) {
	if of != nil {
		fmt.Fprintf(a.stdout, "pipeline %s in %s\n", of.Layout.Pipeline, of.Layout.Root)
	}
	fmt.Fprintf(a.stdout, "target %s of profile %s, type %s\n\n", target.Name, target.Profile, target.Type)
	g := grid{head: []string{"check", "verdict", "what was found"}}
	for _, f := range findings {
		for i, line := range strings.Split(f.Found, "\n") {
			if i == 0 {
				g.add(f.Check, string(f.Verdict), line)
			} else {
				g.add("", "", line)
			}
		}
		if f.Hint != "" {
			g.add("", "", "hint: "+f.Hint)
		}
	}
	g.write(a.stdout, "")
	switch count := countFailed(findings); {
	case count > 0:
		fmt.Fprintf(a.stdout, "\n%d of %d checks failed: a run would too\n", count, len(findings))
	case doctor.Worst(findings) == warehouse.Warning:
		fmt.Fprintln(a.stdout, "\na run can begin; mind the warnings")
	default:
		fmt.Fprintln(a.stdout, "\na run can begin")
	}
}

func countFailed(findings []warehouse.Finding) int {
	count := 0
	for _, f := range findings {
		if f.Verdict == warehouse.Failed {
			count++
		}
	}
	return count
}
