package pipeline

import "testing"

func TestGrouped(t *testing.T) {
	t.Parallel()
	f := func(n int64, want string) {
		t.Helper()
		if got := Grouped(n); got != want {
			t.Errorf("Grouped(%d) = %s, want %s", n, got, want)
		}
	}
	f(0, "0")
	f(999, "999")
	f(1000, "1,000")
	f(-1000, "-1,000")
	f(-100, "-100")
	f(1234567, "1,234,567")
}

func TestSize(t *testing.T) {
	t.Parallel()
	f := func(bytes int64, want string) {
		t.Helper()
		if got := Size(bytes); got != want {
			t.Errorf("Size(%d) = %s, want %s", bytes, got, want)
		}
	}
	f(512, "512 bytes")
	f(1_600, "2 kB")
	f(5_100_000, "5.1 MB")
	f(481_000_000, "481 MB")
	f(2_500_000_000, "2.5 GB")
}
