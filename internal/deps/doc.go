// Package deps installs the packages that a dbt project asks for: from the
// hub, from a Git repository, from a folder, from an archive.
//
// It owns the resolution of versions as dbt does it, package-lock.yml, and the
// way from an archive of a stranger to a folder: nothing is written outside of
// it. What lies in the install folder is replaced in one step, when all
// packages are there.
//
//	packages.yml ──resolve──► package-lock.yml ──install──► dbt_packages/
//
// It reads no environment and prints nothing: the caller hands both in.
package deps
