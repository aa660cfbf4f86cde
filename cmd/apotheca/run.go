package main

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"apotheca/internal/activity"
	"apotheca/internal/declaration"
	"apotheca/internal/pipeline"
)

// runFlags are those of `run` and of the commands for single stages.
type runFlags struct {
	sample      string
	dir         string
	baseURL     string
	userAgent   string
	proxy       string
	pageSize    int
	rate        string
	runDate     string
	fullRefresh bool
	from        string
	target      string
	json        bool
	files       fileFlags
}

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run NAME|DIR",
		Short: "Run a pipeline end to end: extract, load, build, certificate",
		Long: `Runs a pipeline end to end and ends with a certificate: every record that was
read is in the warehouse, or in quarantine with its reason.

  clinical-trials    the registry ClinicalTrials.gov as a star schema
  patient-activity   who moved the most, from three CSV files
  DIR                any folder with a pipeline.yml: your own CSV files

  extract   pages or files become Parquet in the lake; reading a registry can be
            resumed
  compact   (registries) the shards of an extract become one file
  load      the tables in the warehouse are replaced, in one transaction
  build     the dbt project makes and tests the models

Nothing needs to be configured: everything goes to ./apotheca-data.`,
		Example: `  apotheca run clinical-trials --sample            2,000 made-up studies, offline
  apotheca run clinical-trials                     the real registry, about 12 minutes
  apotheca run clinical-trials --from load         again from the lake, without the network
  apotheca run patient-activity --sample           made-up patients, offline
  apotheca run patient-activity --patients patients.csv --steps steps.csv --exercises exercises.csv
  apotheca run shop                                the pipeline in the folder shop`,
		Args: pipelineArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			from := pipeline.Extract
			if f.from != "" {
				var err error
				if from, err = pipeline.ParseStage(f.from); err != nil {
					return usagef("%v", err).hint("--from extract|compact|load|build")
				}
			}
			return a.runStages(cmd, f, args[0], from, pipeline.Build)
		},
	}
	f.register(cmd, a.words)
	cmd.Flags().StringVar(&f.from, "from", "", "start at this `stage`: extract, compact, load or build")
	return cmd
}

// stageCommands are the stages one at a time.
func (a *app) stageCommands() []*cobra.Command {
	var commands []*cobra.Command
	for _, s := range []struct {
		stage pipeline.Stage
		short string
	}{
		{pipeline.Extract, "Read the registry or the files into the lake"},
		{pipeline.Compact, "Merge a finished extract of a registry into one file"},
		{pipeline.Load, "Replace the tables in the warehouse by what the lake holds"},
		{pipeline.Build, "Run and test the pipeline's dbt project"},
	} {
		f := &runFlags{}
		cmd := &cobra.Command{
			Use:   string(s.stage) + " NAME|DIR",
			Short: s.short,
			Args:  pipelineArg,
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.runStages(cmd, f, args[0], s.stage, s.stage)
			},
		}
		f.register(cmd, a.words)
		commands = append(commands, cmd)
	}
	return commands
}

// aSample is what --sample says without a number.
const aSample = "default"

func (f *runFlags) register(cmd *cobra.Command, words []string) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.sample, "sample", "", "read made-up data: `N` studies (2000), or files with N step rows (12000)")
	flags.Lookup("sample").NoOptDefVal = aSample
	dirFlag(cmd, &f.dir)
	flags.StringVar(&f.runDate, "run-date", "", "the `day` that is today to the models, YYYY-MM-DD (default today in UTC)")
	flags.BoolVar(&f.fullRefresh, "full-refresh", false, "start the extract afresh and rebuild incremental models")
	flags.StringVar(&f.baseURL, "base-url", "", "`URL` of the registry's API (default "+defaultConfig().Registry.BaseURL+")")
	flags.IntVar(&f.pageSize, "page-size", 0, "`studies` a request, 1 to 1000 (default 1000)")
	flags.StringVar(&f.rate, "rate", "", "requests in any window of that length, `N/1m`; 0 is no limit (default 50/1m)")
	flags.StringVar(&f.userAgent, "user-agent", "", "the `name` we give the registry (default apotheca/"+version+")")
	flags.StringVar(&f.proxy, "proxy", "", "HTTP proxy `URL` (default from HTTPS_PROXY)")
	targetFlag(cmd, &f.target)
	f.files.register(cmd, words)
	flags.BoolVar(&f.json, "json", false, "print the run's record as JSON, progress on standard error")
}

func pipelineArg(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return usagef("%s needs the name of a pipeline", cmd.CommandPath()).
			hint("%s %s --sample", cmd.CommandPath(), clinicalTrials)
	case len(args) > 1:
		e := usagef("unexpected argument %q", args[1])
		if _, err := strconv.Atoi(args[1]); err == nil {
			return e.hint("a number of sample studies is written with an equals sign: --sample=%s", args[1])
		}
		return e.hint("%s --help", cmd.CommandPath())
	}
	return nil
}

// merge lays the flags that were given over the configuration file.
func (f *runFlags) merge(cmd *cobra.Command, c config) config {
	set := func(name string, to *string, value string) {
		if cmd.Flags().Changed(name) {
			*to = value
		}
	}
	c = c.with(cmd, f.dir, f.target)
	set("base-url", &c.Registry.BaseURL, f.baseURL)
	set("user-agent", &c.Registry.UserAgent, f.userAgent)
	set("proxy", &c.Registry.Proxy, f.proxy)
	set("rate", &c.Registry.Rate, f.rate)
	if cmd.Flags().Changed("page-size") {
		c.Registry.PageSize = f.pageSize
	}
	return c
}

// runStages wires a run together and shows it.
func (a *app) runStages(cmd *cobra.Command, f *runFlags, word string, from, to pipeline.Stage) error {
	a.hideSecrets() // a profile of the user may hold some
	c, err := readConfig()
	if err != nil {
		return err
	}
	c = f.merge(cmd, c)
	d, err := c.pipelineNamed(word)
	if err != nil {
		return err
	}
	if err := f.check(cmd, d, from); err != nil {
		return err
	}
	o, err := a.pipelineOptions(c, d, f)
	if err != nil {
		return err
	}
	o.From, o.To = from, to
	o.Layout.Flags = placeWords(cmd)
	o.Reads = f.reads(cmd)
	reading := ""
	if d.Source == declaration.CSV {
		files, err := f.fileSource(cmd, c, d, from)
		if err != nil {
			return err
		}
		o.Source, reading = files, files.Name
	} else {
		registry, shown, leave, err := a.registrySource(c, d, f, from)
		if err != nil {
			return err
		}
		defer leave()
		o.Source, reading = registry, shown
	}
	view := a.newView(f.json)
	view.begin(o, reading, f.idle(cmd, from))
	o.Reporter = view
	record, err := pipeline.Run(cmd.Context(), o)
	if record != nil && f.json {
		return a.endJSON(record, err)
	}
	view.end(record, o)
	if next := record.Next(o.Layout); err != nil && next != "" && !advises(err) {
		return &userError{message: err.Error(), code: exitFailed, cause: err,
			advice: next + " goes on from what is on disk"}
	}
	return err
}

// check refuses what the pipeline has not, and gives --sample its number.
func (f *runFlags) check(cmd *cobra.Command, d *declared, from pipeline.Stage) error {
	if !slices.Contains(d.stages(), from) {
		return usagef("%s has no stage %s", d.Name, from).hint("its files are landed as one file a table; nothing needs to be compacted")
	}
	others := f.files.given(cmd)
	number := "2000"
	if d.Source == declaration.CSV {
		others, number = nil, strconv.Itoa(activity.SampleStepRows)
		for _, name := range registryFlags {
			if cmd.Flags().Changed(name) {
				others = append(others, name)
			}
		}
	}
	if len(others) > 0 {
		return usagef("--%s is nothing to %s, whose source is %s", others[0], d.Name, d.Source).hint("%s --help lists the flags", cmd.CommandPath())
	}
	if f.sample == aSample {
		f.sample = number
	}
	if f.sample != "" && cmd.Flags().Changed("base-url") {
		return usagef("--sample and --base-url name two registries").hint("give one of them")
	}
	return nil
}

// registryFlags say how to read a registry.
var registryFlags = []string{"base-url", "user-agent", "proxy", "page-size", "rate"}

// advises reports whether err says by itself what to type.
func advises(err error) bool { return hintOf(err) != "" || strings.Contains(err.Error(), "\nhint: ") }

// idle lists the flags given that say how to read the registry, when nothing
// is read. They are no mistake: scripts give every stage the same flags.
func (f *runFlags) idle(cmd *cobra.Command, from pipeline.Stage) []string {
	var names []string
	for _, name := range append([]string{"sample"}, append(f.files.given(cmd), registryFlags...)...) {
		if name == "on-bad-row" || name == "only-new" {
			continue // they say how to load as well
		}
		if from != pipeline.Extract && cmd.Flags().Changed(name) {
			names = append(names, "--"+name)
		}
	}
	return names
}

// reads are the flags by which another run reads the same pages.
func (f *runFlags) reads(cmd *cobra.Command) string {
	var words []string
	if f.sample != "" {
		words = append(words, "--sample="+f.sample)
	}
	for _, name := range f.files.given(cmd) {
		if paths, isTable := f.files.paths[name]; isTable {
			for _, path := range *paths {
				words = append(words, "--"+name, shellWord(path))
			}
		}
	}
	for _, name := range []string{"base-url", "page-size"} {
		if flag := cmd.Flags().Lookup(name); flag.Changed {
			words = append(words, "--"+name, shellWord(flag.Value.String()))
		}
	}
	return strings.Join(words, " ")
}

// placeWords are what commands repeat to mean the same data folder and target.
func placeWords(cmd *cobra.Command) string {
	var words []string
	for _, name := range []string{"dir", "target"} {
		if flag := cmd.Flags().Lookup(name); flag != nil && flag.Changed {
			words = append(words, "--"+name, shellWord(flag.Value.String()))
		}
	}
	return strings.Join(words, " ")
}

// shellWord quotes what a shell would take apart.
func shellWord(word string) string {
	if word != "" && strings.IndexFunc(word, func(r rune) bool {
		return !strings.ContainsRune("-_./:=@%+,", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// pipelineOptions turns configuration and flags into what pipeline takes, but
// for the source.
func (a *app) pipelineOptions(c config, d *declared, f *runFlags) (pipeline.Options, error) {
	var o pipeline.Options
	runDate, err := a.runDate(f.runDate)
	if err != nil {
		return o, err
	}
	target, err := a.targetOf(c, d) // a wrong one is told before an hour of reading
	if err != nil {
		return o, err
	}
	folder, err := c.ownFolder(d)
	if err != nil {
		return o, err
	}
	return pipeline.Options{
		Folder:       folder,
		Layout:       c.layoutOf(d),
		Version:      version,
		RunDate:      runDate,
		FullRefresh:  f.fullRefresh,
		Answer:       d.Answer,
		Private:      d.IsPrivate(),
		Project:      d.files,
		ProjectLabel: d.label,
		Target:       target.Name,
		Env:          a.env,
		Threads:      c.Threads,
		KeepExtracts: c.Keep.Extracts,
		KeepRuns:     c.Keep.Runs,
		Open:         a.opener(access{memoryLimit: c.Memory, rowGroupRows: d.rowGroupRows(), private: d.IsPrivate()}),
		Now:          a.now,
		Mask:         a.mask.Replace,
	}, nil
}

// runDate reads a day, today in UTC by default.
func (a *app) runDate(text string) (string, error) {
	if text == "" {
		return a.now().UTC().Format(time.DateOnly), nil
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return "", usagef("run date %q is not a day", text).hint("--run-date %s", a.now().UTC().Format(time.DateOnly))
	}
	return text, nil
}
