package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

const apiVersion = "2.0.5"

// badRequest is an answer of status 400 or 404: the registry sends these as
// plain text.
type badRequest struct {
	status int
	text   string
}

func (e *badRequest) Error() string { return e.text }

func refuse(format string, args ...any) error {
	return &badRequest{status: http.StatusBadRequest, text: fmt.Sprintf(format, args...)}
}

// ServeHTTP answers under /api/v2, as the registry does, and under /.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.requests.Add(1)
	a := newAnswer(w, req)
	defer func() {
		if r.opts.Log != nil {
			r.opts.Log(a.access(req))
		}
	}()
	path := strings.TrimPrefix(req.URL.Path, "/api/v2")
	endpoint := endpointOf(path)
	if endpoint == onStudies {
		r.pages.Add(1)
	}
	r.respond(a, req, path, endpoint)
	if err := a.finish(); err != nil {
		panic(http.ErrAbortHandler) // the client left, or the answer is to be cut off
	}
}

func (r *Registry) respond(a *answer, req *http.Request, path string, on endpoint) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		a.plain(http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	a.faults = r.faults.next(on, req.URL.Query().Has("pageToken"))
	if !r.breakAnswer(a, req) {
		r.route(a, req, path, on)
	}
}

func (r *Registry) route(a *answer, req *http.Request, path string, on endpoint) {
	b := r.current.Load()
	var err error
	switch {
	case on == onStudies:
		err = r.studies(a, req, b)
	case on == onStudy:
		err = r.study(a, req, b, strings.TrimPrefix(path, "/studies/"))
	case path == "/version":
		err = a.json(map[string]string{"apiVersion": apiVersion, "dataTimestamp": b.timestamp.Format("2006-01-02T15:04:05")})
	case path == "/stats/size":
		err = r.sizes(a, b)
	default:
		err = &badRequest{status: http.StatusNotFound, text: "Not found: " + req.URL.Path}
	}
	a.fail(err)
}

// study answers /studies/{nctId}.
func (r *Registry) study(a *answer, req *http.Request, b *build, name string) error {
	id, ok := parseNCT(name)
	if !ok {
		return refuse("NCT number `%s` has incorrect format", name)
	}
	only, err := parseStudyQuery(req.URL.Query())
	if err != nil {
		return err
	}
	slot, ok := b.find(id)
	if !ok {
		return &badRequest{status: http.StatusNotFound, text: "NCT number " + id.String() + " not found"}
	}
	if own := b.header(slot).id; own != id {
		target := strings.TrimSuffix(req.URL.Path, name) + own.String()
		if req.URL.RawQuery != "" {
			target += "?" + req.URL.RawQuery
		}
		a.header.Set("Location", target)
		a.plain(http.StatusMovedPermanently, "")
		return nil
	}
	body, err := b.appendStudy(nil, slot)
	if err != nil {
		return err
	}
	if only != nil {
		body = only.appendFrom(nil, body)
	}
	return a.body("application/json", bytes.TrimSpace(body))
}

func (a *answer) json(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return a.body("application/json", body)
}
