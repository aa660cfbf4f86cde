package pipeline_test

import (
	"encoding/json"
	"slices"
	"strings"
)

// The oracle is a second, independent reading of the clinical trials mapping:
// written by hand against the registry's JSON, without the mapping file.

// oracle gives the rows of every table for records that are all valid, sorted
// by key.
func oracle(records []lakeRecord) map[string][][]any {
	tables := map[string][][]any{}
	records = slices.Clone(records)
	slices.SortFunc(records, func(a, b lakeRecord) int { return strings.Compare(a.nctID, b.nctID) })
	for _, r := range records {
		study := oracleStudy{record: r}
		decoder := json.NewDecoder(strings.NewReader(r.study))
		decoder.UseNumber()
		if err := decoder.Decode(&study.body); err != nil {
			panic(err)
		}
		study.rows(tables)
	}
	return tables
}

type oracleStudy struct {
	record lakeRecord
	body   any
}

// at walks keys; what is not there is nil.
func at(v any, keys ...string) any {
	for _, key := range keys {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[key]
	}
	return v
}

// scalar is a value as the warehouse gives it back.
func scalar(v any) any {
	if n, ok := v.(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			return i
		}
		f, err := n.Float64()
		if err != nil {
			panic(err)
		}
		return f
	}
	return v
}

func double(v any) any {
	if i, ok := scalar(v).(int64); ok {
		return float64(i)
	}
	return scalar(v)
}

func list(v any) []any {
	elements, _ := v.([]any)
	return slices.DeleteFunc(slices.Clone(elements), empty)
}

func empty(v any) bool {
	object, ok := v.(map[string]any)
	return ok && len(object) == 0
}

func (s oracleStudy) rows(tables map[string][][]any) {
	id := s.record.nctID
	protocol := at(s.body, "protocolSection")
	tables["studies"] = append(tables["studies"], s.study(protocol))

	var sponsors [][]any
	if lead := at(protocol, "sponsorCollaboratorsModule", "leadSponsor"); lead != nil && !empty(lead) {
		sponsors = append(sponsors, []any{"lead", at(lead, "name"), at(lead, "class")})
	}
	for _, c := range list(at(protocol, "sponsorCollaboratorsModule", "collaborators")) {
		sponsors = append(sponsors, []any{"collaborator", at(c, "name"), at(c, "class")})
	}
	var conditions, interventions, sites [][]any
	for _, c := range list(at(protocol, "conditionsModule", "conditions")) {
		conditions = append(conditions, []any{c})
	}
	for _, i := range list(at(protocol, "armsInterventionsModule", "interventions")) {
		interventions = append(interventions, []any{at(i, "type"), at(i, "name"), at(i, "description")})
	}
	for _, l := range list(at(protocol, "contactsLocationsModule", "locations")) {
		sites = append(sites, []any{
			at(l, "facility"), at(l, "status"), at(l, "city"), at(l, "state"), at(l, "zip"), at(l, "country"),
			double(at(l, "geoPoint", "lat")), double(at(l, "geoPoint", "lon")),
		})
	}
	for table, rows := range map[string][][]any{
		"study_sponsors": sponsors, "study_conditions": conditions,
		"study_interventions": interventions, "study_sites": sites,
	} {
		for i, row := range rows {
			tables[table] = append(tables[table], append([]any{id, int64(i + 1)}, row...))
		}
	}
}

func (s oracleStudy) study(protocol any) []any {
	var phases any
	if elements := list(at(protocol, "designModule", "phases")); len(elements) > 0 {
		texts := make([]string, len(elements))
		for i, e := range elements {
			texts[i] = e.(string)
		}
		phases = strings.Join(texts, "/")
	}
	id, status, design := at(protocol, "identificationModule"), at(protocol, "statusModule"), at(protocol, "designModule")
	info, description := at(design, "designInfo"), at(protocol, "descriptionModule")
	eligibility, oversight := at(protocol, "eligibilityModule"), at(protocol, "oversightModule")
	return []any{
		s.record.nctID,
		at(id, "orgStudyIdInfo", "id"), at(id, "briefTitle"), at(id, "officialTitle"), at(id, "acronym"),
		at(description, "briefSummary"), at(description, "detailedDescription"),
		at(status, "overallStatus"), at(status, "lastKnownStatus"), at(status, "whyStopped"), at(status, "statusVerifiedDate"),
		at(design, "studyType"), phases,
		at(info, "allocation"), at(info, "interventionModel"), at(info, "primaryPurpose"),
		at(info, "observationalModel"), at(info, "timePerspective"),
		at(info, "maskingInfo", "masking"), at(info, "maskingInfo", "maskingDescription"),
		at(design, "patientRegistry"), at(design, "targetDuration"),
		scalar(at(design, "enrollmentInfo", "count")), at(design, "enrollmentInfo", "type"),
		at(eligibility, "eligibilityCriteria"), at(eligibility, "healthyVolunteers"), at(eligibility, "sex"),
		at(eligibility, "minimumAge"), at(eligibility, "maximumAge"),
		at(status, "startDateStruct", "date"), at(status, "startDateStruct", "type"),
		at(status, "primaryCompletionDateStruct", "date"), at(status, "primaryCompletionDateStruct", "type"),
		at(status, "completionDateStruct", "date"), at(status, "completionDateStruct", "type"),
		at(status, "studyFirstPostDateStruct", "date"), at(status, "lastUpdatePostDateStruct", "date"),
		at(status, "expandedAccessInfo", "hasExpandedAccess"),
		at(oversight, "oversightHasDmc"), at(oversight, "isFdaRegulatedDrug"), at(oversight, "isFdaRegulatedDevice"),
		at(s.body, "hasResults"),
		s.record.contentHash(),
	}
}

// validStudy says whether every mapped place of a study holds what it must.
func validStudy(r lakeRecord) bool {
	var body any
	decoder := json.NewDecoder(strings.NewReader(r.study))
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil {
		return false
	}
	v := validator{ok: true}
	v.object(body, func(study map[string]any) { v.study(study) })
	id, _ := at(body, "protocolSection", "identificationModule", "nctId").(string)
	return v.ok && body != nil && id == r.nctID
}

type validator struct{ ok bool }

func (v *validator) object(value any, inside func(map[string]any)) {
	if value == nil {
		return
	}
	object, ok := value.(map[string]any)
	if !ok {
		v.ok = false
		return
	}
	inside(object)
}

func (v *validator) texts(object map[string]any, keys ...string) {
	for _, key := range keys {
		if object[key] != nil {
			v.text(object[key])
		}
	}
}

func (v *validator) text(value any) {
	text, ok := value.(string)
	v.ok = v.ok && ok && !strings.Contains(text, "\x00")
}

func (v *validator) booleans(object map[string]any, keys ...string) {
	for _, key := range keys {
		if object[key] != nil {
			_, ok := object[key].(bool)
			v.ok = v.ok && ok
		}
	}
}

func (v *validator) list(value any, element func(any)) {
	if value == nil {
		return
	}
	elements, ok := value.([]any)
	if !ok {
		v.ok = false
		return
	}
	for _, e := range elements {
		if e == nil {
			v.ok = false
			return
		}
		element(e)
	}
}

func (v *validator) listedTexts(value any) { v.list(value, v.text) }

func (v *validator) listedObjects(value any, inside func(map[string]any)) {
	v.list(value, func(e any) { v.object(e, inside) })
}

func (v *validator) study(study map[string]any) {
	v.booleans(study, "hasResults")
	v.object(study["protocolSection"], func(p map[string]any) {
		v.modules(p)
		v.object(p["sponsorCollaboratorsModule"], func(m map[string]any) {
			sponsor := func(s map[string]any) { v.texts(s, "name", "class") }
			v.object(m["leadSponsor"], sponsor)
			v.listedObjects(m["collaborators"], sponsor)
		})
		v.object(p["conditionsModule"], func(m map[string]any) { v.listedTexts(m["conditions"]) })
		v.object(p["armsInterventionsModule"], func(m map[string]any) {
			v.listedObjects(m["interventions"], func(i map[string]any) { v.texts(i, "type", "name", "description") })
		})
		v.object(p["contactsLocationsModule"], func(m map[string]any) {
			v.listedObjects(m["locations"], func(l map[string]any) {
				v.texts(l, "facility", "status", "city", "state", "zip", "country")
				v.object(l["geoPoint"], func(g map[string]any) { v.numbers(g, "lat", "lon") })
			})
		})
	})
}

func (v *validator) numbers(object map[string]any, keys ...string) {
	for _, key := range keys {
		if object[key] != nil {
			n, ok := object[key].(json.Number)
			if ok {
				_, err := n.Float64()
				ok = err == nil
			}
			v.ok = v.ok && ok
		}
	}
}

func (v *validator) modules(p map[string]any) {
	v.object(p["identificationModule"], func(m map[string]any) {
		v.texts(m, "nctId", "briefTitle", "officialTitle", "acronym")
		v.object(m["orgStudyIdInfo"], func(o map[string]any) { v.texts(o, "id") })
	})
	v.object(p["descriptionModule"], func(m map[string]any) { v.texts(m, "briefSummary", "detailedDescription") })
	v.object(p["statusModule"], func(m map[string]any) {
		v.texts(m, "overallStatus", "lastKnownStatus", "whyStopped", "statusVerifiedDate")
		for _, key := range []string{"startDateStruct", "primaryCompletionDateStruct", "completionDateStruct"} {
			v.object(m[key], func(d map[string]any) { v.texts(d, "date", "type") })
		}
		for _, key := range []string{"studyFirstPostDateStruct", "lastUpdatePostDateStruct"} {
			v.object(m[key], func(d map[string]any) { v.texts(d, "date") })
		}
		v.object(m["expandedAccessInfo"], func(e map[string]any) { v.booleans(e, "hasExpandedAccess") })
	})
	v.object(p["designModule"], v.design)
	v.object(p["eligibilityModule"], func(m map[string]any) {
		v.texts(m, "eligibilityCriteria", "sex", "minimumAge", "maximumAge")
		v.booleans(m, "healthyVolunteers")
	})
	v.object(p["oversightModule"], func(m map[string]any) {
		v.booleans(m, "oversightHasDmc", "isFdaRegulatedDrug", "isFdaRegulatedDevice")
	})
}

func (v *validator) design(m map[string]any) {
	v.texts(m, "studyType", "targetDuration")
	v.booleans(m, "patientRegistry")
	v.listedTexts(m["phases"])
	v.object(m["designInfo"], func(d map[string]any) {
		v.texts(d, "allocation", "interventionModel", "primaryPurpose", "observationalModel", "timePerspective")
		v.object(d["maskingInfo"], func(k map[string]any) { v.texts(k, "masking", "maskingDescription") })
	})
	v.object(m["enrollmentInfo"], func(e map[string]any) {
		v.texts(e, "type")
		if e["count"] != nil {
			n, ok := e["count"].(json.Number)
			if ok {
				_, err := n.Int64()
				ok = err == nil
			}
			v.ok = v.ok && ok
		}
	})
}
