package warehouse_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"apotheca/internal/warehouse"
)

func TestAllClosesAndEndsWithTheError(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection lost")
	closed, sent := 0, 0
	rows := warehouse.NewRows(nil, func() ([]any, error) {
		if sent == 2 {
			return nil, broken
		}
		sent++
		return []any{int64(sent)}, nil
	}, func() error { closed++; return nil })

	var got []int64
	var last error
	for row, err := range rows.All() {
		if err != nil {
			last = err
			continue
		}
		got = append(got, row[0].(int64))
	}
	if len(got) != 2 || !errors.Is(last, broken) || closed != 1 {
		t.Errorf("rows = %v, error = %v, closed %d times, want two rows, the error, closed once", got, last, closed)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 3600)
	tests := []struct {
		in   any
		want string
	}{
		{nil, "NULL"},
		{int64(7), "7"},
		{math.NaN(), "NaN"},
		{true, "true"},
		{warehouse.Decimal("1.50"), "1.50"},
		{warehouse.NewDate(2024, 2, 29), "2024-02-29"},
		{warehouse.LocalTime{Time: time.Date(2024, 2, 29, 1, 2, 3, 450000000, time.UTC)}, "2024-02-29 01:02:03.45"},
		{time.Date(2024, 2, 29, 1, 2, 3, 0, zone), "2024-02-29 00:02:03Z"},
	}
	for _, tt := range tests {
		if got := warehouse.Text(tt.in); got != tt.want {
			t.Errorf("Text(%v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
