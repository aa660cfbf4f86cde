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
	dir  string
	json bool
	dbt  dbtFlags
}

func (a *app) doctorCommand() *cobra.Command {
	f := &doctorFlags{}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check a target before a run needs it",
		Long: `Checks the warehouse that a run would use: whether it can be reached and how,
its version, the rights to create, replace and roll back, time, room, sessions
and timeouts, and the folders of this machine. Nothing is changed.

Each check is ok, a warning, or failed; then a hint says what to type. The exit
code is 1 when a check failed.`,
		Example: `  apotheca doctor                       the target that a run would use
  apotheca doctor --target postgres     another output of profiles.yml
  apotheca doctor --project-dir shop    the target of a dbt project`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd, f) },
	}
	dirFlag(cmd, &f.dir)
	targetFlag(cmd, &f.dbt.target)
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.dbt.projectDir, "project-dir", "", "`folder` of a dbt project (default the pipeline's project)")
	flags.StringVar(&f.dbt.profilesDir, "profiles-dir", "", "`folder` of that project's profiles.yml")
	flags.StringVar(&f.dbt.profile, "profile", "", "`profile` to use instead of that project's")
	flags.BoolVar(&f.json, "json", false, "print JSON, for scripts")
	return cmd
}

func (a *app) doctor(cmd *cobra.Command, f *doctorFlags) error {
	a.hideSecrets()
	var o doctor.Options
	var target dbt.Target
	var err error
	if f.dbt.projectDir != "" {
		target, err = a.examineProject(f, &o)
	} else {
		target, err = a.examinePipeline(cmd, f, &o)
	}
	if err != nil {
		return err
	}
	o.Needs.Now = a.now
	findings := doctor.Examine(cmd.Context(), o)
	if f.json {
		err = a.printFindingsJSON(target, findings)
	} else {
		a.printFindings(target, findings)
	}
	if err == nil && doctor.Worst(findings) == warehouse.Failed {
		return errFailed
	}
	return err
}

// examinePipeline says what a run of the pipeline needs.
func (a *app) examinePipeline(cmd *cobra.Command, f *doctorFlags, o *doctor.Options) (dbt.Target, error) {
	c, err := readConfig()
	if err != nil {
		return dbt.Target{}, err
	}
	c = c.with(cmd, f.dir, f.dbt.target)
	d, err := c.pipelineNamed(clinicalTrials)
	if err != nil {
		return dbt.Target{}, err
	}
	tables, err := d.loadedTables()
	if err != nil {
		return dbt.Target{}, err
	}
	project, err := dbt.Load(a.projectOf(c, d))
	if err != nil {
		return dbt.Target{}, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	for _, table := range tables {
		o.Needs.Relations = append(o.Needs.Relations, warehouse.Relation{Schema: d.Schema, Name: table})
	}
	a.examineTarget(project, ".", c.Memory, o)
	o.Needs.Sessions = max(o.Needs.Sessions, len(tables)+1)
	o.Lake = c.layoutOf(d).Lake()
	return project.Target, nil
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
	a.examineTarget(i.project, i.dir, "", o)
	return i.project.Target, nil
}

// examineTarget says what a project needs of its target.
func (a *app) examineTarget(project *dbt.Project, base, memoryLimit string, o *doctor.Options) {
	target := project.Target
	open := a.opener(access{base: base, memoryLimit: memoryLimit})
	o.Open = func(ctx context.Context) (warehouse.Warehouse, error) { return open(ctx, target) }
	if target.Type == "duckdb" {
		o.File = duckdbPath(target, base)
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
	o.Needs.Sessions = project.Target.Threads + 1
}

// diagnosis is what doctor --json prints.
type diagnosis struct {
	Profile  string              `json:"profile"`
	Target   string              `json:"target"`
	Type     string              `json:"type"`
	Verdict  warehouse.Verdict   `json:"verdict"`
	Findings []warehouse.Finding `json:"findings"`
}

func (a *app) printFindingsJSON(target dbt.Target, findings []warehouse.Finding) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(diagnosis{
		Profile: target.Profile, Target: target.Name, Type: target.Type,
		Verdict: doctor.Worst(findings), Findings: findings,
	})
}

func (a *app) printFindings(target dbt.Target, findings []warehouse.Finding) {
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
