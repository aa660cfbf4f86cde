package registry

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// sample is what the tests look at in a generated study.
type sample struct {
	bytes           int
	text            string
	ProtocolSection struct {
		IdentificationModule struct {
			NctID, BriefTitle string
			NctIDAliases      []string
		}
		StatusModule struct {
			OverallStatus                                                      string
			StartDateStruct, PrimaryCompletionDateStruct, CompletionDateStruct struct{ Date, Type string }
			StudyFirstPostDateStruct, LastUpdatePostDateStruct                 struct{ Date string }
		}
		SponsorCollaboratorsModule struct {
			LeadSponsor   struct{ Name, Class string }
			Collaborators []struct{ Name, Class string }
		}
		OversightModule  *struct{ OversightHasDmc *bool }
		ConditionsModule struct{ Conditions []string }
		DesignModule     struct {
			StudyType      string
			Phases         []string
			EnrollmentInfo *struct{ Count int }
		}
		ArmsInterventionsModule struct {
			ArmGroups     []struct{ Label string }
			Interventions []struct {
				Type, Name, Description string
				ArmGroupLabels          []string
			}
		}
		EligibilityModule       struct{ MinimumAge, MaximumAge, EligibilityCriteria string }
		ContactsLocationsModule struct {
			Locations []struct {
				Facility, Status, City, State, Zip, Country string
				GeoPoint                                    *struct{ Lat, Lon float64 }
			}
		}
	}
	DerivedSection struct {
		MiscInfoModule struct{ RemovedCountries []string }
	}
	HasResults bool
}

const sampleSize = 5000

func samples(t *testing.T) []sample {
	t.Helper()
	g := &generator{seed: 20, count: sampleSize}
	all := make([]sample, sampleSize)
	for i := range all {
		text, err := g.appendStudy(nil, i, "2026-10-02")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &all[i]); err != nil {
			t.Fatalf("study %d: %v", i, err)
		}
		all[i].bytes, all[i].text = len(text), string(text)
	}
	return all
}

// TestShapesFollowTheRegistry measures 5,000 studies as the real ones were
// measured. The bands are around what was found there.
func TestShapesFollowTheRegistry(t *testing.T) {
	t.Parallel()
	all := samples(t)
	t.Run("percentiles", func(t *testing.T) { checkPercentiles(t, all) })
	t.Run("shares", func(t *testing.T) { checkShares(t, all) })
	t.Run("rarities", func(t *testing.T) { checkRarities(t, all) })
	t.Run("rules", func(t *testing.T) { checkRules(t, all) })
	t.Run("sponsors", func(t *testing.T) { checkSponsors(t, all) })
}

func checkPercentiles(t *testing.T, all []sample) {
	for _, m := range []struct {
		name      string
		of        func(s *sample) int
		share     float64
		low, high int
	}{
		{"bytes", func(s *sample) int { return s.bytes }, .50, 10_000, 14_500},
		{"bytes", func(s *sample) int { return s.bytes }, .90, 29_000, 43_000},
		{"bytes", func(s *sample) int { return s.bytes }, .99, 125_000, 210_000},
		{"sites", func(s *sample) int { return len(s.ProtocolSection.ContactsLocationsModule.Locations) }, .50, 1, 1},
		{"sites", func(s *sample) int { return len(s.ProtocolSection.ContactsLocationsModule.Locations) }, .90, 22, 34},
		{"sites", func(s *sample) int { return len(s.ProtocolSection.ContactsLocationsModule.Locations) }, .99, 290, 420},
		{"sites", func(s *sample) int { return len(s.ProtocolSection.ContactsLocationsModule.Locations) }, 1, 1001, 1500},
		{"conditions", func(s *sample) int { return len(s.ProtocolSection.ConditionsModule.Conditions) }, .50, 1, 1},
		{"conditions", func(s *sample) int { return len(s.ProtocolSection.ConditionsModule.Conditions) }, .99, 9, 16},
		{"conditions", func(s *sample) int { return len(s.ProtocolSection.ConditionsModule.Conditions) }, 1, 343, 343},
		{"interventions", func(s *sample) int { return len(s.ProtocolSection.ArmsInterventionsModule.Interventions) }, .50, 1, 2},
		{"interventions", func(s *sample) int { return len(s.ProtocolSection.ArmsInterventionsModule.Interventions) }, .90, 3, 4},
		{"collaborators", func(s *sample) int { return len(s.ProtocolSection.SponsorCollaboratorsModule.Collaborators) }, .50, 0, 0},
		{"collaborators", func(s *sample) int { return len(s.ProtocolSection.SponsorCollaboratorsModule.Collaborators) }, .90, 1, 3},
		{"collaborators", func(s *sample) int { return len(s.ProtocolSection.SponsorCollaboratorsModule.Collaborators) }, 1, 122, 122},
	} {
		values := make([]int, len(all))
		for i := range all {
			values[i] = m.of(&all[i])
		}
		slices.Sort(values)
		got := values[min(len(values)-1, int(m.share*float64(len(values))))]
		if got < m.low || got > m.high {
			t.Errorf("%s, percentile %v: got %d, want %d to %d", m.name, m.share*100, got, m.low, m.high)
		}
	}
	total := 0
	for i := range all {
		total += all[i].bytes
	}
	if mean := total / len(all); mean < 16_000 || mean > 22_000 {
		t.Errorf("mean size: got %d bytes, want 16,000 to 22,000", mean)
	}
}

func checkShares(t *testing.T, all []sample) {
	precision := func(length int) func(s *sample) bool {
		return func(s *sample) bool { return len(s.ProtocolSection.StatusModule.StartDateStruct.Date) == length }
	}
	for name, m := range map[string]struct {
		of        func(s *sample) bool
		low, high float64
	}{
		"interventional": {func(s *sample) bool { return s.ProtocolSection.DesignModule.StudyType == "INTERVENTIONAL" }, .75, .81},
		"observational":  {func(s *sample) bool { return s.ProtocolSection.DesignModule.StudyType == "OBSERVATIONAL" }, .18, .24},
		"completed":      {func(s *sample) bool { return s.ProtocolSection.StatusModule.OverallStatus == "COMPLETED" }, .48, .62},
		"recruiting":     {func(s *sample) bool { return s.ProtocolSection.StatusModule.OverallStatus == "RECRUITING" }, .08, .18},
		"with results":   {func(s *sample) bool { return s.HasResults }, .05, .11},
		"start by day":   {precision(10), .45, .75},
		"start by month": {precision(7), .25, .50},
		"start by year":  {precision(4), .001, .02},
		"no start":       {precision(0), .005, .02},
		"start of no type": {func(s *sample) bool {
			d := s.ProtocolSection.StatusModule.StartDateStruct
			return d.Date != "" && d.Type == ""
		}, .14, .25},
		"no maximum age":     {func(s *sample) bool { return s.ProtocolSection.EligibilityModule.MaximumAge == "" }, .40, .52},
		"no minimum age":     {func(s *sample) bool { return s.ProtocolSection.EligibilityModule.MinimumAge == "" }, .02, .08},
		"combined phase":     {func(s *sample) bool { return len(s.ProtocolSection.DesignModule.Phases) == 2 }, .03, .12},
		"with collaborators": {func(s *sample) bool { return len(s.ProtocolSection.SponsorCollaboratorsModule.Collaborators) > 0 }, .30, .40},
		"no sites":           {func(s *sample) bool { return len(s.ProtocolSection.ContactsLocationsModule.Locations) == 0 }, .06, .13},
		"removed countries":  {func(s *sample) bool { return len(s.DerivedSection.MiscInfoModule.RemovedCountries) > 0 }, .01, .04},
		"committee not stated": {func(s *sample) bool {
			o := s.ProtocolSection.OversightModule
			return o == nil || o.OversightHasDmc == nil
		}, .10, .22},
		"not ASCII": {func(s *sample) bool { return strings.ContainsFunc(s.text, func(r rune) bool { return r > 127 }) }, .55, .95},
		"markdown escapes": {func(s *sample) bool {
			return strings.Contains(s.ProtocolSection.EligibilityModule.EligibilityCriteria, `\>=`)
		}, .5, .95},
		"sites twice":     {sitesTwice, .01, .10},
		"treatment twice": {treatmentTwice, .01, .04},
	} {
		n := 0
		for i := range all {
			if m.of(&all[i]) {
				n++
			}
		}
		if got := float64(n) / float64(len(all)); got < m.low || got > m.high {
			t.Errorf("%s: got %.4f, want %.4f to %.4f", name, got, m.low, m.high)
		}
	}
}

func sitesTwice(s *sample) bool {
	seen := map[[5]string]bool{}
	for _, l := range s.ProtocolSection.ContactsLocationsModule.Locations {
		key := [5]string{l.Facility, l.City, l.State, l.Zip, l.Country}
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}

func treatmentTwice(s *sample) bool {
	seen := map[[2]string]string{}
	for _, i := range s.ProtocolSection.ArmsInterventionsModule.Interventions {
		key := [2]string{i.Type, i.Name}
		if first, again := seen[key]; again && first != i.Description {
			return true
		}
		seen[key] = i.Description
	}
	return false
}

// checkRarities wants each rarity in any thousand studies.
func checkRarities(t *testing.T, all []sample) {
	start := func(s *sample) string { return s.ProtocolSection.StatusModule.StartDateStruct.Date }
	for name, is := range map[string]func(s *sample) bool{
		"withheld": func(s *sample) bool {
			p := s.ProtocolSection
			return p.StatusModule.OverallStatus == "WITHHELD" && p.SponsorCollaboratorsModule.LeadSponsor.Class == "" && p.DesignModule.StudyType == "" && s.bytes < 1500
		},
		"available":           func(s *sample) bool { return s.ProtocolSection.StatusModule.OverallStatus == "AVAILABLE" },
		"no longer available": func(s *sample) bool { return s.ProtocolSection.StatusModule.OverallStatus == "NO_LONGER_AVAILABLE" },
		"temporarily not": func(s *sample) bool {
			return s.ProtocolSection.StatusModule.OverallStatus == "TEMPORARILY_NOT_AVAILABLE"
		},
		"approved":        func(s *sample) bool { return s.ProtocolSection.StatusModule.OverallStatus == "APPROVED_FOR_MARKETING" },
		"expanded access": func(s *sample) bool { return s.ProtocolSection.DesignModule.StudyType == "EXPANDED_ACCESS" },
		"no condition": func(s *sample) bool {
			return s.ProtocolSection.DesignModule.StudyType != "" && len(s.ProtocolSection.ConditionsModule.Conditions) == 0
		},
		"no intervention": func(s *sample) bool {
			return s.ProtocolSection.DesignModule.StudyType == "INTERVENTIONAL" && len(s.ProtocolSection.ArmsInterventionsModule.Interventions) == 0
		},
		"ends before its start": func(s *sample) bool {
			c := s.ProtocolSection.StatusModule.CompletionDateStruct.Date
			return c != "" && c < start(s)
		},
		"enrollment sentinel": enrolled(99_999_999),
		"enrollment huge":     enrolled(2_000_000),
		"enrollment zero":     enrolled(0),
		"enrollment absent": func(s *sample) bool {
			return s.ProtocolSection.DesignModule.StudyType == "INTERVENTIONAL" && s.ProtocolSection.DesignModule.EnrollmentInfo == nil
		},
		"on the equator":        func(s *sample) bool { return strings.Contains(s.text, `"lat":0.0,`) },
		"alias":                 func(s *sample) bool { return len(s.ProtocolSection.IdentificationModule.NctIDAliases) > 0 },
		"emoji":                 func(s *sample) bool { return strings.ContainsFunc(s.text, func(r rune) bool { return r > 0xffff }) },
		"replacement character": func(s *sample) bool { return strings.ContainsRune(s.text, utf8.RuneError) },
		"combining mark":        func(s *sample) bool { return strings.Contains(s.text, "e\u0301") },
		"CJK":                   func(s *sample) bool { return strings.ContainsAny(s.text, "大第") },
		"end of time": func(s *sample) bool {
			return s.ProtocolSection.StatusModule.CompletionDateStruct.Date == "2100-12-31" || s.ProtocolSection.StatusModule.CompletionDateStruct.Date == "2100-12"
		},
		"long text": func(s *sample) bool { return s.bytes > 20_000 && strings.Contains(s.text, `"detailedDescription":"`) },
		"case of a sponsor": func(s *sample) bool {
			return s.ProtocolSection.SponsorCollaboratorsModule.LeadSponsor.Name == "CORVINTA Research Services"
		},
		"many sites":         func(s *sample) bool { return len(s.ProtocolSection.ContactsLocationsModule.Locations) > 1000 },
		"many interventions": func(s *sample) bool { return len(s.ProtocolSection.ArmsInterventionsModule.Interventions) > 18 },
		"one year of age":    func(s *sample) bool { return s.ProtocolSection.EligibilityModule.MinimumAge == "1 Year" },
		"generic facility":   func(s *sample) bool { return strings.Contains(s.text, `"facility":"Research Site"`) },
		"no facility":        anySite(func(f, state, zip string, geo bool) bool { return f == "" }),
		"no state":           anySite(func(f, state, zip string, geo bool) bool { return state == "" }),
		"no zip":             anySite(func(f, state, zip string, geo bool) bool { return zip == "" }),
		"no coordinates":     anySite(func(f, state, zip string, geo bool) bool { return !geo }),
	} {
		for from := 0; from < len(all); from += 1000 {
			if !slices.ContainsFunc(all[from:from+1000], func(s sample) bool { return is(&s) }) {
				t.Errorf("%s: none among studies %d to %d", name, from, from+999)
			}
		}
	}
	checkAgeUnits(t, all)
}

func checkAgeUnits(t *testing.T, all []sample) {
	for _, unit := range []string{"Year", "Month", "Week", "Day", "Hour", "Minute"} {
		for _, form := range []string{"1 " + unit, " " + unit + "s"} {
			if !slices.ContainsFunc(all, func(s sample) bool {
				ages := s.ProtocolSection.EligibilityModule
				return strings.HasSuffix(ages.MinimumAge, form) || strings.HasSuffix(ages.MaximumAge, form)
			}) {
				t.Errorf("no age ends in %q", form)
			}
		}
	}
}

func enrolled(n int) func(s *sample) bool {
	return func(s *sample) bool {
		e := s.ProtocolSection.DesignModule.EnrollmentInfo
		return e != nil && e.Count == n
	}
}

func anySite(is func(facility, state, zip string, geo bool) bool) func(s *sample) bool {
	return func(s *sample) bool {
		for _, l := range s.ProtocolSection.ContactsLocationsModule.Locations {
			if is(l.Facility, l.State, l.Zip, l.GeoPoint != nil) {
				return true
			}
		}
		return false
	}
}

var (
	agePattern  = regexp.MustCompile(`^(|1 (Year|Month|Week|Day|Hour|Minute)|([02-9]|[1-9]\d+) (Year|Month|Week|Day|Hour|Minute)s)$`)
	datePattern = regexp.MustCompile(`^(|\d{4}(-\d\d(-\d\d)?)?)$`)
)

// checkRules: what holds for each study, whatever the dice say.
func checkRules(t *testing.T, all []sample) {
	ids := map[string]bool{}
	for i := range all {
		p := &all[i].ProtocolSection
		id := p.IdentificationModule.NctID
		for _, name := range append(p.IdentificationModule.NctIDAliases, id) {
			if ids[name] {
				t.Errorf("%s is given twice", name)
			}
			ids[name] = true
		}
		if !utf8.ValidString(all[i].text) || strings.ContainsAny(all[i].text, "\n\r\t\x00") {
			t.Errorf("%s is not one line of UTF-8", id)
		}
		for _, empty := range []string{":null", "{}", "[]", `:""`, "[,", "{,"} {
			if strings.Contains(all[i].text, empty) {
				t.Errorf("%s holds %s", id, empty)
			}
		}
		if !agePattern.MatchString(p.EligibilityModule.MinimumAge) || !agePattern.MatchString(p.EligibilityModule.MaximumAge) {
			t.Errorf("%s: ages %q, %q", id, p.EligibilityModule.MinimumAge, p.EligibilityModule.MaximumAge)
		}
		if !datePattern.MatchString(p.StatusModule.StartDateStruct.Date) || !datePattern.MatchString(p.StatusModule.CompletionDateStruct.Date) {
			t.Errorf("%s: dates %+v", id, p.StatusModule)
		}
		if p.StatusModule.LastUpdatePostDateStruct.Date < p.StatusModule.StudyFirstPostDateStruct.Date {
			t.Errorf("%s is updated before it is posted", id)
		}
		conditions := slices.Sorted(slices.Values(p.ConditionsModule.Conditions))
		if len(slices.Compact(conditions)) != len(p.ConditionsModule.Conditions) {
			t.Errorf("%s lists a condition twice", id)
		}
		labels := map[string]bool{}
		for _, arm := range p.ArmsInterventionsModule.ArmGroups {
			labels[arm.Label] = true
		}
		for _, intervention := range p.ArmsInterventionsModule.Interventions {
			for _, label := range intervention.ArmGroupLabels {
				if !labels[label] {
					t.Errorf("%s: intervention in the arm %q, which is not there", id, label)
				}
			}
		}
		for _, l := range p.ContactsLocationsModule.Locations {
			if l.City == "" || l.Country == "" || l.GeoPoint != nil && (math.Abs(l.GeoPoint.Lat) > 90 || math.Abs(l.GeoPoint.Lon) > 180) {
				t.Errorf("%s: site %+v", id, l)
			}
		}
	}
}

func checkSponsors(t *testing.T, all []sample) {
	classes, folded := map[string]string{}, map[string]map[string]bool{}
	uses := 0
	for i := range all {
		m := all[i].ProtocolSection.SponsorCollaboratorsModule
		for _, sponsor := range append(m.Collaborators, m.LeadSponsor) {
			if class, seen := classes[sponsor.Name]; seen && class != sponsor.Class {
				t.Errorf("%s is %s and %s", sponsor.Name, class, sponsor.Class)
			}
			classes[sponsor.Name] = sponsor.Class
			uses++
			fold := strings.ToLower(sponsor.Name)
			if folded[fold] == nil {
				folded[fold] = map[string]bool{}
			}
			folded[fold][sponsor.Name] = true
		}
	}
	pairs := 0
	for _, names := range folded {
		pairs += len(names) - 1
	}
	if pairs != 1 {
		t.Errorf("%d pairs of sponsors differ in case only, want 1", pairs)
	}
	if len(classes)*3 > uses*2 {
		t.Errorf("%d sponsors named %d times: hardly any is shared", len(classes), uses)
	}
}

func TestStudiesDependOnSeedAndNumberAlone(t *testing.T) {
	t.Parallel()
	text := func(seed uint64, count, slot int) string {
		g := &generator{seed: seed, count: count}
		if slot > 0 {
			if _, err := g.appendStudy(nil, slot-1, "2026-10-02"); err != nil { // leaves traces, if anything does
				t.Fatal(err)
			}
		}
		study, err := g.appendStudy(nil, slot, "2026-10-02")
		if err != nil {
			t.Fatal(err)
		}
		return string(study)
	}
	for _, slot := range []int{0, 11, 37, 402, 599_999} {
		if text(7, 600_000, slot) != text(7, 2_000_000, slot) {
			t.Errorf("study %d depends on the count", slot)
		}
		if text(7, 600_000, slot) == text(8, 600_000, slot) {
			t.Errorf("study %d does not depend on the seed", slot)
		}
	}
}

func TestEveryStudyIsFoundByItsIdentityAndAlias(t *testing.T) {
	t.Parallel()
	g := &generator{seed: 3, count: maxGenerated}
	extra := &generator{seed: 3, offset: maxGenerated}
	for _, of := range []*generator{g, extra} {
		for slot := 0; slot < 100_000; slot += 37 {
			h := of.header(slot)
			for _, id := range append([]nct{h.id}, h.aliases...) {
				if got, ok := of.find(id); !ok || got != slot {
					t.Fatalf("%v of study %d leads to %d, %v", id, slot, got, ok)
				}
			}
		}
	}
	small := &generator{seed: 3, count: 10}
	if _, ok := small.find(g.header(10).id); ok {
		t.Error("a study behind the last one is found")
	}
	if _, ok := small.find(99_999_999); ok {
		t.Error("a number that is never given is found")
	}
}

func TestHeadersAgreeWithBodies(t *testing.T) {
	t.Parallel()
	g := &generator{seed: 5, count: 1000}
	for slot := range 1000 {
		text, err := g.appendStudy(nil, slot, "2026-10-02")
		if err != nil {
			t.Fatal(err)
		}
		got, want := g.header(slot), headerOf(text)
		if len(want.aliases) == 0 {
			want.aliases = nil
		}
		if want.start != noDay { // the body may know only the month, or the year
			got.start = want.start
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(header{})); diff != "" {
			t.Errorf("study %d (-body +header):\n%s", slot, diff)
		}
	}
}

func TestStringsAreEscapedAsJSONWants(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", `"quoted" \ back`, "a\nb\tc\x00\x1f", "é 大 🫀 \ufffd <&>"} {
		var got string
		if err := json.Unmarshal(appendString(nil, text), &got); err != nil || got != text {
			t.Errorf("%q reads as %q (%v)", text, got, err)
		}
	}
}
