package conformance

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newComparison(t *testing.T) *comparison {
	t.Helper()
	return &comparison{target: &Target{}, told: map[Difference]bool{}, report: &Report{Adapter: "duckdb"}}
}

func decoded(t *testing.T, text string) artifact {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var a artifact
	if err := decoder.Decode(&a); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	return a
}

// briefly is what is compared in tests: about node field: dbt -> ours.
func briefly(c *comparison) []string {
	var lines []string
	for _, d := range c.report.Differences {
		lines = append(lines, d.About+" "+d.Node+" "+d.Field+": "+d.Dbt+" -> "+d.Ours)
	}
	return lines
}

func TestCompareManifests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, dbt, ours string
		want            []string
	}{
		{
			"the same but for when it was made and how SQL is laid out",
			`{"nodes":{"model.p.a":{"created_at":1,"compiled_code":"select  1\n"}}}`,
			`{"nodes":{"model.p.a":{"created_at":2,"compiled_code":"select 1"}}}`,
			nil,
		},
		{
			"another SQL", `{"nodes":{"model.p.a":{"compiled_code":"select 1"}}}`, `{"nodes":{"model.p.a":{"compiled_code":"select 2"}}}`,
			[]string{"compiled model.p.a compiled_code: select 1 -> select 2"},
		},
		{
			"leaf by leaf", `{"nodes":{"model.p.a":{"config":{"meta":{"x":1,"y":2}}}}}`, `{"nodes":{"model.p.a":{"config":{"meta":{"x":1.0}}}}}`,
			[]string{"manifest model.p.a config.meta.x: 1 -> 1.0", "manifest model.p.a config.meta.y: 2 -> —"},
		},
		{
			"order counts in lists", `{"nodes":{"model.p.a":{"refs":[{"name":"x"},{"name":"y"}],"tags":["m","n"]}}}`,
			`{"nodes":{"model.p.a":{"refs":[{"name":"y"},{"name":"x"}],"tags":["n","m"]}}}`,
			[]string{
				"manifest model.p.a refs[0].name: x -> y", "manifest model.p.a refs[1].name: y -> x",
				`manifest model.p.a tags: ["m","n"] -> ["n","m"]`,
			},
		},
		{
			"sources have no order", `{"nodes":{"model.p.a":{"sources":[["s","x"],["s","y"]]}}}`, `{"nodes":{"model.p.a":{"sources":[["s","y"],["s","x"]]}}}`,
			nil,
		},
		{
			"one that only one has", `{"sources":{"source.p.s.t":{}}}`, `{"sources":{}}`,
			[]string{"manifest source.p.s.t unique_id: present -> —"},
		},
		{
			"macros of dbt itself are no part of the project",
			`{"macros":{"macro.dbt.x":{},"macro.dbt_duckdb.y":{},"macro.p.z":{}}}`, `{"macros":{}}`,
			[]string{"manifest macro.p.z unique_id: present -> —"},
		},
		{
			"edges in any order", `{"child_map":{"a":["x","y"],"b":[]}}`, `{"child_map":{"a":["y","x"],"b":["z"]}}`,
			[]string{"manifest b child_map:  -> z"},
		},
		{
			"disabled", `{"disabled":{"model.p.a":[]}}`, `{"disabled":{}}`,
			[]string{"manifest model.p.a disabled: true -> false"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newComparison(t)
			c.compareManifests(decoded(t, test.dbt), decoded(t, test.ours))
			if diff := cmp.Diff(test.want, briefly(c)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompareResults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, dbt, ours string
		want            []string
	}{
		{
			"how long it took and who did it", `{"unique_id":"a","status":"pass","execution_time":1,"thread_id":"x"}`,
			`{"unique_id":"a","status":"pass","execution_time":2,"thread_id":"y"}`, nil,
		},
		{
			"both have failed, each in its own words", `{"unique_id":"a","status":"error","message":"Runtime Error in a\n  no"}`,
			`{"unique_id":"a","status":"error","message":"Runtime Error in a\n  never"}`, nil,
		},
		{
			"the heading of an error is compared", `{"unique_id":"a","status":"error","message":"Runtime Error in a\n  no"}`,
			`{"unique_id":"a","status":"error","message":"Database Error in a\n  no"}`,
			[]string{"result a message: Runtime Error in a -> Database Error in a"},
		},
		{
			"what a test says of its failures is compared", `{"unique_id":"a","status":"fail","message":"Got 1 result"}`,
			`{"unique_id":"a","status":"fail","message":"Got 2 results"}`, []string{"result a message: Got 1 result -> Got 2 results"},
		},
		{
			"another end", `{"unique_id":"a","status":"pass"}`, `{"unique_id":"a","status":"fail"}`, []string{"result a status: pass -> fail"},
		},
		{
			"another node", `{"unique_id":"a","status":"pass"}`, `{"unique_id":"b","status":"pass"}`,
			[]string{"result a unique_id: pass -> —", "result b unique_id: — -> pass"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newComparison(t)
			c.compareResults("result", decoded(t, `{"results":[`+test.dbt+`]}`), decoded(t, `{"results":[`+test.ours+`]}`))
			if diff := cmp.Diff(test.want, briefly(c)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConsoleLines(t *testing.T) {
	t.Parallel()
	console := "\x1b[0m10:00:01  Running with dbt=1.10.0\n" +
		"10:00:02  1 of 2 START sql view model main.a ..... [RUN]\n" +
		"10:00:02  1 of 2 OK created sql view model main.a ..... [\x1b[32mOK\x1b[0m in 0.05s]\n" +
		"10:00:03  Finished running 2 view models, 1 seed in 0 hours 0 minutes and 0.30 seconds (0.30s).\n" +
		"10:00:03  Done. PASS=2 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=2\n"
	want := []string{
		"Done. PASS=2 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=2",
		"Finished running 1 seed, 2 view models",
		"OK created sql view model main.a [OK]",
		"START sql view model main.a [RUN]",
	}
	if diff := cmp.Diff(want, told([]byte(console))); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	c := newComparison(t)
	c.compareConsoles([]byte(console), []byte(strings.Replace(console, "1 of 2 OK", "2 of 2 OK", 1)))
	c.compareConsoles([]byte(console), []byte(strings.Replace(console, "PASS=2", "PASS=1", 1)))
	if got, want := len(c.report.Differences), 2; got != want {
		t.Errorf("%d differences, want %d: the number of a node is none, a count is: %v", got, want, briefly(c))
	}
}

func TestCompareListings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, dbt, ours string
		want            []string
	}{
		{"JSON by what it says", "10:00:00  a log line\n{\"b\": 1, \"a\": 2}\n", "{\"a\":2,\"b\":1}\n", nil},
		{"another order", "p.a\np.b\n", "p.b\np.a\n", []string{"ls  order: another order -> another order"}},
		{"another name", "p.a\n", "p.c\n", []string{"ls  line: p.a -> —", "ls  line: — -> p.c"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newComparison(t)
			c.compareListings([]byte(test.dbt), []byte(test.ours))
			if diff := cmp.Diff(test.want, briefly(c)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompareAnswers(t *testing.T) {
	t.Parallel()
	published, ours := t.TempDir(), t.TempDir()
	write := func(folder, name, text string) {
		t.Helper()
		if err := writeJSON(filepath.Join(folder, name), decoded(t, text)); err != nil {
			t.Fatal(err)
		}
	}
	node := func(database, schema, tag string) string {
		return `{"database":"` + database + `","schema":"` + schema + `","tags":["` + tag + `"],"config":{"new":null},` +
			`"compiled_code":"select * from \"` + database + `\".\"` + schema + `\".\"x\""}`
	}
	write(published, "manifest.json", `{"metadata":{"dbt_version":"1.10.1"},"nodes":{"model.p.a":`+node("postgres", "public", "t")+`,"model.p.b":`+node("postgres", "public", "t")+`}}`)
	write(ours, "manifest.json", `{"nodes":{"model.p.a":`+node("other", "mine", "t")+`,"model.p.b":`+node("other", "mine", "u")+`}}`)
	catalog := func(kind string) string {
		return `{"nodes":{"model.p.a":{"columns":{"x":{"index":1,"type":"` + kind + `"}}}}}`
	}
	write(published, "catalog.json", catalog("text"))
	write(ours, "catalog.json", catalog("integer"))
	c := newComparison(t)
	if err := c.compareAnswers(published, ours); err != nil {
		t.Fatal(err)
	}
	want := []string{"published model.p.a catalog:      1 x text ->      1 x integer", `published model.p.b tags: ["t"] -> ["u"]`}
	if diff := cmp.Diff(want, briefly(c)); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&Answers{Version: "1.10.1", Nodes: 2}, c.report.Answers); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}
