package dbt

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// Target is the chosen output of profiles.yml.
type Target struct {
	Profile  string
	Name     string
	Type     string // adapter type: duckdb, postgres, snowflake
	Database string
	Schema   string
	Threads  int
	// Credentials are all keys of the output, rendered.
	Credentials *jinja.Dict

	urlPassword string // as the URL writes it, escaped
}

const profilesFile = "profiles.yml"

// loadTarget chooses profile and target and reads the credentials.
func (l *loader) loadTarget() {
	t := &l.p.Target
	t.Credentials = jinja.NewDict()
	sc := &scope{p: l.p, pkg: l.p.root, level: levelProfile, secrets: true}
	t.Profile = l.o.Profile
	if n := child(l.p.root.doc, "profile"); t.Profile == "" && n != nil {
		t.Profile = jinja.Str(yamlValue(n, func(n *yaml.Node, _ []string) any { return l.native(sc, projectFile, n) }))
	}
	_, given := l.o.Credentials["type"]
	data, err := fs.ReadFile(l.o.Profiles, profilesFile)
	switch {
	case err == nil && !(given && t.Profile == ""):
		l.readProfile(data, sc)
	case given:
		t.Name = "default"
		if l.o.Target != "" {
			t.Name = l.o.Target
		}
	case errors.Is(err, fs.ErrNotExist):
		l.fail(Problem{Message: fmt.Sprintf("there is no %s for profile %q", profilesFile, t.Profile),
			Hint: "write one beside dbt_project.yml or give its folder with --profiles-dir"})
	default:
		l.fail(Problem{File: profilesFile, Message: err.Error()})
	}
	for _, k := range keysOf(l.o.Credentials) {
		t.Credentials.Set(k, jinja.FromGo(l.o.Credentials[k]))
	}
	if err := t.expandURL(); err != nil {
		l.fail(Problem{File: profilesFile, Message: err.Error(), Hint: "url: postgresql://user@host:5432/database?sslmode=verify-full"})
	}
	for _, secret := range t.Secrets() {
		l.p.addSecret(secret)
	}
	t.complete(l.o.Threads)
	if err := t.checkDuckDB(); err != nil {
		l.fail(Problem{File: profilesFile, Message: err.Error(), Hint: "leave out database, or attach a database under that alias"})
	}
}

// ReadTarget reads only which database a project means: no model, no macro.
func ReadTarget(o Options) (Target, error) {
	l := newLoader(o)
	if err := l.loadRoot(); err != nil {
		return Target{}, err
	}
	return l.p.Target, nil
}

func (l *loader) readProfile(data []byte, sc *scope) {
	t := &l.p.Target
	doc, err := parseYAML(data)
	if err != nil {
		l.fail(yamlProblem(profilesFile, err))
		return
	}
	if t.Profile == "" {
		l.fail(Problem{File: projectFile, Message: "the project names no profile", Hint: "profile: " + firstKey(doc)})
		return
	}
	profile := child(doc, t.Profile)
	if profile == nil {
		p := Problem{File: profilesFile, Message: fmt.Sprintf("there is no profile %q", t.Profile),
			Hint: "it has " + strings.Join(mappingKeys(doc), ", ") + "; the project's is chosen by profile: in dbt_project.yml, or --profile"}
		if near := nearest(t.Profile, mappingKeys(doc)); near != "" {
			p.Hint = fmt.Sprintf("did you mean %q?", near)
		}
		l.fail(p)
		return
	}
	render := func(n *yaml.Node, _ []string) any { return l.native(sc, profilesFile, n) }
	t.Name = l.o.Target
	if t.Name == "" {
		t.Name = "default"
		if n := child(profile, "target"); n != nil {
			t.Name = jinja.Str(yamlValue(n, render))
		}
	}
	outputs := child(profile, "outputs")
	output := child(outputs, t.Name)
	if output == nil {
		l.fail(l.problemAt(profilesFile, keyNode(doc, t.Profile),
			fmt.Sprintf("profile %q has no target %q", t.Profile, t.Name),
			"it has "+strings.Join(mappingKeys(outputs), ", ")))
		return
	}
	if d, ok := yamlValue(output, render).(*jinja.Dict); ok {
		t.Credentials = d
	}
	if !has(t.Credentials, "type") {
		l.fail(l.problemAt(profilesFile, output, fmt.Sprintf("target %q has no type", t.Name), "type: duckdb"))
	}
}

// complete fills in what credentials leave open, as each adapter does.
func (t *Target) complete(threads int) {
	t.Type = t.credential("type")
	t.Schema = t.credential("schema")
	t.Database = t.credential("database", "dbname")
	if t.Type == "duckdb" {
		t.completeDuckDB()
	}
	t.Threads = 1
	if v, ok := t.Credentials.Get("threads"); ok {
		if i, ok := v.(int64); ok && i > 0 {
			t.Threads = int(i)
		} else if i, ok := literal(jinja.Str(v)); ok {
			if i, ok := i.(int64); ok && i > 0 {
				t.Threads = int(i)
			}
		}
	}
	if threads > 0 {
		t.Threads = threads
	}
}

// credential is the first of these keys that says something, as text.
func (t *Target) credential(keys ...string) string {
	for _, k := range keys {
		if v, _ := t.Credentials.Get(k); v != nil && v != "" {
			return jinja.Str(v)
		}
	}
	return ""
}

// Connection is what is shown of how the database is reached: dbt's choice of
// keys for DuckDB, for others all that are no secret.
func (t Target) Connection() *jinja.Dict {
	all := t.dict()
	keys := keysIn(t.Credentials)
	if t.Type == "duckdb" {
		keys = append([]any{"database", "schema"}, duckdbDefaults().Keys()...)
	}
	shown := jinja.NewDict()
	for _, key := range keys {
		if value, ok := all.Get(key); ok {
			shown.Set(key, value)
		}
	}
	return shown
}

// dict is `target` in templates.
func (t Target) dict() *jinja.Dict {
	d := jinja.NewDict()
	if t.Type == "duckdb" {
		d = duckdbDefaults()
	}
	for _, k := range keysIn(t.Credentials) {
		if !secretCredential(jinja.Str(k)) {
			v, _ := t.Credentials.Get(k)
			d.Set(k, v)
		}
	}
	d.Set("name", t.Name)
	d.Set("target_name", t.Name)
	d.Set("profile_name", t.Profile)
	d.Set("type", t.Type)
	d.Set("threads", int64(t.Threads))
	d.Set("database", t.Database)
	d.Set("schema", t.Schema)
	if t.Type == "postgres" {
		d.Set("dbname", t.Database)
	}
	return d
}

func mappingKeys(n *yaml.Node) []string {
	var keys []string
	for _, e := range entries(n) {
		keys = append(keys, e.key)
	}
	return keys
}

func firstKey(n *yaml.Node) string {
	for _, k := range mappingKeys(n) {
		if k != "config" {
			return k
		}
	}
	return "default"
}
