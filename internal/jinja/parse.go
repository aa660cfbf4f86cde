package jinja

import (
	"fmt"
	"slices"
	"strings"
)

// Parse reads a template. The name is for error messages: the path of the file.
func Parse(name, src string) (t *Template, err error) {
	p, err := newParser(name, src)
	if err != nil {
		return nil, err
	}
	defer tokenRoom.Put(&p.tokens)
	defer p.recovered(&err)
	p.template.body = p.statements()
	resolve(p.reads)
	return p.template, nil
}

// parser turns tokens into statements. Its methods leave by panic with an
// *Error, so that the grammar reads as a grammar; Parse turns it into an error.
type parser struct {
	template *Template
	tokens   []token
	at       int
	scope    *scope
	reads    []read
	open     []openTag
	loops    int // loops around this place within the macro
	nesting  int
	blockEnd int  // of the last definition
	literal  bool // reading a Python literal: lower-case true is a name
}

type openTag struct {
	name string
	pos  int
}

func newParser(name, src string) (*parser, error) {
	file := src
	src = normalized(src)
	tokens, err := lex(name, src)
	if err != nil {
		return nil, err
	}
	t := &Template{Name: name, source: src, file: file, scope: &scope{}}
	return &parser{template: t, tokens: tokens, scope: t.scope}, nil
}

func (p *parser) recovered(err *error) {
	switch e := recover().(type) {
	case nil:
	case *Error:
		*err = e
	default:
		panic(e)
	}
}

func (p *parser) failAt(pos int, format string, a ...any) {
	panic(&Error{
		Msg:      fmt.Sprintf(format, a...),
		Template: p.template.Name,
		Pos:      position(p.template.source, pos),
	})
}

func (p *parser) fail(format string, a ...any) { p.failAt(p.peek().pos, format, a...) }

// nestingMax keeps a hostile template from exhausting the stack, which Go
// cannot recover from.
const nestingMax = 400

// deeper guards a recursion of the grammar; call the result when it ends.
func (p *parser) deeper() func() {
	if p.nesting++; p.nesting > nestingMax {
		p.fail("template is nested more than %d levels deep", nestingMax)
	}
	return func() { p.nesting-- }
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokEOF {
		p.at++
	}
	return t
}

func (p *parser) after() token { return p.tokens[min(p.at+1, len(p.tokens)-1)] }

func (p *parser) isOp(text string) bool {
	t := p.peek()
	return t.kind == tokOp && t.text == text
}

func (p *parser) isName(text string) bool {
	t := p.peek()
	return t.kind == tokName && t.text == text
}

func (p *parser) skipOp(text string) bool {
	ok := p.isOp(text)
	if ok {
		p.at++
	}
	return ok
}

func (p *parser) skipName(text string) bool {
	ok := p.isName(text)
	if ok {
		p.at++
	}
	return ok
}

func (p *parser) expectOp(text string) {
	if !p.skipOp(text) {
		p.fail("expected token '%s', got %s", text, p.peek().describe())
	}
}

func (p *parser) expectName() string {
	if p.peek().kind != tokName {
		p.fail("expected a name, got %s", p.peek().describe())
	}
	return p.next().text
}

func (p *parser) expectTagEnd() token {
	if p.peek().kind != tokTagEnd {
		p.fail("expected end of statement block, got %s", p.peek().describe())
	}
	return p.next()
}

// nested parses in a scope of its own.
func (p *parser) nested(sc *scope, parse func()) *scope {
	sc.outer, p.scope = p.scope, sc
	parse()
	p.scope = sc.outer
	return sc
}

// statements parses up to the end, or up to a tag named in ends; it then stops
// after that name.
func (p *parser) statements(ends ...string) []stmt {
	defer p.deeper()()
	var out []stmt
	for {
		switch t := p.next(); t.kind {
		case tokEOF:
			if len(ends) > 0 {
				p.failAt(t.pos, "unexpected end of template, looking for %s%s", oneOf(ends), p.innermost(1))
			}
			return out
		case tokData:
			out = append(out, dataStmt(t.text))
		case tokPrintBegin:
			out = append(out, p.print(t.pos))
		case tokTagBegin:
			tag := p.peek()
			if tag.kind != tokName {
				p.fail("tag name expected, got %s", tag.describe())
			}
			p.at++
			if slices.Contains(ends, tag.text) {
				return out
			}
			if st := p.statement(tag, t.pos, ends); st != nil {
				out = append(out, st)
			}
		default:
			p.failAt(t.pos, "unexpected %s", t.describe())
		}
	}
}

func (p *parser) print(pos int) stmt {
	e := p.tuple(true)
	if p.peek().kind != tokPrintEnd {
		p.fail("expected end of print statement, got %s", p.peek().describe())
	}
	p.at++
	return &printStmt{value: e, pos: pos}
}

// body parses what follows the head of a tag, up to one of its end tags, and
// says which one it was.
func (p *parser) body(ends ...string) ([]stmt, string) {
	p.skipOp(":")
	p.expectTagEnd()
	b := p.statements(ends...)
	return b, p.tokens[p.at-1].text
}

// wholeBody parses up to and with the only end tag a statement has.
func (p *parser) wholeBody(end string) []stmt {
	b, _ := p.body(end)
	p.expectTagEnd()
	return b
}

func oneOf(ends []string) string { return "'" + strings.Join(ends, "' or '") + "'" }

// innermost names the block that is open, the n-th from the inside.
func (p *parser) innermost(n int) string {
	if len(p.open) < n {
		return ""
	}
	o := p.open[len(p.open)-n]
	return fmt.Sprintf("; '%s' of line %d is still open", o.name, position(p.template.source, o.pos).Line)
}

// statement parses one tag; begin is where its {% is.
func (p *parser) statement(tag token, begin int, ends []string) stmt {
	p.open = append(p.open, openTag{tag.text, begin})
	defer func() { p.open = p.open[:len(p.open)-1] }()
	switch tag.text {
	case "if":
		return p.ifTag()
	case "for":
		return p.forTag(tag.pos)
	case "set":
		return p.setTag(tag.pos)
	case "do":
		e := p.tuple(true)
		p.expectTagEnd()
		return &doStmt{e, tag.pos}
	case "call":
		return p.callTag(tag.pos)
	case "filter":
		return p.filterTag(tag.pos)
	case "with":
		return p.withTag(tag.pos)
	case "break", "continue":
		if p.loops == 0 {
			p.failAt(tag.pos, "'%s' outside of a loop", tag.text)
		}
		p.expectTagEnd()
		return loopControl(tag.text == "break")
	case "macro", "test", "data_test", "materialization", "snapshot", "docs":
		return p.definition(tag, begin)
	}
	msg := "unknown tag '" + tag.text + "'"
	if len(ends) > 0 {
		msg += ", expected " + oneOf(ends)
	}
	p.failAt(tag.pos, "%s%s", msg, p.innermost(2))
	return nil
}
