package jinja

import "fmt"

// RenderNative renders as dbt renders the values of YAML files: a template that
// gives one value keeps it as it is, anything else becomes text. A string stays
// a string, also when it looks like a number, unless the filter as_native,
// as_bool or as_number says otherwise.
//
// One difference from dbt is meant: `{{ 1 }}` gives 1 here and "1" there, where
// literals turn to text before anybody asks.
func (t *Template) RenderNative(s *State) (any, error) {
	w := &output{native: true}
	if _, err := t.run(s, w); err != nil {
		return nil, err
	}
	if w.nodes == 1 {
		return w.only, nil
	}
	return w.text.String(), nil
}

// marked applies the marker filter an expression ends in, if any.
func marked(e expr, v any) (any, error) {
	f, ok := e.(*filterExpr)
	if !ok {
		return v, nil
	}
	switch f.name {
	case "as_text":
		return Str(v), nil
	case "as_native", "as_bool", "as_number":
	default:
		return v, nil
	}
	text := Str(v)
	r, ok := ParseLiteral(text)
	if !ok {
		r = text
	}
	switch _, isBool := r.(bool); {
	case f.name == "as_bool" && !isBool:
		return nil, fmt.Errorf("could not convert value '%s' into type 'bool'", text)
	case f.name == "as_number" && (isBool || !isNumber(r)):
		return nil, fmt.Errorf("could not convert value '%s' into type 'number'", text)
	}
	return r, nil
}

// ParseLiteral reads a Python literal, as ast.literal_eval: numbers, strings,
// True, False, None, and lists, tuples and dicts of them.
func ParseLiteral(text string) (v any, ok bool) {
	p, err := newParser("literal", "{{ "+text+"\n}}")
	if err != nil {
		return nil, false
	}
	e, err := p.literalExpression()
	if err != nil {
		return nil, false
	}
	return literalValue(e)
}

func (p *parser) literalExpression() (e expr, err error) {
	defer p.recovered(&err)
	p.literal = true
	p.at++ // past {{
	e = p.tuple(false)
	if p.peek().kind != tokPrintEnd || p.after().kind != tokEOF {
		p.fail("not a literal")
	}
	return e, nil
}

// literalValue evaluates an expression made of literals only.
func literalValue(e expr) (any, bool) {
	switch x := e.(type) {
	case *constExpr:
		return x.value, true
	case *signExpr:
		v, ok := literalValue(x.value)
		if _, isBool := v.(bool); !ok || isBool || !isNumber(v) {
			return nil, false
		}
		v, err := (&signExpr{value: &constExpr{v}, negative: x.negative}).eval(&State{template: &Template{}}, nil)
		return v, err == nil
	case *listExpr:
		v, ok := literalValues(x.elements)
		return &List{v}, ok
	case *tupleExpr:
		v, ok := literalValues(x.elements)
		return &Tuple{v}, ok
	case *dictExpr:
		keys, ok := literalValues(x.keys)
		vals, ok2 := literalValues(x.vals)
		d := &Dict{}
		for i := range keys {
			if !ok || !ok2 || hashable(keys[i]) != nil {
				return nil, false
			}
			d.Set(keys[i], vals[i])
		}
		return d, ok && ok2
	}
	return nil, false
}

func literalValues(exprs []expr) ([]any, bool) {
	out := make([]any, len(exprs))
	for i, e := range exprs {
		var ok bool
		if out[i], ok = literalValue(e); !ok {
			return nil, false
		}
	}
	return out, true
}
