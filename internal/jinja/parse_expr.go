package jinja

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// The grammar of expressions, loosest first: if-else, or, and, not, comparison,
// + -, ~, * / // %, **, unary, postfix, filters and tests.

// chainMax is how many operators of one kind may follow each other: each adds
// a level to the tree that rendering descends.
const chainMax = 10_000

func (p *parser) expression() expr {
	defer p.deeper()()
	e := p.or()
	for p.skipName("if") {
		c := &condExpr{then: e, cond: p.or()}
		if p.skipName("else") {
			c.otherwise = p.expression()
		}
		e = c
	}
	return e
}

// tuple parses expressions separated by commas; one without a comma is itself.
// conditional says whether they may be if-else; ends are names that end it.
func (p *parser) tuple(conditional bool, ends ...string) expr {
	var all []expr
	comma := false
	for !p.tupleEnds(ends) {
		if conditional {
			all = append(all, p.expression())
		} else {
			all = append(all, p.or())
		}
		if !p.skipOp(",") {
			break
		}
		comma = true
	}
	if comma {
		return &tupleExpr{all}
	}
	if len(all) == 0 {
		p.fail("expected an expression, got %s", p.peek().describe())
	}
	return all[0]
}

func (p *parser) tupleEnds(ends []string) bool {
	switch t := p.peek(); t.kind {
	case tokPrintEnd, tokTagEnd, tokEOF:
		return true
	case tokOp:
		return t.text == ")"
	case tokName:
		return slices.Contains(ends, t.text)
	}
	return false
}

func (p *parser) or() expr {
	e := p.and()
	for n := 0; p.skipName("or"); n++ {
		p.chain(n)
		e = &logicExpr{and: false, a: e, b: p.and()}
	}
	return e
}

func (p *parser) and() expr {
	e := p.not()
	for n := 0; p.skipName("and"); n++ {
		p.chain(n)
		e = &logicExpr{and: true, a: e, b: p.not()}
	}
	return e
}

func (p *parser) chain(n int) {
	if n >= chainMax {
		p.fail("expression has more than %d operators in a row", chainMax)
	}
}

func (p *parser) not() expr {
	defer p.deeper()()
	if p.skipName("not") {
		return &notExpr{p.not()}
	}
	return p.comparison()
}

func (p *parser) comparison() expr {
	pos := p.peek().pos
	first := p.sum()
	var more []comparand
	for {
		op := p.comparator()
		if op == "" {
			break
		}
		more = append(more, comparand{op, p.sum()})
	}
	if more == nil {
		return first
	}
	return &compareExpr{first, more, pos}
}

func (p *parser) comparator() string {
	t := p.peek()
	switch {
	case t.kind == tokOp:
		switch t.text {
		case "==", "!=", "<", "<=", ">", ">=":
			p.at++
			return t.text
		}
	case p.skipName("in"):
		return "in"
	case p.isName("not") && p.after().kind == tokName && p.after().text == "in":
		p.at += 2
		return "not in"
	}
	return ""
}

func (p *parser) sum() expr { return p.leftward([]string{"+", "-"}, p.concatenation) }

func (p *parser) concatenation() expr {
	e := p.product()
	if !p.isOp("~") {
		return e
	}
	pos := p.peek().pos
	parts := []expr{e}
	for p.skipOp("~") {
		parts = append(parts, p.product())
	}
	return &concatExpr{parts, pos}
}

func (p *parser) product() expr { return p.leftward([]string{"*", "/", "//", "%"}, p.power) }

func (p *parser) power() expr {
	return p.leftward([]string{"**"}, func() expr { return p.unary(true) })
}

func (p *parser) leftward(ops []string, operand func() expr) expr {
	e := operand()
	for n := 0; ; n++ {
		t := p.peek()
		if t.kind != tokOp || !slices.Contains(ops, t.text) {
			return e
		}
		p.chain(n)
		p.at++
		e = &binaryExpr{t.text, e, operand(), t.pos}
	}
}

func (p *parser) unary(filtered bool) expr {
	defer p.deeper()()
	t := p.peek()
	var e expr
	if p.skipOp("-") || p.skipOp("+") {
		e = &signExpr{p.unary(false), t.text == "-", t.pos}
	} else {
		e = p.primary()
	}
	e = p.postfix(e)
	if filtered {
		e = p.filtersAndTests(e)
	}
	return e
}

func (p *parser) primary() expr {
	t := p.next()
	switch t.kind {
	case tokName:
		return p.word(t)
	case tokString:
		return p.adjacentStrings(t.text)
	case tokInt:
		return p.integer(t)
	case tokFloat:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil && !math.IsInf(f, 0) {
			p.failAt(t.pos, "bad number '%s'", t.text)
		}
		return &constExpr{f}
	case tokOp:
		switch t.text {
		case "(":
			return p.parenthesis()
		case "[":
			return &listExpr{p.list("]")}
		case "{":
			return p.dict()
		}
	}
	p.failAt(t.pos, "unexpected %s", t.describe())
	return nil
}

func (p *parser) word(t token) expr {
	switch t.text {
	case "True":
		return &constExpr{true}
	case "False":
		return &constExpr{false}
	case "None":
		return &constExpr{nil}
	}
	if !p.literal {
		switch t.text {
		case "true":
			return &constExpr{true}
		case "false":
			return &constExpr{false}
		case "none":
			return &constExpr{nil}
		}
	}
	return p.name(t.text, t.pos)
}

func (p *parser) adjacentStrings(s string) expr {
	if p.peek().kind == tokString {
		var b strings.Builder
		b.WriteString(s)
		for p.peek().kind == tokString {
			b.WriteString(p.next().text)
		}
		s = b.String()
	}
	return &constExpr{s}
}

func (p *parser) integer(t token) expr {
	base := 0
	if strings.TrimLeft(t.text, "0123456789") == "" {
		base = 10
		if len(t.text) > 1 && t.text[0] == '0' && strings.Trim(t.text, "0") != "" {
			p.failAt(t.pos, "integer '%s' must not begin with a zero", t.text)
		}
	}
	n, ok := parseInteger(t.text, base)
	if !ok {
		p.failAt(t.pos, "integer %s is too large", t.text)
	}
	return &constExpr{n}
}

func (p *parser) parenthesis() expr {
	if p.skipOp(")") {
		return &tupleExpr{}
	}
	e := p.tuple(true)
	p.expectOp(")")
	return e
}

func (p *parser) list(end string) []expr {
	var out []expr
	for !p.isOp(end) {
		out = append(out, p.expression())
		if !p.skipOp(",") {
			break
		}
	}
	p.expectOp(end)
	return out
}

func (p *parser) dict() expr {
	d := &dictExpr{pos: p.peek().pos}
	for !p.isOp("}") {
		d.keys = append(d.keys, p.expression())
		p.expectOp(":")
		d.vals = append(d.vals, p.expression())
		if !p.skipOp(",") {
			break
		}
	}
	p.expectOp("}")
	return d
}
