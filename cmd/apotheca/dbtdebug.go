package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
	"apotheca/internal/warehouse"
)

func (a *app) dbtDebugCommand(f *dbtFlags) *cobra.Command {
	connection := false
	cmd := &cobra.Command{
		Use:   "debug",
		Short: "Check the project, the profile and the connection",
		Args:  noNodes,
		RunE:  a.dbtRun(f, "debug", func(ctx context.Context, i *invocation, _ []string) error { return i.examine(ctx, connection) }),
	}
	cmd.Flags().BoolVar(&connection, "connection", false, "check the connection alone")
	configDir := false
	cmd.Flags().BoolVar(&configDir, "config-dir", false, "")
	_ = cmd.Flags().MarkHidden("config-dir")
	return cmd
}

// examine prints what dbt debug prints; its lines say what was found.
func (i *invocation) examine(ctx context.Context, connectionOnly bool) error {
	say := i.console.Say
	if err := i.begin(); err != nil {
		return err
	}
	say("dbt version: %s", dbt.Version)
	say("apotheca version: %s", version)
	say("os info: %s-%s", runtime.GOOS, runtime.GOARCH)
	root, _ := filepath.Abs(i.dir)
	say("Using dbt_project.yml file at %s", filepath.Join(root, "dbt_project.yml"))
	failed := i.loadProject()
	if connectionOnly {
		say("Skipping steps before connection verification")
	} else {
		i.sayConfiguration(failed)
	}
	if failed != nil {
		say("%s", "1 check failed:")
		return failed
	}
	if err := i.warnAll(); err != nil {
		return err
	}
	return i.examineConnection(ctx)
}

func (i *invocation) sayConfiguration(failed error) {
	say := i.console.Say
	verdict := "[OK found and valid]"
	if failed != nil {
		verdict = "[ERROR invalid]"
	}
	if i.project != nil {
		say("adapter type: %s", i.project.Target.Type)
		say("adapter version: %s", version)
	}
	say("Configuration:")
	say("  profiles.yml file %s", verdict)
	say("  dbt_project.yml file %s", verdict)
	say("Required dependencies:")
	if _, err := exec.LookPath("git"); err != nil {
		say(" - git [not found; only packages from Git need it]")
	} else {
		say(" - git [OK found]")
	}
	say("")
}

func (i *invocation) examineConnection(ctx context.Context) error {
	say := i.console.Say
	say("Connection:")
	settings := i.project.Target.Connection()
	for at := range settings.Len() {
		if key, value := settings.At(at); !hidden(fmt.Sprint(key)) {
			say("  %s: %s", key, jinja.Str(value))
		}
	}
	err := i.tryConnection(ctx)
	if err != nil {
		say("  Connection test: [ERROR]")
		say("")
		say("1 check failed:")
		say("dbt was unable to connect to the specified database.")
		say("The database returned the following error:")
		say("")
		for line := range strings.Lines(err.Error()) {
			say("  >%s", strings.TrimRight(line, "\n"))
		}
		return errFailed
	}
	say("  Connection test: [OK connection ok]")
	say("")
	say("All checks passed!")
	return nil
}

// hidden are the settings whose values are nobody's business.
func hidden(setting string) bool {
	for _, part := range []string{"pass", "secret", "token", "key", "url", "type"} {
		if strings.Contains(setting, part) {
			return true
		}
	}
	return false
}

func (i *invocation) tryConnection(ctx context.Context) error {
	w, err := i.open(ctx)
	if err != nil {
		return err
	}
	conn, err := w.Conn(ctx)
	if err != nil {
		return errors.Join(err, w.Close())
	}
	_, err = warehouse.Fetch(ctx, conn, 1, "select 1 as id")
	return errors.Join(err, conn.Close(), w.Close())
}
