package registry

import (
	"encoding/json"
	"strconv"
)

// append appends the study as this revision left it. What changes is what
// changes in the registry between two builds: dates, status, enrollment,
// and from time to time a condition, a site or a title.
func (rev revision) append(dst, study []byte) ([]byte, error) {
	var doc map[string]any
	if err := decodeStudy(study, &doc); err != nil {
		return append(dst, study...), nil // a file may hold what is no study; it stays as it is
	}
	protocol := object(doc, "protocolSection")
	status := object(protocol, "statusModule")
	date := rev.date.String()
	status["lastUpdateSubmitDate"] = (rev.date - 1).String()
	status["lastUpdatePostDateStruct"] = map[string]any{"date": date, "type": "ACTUAL"}
	if rev.number == 0 {
		status["studyFirstPostDateStruct"] = map[string]any{"date": date, "type": "ACTUAL"}
		return append(dst, encodeStudy(study, doc)...), nil
	}
	identification := object(protocol, "identificationModule")
	if title, ok := identification["briefTitle"].(string); ok {
		identification["briefTitle"] = title + " (Amendment " + strconv.Itoa(rev.number) + ")"
	}
	if enrollment, ok := lookup(protocol, "designModule")["enrollmentInfo"].(map[string]any); ok {
		enrollment["count"] = json.Number(strconv.Itoa(100 + rev.number))
	}
	conditions := lookup(protocol, "conditionsModule")
	if listed, ok := conditions["conditions"].([]any); ok {
		conditions["conditions"] = append(listed, "Condition Added in Amendment "+strconv.Itoa(rev.number))
	}
	contacts := lookup(protocol, "contactsLocationsModule")
	if sites, ok := contacts["locations"].([]any); ok && len(sites) > 1 {
		contacts["locations"] = sites[1:]
	}
	return append(dst, encodeStudy(study, doc)...), nil
}

// lookup is the object under a key; of what is missing it is nil, which reads
// as empty.
func lookup(parent map[string]any, key string) map[string]any {
	child, _ := parent[key].(map[string]any)
	return child
}
