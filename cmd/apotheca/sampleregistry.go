package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"apotheca/internal/registry"
)

func (a *app) sampleRegistryCommand() *cobra.Command {
	var listen string
	var faults []string
	var opts registry.Options
	cmd := &cobra.Command{
		Use:   "sample-registry",
		Short: "Serve a stand-in for ClinicalTrials.gov, that misbehaves on request",
		Long: `Serves made-up studies, or those of a file, as the registry's API v2 does, until it
is stopped. With --fault it misbehaves on a schedule.

` + registry.FaultHelp(),
		Example: `  apotheca sample-registry --count 20000 &
  apotheca run clinical-trials --base-url http://127.0.0.1:8080/api/v2 --rate 0

  apotheca sample-registry --studies studies.ndjson.gz --fault 429@3 --fault cut@5`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, text := range faults {
				parsed, err := registry.ParseFaults(text)
				if err != nil {
					return &userError{message: err.Error(), code: exitUsage, cause: err}
				}
				opts.Faults = append(opts.Faults, parsed...)
			}
			return a.serveRegistry(cmd.Context(), listen, opts)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&listen, "listen", "127.0.0.1:8080", "`address` to serve on; port 0 takes a free one")
	flags.IntVar(&opts.Count, "count", registry.DefaultCount, "how many studies to make up")
	flags.Uint64Var(&opts.Seed, "seed", 0, "the same seed makes the same studies")
	flags.StringVar(&opts.StudiesPath, "studies", "", "serve the studies of this NDJSON `file`, plain or .gz, instead")
	flags.StringArrayVar(&faults, "fault", nil, "a `fault` and when it strikes; may be given again")
	return cmd
}

func (a *app) serveRegistry(ctx context.Context, listen string, opts registry.Options) error {
	opts.Log = func(access registry.Access) {
		note := ""
		if access.Fault != "" {
			note = "  fault " + access.Fault
		}
		fmt.Fprintf(a.stderr, "%d %8d  %s %s%s\n", access.Status, access.Bytes, access.Method, access.URI, note)
	}
	s, err := serveSample(listen, opts)
	if err != nil {
		return err
	}
	defer s.close()
	fmt.Fprintf(a.stdout, "serving at %s\n", s.url)
	fmt.Fprintf(a.stdout, "  apotheca run %s --base-url %s --rate 0\n", clinicalTrials, s.url)
	<-ctx.Done() // being stopped is how serving ends
	return nil
}

// sample is a sample registry that listens.
type sample struct {
	url   string
	close func()
}

// startSample starts the bundled registry on a free loopback port.
func (a *app) startSample(count string) (*sample, error) {
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return nil, usagef("--sample=%s is not a number of studies", count).hint("--sample=2000")
	}
	return serveSample("127.0.0.1:0", registry.Options{Count: n})
}

func serveSample(listen string, opts registry.Options) (*sample, error) {
	r, err := registry.New(opts)
	if err != nil {
		return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		r.Close()
		return nil, (&userError{message: fmt.Sprintf("listen on %s: %v", listen, err), code: exitUsage, cause: err}).
			hint("--listen 127.0.0.1:0 takes a free port")
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			r.Close() // clients see their connections break and say so
		}
	}()
	return &sample{
		url: "http://" + l.Addr().String() + "/api/v2",
		close: func() {
			r.Close() // first: a request that hangs on purpose ends with it
			server.Close()
		},
	}, nil
}
