package registry

import "strconv"

var interventionTypes = []string{
	"DRUG", "DRUG", "DRUG", "DRUG", "DRUG", "DRUG", "DRUG", "DEVICE", "DEVICE", "BEHAVIORAL", "BEHAVIORAL", "PROCEDURE",
	"OTHER", "OTHER", "OTHER", "BIOLOGICAL", "DIAGNOSTIC_TEST", "DIETARY_SUPPLEMENT", "RADIATION", "COMBINATION_PRODUCT", "GENETIC",
}

// typeLabels are how an arm names the type of its interventions.
var typeLabels = map[string]string{
	"DRUG": "Drug", "DEVICE": "Device", "BEHAVIORAL": "Behavioral", "PROCEDURE": "Procedure", "OTHER": "Other", "BIOLOGICAL": "Biological",
	"DIAGNOSTIC_TEST": "Diagnostic Test", "DIETARY_SUPPLEMENT": "Dietary Supplement", "RADIATION": "Radiation",
	"COMBINATION_PRODUCT": "Combination Product", "GENETIC": "Genetic",
}

func (a *author) appendTreatment(dst []byte, kind string) []byte {
	d := &a.d
	switch kind {
	case "DEVICE", "COMBINATION_PRODUCT":
		return append(dst, d.pick(devices)...)
	case "BEHAVIORAL":
		return append(dst, d.pick(behaviors)...)
	case "PROCEDURE":
		return append(dst, d.pick(procedures)...)
	case "DIETARY_SUPPLEMENT":
		return append(dst, d.pick(supplements)...)
	case "DIAGNOSTIC_TEST":
		return append(dst, d.pick(diagnostics)...)
	case "OTHER":
		return append(dst, d.pick(otherActions)...)
	case "RADIATION":
		dst = strconv.AppendInt(append(dst, "Radiotherapy "...), int64(d.between(20, 70)), 10)
		return append(dst, " Gy"...)
	}
	return appendDrug(dst, d.below(1<<12)*d.below(1<<12)>>12*17%drugCount)
}

// treatment is one intervention of the study under way.
type treatment struct {
	kind string
	name string
	arm  int // -1: given in each arm
}

func (a *author) armsInterventions() {
	p, d := &a.plan, &a.d
	treatments := a.drawTreatments()
	arms := 0
	if p.kind != expandedAccess && (p.kind == interventional || d.chance(600)) {
		arms = d.band([]step{{330, 1, 1}, {800, 2, 2}, {920, 3, 3}, {990, 4, 6}, {1000, 7, 16}})
	}
	if arms == 0 && len(treatments) == 0 {
		return
	}
	a.open("armsInterventionsModule")
	labels := a.armGroups(arms, treatments)
	if len(treatments) > 0 {
		a.interventions(treatments, labels)
	}
	a.end()
}

func (a *author) drawTreatments() []treatment {
	p, d := &a.plan, &a.d
	if p.rarity == rareNoIntervention || (p.kind == observational && d.chance(420)) {
		return nil
	}
	count := d.band([]step{{480, 1, 1}, {780, 2, 2}, {900, 3, 3}, {990, 4, 9}, {1000, 10, 18}})
	if p.rarity == rareManyInterventions {
		count = 46
	}
	treatments := []treatment{{"DRUG", string(a.treatment), 0}}
	if d.chance(450) {
		treatments[0].kind = d.pick(interventionTypes)
		treatments[0].name = string(a.appendTreatment(nil, treatments[0].kind))
	}
	repeated := d.chance(40) // dose arms: the same drug with another description
	for i := 1; i < count; i++ {
		t := treatment{kind: d.pick(interventionTypes), arm: i}
		t.name = string(a.appendTreatment(nil, t.kind))
		if repeated && i < 4 {
			t.kind, t.name = treatments[0].kind, treatments[0].name
		} else if hasTreatment(treatments, t.name) {
			continue
		}
		treatments = append(treatments, t)
	}
	return treatments
}

func hasTreatment(all []treatment, name string) bool {
	for _, t := range all {
		if t.name == name {
			return true
		}
	}
	return false
}

func (a *author) armGroups(count int, treatments []treatment) []string {
	d := &a.d
	if count == 0 {
		return nil
	}
	labels := make([]string, count)
	a.list("armGroups")
	for i := range count {
		a.begin()
		labels[i] = armNames[d.below(len(armNames))] + strconv.Itoa(i+1)
		a.str("label", labels[i])
		if a.plan.kind == interventional {
			a.str("type", d.pick([]string{"EXPERIMENTAL", "EXPERIMENTAL", "EXPERIMENTAL", "ACTIVE_COMPARATOR", "ACTIVE_COMPARATOR", "PLACEBO_COMPARATOR", "SHAM_COMPARATOR", "NO_INTERVENTION", "OTHER"}))
		}
		if d.chance(850) {
			a.text = a.expand(a.text[:0], d, d.pick(armTexts))
			a.bytes("description", a.text)
		}
		a.namesInArm(i, count, treatments)
		a.end()
	}
	a.endList()
	return labels
}

var (
	armNames = []string{"Arm ", "Group ", "Cohort ", "Treatment Group ", "Dose Level "}
	armTexts = []string{
		"$W in this arm receive $t $d for $p.", "$k, given as in routine care for $p.", "$t $d on days 1, 8 and 15 of each cycle of 28 days, until progression or unacceptable toxicity.",
		"After randomisation, $w continue $k and are seen at $p; from then on $t may be added at $d if the $s has not improved by \\>= $n points.",
	}
)

func (a *author) namesInArm(arm, arms int, treatments []treatment) {
	listed := false
	for _, t := range treatments {
		if t.arm%arms != arm {
			continue
		}
		if !listed {
			a.list("interventionNames")
			listed = true
		}
		a.element(typeLabels[t.kind] + ": " + t.name)
	}
	if listed {
		a.endList()
	}
}

func (a *author) interventions(treatments []treatment, labels []string) {
	d := &a.d
	a.list("interventions")
	for i, t := range treatments {
		a.begin()
		a.str("type", t.kind)
		a.str("name", t.name)
		if d.chance(870) {
			a.text = a.expand(a.text[:0], d, d.pick(armTexts))
			if d.chance(300) {
				a.text = a.expand(append(a.text, ' '), d, d.pick(sentences))
			}
			if i > 0 {
				a.text = strconv.AppendInt(append(a.text, " Schedule "...), int64(i+1), 10)
			}
			a.bytes("description", a.text)
		}
		if len(labels) > 0 {
			a.strs("armGroupLabels", labels[t.arm%len(labels)])
		}
		if t.kind == "DRUG" && d.chance(350) {
			a.text = strconv.AppendInt(append(a.text[:0], "AB-"...), int64(d.between(1000, 9999)), 10)
			a.strs("otherNames", string(a.text))
		}
		a.end()
	}
	a.endList()
}

func (a *author) outcomesModule() {
	d := &a.d
	if a.plan.kind == expandedAccess || d.chance(6) {
		return
	}
	a.open("outcomesModule")
	a.outcomes("primaryOutcomes", d.band([]step{{650, 1, 1}, {800, 2, 2}, {930, 3, 4}, {990, 5, 12}, {1000, 13, 39}}))
	a.outcomes("secondaryOutcomes", d.band([]step{{230, 0, 0}, {520, 1, 3}, {900, 4, 11}, {990, 12, 34}, {1000, 35, 89}}))
	a.outcomes("otherOutcomes", d.band([]step{{907, 0, 0}, {990, 1, 10}, {1000, 11, 40}}))
	a.end()
}

func (a *author) outcomes(name string, count int) {
	d := &a.d
	if count == 0 {
		return
	}
	a.list(name)
	for range count {
		a.begin()
		a.text = a.expand(a.text[:0], d, d.pick(measures))
		a.bytes("measure", a.text)
		if d.chance(750) {
			a.text = a.expand(a.text[:0], d, d.pick(sentences))
			if d.chance(450) {
				a.text = a.expand(append(a.text, ' '), d, d.pick(sentences))
			}
			a.bytes("description", a.text)
		}
		if d.chance(970) {
			a.text = a.expand(a.text[:0], d, d.pick(frames))
			a.bytes("timeFrame", a.text)
		}
		a.end()
	}
	a.endList()
}
