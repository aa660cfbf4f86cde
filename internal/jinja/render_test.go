package jinja_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"apotheca/internal/jinja"
)

// render renders a template with names of the host.
func render(t testing.TB, src string, globals map[string]any) (string, error) {
	t.Helper()
	tmpl, err := jinja.Parse("test.sql", src)
	if err != nil {
		return "", err
	}
	return tmpl.Render(state(t.Context(), globals))
}

func state(ctx context.Context, globals map[string]any) *jinja.State {
	s := jinja.NewState(ctx)
	s.Globals = func(name string) (any, bool) {
		v, ok := globals[name]
		return v, ok
	}
	return s
}

// rendering is one row of a table test: a template and its text, or a part of
// the error it must fail with.
type rendering struct{ src, want, wantErr string }

func checkRenderings(t *testing.T, globals map[string]any, rows []rendering) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.src, func(t *testing.T) {
			t.Parallel()
			got, err := render(t, r.src, globals)
			switch {
			case r.wantErr == "" && err != nil:
				t.Fatalf("render: %v", err)
			case r.wantErr != "" && err == nil:
				t.Fatalf("rendered %q, want error with %q", got, r.wantErr)
			case r.wantErr != "" && !strings.Contains(err.Error(), r.wantErr):
				t.Fatalf("got error %q, want it to contain %q", err, r.wantErr)
			case got != r.want:
				t.Fatalf("got %q, want %q", got, r.want)
			}
		})
	}
}

// TestProbes renders the templates that told engines apart when one was chosen.
// The wanted texts are those of jinja2 3.1.6.
func TestProbes(t *testing.T) {
	t.Parallel()
	var probes [][2]string
	var want map[string]string
	readJSON(t, "testdata/probes.json", &probes)
	readJSON(t, "testdata/probes-expected.json", &want)
	for _, p := range probes {
		t.Run(p[0], func(t *testing.T) {
			t.Parallel()
			got, err := render(t, p[1], nil)
			if message, fails := strings.CutPrefix(want[p[0]], "ERR"); fails {
				var e *jinja.Error
				if !errors.As(err, &e) {
					t.Fatalf("got %q and error %v, want an error like %q", got, err, message)
				}
				return
			}
			if err != nil || got != want[p[0]] {
				t.Fatalf("got %q, %v, want %q", got, err, want[p[0]])
			}
		})
	}
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
