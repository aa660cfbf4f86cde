package dbt

// Macro is a macro, a generic test or a materialization of the project, of a
// package or of dbt itself.
type Macro struct {
	UniqueID         string // macro.<package>.<name>; tests are named test_<name>
	Name             string
	PackageName      string
	Path             string
	OriginalFilePath string
	SQL              string
	Description      string
	Arguments        []MacroArgument
	Meta             any
	DependsOn        []string
	Line             int
}

// MacroArgument documents one argument.
type MacroArgument struct {
	Name, Type, Description string
}
