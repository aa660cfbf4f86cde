package dbt

// addOverview adds the page with which documentation begins, as dbt does. A
// project's own docs block of that name takes its place on the site.
func (l *loader) addOverview() {
	l.p.Docs["doc.dbt.__overview__"] = &Doc{
		UniqueID: "doc.dbt.__overview__", Name: "__overview__", PackageName: "dbt", Path: "overview.md", OriginalFilePath: "docs/overview.md",
		Contents: overview,
	}
}

const overview = `### This project

The models, seeds, snapshots, sources and tests of the project, in its folders
and in the schemas of the database. Each page says what a thing is, which
columns it has, what it is made of and what is made of it.

Write a docs block named ` + "`__overview__`" + ` to say here what the project is about.`
