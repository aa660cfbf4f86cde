package main

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"apotheca/internal/pipeline"
	"apotheca/internal/source"
)

// clinicalTrials is the built-in pipeline, and the name of its folder in the
// lake. Its dbt project is clinical_trials.
const (
	clinicalTrials        = "clinical-trials"
	clinicalTrialsProject = "clinical_trials"
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
}

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run clinical-trials",
		Short: "Run a pipeline end to end: extract, compact, load, build, certificate",
		Long: `Runs a pipeline end to end and ends with a certificate: every study the registry
announced is in the lake and in the warehouse, or in quarantine with its reason.

  extract   the registry's pages become Parquet shards in the lake; resumable
  compact   the shards become one file
  load      studies are flattened into the staging tables, in one transaction
  build     the dbt project makes and tests the star schema

Nothing needs to be configured: everything goes to ./apotheca-data.`,
		Example: `  apotheca run clinical-trials --sample            2,000 made-up studies, offline
  apotheca run clinical-trials                     the real registry, about 12 minutes
  apotheca run clinical-trials --from load         again from the lake, without the network`,
		Args: pipelineArg,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from := pipeline.Extract
			if f.from != "" {
				var err error
				if from, err = pipeline.ParseStage(f.from); err != nil {
					return usagef("%v", err).hint("--from extract|compact|load|build")
				}
			}
			return a.runStages(cmd, f, from, pipeline.Build)
		},
	}
	f.register(cmd)
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
		{pipeline.Extract, "Read the registry into the lake"},
		{pipeline.Compact, "Merge a finished extract into one file"},
		{pipeline.Load, "Flatten the lake's studies into the staging tables"},
		{pipeline.Build, "Run and test the pipeline's dbt project"},
	} {
		f := &runFlags{}
		cmd := &cobra.Command{
			Use:   string(s.stage) + " " + clinicalTrials,
			Short: s.short,
			Args:  pipelineArg,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.runStages(cmd, f, s.stage, s.stage)
			},
		}
		f.register(cmd)
		commands = append(commands, cmd)
	}
	return commands
}

func (f *runFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.sample, "sample", "", "use the bundled sample registry, with `N` made-up studies")
	flags.Lookup("sample").NoOptDefVal = "2000"
	dirFlag(cmd, &f.dir)
	flags.StringVar(&f.runDate, "run-date", "", "the `day` that is today to the models, YYYY-MM-DD (default today in UTC)")
	flags.BoolVar(&f.fullRefresh, "full-refresh", false, "start the extract afresh and rebuild incremental models")
	flags.StringVar(&f.baseURL, "base-url", "", "`URL` of the registry's API (default "+defaultConfig().Registry.BaseURL+")")
	flags.IntVar(&f.pageSize, "page-size", 0, "`studies` a request, 1 to 1000 (default 1000)")
	flags.StringVar(&f.rate, "rate", "", "requests in any window of that length, `N/1m`; 0 is no limit (default 50/1m)")
	flags.StringVar(&f.userAgent, "user-agent", "", "the `name` we give the registry (default apotheca/"+version+")")
	flags.StringVar(&f.proxy, "proxy", "", "HTTP proxy `URL` (default from HTTPS_PROXY)")
	targetFlag(cmd, &f.target)
	flags.BoolVar(&f.json, "json", false, "print the run's record as JSON, progress on standard error")
}

func pipelineArg(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return usagef("%s needs the name of a pipeline", cmd.CommandPath()).
			hint("%s %s --sample", cmd.CommandPath(), clinicalTrials)
	case args[0] != clinicalTrials:
		return usagef("no pipeline is named %q", args[0]).hint("%s %s", cmd.CommandPath(), clinicalTrials)
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
func (a *app) runStages(cmd *cobra.Command, f *runFlags, from, to pipeline.Stage) error {
	a.hideSecrets() // a profile of the user may hold some
	c, err := readConfig()
	if err != nil {
		return err
	}
	c = f.merge(cmd, c)
	if f.sample != "" && cmd.Flags().Changed("base-url") {
		return usagef("--sample and --base-url name two registries").hint("give one of them")
	}
	o, err := a.pipelineOptions(c, f)
	if err != nil {
		return err
	}
	o.From, o.To = from, to
	o.Layout.Flags = placeWords(cmd)
	o.Reads = f.reads(cmd)
	if f.sample != "" && from == pipeline.Extract {
		sample, err := a.startSample(f.sample)
		if err != nil {
			return err
		}
		defer sample.close()
		o.Registry.BaseURL = sample.url
		o.Source = "sample registry of " + f.sample + " studies" // its port changes
	}
	view := a.newView(f.json)
	view.begin(o, f.sample, f.idle(cmd, from))
	o.Reporter = view
	record, err := pipeline.Run(cmd.Context(), o)
	if record != nil && f.json {
		return a.endJSON(record, err)
	}
	view.end(record, o.Layout)
	if next := record.Next(o.Layout); err != nil && next != "" && !advises(err) {
		return &userError{message: err.Error(), code: exitFailed, cause: err,
			advice: next + " goes on from what is on disk"}
	}
	return err
}

// advises reports whether err says by itself what to type.
func advises(err error) bool { return hintOf(err) != "" || strings.Contains(err.Error(), "\nhint: ") }

// idle lists the flags given that say how to read the registry, when nothing
// is read. They are no mistake: scripts give every stage the same flags.
func (f *runFlags) idle(cmd *cobra.Command, from pipeline.Stage) []string {
	var names []string
	for _, name := range []string{"sample", "base-url", "user-agent", "proxy", "page-size", "rate"} {
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

// pipelineOptions turns configuration and flags into what pipeline takes.
func (a *app) pipelineOptions(c config, f *runFlags) (pipeline.Options, error) {
	var o pipeline.Options
	rate, err := parseRate(c.Registry.Rate)
	if err != nil {
		return o, err
	}
	if c.Registry.PageSize < 1 || c.Registry.PageSize > 1000 {
		return o, usagef("page size %d is not between 1 and 1000", c.Registry.PageSize).hint("--page-size 1000")
	}
	if err := checkBaseURL(c.Registry.BaseURL); err != nil {
		return o, err
	}
	proxy, err := parseProxy(c.Registry.Proxy)
	if err != nil {
		return o, err
	}
	runDate, err := a.runDate(f.runDate)
	if err != nil {
		return o, err
	}
	project, label, err := c.pipelineProject()
	if err != nil {
		return o, err
	}
	spec, err := readSpec(project, label)
	if err != nil {
		return o, err
	}
	target, err := a.pipelineTarget(c) // a wrong one is told before an hour of reading
	if err != nil {
		return o, err
	}
	return pipeline.Options{
		Layout:      c.layout(),
		Version:     version,
		RunDate:     runDate,
		FullRefresh: f.fullRefresh,
		Registry: source.CTGovOptions{
			BaseURL:   c.Registry.BaseURL,
			UserAgent: c.Registry.UserAgent,
			Proxy:     proxy,
			PageSize:  c.Registry.PageSize,
			Timeout:   a.timeout,
		},
		Retry:        a.retry,
		Rate:         rate,
		Source:       c.Registry.BaseURL,
		Spec:         spec,
		Project:      project,
		ProjectLabel: label,
		Target:       target.Name,
		Env:          a.env,
		Threads:      c.Threads,
		KeepExtracts: c.Keep.Extracts,
		KeepRuns:     c.Keep.Runs,
		Open:         a.opener(access{memoryLimit: c.Memory}),
		Now:          a.now,
		Mask:         a.mask.Replace,
	}, nil
}

// checkBaseURL refuses a password in the address: the address is printed, logged
// and recorded with the extract.
func checkBaseURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		if strings.Contains(text, "@") {
			text = "with an @"
		}
		return usagef("base URL %q is not an http or https address", text).
			hint("--base-url %s", defaultConfig().Registry.BaseURL)
	}
	if u.User != nil {
		return usagef("the base URL carries a user or a password, which would end up in logs").
			hint("--base-url %s://%s%s", u.Scheme, u.Host, u.Path)
	}
	return nil
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
