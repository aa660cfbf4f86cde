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

// readGrants reads the config grants.
func readGrants(value any) *privileges {
	wanted := newPrivileges()
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
func (m *materialization) applyGrants(ctx context.Context, relation dbt.Relation, kept bool) error {
	configured, _ := m.node.Config.Get("grants")
	return m.bringGrants(ctx, relation, readGrants(configured), kept)
}

func (m *materialization) bringGrants(ctx context.Context, relation dbt.Relation, wanted *privileges, kept bool) error {
	if len(wanted.order) == 0 {
		return nil
	}
	if m.dialect.ListGrants == "" {
		m.withoutGrants.Do(func() {
			m.warn("grants are not applied on " + m.dialect.Name + ", as in " + m.node.OriginalFilePath)
		})
		return nil
	}
	present := newPrivileges()
	if kept {
		table, err := m.session.fetch(ctx, -1, m.dialect.ListGrants, relation.Schema, relation.Identifier)
		if err != nil {
			return fmt.Errorf("list grants on %s: %w", relation, err)
		}
		for _, row := range table.Rows {
			present.add(fmt.Sprint(row[1]), fmt.Sprint(row[0]))
		}
	}
	if err := m.eachPrivilege(ctx, "get_revoke_sql", relation, present.without(wanted), func(privilege string, grantees []string) string {
		return "revoke " + privilege + " on " + relation.String() + " from " + m.dialect.QuoteAll(grantees)
	}); err != nil {
		return err
	}
	return m.eachPrivilege(ctx, "get_grant_sql", relation, wanted.without(present), func(privilege string, grantees []string) string {
		// Grantees are written as they are configured: one may be PUBLIC, or
		// a role that the project quotes itself.
		return "grant " + privilege + " on " + relation.String() + " to " + strings.Join(grantees, ", ")
	})
}

func (m *materialization) eachPrivilege(ctx context.Context, macro string, relation dbt.Relation, of *privileges, write func(string, []string) string) error {
	for _, privilege := range of.order {
		grantees := of.grantees[privilege]
		sql, err := m.text(ctx, macro, func() (string, error) { return write(privilege, grantees), nil }, relation, privilege, grantees)
		if err != nil {
			return err
		}
		if _, err := m.exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
