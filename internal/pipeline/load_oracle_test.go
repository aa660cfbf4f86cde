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
