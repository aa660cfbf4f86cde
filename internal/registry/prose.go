package registry

import (
	"strconv"
	"strings"
)

// topic is what a study is about; its texts speak of it again and again.
type topic struct {
	condition []byte
	treatment []byte
	compared  string
}

// Sentences are composed from patterns. In a pattern, $c is the condition,
// $t the treatment, $k what it is compared with, $n a number, $p a period,
// $d a dose, $s a score, $o an outcome, $w and $W the people concerned.

var openings = []string{
	"The purpose of this study is to find out whether $t is safe and effective in $w with $c.",
	"This is a multicenter, randomized study comparing $t with $k in $w who have $c.",
	"$c remains a major cause of disability, and options beyond $k are limited.",
	"The investigators hypothesize that $t, added to $k, improves $o after $p.",
	"This registry collects data on routine care of $w with $c at $n centres.",
	"Although $k is widely used in $c, up to $n% of $w do not respond within $p.",
	"We aim to evaluate the feasibility, acceptability and preliminary effect of $t on $o.",
	"This phase consists of a screening period, a treatment period of $p and a follow-up of $p.",
}

var sentences = []string{
	"Eligible $w will be assigned 1:1 to $t or $k, stratified by centre and by severity of $c.",
	"Assessments take place at baseline, at $p and at $p, and include the $s.",
	"The dose of $t starts at $d and may be raised to $d if it is tolerated.",
	"All adverse events are recorded from consent until $p after the last dose of $t.",
	"A sample of $n participants gives a power of 80% to detect a difference of $n points on the $s (two-sided alpha = 0.05).",
	"Blood samples of $n mL are drawn before the dose and at 1, 2, 4, 8 and 24 hours after it.",
	"Participants who stop $t early are asked to stay in the study for all planned visits.",
	"The primary analysis follows the intention-to-treat principle; missing values are handled by multiple imputation.",
	"Previous work in $n $w suggests that $t reduces $o by about $n% (95% CI, $n to $n).",
	"An independent committee reviews safety data every $p and may recommend stopping.",
	"Secondary questions concern $o, quality of life as measured by the $s, and use of care.",
	"In a subgroup, serum levels of $n ng/mL (about $n nmol/L) are related to $o.",
	"Neither participants nor assessors know the assignment; the pharmacy holds the list.",
	"Rescue medication is allowed from $p on, as recommended by local guidelines.",
	"The study follows the Declaration of Helsinki and was approved by the ethics committee of each site.",
	"If $o worsens by \\>= $n points, $k is offered and the visit is repeated within $p.",
	"Imaging is read centrally by two readers; a third one decides where they differ.",
	"Interviews with $n participants explore what helped and what hindered the use of $t.",
	"Interim results are expected when $n% of the events have occurred.",
	"Data are entered into an electronic case report form and checked against source documents (about $n% of records).",
	"Follow-up ends $p after the last participant's first visit, or at death, loss to follow-up or withdrawal of consent.",
	"Patients' own words (\"I can climb the stairs again\") are recorded verbatim at $p.",
	"Dose levels: \\*level 1\\* $d, \\*level 2\\* $d, \\*level 3\\* $d, each given to $n $w.",
	"Home measurements are sent daily by telephone, and a nurse calls when two are missing.",
}

var inclusions = []string{
	"Age \\>= $n years at the time of consent", "Diagnosis of $c confirmed within $p before screening",
	"$s score of at least $n at baseline", "Stable dose of $k for \\>= $p", "Able to give written informed consent",
	"Body mass index between 18.5 and 35 kg/m\\^2", "Life expectancy \\> $p", "ECOG performance status \\<= 2",
	"Haemoglobin \\>= $n g/L and platelets \\>= $n x 10\\^9/L", "Negative pregnancy test and willingness to use contraception until $p after the last dose",
	"Able to understand the study language and to complete the $s", "Adequate renal function (eGFR \\> $n mL/min/1.73 m\\^2)",
	"At least $n episodes during the last $p, documented in a diary", "Willing to attend all visits for $p",
}

var exclusions = []string{
	"Known hypersensitivity to $t or to any of its excipients", "Participation in another interventional study within $p",
	"Pregnancy or breastfeeding", "Severe hepatic impairment (Child-Pugh C)", "Prior treatment with $k within $p of screening",
	"Active infection requiring systemic therapy", "History of malignancy within $n years, except basal cell carcinoma",
	"QTc interval \\> $n ms", "Any condition that, in the investigator's opinion, interferes with the evaluation of $o",
	"Alcohol or substance use disorder within the last $p", "Uncontrolled hypertension (systolic \\> $n mmHg)",
	"Planned surgery during the $p of treatment", "Contraindication to magnetic resonance imaging", "Employees of the sponsor and their relatives",
}

var (
	periods      = []string{"4 weeks", "6 weeks", "8 weeks", "12 weeks", "24 weeks", "6 months", "1 year", "52 weeks", "90 days", "28 days", "2 years", "5 years"}
	doses        = []string{"5 mg", "10 mg once daily", "25 mg", "50 mg twice daily", "100 mg", "2.5 mcg/kg", "1 g", "75 mg every other week", "300 mg subcutaneously"}
	scores       = []string{"6-Minute Walk Test", "Visual Analogue Scale", "Hospital Anxiety and Depression Scale", "Short Form 36", "Timed Up and Go test", "Disease Activity Index", "EQ-5D-5L", "Montreal Symptom Inventory", "Pittsburgh Sleep Quality Index"}
	outcomes     = []string{"pain intensity", "progression-free survival", "overall survival", "HbA1c", "time to first relapse", "left ventricular ejection fraction", "walking distance", "sleep efficiency", "blood pressure", "rate of complications", "quality of life", "length of stay", "viral load", "forced expiratory volume", "patient satisfaction"}
	people       = []string{"adults", "patients", "children and adolescents", "older adults", "women", "men", "participants", "hospitalised patients", "outpatients", "post-menopausal women"}
	titledPeople = []string{"Adults", "Patients", "Children and Adolescents", "Older Adults", "Women", "Men", "Participants", "Outpatients"}
	measures     = []string{"Change From Baseline in the $s", "Number of Participants With Adverse Events", "Time to Improvement of $o", "Percentage of Participants With a Response in $o", "Mean Change in $o at $p", "Proportion of $W Who Complete $p of $t", "Area Under the Concentration-Time Curve of $t", "Incidence of Serious Adverse Events Related to $t", "$s Total Score", "Rate of $o at $p"}
	frames       = []string{"$p", "Baseline, $p", "Baseline to $p", "Up to $p", "From enrolment to the end of treatment at $p", "Day 1 to $p, assessed every $p", "Through study completion, an average of 1 year"}
)

// expand appends a pattern with its $ filled in.
func (t *topic) expand(dst []byte, d *dice, pattern string) []byte {
	for {
		at := strings.IndexByte(pattern, '$')
		if at < 0 {
			return append(dst, pattern...)
		}
		dst = append(dst, pattern[:at]...)
		switch pattern[at+1] {
		case 'c':
			dst = append(dst, t.condition...)
		case 't':
			dst = append(dst, t.treatment...)
		case 'k':
			dst = append(dst, t.compared...)
		case 'n':
			dst = strconv.AppendInt(dst, int64(d.between(2, 90)), 10)
		case 'p':
			dst = append(dst, d.pick(periods)...)
		case 'd':
			dst = append(dst, d.pick(doses)...)
		case 's':
			dst = append(dst, d.pick(scores)...)
		case 'o':
			dst = append(dst, d.pick(outcomes)...)
		case 'w':
			dst = append(dst, d.pick(people)...)
		case 'W':
			dst = append(dst, d.pick(titledPeople)...)
		}
		pattern = pattern[at+2:]
	}
}

// prose appends at least so many bytes of sentences, in paragraphs.
func (t *topic) prose(dst []byte, d *dice, length int) []byte {
	end := len(dst) + length
	dst = t.expand(dst, d, d.pick(openings))
	next := walk(d, sentences)
	for n := 1; len(dst) < end; n++ {
		switch {
		case n%7 == 6 && d.chance(600):
			dst = append(dst, "\n\n"...)
		case n%7 == 3 && d.chance(80):
			dst = append(dst, "\n\n* "...)
		default:
			dst = append(dst, ' ')
		}
		dst = t.expand(dst, d, next())
	}
	return dst
}

// criteria appends the two lists of who may take part.
func (t *topic) criteria(dst []byte, d *dice, length int) []byte {
	dst = append(dst, "Inclusion Criteria:\n"...)
	dst = t.bullets(dst, d, inclusions, length/2)
	dst = append(dst, "\n\nExclusion Criteria:\n"...)
	return t.bullets(dst, d, exclusions, length/2)
}

func (t *topic) bullets(dst []byte, d *dice, patterns []string, length int) []byte {
	end := len(dst) + length
	next := walk(d, patterns)
	for first := true; first || len(dst) < end; first = false {
		dst = t.expand(append(dst, "\n* "...), d, next())
	}
	return dst
}

// walk goes round all patterns from somewhere, so that none comes again
// before all others did. Their number has no factor in common with the stride.
func walk(d *dice, patterns []string) func() string {
	const stride = 5
	at := d.below(len(patterns))
	return func() string {
		at = (at + stride) % len(patterns)
		return patterns[at]
	}
}
