package dbt_test

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"apotheca/internal/dbt"
)

// TestMaskToCutsNoSecret writes a long text with secrets everywhere in pieces of
// any size; the outcome must be that of masking it whole.
func TestMaskToCutsNoSecret(t *testing.T) {
	t.Parallel()
	p, err := dbt.Load(dbt.Options{
		FS: fstest.MapFS{
			"dbt_project.yml": {Data: []byte("name: x\nprofile: x\n")},
			"profiles.yml":    {Data: []byte("x: {target: d, outputs: {d: {type: duckdb, path: \"{{ env_var('DBT_ENV_SECRET_A') }}\", schema: \"{{ env_var('DBT_ENV_SECRET_B') }}\"}}}\n")},
		},
		Env: func(name string) (string, bool) {
			v, ok := map[string]string{"DBT_ENV_SECRET_A": "abcabd", "DBT_ENV_SECRET_B": `s'e"c\ret`}[name]
			return v, ok
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(8, 9))
	var text strings.Builder
	for text.Len() < 5<<20 {
		text.WriteString([]string{"abcabd", "abcabc", `s'e"c\ret`, `s''e"c\ret`, `s'e\"c\\ret`, "s", "é", strings.Repeat("x", r.IntN(8))}[r.IntN(8)])
	}
	var got strings.Builder
	w := p.MaskTo(&got)
	for rest := text.String(); rest != ""; {
		n := min(len(rest), 1+r.IntN(300_000))
		if _, err := io.WriteString(w, rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if want := p.Mask(text.String()); got.String() != want {
		t.Errorf("masked in pieces: %d bytes, masked whole: %d bytes", got.Len(), len(want))
	}
}
