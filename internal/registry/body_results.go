package registry

import "strconv"

// results are shaped like the registry's, group by group; the figures mean nothing.
func (a *author) results() {
	d := &a.d
	groups := d.between(1, 5)
	a.open("resultsSection")
	a.open("participantFlowModule")
	a.groups("groups", "FG", groups)
	a.list("periods")
	a.begin()
	a.str("title", "Overall Study")
	a.list("milestones")
	for _, milestone := range []string{"STARTED", "COMPLETED", "NOT COMPLETED"} {
		a.begin()
		a.str("type", milestone)
		a.list("achievements")
		for g := range groups {
			a.begin()
			a.groupID("FG", g)
			a.number("numSubjects", d.between(0, 300))
			a.end()
		}
		a.endList()
		a.end()
	}
	a.endList()
	a.end()
	a.endList()
	a.end()
	a.outcomeMeasures(groups)
	a.adverseEvents(groups)
	a.end()
}

func (a *author) outcomeMeasures(groups int) {
	d := &a.d
	a.open("outcomeMeasuresModule")
	a.list("outcomeMeasures")
	for i := range d.band([]step{{400, 2, 10}, {850, 11, 40}, {1000, 41, 140}}) {
		a.begin()
		if i == 0 {
			a.str("type", "PRIMARY")
		} else {
			a.str("type", "SECONDARY")
		}
		a.text = a.expand(a.text[:0], d, d.pick(measures))
		a.bytes("title", a.text)
		a.text = a.expand(a.text[:0], d, d.pick(sentences))
		a.bytes("description", a.text)
		a.str("reportingStatus", "POSTED")
		a.str("paramType", "MEAN")
		a.str("dispersionType", "Standard Deviation")
		a.str("unitOfMeasure", "score on a scale")
		a.str("timeFrame", d.pick(periods))
		a.groups("groups", "OG", groups)
		a.list("classes")
		a.begin()
		a.list("categories")
		a.begin()
		a.list("measurements")
		for g := range groups {
			a.begin()
			a.groupID("OG", g)
			a.number("value", d.between(0, 100))
			a.number("spread", d.between(1, 20))
			a.end()
		}
		a.endList()
		a.end()
		a.endList()
		a.end()
		a.endList()
		a.end()
	}
	a.endList()
	a.end()
}

var organSystems = []string{"Gastrointestinal disorders", "Nervous system disorders", "Infections and infestations", "General disorders", "Skin and subcutaneous tissue disorders"}

var eventTerms = []string{"Nausea", "Headache", "Diarrhoea", "Fatigue", "Dizziness", "Nasopharyngitis", "Rash", "Vomiting", "Pyrexia", "Back pain", "Cough", "Pruritus", "Arthralgia", "Insomnia", "Constipation"}

func (a *author) adverseEvents(groups int) {
	d := &a.d
	a.open("adverseEventsModule")
	a.str("frequencyThreshold", "5")
	a.str("timeFrame", d.pick(periods))
	a.list("otherEvents")
	for range d.band([]step{{400, 5, 30}, {850, 31, 120}, {1000, 121, 600}}) {
		a.begin()
		a.str("term", d.pick(eventTerms))
		a.str("organSystem", d.pick(organSystems))
		a.str("assessmentType", "SYSTEMATIC_ASSESSMENT")
		a.list("stats")
		for g := range groups {
			a.begin()
			a.groupID("EG", g)
			a.int("numAffected", d.between(0, 30))
			a.int("numAtRisk", d.between(30, 300))
			a.end()
		}
		a.endList()
		a.end()
	}
	a.endList()
	a.end()
}

func (a *author) groups(name, prefix string, count int) {
	a.list(name)
	for g := range count {
		a.begin()
		a.key("id")
		a.buf = append(a.buf, '"')
		a.buf = append(a.buf, prefix...)
		a.buf = append(a.buf, '0', '0', byte('0'+g), '"')
		a.first = false
		a.text = strconv.AppendInt(append(a.text[:0], "Group "...), int64(g+1), 10)
		a.bytes("title", a.text)
		a.text = a.expand(a.text[:0], &a.d, armTexts[g%len(armTexts)])
		a.bytes("description", a.text)
		a.end()
	}
	a.endList()
}

func (a *author) groupID(prefix string, group int) {
	a.key("groupId")
	a.buf = append(a.buf, '"')
	a.buf = append(a.buf, prefix...)
	a.buf = append(a.buf, '0', '0', byte('0'+group), '"')
	a.first = false
}

// number is a figure the registry writes as text.
func (a *author) number(name string, value int) {
	a.text = strconv.AppendInt(a.text[:0], int64(value), 10)
	a.bytes(name, a.text)
}

// derived is what the registry adds to a study itself, in every data build anew.
func (a *author) derived(versionHolder string) {
	d := &a.d
	a.open("derivedSection")
	a.open("miscInfoModule")
	a.str("versionHolder", versionHolder)
	if a.plan.kind == interventional && d.chance(26) {
		first := d.below(len(countries) - 2)
		a.strs("removedCountries", countries[first].name, countries[len(countries)-1].name)
	}
	a.end()
	if a.plan.kind != withheld && d.chance(930) {
		a.browse("conditionBrowseModule", string(a.condition))
	}
	if a.plan.kind == interventional && d.chance(450) {
		a.browse("interventionBrowseModule", string(a.treatment))
	}
	a.end()
}

func (a *author) browse(name, term string) {
	d := &a.d
	a.open(name)
	a.list("meshes")
	a.term(term)
	a.endList()
	a.list("ancestors")
	for range d.between(3, 16) {
		a.term(d.pick(conditionStems) + " and Related Disorders")
	}
	a.endList()
	a.end()
}

func (a *author) term(term string) {
	a.begin()
	a.text = strconv.AppendInt(append(a.text[:0], 'D'), int64(900_000+hashBytes([]byte(term))>>44%99_999), 10)
	a.bytes("id", a.text)
	a.str("term", term)
	a.end()
}
