package dbt

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// The calls by which a Python model says what it reads and how it is
// configured. dbt takes them from the text as well, and allows literals only.
var (
	pythonCall     = pattern(`\bdbt\s*\.\s*(ref|source|config(?:\s*\.\s*get)?)\s*\(`)
	pythonKeyword  = pattern(`^\s*([A-Za-z_]\w*)\s*=\s*`)
	pythonConstant = strings.NewReplacer("True", "true", "False", "false", "None", "null")
)

// readPython collects what a Python model says of itself. The model is not run.
func (s *seen) readPython(code string) {
	for _, m := range pythonCall().FindAllStringSubmatchIndex(code, -1) {
		inside, ok := balanced(code[m[1]:])
		if !ok {
			continue
		}
		args, keywords := pythonArguments(inside)
		switch name := strings.Join(strings.Fields(code[m[2]:m[3]]), ""); {
		case name == "ref" && len(args) > 0:
			r := Ref{Name: jinja.Str(args[len(args)-1])}
			if len(args) > 1 {
				r.Package = jinja.Str(args[0])
			}
			for _, key := range []string{"v", "version"} {
				if v, ok := keywords.Get(key); ok {
					r.Version = v
				}
			}
			s.refs = append(s.refs, r)
		case name == "source" && len(args) == 2:
			s.sources = append(s.sources, SourceRef{Source: jinja.Str(args[0]), Table: jinja.Str(args[1])})
		case name == "config":
			s.configure(keywords)
		case name == "config.get" && len(args) > 0:
			var def any
			if len(args) > 1 {
				def = args[1]
			}
			s.configure(jinja.NewDict("config_keys_used", s.grown("config_keys_used", args[0]), "config_keys_defaults", s.grown("config_keys_defaults", def)))
		}
	}
}

func (s *seen) configure(d *jinja.Dict) {
	if s.config == nil {
		s.config, s.written = jinja.NewDict(), jinja.NewDict()
	}
	for _, k := range keysIn(d) {
		v, _ := d.Get(k)
		mergeConfig(s.config, configKey(jinja.Str(k)), v)
		s.written.Set(configKey(jinja.Str(k)), v)
	}
}

// grown is a list config with one more element.
func (s *seen) grown(key string, v any) *jinja.List {
	have, _ := s.config.Get(key)
	return &jinja.List{V: append(appended(nil, have).V, v)}
}

// balanced is the text up to the closing parenthesis.
func balanced(code string) (string, bool) {
	depth, quote := 0, byte(0)
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' && depth == 0:
			return code[:i], true
		case c == ')' || c == ']' || c == '}':
			depth--
		}
	}
	return "", false
}

// pythonArguments reads literal arguments. What is no literal is left out.
func pythonArguments(text string) (args []any, keywords *jinja.Dict) {
	keywords = jinja.NewDict()
	for _, part := range splitTopLevel(text) {
		name := ""
		if m := pythonKeyword().FindStringSubmatch(part); m != nil {
			name, part = m[1], part[len(m[0]):]
		}
		// A Python literal of texts, numbers, lists and mappings is YAML but for
		// the names of three constants.
		doc, err := parseYAML([]byte(pythonConstant.Replace(strings.TrimSpace(part))))
		if err != nil || doc == nil || doc.Kind == yaml.ScalarNode && doc.Style == 0 && looksLikeCode(doc.Value) {
			continue
		}
		if name == "" {
			args = append(args, plain(doc))
		} else {
			keywords.Set(name, plain(doc))
		}
	}
	return args, keywords
}

// looksLikeCode reports an unquoted word that is neither number nor constant.
func looksLikeCode(s string) bool {
	return !in(s, "true", "false", "null") && !strings.ContainsAny(s[:min(1, len(s))], "0123456789-+.")
}

// splitTopLevel splits at the commas that stand in no bracket and no text.
func splitTopLevel(text string) []string {
	var out []string
	start, depth, quote := 0, 0, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		case c == ',' && depth == 0:
			out = append(out, text[start:i])
			start = i + 1
		}
	}
	if rest := text[start:]; strings.TrimSpace(rest) != "" {
		out = append(out, rest)
	}
	return out
}
