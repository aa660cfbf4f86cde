package jinja_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"apotheca/internal/jinja"
)

func addSeeds(f *testing.F) {
	var probes [][2]string
	readJSON(f, "testdata/probes.json", &probes)
	for _, p := range probes {
		f.Add(p[1])
	}
	var templates []string
	readJSON(f, "testdata/differential.json", &templates)
	for _, t := range templates {
		f.Add(t)
	}
}

// FuzzParse looks for panics, for errors without a place and for blocks whose
// text is not that of the source.
func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		tmpl, err := jinja.Parse("fuzz", src)
		if err != nil {
			var e *jinja.Error
			if !errors.As(err, &e) || e.Pos.Line < 1 || e.Pos.Column < 1 {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		for _, b := range tmpl.Blocks {
			if !strings.HasPrefix(b.Text, "{%") || !strings.HasSuffix(b.Text, "%}") || !strings.Contains(b.Text, b.Source) {
				t.Fatalf("block %s has text %q and source %q", b.Name, b.Text, b.Source)
			}
		}
	})
}

// FuzzRender looks for panics, and for templates that run on beyond their limits.
func FuzzRender(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		tmpl, err := jinja.Parse("fuzz", src)
		if err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		s := jinja.NewState(ctx)
		s.Limits = jinja.Limits{Steps: 200_000, Output: 1 << 20, Depth: 50}
		v, err := tmpl.RenderNative(s)
		if ctx.Err() != nil {
			t.Fatalf("still rendering after 20 s: %v", err)
		}
		if err == nil && len(jinja.Str(v)) > 2<<20 {
			t.Fatal("value is larger than its limit")
		}
	})
}
