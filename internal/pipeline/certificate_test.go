package pipeline

import (
	"strings"
	"testing"
)

func TestCertificateIsGreenOnlyWhenEveryLineBalances(t *testing.T) {
	t.Parallel()
	f := func(name, wantErr string, lines ...[2]int64) {
		t.Helper()
		var c Certificate
		for _, l := range lines {
			c.balance("studies", l[0], Term{"a", l[1] - 1}, Term{"b", 1})
		}
		c.settle()
		err := c.Err()
		switch {
		case wantErr == "" && (err != nil || !c.Balanced):
			t.Errorf("%s: got %v, want a certificate that holds", name, err)
		case wantErr != "" && (err == nil || c.Balanced || !strings.Contains(err.Error(), wantErr)):
			t.Errorf("%s: got %v, want an error with %q", name, err, wantErr)
		}
	}
	f("all equal", "", [2]int64{5, 5}, [2]int64{5, 5})
	f("one missing", "the registry has 5, counted 4 (-1)", [2]int64{5, 5}, [2]int64{5, 4})
	f("one too many", "(+2)", [2]int64{5, 7})
}

func TestCertificateWithoutALineProvesNothing(t *testing.T) {
	t.Parallel()
	var c Certificate
	c.settle()
	if c.Balanced || c.Err() == nil {
		t.Error("a certificate without a line is green")
	}
}

func TestCertificateWithAFailedTestIsNotGreen(t *testing.T) {
	t.Parallel()
	c := Certificate{Balanced: true, Tests: TestCounts{Passed: 9, Failed: 1}}
	if c.Err() == nil {
		t.Error("one failed test: no error")
	}
}

func TestLineWithAMissingTableNeverBalances(t *testing.T) {
	t.Parallel()
	var c Certificate
	c.balance("studies", 4, Term{"missing", NotThere}, Term{"quarantined", 5})
	if c.Lines[0].Balanced {
		t.Error("a line balances although one of its tables is not there")
	}
}
