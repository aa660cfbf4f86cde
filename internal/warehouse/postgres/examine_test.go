package postgres_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgres"
)

// examine is what one check found; the other checks must be there as well.
func examine(t *testing.T, o postgres.Options, needs warehouse.Needs, check string) warehouse.Finding {
	t.Helper()
	if needs.Now == nil {
		needs.Now = time.Now
	}
	findings, err := open(t, o).Examine(t.Context(), needs)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(findings, func(f warehouse.Finding) bool { return f.Check == check })
	if i < 0 {
		t.Fatalf("nothing was found on %q, only %+v", check, findings)
	}
	return findings[i]
}

func TestExamineComparesTheClocks(t *testing.T) {
	t.Parallel()
	o := server.Database(t)
	for _, tt := range []struct {
		ours    time.Duration
		verdict warehouse.Verdict
		found   string
	}{
		{0, warehouse.OK, "apart from ours"},
		{time.Hour, warehouse.Warning, "1h0m0s behind ours"},
		{-time.Hour, warehouse.Warning, "1h0m0s ahead of ours"},
	} {
		now := func() time.Time { return time.Now().Add(tt.ours) }
		got := examine(t, o, warehouse.Needs{Now: now}, "clock")
		if got.Verdict != tt.verdict || !strings.Contains(got.Found, tt.found) {
			t.Errorf("our clock %s on: %+v, want %s, %q", tt.ours, got, tt.verdict, tt.found)
		}
	}
}

func TestExamineNamesTheRunThatHoldsASchema(t *testing.T) {
	t.Parallel()
	o := server.Database(t)
	needs := warehouse.Needs{Schemas: []string{"analytics", "staging"}}
	if got := examine(t, o, needs, "other runs"); got.Verdict != warehouse.OK {
		t.Errorf("without one: %+v", got)
	}
	lock, err := open(t, o).Lock(t.Context(), warehouse.Exclusive, "the nightly run", "staging")
	if err != nil {
		t.Fatal(err)
	}
	got := examine(t, o, needs, "other runs")
	if got.Verdict != warehouse.Warning || !strings.Contains(got.Found, "schema staging is written by the nightly run") || got.Hint == "" {
		t.Errorf("with one: %+v", got)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if got := examine(t, o, needs, "other runs"); got.Verdict != warehouse.OK {
		t.Errorf("after it: %+v", got)
	}
}

// testExamineReach: what others on the way can see.
func testExamineReach(t *testing.T, reader postgres.Options, authority string) {
	for _, tt := range []struct {
		mode, found string
	}{
		{"disable", "no TLS, on this machine"},
		{"require", "TLSv1.3; whose certificate it is was not checked"},
		{"verify-full", "TLSv1.3"},
	} {
		o := reader
		o.Host, o.SSLMode = "localhost", tt.mode
		if tt.mode == "verify-full" {
			o.SSLRootCert = authority
		}
		if got := examine(t, o, warehouse.Needs{}, "reach"); got.Verdict != warehouse.OK || !strings.HasSuffix(got.Found, tt.found) {
			t.Errorf("sslmode %s: %+v, want %q", tt.mode, got, tt.found)
		}
	}
}
