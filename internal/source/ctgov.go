package source

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// DefaultBaseURL is where ClinicalTrials.gov serves version 2 of its API.
const DefaultBaseURL = "https://clinicaltrials.gov/api/v2"

// CTGovOptions say how to talk to ClinicalTrials.gov. Zero values are defaults.
type CTGovOptions struct {
	BaseURL   string // DefaultBaseURL
	UserAgent string // "apotheca"
	PageSize  int    // 1000, which is also the registry's maximum
	// Query holds further parameters, such as filter.advanced. They are sent
	// unchanged with every page, as the registry demands.
	Query url.Values
	// Proxy chooses a proxy for a request; nil means none.
	Proxy func(*http.Request) (*url.URL, error)
	// Timeout is the longest silence borne: until the first byte of an answer,
	// and then between two reads of its body. One minute.
	Timeout time.Duration
	// MaxPageBytes bounds one decompressed answer. 1 GiB.
	MaxPageBytes int64
}

// CTGov reads ClinicalTrials.gov, API version 2.
type CTGov struct {
	base      *url.URL
	userAgent string
	query     url.Values
	timeout   time.Duration
	maxBytes  int64
	client    *http.Client
}

// NewCTGov checks the options; it asks nothing of the registry yet.
func NewCTGov(o CTGovOptions) (*CTGov, error) {
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	base, err := url.Parse(strings.TrimRight(o.BaseURL, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("base URL %q is not of the form https://host/path", o.BaseURL)
	}
	if o.PageSize == 0 {
		o.PageSize = 1000
	}
	if o.PageSize < 1 || o.PageSize > 1000 {
		return nil, fmt.Errorf("page size %d is not between 1 and 1000", o.PageSize)
	}
	if o.UserAgent == "" {
		o.UserAgent = "apotheca"
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.MaxPageBytes == 0 {
		o.MaxPageBytes = 1 << 30
	}
	query := maps.Clone(o.Query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("pageSize", strconv.Itoa(o.PageSize))
	return &CTGov{
		base: base, userAgent: o.UserAgent, query: query,
		timeout: o.Timeout, maxBytes: o.MaxPageBytes,
		client: newHTTPClient(o.Proxy, o.Timeout),
	}, nil
}

// newHTTPClient makes a client with which one call is exactly one request, so
// that the limiter counts what the registry sees: net/http by itself repeats a
// GET when a kept connection turns out to be dead, and follows redirects.
func newHTTPClient(proxy func(*http.Request) (*url.URL, error), timeout time.Duration) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               proxy,
			DialContext:         (&net.Dialer{Timeout: min(timeout, 15*time.Second)}).DialContext,
			TLSHandshakeTimeout: min(timeout, 15*time.Second),
			DisableKeepAlives:   true,
			Protocols:           protocols,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Page implements Pager.
func (c *CTGov) Page(ctx context.Context, cursor string) (Page, error) {
	query := maps.Clone(c.query)
	if cursor == "" {
		query.Set("countTotal", "true")
	} else {
		query.Set("pageToken", cursor)
	}
	var page Page
	err := c.get(ctx, "/studies", query, func(body io.Reader) (err error) {
		page, err = parsePage(body)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	if cursor == "" && page.Total == TotalUnknown {
		return Page{}, malformed("the first page carries no totalCount, though it was asked for")
	}
	return page, nil
}

// Version implements Pager.
func (c *CTGov) Version(ctx context.Context) (Version, error) {
	var version Version
	err := c.get(ctx, "/version", nil, func(body io.Reader) (err error) {
		version, err = parseVersion(body)
		return err
	})
	return version, err
}

// get makes one request and gives the body of a 200 to read.
func (c *CTGov) get(ctx context.Context, path string, query url.Values, read func(io.Reader) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(c.timeout, func() { cancel(errSilent) })
	defer silence.Stop()

	target := c.base.JoinPath(path)
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("User-Agent", c.userAgent)
	request.Header.Set("Accept", "application/json")
	response, err := c.client.Do(request)
	if err != nil {
		return c.transportError(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return c.statusError(response, query.Has("pageToken"))
	}
	body := &wireReader{body: response.Body, left: c.maxBytes, heard: func() { silence.Reset(c.timeout) }}
	err = read(body)
	switch {
	case body.err != nil:
		return c.transportError(ctx, body.err)
	case body.left < 0:
		return malformed(fmt.Sprintf("the answer is larger than %d bytes", c.maxBytes))
	}
	return err
}

var errSilent = errors.New("the registry fell silent")

// wireReader tells an error of the wire from one of the JSON on it, reports
// that something was heard, and ends a body that is too large.
type wireReader struct {
	body  io.Reader
	left  int64 // below 0 once the body was too large
	heard func()
	err   error
}

func (r *wireReader) Read(p []byte) (int, error) {
	if int64(len(p)) > r.left+1 {
		p = p[:r.left+1]
	}
	n, err := r.body.Read(p)
	r.heard()
	if r.left -= int64(n); r.left < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// transportError says what broke before an answer was whole. The caller's own
// cancellation stays what it is.
func (c *CTGov) transportError(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, errSilent) {
		return &Error{Kind: KindTimeout, Err: err,
			Cause: fmt.Sprintf("%s sent nothing for %s", c.base.Host, c.timeout)}
	}
	if cause != nil {
		return cause
	}
	var urlError *url.Error
	if errors.As(err, &urlError) {
		err = urlError.Err // without the URL, which holds the token
	}
	if !isUnreachable(err) {
		return &Error{Kind: KindInterrupted, Err: err,
			Cause: fmt.Sprintf("connection to %s broke: %v", c.base.Host, err)}
	}
	return &Error{Kind: KindUnreachable, Err: err,
		Cause: fmt.Sprintf("cannot reach %s: %v", c.base.Host, err),
		Hint: "check the network, name a proxy with --proxy or another registry with --base-url, " +
			"or work without a network: apotheca run clinical-trials --sample"}
}

// isUnreachable reports whether err came before any request was sent.
func isUnreachable(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &dns) || errors.As(err, &certificate) ||
		errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// statusError turns an answer other than 200 into an error that carries the
// first words of its body: the registry explains a 400 in plain text.
func (c *CTGov) statusError(response *http.Response, hasToken bool) error {
	text, _ := io.ReadAll(io.LimitReader(response.Body, 512)) // the status alone is error enough
	e := &Error{
		Kind:   kindOfStatus(response.StatusCode, hasToken),
		Status: response.StatusCode,
		Cause:  fmt.Sprintf("%s answered %s", c.base.Host, response.Status),
	}
	if words := firstWords(text); words != "" {
		e.Cause += ": " + words
	}
	switch e.Kind {
	case KindThrottled, KindServer:
		e.RetryAfter = retryAfter(response.Header, time.Now())
	case KindForbidden:
		e.Cause += fmt.Sprintf(" (User-Agent %q, base URL %s)", c.userAgent, c.base)
		e.Hint = "a filter before the registry turns this client away and asking again does not help: " +
			"name another client with --user-agent, go through a proxy with --proxy, " +
			"or read a mirror with --base-url"
	case KindRejected:
		if location := response.Header.Get("Location"); location != "" {
			e.Cause += ", moved to " + location
			e.Hint = "name the new place with --base-url"
		}
	}
	return e
}

// firstWords shortens a body for one line of a message. A page of HTML says no
// more than its status.
func firstWords(body []byte) string {
	if strings.HasPrefix(strings.TrimSpace(string(body)), "<") {
		return "a page of HTML"
	}
	words := []rune(strings.ToValidUTF8(strings.Join(strings.Fields(string(body)), " "), "?"))
	if len(words) > 160 {
		return string(words[:160]) + "…"
	}
	return string(words)
}
