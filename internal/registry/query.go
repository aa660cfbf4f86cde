package registry

import (
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// query is a /studies request, read and checked.
type query struct {
	size       int
	token      string
	countTotal bool
	ids        []nct       // nil: any
	conditions []condition // all must hold
	order      []ordering
	fields     *projection // nil: the whole study
	key        string      // what a token is bound to: everything but size, count and token
}

// condition is one thing asked of a study.
type condition func(h header) bool

func (q *query) matches(b *build, slot int) bool {
	if len(q.conditions) == 0 {
		return true
	}
	h := b.header(slot)
	for _, holds := range q.conditions {
		if !holds(h) {
			return false
		}
	}
	return true
}

// slots are the query's studies in its order, for a query with ids or an order.
func (q *query) slots(b *build) []int {
	var slots []int
	if q.ids != nil {
		for _, id := range q.ids {
			if slot, ok := b.find(id); ok && q.matches(b, slot) {
				slots = append(slots, slot)
			}
		}
		slices.Sort(slots)
		slots = slices.Compact(slots)
	} else {
		for slot := range b.size() {
			if b.has(slot) && q.matches(b, slot) {
				slots = append(slots, slot)
			}
		}
	}
	sortSlots(b, slots, q.order)
	return slots
}

// Parameters the registry knows and the sample does not serve: told apart
// from misspelt ones.
var unserved = []string{
	"query.cond", "query.locn", "query.titles", "query.intr", "query.outc", "query.spons", "query.lead",
	"query.id", "query.patient", "filter.geo", "filter.synonyms", "postFilter.overallStatus", "postFilter.geo",
	"postFilter.ids", "postFilter.advanced", "postFilter.synonyms", "aggFilters", "geoDecay",
}

func parseQuery(values url.Values) (*query, error) {
	q := &query{size: defaultPageSize, token: values.Get("pageToken")}
	if values.Has("pageToken") && q.token == "" {
		return nil, refuse("Parameter `pageToken` has incorrect format")
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if len(values[name]) > 1 {
			return nil, refuse("Parameter `%s` must be specified only once", name)
		}
		value := values.Get(name)
		if err := q.set(name, value); err != nil {
			return nil, err
		}
		if name != "pageSize" && name != "pageToken" && name != "countTotal" {
			q.key += name + "=" + value + "\x00"
		}
	}
	return q, nil
}

func (q *query) set(name, value string) (err error) {
	switch name {
	case "pageToken":
	case "pageSize":
		q.size, err = parsePageSize(value)
	case "countTotal":
		q.countTotal, err = parseBool(name, value)
	case "format":
		err = jsonOnly(value)
	case "markupFormat":
		err = markdownOnly(value)
	case "fields":
		q.fields, err = parseFields(value)
	case "sort":
		q.order, err = parseSort(value)
	case "filter.ids":
		q.ids, err = parseIDs(value)
	case "filter.overallStatus":
		err = q.require(statusIn(value))
	case "filter.advanced", "query.term":
		err = q.require(parseEssie(name, value))
	default:
		if slices.Contains(unserved, name) {
			return refuse("Parameter `%s` is not served by the sample registry", name)
		}
		return refuse("Unknown parameter `%s`", name)
	}
	return err
}

func (q *query) require(c condition, err error) error {
	if c != nil {
		q.conditions = append(q.conditions, c)
	}
	return err
}

func parsePageSize(value string) (int, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		return 0, refuse("Invalid value in parameter `pageSize`: `%s`", value)
	}
	if n == 0 {
		return defaultPageSize, nil
	}
	return min(int(n), maxPageSize), nil
}

func parseBool(name, value string) (bool, error) {
	if value != "true" && value != "false" {
		return false, refuse("Invalid value in parameter `%s`: `%s`", name, value)
	}
	return value == "true", nil
}

func jsonOnly(value string) error {
	switch value {
	case "json":
		return nil
	case "csv", "json.zip", "fhir.json", "ris":
		return refuse("Format `%s` is not served by the sample registry: use `json`", value)
	}
	return refuse("Invalid value in parameter `format`: `%s`", value)
}

func markdownOnly(value string) error {
	switch value {
	case "markdown":
		return nil
	case "legacy":
		return refuse("Markup format `legacy` is not served by the sample registry: use `markdown`")
	}
	return refuse("Invalid value in parameter `markupFormat`: `%s`", value)
}

func parseIDs(value string) ([]nct, error) {
	ids := []nct{}
	for _, item := range splitList(value) {
		id, ok := parseNCT(item)
		if !ok {
			return nil, refuse("Parameter `filter.ids` has incorrect format: `%s`", item)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, refuse("Parameter `filter.ids` has incorrect format")
	}
	return ids, nil
}

func statusIn(value string) (condition, error) {
	wanted := splitList(value)
	for _, s := range wanted {
		if !slices.Contains(overallStatuses, s) {
			return nil, refuse("Invalid value in parameter `overallStatus`: `%s`", s)
		}
	}
	return func(h header) bool { return slices.Contains(wanted, h.status) }, nil
}

// splitList reads a comma- or pipe-separated list.
func splitList(value string) []string {
	items := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '|' })
	for i, item := range items {
		items[i] = strings.TrimSpace(item)
	}
	return items
}

// parseStudyQuery reads the parameters of /studies/{nctId}.
func parseStudyQuery(values url.Values) (*projection, error) {
	var only *projection
	for name := range values {
		var err error
		switch name {
		case "format":
			err = jsonOnly(values.Get(name))
		case "markupFormat":
			err = markdownOnly(values.Get(name))
		case "fields":
			only, err = parseFields(values.Get(name))
		default:
			err = refuse("Unknown parameter `%s`", name)
		}
		if err != nil {
			return nil, err
		}
	}
	return only, nil
}
