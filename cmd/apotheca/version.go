package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of apotheca and of the DuckDB in it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(a.stdout, "apotheca %s (%s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, dep := range info.Deps {
					if dep.Path == duckdbModule {
						fmt.Fprintf(a.stdout, ", duckdb-go %s", dep.Version)
					}
				}
			}
			fmt.Fprintln(a.stdout, ")")
			return nil
		},
	}
}

const duckdbModule = "github.com/duckdb/duckdb-go/v2"
