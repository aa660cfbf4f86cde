package dbt

import (
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// criterion is one term of a selection: a method, what it looks for, and how
// far to follow the graph from what it finds.
type criterion struct {
	text     string
	method   string
	argument string // of config.materialized: "materialized"
	value    string
	// childrensParents is the @ in front: the descendants and all they need.
	childrensParents  bool
	parents, children int // 0: none; unbounded: all
	// indirect overrides how tests come along; empty leaves it.
	indirect string
}

const unbounded = math.MaxInt

var criterionPattern = pattern(`^(@)?(?:(\d*)(\+))?(?:([A-Za-z_]+)((?:\.[^:\s]+)?):)?(.+?)(?:(\+)(\d*))?$`)

// parseCriterion reads `[@][N]+ method[.argument]:value +[N]`.
func parseCriterion(s string) (criterion, error) {
	m := criterionPattern().FindStringSubmatch(s)
	if m == nil || strings.TrimSpace(s) != s {
		return criterion{}, errors.New("it is not of the form [@][N]+method:value+[N]")
	}
	c := criterion{text: s, method: m[4], argument: strings.TrimPrefix(m[5], "."), value: m[6], childrensParents: m[1] != ""}
	var err error
	if c.parents, err = depth(m[3], m[2]); err == nil {
		c.children, err = depth(m[7], m[8])
	}
	if err != nil {
		return criterion{}, fmt.Errorf("read how far to follow the graph: %w", err)
	}
	if c.childrensParents && c.children != 0 {
		return criterion{}, errors.New("@ in front and + behind cannot stand together")
	}
	if c.method == "" {
		c.method = defaultMethod(c.value)
	}
	return c, nil
}

func depth(plus, digits string) (int, error) {
	if plus == "" {
		return 0, nil
	}
	if digits == "" {
		return unbounded, nil
	}
	return strconv.Atoi(digits)
}

func defaultMethod(value string) string {
	if strings.Contains(value, "/") {
		return "path"
	}
	if in(strings.ToLower(path.Ext(value)), ".sql", ".py", ".csv") {
		return "file"
	}
	return "fqn"
}

// resource is what selection knows of anything that can be selected.
type resource struct {
	id   string
	kind ResourceType
	name string
	pkg  string
	path string // original file path
	// patchPath is the properties file that describes it, or empty.
	patchPath string
	fqn       []string
	tags      []string
	group     string
	access    string
	config    *Config
	node      *Node
	source    *Source
	unitTest  *UnitTest
}

func (p *Project) resources() map[string]*resource {
	all := make(map[string]*resource, len(p.Nodes)+len(p.Sources))
	for id, n := range p.Nodes {
		all[id] = &resource{id: id, kind: n.ResourceType, name: n.Name, pkg: n.PackageName, path: n.OriginalFilePath, fqn: n.FQN, tags: n.Tags,
			group: n.Group, access: n.Access, config: n.Config, node: n, patchPath: n.patchFile()}
	}
	for id, s := range p.Sources {
		all[id] = &resource{id: id, kind: SourceResource, name: s.Name, pkg: s.PackageName, path: s.OriginalFilePath, fqn: s.FQN, tags: s.Tags,
			config: s.Config, source: s}
	}
	for id, u := range p.UnitTests {
		all[id] = &resource{id: id, kind: UnitTestResource, name: u.Name, pkg: u.PackageName, path: u.OriginalFilePath, fqn: u.FQN, tags: u.Config.Tags(),
			config: u.Config, unitTest: u}
	}
	for id, e := range p.Exposures {
		all[id] = &resource{id: id, kind: ExposureResource, name: e.Name, pkg: e.PackageName, path: e.OriginalFilePath, fqn: e.FQN, tags: e.Tags,
			config: e.Config}
	}
	for _, s := range p.semantics() {
		all[s.UniqueID] = &resource{id: s.UniqueID, kind: s.ResourceType, name: s.Name, pkg: s.PackageName, path: s.OriginalFilePath, fqn: s.FQN,
			tags: s.Tags, group: s.Group, config: s.Config}
	}
	return all
}

// patchFile is the properties file that describes a node, or empty.
func (n *Node) patchFile() string {
	_, file, _ := strings.Cut(n.PatchPath, "://")
	return file
}

// methods are the selection methods.
func methods() []string {
	return []string{"fqn", "tag", "group", "access", "source", "path", "file", "package", "config", "resource_type", "test_type", "test_name",
		"exposure", "metric", "semantic_model", "saved_query", "unit_test", "version", "state", "result", "source_status"}
}

// selectable are the resource types.
func selectable() []string {
	return []string{"model", "seed", "snapshot", "test", "analysis", "operation", "source", "exposure", "unit_test", "metric", "semantic_model", "saved_query"}
}

// matcher returns what a criterion's method looks for, or why it cannot.
func (q *selector) matcher(c criterion) (func(r *resource) bool, error) {
	p := q.p
	switch c.method {
	case "fqn":
		return func(r *resource) bool { return r.kind != SourceResource && fqnMatches(r, c.value) }, nil
	case "tag":
		return func(r *resource) bool { return anyMatch(c.value, r.tags) }, nil
	case "group":
		return func(r *resource) bool { return r.group != "" && wildcard(c.value, r.group) }, nil
	case "access":
		return func(r *resource) bool { return r.kind == Model && r.access == c.value }, nil
	case "source":
		return sourceMatcher(c)
	case "path":
		return func(r *resource) bool {
			return pathMatches(r.path, strings.TrimSuffix(c.value, "/")) || r.patchPath != "" && pathIs(r.patchPath, c.value)
		}, nil
	case "file":
		return func(r *resource) bool {
			return wildcard(c.value, path.Base(r.path)) || r.path == c.value || wildcard(c.value, stemOf(r.path))
		}, nil
	case "package":
		value := c.value
		if value == "this" {
			value = p.Name
		}
		return func(r *resource) bool { return wildcard(value, r.pkg) }, nil
	case "config":
		return func(r *resource) bool { return r.config != nil && configMatches(r.config, c.argument, c.value) }, nil
	case "resource_type":
		if !in(c.value, selectable()...) {
			return nil, hintedf("one of "+strings.Join(selectable(), ", "), "there is no resource type %q", c.value)
		}
		return func(r *resource) bool { return string(r.kind) == c.value }, nil
	case "test_type":
		return testTypeMatcher(c)
	case "test_name":
		return func(r *resource) bool {
			return r.node != nil && r.node.Test != nil && wildcard(c.value, r.node.Test.Name) || r.unitTest != nil && wildcard(c.value, r.name)
		}, nil
	case "exposure", "metric", "semantic_model", "saved_query", "unit_test":
		return namedMatcher(c)
	case "version":
		return versionMatcher(c)
	case "state":
		return p.stateMatcher(c.value, q.state, q.warn)
	case "result":
		return resultMatcher(c.value, q.state)
	case "source_status":
		return sourceStatusMatcher(c.value, q.state)
	}
	hint := "the methods are " + strings.Join(methods(), ", ")
	if near := nearest(c.method, methods()); near != "" {
		hint = fmt.Sprintf("did you mean %s:?", near)
	}
	return nil, hintedf(hint, "%q is not a selection method", c.method)
}

// hintedf is a problem of a selection, which has no place in a file.
func hintedf(hint, format string, args ...any) Problem {
	return Problem{Message: fmt.Sprintf(format, args...), Hint: hint}
}

func testTypeMatcher(c criterion) (func(r *resource) bool, error) {
	switch c.value {
	case "generic", "schema":
		return func(r *resource) bool { return r.node != nil && r.node.Test != nil }, nil
	case "singular":
		return func(r *resource) bool { return r.node != nil && r.node.IsSingular() }, nil
	case "data":
		return func(r *resource) bool { return r.kind == DataTest }, nil
	case "unit":
		return func(r *resource) bool { return r.kind == UnitTestResource }, nil
	}
	return nil, hintedf("generic, singular, data or unit", "there is no test type %q", c.value)
}

// namedMatcher reads name or package.name, each with wildcards.
func namedMatcher(c criterion) (func(r *resource) bool, error) {
	pkgName, name, dotted := strings.Cut(c.value, ".")
	if !dotted {
		pkgName, name = "*", c.value
	}
	if strings.Contains(name, ".") {
		return nil, fmt.Errorf("%q is not name or package.name", c.value)
	}
	return func(r *resource) bool {
		return string(r.kind) == c.method && wildcard(pkgName, r.pkg) && wildcard(name, r.name)
	}, nil
}

// versionMatcher tells versions of models from the latest one.
func versionMatcher(c criterion) (func(r *resource) bool, error) {
	if !in(c.value, "latest", "prerelease", "old", "none") {
		return nil, hintedf("latest, prerelease, old or none", "there is no kind of version %q", c.value)
	}
	return func(r *resource) bool {
		switch {
		case r.kind != Model:
			return false
		case r.node.Version == nil:
			return c.value == "none"
		case c.value == "latest":
			return r.node.isLatest()
		}
		order := compareModelVersions(r.node.Version, r.node.LatestVersion)
		return c.value == "prerelease" && order > 0 || c.value == "old" && order < 0
	}, nil
}

// sourceMatcher reads source, source.table or package.source.table, each with
// wildcards.
func sourceMatcher(c criterion) (func(r *resource) bool, error) {
	parts := strings.Split(c.value, ".")
	pkgName, source, table := "*", parts[0], "*"
	switch len(parts) {
	case 1:
	case 2:
		table = parts[1]
	case 3:
		pkgName, source, table = parts[0], parts[1], parts[2]
	default:
		return nil, fmt.Errorf("%q is not source, source.table or package.source.table", c.value)
	}
	return func(r *resource) bool {
		return r.source != nil && wildcard(pkgName, r.pkg) && wildcard(source, r.source.SourceName) && wildcard(table, r.name)
	}, nil
}

// fqnMatches: a whole fully qualified name or the beginning of one, with or
// without the package, either with wildcards, or the bare name.
func fqnMatches(r *resource, selector string) bool {
	if r.node != nil && r.node.Version != nil {
		parts := strings.Split(selector, ".")
		if last := len(r.fqn) - 2; r.fqn[last] == selector || strings.Join(r.fqn[last:], "_") == strings.Join(parts[max(0, len(parts)-2):], "_") {
			return true
		}
		return prefixMatches(r.fqn, selector) || prefixMatches(r.fqn[1:], selector)
	}
	return r.fqn[len(r.fqn)-1] == selector || prefixMatches(r.fqn, selector) || prefixMatches(r.fqn[1:], selector)
}

// prefixMatches compares part by part up to the first wildcard, which then has
// to match all that is left: mart.* means what lies at any depth below mart.
func prefixMatches(fqn []string, selector string) bool {
	fqn = strings.Split(strings.Join(fqn, "."), ".") // a name may hold dots
	parts := strings.Split(selector, ".")
	if len(parts) > len(fqn) {
		return false
	}
	for i, part := range parts {
		if strings.ContainsAny(part, "*?[]") {
			return wildcard(strings.Join(parts[i:], "."), strings.Join(fqn[i:], "."))
		}
		if part != fqn[i] {
			return false
		}
	}
	return true
}

// pathMatches: the file itself, a folder above it, or a pattern.
func pathMatches(file, selector string) bool {
	selector = path.Clean(selector)
	if file == selector || strings.HasPrefix(file, selector+"/") || selector == "." {
		return true
	}
	if !strings.ContainsAny(selector, "*?[") {
		return false
	}
	pattern := strings.Split(selector, "/")
	return globMatches(pattern, strings.Split(file, "/"))
}

// pathIs: the file itself, or a pattern of it.
func pathIs(file, selector string) bool {
	return file == path.Clean(selector) || strings.ContainsAny(selector, "*?[") && globMatches(strings.Split(selector, "/"), strings.Split(file, "/"))
}

func globMatches(pattern, parts []string) bool {
	switch {
	case len(pattern) == 0:
		return true // what lies below a matching folder
	case pattern[0] == "**":
		for i := range len(parts) + 1 {
			if globMatches(pattern[1:], parts[i:]) {
				return true
			}
		}
		return false
	case len(parts) == 0:
		return false
	}
	return wildcard(pattern[0], parts[0]) && globMatches(pattern[1:], parts[1:])
}

func stemOf(file string) string {
	base := path.Base(file)
	return strings.TrimSuffix(base, path.Ext(base))
}

func anyMatch(pattern string, values []string) bool {
	for _, v := range values {
		if wildcard(pattern, v) {
			return true
		}
	}
	return false
}

// wildcard matches a shell pattern (*, ?, [seq], [!seq]) against a whole text.
func wildcard(pattern, s string) bool {
	if !strings.ContainsAny(pattern, "*?[") {
		return pattern == s
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			end := strings.IndexByte(pattern[i+1:], ']')
			if end <= 0 {
				b.WriteString(`\[`)
				continue
			}
			set := pattern[i+1 : i+1+end]
			if rest, not := strings.CutPrefix(set, "!"); not {
				set = "^" + rest
			}
			b.WriteString("[" + strings.ReplaceAll(set, `\`, `\\`) + "]")
			i += end + 1
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	re, err := regexp.Compile(b.String() + `\z`)
	return err == nil && re.MatchString(s)
}
