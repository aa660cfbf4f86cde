package dbt

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// Load reads the project and its packages. It finds all errors it can: the
// error is a [Problems] unless the file system or the options are at fault.
func Load(o Options) (*Project, error) {
	l := newLoader(o)
	if err := l.load(); err != nil {
		return nil, err
	}
	l.p.Warnings = l.warnings.sorted()
	return l.p, nil
}

func newLoader(o Options) *loader {
	if o.Profiles == nil {
		o.Profiles = o.FS
	}
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	p := &Project{
		options: o, Nodes: map[string]*Node{}, Sources: map[string]*Source{}, UnitTests: map[string]*UnitTest{},
		Exposures: map[string]*Exposure{}, Metrics: map[string]*Semantic{}, SemanticModels: map[string]*Semantic{}, SavedQueries: map[string]*Semantic{},
		Groups: map[string]*Group{}, Docs: map[string]*Doc{},
		Macros: map[string]*Macro{}, Disabled: map[string][]*Node{}, packages: map[string]*pkg{},
		macroOf: map[*jinja.Block]*Macro{}, disabledSources: map[string]*Source{},
	}
	return &loader{o: o, p: p, patches: newPatches()}
}

// loader is one Load. Its steps run one after another; inside a step files are
// read and templates rendered by several goroutines.
type loader struct {
	o Options
	p *Project

	mu       sync.Mutex
	problems Problems
	warnings Problems

	patches *patches
	tests   []*testDeclaration

	configBases sync.Map // of configBaseKey to *jinja.Dict
	testMacros  sync.Map // of *Macro to macroSet
}

func (l *loader) load() error {
	if err := l.loadRoot(); err != nil {
		return err
	}
	l.loadPackages()
	l.loadMacros()
	if err := l.stop(); err != nil {
		return err // every use of a missing macro would be an error of its own
	}
	unreadable := l.loadProperties()
	l.addOverview()
	l.loadDocs()
	l.loadNodes()
	l.loadSources()
	l.loadDataTests()
	l.loadOperations()
	l.loadUnitTests()
	if unreadable {
		return l.stop() // so would be every ref to what is declared in there
	}
	l.loadSelectors()
	l.finish()
	return l.stop()
}

// loadRoot reads the project's own file and the target.
func (l *loader) loadRoot() error {
	root, err := l.readProject(".")
	if err != nil {
		return err
	}
	l.p.root, l.p.Name, l.p.Version = root, root.name, root.version
	l.p.packages[root.name] = root
	l.loadTarget()
	return l.stop()
}

func (l *loader) stop() error {
	if len(l.problems) == 0 {
		return nil
	}
	return l.problems.sorted()
}

func (l *loader) fail(p Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problems = append(l.problems, p)
}

func (l *loader) warn(p Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warnings = append(l.warnings, p)
}

// problemAt places a problem at a YAML node, which may be nil.
func (l *loader) problemAt(file string, n *yaml.Node, message, hint string) Problem {
	p := Problem{File: file, Message: message, Hint: hint}
	if n != nil {
		p.Line, p.Col = n.Line, n.Column
	}
	return p
}

var yamlLine = pattern(`^yaml: (.*?)line (\d+)(?:, column \d+)?: `)

func yamlProblem(file string, err error) Problem {
	p := Problem{File: file, Message: err.Error()}
	if m := yamlLine().FindStringSubmatch(p.Message); m != nil {
		p.Line, _ = strconv.Atoi(m[2])
		p.Message = p.Message[len(m[0]):]
	}
	if strings.Contains(p.Message, "cannot start any token") {
		p.Hint = "indent with spaces, not tabs, and quote values that begin with @, ` or %"
	}
	p.Message = "the YAML cannot be read: " + p.Message
	return p
}

// templateProblem places an error of the template engine. The line within a
// template is counted from first, where the template begins in its file.
func templateProblem(file string, first int, err error) Problem {
	p := Problem{File: file, Line: first, Message: err.Error(), cause: err}
	var already Problem
	if errors.As(err, &already) {
		if already.File != "" {
			return already
		}
		p.Hint = already.Hint
	}
	var e *jinja.Error
	if !errors.As(err, &e) {
		return p
	}
	p.Message = e.Msg
	if already.Message != "" {
		p.Message = already.Message
	}
	if e.Template == "" || e.Template == file {
		p.Line, p.Col = first+max(e.Pos.Line, 1)-1, e.Pos.Column
	} else {
		p.File, p.Line, p.Col = e.Template, e.Pos.Line, e.Pos.Column
	}
	p.macros = e.Stack
	if p.File != file {
		p.from = file
	}
	return p
}

// native renders one YAML text to a value.
func (l *loader) native(sc *scope, file string, n *yaml.Node) any {
	t, err := jinja.Parse(file, n.Value)
	if err == nil {
		var v any
		if v, err = t.RenderNative(sc.state(context.Background())); err == nil {
			return v
		}
	}
	l.fail(templateProblem(file, n.Line, err))
	return nil
}

// parallel calls do for 0 to n-1 from as many goroutines as there are
// processors and waits for all.
func parallel(n int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	var wg sync.WaitGroup
	var next atomic.Int64
	for range workers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	wg.Wait()
}
