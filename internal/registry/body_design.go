package registry

import "strconv"

// conditions are always all different within a study.
func (a *author) conditions() {
	d := &a.d
	if a.plan.rarity == rareNoCondition {
		return
	}
	count := d.band([]step{{640, 1, 1}, {820, 2, 2}, {910, 3, 4}, {993, 5, 11}, {1000, 12, 40}})
	if a.plan.rarity == rareManyConditions {
		count = 343
	}
	a.open("conditionsModule")
	a.list("conditions")
	a.comma()
	a.buf = appendString(a.buf, a.condition)
	for i := 1; i < count; i++ {
		a.comma()
		a.text = a.otherCondition(a.text[:0], i)
		a.buf = appendString(a.buf, a.text)
	}
	a.endList()
	if d.chance(640) {
		first := d.below(len(keywords))
		a.list("keywords")
		for i := range d.band([]step{{700, 1, 4}, {960, 5, 9}, {1000, 10, 28}}) {
			a.element(keywords[(first+i)%len(keywords)])
		}
		a.endList()
	}
	a.end()
}

// otherCondition is the i-th further condition: its stem and its qualifiers
// count through all combinations, so none comes twice.
func (a *author) otherCondition(dst []byte, i int) []byte {
	from := int(hashBytes(a.condition)>>40) + i
	dst = append(dst, conditionBefore[4+from/len(conditionStems)%(len(conditionBefore)-4)]...)
	dst = append(dst, conditionStems[from%len(conditionStems)]...)
	if string(dst) == string(a.condition) {
		dst = append(dst, ", Secondary"...)
	}
	return dst
}

func (a *author) design() {
	p, d := &a.plan, &a.d
	a.open("designModule")
	a.str("studyType", p.studyType)
	switch p.kind {
	case expandedAccess:
		a.open("expandedAccessTypes")
		a.bool([]string{"individual", "intermediate", "treatment"}[d.below(3)], true)
		a.end()
	case observational:
		a.observationalDesign()
	default:
		a.interventionalDesign()
	}
	if p.enrollment >= 0 {
		a.open("enrollmentInfo")
		a.int("count", p.enrollment)
		if !d.chance(15) {
			if p.status == "COMPLETED" || p.status == "TERMINATED" || p.status == "WITHDRAWN" {
				a.str("type", "ACTUAL")
			} else {
				a.str("type", "ESTIMATED")
			}
		}
		a.end()
	}
	a.end()
}

func (a *author) observationalDesign() {
	d := &a.d
	registry := d.chance(150)
	if registry || d.chance(750) {
		a.bool("patientRegistry", registry)
	}
	if registry {
		a.str("targetDuration", d.pick([]string{"1 Year", "2 Years", "6 Months", "10 Years", "30 Days", "1 Day"}))
	}
	a.open("designInfo")
	a.str("observationalModel", d.pick([]string{"COHORT", "COHORT", "COHORT", "CASE_CONTROL", "CASE_ONLY", "OTHER", "FAMILY_BASED", "ECOLOGIC_OR_COMMUNITY", "NATURAL_HISTORY", "DEFINED_POPULATION", "CASE_CROSSOVER"}))
	a.str("timePerspective", d.pick([]string{"PROSPECTIVE", "PROSPECTIVE", "PROSPECTIVE", "RETROSPECTIVE", "CROSS_SECTIONAL", "OTHER"}))
	a.end()
	if d.chance(220) {
		a.open("bioSpec")
		a.str("retention", d.pick([]string{"SAMPLES_WITH_DNA", "SAMPLES_WITHOUT_DNA", "NONE_RETAINED"}))
		a.str("description", "Serum, plasma and whole blood, stored at −80 °C")
		a.end()
	}
}

var phaseLists = [][]string{
	{"NA"}, {"NA"}, {"NA"}, {"NA"}, {"PHASE1"}, {"PHASE1"}, {"PHASE2"}, {"PHASE2"}, {"PHASE2"}, {"PHASE3"}, {"PHASE3"},
	{"PHASE4"}, {"PHASE4"}, {"EARLY_PHASE1"}, {"PHASE1", "PHASE2"}, {"PHASE2", "PHASE3"},
}

func (a *author) interventionalDesign() {
	d := &a.d
	a.strs("phases", phaseLists[d.below(len(phaseLists))]...)
	if d.chance(2) {
		return
	}
	a.open("designInfo")
	if !d.chance(3) {
		a.str("allocation", d.pick([]string{"RANDOMIZED", "RANDOMIZED", "RANDOMIZED", "NON_RANDOMIZED", "NA"}))
	}
	a.str("interventionModel", d.pick([]string{"PARALLEL", "PARALLEL", "PARALLEL", "SINGLE_GROUP", "CROSSOVER", "SEQUENTIAL", "FACTORIAL"}))
	if d.chance(210) {
		a.text = a.expand(a.text[:0], d, d.pick(sentences))
		a.bytes("interventionModelDescription", a.text)
	}
	if !d.chance(8) {
		a.str("primaryPurpose", d.pick([]string{"TREATMENT", "TREATMENT", "TREATMENT", "TREATMENT", "PREVENTION", "DIAGNOSTIC", "SUPPORTIVE_CARE", "BASIC_SCIENCE", "HEALTH_SERVICES_RESEARCH", "SCREENING", "OTHER", "DEVICE_FEASIBILITY", "ECT"}))
	}
	blind := []string{"PARTICIPANT", "CARE_PROVIDER", "INVESTIGATOR", "OUTCOMES_ASSESSOR"}
	level := max(0, d.between(-4, 4))
	a.open("maskingInfo")
	a.str("masking", []string{"NONE", "SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"}[level])
	if level > 0 && d.chance(250) {
		a.text = a.expand(a.text[:0], d, "Neither the $w nor the assessors of $o know the assignment.")
		a.bytes("maskingDescription", a.text)
	}
	a.strs("whoMasked", blind[4-level:]...)
	a.end()
	a.end()
}

func (a *author) eligibility() {
	p, d := &a.plan, &a.d
	a.open("eligibilityModule")
	length := d.band([]step{{100, 120, 320}, {500, 320, 1000}, {900, 1000, 3500}, {990, 3500, 8000}, {1000, 8000, 18_000}})
	a.text = a.criteria(a.text[:0], d, length)
	a.bytes("eligibilityCriteria", a.text)
	if !d.chance(24) {
		a.bool("healthyVolunteers", d.chance(280))
	}
	sex := d.pick([]string{"ALL", "ALL", "ALL", "ALL", "ALL", "ALL", "ALL", "FEMALE", "FEMALE", "MALE"})
	a.str("sex", sex)
	if sex != "ALL" && d.chance(350) {
		a.bool("genderBased", true)
		a.str("genderDescription", "Self-reported; the condition concerns one sex only")
	}
	a.ages()
	if p.kind == observational {
		a.text = a.expand(a.text[:0], d, "Consecutive $w with $c seen at the participating centres within $p")
		a.bytes("studyPopulation", a.text)
		a.str("samplingMethod", d.pick([]string{"NON_PROBABILITY_SAMPLE", "NON_PROBABILITY_SAMPLE", "PROBABILITY_SAMPLE"}))
	}
	a.end()
}

// ages come in six units, singular and plural; either bound may be missing. A
// few studies have theirs the wrong way round, which the registry lets pass.
func (a *author) ages() {
	d := &a.d
	const years = 365 * 24 * 60
	low, high := 0, 200*years
	if !d.chance(45) {
		low = a.age("minimumAge", d.band([]step{{25, 0, 0}, {960, 18, 18}, {985, 40, 65}, {1000, 1, 17}}), 70)
	}
	if d.chance(540) {
		switch atLeast := low/years + 1; {
		case d.chance(4):
			high = a.age("maximumAge", d.between(1, 99), 70)
		case low == 0: // newborns: any unit may be meant
			high = a.age("maximumAge", d.between(19, 99), 300)
		default:
			high = a.age("maximumAge", d.between(max(19, atLeast), 99), 0)
		}
	}
	a.list("stdAges")
	if low < 18*years {
		a.element("CHILD")
	}
	if low >= 18*years && low < 65*years || low < 18*years && high > 18*years {
		a.element("ADULT")
	}
	if high > 65*years || low >= 65*years {
		a.element("OLDER_ADULT")
	}
	a.endList()
}

// age writes so many years or, so often of a thousand, something in a smaller
// unit, and answers it in minutes.
func (a *author) age(name string, years, smaller int) int {
	d := &a.d
	units := []struct {
		name    string
		minutes int
	}{{"Minute", 1}, {"Hour", 60}, {"Day", 24 * 60}, {"Week", 7 * 24 * 60}, {"Month", 30 * 24 * 60}, {"Year", 365 * 24 * 60}}
	unit, count := 5, years
	if d.chance(smaller) {
		unit = []int{4, 4, 4, 4, 3, 3, 2, 2, 1, 0}[d.below(10)]
		count = d.between(1, 12)
	}
	if unit == 5 && count == 0 {
		count, unit = 1, d.between(3, 5)
	}
	a.text = append(strconv.AppendInt(a.text[:0], int64(count), 10), ' ')
	a.text = append(a.text, units[unit].name...)
	if count != 1 {
		a.text = append(a.text, 's')
	}
	a.bytes(name, a.text)
	return count * units[unit].minutes
}
