package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"apotheca/internal/csvfile"
	"apotheca/internal/dbt"
	"apotheca/internal/pipeline"
	"apotheca/internal/warehouse"
)

// Pipeline is a declared pipeline that is to be run.
type Pipeline struct {
	Layout pipeline.Layout
	Stages []pipeline.Stage
	Target string // of profiles.yml
	Schema string // that its load fills
	Loads  []string
	Answer string
	Files  []Files // empty for a registry
	// Project is its dbt project; nil where it cannot be read, for Problem.
	Project *dbt.Project
	Problem error
}

// Files are those of one table.
type Files struct {
	Table *csvfile.Table
	Paths []string
	// Problem is why there are none.
	Problem error
}

// before are the checks that need no warehouse.
func (p *Pipeline) before() []warehouse.Finding {
	var findings []warehouse.Finding
	for _, f := range p.Files {
		findings = append(findings, f.examine())
	}
	findings = append(findings, p.project())
	if p.Project != nil {
		findings = append(findings, p.personal()...)
	}
	return findings
}

// examine looks for the files of a table, and for its columns in their headers.
func (f Files) examine() warehouse.Finding {
	check := "files of " + f.Table.Name
	if f.Problem != nil {
		return failed(check, f.Problem)
	}
	if len(f.Paths) == 0 {
		return warehouse.Finding{Check: check, Verdict: warehouse.Warning, Found: "none is named in pipeline.yml",
			Hint: fmt.Sprintf("`file:` in pipeline.yml, or --%s FILE with the run and here", f.Table.Name)}
	}
	var problems []string
	var hint string
	var bytes int64
	for _, path := range f.Paths {
		info, err := os.Stat(path)
		if err == nil {
			bytes += info.Size()
			err = pipeline.CheckHeader(path, f.Table)
		}
		if err != nil {
			found := failed(check, err)
			problems, hint = append(problems, found.Found), found.Hint
		}
	}
	if len(problems) > 0 {
		return warehouse.Finding{Check: check, Verdict: warehouse.Failed, Found: strings.Join(problems, "\n"), Hint: hint}
	}
	found := fmt.Sprintf("%s, %s; the header has every declared column", f.Paths[0], pipeline.Size(bytes))
	if n := len(f.Paths); n > 1 {
		found = fmt.Sprintf("%s and %d more, %s; the headers have every declared column", f.Paths[0], n-1, pipeline.Size(bytes))
	}
	return warehouse.Finding{Check: check, Verdict: warehouse.OK, Found: found}
}

func (p *Pipeline) project() warehouse.Finding {
	const check = "dbt project"
	if p.Problem != nil {
		return failed(check, p.Problem)
	}
	if _, err := pipeline.AnswerModel(p.Project, p.Answer); err != nil {
		return failed(check, err)
	}
	count := map[dbt.ResourceType]int{}
	for _, n := range p.Project.Nodes {
		count[n.ResourceType]++
	}
	return warehouse.Finding{Check: check, Verdict: warehouse.OK, Found: fmt.Sprintf("%s is read: models %d, data tests %d, unit tests %d, sources %d",
		p.Project.Name, count[dbt.Model], count[dbt.DataTest], len(p.Project.UnitTests), len(p.Project.Sources))}
}

// personal compares what the declaration marks as personal data with what the
// models are held to.
func (p *Pipeline) personal() []warehouse.Finding {
	const check = "personal data"
	var marked, unmarked []string
	for _, f := range p.Files {
		for _, c := range f.Table.Columns {
			if !c.PII {
				continue
			}
			marked = append(marked, f.Table.Name+"."+c.Name)
			if personal, known := p.Project.IsPersonal(p.Schema, f.Table.Name, c.Name); known && !personal {
				unmarked = append(unmarked, f.Table.Name+"."+c.Name)
			}
		}
	}
	switch {
	case len(marked) == 0:
		return nil
	case !p.Project.GuardsPersonalData():
		return []warehouse.Finding{{Check: check, Verdict: warehouse.Warning,
			Found: "pipeline.yml marks " + strings.Join(marked, ", ") + ", and any model may have them",
			Hint:  "`+meta: {pii: refused}` at the models in dbt_project.yml, and `meta: {pii: allowed}` where they may be"}}
	case len(unmarked) > 0:
		return []warehouse.Finding{{Check: check, Verdict: warehouse.Warning,
			Found: "pipeline.yml marks " + strings.Join(unmarked, ", ") + ", and the sources of the dbt project do not: models are not held to it",
			Hint:  "`config: {meta: {pii: true}}` at the columns of the sources"}}
	}
	return []warehouse.Finding{{Check: check, Verdict: warehouse.OK,
		Found: strings.Join(marked, ", ") + ": marked for the load and for the models"}}
}

// schema says whose the schema of the load is.
func (p *Pipeline) schema(ctx context.Context, w warehouse.Warehouse) (_ warehouse.Finding, err error) {
	conn, err := w.Conn(ctx)
	if err != nil {
		return warehouse.Finding{}, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	holds, err := pipeline.ExamineSchema(ctx, conn, w.Dialect(), p.Schema, p.Layout.Pipeline, p.Loads)
	switch {
	case err != nil:
		return warehouse.Finding{}, err
	case holds == nil:
		return warehouse.Finding{Check: "load", Verdict: warehouse.OK, Found: "nothing is loaded into " + p.Schema + " yet"}, nil
	}
	return warehouse.Finding{Check: "load", Verdict: warehouse.OK,
		Found: fmt.Sprintf("%s holds extract %s, data of %s", p.Schema, holds.ExtractID, holds.DataTimestamp)}, nil
}

// lastRun says how the last one ended.
func (p *Pipeline) lastRun() warehouse.Finding {
	const check = "last run"
	s, err := pipeline.ReadStatus(p.Layout, p.Stages, p.Target)
	switch {
	case err != nil:
		return failed(check, err)
	case s.LastRun == nil:
		return warehouse.Finding{Check: check, Verdict: warehouse.OK, Found: "there was none"}
	}
	found := fmt.Sprintf("%s, run date %s: %s", s.LastRun.RunID, s.LastRun.RunDate, s.LastRun.Status)
	if slices.Contains([]pipeline.Status{pipeline.Success, pipeline.Running}, s.LastRun.Status) {
		return warehouse.Finding{Check: check, Verdict: warehouse.OK, Found: found}
	}
	return warehouse.Finding{Check: check, Verdict: warehouse.Warning, Found: found + "\n" + s.LastRun.Error, Hint: s.Next}
}
