// Package doctor checks what a run needs beforehand: a pipeline's files and
// their headers, its dbt project, the warehouse, the rights in it, whose the
// schema is, the folders and the room on their disks. It says for each check
// what it found and what to type.
//
// A driver that knows more of its database than the contract tells offers it
// by a method, Examine; what is common to all is tried, not asked: a schema is
// made and rolled back.
//
// The package changes nothing that outlives it. It mends nothing either: that
// takes rights which a run should not have.
package doctor
