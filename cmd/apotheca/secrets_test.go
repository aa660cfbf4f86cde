package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"apotheca/internal/warehouse"
)

// TestPasswordsAreWrittenNowhere looks for the password in everything that
// green and failed commands print and write, by each way to give it.
func TestPasswordsAreWrittenNowhere(t *testing.T) {
	t.Parallel()
	const password = `hu5h "it's" s3cret`
	o := server.Database(t)
	o.Host, o.Port = server.Address().Host, server.Address().Port
	role := "keeper_of_" + o.Database
	if err := execute(t.Context(), server.Options(), fmt.Sprintf(
		"create role %s login password %s; alter database %s owner to %[1]s", role, warehouse.StringLiteral(password), o.Database)); err != nil {
		t.Fatal(err)
	}
	o.User = role
	byVariables := variables(o)
	byVariables["PGPASSWORD"] = password
	address := url.URL{Scheme: "postgresql", User: url.UserPassword(role, password), Host: o.Host + ":" + byVariables["PGPORT"], Path: o.Database}
	ways := map[string]map[string]string{
		"variables": byVariables,
		"url":       {"DATABASE_URL": address.String()},
	}
	for name, env := range ways {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			project := shopProject(t)
			command := func(want int, args ...string) {
				t.Helper()
				code, out := runWith(t, env, args...)
				if code != want {
					t.Errorf("%s: exit %d, want %d\n%s", args[0], code, want, out)
				}
				refuseSecret(t, strings.Join(args, " "), []byte(out), password)
			}
			command(exitOK, "run", clinicalTrials, "--sample=20", "--dir", dir, "--target", "postgres")
			command(exitOK, "query", "--dir", dir, "--target", "postgres", "select 1")
			command(exitUsage, "query", "--dir", dir, "--target", "postgres", "select '"+"no end")
			command(exitOK, "doctor", "--dir", dir, "--target", "postgres")
			command(exitFailed, "dbt", "build", "--project-dir", project)
			for _, place := range []string{dir, project} {
				refuseSecretIn(t, place, password)
			}
		})
	}
	wrong := map[string]string{}
	for key, value := range byVariables {
		wrong[key] = value
	}
	wrong["PGPASSWORD"] = "wr0ng-" + password
	dir := t.TempDir()
	for _, args := range [][]string{
		{"run", clinicalTrials, "--sample=20", "--dir", dir, "--target", "postgres"},
		{"doctor", "--dir", dir, "--target", "postgres"},
	} {
		code, out := runWith(t, wrong, args...)
		if code != exitFailed || !strings.Contains(out, "password authentication failed") {
			t.Errorf("%s with the wrong password: exit %d\n%s", args[0], code, out)
		}
		refuseSecret(t, args[0], []byte(out), password)
	}
	refuseSecretIn(t, dir, password)
}

// shopProject is a dbt project that tells its password wherever it can.
func shopProject(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"dbt_project.yml": "name: shop\nprofile: shop\n",
		"profiles.yml": `shop:
  outputs:
    default:
      type: postgres
      host: "{{ env_var('PGHOST', '') }}"
      port: "{{ env_var('PGPORT', '0') | as_number }}"
      user: "{{ env_var('PGUSER', '') }}"
      pass: "{{ env_var('PGPASSWORD', '') }}"
      dbname: "{{ env_var('PGDATABASE', '') }}"
      url: "{{ env_var('DATABASE_URL', '') }}"
      schema: shop
`,
		"models/told.sql": `{{ log(env_var('PGPASSWORD', '') ~ env_var('DATABASE_URL', ''), info=true) }}
select $word${{ env_var('PGPASSWORD', '') ~ target.get('password', '') ~ target.get('url', '') }}$word$ as word`,
		"models/failed.sql": `select cast($word${{ env_var('PGPASSWORD', '') }}$word$ as integer) as number`,
		"models/wrong.sql":  `select no_such_column`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runWith runs a command with these variables and no others.
func runWith(t *testing.T, env map[string]string, args ...string) (code int, out string) {
	t.Helper()
	var both strings.Builder
	a := newApp(&both, &both)
	a.env = func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	a.environ = func() []string { return nil }
	code = a.run(t.Context(), args)
	return code, both.String()
}

func refuseSecretIn(t *testing.T, dir, secret string) {
	t.Helper()
	looked := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		looked++
		text, err := os.ReadFile(path)
		refuseSecret(t, path, text, secret)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if looked < 3 {
		t.Errorf("looked at %d files of %s only", looked, dir)
	}
}

// refuseSecret looks for each part that no quoting changes.
func refuseSecret(t *testing.T, where string, text []byte, secret string) {
	t.Helper()
	for _, part := range strings.FieldsFunc(secret, func(r rune) bool { return strings.ContainsRune(` "'`, r) }) {
		if len(part) >= 4 && bytes.Contains(text, []byte(part)) {
			t.Errorf("%s tells the password:\n%s", where, text[max(bytes.Index(text, []byte(part))-200, 0):])
		}
	}
}
