package lineage

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// find knows patients, whose names are marked, and visits, of which nothing is.
func find(parts []string) *Relation {
	switch parts[len(parts)-1] {
	case "patients":
		return &Relation{
			Marked:  map[string]string{"first_name": "patients.first_name", "country": "patients.country"},
			Columns: []string{"id", "first_name", "country"},
		}
	case "visits":
		return &Relation{Columns: []string{"id", "patient", "minutes", "visits"}}
	}
	return nil
}

func TestMarked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sql string
		want      string // name<column, blank between
	}{
		{"nothing marked", `select id, 'first_name' as a, -- first_name
			/* country */ $$ country $$ as b from raw.patients`, ""},
		{"itself", `select id, first_name from patients;`, "first_name<first_name"},
		{"another name", `select first_name as given from "db"."raw"."patients"`, "given<first_name"},
		{"without as", `select p.id, p."First_Name" given from patients p`, "given<first_name"},
		{"quoted alias", `select first_name as "Given Name" from patients`, "given name<first_name"},
		{"alias before", `select given: first_name from patients`, "given<first_name"},
		{"an expression", `select upper(trim(both from p.first_name)) || '!' as shout from patients as p`, "shout<first_name"},
		{"a method", `select first_name.upper() as shout from patients`, "shout<first_name"},
		{"a cast", `select id::text, first_name::varchar(20) from patients`, "<first_name"},
		{"case", `select case when country = 'X' then 1 else 0 end is_x from patients`, "is_x<country"},
		{"hashed", `select md5(first_name) as pseudonym from patients`, "pseudonym<first_name"},
		{"counted", `select count(distinct country) as countries, count(*) filter (where country = 'X') as n from patients`, ""},
		{"chosen by", `select p.id, row_number() over (partition by country order by first_name) as n
			from patients as p join visits on visits.patient = p.id where p.country = 'X' group by country having max(country) > 'a' order by first_name`, ""},
		{"greatest", `select max(first_name) as last_one from patients`, "last_one<first_name"},
		{"a star", `select * from patients`, "country<country first_name<first_name"},
		{"a star of one", `select v.* from patients p, visits v`, ""},
		{"a star of the other", `select v.*, p.* from patients p, visits v`, "country<country first_name<first_name"},
		{"a star without", `select * exclude (first_name, country) from patients`, ""},
		{"a star but", `select * except (first_name) from patients`, "country<country"},
		{"a star with", `select * replace (md5(first_name) as first_name, 'x' as country) from patients`, "first_name<first_name"},
		{"a star renamed", `select * rename (first_name as given) from patients`, "country<country given<first_name"},
		{"columns of a pattern", `select columns('.*name') from patients`, "country<country first_name<first_name <country"},
		{"a whole row", `select p from patients p`, "p<country"},
		{"a whole row in a function", `select to_json(p) as j, row(p.*) as r from patients p`, "j<country r<country"},
		{"a column called as its relation", `select visits, sum(visits.visits) as n from visits, patients`, ""},
		{"the same name elsewhere", `select c.country from visits v join unknown c on c.id = v.id`, ""},
		{"first from", `from patients`, "country<country first_name<first_name"},
		{"first from, then select", `from patients select id, country as c`, "c<country"},
		{"a table", `table patients`, "country<country first_name<first_name"},
		{"CTEs", `with p as (select id, first_name as given from patients), q(a, b) as materialized (select * from (select id, given from p) as x)
			select q.a, q.b from q`, "a<first_name b<first_name"},
		{"CTE columns", `with q(a, b) as (select id, first_name from patients) select b, a from q`, "b<first_name"},
		{"a CTE of that name", `with patients as (select 1 as id, 'x' as first_name) select first_name from patients`, ""},
		{"recursive", `with recursive t(n, w) as (select id, first_name from patients union all select n + 1, w from t) select w as word from t`, "word<first_name"},
		{"a subquery", `select x.g, x.i from (select first_name as g, id as i from patients) as x`, "g<first_name"},
		{"a scalar subquery", `select (select max(p.first_name) from patients p where p.id = v.patient) as who from visits v`, "who<first_name"},
		{"a correlated one", `select (select p.country) as where_ from patients p`, "where_<country"},
		{"exists", `select exists (select first_name from patients) as any_patient`, ""},
		{"a union", `select id, 'x' as a from visits union all select id, first_name from patients`, "a<first_name"},
		{"a union by star", `select * from visits union all by name select id, first_name as b from patients`, "b<first_name"},
		{"in brackets", `(select first_name from patients) union (select 'x')`, "first_name<first_name"},
		{"joins in brackets", `select p.country c from (visits v inner join patients p on p.id = v.patient)`, "c<country"},
		{"using", `select country from visits join patients using (id)`, "country<country"},
		{"is distinct from", `select id is distinct from patient as moved, country from visits, patients`, "country<country"},
		{"an entry before", `select first_name as a, a || 'x' as b from patients`, "a<first_name b<first_name"},
		{"columns of a table by other names", `select x from patients as p(w, x, y)`, "x<country"},
		{"lateral", `select l.part from patients p, lateral unnest(string_split(p.first_name, ' ')) as l(part)`, "part<first_name"},
		{"pivot", `select * from patients pivot (count(*) for country in ('X', 'Y'))`, "<country"},
		{"a statement nobody knows", `pivot patients on country using count(*)`, "<country"},
		{"strings of PostgreSQL", `select E'it\'s', first_name from patients where 'a''b' = $tag$ ' $tag$`, "first_name<first_name"},
		{"an unclosed bracket", `select (first_name from patients`, "<first_name"},
		{"nothing", ``, ""},
		{"dbt's own", `with __dbt__cte__p as (select first_name as f from "d"."s"."patients") select * from (select * from __dbt__cte__p where false limit 0) _dbt_limit_subq_p`, "f<first_name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, o := range Marked(tt.sql, find) {
				got = append(got, fmt.Sprintf("%s<%s", o.Name, strings.TrimPrefix(o.From, "patients.")))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.sql, diff)
			}
		})
	}
}

// Whatever a text is, reading it ends; and what has no name of a marked
// relation in it has no marked output.
func FuzzMarked(f *testing.F) {
	f.Add("with a as (select * from patients) select a.* except (x) from a, (b join c using (d)) pivot (e)")
	f.Add("select ((((")
	f.Add("from x: y select a: b, 'c''d', \"e\" $$f")
	f.Fuzz(func(t *testing.T, sql string) {
		if len(sql) > 1000 {
			t.Skip("long texts only take longer")
		}
		if got := Marked(sql, find); len(got) > 0 && !strings.Contains(strings.ToLower(sql), "patients") {
			t.Errorf("%q: %v, and it reads no patients", sql, got)
		}
	})
}
