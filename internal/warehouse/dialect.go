package warehouse

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"apotheca/internal/schema"
)

// Dialect says, as data, how one database differs from the others. What a
// database can do is known before anything runs; nothing answers "not
// supported" half way.
type Dialect struct {
	// Name is dbt's adapter type: "duckdb", "postgres", "snowflake".
	Name string

	// DefaultSchema is where a session's unqualified names live.
	DefaultSchema string

	// QuoteChar opens and closes a quoted identifier and is doubled inside.
	QuoteChar string

	// ManyDatabases: a session reaches several databases, and statements say
	// which; elsewhere not every statement takes even the session's own.
	ManyDatabases bool

	// IdentifierBytesMax is the longest identifier; longer ones are refused
	// or cut silently by the database. 0 is no limit.
	IdentifierBytesMax int

	// Placeholder is the text of the n-th bound value, counted from 1.
	Placeholder func(n int) string

	// Types are the database's names of the logical types. Decimals are not
	// in it: every database here spells them decimal(p,s).
	Types map[schema.Type]string

	// SeedTypes are the type names of dbt's inferred seed columns.
	SeedTypes SeedTypes

	// TransactionalDDL: a rolled back transaction also takes back create,
	// drop and rename.
	TransactionalDDL bool

	// AlwaysTransacts: dbt's sessions are inside a transaction from their first
	// statement to the first commit, so that what no commit follows is lost.
	AlwaysTransacts bool

	// HeadsErrors: dbt calls what the database complains of a database error;
	// elsewhere it is one of the run.
	HeadsErrors bool

	// DropCascade is what follows the name in a drop so that relations
	// depending on it do not forbid it: " cascade" or nothing.
	DropCascade string

	// ViewsHoldTables: a view holds on to the table it was made over, not to
	// the name, and goes when that table is dropped. Grants go with it too.
	ViewsHoldTables bool

	// Unlogged: a table that need not survive a crash can be spared the log.
	Unlogged bool

	// Analyze: the planner knows nothing of new rows before `analyze` has
	// looked at them.
	Analyze bool

	// Merge: the database knows merge into.
	Merge bool

	// MergeClauses: a merge goes by name, and models configure its clauses.
	MergeClauses bool

	// ConcurrentBatches: batches of one table can be written side by side.
	// BatchesMerge: a batch is merged by its key; elsewhere the rows of its
	// stretch of time are replaced.
	ConcurrentBatches bool
	BatchesMerge      bool

	// DefaultStrategy is dbt's incremental strategy when a model names none
	// and has a unique key (without one it is append, save where it is merge).
	DefaultStrategy string

	// AlterType: what stands between column and type in alter column. Empty:
	// a new column takes the place of the old one, as in dbt.
	AlterType string

	// InsertTag is what the database calls an insert, before the number of
	// rows: dbt's messages have it. Empty: it has no words for statements, and
	// dbt says OK of each.
	InsertTag string

	// Folding is what becomes of a name without quotes.
	Folding Folding

	// Comments: comment on table, view and column exist.
	Comments bool

	// IndexMethods: an index can be of another kind than the usual one.
	IndexMethods bool

	// IndexesPinTables: a table with an index cannot be renamed.
	IndexesPinTables bool

	// MaterializedViews: they exist, and ListIndexes with them.
	MaterializedViews bool

	// ContractTypes are the labels under which contracts compare types, by
	// the type's name without its size. Types not in it are compared by name.
	ContractTypes map[string]string

	// EnforcedConstraints are dbt's constraint types that the database
	// accepts in create table and holds up.
	EnforcedConstraints []string

	// LocalForeignKeys: a foreign key names its table without the database, which
	// is always its own.
	LocalForeignKeys bool

	// ListReferencing returns the names of the tables whose foreign keys refer to
	// one, and keep it from being renamed. Its parameters are those of
	// ListColumns. It is empty where a key follows its table.
	ListReferencing string

	// ListRelations returns schema, name and type ('table', 'view' or
	// 'materialized_view') of the relations of one schema; ListColumns returns
	// name and type of the columns of one relation, in order. Both bind
	// database and schema first, ListColumns then the name.
	ListRelations string
	ListColumns   string

	// ListDependents returns schema and name of every relation that others are
	// defined over, and schema and name of the other: what DropCascade takes
	// along. Empty where nothing is taken along.
	ListDependents string

	// ListGrants returns grantee and privilege of what the session's role has
	// granted to others on one relation and binds schema and name; ListIndexes
	// returns name, method, uniqueness and columns (with commas between) of a
	// relation's indexes and binds database, schema and name. Where one is
	// empty, grants are not applied or indexes not made.
	ListGrants  string
	ListIndexes string

	// Catalog describes the relations of one schema, which it binds behind the
	// database, column by column: table, type as catalogs name it ('BASE
	// TABLE', 'VIEW', …), comment, owner, column, its place, type, comment.
	Catalog string
}

// Folding is what becomes of a name without quotes.
type Folding string

// The ways of folding. FoldNothing is for databases that keep the spelling and
// compare names without case.
const (
	FoldNothing Folding = ""
	FoldLower   Folding = "lower"
	FoldUpper   Folding = "upper"
)

// Fold is the name that an identifier written without quotes has.
func (d Dialect) Fold(identifier string) string {
	switch d.Folding {
	case FoldLower:
		return strings.ToLower(identifier)
	case FoldUpper:
		return strings.ToUpper(identifier)
	}
	return identifier
}

// ContractType is the label under which contracts compare a type.
func (d Dialect) ContractType(typeName string) string {
	if d.ContractTypes == nil {
		return typeName
	}
	base := typeName
	if open := strings.IndexByte(base, '('); open >= 0 {
		if end := strings.IndexByte(base, ')'); end > open {
			base = base[:open] + base[end+1:]
		}
	}
	if label, ok := d.ContractTypes[base]; ok {
		return label
	}
	return base
}

// SeedTypes are the column types of seeds whose types were inferred.
type SeedTypes struct {
	Integer, Number, Boolean, Date, Timestamp, Text string
}

// Quote is the one place where an identifier becomes SQL.
func (d Dialect) Quote(identifier string) string {
	return d.QuoteChar + strings.ReplaceAll(identifier, d.QuoteChar, d.QuoteChar+d.QuoteChar) + d.QuoteChar
}

// QuoteAll quotes identifiers and joins them with commas.
func (d Dialect) QuoteAll(identifiers []string) string {
	quoted := make([]string, len(identifiers))
	for i, identifier := range identifiers {
		quoted[i] = d.Quote(identifier)
	}
	return strings.Join(quoted, ", ")
}

// QuoteRelation writes a relation with the parts it has, all quoted.
func (d Dialect) QuoteRelation(r Relation) string {
	var parts []string
	for _, part := range []string{r.Database, r.Schema, r.Name} {
		if part != "" {
			parts = append(parts, d.Quote(part))
		}
	}
	return strings.Join(parts, ".")
}

// TypeName is the database's name of a logical type.
func (d Dialect) TypeName(t schema.Type) (string, error) {
	if precision, scale, ok := t.DecimalSize(); ok {
		return fmt.Sprintf("decimal(%d,%d)", precision, scale), nil
	}
	if name, ok := d.Types[t]; ok {
		return name, nil
	}
	return "", fmt.Errorf("name type %q: %s has no type for it", t, d.Name)
}

// Suffixed appends a suffix to an identifier and keeps the whole within the
// database's limit by cutting the identifier, never the suffix, and never
// inside a character.
func (d Dialect) Suffixed(identifier, suffix string) string {
	if d.IdentifierBytesMax > 0 && len(identifier)+len(suffix) > d.IdentifierBytesMax {
		cut := max(d.IdentifierBytesMax-len(suffix), 0)
		for cut > 0 && !utf8.RuneStart(identifier[cut]) {
			cut--
		}
		identifier = identifier[:cut]
	}
	return identifier + suffix
}

// StringLiteral writes text as an SQL literal, for statements that take no
// bound values, such as comment on.
func StringLiteral(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// Relation names a table or view. Database and schema may be empty: then the
// session's own are meant.
type Relation struct {
	Database string
	Schema   string
	Name     string
}

// CreateTable writes the statement that creates an empty table.
func (d Dialect) CreateTable(r Relation, columns []schema.Column) (string, error) {
	definitions := make([]string, len(columns))
	for i, c := range columns {
		typeName, err := d.TypeName(c.Type)
		if err != nil {
			return "", fmt.Errorf("create table %s: column %s: %w", r.Name, c.Name, err)
		}
		definitions[i] = "    " + d.Quote(c.Name) + " " + typeName
		if !c.Nullable {
			definitions[i] += " not null"
		}
	}
	return "create table " + d.QuoteRelation(r) + " (\n" + strings.Join(definitions, ",\n") + "\n)", nil
}
