package jinja

import "strings"

const (
	kindCaller          = "caller"
	kindTest            = "test"
	kindMaterialization = "materialization"
)

// definition parses a named block. Only macros are visible to the template
// itself; the others exist for the host.
func (p *parser) definition(tag token, begin int) stmt {
	b := &Block{Kind: tag.text, template: p.template, Pos: position(p.template.source, begin)}
	b.Name = p.expectName()
	outer := p.scope
	b.scope = &scope{block: b, outer: outer}
	p.scope = b.scope
	switch tag.text {
	case "macro", "test", "data_test":
		b.Params = p.signature()
	case "materialization":
		p.materializationOptions(b)
	}
	p.scope = outer
	from := p.peek().end
	p.macroBody(b, func() { b.body = p.wholeBody("end" + tag.text) })
	last := p.tokens[p.at-1]
	b.Text = p.blockText(begin, last.end)
	b.Source = p.template.written(from, p.openingBefore(last.pos))
	if tag.text == "data_test" {
		b.Kind = kindTest
	}
	p.template.Blocks = append(p.template.Blocks, b)
	if tag.text != "macro" {
		return nil
	}
	return &macroStmt{b, outer.slot(b.Name)}
}

// blockText is the text of a block with its tags, and with the space that the
// dashes of the tags take away.
func (p *parser) blockText(begin, end int) string {
	source := p.template.source
	if strings.HasPrefix(source[begin:], "{%-") {
		from := min(p.blockEnd, begin) // a definition inside this one ended later
		begin = from + len(strings.TrimRight(source[from:begin], whitespace))
	}
	if strings.HasSuffix(source[:end], "-%}") {
		end = len(source) - len(strings.TrimLeft(source[end:], whitespace))
	}
	p.blockEnd = end
	return p.template.written(begin, end)
}

const whitespace = " \t\r\n\f\v"

// openingBefore is where the {% of the end tag is that ends at a position.
func (p *parser) openingBefore(pos int) int {
	for i := p.at - 1; i >= 0; i-- {
		if p.tokens[i].kind == tokTagBegin {
			return p.tokens[i].pos
		}
	}
	return pos
}

// macroBody parses the body of a macro in its scope. Frames around it may be
// kept by the macro, so loops must not use them again.
func (p *parser) macroBody(b *Block, parse func()) {
	for sc := b.scope; sc != nil; sc = sc.outer {
		sc.captured = true
	}
	loops := p.loops
	p.loops = 0
	p.nested(b.scope, parse)
	p.loops = loops
}

func (p *parser) materializationOptions(b *Block) {
	b.Adapter = "default"
	b.Options = map[string]any{}
	for p.skipOp(",") {
		pos := p.peek().pos
		name := p.expectName()
		switch name {
		case "default":
			continue
		case "adapter", "supported_languages":
		default:
			p.failAt(pos, "materialization '%s' has no option '%s'", b.Name, name)
		}
		p.expectOp("=")
		v, ok := literalValue(p.expression())
		if !ok {
			p.failAt(pos, "option '%s' of a materialization must be a literal", name)
		}
		b.Options[name] = v
		if adapter, isText := v.(string); isText && name == "adapter" {
			b.Adapter = adapter
		}
	}
}

// signature parses the parameters of a macro. Types, which dbt allows, are read
// and left to dbt.
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
		param := Param{Name: p.expectName()}
		param.slot = p.scope.slot(param.Name)
		if p.skipOp(":") {
			p.typeName()
		}
		if p.skipOp("=") {
			param.def = p.expression()
		} else if len(out) > 0 && out[len(out)-1].def != nil {
			p.fail("non-default argument follows default argument")
		}
		out = append(out, param)
	}
	p.expectOp(")")
	for _, param := range out {
		if param.Name == "caller" && param.def == nil {
			p.fail("the argument 'caller' is special: leave it out or give it a default")
		}
	}
	return out
}

// typeName parses `name` or `name[type, type]`.
func (p *parser) typeName() {
	defer p.deeper()()
	p.expectName()
	if !p.skipOp("[") {
		return
	}
	for !p.isOp("]") {
		p.typeName()
		if !p.skipOp(",") {
			break
		}
	}
	p.expectOp("]")
}
