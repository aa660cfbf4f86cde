package registry

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// nct is the number in a study's identity: 542 is NCT00000542. Zero is none.
type nct uint32

func (n nct) String() string { return fmt.Sprintf("NCT%08d", uint32(n)) }

// parseNCT reads an identity as the registry does: any case, any number of
// leading zeros, one to eight digits that are not all zero.
func parseNCT(s string) (nct, bool) {
	if len(s) < 4 || !strings.EqualFold(s[:3], "NCT") {
		return 0, false
	}
	digits := strings.TrimLeft(s[3:], "0")
	if digits == "" || len(digits) > 8 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0, false
	}
	return nct(n), true
}

// day is a date as days since 1970-01-01; noDay is an absent one.
type day int32

const noDay day = -1 << 31

func dayOf(t time.Time) day { return day(t.Unix() / 86400) }

func dateOf(year int, month time.Month, d int) day {
	return dayOf(time.Date(year, month, d, 0, 0, 0, 0, time.UTC))
}

func (d day) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d day) String() string { return d.time().Format(time.DateOnly) }

// parsePartialDay reads YYYY, YYYY-MM or YYYY-MM-DD; a missing part is the first.
func parsePartialDay(s string) day {
	for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return dayOf(t)
		}
	}
	return noDay
}

// header is what the registry filters and sorts by, known without making or
// reading the study's body.
type header struct {
	id         nct
	aliases    []nct
	status     string
	studyType  string
	start      day
	firstPost  day
	lastUpdate day
	enrollment int // -1 when absent
}

// corpus is where the studies of a data build come from. Slots are numbered
// from 0 and keep their number from build to build.
type corpus interface {
	size() int
	header(slot int) header
	// appendStudy appends the study's JSON, one line. With a date, the study
	// carries it as versionHolder.
	appendStudy(dst []byte, slot int, versionHolder string) ([]byte, error)
	// find is the slot of a study that has the identity or the alias.
	find(id nct) (slot int, ok bool)
}
