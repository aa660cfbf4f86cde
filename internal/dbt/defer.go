package dbt

import (
	"apotheca/internal/jinja"
)

// deferral sends refs to where an earlier run built what this one does not.
type deferral struct {
	relations map[string]Relation // by id
	favor     bool
	selected  map[string]bool
}

// Defer makes refs mean the relations of an earlier state where this target
// has none of its own, or, with favor, wherever they were not selected. It has
// to come before anything is compiled.
func (p *Project) Defer(s *State, selected []string, favor bool) error {
	if s == nil {
		return hintedf("--state names the folder of an earlier run's artifacts", "--state or --defer-state are required for deferral, but neither was provided")
	}
	if s.manifest == nil {
		return hintedf("--state names the folder of an earlier run's artifacts", "could not find manifest in --state path")
	}
	d := &deferral{relations: map[string]Relation{}, favor: favor, selected: map[string]bool{}}
	for _, id := range selected {
		d.selected[id] = true
	}
	for id, n := range p.Nodes {
		if !n.isReferable() {
			continue
		}
		old := s.resource(id)
		if old == nil || get(old, "relation_name") == nil {
			continue // an ephemeral model is nowhere
		}
		text := func(key string) string {
			if v := get(old, key); v != nil {
				return jinja.Str(v)
			}
			return ""
		}
		r := p.Relation(n)
		r.Database, r.Schema, r.Identifier = text("database"), text("schema"), text("alias")
		d.relations[id] = r
	}
	p.deferral = d
	return nil
}

// Say is what templates say with log(info=true).
func (p *Project) Say(message string) {
	if p.options.Log != nil {
		p.options.Log("JinjaLogInfo", message)
	}
}

// Deferred is where an earlier state has a node; false where it has it nowhere.
func (p *Project) Deferred(n *Node) (Relation, bool) {
	if p.deferral == nil {
		return Relation{}, false
	}
	r, known := p.deferral.relations[n.UniqueID]
	return r, known
}

// deferred is the relation of an earlier run that a ref means, if any.
func (s *scope) deferred(n *Node) (Relation, bool, error) {
	d := s.p.deferral
	if d == nil {
		return Relation{}, false, nil
	}
	r, known := d.relations[n.UniqueID]
	if !known || d.favor && !d.selected[n.UniqueID] || s.adapter == nil {
		return r, known, nil
	}
	own := s.p.Relation(n)
	_, exists, err := s.adapter.Relation(s.ctx, own.Database, own.Schema, own.Identifier)
	return r, !exists, err
}
