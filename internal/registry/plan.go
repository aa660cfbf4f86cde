package registry

import "time"

// plan is what is decided about a study before a word of it is written.
type plan struct {
	header
	kind        kind
	rarity      rarity
	firstSubmit day
	completion  day
	primary     day
	hasResults  bool
}

type kind int

const (
	interventional kind = iota
	observational
	expandedAccess
	withheld
)

var overallStatuses = []string{
	"ACTIVE_NOT_RECRUITING", "COMPLETED", "ENROLLING_BY_INVITATION", "NOT_YET_RECRUITING", "RECRUITING",
	"SUSPENDED", "TERMINATED", "WITHDRAWN", "AVAILABLE", "NO_LONGER_AVAILABLE", "TEMPORARILY_NOT_AVAILABLE",
	"APPROVED_FOR_MARKETING", "WITHHELD", "UNKNOWN",
}

// horizon is the day the made-up registry knows of last. It does not move
// with the data timestamp: a study is the same study in every build.
var horizon = dateOf(2026, time.October, 1)

type rarity int

func (g *generator) plan(slot int) plan {
	n := g.study(slot)
	d := newDice(g.seed, n, purposeHeader)
	p := plan{header: header{id: g.idOf(n), status: "COMPLETED", studyType: "INTERVENTIONAL", enrollment: d.between(0, 500)}}
	p.firstSubmit = horizon - day(d.below(9000)) - 30
	p.firstPost = p.firstSubmit + day(d.between(1, 6))
	p.lastUpdate = min(horizon, p.firstPost+day(d.below(2000)))
	p.start = p.firstSubmit
	if n%500 == 441 {
		p.aliases = []nct{g.idOf(idModulus - 1 - n)}
	}
	return p
}
