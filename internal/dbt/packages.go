package dbt

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v4"
)

// loadPackages renders the root's dbt_project.yml and reads the packages that
// dbt deps has installed, or that lie in the project as `local:` packages.
func (l *loader) loadPackages() {
	root := l.p.root
	l.renderProject(root)
	install := l.projectPaths(root, "packages-install-path", "dbt_packages")[0]

	dirs := map[string]bool{}
	found, _ := fs.ReadDir(l.o.FS, install)
	for _, d := range found {
		dir := path.Join(install, d.Name())
		if _, err := fs.Stat(l.o.FS, path.Join(dir, projectFile)); err == nil {
			dirs[dir] = true
		}
	}
	l.addPackages(keysOf(dirs))
	l.checkInstalled(install)
	l.listFiles(root)
}

func (l *loader) addPackages(dirs []string) {
	for _, dir := range dirs {
		p, err := l.readProject(dir)
		if err != nil {
			if ps, ok := err.(Problems); ok {
				l.problems = append(l.problems, ps...)
				continue
			}
			l.fail(Problem{File: path.Join(dir, projectFile), Message: err.Error()})
			continue
		}
		if other := l.p.packages[p.name]; other != nil {
			l.fail(Problem{File: p.file(projectFile), Message: fmt.Sprintf(
				"there are two packages named %q, here and in %s", p.name, other.file(projectFile))})
			continue
		}
		l.p.packages[p.name] = p
		l.renderProject(p)
		l.listFiles(p)
	}
}

// checkInstalled compares what packages.yml asks for with what is there.
func (l *loader) checkInstalled(install string) {
	wanted := 0
	file := ""
	for _, name := range []string{"packages.yml", "dependencies.yml"} {
		data, err := fs.ReadFile(l.o.FS, name)
		if err != nil {
			continue
		}
		doc, err := parseYAML(data)
		if err != nil {
			l.fail(yamlProblem(name, err))
			continue
		}
		if n := keyNode(doc, "projects"); n != nil {
			l.fail(l.problemAt(name, n, "references to other dbt Cloud projects (projects:) are not supported", ""))
		}
		for _, spec := range elements(child(doc, "packages")) {
			file = name
			wanted++
			if l.loadLocal(spec) {
				wanted-- // it need not be installed
			}
		}
	}
	installed := 0
	for _, p := range l.p.packages {
		if strings.HasPrefix(p.dir, install+"/") {
			installed++
		}
	}
	if wanted > installed {
		l.fail(Problem{File: file, Message: fmt.Sprintf(
			"dbt found %d package(s) specified in %s, but only %d package(s) installed in %s. Run \"dbt deps\" to install package dependencies.",
			wanted, file, installed, install),
			Hint: "install them with dbt deps, or copy them into " + install + "/"})
	}
}

// loadLocal reads a `local:` package that was not installed from where it
// lies, and reports whether it did.
func (l *loader) loadLocal(spec *yaml.Node) bool {
	local := text(child(spec, "local"))
	if local == "" {
		return false
	}
	dir := path.Clean(local)
	p, err := l.readProject(dir)
	if err != nil || l.p.packages[p.name] != nil {
		return false
	}
	l.addPackages([]string{dir})
	return true
}
