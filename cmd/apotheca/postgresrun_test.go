package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"apotheca/internal/pipeline"
	"apotheca/internal/registry"
	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
)

// loaded is a place whose lake is in its database.
func loaded(t *testing.T, o postgres.Options, seed uint64) place {
	t.Helper()
	_, url := serve(t, registry.Options{Count: 60, Seed: seed})
	p := place{dir: t.TempDir(), postgres: &o}
	p.mustRun(t, "extract", "--base-url", url, "--rate", "0")
	p.mustRun(t, "compact")
	p.mustRun(t, "load")
	return p
}

// TestSecondRunOnADatabaseNamesTheFirst: from another folder, as from another
// machine; and so does a dbt command.
func TestSecondRunOnADatabaseNamesTheFirst(t *testing.T) {
	t.Parallel()
	o := server.Database(t)
	first, second := loaded(t, o, 1), loaded(t, o, 2)
	b := block(t, o, "lock table staging.study_sites in share mode")
	code, out, errs := b.during(t, func(ctx context.Context) (int, string, string) { return first.run(ctx, "load") },
		func(ctx context.Context, _ int64) {
			defer b.release()
			holder := fmt.Sprintf(`(?s)schema \w+ is written by apotheca \d{8}T\d{6}Z-\w+, pid %d on .*, since \d{4}-.* UTC\nhint: wait until it has ended`, os.Getpid())
			for _, command := range []string{"load", "build"} {
				code, _, errs := second.run(ctx, command)
				if code != exitFailed {
					t.Errorf("%s of the second: exit %d, want %d", command, code, exitFailed)
				}
				contains(t, errs, holder)
			}
			var dbtOut, dbtErrs strings.Builder
			a := second.app(&dbtOut, &dbtErrs)
			code := a.run(ctx, []string{"dbt", "seed", "--project-dir", "../../projects/clinical_trials", "--target", "postgres", "--target-path", t.TempDir()})
			if code != exitFailed {
				t.Errorf("dbt seed: exit %d, want %d\n%s", code, exitFailed, &dbtOut)
			}
			contains(t, dbtErrs.String(), holder)
		})
	if code != exitOK {
		t.Errorf("the first: exit %d\n%s\n%s", code, out, errs)
	}
}

// TestBuildRefusesStagingOfAnotherExtract: what staging holds is asked of the
// database; the folder's own records do not know who came after.
func TestBuildRefusesStagingOfAnotherExtract(t *testing.T) {
	t.Parallel()
	o := server.Database(t)
	first, second := loaded(t, o, 1), loaded(t, o, 2)
	code, _, errs := first.run(t.Context(), "build")
	if code != exitFailed {
		t.Errorf("build over the staging of another folder: exit %d, want %d", code, exitFailed)
	}
	contains(t, errs, `(?m)^error: build: staging holds extract 000001 of http://\S+, and the lake has 000001 of http://\S+$`)
	contains(t, errs, `(?m)^hint: apotheca run clinical-trials --dir \S+ --target postgres --from load$`)
	second.mustRun(t, "build")
	fresh := place{dir: t.TempDir(), postgres: &o}
	_, _, errs = fresh.run(t.Context(), "build")
	contains(t, errs, `the lake is empty`)
	first.mustRun(t, "load")
	first.mustRun(t, "build")
}

// TestRoleWithoutRights: what it may not do is said with the grant that is
// missing, and in schemas that it was given it needs no more.
func TestRoleWithoutRights(t *testing.T) {
	t.Parallel()
	o := server.Database(t)
	p := loaded(t, o, 1)
	p.mustRun(t, "build", "--run-date", "2026-11-01")
	before := p.tables(t, rawAndStar...)
	role := "limited_" + o.Database
	superuser := o
	sql := func(statement string) {
		t.Helper()
		if err := execute(t.Context(), superuser, statement); err != nil {
			t.Fatal(err)
		}
	}
	sql("create role " + role + " login")
	t.Cleanup(func() {
		_ = execute(context.Background(), superuser, "drop owned by "+role)
		_ = execute(context.Background(), superuser, "drop role "+role)
	})
	limited := p
	limited.postgres = &postgres.Options{Host: o.Host, Port: o.Port, User: role, Database: o.Database}
	code, _, errs := limited.run(t.Context(), "run", "--from", "load", "--run-date", "2026-11-01")
	if code != exitFailed {
		t.Errorf("a role without rights: exit %d, want %d", code, exitFailed)
	}
	contains(t, errs, `(?s)^error: load: .*permission denied for (schema|database) .*hint: .*grant .* to "?`+role)
	compareStars(t, "after the run without rights", before, p.tables(t, "analytics"))

	sql("drop schema staging cascade; drop schema analytics cascade; drop schema reference cascade")
	code, _, errs = limited.run(t.Context(), "run", "--from", "load", "--run-date", "2026-11-01")
	if code != exitFailed {
		t.Errorf("a role that may not create schemas: exit %d, want %d", code, exitFailed)
	}
	contains(t, errs, `(?s)^error: load: .*create schema staging: permission denied for database .*hint: .*grant create on database .* to "?`+role)
	for _, schema := range rawAndStar {
		sql("create schema " + schema + " authorization " + role)
	}
	limited.mustRun(t, "run", "--from", "load", "--run-date", "2026-11-01")
	compareStars(t, "with schemas of its own", before, p.tables(t, "analytics"))
}

// TestFullDisk puts a database on a small file system of its own and fills it.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=160m,mode=0777"); err != nil {
		t.Skipf("a disk that can be filled needs the right to mount one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	own := postgrestest.Start(t)
	t.Cleanup(own.Stop) // before the disk goes
	// The server's user must reach the folder through its parents.
	for dir := disk; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	small := filepath.Join(disk, "small")
	if err := os.Mkdir(small, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := chownLike(small, own.Options().Host); err != nil {
		t.Fatal(err)
	}
	o := own.Options()
	for _, statement := range []string{"create tablespace small location '" + small + "'", "create database small tablespace small"} {
		if err := execute(t.Context(), o, statement); err != nil {
			t.Fatal(err)
		}
	}
	o.Database = "small"
	d := twoDays(t, o)
	for _, left := range []int64{0, 3 << 20} {
		full := fill(t, disk, left)
		code, out, errs := d.place[1].run(t.Context(), "run", "--from", "load", "--run-date", "2026-11-01")
		if err := os.Remove(full); err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("a disk with %d bytes left", left)
		if code != exitFailed {
			t.Errorf("%s: exit %d\n%s\n%s", what, code, out, errs)
		}
		contains(t, errs, `(?s)^error: (load|build): .*No space left on device`)
		if d.place[1].last(t) == pipeline.Load {
			d.holds(t, "after "+what, 0)
		}
		d.build(t, 1)
		d.holds(t, "the run after "+what, 1)
		d.next()
	}
}

// last is the stage in which the last run stopped.
func (p place) last(t *testing.T) pipeline.Stage {
	t.Helper()
	stages := status(t, p.dir).LastRun.Stages
	return stages[len(stages)-1].Name
}

func chownLike(path, model string) error {
	info, err := os.Stat(model)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}

// fill leaves so many bytes of a file system free.
func fill(t *testing.T, dir string, left int64) string {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Fallocate(int(file.Fd()), 0, 0, max(int64(fs.Bavail)*fs.Bsize-left, 1)); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}
