package dbt

import "fmt"

// duplicateName is what dbt says of two resources of one name. Kind is the
// resource type, or "resource" for two of different types.
func duplicateName(kind, name, id1, path1, id2, path2 string) string {
	plural, found, action := kind+"s", name, "looking for"
	switch kind {
	case "analysis":
		plural = "analyses"
	case "saved_query":
		plural = "saved_queries"
	case "model", "seed", "snapshot", "resource":
		found = `ref("` + name + `")`
	case "doc":
		plural, found = "docs", `doc("`+name+`")`
	case "test":
		found, action = "tests", "running"
	}
	return fmt.Sprintf(`dbt found two %s with the name "%s".

Since these resources have the same name, dbt will be unable to find the correct resource
when %s %s.

To fix this, change the name of one of these resources:
- %s (%s)
- %s (%s)`, plural, name, action, found, id1, path1, id2, path2)
}

// duplicateTest is what dbt says of two generic tests of one name.
func duplicateTest(n, other *Node) string {
	on := ""
	if n.Test.ColumnName != "" {
		on = `column "` + n.Test.ColumnName + `" in `
	}
	name := n.Name + `" defined on ` + on + `"` + n.Test.FileKeyName
	return duplicateName("test", name, n.UniqueID, n.OriginalFilePath, other.UniqueID, other.OriginalFilePath)
}

// duplicateRelation is what dbt says of two nodes that make one relation.
func duplicateRelation(n, other *Node) string {
	return fmt.Sprintf(`dbt found two resources with the database representation "%s".
dbt cannot create two resources with identical database representations. To fix this,
change the configuration of one of these resources:
- %s (%s)
- %s (%s)`, n.RelationName, other.UniqueID, other.OriginalFilePath, n.UniqueID, n.OriginalFilePath)
}

// duplicateMacro is what dbt says of two macros of one name in a package.
func duplicateMacro(m, other *Macro) string {
	return fmt.Sprintf(`dbt found two macros with the name "%s" in the namespace "%s". Since these macros have the same name and exist in the same namespace, dbt will be unable to decide which to call. To fix this, change the name of one of these macros:
- %s (%s)
- %s (%s)`, m.Name, m.PackageName, m.UniqueID, m.OriginalFilePath, other.UniqueID, other.OriginalFilePath)
}

// duplicateVersioned is what dbt says of a name that a versioned and another
// model share.
func duplicateVersioned(versioned, other *Node) string {
	return fmt.Sprintf(`dbt found versioned and unversioned models with the name "%s".

Since these resources have the same name, dbt will be unable to find the correct resource
when looking for ref('%s').

To fix this, change the name of the unversioned resource
%s (%s)
or add the unversioned model to the versions in %s`, versioned.Name, versioned.Name, other.UniqueID, other.OriginalFilePath, versioned.PatchPath)
}

// duplicatePatch is what dbt says of a resource or a macro that is described
// twice.
func duplicatePatch(p, other *patch) string {
	if p.kind == "macros" {
		return fmt.Sprintf("dbt found two schema.yml entries for the same macro in package %s named %s. Macros may only be described a single time. To fix this, remove one of the macro entries for %s in %s or %s",
			p.file.pkg.name, p.name, p.name, p.file.original, other.file.original)
	}
	if p.file.shown == other.file.shown {
		return fmt.Sprintf("dbt found two schema.yml entries for the same resource named %s. Resources and their associated columns may only be described a single time. To fix this, remove one of the resource entries for %s in this file:\n - %s",
			p.name, p.name, p.file.original)
	}
	return fmt.Sprintf("dbt found two schema.yml entries for the same resource named %s. Resources and their associated columns may only be described a single time. To fix this, remove the resource entry for %s in one of these files:\n - %s\n%s",
		p.name, p.name, p.file.original, other.file.original)
}
