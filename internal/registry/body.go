package registry

import (
	"strconv"
)

// author writes one study: the plan says what, the dice fill in the rest. Its
// memory is used again for the next one.
type author struct {
	writer
	topic
	d    dice
	plan plan
	seed uint64
	at   place
	lead int
}

func (g *generator) appendStudy(dst []byte, slot int, versionHolder string) ([]byte, error) {
	a, ok := g.authors.Get().(*author)
	if !ok {
		a = new(author)
	}
	defer g.authors.Put(a)
	p := g.plan(slot)
	a.buf, a.first = dst, true
	a.d, a.plan, a.seed = newDice(g.seed, p.sequence, purposeBody), p, g.seed
	a.begin()
	a.chooseTopic()
	a.open("protocolSection")
	if p.kind == withheld {
		a.redacted()
	} else {
		a.protocol(g)
	}
	a.end()
	if p.hasResults {
		a.results()
	}
	a.derived(versionHolder)
	a.bool("hasResults", p.hasResults)
	a.end()
	written := a.buf
	a.buf = nil
	return written, nil
}

func (a *author) protocol(g *generator) {
	a.identification()
	a.statusModule(g)
	a.sponsors()
	a.oversight()
	a.description()
	a.conditions()
	a.design()
	a.armsInterventions()
	a.outcomesModule()
	a.eligibility()
	a.contactsLocations()
	a.references()
	a.sharing()
}

// chooseTopic draws the condition and the treatments the texts speak of.
func (a *author) chooseTopic() {
	d := &a.d
	a.condition = appendCondition(a.condition[:0], d)
	a.treatment = a.appendTreatment(a.treatment[:0], "DRUG")
	a.compared = "standard of care"
	if d.chance(500) {
		a.compared = "placebo"
	}
	a.lead = drawSponsor(d)
}

func appendCondition(dst []byte, d *dice) []byte {
	dst = append(dst, d.pick(conditionBefore)...)
	dst = append(dst, d.pick(conditionStems)...)
	return append(dst, d.pick(conditionBehind)...)
}

// redacted is all that is known of a withheld study.
func (a *author) redacted() {
	a.open("identificationModule")
	a.str("nctId", a.plan.id.String())
	a.open("orgStudyIdInfo")
	a.str("id", "[Redacted]")
	a.end()
	a.open("organization")
	a.str("fullName", "[Redacted]")
	a.end()
	a.str("briefTitle", "[Trial of device that is not approved or cleared by the U.S. FDA]")
	a.end()
	a.open("statusModule")
	a.str("statusVerifiedDate", a.plan.lastUpdate.String()[:7])
	a.str("overallStatus", a.plan.status)
	a.submissions()
	a.end()
	a.open("sponsorCollaboratorsModule")
	a.open("responsibleParty")
	a.str("oldNameTitle", "[Redacted]")
	a.end()
	a.open("leadSponsor")
	a.str("name", "[Redacted]")
	a.end()
	a.end()
	a.open("oversightModule")
	a.bool("isFdaRegulatedDevice", true)
	a.bool("isUnapprovedDevice", true)
	a.end()
}

func (a *author) identification() {
	d := &a.d
	a.open("identificationModule")
	a.str("nctId", a.plan.id.String())
	for i, alias := range a.plan.aliases {
		if i == 0 {
			a.list("nctIdAliases")
		}
		a.element(alias.String())
		if i == len(a.plan.aliases)-1 {
			a.endList()
		}
	}
	a.open("orgStudyIdInfo")
	a.text = strconv.AppendInt(append(a.text[:0], orgPrefixes[d.below(len(orgPrefixes))]...), int64(d.between(100, 99_999)), 10)
	a.bytes("id", a.text)
	a.end()
	a.secondaryIDs()
	a.open("organization")
	var class string
	a.text, class = a.leadName(a.text[:0])
	a.bytes("fullName", a.text)
	a.str("class", class)
	a.end()
	a.titles()
	a.end()
}

var orgPrefixes = []string{"2021-0", "PROT-", "IRB", "CT", "STUDY000", "M", "HREC/", "KY2022-", "19-"}

func (a *author) secondaryIDs() {
	d := &a.d
	if !d.chance(200) {
		return
	}
	a.list("secondaryIdInfos")
	for range d.between(1, 3) {
		a.begin()
		a.text = strconv.AppendInt(append(a.text[:0], "U0000-"...), int64(d.between(1000, 9999)), 10)
		a.bytes("id", a.text)
		a.str("type", "OTHER")
		a.str("domain", "Universal Trial Number Office")
		a.end()
	}
	a.endList()
}

var titlePatterns = []string{
	"$t in $W With $c", "Effect of $t on $c", "$t Versus $k for $c: Effects on $o", "Safety and Efficacy of $t in $c",
	"A Registry of $W With $c", "Early $t to Improve $o in $c", "Comparison of $t and $k in $W With $c", "Long-Term Outcomes of $c",
}

var officialPatterns = []string{
	"A Randomized, Double-Blind Study to Evaluate the Effect of $t Compared With $k on $o in $W With $c",
	"A Prospective Cohort Study of $o in $W With $c Followed for $p",
	"An Open-Label, Multicenter Study to Assess the Safety, Tolerability and Pharmacokinetics of $t ($d) in $W With $c",
	"Efficacy of $t Versus $k in the Treatment of $c: a Pragmatic, Randomised Controlled Trial With a Follow-up of $p",
}

func (a *author) titles() {
	d := &a.d
	a.text = a.expand(a.text[:0], d, d.pick(titlePatterns))
	switch a.plan.rarity {
	case rareEmoji:
		a.text = append(a.text, " 🫀🩺"...)
	case rareCombining:
		a.text = append(a.text, " (Me\u0301nie\u0300re Cohort)"...)
	case rareReplacement:
		a.text = append(a.text, " in Baden-W\ufffdrttemberg"...)
	}
	a.bytes("briefTitle", a.text)
	if !d.chance(5) {
		a.text = a.expand(a.text[:0], d, d.pick(officialPatterns))
		a.bytes("officialTitle", a.text)
	}
	if d.chance(330) {
		a.text = append(a.text[:0], d.pick(drugStarts)...)
		for i := range a.text {
			a.text[i] &^= 0x20
		}
		if d.chance(400) {
			a.text = strconv.AppendInt(append(a.text, '-'), int64(d.between(1, 9)), 10)
		}
		a.bytes("acronym", a.text)
	}
}

func (a *author) leadName(dst []byte) ([]byte, string) {
	if a.plan.rarity == rareSponsorCase {
		if a.plan.sequence%2 == 0 {
			return append(dst, "Corvinta Research Services"...), "INDUSTRY"
		}
		return append(dst, "CORVINTA Research Services"...), "INDUSTRY"
	}
	return appendSponsor(dst, a.lead)
}

func (a *author) description() {
	d := &a.d
	a.open("descriptionModule")
	length := d.band([]step{{100, 80, 160}, {500, 160, 450}, {900, 450, 1400}, {990, 1400, 2600}, {1000, 2600, 5000}})
	a.text = a.prose(a.text[:0], d, length)
	if a.plan.rarity == rareEmoji {
		a.text = append(a.text, " Participants rate each day 😀, 😐 or 🙁."...)
	}
	a.bytes("briefSummary", a.text)
	if d.chance(655) || a.plan.rarity == rareLongText {
		length = d.band([]step{{100, 150, 400}, {500, 400, 1700}, {900, 1700, 5500}, {985, 5500, 13_000}, {1000, 13_000, 24_000}})
		if a.plan.rarity == rareLongText {
			length = 25_000
		}
		a.text = a.prose(a.text[:0], d, length)
		a.bytes("detailedDescription", a.text)
	}
	a.end()
}

func (a *author) oversight() {
	d := &a.d
	dmc, drug, device := d.chance(840), d.chance(770), d.chance(770)
	if !dmc && !drug && !device {
		return
	}
	a.open("oversightModule")
	if dmc {
		a.bool("oversightHasDmc", d.chance(350))
	}
	if drug {
		a.bool("isFdaRegulatedDrug", d.chance(250))
	}
	if device {
		a.bool("isFdaRegulatedDevice", d.chance(80))
	}
	if d.chance(180) {
		a.bool("isUsExport", d.chance(100))
	}
	a.end()
}

func (a *author) sponsors() {
	d := &a.d
	a.open("sponsorCollaboratorsModule")
	if a.plan.firstSubmit > dateOf(2011, 6, 1) {
		a.responsibleParty()
	}
	a.open("leadSponsor")
	var class string
	a.text, class = a.leadName(a.text[:0])
	a.bytes("name", a.text)
	a.str("class", class)
	a.end()
	count := d.band([]step{{655, 0, 0}, {830, 1, 1}, {925, 2, 2}, {988, 3, 6}, {1000, 7, 20}})
	if a.plan.rarity == rareManyCollaborators {
		count = 122
	}
	if count > 0 {
		a.collaborators(count)
	}
	a.end()
}

// collaborators are consecutive organisations from somewhere in the list: all
// of them others, and others than the lead.
func (a *author) collaborators(count int) {
	first := drawSponsor(&a.d)
	a.list("collaborators")
	for i := range count {
		sponsor := (first + i*31) % sponsorCount
		if sponsor == a.lead {
			sponsor = (sponsor + 1) % sponsorCount
		}
		a.begin()
		var class string
		a.text, class = appendSponsor(a.text[:0], sponsor)
		a.bytes("name", a.text)
		a.str("class", class)
		a.end()
	}
	a.endList()
}

func (a *author) responsibleParty() {
	d := &a.d
	a.open("responsibleParty")
	kind := []string{"SPONSOR", "PRINCIPAL_INVESTIGATOR", "SPONSOR_INVESTIGATOR", "SPONSOR"}[d.below(4)]
	a.str("type", kind)
	if kind != "SPONSOR" {
		a.text = appendPerson(a.text[:0], d)
		a.bytes("investigatorFullName", a.text)
		a.str("investigatorTitle", d.pick([]string{"Professor", "Principal Investigator", "Consultant", "Associate Professor", "Head of Department"}))
		a.text, _ = a.leadName(a.text[:0])
		a.bytes("investigatorAffiliation", a.text)
	}
	a.end()
}
