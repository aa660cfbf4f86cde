package duckdb_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/warehouse/duckdb"
)

func TestOtherDatabasesAreAttached(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := open(t, duckdb.Options{
		Path:       filepath.Join(dir, "own.file.duckdb"),
		Extensions: []duckdb.Extension{{Name: "json"}},
		Attach: []duckdb.Attachment{
			{Path: filepath.Join(dir, "o'ther.duckdb"), Alias: "Other one", Type: "duckdb", Options: []duckdb.Setting{{Name: "row_group_size", Value: int64(4096)}}},
			{Path: ":memory:", Alias: "mem"},
		},
	})
	fetch(t, w, `create schema "Other one".s; create table "Other one".s.t as select 1 as i; select 1`)
	got := fetch(t, w, "select database_name from duckdb_databases() where not internal and database_name <> 'memory' order by all").Rows
	if diff := cmp.Diff([][]any{{"Other one"}, {"mem"}, {"own"}}, got); diff != "" {
		t.Errorf("databases (-want +got):\n%s", diff)
	}
	if got := fetch(t, w, "select current_database()").Rows[0][0]; got != "own" {
		t.Errorf("sessions begin in %v, want the file", got)
	}
}

func TestAttachedForReadingOnly(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "other.duckdb")
	first, err := duckdb.Open(t.Context(), duckdb.Options{Path: file})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	w := open(t, duckdb.Options{Attach: []duckdb.Attachment{{Path: file, ReadOnly: true}}})
	conn, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Exec(t.Context(), "create table other.t (i integer)"); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("create in a database for reading only: %v", err)
	}
}

func TestSettingsOfEverySession(t *testing.T) {
	t.Parallel()
	w := open(t, duckdb.Options{
		Config:   []duckdb.Setting{{Name: "default_null_order", Value: "nulls_first"}},
		Settings: []duckdb.Setting{{Name: "TimeZone", Value: "Asia/Tokyo"}, {Name: "default_order", Value: "desc"}},
	})
	for range 2 {
		got := fetch(t, w, "select current_setting('TimeZone'), current_setting('default_order'), current_setting('default_null_order')").Rows[0]
		if diff := cmp.Diff([]any{"Asia/Tokyo", "DESC", "NULLS_FIRST"}, got); diff != "" {
			t.Errorf("settings (-want +got):\n%s", diff)
		}
	}
}

func TestWhatCannotBeSet(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]duckdb.Options{
		"set thread":                        {Settings: []duckdb.Setting{{Name: "thread", Value: "x"}}},
		"is no name":                        {Settings: []duckdb.Setting{{Name: "a = 1; drop", Value: "x"}}},
		"no_such_thing":                     {Config: []duckdb.Setting{{Name: "no_such_thing", Value: "1"}}},
		"create secret key of type nothing": {Secrets: []duckdb.Secret{{Name: "key", Type: "nothing", Parameters: []duckdb.Setting{{Name: "password", Value: "hunter2"}}}}},
		"open warehouse lost":               {Attach: []duckdb.Attachment{{Path: "/no/such/folder/x.duckdb", Alias: "lost"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := duckdb.Open(t.Context(), o)
			if err == nil {
				_, err = w.Conn(t.Context())
				t.Cleanup(func() { w.Close() })
			}
			if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v, want one with %q and without the password", err, name)
			}
		})
	}
}

func TestSecretsAreKept(t *testing.T) {
	t.Parallel()
	w := open(t, duckdb.Options{Secrets: []duckdb.Secret{{
		Name: "web", Type: "http", Scope: []string{"https://gateway.example.org"},
		Parameters: []duckdb.Setting{
			{Name: "bearer_token", Value: "it's"},
			{Name: "extra_http_headers", Value: []duckdb.Setting{{Name: "X-A", Value: "b"}}},
		},
	}}})
	got := fetch(t, w, "select name, type, scope from duckdb_secrets()").Rows
	if len(got) != 1 || got[0][0] != "web" || got[0][1] != "http" {
		t.Errorf("secrets %v", got)
	}
}
