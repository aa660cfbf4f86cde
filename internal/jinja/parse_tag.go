package jinja

func (p *parser) ifTag() stmt {
	st := &ifStmt{}
	for {
		cond := p.tuple(false)
		b, end := p.body("elif", "else", "endif")
		st.arms = append(st.arms, ifArm{cond, b})
		if end == "else" {
			st.otherwise, end = p.body("endif")
		}
		if end == "endif" {
			p.expectTagEnd()
			return st
		}
	}
}

func (p *parser) forTag(pos int) stmt {
	st := &forStmt{pos: pos, loopSlot: -1}
	sc := &scope{loop: st, outer: p.scope}
	p.scope = sc
	st.target = p.target(false)
	p.scope = sc.outer
	if !p.skipName("in") {
		p.fail("expected token 'in', got %s", p.peek().describe())
	}
	st.elements = p.tuple(false, "recursive")
	var end string
	st.scope = p.nested(sc, func() {
		if p.skipName("if") {
			st.cond = p.expression()
		}
		st.recursive = p.skipName("recursive")
		p.loops++
		st.body, end = p.body("else", "endfor")
		p.loops--
	})
	if end == "else" {
		st.elseScope = p.nested(&scope{}, func() { st.otherwise, _ = p.body("endfor") })
	}
	p.expectTagEnd()
	return st
}

func (p *parser) setTag(pos int) stmt {
	t := p.target(true)
	if p.skipOp("=") {
		e := p.tuple(true)
		p.expectTagEnd()
		return &setStmt{t, e, pos}
	}
	st := &setBlockStmt{target: t, pos: pos}
	if p.isOp("|") {
		st.filter = p.filters(nil)
	}
	st.scope = p.nested(&scope{}, func() { st.body = p.wholeBody("endset") })
	return st
}

func (p *parser) filterTag(pos int) stmt {
	st := &filterStmt{pos: pos}
	st.filter = p.filters(p.filter(nil))
	st.scope = p.nested(&scope{}, func() { st.body = p.wholeBody("endfilter") })
	return st
}

func (p *parser) withTag(pos int) stmt {
	st := &withStmt{pos: pos}
	sc := &scope{outer: p.scope}
	for p.peek().kind != tokTagEnd {
		if len(st.targets) > 0 {
			p.expectOp(",")
		}
		p.scope = sc
		st.targets = append(st.targets, p.target(false))
		p.scope = sc.outer
		p.expectOp("=")
		st.values = append(st.values, p.expression())
	}
	st.scope = p.nested(sc, func() { st.body = p.wholeBody("endwith") })
	return st
}

// callTag parses {% call(args) f(...) %}body{% endcall %}: the body is a macro
// that f gets as its caller.
func (p *parser) callTag(pos int) stmt {
	b := &Block{Kind: kindCaller, Name: "caller", Pos: position(p.template.source, pos), template: p.template}
	outer := p.scope
	b.scope = &scope{block: b, outer: outer}
	if p.isOp("(") {
		p.scope = b.scope
		b.Params = p.signature()
		p.scope = outer
	}
	e, ok := p.expression().(*callExpr)
	if !ok {
		p.failAt(pos, "expected a call after 'call'")
	}
	p.macroBody(b, func() { b.body = p.wholeBody("endcall") })
	return &callStmt{e, b, pos}
}

// target parses what a value is assigned to; with namespaces, also `ns.name`.
func (p *parser) target(namespaces bool) target {
	defer p.deeper()()
	first := p.oneTarget(namespaces)
	if !p.isOp(",") {
		return first
	}
	all := tupleTarget{first}
	for p.skipOp(",") {
		if p.isName("in") || p.isOp("=") || p.isOp(")") || p.peek().kind == tokTagEnd {
			break
		}
		all = append(all, p.oneTarget(namespaces))
	}
	return all
}

func (p *parser) oneTarget(namespaces bool) target {
	if p.skipOp("(") {
		t := p.target(namespaces)
		p.expectOp(")")
		return t
	}
	pos := p.peek().pos
	name := p.expectName()
	switch name {
	case "true", "false", "none", "True", "False", "None":
		p.failAt(pos, "cannot assign to '%s'", name)
	}
	if namespaces && p.skipOp(".") {
		return &attrTarget{p.name(name, pos), p.expectName()}
	}
	return slotTarget(p.scope.slot(name))
}

// name is a read of a name, to be resolved at the end of the file.
func (p *parser) name(name string, pos int) *nameExpr {
	e := &nameExpr{name: name, pos: pos}
	p.reads = append(p.reads, read{e, p.scope})
	return e
}
