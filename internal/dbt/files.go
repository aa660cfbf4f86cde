package dbt

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"
)

// file is one file of a package.
type file struct {
	pkg      *pkg
	root     string // the resource folder it was found in
	relative string // to root
	original string // to the package
	shown    string // to the project: what messages name
}

// files are a package's files by what they may hold.
type files struct {
	models, seeds, tests, genericTests, snapshots, analyses, macros []file
	properties                                                      []file
	docs                                                            []file
	fixtures                                                        map[string]file
}

// list finds the files under the given folders of a package, each once.
func (l *loader) list(p *pkg, folders []string) []file {
	var found []file
	seen := map[string]bool{}
	ignore := l.readIgnored(p)
	for _, folder := range folders {
		top := p.file(folder)
		_ = fs.WalkDir(l.o.FS, top, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || seen[name] {
				return nil // a folder that is not there holds nothing
			}
			seen[name] = true
			original := name
			if p.dir != "." {
				original = strings.TrimPrefix(name, p.dir+"/")
			}
			if ignore.has(original) {
				return nil
			}
			relative := original
			if folder != "." {
				relative = strings.TrimPrefix(original, folder+"/")
			}
			found = append(found, file{pkg: p, root: folder, relative: relative, original: original, shown: name})
			return nil
		})
	}
	return found
}

func withExt(fs []file, exts ...string) []file {
	var out []file
	for _, f := range fs {
		for _, e := range exts {
			if strings.EqualFold(path.Ext(f.relative), e) {
				out = append(out, f)
			}
		}
	}
	return out
}

// listFiles sorts a package's files by what they may hold.
func (l *loader) listFiles(p *pkg) {
	in := func(key string, def ...string) []file { return l.list(p, l.projectPaths(p, key, def...)) }
	models := in("model-paths", "models")
	seeds := in("seed-paths", "seeds")
	tests := in("test-paths", "tests")
	snapshots := in("snapshot-paths", "snapshots")
	analyses := in("analysis-paths", "analyses")
	macros := in("macro-paths", "macros")

	f := &p.files
	f.models = withExt(models, ".sql", ".py")
	f.seeds = withExt(seeds, ".csv")
	f.snapshots = withExt(snapshots, ".sql")
	f.analyses = withExt(analyses, ".sql")
	f.macros = withExt(macros, ".sql")
	f.fixtures = map[string]file{}
	for _, t := range tests {
		switch dir := strings.SplitN(t.relative, "/", 2)[0]; {
		case dir == "generic" && path.Ext(t.relative) == ".sql" && dir != t.relative:
			f.genericTests = append(f.genericTests, t)
		case dir == "fixtures" && dir != t.relative && (path.Ext(t.relative) == ".csv" || path.Ext(t.relative) == ".sql"):
			f.fixtures[strings.TrimSuffix(path.Base(t.relative), path.Ext(t.relative))] = t
		case path.Ext(t.relative) == ".sql":
			f.tests = append(f.tests, t)
		}
	}
	seen := map[string]bool{}
	for _, group := range [][]file{models, seeds, snapshots, macros, analyses, tests} {
		for _, y := range withExt(group, ".yml", ".yaml") {
			if !seen[y.shown] {
				seen[y.shown] = true
				f.properties = append(f.properties, y)
			}
		}
	}
	docs := [][]file{models, seeds, snapshots, macros, analyses, tests}
	if l.projectKey(p, "docs-paths") != nil {
		docs = [][]file{in("docs-paths")}
	}
	for _, group := range docs {
		for _, d := range withExt(group, ".md") {
			if !seen[d.shown] {
				seen[d.shown] = true
				f.docs = append(f.docs, d)
			}
		}
	}
}

// read returns a file's text, trimmed as dbt trims what it loads.
func (l *loader) read(f file) (string, bool) {
	data, err := fs.ReadFile(l.o.FS, f.shown)
	if err != nil {
		l.fail(Problem{File: f.shown, Message: err.Error()})
		return "", false
	}
	return strings.TrimSpace(string(data)), true
}

// isLarge reports a seed that dbt does not read to tell whether it changed.
func (l *loader) isLarge(f file) bool {
	const max = 1 << 20
	info, err := fs.Stat(l.o.FS, f.shown)
	return err == nil && info.Size() > max
}

// checksumOfPath is what dbt calls the checksum of a large seed: it is its path.
const checksumOfPath = "path"

func checksum(content string) Checksum {
	sum := sha256.Sum256([]byte(content))
	return Checksum{Name: "sha256", Checksum: hex.EncodeToString(sum[:])}
}

// stem is a file's name without its folder and extension.
func (f file) stem() string {
	return strings.TrimSuffix(path.Base(f.relative), path.Ext(f.relative))
}

// folders are the parts of the path below the resource folder.
func (f file) folders() []string {
	dir := path.Dir(f.relative)
	if dir == "." {
		return nil
	}
	return strings.Split(dir, "/")
}

// fqn is the name by which configs and selectors find what is in the file.
func (f file) fqn(name ...string) []string {
	fqn := append([]string{f.pkg.name}, f.folders()...)
	return append(fqn, name...)
}
