package dbt

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// readTarget reads one output of type postgres.
func readTarget(t *testing.T, output string, env map[string]string) (Target, error) {
	t.Helper()
	profiles := "p:\n  target: dev\n  outputs:\n    dev:\n      type: postgres\n"
	for line := range strings.Lines(output) {
		profiles += "      " + line
	}
	return ReadTarget(Options{
		FS: fstest.MapFS{
			"dbt_project.yml": {Data: []byte("name: p\nprofile: p\n")},
			"profiles.yml":    {Data: []byte(profiles)},
		},
		Env: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
	})
}

func TestURLOfATargetIsTakenApart(t *testing.T) {
	t.Parallel()
	target, err := readTarget(t, `host: elsewhere
port: 1
user: nobody
password: "{{ env_var('PGPASSWORD', '') }}"
dbname: nothing
url: "{{ env_var('DATABASE_URL', '') }}"
schema: analytics
`, map[string]string{"DATABASE_URL": "postgresql://me:p%40ss%2Fword@db.nowhere.invalid:6543/trials?sslmode=verify-full", "PGPASSWORD": "other"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, key := range target.Credentials.Keys() {
		got[key.(string)], _ = target.Credentials.Get(key)
	}
	want := map[string]any{
		"type": "postgres", "host": "db.nowhere.invalid", "port": int64(6543), "user": "me", "password": "p@ss/word",
		"dbname": "trials", "schema": "analytics", "sslmode": "verify-full",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
	if target.Database != "trials" {
		t.Errorf("database %q, want trials", target.Database)
	}
	if diff := cmp.Diff([]string{"p%40ss%2Fword", "p@ss/word"}, target.Secrets()); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

func TestURLOfATargetThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"mysql://me:hush@h/d", "postgresql://me:hush@h:port/d", "postgresql://me:hush@h/d?target_session_attrs=any", "hush",
		"postgresql://me:12/hush@h/d", "postgresql://me:12?hush@h/d", "postgresql://me:12#hush@h/d", "postgresql://me:hu%zz@h/d",
	} {
		_, err := readTarget(t, "url: "+text+"\n", nil)
		if err == nil {
			t.Errorf("%s: no error", text)
		} else if strings.Contains(err.Error(), "hush") {
			t.Errorf("the error holds the password: %v", err)
		}
	}
}

// A weak password that is also the user's name must not deface every word
// that is written.
func TestWordsOfTheTargetAreNoSecrets(t *testing.T) {
	t.Parallel()
	target, err := readTarget(t, "user: apotheca\npassword: apotheca\nsslkey_password: keyword\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"keyword"}, target.Secrets()); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}
