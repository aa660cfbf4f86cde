package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
	"apotheca/internal/warehouse/duckdb"
)

// duckdbProfile reads an output of type duckdb, with dbt-duckdb's keys and their
// meaning. The first that cannot be honoured is the error.
type duckdbProfile struct {
	target dbt.Target
	base   string
	err    error
}

// withoutPython are the keys that hand work to Python modules or other services.
func withoutPython() map[string]string {
	return map[string]string{
		"plugins":          "they are Python modules",
		"filesystems":      "they are Python modules",
		"module_paths":     "they are folders of Python modules",
		"remote":           "it is a server that runs Python",
		"flights":          "they run Python models at MotherDuck",
		"motherduck_token": "MotherDuck cannot be reached",
	}
}

func duckdbOptions(target dbt.Target, how access) (duckdb.Options, error) {
	p := &duckdbProfile{target: target, base: how.base}
	p.refuse()
	o := duckdb.Options{
		Path: duckdbPath(target, how.base), MemoryLimit: how.memoryLimit, ReadOnly: how.readOnly, Discreet: how.private,
		RowGroupRows: how.rowGroupRows,
		Config:       p.settings(p.get("config_options"), "config_options"), Settings: p.settings(p.get("settings"), "settings"),
		Extensions: p.extensions(), Secrets: p.secrets(), Attach: p.attachments(), Retries: p.retries(),
		NoTransactions: p.on("disable_transactions"),
	}
	if how.base != "." {
		o.SearchPath = how.base
	}
	o.Config = slices.DeleteFunc(o.Config, func(s duckdb.Setting) bool {
		// The file is attached: its mode is not that of the whole database.
		if s.Name == "access_mode" {
			o.ReadOnly = o.ReadOnly || strings.EqualFold(fmt.Sprint(s.Value), "read_only")
		}
		return s.Name == "access_mode"
	})
	return o, p.err
}

// refuse names what would change a run's meaning if it were passed over. Keys
// that dbt-duckdb does not know either mean nothing to it.
func (p *duckdbProfile) refuse() {
	reasons := withoutPython()
	for _, key := range slices.Sorted(maps.Keys(reasons)) {
		if !empty(p.get(key)) {
			p.fail(key, "%s, which this program does without", reasons[key]).hint("remove %s from profiles.yml", key)
		}
	}
	if p.on("is_ducklake") || strings.Contains(strings.ToLower(credential(p.target, "path")), "ducklake:") {
		p.fail("is_ducklake", "DuckLake databases are not supported").hint("name a DuckDB file in path")
	}
	if path := credential(p.target, "path"); strings.HasPrefix(path, "md:") || strings.HasPrefix(path, "motherduck:") {
		p.fail("path", "MotherDuck databases are not supported").hint("name a DuckDB file in path")
	}
}

// get is nil for what is not there.
func (p *duckdbProfile) get(key string) any {
	value, _ := p.target.Credentials.Get(key)
	return value
}

func (p *duckdbProfile) on(key string) bool { return isOn(p.get(key)) }

func isOn(value any) bool {
	on, _ := strconv.ParseBool(strings.ToLower(fmt.Sprint(value)))
	return on
}

func empty(value any) bool {
	switch v := value.(type) {
	case *jinja.List:
		return len(v.V) == 0
	case *jinja.Dict:
		return v.Len() == 0
	}
	return value == nil || value == "" || value == false
}

// fail keeps the first error.
func (p *duckdbProfile) fail(key, format string, arguments ...any) *userError {
	err := usagef("profiles.yml: profile %s, target %s: %s: %s", p.target.Profile, p.target.Name, key, fmt.Sprintf(format, arguments...))
	if p.err == nil {
		p.err = err
	}
	return err
}

// settings reads a dictionary of plain values.
func (p *duckdbProfile) settings(value any, key string) []duckdb.Setting {
	if value == nil {
		return nil
	}
	d, ok := value.(*jinja.Dict)
	if !ok {
		p.fail(key, "it is no dictionary").hint("%s: {threads: 2}", key)
		return nil
	}
	settings := make([]duckdb.Setting, d.Len())
	for i := range settings {
		name, value := d.At(i)
		settings[i] = duckdb.Setting{Name: jinja.Str(name), Value: plainSetting(value)}
	}
	return settings
}

// plainSetting is a value of the profile as package duckdb takes it.
func plainSetting(value any) any {
	switch v := value.(type) {
	case *jinja.List:
		items := make([]any, len(v.V))
		for i, item := range v.V {
			items[i] = plainSetting(item)
		}
		return items
	case *jinja.Dict:
		items := make([]duckdb.Setting, v.Len())
		for i := range items {
			name, value := v.At(i)
			items[i] = duckdb.Setting{Name: jinja.Str(name), Value: plainSetting(value)}
		}
		return items
	}
	return value
}

// list reads a list; each entry is given to read.
func (p *duckdbProfile) list(key string, read func(any)) {
	value := p.get(key)
	if value == nil {
		return
	}
	l, ok := value.(*jinja.List)
	if !ok {
		p.fail(key, "it is no list")
		return
	}
	for _, entry := range l.V {
		read(entry)
	}
}

func (p *duckdbProfile) extensions() (extensions []duckdb.Extension) {
	p.list("extensions", func(entry any) {
		switch e := entry.(type) {
		case string:
			extensions = append(extensions, duckdb.Extension{Name: e})
		case *jinja.Dict:
			name, repository := text(e, "name"), text(e, "repo")
			if name == "" || repository == "" {
				p.fail("extensions", "an entry has no name or no repo").hint("extensions: [httpfs, {name: h3, repo: community}]")
			}
			extensions = append(extensions, duckdb.Extension{Name: name, Repository: repository})
		default:
			p.fail("extensions", "%s is no extension", jinja.Repr(entry)).hint("extensions: [httpfs, {name: h3, repo: community}]")
		}
	})
	return extensions
}

func (p *duckdbProfile) secrets() (secrets []duckdb.Secret) {
	add := func(d *jinja.Dict) {
		s := duckdb.Secret{Type: text(d, "type"), Name: text(d, "name"), Provider: text(d, "provider")}
		if s.Name == "" {
			s.Name = fmt.Sprintf("_dbt_secret_%d", len(secrets)+1)
		}
		for _, parameter := range p.settings(d, "secrets") {
			switch parameter.Name {
			case "type", "name", "provider":
			case "persistent":
				s.Persistent = isOn(parameter.Value)
			case "scope":
				s.Scope = texts(parameter.Value)
			case "secret_kwargs":
				nested, _ := parameter.Value.([]duckdb.Setting)
				s.Parameters = append(s.Parameters, nested...)
			default:
				s.Parameters = append(s.Parameters, parameter)
			}
		}
		secrets = append(secrets, s)
	}
	p.list("secrets", func(entry any) {
		d, ok := entry.(*jinja.Dict)
		if !ok || text(d, "type") == "" {
			p.fail("secrets", "an entry has no type").hint("secrets: [{type: s3, key_id: …, secret: …}]")
			return
		}
		add(d)
	})
	switch provider := credential(p.target, "use_credential_provider"); provider {
	case "":
	case "aws":
		add(jinja.NewDict("type", "s3", "provider", "credential_chain"))
	default:
		p.fail("use_credential_provider", "%s is not supported", provider).hint("use_credential_provider: aws, or secrets:")
	}
	return secrets
}

func texts(value any) (all []string) {
	if list, ok := value.([]any); ok {
		for _, item := range list {
			all = append(all, fmt.Sprint(item))
		}
		return all
	}
	return []string{fmt.Sprint(value)}
}

func (p *duckdbProfile) attachments() (attachments []duckdb.Attachment) {
	p.list("attach", func(entry any) {
		d, ok := entry.(*jinja.Dict)
		if !ok || text(d, "path") == "" {
			p.fail("attach", "an entry has no path").hint("attach: [{path: other.duckdb, alias: other}]")
			return
		}
		readOnly, _ := d.Get("read_only")
		options, _ := d.Get("options")
		a := duckdb.Attachment{
			Path: text(d, "path"), Alias: text(d, "alias"), Type: text(d, "type"), Secret: text(d, "secret"),
			ReadOnly: isOn(readOnly), Options: p.settings(options, "attach: options"),
		}
		a.Options = slices.DeleteFunc(a.Options, func(o duckdb.Setting) bool { return p.takeOption(&a, o) })
		lake, _ := d.Get("is_ducklake")
		if isOn(lake) || strings.Contains(strings.ToLower(a.Path), "ducklake:") || strings.EqualFold(a.Type, "ducklake") {
			p.fail("attach", "DuckLake databases are not supported").hint("name a DuckDB file in path")
		}
		if strings.HasPrefix(a.Path, "md:") || strings.HasPrefix(a.Path, "motherduck:") {
			p.fail("attach", "MotherDuck databases are not supported").hint("name a DuckDB file in path")
		}
		if isFile(a) {
			a.Path = filepath.Join(p.base, a.Path)
		}
		attachments = append(attachments, a)
	})
	return attachments
}

// takeOption takes an option that has a key of its own; both may not be said.
func (p *duckdbProfile) takeOption(a *duckdb.Attachment, o duckdb.Setting) bool {
	conflict := false
	switch o.Name {
	case "type":
		conflict = a.Type != ""
		a.Type = fmt.Sprint(o.Value)
	case "secret":
		conflict = a.Secret != ""
		a.Secret = fmt.Sprint(o.Value)
	case "read_only":
		conflict = a.ReadOnly
		a.ReadOnly = isOn(o.Value)
	default:
		return false
	}
	if conflict {
		p.fail("attach", "%s is said twice, in the entry and in its options", o.Name).hint("keep one of them")
	}
	return true
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// isFile reports a database whose path is one relative to the project.
func isFile(a duckdb.Attachment) bool {
	switch strings.ToLower(a.Type) {
	case "", "duckdb", "sqlite":
		return a.Path != ":memory:" && !filepath.IsAbs(a.Path) && !scheme.MatchString(a.Path)
	}
	return false
}

func (p *duckdbProfile) retries() duckdb.Retries {
	value := p.get("retries")
	if value == nil {
		return duckdb.Retries{}
	}
	d, ok := value.(*jinja.Dict)
	if !ok {
		p.fail("retries", "it is no dictionary").hint("retries: {connect_attempts: 3, query_attempts: 2, retryable_exceptions: [IOException]}")
		return duckdb.Retries{}
	}
	connect, _ := d.Get("connect_attempts")
	query, _ := d.Get("query_attempts")
	r := duckdb.Retries{Connect: number(connect), Query: number(query)}
	if on, _ := d.Get("retryable_exceptions"); on != nil {
		r.On = texts(plainSetting(on))
	}
	return r
}

func number(value any) int {
	n, _ := strconv.Atoi(fmt.Sprint(value))
	return n
}

// text is a value of a dictionary; empty for none.
func text(d *jinja.Dict, key string) string {
	if value, ok := d.Get(key); ok && value != nil {
		return jinja.Str(value)
	}
	return ""
}
