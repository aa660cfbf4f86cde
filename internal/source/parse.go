package source

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// parsePage reads {"totalCount": n, "studies": […], "nextPageToken": "…"} in
// any order of its members, and ignores members it does not know. Elements of
// studies are taken as they are, whatever they are.
func parsePage(body io.Reader) (Page, error) {
	buffered := bufio.NewReader(body)
	if first, _ := buffered.Peek(1); string(first) == "<" {
		return Page{}, malformed("the answer is a web page, not the registry's JSON")
	}
	decoder := json.NewDecoder(buffered)
	if err := expect(decoder, '{', "the answer is not a JSON object"); err != nil {
		return Page{}, err
	}
	page := Page{Total: TotalUnknown}
	seen := false
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return Page{}, broken(err)
		}
		switch key {
		case "studies":
			if seen {
				return Page{}, malformed("studies occurs twice")
			}
			seen = true
			page.Records, err = parseStudies(decoder)
		case "nextPageToken":
			page.Next, err = parseToken(decoder)
		case "totalCount":
			page.Total, err = parseTotal(decoder)
		default:
			var ignored json.RawMessage
			err = decoder.Decode(&ignored)
		}
		if err != nil {
			return Page{}, broken(err)
		}
	}
	if err := expectEnd(decoder); err != nil {
		return Page{}, err
	}
	if !seen {
		return Page{}, malformed("the answer has no studies")
	}
	return page, nil
}

func parseStudies(decoder *json.Decoder) ([]json.RawMessage, error) {
	if err := expect(decoder, '[', "studies is not a list"); err != nil {
		return nil, err
	}
	records := []json.RawMessage{}
	for decoder.More() {
		var record json.RawMessage
		if err := decoder.Decode(&record); err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	_, err := decoder.Token()
	return records, err
}

func parseToken(decoder *json.Decoder) (string, error) {
	var token *string // null is as good as absent
	if err := decoder.Decode(&token); err != nil {
		return "", err
	}
	if token == nil {
		return "", nil
	}
	return *token, nil
}

func parseTotal(decoder *json.Decoder) (int, error) {
	var total int
	if err := decoder.Decode(&total); err != nil {
		return 0, err
	}
	if total < 0 {
		return 0, malformed(fmt.Sprintf("totalCount is %d", total))
	}
	return total, nil
}

func parseVersion(body io.Reader) (Version, error) {
	decoder := json.NewDecoder(body)
	var answer struct {
		APIVersion    string `json:"apiVersion"`
		DataTimestamp string `json:"dataTimestamp"`
	}
	if err := decoder.Decode(&answer); err != nil {
		return Version{}, broken(err)
	}
	if answer.DataTimestamp == "" {
		return Version{}, malformed("the answer of /version has no dataTimestamp")
	}
	return Version{API: answer.APIVersion, DataTimestamp: answer.DataTimestamp}, nil
}

// expect reads one delimiter.
func expect(decoder *json.Decoder, want json.Delim, complaint string) error {
	token, err := decoder.Token()
	switch {
	case errors.Is(err, io.EOF):
		return malformed("the answer is empty or cut off")
	case err != nil:
		return malformed(fmt.Sprintf("%s: %v", complaint, err))
	case token != want:
		return malformed(complaint)
	}
	return nil
}

// expectEnd reads the closing brace and makes sure that nothing follows it.
func expectEnd(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return broken(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return malformed("something follows the JSON of the answer")
	}
	return nil
}

// broken names what is wrong with the JSON itself.
func broken(err error) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed("the answer is cut off")
	}
	return malformed(fmt.Sprintf("the answer is not the JSON that was promised: %v", err))
}

func malformed(cause string) *Error {
	return &Error{Kind: KindMalformed, Cause: cause}
}
