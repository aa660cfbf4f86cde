package registry

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
)

// answer is one HTTP answer under way: compressed when the client takes it,
// counted for the log, and the place where a fault breaks it.
type answer struct {
	header http.Header
	faults []Fault

	out     http.ResponseWriter
	zipped  bool
	status  int
	sent    int64
	zip     *gzip.Writer
	pending *bufio.Writer
	err     error
}

var errCut = errors.New("answer cut off by a fault")

func newAnswer(w http.ResponseWriter, req *http.Request) *answer {
	return &answer{header: w.Header(), out: w, zipped: acceptsGzip(req)}
}

func acceptsGzip(req *http.Request) bool {
	for _, part := range strings.Split(req.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if (coding == "gzip" || coding == "*") && strings.ReplaceAll(quality, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// start sends the status line; what follows is the body.
func (a *answer) start(status int, contentType string) io.Writer {
	a.status = status
	a.header.Set("Content-Type", contentType)
	var w io.Writer = countedWriter{a}
	if a.zipped {
		a.header.Set("Content-Encoding", "gzip")
		a.header.Set("Vary", "Accept-Encoding")
	}
	a.out.WriteHeader(status)
	if a.zipped {
		a.zip, _ = gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is a valid one
		w = a.zip
	}
	a.pending = bufio.NewWriterSize(w, 64<<10)
	return a.pending
}

type countedWriter struct{ a *answer }

func (c countedWriter) Write(p []byte) (int, error) {
	n, err := c.a.out.Write(p)
	c.a.sent += int64(n)
	return n, err
}

func (a *answer) body(contentType string, body []byte) error {
	w := a.start(http.StatusOK, contentType)
	if a.has(faultCut) {
		body = body[:len(body)/2]
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	if a.has(faultCut) {
		return errCut
	}
	return nil
}

// plain is an error answer as the registry gives it.
func (a *answer) plain(status int, text string) {
	a.zipped = false
	w := a.start(status, "text/plain;charset=UTF-8")
	_, a.err = io.WriteString(w, text)
}

// fail turns an error into an answer, or remembers that the answer broke.
func (a *answer) fail(err error) {
	var bad *badRequest
	switch {
	case err == nil:
	case a.status != 0:
		a.err = err
	case errors.As(err, &bad):
		a.plain(bad.status, bad.text)
	default:
		a.plain(http.StatusInternalServerError, err.Error())
	}
}

// finish sends what is still held back. A cut answer sends it too, so that
// the client sees a body that begins well and then ends.
func (a *answer) finish() error {
	if a.pending != nil {
		if err := a.pending.Flush(); err != nil && a.err == nil {
			a.err = err
		}
	}
	if a.zip != nil {
		closing := a.zip.Close
		if a.err != nil {
			closing = a.zip.Flush
		}
		if err := closing(); err != nil && a.err == nil {
			a.err = err
		}
	}
	if a.err != nil {
		_ = http.NewResponseController(a.out).Flush() // best effort before breaking off
	}
	return a.err
}

func (a *answer) access(req *http.Request) Access {
	acc := Access{Method: req.Method, URI: req.URL.RequestURI(), Status: a.status, Bytes: a.sent}
	for i, f := range a.faults {
		if i > 0 {
			acc.Fault += " "
		}
		acc.Fault += f.String()
	}
	return acc
}
