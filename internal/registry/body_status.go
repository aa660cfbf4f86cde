package registry

// statusModule is about dates and states.
func (a *author) statusModule(g *generator) {
	p, d := &a.plan, &a.d
	a.open("statusModule")
	verified := p.lastUpdate.String()
	if !d.chance(2) {
		verified = verified[:7]
	}
	a.str("statusVerifiedDate", verified)
	a.str("overallStatus", p.status)
	if p.status == "UNKNOWN" {
		a.str("lastKnownStatus", d.pick([]string{"RECRUITING", "NOT_YET_RECRUITING", "ACTIVE_NOT_RECRUITING", "ENROLLING_BY_INVITATION"}))
	}
	if p.status == "TERMINATED" || p.status == "WITHDRAWN" || p.status == "SUSPENDED" {
		a.str("whyStopped", d.pick(stopReasons))
	}
	if p.kind != expandedAccess {
		a.expandedAccessInfo(g)
		a.partialDate("startDateStruct", p.start, p.start <= horizon, 250)
		a.partialDate("primaryCompletionDateStruct", p.primary, p.primary <= horizon, 4)
		a.partialDate("completionDateStruct", p.completion, p.completion <= horizon, 12)
	}
	a.submissions()
	a.end()
}

var stopReasons = []string{
	"Slow recruitment", "Lack of funding", "The investigator left the institution", "Sponsor decision, not related to safety",
	"No participants enrolled", "Futility at the interim analysis", "The COVID-19 pandemic", "Study drug no longer available (see letter of 12 May)",
}

func (a *author) expandedAccessInfo(g *generator) {
	d := &a.d
	if d.chance(16) {
		return
	}
	a.open("expandedAccessInfo")
	has := d.chance(6)
	a.bool("hasExpandedAccess", has)
	if has && d.chance(400) {
		a.str("nctId", g.idOf(a.plan.sequence/1000*1000+11).String())
		a.str("statusForNctId", d.pick(overallStatuses[8:12]))
	}
	a.end()
}

// partialDate writes a date as precisely as it is known: the day, the month or
// only the year. Older studies know months, and often no type.
func (a *author) partialDate(name string, value day, past bool, withoutType int) {
	d := &a.d
	if value == noDay {
		return
	}
	text := value.String()
	monthly := d.chance(180) || (a.plan.firstSubmit < dateOf(2017, 1, 1) && d.chance(700))
	switch {
	case a.plan.rarity == rareYearOnly:
		text = text[:4]
	case monthly:
		text = text[:7]
	}
	a.open(name)
	a.str("date", text)
	if !(monthly && d.chance(withoutType*2)) {
		if past {
			a.str("type", "ACTUAL")
		} else {
			a.str("type", "ESTIMATED")
		}
	}
	a.end()
}

// submissions are the dates every study has.
func (a *author) submissions() {
	p := &a.plan
	a.date("studyFirstSubmitDate", p.firstSubmit)
	a.date("studyFirstSubmitQcDate", p.firstSubmit+day(a.d.below(int(p.firstPost-p.firstSubmit)+1)))
	a.postDate("studyFirstPostDateStruct", p.firstPost)
	if p.hasResults {
		posted := min(p.lastUpdate, p.completion+400)
		a.date("resultsFirstSubmitDate", posted-30)
		a.date("resultsFirstSubmitQcDate", posted-28)
		a.postDate("resultsFirstPostDateStruct", posted)
	}
	if p.hasResults && a.d.chance(120) {
		a.date("dispFirstSubmitDate", p.completion+300)
		a.date("dispFirstSubmitQcDate", p.completion+301)
		a.postDate("dispFirstPostDateStruct", p.completion+305)
	}
	a.date("lastUpdateSubmitDate", max(p.firstSubmit, p.lastUpdate-day(a.d.below(5))))
	a.postDate("lastUpdatePostDateStruct", p.lastUpdate)
}

// postDate: before 2017 the registry estimated the day it had posted.
func (a *author) postDate(name string, value day) {
	a.open(name)
	a.date("date", value)
	if value < dateOf(2017, 1, 18) {
		a.str("type", "ESTIMATED")
	} else {
		a.str("type", "ACTUAL")
	}
	a.end()
}
