package registry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Fault is one way to misbehave and when. ParseFaults makes them.
type Fault struct {
	kind    string
	text    string // as written
	on      endpoint
	from    int // first request to break, counted from 1; 0 breaks each one
	times   int // how many in a row
	every   int // breaks each n-th instead
	seconds int // of Retry-After; -1 sends none
	variant string
	edit    Edit
}

// String is the fault as it was written.
func (f Fault) String() string { return f.text }

// endpoint is what a fault's requests are counted on.
type endpoint string

const (
	onStudies endpoint = "studies"
	onStudy   endpoint = "study"
	onVersion endpoint = "version"
	onStats   endpoint = "stats"
	onAny     endpoint = "any"
)

func endpointOf(path string) endpoint {
	switch {
	case path == "/studies":
		return onStudies
	case strings.HasPrefix(path, "/studies/") && strings.Count(path, "/") == 2:
		return onStudy
	case path == "/version":
		return onVersion
	case strings.HasPrefix(path, "/stats/"):
		return onStats
	}
	return ""
}

const (
	faultHang        = "hang"
	faultCut         = "cut"
	faultHTML        = "html"
	faultRepeat      = "repeat"
	faultRepeatToken = "repeat-token"
	faultEmptyPage   = "empty-page"
	faultStaleToken  = "stale-token"
	faultRebuild     = "rebuild"
	faultMalformed   = "malformed"
)

// faultKinds is the table behind ParseFaults and FaultHelp.
var faultKinds = []struct{ name, options, help string }{
	{"403", "", "the edge's bot filter: HTML, never to be retried"},
	{"404", "", "not found, as plain text"},
	{"408", "", "request timeout"},
	{"429", "retry-after=SECONDS", "too many requests; without the option no Retry-After is sent"},
	{"500", "retry-after=SECONDS", "internal server error, HTML body"},
	{"502", "retry-after=SECONDS", "bad gateway, HTML body"},
	{"503", "retry-after=SECONDS", "service unavailable, HTML body"},
	{"504", "retry-after=SECONDS", "gateway timeout, HTML body"},
	{faultHang, "", "no answer until the client gives up"},
	{faultCut, "", "the connection breaks off half way through the body"},
	{faultHTML, "", "an HTML page with status 200"},
	{faultRepeat, "", "the page before again, with its token"},
	{faultRepeatToken, "", "the right studies, but the token just used as the next one"},
	{faultEmptyPage, "", "no studies, but a token that goes on"},
	{faultStaleToken, "", "every token given out so far is refused with 400"},
	{faultRebuild, "changed=N removed=N added=N tokens=stale|kept", "a new data build is switched in before the answer; 1 % of the studies change when no number is given"},
	{faultMalformed, "kind=" + strings.Join(malformedKinds, "|"), "one study of the page is damaged"},
}

// FaultHelp describes the fault grammar for a user.
func FaultHelp() string {
	var b strings.Builder
	b.WriteString("FAULT is KIND[:OPTION=VALUE[,OPTION=VALUE]][@N[xTIMES]]\n" +
		"  429@3        the third request for a page of studies\n" +
		"  500@2x3      the second, third and fourth\n" +
		"  503          each one\n" +
		"  cut:every=5  each fifth\n" +
		"Options of all kinds: every=N, on=studies|study|version|stats|any (default studies).\n" +
		"A fault that needs a page token waits for a request that has one.\n\n")
	for _, k := range faultKinds {
		fmt.Fprintf(&b, "  %-13s %s\n", k.name, k.help)
		if k.options != "" {
			fmt.Fprintf(&b, "  %-13s   options: %s\n", "", k.options)
		}
	}
	return b.String()
}

// ParseFaults reads faults in the grammar of FaultHelp, separated by blanks;
// an empty text is none.
func ParseFaults(text string) ([]Fault, error) {
	var faults []Fault
	for _, word := range strings.Fields(text) {
		f, err := parseFault(word)
		if err != nil {
			return nil, fmt.Errorf("fault %q: %w\nhint: %s", word, err, strings.TrimRight(FaultHelp(), "\n"))
		}
		faults = append(faults, f)
	}
	return faults, nil
}

func parseFault(word string) (Fault, error) {
	f := Fault{text: word, on: onStudies, seconds: -1, times: 1}
	head, at, scheduled := strings.Cut(word, "@")
	kind, options, hasOptions := strings.Cut(head, ":")
	f.kind = kind
	if !slices.ContainsFunc(faultKinds, func(k struct{ name, options, help string }) bool { return k.name == kind }) {
		return f, fmt.Errorf("there is no fault %q", kind)
	}
	if scheduled {
		if err := f.parseSchedule(at); err != nil {
			return f, err
		}
	}
	if hasOptions {
		for _, option := range strings.Split(options, ",") {
			if err := f.parseOption(option); err != nil {
				return f, err
			}
		}
	}
	if f.every > 0 && scheduled {
		return f, fmt.Errorf("every=%d and @%s exclude each other", f.every, at)
	}
	return f, nil
}

func (f *Fault) parseSchedule(at string) (err error) {
	from, times, repeated := strings.Cut(at, "x")
	if f.from, err = positive(from); err != nil {
		return fmt.Errorf("@%s: %w", at, err)
	}
	if repeated {
		if f.times, err = positive(times); err != nil {
			return fmt.Errorf("@%s: %w", at, err)
		}
	}
	return nil
}

func (f *Fault) parseOption(option string) (err error) {
	name, value, _ := strings.Cut(option, "=")
	switch {
	case name == "every":
		f.every, err = positive(value)
	case name == "on":
		f.on = endpoint(value)
		if !slices.Contains([]endpoint{onStudies, onStudy, onVersion, onStats, onAny}, f.on) {
			err = fmt.Errorf("no endpoint %q", value)
		} else if f.on != onStudies && f.concernsPages() {
			err = fmt.Errorf("%s happens to pages of studies only", f.kind)
		}
	case name == "retry-after" && (f.kind == "429" || f.kind[0] == '5'):
		f.seconds, err = whole(value)
	case name == "kind" && f.kind == faultMalformed:
		f.variant = value
		if !slices.Contains(malformedKinds, value) {
			err = fmt.Errorf("no kind %q of malformed study", value)
		}
	case f.kind == faultRebuild:
		err = f.parseRebuild(name, value)
	default:
		err = fmt.Errorf("%s has no option %q", f.kind, name)
	}
	if err != nil {
		return fmt.Errorf("option %q: %w", option, err)
	}
	return nil
}

func (f *Fault) parseRebuild(name, value string) (err error) {
	switch name {
	case "changed":
		f.edit.Changed, err = whole(value)
	case "removed":
		f.edit.Removed, err = whole(value)
	case "added":
		f.edit.Added, err = whole(value)
	case "tokens":
		f.edit.KeepTokens = value == "kept"
		if value != "kept" && value != "stale" {
			err = fmt.Errorf("tokens are stale or kept, not %q", value)
		}
	default:
		err = fmt.Errorf("%s has no option %q", f.kind, name)
	}
	return err
}

// concernsPages: the fault has no meaning but for a page of studies.
func (f *Fault) concernsPages() bool {
	switch f.kind {
	case faultRepeat, faultRepeatToken, faultEmptyPage, faultStaleToken, faultMalformed:
		return true
	}
	return false
}

// needsToken: the fault cannot happen to a first page.
func (f *Fault) needsToken() bool {
	return f.kind == faultRepeat || f.kind == faultRepeatToken || f.kind == faultStaleToken
}

func positive(s string) (int, error) {
	n, err := whole(s)
	if err == nil && n == 0 {
		err = fmt.Errorf("%q counts from 1", s)
	}
	return n, err
}

func whole(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return int(n), nil
}

// schedule counts requests and says which faults each one meets.
type schedule struct {
	mu      sync.Mutex
	faults  []Fault
	seen    map[endpoint]int
	waiting []int // per fault: how often it came due without a token to break
}

func newSchedule(faults []Fault) *schedule {
	return &schedule{faults: faults, seen: map[endpoint]int{}, waiting: make([]int, len(faults))}
}

func (s *schedule) next(on endpoint, hasToken bool) []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[on]++
	s.seen[onAny]++
	var due []Fault
	for i, f := range s.faults {
		if f.on != on && f.on != onAny {
			continue
		}
		if f.due(s.seen[f.on]) {
			s.waiting[i]++
		}
		if s.waiting[i] == 0 {
			continue
		}
		if f.needsToken() && !hasToken {
			continue
		}
		s.waiting[i]--
		due = append(due, f)
	}
	return due
}

func (f *Fault) due(n int) bool {
	switch {
	case f.every > 0:
		return n%f.every == 0
	case f.from > 0:
		return n >= f.from && n < f.from+f.times
	}
	return true
}
