package duckdb

import (
	"fmt"
	"regexp"
	"strings"

	"apotheca/internal/warehouse"
)

// Setting is a name with its value, in the order it was written. Values are
// nil, bool, numbers, strings, and in secrets lists ([]any) and []Setting.
type Setting struct {
	Name  string
	Value any
}

// Extension is one to be installed, unless it is, and loaded. Repository is
// DuckDB's name for one, or an address; empty is DuckDB's own.
type Extension struct {
	Name, Repository string
}

// Secret is what DuckDB's secret manager is to know. Its parameters' values are
// in no error.
type Secret struct {
	Name, Type, Provider string
	Persistent           bool
	Scope                []string
	Parameters           []Setting
}

// Attachment is another database beside the main one.
type Attachment struct {
	Path, Alias, Type, Secret string
	ReadOnly                  bool
	Options                   []Setting
}

// word is what stands in a statement where no text can: the name of a setting
// or of a parameter.
var word = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

func checkWord(what, name string) error {
	if !word.MatchString(name) {
		return fmt.Errorf("%s %q is no name\nhint: a name has letters, digits and underscores", what, name)
	}
	return nil
}

func (s Setting) sql() (string, error) {
	if err := checkWord("the setting", s.Name); err != nil {
		return "", err
	}
	return "set " + s.Name + " = " + warehouse.StringLiteral(fmt.Sprint(s.Value)), nil
}

// sql installs an extension; load follows.
func (e Extension) sql() string {
	install := "install " + warehouse.StringLiteral(e.Name)
	switch repository := strings.Trim(e.Repository, `'"`); {
	case repository == "":
	case word.MatchString(repository):
		install += " from " + Dialect().Quote(repository)
	default:
		install += " from " + warehouse.StringLiteral(repository)
	}
	return install
}

func (a Attachment) sql() (string, error) {
	statement := "attach if not exists " + warehouse.StringLiteral(a.Path)
	if a.Alias != "" {
		statement += " as " + Dialect().Quote(a.Alias)
	}
	var options []string
	for _, o := range []Setting{{"type", a.Type}, {"secret", a.Secret}} {
		if o.Value != "" {
			options = append(options, o.Name+" "+Dialect().Quote(o.Value.(string)))
		}
	}
	if a.ReadOnly {
		options = append(options, "read_only")
	}
	for _, o := range a.Options {
		if err := checkWord("the option of attach", o.Name); err != nil {
			return "", err
		}
		switch value := o.Value.(type) {
		case nil:
		case bool:
			if value { // one that is off is not said at all
				options = append(options, o.Name)
			}
		case string:
			options = append(options, o.Name+" "+warehouse.StringLiteral(unquoted(value)))
		default:
			options = append(options, fmt.Sprintf("%s %v", o.Name, value))
		}
	}
	if len(options) > 0 {
		statement += " (" + strings.Join(options, ", ") + ")"
	}
	return statement, nil
}

// unquoted takes the quotes off that a profile may put around a text.
func unquoted(text string) string {
	trimmed := strings.TrimSpace(text)
	if n := len(trimmed); n >= 2 && trimmed[0] == trimmed[n-1] && strings.ContainsAny(trimmed[:1], `'"`) {
		return trimmed[1 : n-1]
	}
	return text
}

func (s Secret) sql() (string, error) {
	if err := checkWord("the type of a secret", s.Type); err != nil {
		return "", err
	}
	create := "create or replace "
	if s.Persistent {
		create += "persistent "
	}
	parts := []string{"type " + s.Type}
	if s.Provider != "" {
		if err := checkWord("the provider of a secret", s.Provider); err != nil {
			return "", err
		}
		parts = append(parts, "provider "+s.Provider)
	}
	for _, p := range s.Parameters {
		if p.Value == nil {
			continue
		}
		if err := checkWord("the parameter of a secret", p.Name); err != nil {
			return "", err
		}
		parts = append(parts, p.Name+" "+secretValue(p.Value))
	}
	for _, scope := range s.Scope {
		parts = append(parts, "scope "+warehouse.StringLiteral(scope))
	}
	return create + "secret " + Dialect().Quote(s.Name) + " (" + strings.Join(parts, ", ") + ")", nil
}

func secretValue(value any) string {
	switch v := value.(type) {
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = warehouse.StringLiteral(fmt.Sprint(item))
		}
		return "array [" + strings.Join(items, ", ") + "]"
	case []Setting:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = warehouse.StringLiteral(item.Name) + ": " + warehouse.StringLiteral(fmt.Sprint(item.Value))
		}
		return "map {" + strings.Join(items, ", ") + "}"
	}
	return warehouse.StringLiteral(fmt.Sprint(value))
}
