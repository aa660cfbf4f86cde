package pipeline

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/flatten"
	"apotheca/internal/lake"
	"apotheca/internal/warehouse"
)

// load replaces the tables of the source by the newest loadable extract.
func (r *run) load(ctx context.Context, s *StageRecord) error {
	snapshot, err := r.loadable()
	if err != nil {
		return err
	}
	if err := r.lake.Verify(snapshot); err != nil {
		return &OrderError{
			Problem: fmt.Sprintf("extract %s: %v", snapshot.ID, err),
			Command: r.Layout.Command(r.Reads) + " reads it again",
		}
	}
	project, err := r.project()
	if err != nil {
		return err
	}
	if err := r.enterWarehouse(ctx, project); err != nil {
		return err
	}
	s.Extract = snapshot.ID
	return r.Source.load(ctx, r, snapshot, s)
}

// countTables counts the rows of all tables and of each.
func (s *StageRecord) countTables(tables []LoadedTable) {
	s.Counts["tables"] = int64(len(tables))
	for _, t := range tables {
		s.Counts["rows"] += t.Rows
		s.Counts["rows."+t.Name] = t.Rows
	}
}

// loadable is the newest extract that is complete, compacted and verified,
// unless a newer one waits for being so: loading the older one would then pass
// yesterday's data off as today's.
func (r *run) loadable() (lake.Snapshot, error) {
	newest, err := r.lake.Newest()
	if errors.Is(err, lake.ErrNoSnapshot) {
		return newest, &OrderError{
			Problem: "the lake is empty",
			Command: r.Layout.Command(r.Reads),
		}
	}
	if err != nil {
		return newest, err
	}
	if newest.Loadable() {
		return newest, nil
	}
	command := r.Layout.Command(r.Reads)
	if newest.State == lake.Success {
		command = r.Layout.Command("--from", string(Compact))
	}
	problem := fmt.Sprintf("extract %s is not complete and compacted (%s after page %d)", newest.ID, newest.State, newest.Pages)
	if !slices.Contains(r.Source.Stages(), Compact) {
		problem = fmt.Sprintf("extract %s is not complete (%s)", newest.ID, newest.State)
	}
	return newest, &OrderError{Problem: problem, Command: command}
}

// loaded makes sure that staging holds the extract: a certificate must not
// compare an extract with the rows of another.
func (r *run) loaded(ctx context.Context, snapshot lake.Snapshot) error {
	conn, err := r.warehouse.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	want, in := r.Source.content(r, snapshot), r.Source.SchemaName()
	holds, err := readContent(ctx, conn, r.warehouse.Dialect(), in)
	if err == nil && holds != nil {
		err = holds.ownedBy(want.Pipeline, in)
	}
	switch {
	case err != nil:
		return fmt.Errorf("ask what %s holds: %w", in, err)
	case holds == nil:
		return r.loadFirst(fmt.Sprintf("extract %s was not loaded", want.ExtractID))
	case holds.Digest == want.Digest:
		return nil
	case holds.Source != want.Source:
		return r.loadFirst(fmt.Sprintf("%s holds extract %s of %s, and the lake has %s of %s",
			in, holds.ExtractID, holds.Source, want.ExtractID, want.Source))
	default:
		return r.loadFirst(fmt.Sprintf("%s holds extract %s of the data of %s, and the lake has %s of %s",
			in, holds.ExtractID, holds.DataTimestamp, want.ExtractID, want.DataTimestamp))
	}
}

func (r *run) loadFirst(problem string) error {
	return &OrderError{Problem: problem, Command: r.Layout.Command("--from", string(Load))}
}

// project reads the dbt project for this run's day. An answer that it does not
// have is told before anything is loaded.
func (r *run) project() (*dbt.Project, error) {
	project, err := dbt.Load(dbt.Options{
		FS: r.Project, Dir: r.ProjectLabel, Target: r.Target,
		Vars: map[string]any{"run_date": r.RunDate},
		Env:  r.Layout.Env(r.Env), FullRefresh: r.FullRefresh, Threads: r.Threads, Command: string(build.Build),
		Now: r.record.StartedAt, InvocationID: rand.Text(),
		Log: func(event, message string) {
			if event == "JinjaLogInfo" {
				r.Reporter.Note(Build, message)
			}
		},
		Warn: func(message string) error { r.Reporter.Note(Build, "Warning: "+message); return nil },
	})
	if err != nil {
		return nil, err
	}
	_, err = AnswerModel(project, r.Answer)
	return project, err
}

// build runs the dbt project and counts what the certificate certifies.
func (r *run) build(ctx context.Context, s *StageRecord) error {
	snapshot, err := r.loadable()
	if err != nil {
		return err
	}
	s.Extract = snapshot.ID
	project, err := r.project()
	if err != nil {
		return err
	}
	for _, w := range project.Warnings {
		r.Reporter.Note(Build, "warning: "+w.Error())
	}
	ids, err := project.Select(dbt.Selection{})
	if err != nil {
		return err
	}
	if err := r.enterWarehouse(ctx, project); err != nil {
		return err
	}
	if err := r.loaded(ctx, snapshot); err != nil {
		return err
	}
	results, err := build.Run(ctx, build.Options{
		Project: project, Warehouse: r.warehouse, Command: build.Build, IDs: ids,
		Threads: project.Target.Threads, FullRefresh: r.FullRefresh,
		TargetDir: r.Layout.Target(), Report: r.Reporter.Node, Now: r.Now,
	})
	if err != nil {
		return err
	}
	if err := stillOurs(ctx, r.lock); err != nil {
		return err
	}
	certificate, err := r.certify(ctx, snapshot, project, results)
	if err != nil {
		return fmt.Errorf("count what is in the warehouse: %w", err)
	}
	r.record.Certificate = certificate
	t := certificate.Tests
	s.Counts = map[string]int64{
		"models": modelsBuilt(results), "passed": int64(t.Passed), "warned": int64(t.Warned),
		"failed": int64(t.Failed), "skipped": int64(t.Skipped),
	}
	return failures(results)
}

func modelsBuilt(results *build.Results) int64 {
	var n int64
	for _, result := range results.All {
		if result.Type() == dbt.Model && result.Status == build.Success {
			n++
		}
	}
	return n
}

// failures says in one error what failed; the findings carry the rest.
func failures(results *build.Results) error {
	if !results.Failed() {
		return nil
	}
	for _, result := range results.All {
		if result.Failed() {
			return fmt.Errorf("%d failed and %d skipped, the first: %s: %s",
				results.Count(build.Error)+results.Count(build.Fail), results.Count(build.Skipped),
				result.Name(), result.Message)
		}
	}
	return fmt.Errorf("%d nodes did not run: %w", results.Count(build.Skipped), results.Stopped)
}

// counting is what a certificate is drawn up from.
type counting struct {
	tableCounter
	snapshot lake.Snapshot
	project  *dbt.Project
}

// certify counts, in the warehouse and in the lake, what must be equal.
func (r *run) certify(ctx context.Context, snapshot lake.Snapshot, project *dbt.Project, results *build.Results) (*Certificate, error) {
	conn, err := r.warehouse.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	c := &Certificate{DataTimestamp: snapshot.DataTimestamp}
	counted := &counting{snapshot: snapshot, project: project,
		tableCounter: tableCounter{conn: conn, dialect: r.warehouse.Dialect(), certificate: c}}
	for _, s := range sortedSources(project) {
		counted.add(ctx, s.Schema, s.Identifier)
	}
	for _, n := range sortedModels(project) {
		counted.add(ctx, n.Schema, n.Alias)
	}
	if counted.err != nil {
		return nil, counted.err
	}
	if err := r.Source.certify(ctx, r, counted); err != nil {
		return nil, err
	}
	c.settle()
	c.judge(results, r.Private)
	c.Tests.Orphaned = len(project.Orphans)
	r.record.Answer, err = r.answer(ctx, conn, project, results)
	return c, err
}

// quarantine reads columns of the first records that were rejected.
func (c *counting) quarantine(ctx context.Context, in, columns string) (first [][]any, err error) {
	relation := c.dialect.QuoteRelation(warehouse.Relation{Schema: in, Name: flatten.Quarantine})
	if c.certificate.Quarantined, err = count(ctx, c.conn, "select count(*) from "+relation); err != nil || c.certificate.Quarantined == 0 {
		return nil, err
	}
	found, err := warehouse.Fetch(ctx, c.conn, sampleMax, "select "+columns+" from "+relation+" order by 1, 2, 3")
	return found.Rows, err
}

type tableCounter struct {
	conn        warehouse.Conn
	dialect     warehouse.Dialect
	certificate *Certificate
	err         error
}

// add counts a table; one that is not there is not counted, and a line that
// needs it does not balance.
func (t *tableCounter) add(ctx context.Context, schema, table string) {
	if t.err != nil {
		return
	}
	relation := warehouse.Relation{Schema: schema, Name: table}
	found, err := warehouse.Fetch(ctx, t.conn, 1,
		"select 1 from information_schema.tables where table_schema = "+t.dialect.Placeholder(1)+
			" and table_name = "+t.dialect.Placeholder(2), schema, table)
	if err != nil || len(found.Rows) == 0 {
		t.err = err
		return
	}
	result, err := warehouse.Fetch(ctx, t.conn, 1, "select count(*) from "+t.dialect.QuoteRelation(relation))
	if err != nil {
		t.err = err
		return
	}
	rows, _ := result.Rows[0][0].(int64)
	t.certificate.Tables = append(t.certificate.Tables, TableCount{Schema: schema, Table: table, Rows: rows})
}

// rows is a count taken before.
func (t *tableCounter) rows(schema, table string) int64 {
	i := slices.IndexFunc(t.certificate.Tables, func(c TableCount) bool { return c.Schema == schema && c.Table == table })
	if i < 0 {
		return NotThere
	}
	return t.certificate.Tables[i].Rows
}

func sortedSources(p *dbt.Project) []*dbt.Source {
	return sortedBy(p.Sources, func(*dbt.Source) bool { return true }, func(s *dbt.Source) string { return s.UniqueID })
}

// sortedModels are the models that hold rows.
func sortedModels(p *dbt.Project) []*dbt.Node {
	return sortedBy(p.Nodes, func(n *dbt.Node) bool {
		return n.ResourceType == dbt.Model && n.Config.Materialized() != "view" && !n.IsEphemeral()
	}, func(n *dbt.Node) string { return n.UniqueID })
}

func sortedBy[T any](all map[string]T, keep func(T) bool, key func(T) string) []T {
	var kept []T
	for _, value := range all {
		if keep(value) {
			kept = append(kept, value)
		}
	}
	slices.SortFunc(kept, func(a, b T) int {
		if key(a) < key(b) {
			return -1
		}
		return 1
	})
	return kept
}

// sampleMax is how many records a finding names.
const sampleMax = 10

// judge takes the tests' outcomes over, and everything that is not green.
func (c *Certificate) judge(results *build.Results, private bool) {
	for _, result := range results.All {
		isTest := result.Type() == dbt.DataTest || result.Type() == dbt.UnitTestResource
		switch result.Status {
		case build.Pass:
			c.Tests.Passed++
		case build.Warn:
			c.Tests.Warned++
			c.Warnings = append(c.Warnings, finding(result, private))
		case build.Fail, build.Error:
			if isTest {
				c.Tests.Failed++
			}
			c.Failures = append(c.Failures, finding(result, private))
		case build.Skipped:
			if isTest {
				c.Tests.Skipped++
			}
		}
	}
}

// finding names what a test found by the first column of its rows: tests of
// the built-in projects put the NCT number there. Where there are personal data
// it names nothing.
func finding(result *build.Result, private bool) Finding {
	f := Finding{Test: result.Name(), Message: result.Message}
	if result.Failures != nil {
		f.Rows = *result.Failures
	}
	for _, row := range result.Sample.Rows {
		if private || len(row) == 0 || len(f.Sample) == sampleMax {
			break
		}
		if name := warehouse.Text(row[0]); !slices.Contains(f.Sample, name) {
			f.Sample = append(f.Sample, name)
		}
	}
	return f
}
