package jinja

import "strconv"

// postfix parses what follows a value: attributes, items and calls.
func (p *parser) postfix(e expr) expr {
	for n := 0; ; n++ {
		p.chain(n)
		t := p.peek()
		switch {
		case p.skipOp("."):
			e = p.attribute(e)
		case p.skipOp("["):
			e = p.item(e, t.pos)
		case p.isOp("("):
			e = p.call(e)
		default:
			return e
		}
	}
}

func (p *parser) attribute(e expr) expr {
	t := p.next()
	switch t.kind {
	case tokName:
		return &attrExpr{e, t.text, t.pos}
	case tokInt:
		i, err := strconv.ParseInt(t.text, 10, 64)
		if err == nil {
			return &itemExpr{e, &constExpr{i}, t.pos}
		}
	}
	p.failAt(t.pos, "expected a name or number after '.', got %s", t.describe())
	return nil
}

func (p *parser) item(e expr, pos int) expr {
	var keys []expr
	for !p.isOp("]") {
		slice, key := p.subscript()
		if slice != nil {
			if len(keys) > 0 || !p.isOp("]") {
				p.failAt(pos, "a slice cannot be one of several subscripts")
			}
			p.expectOp("]")
			slice.value, slice.pos = e, pos
			return slice
		}
		keys = append(keys, key)
		if !p.skipOp(",") {
			break
		}
	}
	p.expectOp("]")
	switch len(keys) {
	case 0:
		p.failAt(pos, "expected a subscript")
	case 1:
		return &itemExpr{e, keys[0], pos}
	}
	return &itemExpr{e, &tupleExpr{keys}, pos}
}

// subscript parses a key, or start:stop:step with any of them left out.
func (p *parser) subscript() (*sliceExpr, expr) {
	var parts [3]expr
	colons := 0
	for {
		if p.skipOp(":") {
			if colons++; colons > 2 {
				p.fail("a slice has at most three parts")
			}
			continue
		}
		if p.isOp("]") || p.isOp(",") || parts[colons] != nil {
			break
		}
		parts[colons] = p.expression()
	}
	switch {
	case colons > 0:
	case parts[0] == nil:
		p.fail("expected an index")
	default:
		return nil, parts[0]
	}
	return &sliceExpr{start: parts[0], stop: parts[1], step: parts[2]}, nil
}

func (p *parser) call(f expr) *callExpr {
	pos := p.peek().pos
	return &callExpr{f: f, args: p.arguments(), pos: pos}
}

// arguments parses (a, b, name=c, *d, **e).
func (p *parser) arguments() callArgs {
	defer p.deeper()()
	var a callArgs
	p.expectOp("(")
	for !p.isOp(")") {
		switch {
		case p.skipOp("*"):
			if a.star != nil || a.doubleStar != nil {
				p.fail("invalid syntax for function call expression")
			}
			a.star = p.expression()
		case p.skipOp("**"):
			if a.doubleStar != nil {
				p.fail("invalid syntax for function call expression")
			}
			a.doubleStar = p.expression()
		case p.peek().kind == tokName && p.after().kind == tokOp && p.after().text == "=":
			if a.doubleStar != nil {
				p.fail("invalid syntax for function call expression")
			}
			a.names = append(a.names, p.next().text)
			p.at++
			a.named = append(a.named, p.expression())
		default:
			if a.names != nil || a.star != nil || a.doubleStar != nil {
				p.fail("positional argument after a named or spread one")
			}
			a.plain = append(a.plain, p.expression())
		}
		if !p.skipOp(",") {
			break
		}
	}
	p.expectOp(")")
	return a
}

func (p *parser) filtersAndTests(e expr) expr {
	for n := 0; ; n++ {
		p.chain(n)
		switch {
		case p.isOp("|"):
			e = p.filters(e)
		case p.isName("is"):
			e = p.test(e)
		case p.isOp("("):
			// Only reached after a filter or test: {{ x|attr('f')() }}.
			e = p.call(e)
		default:
			return e
		}
	}
}

// filters parses |a|b(c) after a value; a nil value is the text of a block.
func (p *parser) filters(e expr) expr {
	for n := 0; p.skipOp("|"); n++ {
		p.chain(n)
		e = p.filter(e)
	}
	return e
}

func (p *parser) filter(e expr) expr {
	pos := p.peek().pos
	name := p.dottedName()
	f := &filterExpr{value: e, name: name, op: builtinFilter(name), pos: pos}
	if p.isOp("(") {
		f.args = p.arguments()
	}
	return f
}

func (p *parser) dottedName() string {
	name := p.expectName()
	for p.skipOp(".") {
		name += "." + p.expectName()
	}
	return name
}

func (p *parser) test(e expr) expr {
	p.at++
	negated := p.skipName("not")
	pos := p.peek().pos
	name := p.dottedName()
	t := &testExpr{value: e, name: name, op: builtinTest(name), pos: pos}
	if p.isOp("(") {
		t.args = p.arguments()
	} else if p.testArgumentFollows() {
		t.args.plain = []expr{p.postfix(p.primary())}
	}
	if negated {
		return &notExpr{t}
	}
	return t
}

// testArgumentFollows tells `x is divisibleby 3` from `x is defined and y`. As
// in jinja any other name is an argument, so `x is defined if y` is none.
func (p *parser) testArgumentFollows() bool {
	switch t := p.peek(); t.kind {
	case tokString, tokInt, tokFloat:
		return true
	case tokOp:
		return t.text == "[" || t.text == "{"
	case tokName:
		switch t.text {
		case "else", "or", "and":
			return false
		case "is":
			p.fail("you cannot chain multiple tests with 'is'")
		}
		return true
	}
	return false
}
