package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

func (a *answer) has(kind string) bool {
	return slices.ContainsFunc(a.faults, func(f Fault) bool { return f.kind == kind })
}

const htmlPage = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>%s</title></head>\n<body><h1>%s</h1></body></html>\n"

// breakAnswer does what a fault does instead of an answer, or before it;
// false means that an answer follows.
func (r *Registry) breakAnswer(a *answer, req *http.Request) bool {
	for _, f := range a.faults {
		switch f.kind {
		case faultHang:
			select {
			case <-req.Context().Done():
			case <-r.closed:
			}
			panic(http.ErrAbortHandler)
		case faultHTML:
			a.html(http.StatusOK, "ClinicalTrials.gov")
			return true
		case faultStaleToken:
			r.expireTokens()
		case faultRebuild:
			if err := r.Rebuild(r.defaultEdit(f.edit)); err != nil {
				a.plain(http.StatusInternalServerError, err.Error())
				return true
			}
		default:
			if status, err := strconv.Atoi(f.kind); err == nil {
				a.refuseStatus(status, f.seconds)
				return true
			}
		}
	}
	return false
}

// defaultEdit changes, removes and adds one study of a hundred when a rebuild
// says no numbers.
func (r *Registry) defaultEdit(e Edit) Edit {
	if e.Changed+e.Removed+e.Added == 0 {
		n := max(1, r.Studies()/100)
		e.Changed, e.Removed, e.Added = n, n, n
	}
	return e
}

func (a *answer) refuseStatus(status, retryAfter int) {
	if retryAfter >= 0 {
		a.header.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	if status >= 500 || status == http.StatusForbidden {
		a.html(status, http.StatusText(status))
		return
	}
	a.plain(status, http.StatusText(status))
}

func (a *answer) html(status int, title string) {
	a.zipped = false
	fmt.Fprintf(a.start(status, "text/html; charset=UTF-8"), htmlPage, title, title)
}

// What can be wrong with one study of a page.
const (
	malformedNoID       = "no-id"
	malformedBadID      = "bad-id"
	malformedStringList = "string-list"
	malformedText       = "text-number"
	malformedNull       = "null"
	malformedScalar     = "scalar"
	malformedEmpty      = "empty"
)

var malformedKinds = []string{
	malformedNoID, malformedBadID, malformedStringList, malformedText, malformedNull, malformedScalar, malformedEmpty,
}

// malform damages a study when the answer has that fault.
func (a *answer) malform(study []byte) []byte {
	for _, f := range a.faults {
		if f.kind == faultMalformed {
			study = malform(study, f.variant)
		}
	}
	return study
}

func malform(study []byte, kind string) []byte {
	switch kind {
	case malformedNull:
		return []byte("null")
	case malformedScalar:
		return []byte(`"NCT00000000"`)
	case malformedEmpty:
		return []byte("{}")
	}
	var doc map[string]any
	if err := decodeStudy(study, &doc); err != nil {
		return study
	}
	protocol := object(doc, "protocolSection")
	switch kind {
	case malformedBadID:
		object(protocol, "identificationModule")["nctId"] = "N/A-4711"
	case malformedStringList:
		object(protocol, "conditionsModule")["conditions"] = "Asthma"
	case malformedText:
		object(protocol, "designModule")["enrollmentInfo"] = map[string]any{"count": "about 120", "type": "ESTIMATED"}
	default:
		delete(object(protocol, "identificationModule"), "nctId")
	}
	return encodeStudy(study, doc)
}

// object is the object under a key, made when it is missing.
func object(parent map[string]any, key string) map[string]any {
	child, ok := parent[key].(map[string]any)
	if !ok {
		child = map[string]any{}
		parent[key] = child
	}
	return child
}

func decodeStudy(study []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(study))
	d.UseNumber()
	return d.Decode(into)
}

// encodeStudy writes the changed study, or the one it was if that cannot be.
func encodeStudy(was []byte, doc map[string]any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return was
	}
	return bytes.TrimSpace(out.Bytes())
}
