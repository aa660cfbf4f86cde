package main

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// refusedOptions are those of dbt that end a command with their name and why.
var refusedOptions = map[string][]string{
	"every command": {"upload-to-artifacts-ingest-api"},
	"build":         {"export-saved-queries", "include-saved-query"},
	"docs generate": {"static"},
}

// refusedCommands say what takes their place, whatever their options.
var refusedCommands = []string{"init"}

// TestOptionsOfDbt holds every option that dbt lists to one of three: it is
// honoured, it is taken without effect, for a reason, or it is refused by name.
func TestOptionsOfDbt(t *testing.T) {
	t.Parallel()
	recorded, err := os.ReadFile("testdata/dbt-options.txt")
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(io.Discard, io.Discard)
	a.asDBT = true
	root := a.dbtRoot()
	ignored := map[string]bool{}
	for line := range strings.Lines(string(recorded)) {
		command, options, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(line, "#") || slices.Contains(refusedCommands, command) {
			continue
		}
		for option := range strings.FieldsSeq(options) {
			for spelled := range strings.SplitSeq(option, "|") {
				flag := optionOf(root, command, spelled)
				if flag == nil {
					t.Errorf("dbt %s has %s, ours has not", command, spelled)
					continue
				}
				name := strings.TrimPrefix(flag.Name, "no-")
				_, harmless := withoutEffect[name]
				ignored[name] = harmless
				_, refused := flag.Value.(refusedValue)
				place := strings.Replace(command, "dbt", "every command", 1)
				if want := slices.Contains(refusedOptions[place], name); refused != want {
					t.Errorf("dbt %s %s: refused = %v, want %v", command, spelled, refused, want)
				}
				if v := (refusedValue{}); refused && !strings.HasPrefix(flag.Name, "no-") {
					v = flag.Value.(refusedValue)
					if err := v.Set("true"); err == nil || v.Set("false") != nil {
						t.Errorf("dbt %s %s is not refused with a reason", command, spelled)
					}
				}
			}
		}
	}
	for name := range withoutEffect {
		if !ignored[name] {
			t.Errorf("--%s is taken without effect, but dbt does not have it", name)
		}
	}
}

// optionOf finds an option as it is spelled, of a command or, under dbt's own
// name, of all commands.
func optionOf(root *cobra.Command, command, spelled string) *pflag.Flag {
	flags := root.PersistentFlags()
	if command != "dbt" {
		c, _, err := root.Find(strings.Fields(command))
		if err != nil {
			return nil
		}
		flags = c.Flags()
	}
	name := strings.TrimLeft(spelled, "-")
	if len(name) == 1 {
		if flag := flags.ShorthandLookup(name); flag != nil {
			return flag
		}
		return root.Flags().ShorthandLookup(name)
	}
	if flag := flags.Lookup(name); flag != nil {
		return flag
	}
	return root.Flags().Lookup(name)
}
