package registry

func (g *generator) appendStudy(dst []byte, slot int, versionHolder string) ([]byte, error) {
	p := g.plan(slot)
	w := writer{buf: dst, first: true}
	w.begin()
	w.open("protocolSection")
	w.open("identificationModule")
	w.str("nctId", p.id.String())
	for i, alias := range p.aliases {
		if i == 0 {
			w.list("nctIdAliases")
		}
		w.element(alias.String())
		if i == len(p.aliases)-1 {
			w.endList()
		}
	}
	w.open("orgStudyIdInfo")
	w.str("id", "ORG-"+p.id.String()[5:])
	w.end()
	w.str("briefTitle", "A Study of Something")
	w.end()
	w.open("statusModule")
	w.str("overallStatus", p.status)
	w.open("lastUpdatePostDateStruct")
	w.date("date", p.lastUpdate)
	w.end()
	w.end()
	w.end()
	w.open("derivedSection")
	w.open("miscInfoModule")
	w.str("versionHolder", versionHolder)
	w.end()
	w.end()
	w.bool("hasResults", p.hasResults)
	w.end()
	return w.buf, nil
}
