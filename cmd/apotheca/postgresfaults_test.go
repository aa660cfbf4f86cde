package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"apotheca/internal/registry"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
)

// days are two data folders over one database: what one has loaded and built
// is yesterday's to a run of the other.
type days struct {
	place [2]place
	want  [2]map[string][]string
}

var rawAndStar = []string{"staging", "reference", "analytics"}

// twoDays makes them; the database holds what the first one built.
func twoDays(t *testing.T, o postgres.Options) *days {
	t.Helper()
	r, url := serve(t, registry.Options{Count: 150})
	d := &days{}
	for i := range d.place {
		d.place[i] = place{dir: t.TempDir(), postgres: &o}
		d.place[i].mustRun(t, "extract", "--base-url", url, "--rate", "0")
		d.place[i].mustRun(t, "compact")
		if err := r.Rebuild(registry.Edit{Changed: 30, Removed: 10, Added: 25}); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range []int{1, 0} {
		d.build(t, i)
		d.want[i] = d.place[i].tables(t, rawAndStar...)
	}
	return d
}

func (d *days) build(t *testing.T, i int) {
	t.Helper()
	d.place[i].mustRun(t, "run", "--from", "load", "--run-date", "2026-11-01")
}

// next exchanges the days.
func (d *days) next() {
	d.place[0], d.place[1] = d.place[1], d.place[0]
	d.want[0], d.want[1] = d.want[1], d.want[0]
}

// holds checks that the database holds a day, and nothing else.
func (d *days) holds(t *testing.T, what string, i int, only ...string) {
	t.Helper()
	got := d.place[i].tables(t, rawAndStar...)
	for table, want := range d.want[i] {
		if len(only) > 0 && !strings.HasPrefix(table, only[0]) {
			continue
		}
		compareRows(t, what+": "+table, want, got[table])
	}
	for table := range got {
		if _, known := d.want[i][table]; !known && !strings.HasSuffix(table, loadSuffix) {
			t.Errorf("%s: %s was left", what, table)
		}
	}
}

// loadSuffix ends the names of tables that a load that died leaves.
const loadSuffix = "__load"

// TestFaultsOfTheServerLeaveYesterdaysTables stops runs where they would make
// something visible: each waits there for a lock that the test holds.
func TestFaultsOfTheServerLeaveYesterdaysTables(t *testing.T) {
	t.Parallel()
	own := postgrestest.Start(t)
	d := twoDays(t, own.Database(t))
	o := *d.place[0].postgres

	const loading, building = "lock table staging.study_sites in share mode", "lock table analytics.dim_site in access share mode"
	kill := func(context.Context, int64) { own.Kill() }
	signal := func(function string) func(context.Context, int64) {
		return func(ctx context.Context, pid int64) {
			if err := execute(ctx, o, fmt.Sprintf("select %s(%d)", function, pid)); err != nil {
				t.Error(err)
			}
		}
	}
	wait := func(context.Context, int64) {} // the server itself will act
	for _, fault := range []struct {
		name, hold, setting, want string
		strike                    func(ctx context.Context, pid int64)
	}{
		{"kill -9 of the server in load", loading, "", `load: .*connection`, kill},
		{"kill -9 of the server in build", building, "", `build: .*connection`, kill},
		{"a cancelled statement in load", loading, "", `load: .*canceling statement due to user request`, signal("pg_cancel_backend")},
		{"a cancelled statement in build", building, "", `build: .*dim_site: .*canceling statement due to user request`, signal("pg_cancel_backend")},
		{"an ended session in load", loading, "", `load: .*terminating connection`, signal("pg_terminate_backend")},
		{"an ended session in build", building, "", `build: .*dim_site: .*terminating connection`, signal("pg_terminate_backend")},
		{"a lock held in load", loading, "lock_timeout = '300ms'", `load: .*canceling statement due to lock timeout`, wait},
		{"a lock held by a reader in build", building, "lock_timeout = '300ms'", `build: .*dim_site: .*canceling statement due to lock timeout`, wait},
		{"a statement timeout in load", loading, "statement_timeout = '2s'", `load: .*canceling statement due to statement timeout`, wait},
		{"a statement timeout in build", building, "statement_timeout = '2s'", `build: .*canceling statement due to statement timeout`, wait},
	} {
		b := block(t, o, fault.hold)
		if fault.setting != "" {
			b.exec(t, "alter database "+o.Database+" set "+fault.setting)
		}
		code, out, errs := b.during(t, func(ctx context.Context) (int, string, string) {
			return d.place[1].run(ctx, "run", "--from", "load", "--run-date", "2026-11-01")
		}, fault.strike)
		b.release()
		own.Restart(t) // if it was killed
		if fault.setting != "" {
			if err := execute(t.Context(), o, "alter database "+o.Database+" reset all"); err != nil {
				t.Fatal(err)
			}
		}
		if code != exitFailed || strings.Contains(out, "\nGREEN") {
			t.Errorf("%s: exit %d\n%s\n%s", fault.name, code, out, errs)
		}
		contains(t, errs, `(?s)^error: `+fault.want)
		if fault.hold == loading {
			d.holds(t, "after "+fault.name, 0)
		} else {
			d.holds(t, "after "+fault.name, 1, "staging.study_")
		}
		d.build(t, 1)
		d.holds(t, "the run after "+fault.name, 1)
		d.next()
	}
}

// blocker is a session in whose way a run will come.
type blocker struct {
	conn     warehouse.Conn // holds the lock
	observer warehouse.Conn
}

func block(t *testing.T, o postgres.Options, lock string) *blocker {
	t.Helper()
	o.ApplicationName = "blocker"
	w, err := postgres.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b := &blocker{}
	for _, conn := range []*warehouse.Conn{&b.conn, &b.observer} {
		if *conn, err = w.Conn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.conn.Exec(t.Context(), "begin; "+lock); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *blocker) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := b.observer.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// release is of a server that may be gone.
func (b *blocker) release() {
	_ = b.conn.Close()
	_ = b.observer.Close()
}

// during strikes when work waits for the lock, and returns what became of it.
func (b *blocker) during(t *testing.T, work func(context.Context) (int, string, string), strike func(ctx context.Context, pid int64)) (code int, out, errs string) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		code, out, errs = work(t.Context())
	}()
	if pid := b.waiting(t, done); pid != 0 {
		strike(t.Context(), pid)
	}
	<-done
	return code, out, errs
}

// waiting is the server's process that waits for the blocker, 0 when the work
// is done without having waited.
func (b *blocker) waiting(t *testing.T, done <-chan struct{}) int64 {
	t.Helper()
	for {
		found, err := warehouse.Fetch(t.Context(), b.observer, 1,
			"select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and application_name = 'apotheca'")
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Rows) > 0 {
			return found.Rows[0][0].(int64)
		}
		select {
		case <-done:
			t.Error("nothing waited for the lock")
			return 0
		case <-time.After(5 * time.Millisecond):
		}
	}
}
