package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"apotheca/internal/pipeline"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgrestest"
)

// TestKilledProcessLeavesYesterdaysTables kills -9 the program in the middle
// of load and of build. The server goes on with its last statement for a
// while; the next run waits for that and completes.
func TestKilledProcessLeavesYesterdaysTables(t *testing.T) {
	t.Parallel()
	d := twoDays(t, server.Database(t))
	o := *d.place[0].postgres
	for stage, lock := range map[pipeline.Stage]string{
		pipeline.Load:  "lock table staging.study_sites in share mode",
		pipeline.Build: "lock table analytics.dim_site in access share mode",
	} {
		b := block(t, o, lock)
		child := d.place[1].childOf("run", clinicalTrials, "--from", "load", "--run-date", "2026-11-01")
		code, out, _ := b.during(t, func(context.Context) (int, string, string) {
			out, err := child.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Error(err)
			}
			return child.ProcessState.ExitCode(), string(out), ""
		}, func(context.Context, int64) {
			if err := child.Process.Kill(); err != nil {
				t.Error(err)
			}
		})
		b.release()
		if code != -1 {
			t.Errorf("%s: exit %d, want it killed\n%s", stage, code, out)
		}
		last := status(t, d.place[1].dir).LastRun
		if last.Status != pipeline.Interrupted || d.place[1].last(t) != stage {
			t.Errorf("killed in %s: the status is %s in %s", stage, last.Status, d.place[1].last(t))
		}
		if stage == pipeline.Load {
			d.holds(t, "after the kill in load", 0)
		}
		d.build(t, 1)
		d.holds(t, "the run after the kill in "+string(stage), 1)
		d.next()
	}
}

// TestServerKilledAnywhere kills the server at random moments of a run. Staging
// is then all of one day, every table of the star is of one day or the other,
// and the next run completes.
func TestServerKilledAnywhere(t *testing.T) {
	t.Parallel()
	own := postgrestest.Start(t)
	d := twoDays(t, own.Database(t))
	started := time.Now()
	d.build(t, 0)
	within := time.Since(started)
	seed := uint64(started.UnixNano())
	t.Logf("seed %d, kills within %s", seed, within)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 3 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			// What becomes of it depends on when the server goes.
			_, _, _ = d.place[1].run(t.Context(), "run", "--from", "load", "--run-date", "2026-11-01")
		}()
		time.Sleep(time.Duration(random.Int64N(int64(within)))) // not waiting for anything: the random point
		own.Kill()
		<-done
		own.Restart(t)
		got := d.place[1].tables(t, rawAndStar...)
		loadedDay := 0
		if slices.Equal(got["staging.loaded_extract"], d.want[1]["staging.loaded_extract"]) {
			loadedDay = 1
		}
		for table, want := range d.want[0] {
			switch {
			case strings.HasPrefix(table, "staging."):
				compareRows(t, "after the kill: "+table, d.want[loadedDay][table], got[table])
			case !slices.Equal(got[table], want) && !slices.Equal(got[table], d.want[1][table]):
				t.Errorf("after the kill %s is neither of one day nor of the other", table)
			}
		}
		d.build(t, 1)
		d.holds(t, "the run after the kill", 1)
		d.next()
	}
}

// TestReadersOfPostgresSeeOneDay reads all the time while days follow each
// other. Views over staging never go, a reader sees the staging tables of one
// load, for as long as its transaction lasts, and holds up no load.
func TestReadersOfPostgresSeeOneDay(t *testing.T) {
	t.Parallel()
	d := twoDays(t, server.Database(t))
	o := *d.place[0].postgres
	for _, statement := range []string{
		"create view analytics.mine as select count(*) as studies from staging.studies",
		"create index mine on staging.study_sites (country)",
		"create role reader_" + o.Database,
		"grant select on staging.studies to reader_" + o.Database,
	} {
		if err := execute(t.Context(), o, statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		_ = execute(context.Background(), o, "drop owned by reader_"+o.Database)
		_ = execute(context.Background(), o, "drop role reader_"+o.Database)
	})
	const counts = "select (select count(*) from staging.studies), (select count(*) from staging.study_sites)," +
		" (select studies from analytics.mine), (select count(*) from staging.stg_ctgov__study_sites)"
	days := []string{"", ""}
	for i, p := range []place{d.place[1], d.place[0]} {
		p.mustRun(t, "run", "--from", "load", "--run-date", "2026-11-01")
		days[1-i] = printed(p.fetch(t, counts))[0]
	}
	w := d.place[0].open(t)
	old, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if _, err := old.Exec(t.Context(), "begin isolation level repeatable read; select 1 from staging.quarantine"); err != nil {
		t.Fatal(err)
	}
	done, seen := make(chan struct{}), make(chan map[string]int)
	go func() {
		reads := map[string]int{}
		defer func() { seen <- reads }()
		for {
			select {
			case <-done:
				return
			default:
			}
			reads[printed(fetch(t, w, counts))[0]]++
			fetch(t, w, "select count(*) from analytics.dim_study inner join analytics.fact_study_site using (study_key)")
		}
	}()
	d.place[1].mustRun(t, "load")
	found, err := warehouse.Fetch(t.Context(), old, 1, counts)
	if err != nil {
		t.Fatal(err)
	}
	if got := printed(found.Rows)[0]; got != days[0] {
		t.Errorf("a transaction from before the load sees %s, want %s", got, days[0])
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	d.place[1].mustRun(t, "build", "--run-date", "2026-11-01")
	close(done)
	reads := <-seen
	for counted := range reads {
		if counted != days[0] && counted != days[1] {
			t.Errorf("a reader saw %s, which is neither %s nor %s", counted, days[0], days[1])
		}
	}
	if reads[days[0]] == 0 || reads[days[1]] == 0 || days[0] == days[1] {
		t.Errorf("the readers did not see both days: %v", reads)
	}
	kept := d.place[1].fetch(t, "select has_table_privilege('reader_"+o.Database+"', 'staging.studies', 'select'), to_regclass('staging.mine') is not null")
	if kept[0][0] != true || kept[0][1] != true {
		t.Errorf("grant and index after the load: %v", kept)
	}
}
