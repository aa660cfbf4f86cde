package build

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
)

// privileges are grantees by privilege, in the order of the configuration.
type privileges struct {
	order    []string
	grantees map[string][]string
}

func (p *privileges) add(privilege string, grantees ...string) {
	if _, known := p.grantees[privilege]; !known {
		p.order = append(p.order, privilege)
	}
	p.grantees[privilege] = append(p.grantees[privilege], grantees...)
}

// without returns what p grants and other does not. Privileges compare without
// case, as the database spells them in capitals.
func (p *privileges) without(other *privileges) *privileges {
	rest := newPrivileges()
	for _, privilege := range p.order {
		var granted []string
		for name, grantees := range other.grantees {
			if strings.EqualFold(name, privilege) {
				granted = grantees
			}
		}
		for _, grantee := range p.grantees[privilege] {
			if !slices.ContainsFunc(granted, func(g string) bool { return strings.EqualFold(g, grantee) }) {
				rest.add(privilege, grantee)
			}
		}
	}
	return rest
}

func newPrivileges() *privileges { return &privileges{grantees: map[string][]string{}} }

func configuredGrants(n *dbt.Node) *privileges {
	wanted := newPrivileges()
	value, _ := n.Config.Get("grants")
	grants, ok := value.(*jinja.Dict)
	if !ok {
		return wanted
	}
	for _, key := range grants.Keys() {
		value, _ := grants.Get(key)
		switch grantees := value.(type) {
		case *jinja.List:
			for _, grantee := range grantees.V {
				wanted.add(jinja.Str(key), jinja.Str(grantee))
			}
		default:
			wanted.add(jinja.Str(key), jinja.Str(value))
		}
	}
	return wanted
}

// applyGrants brings a relation's privileges to what the node configures. A
// relation that was kept may have others: they are taken back. A node that
// configures none says nothing of privileges.
func (r *run) applyGrants(ctx context.Context, s *session, n *dbt.Node, relation dbt.Relation, kept bool) error {
	wanted := configuredGrants(n)
	if len(wanted.order) == 0 {
		return nil
	}
	if r.dialect.ListGrants == "" {
		r.withoutGrants.Do(func() {
			r.warn("grants are not applied on " + r.dialect.Name + ", as in " + n.OriginalFilePath)
		})
		return nil
	}
	present := newPrivileges()
	if kept {
		table, err := s.fetch(ctx, -1, r.dialect.ListGrants, relation.Schema, relation.Identifier)
		if err != nil {
			return fmt.Errorf("list grants on %s: %w", relation, err)
		}
		for _, row := range table.Rows {
			present.add(fmt.Sprint(row[1]), fmt.Sprint(row[0]))
		}
	}
	revoked, granted := present.without(wanted), wanted.without(present)
	for _, privilege := range revoked.order {
		if _, err := s.exec(ctx, "revoke "+privilege+" on "+relation.String()+" from "+r.dialect.QuoteAll(revoked.grantees[privilege])); err != nil {
			return err
		}
	}
	for _, privilege := range granted.order {
		// Grantees are written as they are configured: one may be PUBLIC, or
		// a role that the project quotes itself.
		if _, err := s.exec(ctx, "grant "+privilege+" on "+relation.String()+" to "+strings.Join(granted.grantees[privilege], ", ")); err != nil {
			return err
		}
	}
	return nil
}
