package registry

import "strconv"

func (a *author) contactsLocations() {
	p, d := &a.plan, &a.d
	sites := a.drawSiteCount()
	recruiting := p.status == "RECRUITING" || p.status == "NOT_YET_RECRUITING" || p.status == "AVAILABLE"
	officials := d.chance(730)
	if !recruiting && !officials && sites == 0 {
		return
	}
	a.open("contactsLocationsModule")
	if recruiting {
		a.list("centralContacts")
		for range d.between(1, 2) {
			a.contact()
		}
		a.endList()
	}
	if officials {
		a.list("overallOfficials")
		a.begin()
		a.text = append(appendPerson(a.text[:0], d), d.pick(degrees)...)
		a.bytes("name", a.text)
		a.text, _ = a.leadName(a.text[:0])
		a.bytes("affiliation", a.text)
		a.str("role", d.pick([]string{"PRINCIPAL_INVESTIGATOR", "PRINCIPAL_INVESTIGATOR", "STUDY_DIRECTOR", "STUDY_CHAIR"}))
		a.end()
		a.endList()
	}
	if sites > 0 {
		a.locations(sites, recruiting)
	}
	a.end()
}

func (a *author) drawSiteCount() int {
	d := &a.d
	count := d.band([]step{
		{90, 0, 0}, {570, 1, 1}, {730, 2, 5}, {830, 6, 13}, {908, 14, 28}, {954, 29, 100}, {989, 101, 340}, {996, 346, 520}, {1000, 521, 990},
	})
	switch a.plan.rarity {
	case rareManySites:
		count = d.between(1001, 1500)
	case rareEquator:
		count = max(1, count)
	}
	if a.plan.kind != interventional {
		count = min(count, 120)
	}
	return count
}

// locations are places from the common list, so studies share them. Within a
// study a place may stand twice, with another status the second time.
func (a *author) locations(count int, recruiting bool) {
	d := &a.d
	generic := ""
	if count > 5 && d.chance(300) {
		generic = d.pick(genericFacilities)
	}
	withStatus := recruiting || d.chance(140)
	repeats := count > 3 && d.chance(50)
	previous := -1
	a.list("locations")
	for i := range count {
		number := d.below(siteCount)
		again := repeats && i == 3
		if again {
			number = previous
		}
		previous = number
		a.at.set(a.seed, number)
		a.begin()
		a.facility(generic)
		if withStatus && d.chance(980) {
			a.str("status", a.siteStatus(again))
		}
		a.bytes("city", a.at.city)
		if a.at.state != "" {
			a.str("state", a.at.state)
		}
		if len(a.at.zip) > 0 && !d.chance(40) {
			a.bytes("zip", a.at.zip)
		}
		a.str("country", a.at.country.name)
		if withStatus && d.chance(550) {
			a.list("contacts")
			a.contact()
			a.endList()
		}
		a.geoPoint(i)
		a.end()
	}
	a.endList()
}

func (a *author) facility(generic string) {
	switch {
	case generic != "":
		a.str("facility", generic)
	case a.d.chance(18): // not known
	case a.plan.rarity == rareReplacement:
		a.str("facility", "Klinikum Baden-W\ufffdrttemberg")
	default:
		a.bytes("facility", a.at.facility)
	}
}

func (a *author) siteStatus(again bool) string {
	if again {
		return "WITHDRAWN"
	}
	return a.d.pick([]string{"RECRUITING", "RECRUITING", "RECRUITING", "RECRUITING", "NOT_YET_RECRUITING", "COMPLETED", "WITHDRAWN", "ACTIVE_NOT_RECRUITING", "SUSPENDED", "TERMINATED", "ENROLLING_BY_INVITATION"})
}

// geoPoint: a geocoder that was improved over the years left some places with
// another point in some studies, and a few with none.
func (a *author) geoPoint(i int) {
	lat, lon := a.at.lat, a.at.lon
	switch {
	case a.plan.rarity == rareEquator && i == 0:
		lat = 0
	case a.d.chance(28):
		return
	case a.d.chance(7):
		lat = float64(int((lat+0.01)*100_000)) / 100_000
	}
	a.open("geoPoint")
	a.float("lat", lat)
	a.float("lon", lon)
	a.end()
}

func (a *author) contact() {
	d := &a.d
	a.begin()
	a.text = append(appendPerson(a.text[:0], d), d.pick(degrees)...)
	a.bytes("name", a.text)
	a.str("role", "CONTACT")
	a.text = appendPhone(a.text[:0], d)
	a.bytes("phone", a.text)
	if d.chance(120) {
		a.text = strconv.AppendInt(a.text[:0], int64(d.between(10, 9999)), 10)
		a.bytes("phoneExt", a.text)
	}
	a.text = strconv.AppendInt(append(a.text[:0], "trials."...), int64(d.between(100, 99_999)), 10)
	a.text = append(a.text, "@example.org"...)
	a.bytes("email", a.text)
	a.end()
}

func (a *author) references() {
	d := &a.d
	if !d.chance(300) {
		return
	}
	a.open("referencesModule")
	a.list("references")
	for range d.band([]step{{500, 1, 2}, {880, 3, 8}, {990, 9, 30}, {1000, 31, 120}}) {
		a.begin()
		a.text = strconv.AppendInt(a.text[:0], int64(d.between(90_000_000, 99_999_999)), 10)
		a.bytes("pmid", a.text)
		a.str("type", d.pick([]string{"BACKGROUND", "BACKGROUND", "DERIVED", "RESULT"}))
		a.text = append(appendPerson(a.text[:0], d), ", "...)
		a.text = append(appendPerson(a.text, d), ". "...)
		a.text = a.expand(a.text, d, d.pick(officialPatterns))
		a.text = append(a.text, ". Ann Invented Med. "...)
		a.text = strconv.AppendInt(a.text, int64(d.between(1990, 2025)), 10)
		a.text = append(a.text, ';')
		a.text = strconv.AppendInt(a.text, int64(d.between(1, 99)), 10)
		a.bytes("citation", a.text)
		a.end()
	}
	a.endList()
	if d.chance(200) {
		a.list("seeAlsoLinks")
		a.begin()
		a.str("label", "Study website")
		a.str("url", "https://trials.example.org/"+a.plan.id.String())
		a.end()
		a.endList()
	}
	a.end()
}

func (a *author) sharing() {
	d := &a.d
	if !d.chance(590) {
		return
	}
	a.open("ipdSharingStatementModule")
	answer := d.pick([]string{"NO", "NO", "NO", "YES", "UNDECIDED"})
	a.str("ipdSharing", answer)
	if answer == "YES" {
		a.text = a.expand(a.text[:0], d, "De-identified data on $o are available from $p after publication on reasonable request.")
		a.bytes("description", a.text)
		a.strs("infoTypes", "STUDY_PROTOCOL", "SAP")
		a.str("timeFrame", "6 months after publication, for 5 years")
	}
	a.end()
}
