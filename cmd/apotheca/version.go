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
			fmt.Fprintln(a.stdout, versionText())
			return nil
		},
	}
}

func versionText() string {
	text := fmt.Sprintf("apotheca %s (%s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == duckdbModule {
				text += ", duckdb-go " + dep.Version
			}
		}
	}
	return text + ")"
}

const duckdbModule = "github.com/duckdb/duckdb-go/v2"
