package dbt

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// PackageList is what a project asks to be installed.
type PackageList struct {
	Project     string // the project's name
	File        string // packages.yml or dependencies.yml
	InstallPath string
	Packages    []PackageSpec
	// Hash identifies the list, as dbt writes it into its lock file.
	Hash string
}

// PackageSpec is one package asked for: exactly one of Hub, Git, Local and
// Tarball says where it comes from.
type PackageSpec struct {
	Hub     string // namespace/name
	Git     string // URL
	Local   string // folder
	Tarball string // URL
	// Name is what a tarball is installed as.
	Name string
	// Written is Git or Tarball before it was rendered: what may be stored.
	Written string

	Versions     []string // hub: bounds
	Prerelease   bool     // hub: install_prerelease
	Revision     string   // git; empty means the default branch
	Subdirectory string   // git
	WarnUnpinned bool     // git
}

const (
	packagesFile     = "packages.yml"
	dependenciesFile = "dependencies.yml"
	lockFile         = "package-lock.yml"
)

// PackageSource says where a list of packages is read from, and what its
// templates see: variables of the command line and the environment, secret
// ones too.
type PackageSource struct {
	FS   fs.FS // its root has dbt_project.yml
	Vars map[string]any
	Env  func(name string) (string, bool)
}

// List reads the packages a project asks for.
func (s PackageSource) List() (*PackageList, error) {
	l := s.loader()
	root, err := l.readProject(".")
	if err != nil {
		return nil, err
	}
	list := &PackageList{Project: root.name, InstallPath: "dbt_packages"}
	sc := &scope{p: l.p, pkg: &pkg{name: root.name}, level: levelProfile, secrets: true}
	install := child(root.doc, "packages-install-path")
	if install == nil {
		install = child(root.doc, "packages_install_path")
	}
	if v := yamlValue(install, func(n *yaml.Node, _ []string) any { return l.native(sc, projectFile, n) }); v != nil {
		list.InstallPath = path.Clean(jinja.Str(v))
	}
	doc := l.packagesDoc(list)
	render := func(n *yaml.Node, _ []string) any { return l.native(sc, list.File, n) }
	if list.File == dependenciesFile {
		render = nil // dbt does not render it
	}
	list.Packages, list.Hash = l.packageSpecs(list.File, doc, render)
	return list, l.stop()
}

// Lock reads package-lock.yml: the packages it holds, and the hash of the list
// it was made for. Without the file both are empty.
func (s PackageSource) Lock() ([]PackageSpec, string, error) {
	l := s.loader()
	data, err := fs.ReadFile(s.FS, lockFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", lockFile, err)
	}
	doc, err := parseYAML(data)
	if err != nil {
		return nil, "", yamlProblem(lockFile, err)
	}
	sc := &scope{p: l.p, level: levelProfile, secrets: true}
	specs, _ := l.packageSpecs(lockFile, doc, func(n *yaml.Node, _ []string) any { return l.native(sc, lockFile, n) })
	return specs, text(child(doc, "sha1_hash")), l.stop()
}

// ReadPackages reads the packages of a text that nothing in it renders, such as
// the hub's JSON.
func ReadPackages(data []byte) ([]PackageSpec, error) {
	doc, err := parseYAML(data)
	if err != nil {
		return nil, yamlProblem(packagesFile, err)
	}
	l := PackageSource{}.loader()
	specs, _ := l.packageSpecs(packagesFile, doc, nil)
	return specs, l.stop()
}

// loader reads YAML outside of a Load.
func (s PackageSource) loader() *loader {
	env := s.Env
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	p := &Project{options: Options{FS: s.FS, Vars: s.Vars, Env: env}, packages: map[string]*pkg{}, root: &pkg{}}
	return &loader{o: p.options, p: p}
}

// packagesDoc finds the file that lists the packages.
func (l *loader) packagesDoc(list *PackageList) *yaml.Node {
	read := func(name string) *yaml.Node {
		data, err := fs.ReadFile(l.o.FS, name)
		if err != nil {
			return nil
		}
		doc, err := parseYAML(data)
		if err != nil {
			l.fail(yamlProblem(name, err))
		}
		return doc
	}
	packages, dependencies := read(packagesFile), read(dependenciesFile)
	list.File = packagesFile
	if at := keyNode(packages, "projects"); at != nil {
		l.fail(l.problemAt(packagesFile, at, "the 'projects' key cannot be specified in packages.yml", "move it to dependencies.yml"))
	}
	if at := keyNode(dependencies, "packages"); at != nil {
		if keyNode(packages, "packages") != nil {
			l.fail(l.problemAt(dependenciesFile, at, "the 'packages' key cannot be specified in both packages.yml and dependencies.yml", "keep one of the two"))
		}
		list.File = dependenciesFile
		return dependencies
	}
	return packages
}

// packageSpecs reads a list of packages and its hash.
func (l *loader) packageSpecs(file string, doc *yaml.Node, render func(*yaml.Node, []string) any) ([]PackageSpec, string) {
	var specs []PackageSpec
	var hashed []string
	for _, n := range elements(child(doc, "packages")) {
		d, _ := yamlValue(n, render).(*jinja.Dict)
		spec, contract, err := packageSpec(d, n)
		if err != nil {
			l.fail(l.problemAt(file, n, err.Error(), "package: namespace/name with version:, or git:, local: or tarball:"))
			continue
		}
		specs = append(specs, spec)
		written, err := appendJSON(nil, contract, jsonStyle{spaced: true, ascii: true, sorted: true})
		if err != nil {
			l.fail(l.problemAt(file, n, err.Error(), ""))
		}
		hashed = append(hashed, string(written))
	}
	slices.Sort(hashed)
	sum := sha1.Sum([]byte(strings.Join(hashed, "\n")))
	return specs, hex.EncodeToString(sum[:])
}

// packageSpec reads one package, and what dbt hashes of it.
func packageSpec(d *jinja.Dict, n *yaml.Node) (PackageSpec, *jinja.Dict, error) {
	get := func(key string) any { v, _ := d.Get(key); return v }
	str := func(key string) string {
		if v := get(key); v != nil {
			return jinja.Str(v)
		}
		return ""
	}
	s := PackageSpec{Name: str("name")}
	contract := jinja.NewDict("unrendered", plain(n))
	copyOf := func(keys ...string) {
		for _, key := range keys {
			contract.Set(key, get(key))
		}
	}
	if s.Name != "" {
		contract.Set("name", s.Name)
	}
	switch {
	case str("local") != "":
		s.Local = str("local")
		copyOf("local")
	case str("tarball") != "":
		s.Tarball, s.Written = str("tarball"), text(child(n, "tarball"))
		copyOf("tarball")
		if s.Name == "" {
			return s, nil, errors.New("a tarball needs a name")
		}
	case str("git") != "":
		s.Git, s.Written, s.Revision, s.Subdirectory = str("git"), text(child(n, "git")), str("revision"), str("subdirectory")
		unpinned := get("warn-unpinned")
		if unpinned == nil {
			unpinned = get("warn_unpinned")
		}
		s.WarnUnpinned = unpinned != false
		copyOf("git", "revision", "subdirectory")
		contract.Set("warn-unpinned", unpinned)
	case str("private") != "":
		return s, nil, fmt.Errorf(`cannot resolve private package %s because git provider integration is missing; please use a "git" package instead`, str("private"))
	case str("package") != "":
		s.Hub, s.Versions, s.Prerelease = str("package"), texts(get("version")), get("install_prerelease") == true
		if len(s.Versions) == 0 {
			return s, nil, fmt.Errorf("%s is missing the version; if this package is not from the hub, use git: with the URL of its repository", s.Hub)
		}
		copyOf("package", "version")
		contract.Set("install_prerelease", s.Prerelease)
	default:
		return s, nil, errors.New("a package is one of package:, git:, local: and tarball:")
	}
	return s, contract, nil
}
