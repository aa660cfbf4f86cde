package dbt

import "apotheca/internal/jinja"

// ResourceType is what a node is, as dbt's artifacts spell it.
type ResourceType string

// The resource types a project can hold.
const (
	Model     ResourceType = "model"
	Seed      ResourceType = "seed"
	Snapshot  ResourceType = "snapshot"
	DataTest  ResourceType = "test"
	Analysis  ResourceType = "analysis"
	Operation ResourceType = "operation"

	SourceResource   ResourceType = "source"
	ExposureResource ResourceType = "exposure"
	UnitTestResource ResourceType = "unit_test"
	MacroResource    ResourceType = "macro"

	MetricResource        ResourceType = "metric"
	SemanticModelResource ResourceType = "semantic_model"
	SavedQueryResource    ResourceType = "saved_query"
)

// Node is a resource that is compiled or run: a model, a seed, a snapshot, a
// data test, an analysis or an operation. Its fields are the manifest's.
type Node struct {
	UniqueID         string
	Name             string
	ResourceType     ResourceType
	PackageName      string
	Path             string // relative to its resource folder
	OriginalFilePath string // relative to the project
	PatchPath        string // "package://models/x.yml", or empty
	FQN              []string
	Alias            string
	Schema           string
	Database         string
	// RelationName is the rendered relation; empty for what makes none.
	RelationName string
	Checksum     Checksum
	Language     string
	RawCode      string
	Description  string
	DocBlocks    []string
	Columns      []ColumnInfo
	Config       *Config
	// UnrenderedConfig is the config as written, templates not rendered.
	UnrenderedConfig *Config
	Tags             []string
	Refs             []Ref
	SourceRefs       []SourceRef
	DependsOn        DependsOn
	Group            string
	Access           string
	Version          any
	LatestVersion    any
	Constraints      []any
	PrimaryKey       []string

	Test *TestMetadata // data tests made by a generic test
	Hook *HookMetadata // operations

	// Line is where the node begins in its file.
	Line int

	// Batch is the part of a microbatch model that the node stands for; nil
	// for the whole of it and any other node.
	Batch *Batch

	// TimeSpine is what a time spine says of itself; nil for other models.
	TimeSpine       any
	DeprecationDate string // ISO 8601, or empty

	patch *patch // what properties say of it, or nil
	// unresolved marks a test of something that is not there.
	unresolved bool
	pkg        *pkg
}

// Ref is one ref() as written.
type Ref struct {
	Package string
	Name    string
	Version any
	Line    int
}

// SourceRef is one source() as written.
type SourceRef struct {
	Source string
	Table  string
	Line   int
}

// DependsOn lists unique ids, in the order of their first use.
type DependsOn struct {
	Nodes  []string
	Macros []string
}

// Checksum identifies a file's content.
type Checksum struct {
	Name     string
	Checksum string
}

// ColumnInfo is what a project declares of a column.
type ColumnInfo struct {
	Name        string
	Description string
	DataType    string
	Quote       *bool
	Meta        any
	Tags        []string
	Constraints []any
	DocBlocks   []string
	Config      *Config
	Granularity string // of a time spine's column, or empty
	Line        int    // of its declaration
}

// TestMetadata is where a generic data test comes from.
type TestMetadata struct {
	Name      string
	Namespace string
	// ColumnName is the column the test sits on, or empty.
	ColumnName string
	// AttachedNode is the id of the model, seed or snapshot the test was
	// declared on; empty when it was declared on a source.
	AttachedNode string
	// FileKeyName is the place in the YAML: "models.orders".
	FileKeyName string

	on     *patch // where it was declared
	kwargs *jinja.Dict
	refers string // the ref or source call that finds what is tested
}

// HookMetadata is the place of an on-run hook in its list.
type HookMetadata struct {
	// When is "on-run-start" or "on-run-end".
	When  string
	Index int
}

// IsSingular reports a test written as a query of its own.
func (n *Node) IsSingular() bool { return n.ResourceType == DataTest && n.Test == nil }

// IsEphemeral reports a model that exists only inside its readers.
func (n *Node) IsEphemeral() bool {
	return n.ResourceType == Model && n.Config.Materialized() == "ephemeral"
}

// Source is a table that the project reads but does not make.
type Source struct {
	UniqueID          string
	Name              string
	SourceName        string
	PackageName       string
	Path              string
	OriginalFilePath  string
	FQN               []string
	Database          string
	Schema            string
	Identifier        string
	RelationName      string
	Description       string
	SourceDescription string
	Loader            string
	LoadedAtField     string
	LoadedAtQuery     string
	// Freshness is nil when the source declares none.
	Freshness  *Freshness
	Quoting    Quoting
	External   any
	Meta       any
	SourceMeta any
	Tags       []string
	Columns    []ColumnInfo
	Config     *Config
	DocBlocks  []string
	Line       int

	quoting       *jinja.Dict // as declared
	writtenSchema string
	// writtenDatabase is database as written, or empty.
	writtenDatabase   string
	freshnessDeclared bool
	freshnessOff      bool // with null
	enabledDeclared   bool
}

// Freshness is how old a source's rows may be.
type Freshness struct {
	WarnAfter  *Age
	ErrorAfter *Age
	Filter     string
}

// Age is a number of minutes, hours or days.
type Age struct {
	Count  int
	Period string
}

// Exposure is a use of the project outside it.
type Exposure struct {
	UniqueID         string
	Name             string
	Type             string
	Label            string
	Description      string
	Owner            any
	Maturity         string
	URL              string
	PackageName      string
	Path             string
	OriginalFilePath string
	FQN              []string
	Meta             any
	Tags             []string
	Config           *Config
	Refs             []Ref
	SourceRefs       []SourceRef
	Metrics          []string // as written
	DependsOn        DependsOn
	Line             int

	unrendered *jinja.Dict // config as written
}

// Group owns models that others may not see.
type Group struct {
	UniqueID         string
	Name             string
	PackageName      string
	Path             string
	OriginalFilePath string
	Owner            any
	Description      string
	Config           *Config
}

// Doc is a docs block.
type Doc struct {
	UniqueID         string
	Name             string
	PackageName      string
	Path             string
	OriginalFilePath string
	Contents         string
}
