package flatten

import (
	"fmt"
	"strings"

	"apotheca/internal/schema"
)

// Source is what a mapping is compiled against.
type Source struct {
	// Lake is the path of a compacted extract: a Parquet file with the columns
	// nct_id, page, position, problem and study, and those that the mapping
	// takes from the lake.
	Lake string
	// ExtractID names the extract in the quarantine.
	ExtractID string
	// Quote writes an identifier of DuckDB.
	Quote func(identifier string) string
}

// Plan is the SQL of a mapping for one extract. All of it is for one DuckDB
// session.
type Plan struct {
	// Prepare reads the extract once, into temporary tables of the session.
	// They spill to disk: memory does not grow with the extract.
	Prepare []string
	// Selects give the rows of each table, in the order of Spec.Tables. They
	// need what Prepare made and may run in any order, into any warehouse.
	Selects []Select
	// Release drops what Prepare made.
	Release []string
	// Records counts the records of the extract.
	Records string
}

// Select is a query that returns a table's columns, in the table's order.
type Select struct {
	Table schema.Table
	SQL   string
}

// The temporary tables between Prepare and Release.
const (
	recordsTable  = "temp.flatten_records"
	rejectedTable = "temp.flatten_rejected"
)

// Compile writes the mapping as SQL.
func (s *Spec) Compile(source Source) Plan {
	c := compiler{spec: s, source: source, lake: "read_parquet(" + literal(source.Lake) + ")"}
	plan := Plan{
		Prepare: []string{c.records(), c.rejected()},
		Release: []string{"drop table if exists " + rejectedTable, "drop table if exists " + recordsTable},
		Records: "select count(*) from " + c.lake,
	}
	for i, table := range s.Tables() {
		var sql string
		switch {
		case table.Name == Quarantine:
			sql = c.quarantine()
		case len(s.tables[i].parts) == 0:
			sql = c.root(s.tables[i])
		default:
			sql = c.children(s.tables[i])
		}
		plan.Selects = append(plan.Selects, Select{Table: table, SQL: sql})
	}
	return plan
}

type compiler struct {
	spec   *Spec
	source Source
	lake   string
}

// records reads every record once: its mapped values as one nested value, and
// the reason why it is rejected as far as that can be said without looking
// into the elements of lists.
func (c compiler) records() string {
	values := c.recordValues()
	var lakeColumns strings.Builder
	for _, name := range c.fromLake() {
		lakeColumns.WriteString(",\n        " + c.source.Quote(name))
	}
	return fmt.Sprintf(`create or replace temp table %s as
with lake as (
    select
        nullif(nct_id, '') as nct_id,
        page,
        position,
        nullif(problem, '') as problem,
        case when coalesce(problem, '') = '' then study end as study%s
    from %s
),
-- Text that is no JSON gives null here instead of ending the load.
parsed as (
    select
        * exclude (study),
        try(from_json(study, %s)) as body,
        try(json_type(study, %s)) as kinds,
        contains(study::varchar, '\u0000') as has_nul
    from lake
),
compared as (
    select
        *,
        %s as failed
    from parsed
)
select
    * exclude (problem, kinds, failed, has_nul),
    coalesce(
        problem,
        case when kinds is null then %s end,
        %s
    ) as reason
from compared`,
		strings.TrimPrefix(recordsTable, "temp."), lakeColumns.String(), c.lake,
		literal(values.shape.json()), values.jsonPaths(), values.failed(4*2),
		literal("the "+c.spec.record+": wants JSON, found text that does not parse"),
		strings.Join(values.reasons(), ",\n        "))
}

// fromLake names the columns of the lake that tables show.
func (c compiler) fromLake() []string {
	var names []string
	for _, col := range c.spec.root().columns {
		if col.lake != "" && col.lake != "page" && col.lake != "position" {
			names = append(names, col.lake)
		}
	}
	return names
}

// recordValues are all values and lists that the tables take from a record.
func (c compiler) recordValues() *values {
	v := newValues(c.source.Quote, "body")
	v.expect(nil, kindObject, "")
	identity := column{name: c.spec.identity.column, typ: schema.Text, path: c.spec.identity.path, required: true, pattern: c.spec.identity.pattern}
	v.add(identity)
	v.extra = append(v.extra, fmt.Sprintf("when nct_id is distinct from %s then %s",
		v.field(identity.path), literal(identity.path.String()+": is not the identity that the lake has")))
	for _, t := range c.spec.tables {
		for _, p := range t.parts {
			v.addPart(p.path)
		}
		if len(t.parts) > 0 {
			continue
		}
		for _, col := range t.columns {
			if col.fromRecord() {
				v.add(col)
			}
		}
	}
	return v
}

// elementValues are the values of one element of a part.
func (c compiler) elementValues(t table, p part) *values {
	v := newValues(c.source.Quote, "body")
	v.prefix = p.path
	for _, col := range t.columns {
		if !col.fromRecord() {
			continue
		}
		if len(col.path.steps) > 0 && len(v.checks) == 0 {
			v.expect(nil, kindObject, "")
		}
		v.add(col)
	}
	if len(v.checks) == 0 {
		v.expect(nil, kindObject, "")
	}
	return v
}

// rejected names each record that must not be loaded and the first reason:
// that of the record itself, else that of the first element by the order of
// the mapping.
func (c compiler) rejected() string {
	var ctes, unions []string
	number := 0
	for _, t := range c.spec.tables {
		for _, p := range t.parts {
			number++
			name := fmt.Sprintf("part_%d", number)
			ctes = append(ctes, c.rejectedElements(name, number, t, p))
			unions = append(unions, "    union all\n    select * from "+name+"_reasons\n")
		}
	}
	return fmt.Sprintf(`create or replace temp table %s as
with record_reasons as (
    select page, position, 0 as part, 0 as index, reason
    from %s
    where reason is not null
),
%sreasons as (
    select * from record_reasons
%s)
select page, position, arg_min(reason, (part, index)) as reason
from reasons
group by page, position`,
		strings.TrimPrefix(rejectedTable, "temp."), recordsTable, strings.Join(ctes, ""), strings.Join(unions, ""))
}

func (c compiler) rejectedElements(name string, number int, t table, p part) string {
	values := c.elementValues(t, p)
	field := newValues(c.source.Quote, "body").field(p.path)
	if !p.path.list {
		field = "[" + field + "]"
	}
	present, holding := "", ""
	if !p.path.list {
		present = " and " + newValues(c.source.Quote, "body").field(p.path) + " is not null"
	}
	if values.checks[0].kind == kindObject {
		holding = "\n    where element is distinct from '{}'"
	}
	return fmt.Sprintf(`%[1]s_elements as (
    select
        page,
        position,
        unnest(%[2]s) as element,
        generate_subscripts(%[2]s, 1) - 1 as index
    from %[3]s
    where reason is null%[4]s
),
%[1]s_read as (
    select
        *,
        from_json(element, %[5]s) as body,
        json_type(element, %[6]s) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from %[1]s_elements%[11]s
),
%[1]s_compared as (
    select
        *,
        %[7]s as failed
    from %[1]s_read
),
%[1]s_judged as (
    select
        page,
        position,
        %[8]d as part,
        index,
        coalesce(
            case when element is null then %[9]s end,
            %[10]s
        ) as reason
    from %[1]s_compared
),
%[1]s_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from %[1]s_judged
),
`, name, field, recordsTable, present,
		literal(values.shape.json()), values.jsonPaths(), values.failed(4*2), number,
		values.place(".")+" || "+literal(": wants "+values.checks[0].wants()+", found null"),
		strings.Join(values.reasons(), ",\n            "), holding)
}

// root selects the table with one row per record.
func (c compiler) root(t table) string {
	v := newValues(c.source.Quote, "records.body")
	var columns []string
	for _, col := range t.columns {
		switch {
		case col.lake != "":
			columns = append(columns, fmt.Sprintf("records.%s as %s", c.source.Quote(col.lake), c.source.Quote(col.name)))
		default:
			columns = append(columns, v.value(col)+" as "+c.source.Quote(col.name))
		}
	}
	return fmt.Sprintf(`select
    records.nct_id as %s,
    %s
from %s as records
anti join %s as rejected
    on records.page = rejected.page and records.position = rejected.position`,
		c.source.Quote(c.spec.identity.column), strings.Join(columns, ",\n    "), recordsTable, rejectedTable)
}

// children selects a table with one row per element.
func (c compiler) children(t table) string {
	v := newValues(c.source.Quote, "records.body")
	scalar := true
	for _, col := range t.columns {
		scalar = scalar && (!col.fromRecord() || len(col.path.steps) == 0)
	}
	var lists, counts []string
	for i, p := range t.parts {
		list := v.elements(p.path, scalar)
		lists = append(lists, list)
		counts = append(counts, fmt.Sprintf("coalesce(len(%s), 0) as count_%d", list, i+1))
	}
	values := c.elementValues(t, t.parts[0])
	var columns []string
	for _, col := range t.columns {
		if col.set != "" {
			columns = append(columns, constant(t.parts, col.set)+" as "+c.source.Quote(col.name))
			continue
		}
		columns = append(columns, values.value(col)+" as "+c.source.Quote(col.name))
	}
	return fmt.Sprintf(`with listed as (
    select
        records.nct_id,
        %s as elements,
        %s
    from %s as records
    anti join %s as rejected
        on records.page = rejected.page and records.position = rejected.position
),
numbered as (
    select
        * exclude (elements),
        unnest(elements) as element,
        generate_subscripts(elements, 1) as ordinal
    from listed
),
parsed as (
    select *, from_json(element, %s) as body
    from numbered
)
select
    nct_id as %s,
    ordinal as %s,
    %s
from parsed`,
		strings.Join(lists, "\n            || "), strings.Join(counts, ",\n        "),
		recordsTable, rejectedTable, literal(values.shape.json()),
		c.source.Quote(c.spec.identity.column), c.source.Quote(Ordinal), strings.Join(columns, ",\n    "))
}

// constant is the value that the part of a row sets: the ordinal tells which
// part it is of.
func constant(parts []part, name string) string {
	last := len(parts) - 1
	if last == 0 {
		return literal(parts[0].set[name])
	}
	var sql, before strings.Builder
	sql.WriteString("case")
	for i, p := range parts[:last] {
		if i > 0 {
			before.WriteString(" + ")
		}
		fmt.Fprintf(&before, "count_%d", i+1)
		fmt.Fprintf(&sql, " when ordinal <= %s then %s", before.String(), literal(p.set[name]))
	}
	fmt.Fprintf(&sql, " else %s end", literal(parts[last].set[name]))
	return sql.String()
}

// quarantine goes back to the lake for the text of the rejected records.
func (c compiler) quarantine() string {
	return fmt.Sprintf(`select
    %s as extract_id,
    rejected.page,
    rejected.position,
    nullif(lake.nct_id, '') as %s,
    rejected.reason,
    lake.study as record
from %s as rejected
inner join %s as lake
    on rejected.page = lake.page and rejected.position = lake.position`,
		literal(c.source.ExtractID), c.source.Quote(c.spec.identity.column), rejectedTable, c.lake)
}

// literal writes text as an SQL literal.
func literal(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
