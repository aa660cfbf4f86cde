package jinja

import (
	"fmt"
	"strconv"
	"strings"
)

type parser struct {
	name string
	t    []token
	p    int
	tmpl *Template
	open []string
}

func Parse(name, src string) (t *Template, err error) {
	toks, err := lex(name, src)
	if err != nil {
		return nil, err
	}
	p := &parser{name: name, t: toks, tmpl: &Template{Name: name}}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	p.tmpl.body = p.stmts()
	return p.tmpl, nil
}
func (p *parser) cur() token  { return p.t[p.p] }
func (p *parser) next() token { t := p.t[p.p]; p.p++; return t }
func (p *parser) fail(f string, a ...any) {
	panic(&Error{Msg: fmt.Sprintf(f, a...), Template: p.name, Pos: Pos{Line: p.cur().line}})
}
func (p *parser) isOp(v string) bool   { c := p.cur(); return c.t == tOp && c.v == v }
func (p *parser) isName(v string) bool { c := p.cur(); return c.t == tName && c.v == v }
func (p *parser) skipOp(v string) bool {
	if p.isOp(v) {
		p.p++
		return true
	}
	return false
}
func (p *parser) skipName(v string) bool {
	if p.isName(v) {
		p.p++
		return true
	}
	return false
}
func (t token) describe() string {
	switch t.t {
	case tBlkEnd:
		return "end of statement block"
	case tVarEnd:
		return "end of print statement"
	case tEOF:
		return "end of template"
	case tStr:
		return "string '" + t.v + "'"
	}
	return "'" + t.v + "'"
}
func (p *parser) expectOp(v string) {
	if !p.skipOp(v) {
		p.fail("expected token '%s', got %s", v, p.cur().describe())
	}
}
func (p *parser) expectName() string {
	if p.cur().t != tName {
		p.fail("expected a name, got %s", p.cur().describe())
	}
	return p.next().v
}
func (p *parser) expectEnd() {
	if p.cur().t != tBlkEnd {
		p.fail("expected end of statement block, got %s", p.cur().describe())
	}
	p.p++
}

// stmts parses until EOF or a block whose tag is in ends; leaves p just after the tag name.
func (p *parser) stmts(ends ...string) []stmt {
	var out []stmt
	for {
		switch c := p.cur(); c.t {
		case tEOF:
			if len(ends) > 0 {
				p.fail("unexpected end of template, looking for %s; innermost open block: %s", strings.Join(ends, " or "), strings.Join(p.open, " > "))
			}
			return out
		case tData:
			out = append(out, &dataStmt{p.next().v})
		case tVarBegin:
			p.p++
			e := p.tuple(true, nil)
			if p.cur().t != tVarEnd {
				p.fail("expected token 'end of print statement', got %s", p.cur().describe())
			}
			p.p++
			out = append(out, &outStmt{e, c.line})
		case tBlkBegin:
			p.p++
			if p.cur().t != tName {
				p.fail("tag name expected")
			}
			tag := p.cur().v
			for _, e := range ends {
				if e == tag {
					p.p++
					return out
				}
			}
			if s := p.statement(); s != nil {
				out = append(out, s)
			}
		default:
			p.fail("unexpected %s", c.describe())
		}
	}
}
func (p *parser) body(ends ...string) []stmt { // after the tag's head: optional ':' then block end
	p.skipOp(":")
	p.expectEnd()
	return p.stmts(ends...)
}
func (p *parser) statement() stmt {
	c := p.next()
	ln := c.line
	p.open = append(p.open, fmt.Sprintf("%s (line %d)", c.v, ln))
	defer func() { p.open = p.open[:len(p.open)-1] }()
	switch c.v {
	case "if":
		s := &ifStmt{}
		for {
			cond := p.tuple(false, nil)
			b := p.body("elif", "else", "endif")
			s.arms = append(s.arms, ifArm{cond, b})
			tag := p.t[p.p-1].v
			if tag == "elif" {
				continue
			}
			if tag == "else" {
				s.els = p.body("endif")
			}
			p.expectEnd()
			return s
		}
	case "for":
		s := &forStmt{line: ln}
		s.target = p.target(true, false)
		if !p.skipName("in") {
			p.fail("expected token 'in', got %s", p.cur().describe())
		}
		s.iter = p.tuple(false, []string{"recursive"})
		if p.skipName("if") {
			s.cond = p.expr()
		}
		s.rec = p.skipName("recursive")
		s.body = p.body("else", "endfor")
		if p.t[p.p-1].v == "else" {
			s.els = p.body("endfor")
		}
		p.expectEnd()
		return s
	case "set":
		t := p.target(true, true)
		if p.skipOp("=") {
			e := p.tuple(true, nil)
			p.expectEnd()
			return &setStmt{t, e, ln}
		}
		var fs *filterExpr
		var root expr
		if p.isOp("|") {
			fs, root = p.filters(nil)
		}
		b := p.body("endset")
		p.expectEnd()
		_ = fs
		return &setBlock{t, root, b, ln}
	case "macro":
		return p.macro("macro", p.expectName(), ln, "endmacro")
	case "test", "data_test":
		n := p.expectName()
		return p.macro("test", n, ln, "end"+c.v)
	case "materialization":
		n := p.expectName()
		d := &Block{Kind: c.v, Name: n, Adapter: "default", Pos: Pos{Line: ln}, Options: map[string]any{}}
		for p.skipOp(",") {
			k := p.expectName()
			if k == "default" {
				continue
			}
			p.expectOp("=")
			v := p.expr()
			if k == "adapter" {
				if cst, ok := v.(*constExpr); ok {
					d.Adapter = Str(cst.v)
				}
			}
			if cst, ok := v.(*constExpr); ok {
				d.Options[k] = cst.v
			}
		}
		d.body = p.body("endmaterialization")
		p.expectEnd()
		p.tmpl.Blocks = append(p.tmpl.Blocks, d)
		return &macroStmt{d}
	case "snapshot", "docs":
		d := &Block{Kind: c.v, Name: p.expectName(), Pos: Pos{Line: ln}}
		d.body = p.body("end" + c.v)
		p.expectEnd()
		p.tmpl.Blocks = append(p.tmpl.Blocks, d)
		if c.v == "snapshot" {
			return &groupStmt{d.body}
		}
		return nil
	case "call":
		var args []Param
		if p.isOp("(") {
			args = p.signature()
		}
		e := p.expr()
		ce, ok := e.(*callExpr)
		if !ok {
			p.fail("expected call")
		}
		b := p.body("endcall")
		p.expectEnd()
		return &callStmt{ce, &Block{Kind: "caller", Name: "caller", Params: args, body: b, Pos: Pos{Line: ln}}, ln}
	case "filter":
		_, root := p.filtersFrom(nil, true)
		b := p.body("endfilter")
		p.expectEnd()
		return &filterStmt{root, b, ln}
	case "with":
		s := &withStmt{}
		for p.cur().t != tBlkEnd {
			if len(s.t) > 0 {
				p.expectOp(",")
			}
			s.t = append(s.t, p.target(false, false))
			p.expectOp("=")
			s.v = append(s.v, p.expr())
		}
		s.body = p.body("endwith")
		p.expectEnd()
		return s
	case "do":
		e := p.tuple(true, nil)
		p.expectEnd()
		return &doStmt{e, ln}
	case "break", "continue":
		p.expectEnd()
		return &loopCtl{c.v}
	}
	p.p--
	p.fail("unknown tag '%s'%s", c.v, p.innermost())
	return nil
}
func (p *parser) innermost() string {
	if len(p.open) < 2 {
		return ""
	}
	return "; the innermost block that needs to be closed is " + p.open[len(p.open)-2]
}
func (p *parser) macro(kind, name string, ln int, end string) stmt {
	d := &Block{Kind: kind, Name: name, Pos: Pos{Line: ln}}
	d.Params = p.signature()
	d.body = p.body(end)
	p.expectEnd()
	p.tmpl.Blocks = append(p.tmpl.Blocks, d)
	return &macroStmt{d}
}
func (p *parser) signature() []Param {
	p.expectOp("(")
	var out []Param
	for !p.isOp(")") {
		if len(out) > 0 {
			p.expectOp(",")
			if p.isOp(")") {
				break
			}
		}
		a := Param{Name: p.expectName()}
		if p.skipOp(":") { // dbt typed macro args: ignore
			p.expr()
		}
		if p.skipOp("=") {
			a.def = p.expr()
		} else if len(out) > 0 && out[len(out)-1].def != nil {
			p.fail("non-default argument follows default argument")
		}
		out = append(out, a)
	}
	p.expectOp(")")
	return out
}
func (p *parser) target(tuple, ns bool) expr {
	one := func() expr {
		if p.skipOp("(") {
			t := p.target(true, false)
			p.expectOp(")")
			return t
		}
		ln := p.cur().line
		n := p.expectName()
		if ns && p.isOp(".") {
			p.p++
			return &nsRef{n, p.expectName()}
		}
		return &nameExpr{n, ln}
	}
	e := one()
	if tuple && p.isOp(",") {
		l := []expr{e}
		for p.skipOp(",") {
			if p.isName("in") || p.isOp("=") || p.isOp(")") {
				break
			}
			l = append(l, one())
		}
		return &tupleExpr{l}
	}
	return e
}
func (p *parser) tupleEnd(extra []string) bool {
	c := p.cur()
	if c.t == tVarEnd || c.t == tBlkEnd || c.t == tEOF || (c.t == tOp && c.v == ")") {
		return true
	}
	if c.t == tName {
		for _, x := range extra {
			if c.v == x {
				return true
			}
		}
	}
	return false
}
func (p *parser) tuple(cond bool, extra []string) expr {
	one := p.or
	if cond {
		one = p.expr
	}
	var l []expr
	isT := false
	for {
		if len(l) > 0 {
			if !p.skipOp(",") {
				break
			}
			isT = true
		}
		if p.tupleEnd(extra) {
			break
		}
		l = append(l, one())
	}
	if !isT {
		if len(l) == 1 {
			return l[0]
		}
		p.fail("expected an expression, got %s", p.cur().describe())
	}
	return &tupleExpr{l}
}
func (p *parser) expr() expr {
	e := p.or()
	for p.skipName("if") {
		c := p.or()
		var el expr
		if p.skipName("else") {
			el = p.expr()
		}
		e = &condExpr{c, e, el}
	}
	return e
}
func (p *parser) or() expr {
	e := p.and()
	for p.isName("or") {
		p.p++
		e = &boolExpr{false, e, p.and()}
	}
	return e
}
func (p *parser) and() expr {
	e := p.not()
	for p.isName("and") {
		p.p++
		e = &boolExpr{true, e, p.not()}
	}
	return e
}
func (p *parser) not() expr {
	if p.isName("not") {
		p.p++
		return &notExpr{p.not()}
	}
	return p.compare()
}
func (p *parser) compare() expr {
	ln := p.cur().line
	e := p.math(0)
	var ops []string
	var rs []expr
	for {
		c := p.cur()
		if c.t == tOp && (c.v == "==" || c.v == "!=" || c.v == "<" || c.v == "<=" || c.v == ">" || c.v == ">=") {
			p.p++
			ops = append(ops, c.v)
		} else if p.isName("in") {
			p.p++
			ops = append(ops, "in")
		} else if p.isName("not") && p.t[p.p+1].t == tName && p.t[p.p+1].v == "in" {
			p.p += 2
			ops = append(ops, "notin")
		} else {
			break
		}
		rs = append(rs, p.math(0))
	}
	if ops == nil {
		return e
	}
	return &cmpExpr{e, ops, rs, ln}
}

var levels = [][]string{{"+", "-"}, {"~"}, {"*", "/", "//", "%"}}

func (p *parser) math(lv int) expr {
	if lv == len(levels) {
		return p.pow()
	}
	e := p.math(lv + 1)
	for p.cur().t == tOp {
		c := p.cur()
		ok := false
		for _, o := range levels[lv] {
			ok = ok || o == c.v
		}
		if !ok {
			break
		}
		p.p++
		r := p.math(lv + 1)
		if c.v == "~" {
			if ce, isC := e.(*concatExpr); isC {
				ce.p = append(ce.p, r)
				continue
			}
			e = &concatExpr{[]expr{e, r}}
			continue
		}
		e = &binExpr{c.v, e, r, c.line}
	}
	return e
}
func (p *parser) pow() expr {
	e := p.unary(true)
	for p.isOp("**") {
		ln := p.next().line
		e = &binExpr{"**", e, p.unary(true), ln}
	}
	return e
}
func (p *parser) unary(filter bool) expr {
	var e expr
	ln := p.cur().line
	switch {
	case p.skipOp("-"):
		e = &negExpr{p.unary(false), true, ln}
	case p.skipOp("+"):
		e = &negExpr{p.unary(false), false, ln}
	default:
		e = p.primary()
	}
	e = p.postfix(e)
	if filter {
		e = p.filterTests(e)
	}
	return e
}
func (p *parser) primary() expr {
	c := p.cur()
	switch c.t {
	case tName:
		p.p++
		switch c.v {
		case "true", "True":
			return &constExpr{true}
		case "false", "False":
			return &constExpr{false}
		case "none", "None":
			return &constExpr{nil}
		}
		return &nameExpr{c.v, c.line}
	case tStr:
		s := ""
		for p.cur().t == tStr {
			s += p.next().v
		}
		return &constExpr{s}
	case tInt:
		p.p++
		n, err := strconv.ParseInt(c.v, 0, 64)
		if err != nil {
			if n, err = strconv.ParseInt(strings.TrimLeft(c.v, "0"), 10, 64); err != nil {
				f, _ := strconv.ParseFloat(c.v, 64)
				return &constExpr{f}
			}
		}
		return &constExpr{n}
	case tFloat:
		p.p++
		f, _ := strconv.ParseFloat(c.v, 64)
		return &constExpr{f}
	case tOp:
		switch c.v {
		case "(":
			p.p++
			if p.skipOp(")") {
				return &tupleExpr{}
			}
			e := p.tuple(true, nil)
			p.expectOp(")")
			return e
		case "[":
			p.p++
			l := &listExpr{}
			for !p.isOp("]") {
				if len(l.v) > 0 {
					p.expectOp(",")
					if p.isOp("]") {
						break
					}
				}
				l.v = append(l.v, p.expr())
			}
			p.expectOp("]")
			return l
		case "{":
			p.p++
			d := &dictExpr{}
			for !p.isOp("}") {
				if len(d.k) > 0 {
					p.expectOp(",")
					if p.isOp("}") {
						break
					}
				}
				k := p.expr()
				p.expectOp(":")
				d.k = append(d.k, k)
				d.v = append(d.v, p.expr())
			}
			p.expectOp("}")
			return d
		}
	}
	p.fail("unexpected %s", c.describe())
	return nil
}
func (p *parser) postfix(e expr) expr {
	for {
		c := p.cur()
		if c.t != tOp {
			return e
		}
		switch c.v {
		case ".":
			p.p++
			n := p.next()
			if n.t == tName {
				e = &attrExpr{e, n.v, n.line}
			} else if n.t == tInt {
				i, _ := strconv.ParseInt(n.v, 10, 64)
				e = &itemExpr{e, &constExpr{i}, n.line}
			} else {
				p.p--
				p.fail("expected name or number")
			}
		case "[":
			p.p++
			var args []expr
			for !p.isOp("]") {
				if len(args) > 0 {
					p.expectOp(",")
					if p.isOp("]") {
						break
					}
				}
				args = append(args, p.subscript())
			}
			p.expectOp("]")
			switch len(args) {
			case 0:
				p.fail("expected subscript expression")
			case 1:
				e = &itemExpr{e, args[0], c.line}
			default:
				e = &itemExpr{e, &tupleExpr{args}, c.line}
			}
		case "(":
			e = p.call(e)
		default:
			return e
		}
	}
}
func (p *parser) subscript() expr {
	var a [3]expr
	n := 0
	colon := false
	for n < 3 {
		if p.isOp(":") {
			colon = true
			p.p++
			n++
			continue
		}
		if p.isOp("]") || p.isOp(",") {
			break
		}
		a[n] = p.expr()
		if !p.isOp(":") {
			break
		}
	}
	if !colon {
		return a[0]
	}
	return &sliceExpr{a[0], a[1], a[2]}
}
func (p *parser) call(f expr) *callExpr {
	c := &callExpr{f: f, line: p.cur().line}
	p.expectOp("(")
	first := true
	for !p.isOp(")") {
		if !first {
			p.expectOp(",")
			if p.isOp(")") {
				break
			}
		}
		first = false
		switch {
		case p.skipOp("*"):
			c.star = p.expr()
		case p.skipOp("**"):
			c.dstar = p.expr()
		case p.cur().t == tName && p.t[p.p+1].t == tOp && p.t[p.p+1].v == "=":
			n := p.next().v
			p.p++
			c.kn = append(c.kn, n)
			c.kv = append(c.kv, p.expr())
		default:
			if c.kn != nil || c.dstar != nil {
				p.fail("invalid syntax for function call expression")
			}
			c.args = append(c.args, p.expr())
		}
	}
	p.expectOp(")")
	return c
}
func (p *parser) filters(e expr) (*filterExpr, expr) { return p.filtersFrom(e, false) }
func (p *parser) filtersFrom(e expr, startInline bool) (*filterExpr, expr) {
	var first *filterExpr
	for startInline || p.isOp("|") {
		if !startInline {
			p.p++
		}
		startInline = false
		ln := p.cur().line
		n := p.expectName()
		for p.skipOp(".") {
			n += "." + p.expectName()
		}
		f := &filterExpr{e: e, name: n, line: ln}
		if p.isOp("(") {
			f.c = p.call(nil)
		}
		if first == nil {
			first = f
		}
		e = f
	}
	return first, e
}
func (p *parser) filterTests(e expr) expr {
	for {
		switch {
		case p.isOp("|"):
			_, e = p.filters(e)
		case p.isName("is"):
			ln := p.next().line
			neg := p.skipName("not")
			n := p.expectName()
			for p.skipOp(".") {
				n += "." + p.expectName()
			}
			t := &testExpr{e: e, name: n, line: ln}
			c := p.cur()
			if c.t == tOp && c.v == "(" {
				t.c = p.call(nil)
			} else if (c.t == tName && c.v != "else" && c.v != "or" && c.v != "and" && c.v != "if" && c.v != "is" && c.v != "in" && c.v != "not" && c.v != "recursive") || c.t == tStr || c.t == tInt || c.t == tFloat || (c.t == tOp && (c.v == "[" || c.v == "{")) {
				t.c = &callExpr{args: []expr{p.postfix(p.primary())}}
			}
			e = t
			if neg {
				e = &notExpr{e}
			}
		case p.isOp("("):
			e = p.call(e)
		default:
			return e
		}
	}
}
