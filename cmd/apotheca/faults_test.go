package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"apotheca/internal/registry"
	"apotheca/internal/source"
)

// impatient is the program with little time for a registry that misbehaves.
func impatient(out, errs *strings.Builder) *app {
	a := newApp(out, errs)
	a.retry = source.Policy{Base: time.Millisecond, Max: 2 * time.Millisecond}
	a.timeout = 500 * time.Millisecond
	return a
}

// misbehaving is one registry with faults and a data folder to read it into.
type misbehaving struct{ dir, url string }

func misbehave(t *testing.T, faults string) misbehaving {
	t.Helper()
	parsed, err := registry.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	_, url := serve(t, registry.Options{Count: 60, Faults: parsed})
	return misbehaving{dir: t.TempDir(), url: url}
}

func (m misbehaving) run(t *testing.T, command string) (code int, out, errs string) {
	t.Helper()
	var o, e strings.Builder
	code = impatient(&o, &e).run(t.Context(), []string{
		command, clinicalTrials, "--dir", m.dir, "--base-url", m.url, "--rate", "0", "--page-size", "10", "--run-date", "2026-11-01",
	})
	return code, o.String(), e.String()
}

// TestEveryFaultEndsWellOrIsNamed reads a registry under each fault: the
// extract is complete, or the error names the page and the cause, and says
// what to type; and that command completes it.
func TestEveryFaultEndsWellOrIsNamed(t *testing.T) {
	t.Parallel()
	const onward = `(?m)^hint: apotheca run clinical-trials --dir .* --base-url http://127.* --page-size 10 goes on from what is on disk$`
	for _, test := range []struct{ faults, note, failure, hint string }{
		{faults: "408@2", note: `page 2, attempt 1: 127.0.0.1:\d+ answered 408`},
		{faults: "429@2", note: `page 2, attempt 1: 127.0.0.1:\d+ answered 429 Too Many Requests: Too Many Requests; trying again in`},
		{faults: "429:retry-after=1@2", note: `answered 429 .*; trying again in 1s`},
		{faults: "500@2x3", note: `page 2, attempt 3: .* answered 500 Internal Server Error: a page of HTML; trying`},
		{faults: "502@1", note: `page 1, attempt 1: .* answered 502`},
		{faults: "503:every=3", note: `answered 503`},
		{faults: "504@6x2", note: `page 6, attempt 2: .* answered 504`},
		{faults: "hang@3", note: `page 3, attempt 1: 127.0.0.1:\d+ sent nothing for 500ms`},
		{faults: "cut@3x2", note: `page 3, attempt 2: connection to 127.0.0.1:\d+ broke: unexpected EOF`},
		{faults: "html@2", note: `page 2, attempt 1: the answer is a web page, not the registry's JSON`},
		{faults: "stale-token@4", note: `starting the pass again: page 4: .* answered 400`},
		{faults: "rebuild@3", note: `starting the pass again: page 3: .* answered 400`},
		{faults: "rebuild:removed=2,added=5,tokens=kept@3", note: `starting the pass again: the registry was rebuilt while it was read: its data were of \S+ and are of \S+`},
		{faults: "malformed@2", note: `6 pages, 59 studies, 1 quarantined`},
		{faults: "500:on=version@1", note: `answered 500`},
		{faults: "429@1 hang@3 cut@5 stale-token@8 malformed@11", note: `starting the pass again`},

		{faults: "403@3", failure: `page 3: 127.0.0.1:\d+ answered 403 Forbidden: a page of HTML \(User-Agent "apotheca/dev", base URL http://127.0.0.1:\d+/api/v2\)`,
			hint: `--user-agent, .* --proxy, .* --base-url`},
		{faults: "404@2", failure: `page 2: 127.0.0.1:\d+ answered 404 Not Found`, hint: onward},
		{faults: "503@2x8", failure: `page 2: .* answered 503 .*\(gave up after 8 attempts\)`, hint: onward},
		{faults: "html@2x3", failure: `page 2: the answer is a web page, not the registry's JSON \(gave up after 3 attempts\)`, hint: onward},
		{faults: "repeat@3", failure: `page 3: no progress: all of its 10 records were on earlier pages`, hint: onward},
		{faults: "repeat-token@3", failure: `page 3: its next page token is the one it was read with`, hint: onward},
		{faults: "empty-page@2", failure: `page 2: it has no studies and yet a next page token`, hint: onward},
		{faults: "403:on=version@1", failure: `ask for the registry's version: 127.0.0.1:\d+ answered 403`, hint: `--user-agent`},
		{faults: "429@1 cut@3 403@5", failure: `page 3: .* answered 403`, hint: `--user-agent`},
	} {
		t.Run(test.faults, func(t *testing.T) {
			t.Parallel()
			m := misbehave(t, test.faults)
			code, out, errs := m.run(t, "extract")
			if test.failure == "" {
				if code != exitOK || errs != "" {
					t.Errorf("exit %d\n%s\n%s", code, out, errs)
				}
				contains(t, out, test.note)
			} else {
				if code != exitFailed {
					t.Errorf("exit %d, want %d\n%s", code, exitFailed, out)
				}
				contains(t, errs, `(?m)^error: extract: `+test.failure)
				contains(t, errs, test.hint)
				if code, out, errs := m.run(t, "extract"); code != exitOK {
					t.Errorf("the next extract: exit %d\n%s\n%s", code, out, errs)
				}
			}
			if code, out, errs := m.run(t, "compact"); code != exitOK {
				t.Errorf("compact: exit %d\n%s\n%s", code, out, errs)
			}
		})
	}
}

func contains(t *testing.T, text, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(text) {
		t.Errorf("no match for %s in:\n%s", pattern, text)
	}
}

// TestFailedRunIsRedAndTheNextOneGreen goes all the way: what was there stays
// as it was, and the next run completes what was begun.
func TestFailedRunIsRedAndTheNextOneGreen(t *testing.T) {
	t.Parallel()
	m := misbehave(t, "500@2 rebuild:added=7,tokens=kept@8 403@12")
	if code, _, errs := m.run(t, "run"); code != exitOK {
		t.Fatalf("first run: exit %d\n%s", code, errs)
	}
	code, out, errs := m.run(t, "run")
	if code != exitFailed || strings.Contains(out, "GREEN") {
		t.Errorf("second run: exit %d\n%s\n%s", code, out, errs)
	}
	contains(t, out, `(?m)^log: .*\.log$`)
	if got := query(t, m.dir, "select count(*) as n from dim_study"); got != "n\n60\n" {
		t.Errorf("after the failed run dim_study has %s", got)
	}
	code, out, errs = m.run(t, "run")
	if code != exitOK || !strings.Contains(out, "GREEN") {
		t.Errorf("third run: exit %d\n%s\n%s", code, out, errs)
	}
	contains(t, out, `starting the pass again: the registry was rebuilt: its data are of \S+, those of the unfinished extract 000002 of `)
	if got := query(t, m.dir, "select count(*) as n from dim_study"); got != "n\n67\n" {
		t.Errorf("after the third run dim_study has %s", got)
	}
}

// TestMalformedStudiesAreNamedAndCounted: a run with a quarantine is green,
// because nothing is missing, and says what it did not load and why.
func TestMalformedStudiesAreNamedAndCounted(t *testing.T) {
	t.Parallel()
	m := misbehave(t, "malformed:kind=null@1 malformed:kind=string-list@2 malformed:kind=no-id@3x2")
	code, out, errs := m.run(t, "run")
	if code != exitOK {
		t.Fatalf("exit %d\n%s\n%s", code, out, errs)
	}
	for _, pattern := range []string{
		`(?m)^Quarantine$`,
		`(?m)^  page 1, position \d+  no NCT id  the record is not an object but null$`,
		`(?m)^  page 2, position \d+  NCT\d{8}  \S`,
		`(?m)^  page 3, position \d+  no NCT id  the record has no NCT id$`,
		`(?m)^  apotheca query --dir \S+ "select \* from staging.quarantine"$`,
		`rows in dim_study \+ quarantined +60 +60  balances`,
		`(?m)^GREEN: `,
	} {
		contains(t, out, pattern)
	}
	want := "studies,quarantined\n56,4\n"
	got := query(t, m.dir, "select (select count(*) from dim_study) as studies, (select count(*) from staging.quarantine) as quarantined")
	if got != want {
		t.Errorf("counted %q, want %q", got, want)
	}
}
