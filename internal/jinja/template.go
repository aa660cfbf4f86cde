package jinja

import "strings"

// Template is one parsed file. It never changes after Parse: any number of
// goroutines may render it at once.
type Template struct {
	Name   string
	Blocks []*Block // the definitions, in the order of the file
	source string   // with one kind of line end
	file   string   // as it stands in the file
	body   []stmt
	scope  *scope
}

// written is a part of the source with the line ends of the file.
func (t *Template) written(from, to int) string {
	if !strings.Contains(t.file, "\r\n") {
		return t.source[from:to]
	}
	// Of each pair of characters that end a line the source has one.
	at := func(pos int) int {
		i := 0
		for range strings.Count(t.source[:pos], "\n") {
			end := strings.IndexAny(t.file[i:], "\r\n")
			if strings.HasPrefix(t.file[i+end:], "\r\n") {
				end++
			}
			i += end + 1
		}
		return i + pos - (strings.LastIndexByte(t.source[:pos], '\n') + 1)
	}
	return t.file[at(from):at(to)]
}

// Block is a named definition in a file.
type Block struct {
	Kind    string         // macro, test (also written data_test), materialization, snapshot or docs
	Name    string         // as written
	Adapter string         // of a materialization; "default" when it names none
	Params  []Param        // of a macro or test
	Options map[string]any // options of a materialization that are literals
	Pos     Pos
	Text    string // the whole block as the file has it, tags included
	Source  string // what is between the tags, as the file has it

	template *Template
	scope    *scope
	body     []stmt
	varargs  implicitArg
	kwargs   implicitArg
	caller   implicitArg
}

// Param is one declared argument of a macro.
type Param struct {
	Name string
	slot int
	def  expr
}

// HasDefault reports whether the argument may be left out without being undefined.
func (p Param) HasDefault() bool { return p.def != nil }

func (b *Block) declares(name string) bool {
	for _, p := range b.Params {
		if p.Name == name {
			return true
		}
	}
	return false
}

// MacroName is the name dbt gives to the definition among the macros: that of a
// macro as written, of others with a prefix; empty for docs and snapshots.
func (b *Block) MacroName() string {
	switch b.Kind {
	case "macro":
		return b.Name
	case "test":
		return "test_" + b.Name
	case "materialization":
		return "materialization_" + b.Name + "_" + b.Adapter
	}
	return ""
}

// Render gives the text of a template.
func (t *Template) Render(s *State) (string, error) {
	_, text, err := t.Module(s)
	return text, err
}

// Module renders a template and gives also the values its top level assigned,
// macros included.
func (t *Template) Module(s *State) (map[string]any, string, error) {
	w := &output{}
	f, err := t.run(s, w)
	if err != nil {
		return nil, "", err
	}
	vars := make(map[string]any, len(t.scope.names))
	for i, name := range t.scope.names {
		if v, ok := f.get(i); ok {
			vars[name] = v
		}
	}
	return vars, w.text.String(), nil
}

func (t *Template) run(s *State, w *output) (*frame, error) {
	outer := s.template
	s.template = t
	defer func() { s.template = outer }()
	f := t.scope.enter(nil)
	if err := run(t.body, s, f, w); err != nil {
		return nil, s.at(err, 0)
	}
	return f, nil
}

// Macro binds a definition without rendering its file; names of the file's top
// level are then those of the host. Docs and snapshots are called without
// arguments and give their text.
func (t *Template) Macro(b *Block) *Macro {
	return &Macro{Block: b, Template: t.Name, frame: b.scope.outer.blank()}
}

// Defs binds every macro, test and materialization under its MacroName.
func (t *Template) Defs() map[string]*Macro {
	out := make(map[string]*Macro, len(t.Blocks))
	for _, b := range t.Blocks {
		if name := b.MacroName(); name != "" {
			out[name] = t.Macro(b)
		}
	}
	return out
}
