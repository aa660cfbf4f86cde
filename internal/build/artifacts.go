package build

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"apotheca/internal/dbt"
)

// writeArtifacts writes manifest.json and run_results.json, each whole or not
// at all, also for a run that failed.
func (r *run) writeArtifacts(results *Results) error {
	manifest := r.writeWhole("manifest.json", func(w io.Writer) error {
		return r.Project.WriteManifest(w, r.compiled)
	})
	runResults := r.writeWhole("run_results.json", func(w io.Writer) error {
		return encode(w, r.runResults(results))
	})
	return errors.Join(manifest, runResults)
}

// artifactMetadata begins every artifact.
type artifactMetadata struct {
	SchemaVersion       string            `json:"dbt_schema_version"`
	DbtVersion          string            `json:"dbt_version"`
	GeneratedAt         string            `json:"generated_at"`
	InvocationID        string            `json:"invocation_id"`
	InvocationStartedAt string            `json:"invocation_started_at"`
	Env                 map[string]string `json:"env"`
}

// artifactMetadata names the schema as dbt does: "run-results/v6".
func (r *run) artifactMetadata(schema string) artifactMetadata {
	return artifactMetadata{
		SchemaVersion: "https://schemas.getdbt.com/dbt/" + schema + ".json", DbtVersion: dbt.Version,
		GeneratedAt: stamp(r.Now()), InvocationID: r.InvocationID, InvocationStartedAt: stamp(r.started), Env: r.Project.MetadataEnv(),
	}
}

type runResultsFile struct {
	Metadata    artifactMetadata `json:"metadata"`
	Results     []runResult      `json:"results"`
	ElapsedTime float64          `json:"elapsed_time"`
	Args        map[string]any   `json:"args"`
}

type runResult struct {
	Status          Status         `json:"status"`
	Timing          []timing       `json:"timing"`
	ThreadID        string         `json:"thread_id"`
	ExecutionTime   float64        `json:"execution_time"`
	AdapterResponse map[string]any `json:"adapter_response"`
	Message         *string        `json:"message"`
	Failures        *int64         `json:"failures"`
	UniqueID        string         `json:"unique_id"`
	Compiled        *bool          `json:"compiled"`
	CompiledCode    *string        `json:"compiled_code"`
	RelationName    *string        `json:"relation_name"`
	BatchResults    *batchResults  `json:"batch_results"`
}

// batchResults are the borders of batches, in pairs.
type batchResults struct {
	Successful [][2]string `json:"successful"`
	Failed     [][2]string `json:"failed"`
}

func recordedWindows(windows []dbt.Window) [][2]string {
	const iso = "2006-01-02T15:04:05-07:00"
	recorded := make([][2]string, len(windows))
	for i, w := range windows {
		recorded[i] = [2]string{w.Start.Format(iso), w.End.Format(iso)}
	}
	return recorded
}

type timing struct {
	Name        string `json:"name"`
	StartedAt   string `json:"started_at"`
	CompletedAt string `json:"completed_at"`
}

func (r *run) runResults(results *Results) runResultsFile {
	file := runResultsFile{Metadata: r.artifactMetadata("run-results/v6"), ElapsedTime: results.Elapsed.Seconds()}
	file.Args = map[string]any{"which": string(r.Command)}
	for key, value := range r.Args {
		file.Args[key] = value
	}
	file.Results = []runResult{}
	for _, result := range results.All {
		if !result.silent {
			file.Results = append(file.Results, recorded(result))
		}
	}
	return file
}

func recorded(result *Result) runResult {
	entry := runResult{
		Status:          result.Status,
		Timing:          []timing{},
		ThreadID:        result.Thread,
		ExecutionTime:   result.Took().Seconds(),
		AdapterResponse: adapterResponse(result),
		Failures:        result.Failures,
		UniqueID:        result.UniqueID,
	}
	switch {
	case result.Status == Skipped && !result.isHook() && result.broken == nil:
	case result.Type() == dbt.Operation && !result.isHook(): // its error is told, and not kept
	case result.Message != "":
		entry.Message = &result.Message
	case result.Status == Success && result.Response != "":
		entry.Message = &result.Response
	}
	if compiled := !result.Compiled.IsZero(); result.Node != nil && result.Type() != dbt.Seed || result.UnitTest != nil {
		entry.Compiled = &compiled
		if compiled {
			entry.CompiledCode = &result.CompiledCode
		}
	}
	if result.RelationName != "" && result.Type() != dbt.Seed {
		entry.RelationName = &result.RelationName
	}
	if result.Batches != nil {
		entry.BatchResults = &batchResults{Successful: recordedWindows(result.Batches.Successful), Failed: recordedWindows(result.Batches.Failed)}
	}
	if result.Status != Skipped {
		executed := result.Started
		if !result.Compiled.IsZero() {
			entry.Timing = append(entry.Timing, timing{"compile", stamp(result.Started), stamp(result.Compiled)})
			executed = result.Compiled
		} else if result.Status == Success {
			entry.Timing = append(entry.Timing, timing{"compile", stamp(result.Started), stamp(result.Started)}) // of a seed
		}
		entry.Timing = append(entry.Timing, timing{"execute", stamp(executed), stamp(result.Finished)})
	}
	return entry
}

// adapterResponse is what dbt's adapters make of the database's words: "INSERT
// 0 5" is the code INSERT with 5 rows. Of OK they make nothing more.
func adapterResponse(result *Result) map[string]any {
	if result.Response == "" || result.Status == Error && result.Source == nil || result.Type() == dbt.Operation {
		return map[string]any{}
	}
	if result.Response == "OK" || result.plain {
		return map[string]any{"_message": result.Response}
	}
	var code []string
	rows := int64(-1)
	for _, word := range strings.Fields(result.Response) {
		if n, err := strconv.ParseInt(word, 10, 64); err == nil {
			rows = n
		} else {
			code = append(code, word)
		}
	}
	return map[string]any{"_message": result.Response, "code": strings.Join(code, " "), "rows_affected": rows}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// writeCompiled writes a node's own SQL and returns the file as messages name
// it.
func (r *run) writeCompiled(n *dbt.Node, code string) (string, error) {
	name, err := r.writeSQL("compiled", n.PackageName, artifactPath(n), code)
	if project, found := strings.CutPrefix(n.OriginalFilePath, "./"); found && name != "" { // of a hook, which dbt names so
		name = strings.Replace(name, project, n.OriginalFilePath, 1)
	}
	return name, err
}

func (r *run) writeUnitTest(t *dbt.UnitTest, code string) (string, error) {
	return r.writeSQL("compiled", t.PackageName, path.Join(t.OriginalFilePath, path.Dir(t.OriginalFilePath), t.Name+".sql"), code)
}

// writeScript writes all that a node told the database, if that was anything.
func (r *run) writeScript(s *session, result *Result) error {
	n, script := result.Node, s.script
	s.script = nil
	if n == nil || len(script) == 0 {
		return nil
	}
	file, err := r.writeSQL("run", n.PackageName, artifactPath(n), strings.Join(script, ";\n\n")+";\n")
	if err != nil {
		return err
	}
	result.runPath = file
	r.mu.Lock()
	defer r.mu.Unlock()
	key := compiledKey(n)
	if r.compiled[key] == nil {
		r.compiled[key] = &dbt.Compiled{} // a seed
	}
	r.compiled[key].RunPath = file
	return nil
}

// artifactPath is dbt's: what a YAML file declares lies in a folder of its name,
// and so do the batches of a model.
func artifactPath(n *dbt.Node) string {
	file := n.OriginalFilePath
	if path.Base(n.Path) != path.Base(file) {
		file = path.Join(file, n.Path)
	}
	if n.Batch == nil {
		return file
	}
	stem, ext := strings.TrimSuffix(file, path.Ext(file)), path.Ext(file)
	return path.Join(stem, path.Base(stem)+"_"+n.BatchName()+ext)
}

func (r *run) writeSQL(folder, pkg, file, sql string) (string, error) {
	if r.TargetDir == "" {
		return "", nil
	}
	// Cleaned as if rooted: no name in a project leads out of the folder.
	relative := filepath.Join(folder, pkg, filepath.FromSlash(path.Clean("/"+file)))
	name := filepath.Join(r.TargetDir, relative)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return "", fmt.Errorf("write %s SQL: %w", folder, err)
	}
	if err := os.WriteFile(name, []byte(r.Project.Mask(sql)), 0o644); err != nil {
		return "", fmt.Errorf("write %s SQL: %w", folder, err)
	}
	return filepath.Join(r.TargetName, relative), nil
}

func (r *run) writeWhole(file string, write func(io.Writer) error) error {
	if r.TargetDir == "" || r.NoArtifacts {
		return nil
	}
	if err := WriteArtifact(r.Project, r.TargetDir, file, write); err != nil {
		return err
	}
	r.report(Event{Kind: ArtifactWritten, Path: filepath.Join(r.TargetDir, file)})
	return nil
}

// WriteArtifact writes a file of the target folder, without the project's
// secrets. It writes beside the file and renames: a reader never sees half.
func WriteArtifact(p *dbt.Project, dir, file string, write func(io.Writer) error) error {
	name := filepath.Join(dir, file)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	f, err := os.Create(name + ".tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	masked := p.MaskTo(f)
	if err := errors.Join(write(masked), masked.Close(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := os.Rename(name+".tmp", name); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
