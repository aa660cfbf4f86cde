package registry

import "time"

// plan is what is decided about a study before a word of it is written. It
// costs a fraction of the body, so filters and orders need no bodies.
type plan struct {
	header
	sequence    int // the study's number in the generator's sequence
	kind        kind
	rarity      rarity
	firstSubmit day
	primary     day
	completion  day
	hasResults  bool
}

type kind int

const (
	interventional kind = iota
	observational
	expandedAccess
	withheld
)

// rarity is something the registry holds a few of. Rarities are not left to
// chance: each comes at fixed places of every thousand studies, so a small
// sample meets them all.
type rarity int

const (
	common rarity = iota
	rareWithheld
	rareExpandedAccess
	rareNoCondition        // breaks the registry's own rule
	rareNoIntervention     // an interventional study without one: likewise
	rareEndsBeforeStart    // likewise
	rareEnrollmentSentinel // 99999999 means: no count
	rareEnrollmentHuge     // 2,000,000
	rareEnrollmentAbsent
	rareEquator // a site at a latitude of exactly 0.0
	rareManyCollaborators
	rareManyConditions
	rareManyInterventions
	rareManySites
	rareSponsorCase // two sponsors that differ in case only
	rareAlias
	rareEmoji
	rareReplacement // U+FFFD, a decoding accident of long ago
	rareCombining   // combining marks: not NFC
	rareEndOfTime   // completion in 2100
	rareYearOnly    // dates of which only the year is known
	rareNoDates
	rareLongText
)

var rarities = map[int]rarity{
	37: rareWithheld, 537: rareWithheld,
	11: rareExpandedAccess, 211: rareExpandedAccess, 311: rareExpandedAccess, 411: rareExpandedAccess,
	511: rareExpandedAccess, 611: rareExpandedAccess, 711: rareExpandedAccess, 911: rareExpandedAccess,
	57: rareNoCondition, 91: rareNoIntervention, 591: rareNoIntervention,
	133: rareEndsBeforeStart, 633: rareEndsBeforeStart,
	171: rareEnrollmentSentinel, 214: rareEnrollmentHuge, 231: rareEnrollmentAbsent, 731: rareEnrollmentAbsent,
	251: rareEquator, 277: rareManyCollaborators, 307: rareManyConditions, 322: rareManyInterventions,
	402: rareManySites, 902: rareManySites,
	421: rareSponsorCase, 422: rareSponsorCase, 423: rareSponsorCase,
	441: rareAlias, 442: rareAlias, 841: rareAlias,
	333: rareEmoji, 351: rareReplacement, 462: rareCombining, 962: rareCombining,
	477: rareEndOfTime, 481: rareYearOnly, 482: rareYearOnly, 483: rareYearOnly, 484: rareYearOnly,
	491: rareNoDates, 991: rareNoDates, 505: rareLongText, 805: rareLongText,
}

var overallStatuses = []string{
	"ACTIVE_NOT_RECRUITING", "COMPLETED", "ENROLLING_BY_INVITATION", "NOT_YET_RECRUITING", "RECRUITING",
	"SUSPENDED", "TERMINATED", "WITHDRAWN", "AVAILABLE", "NO_LONGER_AVAILABLE", "TEMPORARILY_NOT_AVAILABLE",
	"APPROVED_FOR_MARKETING", "WITHHELD", "UNKNOWN",
}

// horizon is the last day the made-up registry knows of. It does not move
// with the data timestamp: a study is the same study in every build.
var horizon = dateOf(2026, time.October, 1)

// registered maps the number in an identity to the day of its registration:
// identities are given out in order, and ever faster.
var registered = []struct {
	number int
	day    day
}{
	{0, dateOf(1999, time.September, 1)}, {200_000, dateOf(2005, time.September, 1)},
	{1_000_000, dateOf(2009, time.October, 1)}, {2_000_000, dateOf(2013, time.November, 1)},
	{3_000_000, dateOf(2016, time.December, 1)}, {4_000_000, dateOf(2019, time.June, 1)},
	{5_000_000, dateOf(2021, time.August, 1)}, {6_000_000, dateOf(2023, time.August, 1)},
	{7_000_000, dateOf(2025, time.May, 1)}, {idModulus, horizon - 20},
}

func registrationDay(number int) day {
	for i := 1; i < len(registered); i++ {
		low, high := registered[i-1], registered[i]
		if number <= high.number {
			share := float64(number-low.number) / float64(high.number-low.number)
			return low.day + day(share*float64(high.day-low.day))
		}
	}
	return horizon - 20
}

func (g *generator) plan(slot int) plan {
	n := g.offset + slot
	d := newDice(g.seed, n, purposeHeader)
	p := plan{sequence: n, rarity: rarities[n%1000]}
	p.id = g.idOf(n)
	if p.rarity == rareAlias {
		p.aliases = []nct{g.idOf(idModulus - 1 - n)}
	}
	p.kind, p.studyType = kindOf(&d, p.rarity)
	p.setDates(&d, registrationDay(int(p.id)-g.idBase))
	p.status = p.drawStatus(&d)
	p.setUpdate(&d)
	p.enrollment = p.drawEnrollment(&d)
	p.hasResults = p.kind == interventional && p.status == "COMPLETED" && p.completion < horizon-500 && d.chance(210)
	return p
}

func kindOf(d *dice, r rarity) (kind, string) {
	switch r {
	case rareWithheld:
		return withheld, ""
	case rareExpandedAccess:
		return expandedAccess, "EXPANDED_ACCESS"
	case rareNoIntervention, rareManyInterventions:
		return interventional, "INTERVENTIONAL"
	}
	if d.chance(214) {
		return observational, "OBSERVATIONAL"
	}
	return interventional, "INTERVENTIONAL"
}

// setDates draws when the study was submitted, began and ends.
func (p *plan) setDates(d *dice, submitted day) {
	p.firstSubmit = submitted
	p.firstPost = submitted + day(d.between(1, 7))
	if p.kind == expandedAccess || p.kind == withheld || p.rarity == rareNoDates {
		p.start, p.primary, p.completion = noDay, noDay, noDay
		return
	}
	p.start = submitted + day(d.between(-60, 120))
	if d.chance(220) {
		p.start = submitted - day(d.between(60, 2200))
	}
	length := d.band([]step{{250, 60, 365}, {600, 365, 1100}, {900, 1100, 2200}, {1000, 2200, 5500}})
	p.completion = p.start + day(length)
	p.primary = p.completion - day(length*d.below(50)/100)
	switch p.rarity {
	case rareEndsBeforeStart:
		p.completion = p.start - day(d.between(40, 700))
		p.primary = p.completion
	case rareEndOfTime:
		p.completion = dateOf(2100, time.December, 31)
	}
}

func (p *plan) drawStatus(d *dice) string {
	roll := d.below(1000)
	weigh := func(shares ...any) string {
		for i := 0; i < len(shares)-1; i += 2 {
			if roll < shares[i].(int) {
				return shares[i+1].(string)
			}
		}
		return shares[len(shares)-1].(string)
	}
	switch {
	case p.kind == withheld:
		return "WITHHELD"
	case p.kind == expandedAccess:
		return []string{"AVAILABLE", "NO_LONGER_AVAILABLE", "TEMPORARILY_NOT_AVAILABLE", "APPROVED_FOR_MARKETING"}[p.sequence/100%4]
	case p.start > horizon:
		return weigh(960, "NOT_YET_RECRUITING", 985, "WITHDRAWN", "ENROLLING_BY_INVITATION")
	case p.completion > horizon:
		return weigh(690, "RECRUITING", 870, "ACTIVE_NOT_RECRUITING", 920, "ENROLLING_BY_INVITATION",
			960, "NOT_YET_RECRUITING", 975, "SUSPENDED", "TERMINATED")
	}
	return weigh(690, "COMPLETED", 850, "UNKNOWN", 930, "TERMINATED", 970, "WITHDRAWN", 985, "RECRUITING", "ACTIVE_NOT_RECRUITING")
}

func (p *plan) setUpdate(d *dice) {
	latest := horizon
	if p.status == "UNKNOWN" {
		latest = min(latest, p.completion)
	}
	span := max(1, int(latest-p.firstPost))
	if p.completion > horizon && p.completion != noDay {
		span = min(span, 700) // a study under way is kept up to date
		p.lastUpdate = latest - day(d.below(span))
	} else {
		p.lastUpdate = p.firstPost + day(d.below(span)*d.below(1000)/1000)
	}
	p.lastUpdate = min(horizon, max(p.firstPost, p.lastUpdate))
}

func (p *plan) drawEnrollment(d *dice) int {
	count := d.band([]step{{100, 5, 20}, {500, 20, 90}, {900, 90, 630}, {990, 630, 9000}, {1000, 9000, 400_000}})
	switch {
	case p.rarity == rareEnrollmentAbsent || p.kind == expandedAccess || p.kind == withheld:
		return -1
	case p.rarity == rareEnrollmentSentinel:
		return 99_999_999
	case p.rarity == rareEnrollmentHuge:
		return 2_000_000
	case p.status == "WITHDRAWN":
		return 0
	}
	return count
}
