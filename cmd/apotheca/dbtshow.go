package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

// showFlags are those of show.
type showFlags struct {
	inline, inlineDirect, output string
	limit                        int
}

func (a *app) dbtShowCommand(f *dbtFlags) *cobra.Command {
	own := &showFlags{}
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the first rows of a node, or of a query",
		Args:  noNodes,
		RunE:  a.dbtRun(f, "show", func(ctx context.Context, i *invocation, _ []string) error { return i.show(ctx, own) }),
	}
	flags := cmd.Flags()
	flags.StringVar(&own.inline, "inline", "", "a `query`, which may use ref() and source()")
	flags.StringVar(&own.inlineDirect, "inline-direct", "", "a `query` that is sent as it is")
	flags.IntVar(&own.limit, "limit", 5, "`rows` to print; -1 prints all")
	flags.StringVar(&own.output, "output", "text", "text or json")
	return cmd
}

func (i *invocation) show(ctx context.Context, f *showFlags) error {
	if f.output != "text" && f.output != "json" {
		return usagef("no output of show is named %q", f.output).hint("--output text or json")
	}
	if f.inline == "" && f.inlineDirect == "" && len(i.selects) == 0 && i.selector == "" {
		return usagef("show needs something to show").hint("--select MODEL, or --inline 'select …'")
	}
	if i.noIntrospect {
		return usagef("show asks the database, which --no-introspect forbids").hint("apotheca dbt compile --no-introspect prints the SQL")
	}
	if err := i.load(); err != nil {
		return err
	}
	nodes, err := i.shownNodes(f)
	if err != nil {
		return err
	}
	w, err := i.open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	previews, err := build.Look(ctx, i.options(w, nil), nodes, f.limit)
	if err != nil {
		return err
	}
	for _, p := range previews {
		if err := i.printPreview(p, f); err != nil {
			return err
		}
	}
	return nil
}

// shownNodes are the query given, or the selected nodes that have rows.
func (i *invocation) shownNodes(f *showFlags) ([]*dbt.Node, error) {
	if f.inlineDirect != "" {
		return i.inlineNode("{% raw %}" + f.inlineDirect + "{% endraw %}")
	}
	if f.inline != "" {
		return i.inlineNode(f.inline)
	}
	ids, err := i.selectNodes()
	if err != nil {
		return nil, err
	}
	var nodes []*dbt.Node
	for _, id := range ids {
		// Tests that come along with a model are not what was asked for.
		if n := i.project.Nodes[id]; n != nil && (n.ResourceType != dbt.DataTest || n.IsSingular() || len(ids) == 1) {
			nodes = append(nodes, n)
		}
	}
	return nodes, nil
}

func (i *invocation) inlineNode(sql string) ([]*dbt.Node, error) {
	n, err := i.project.Inline(sql)
	if err != nil {
		return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	return []*dbt.Node{n}, nil
}

func (i *invocation) printPreview(p build.Preview, f *showFlags) error {
	inline := f.inline != "" || f.inlineDirect != ""
	data := map[string]any{"node_name": p.Node.Name, "unique_id": p.Node.UniqueID, "is_inline": inline, "output_format": f.output, "quiet": i.quiet}
	name, title := p.Node.Name, "Previewing node '"+p.Node.Name+"':"
	if inline {
		name, title = "", "Previewing inline node:"
	}
	if f.output == "json" {
		text, err := p.Table.JSON(name)
		if err != nil {
			return err
		}
		data["preview"] = text
		i.print("ShowNode", text, data)
		return nil
	}
	limits := dbt.DefaultPrintLimits()
	limits.Rows = -1
	data["preview"] = p.Table.Print(limits)
	i.print("ShowNode", fmt.Sprintf("%s\n%s", title, data["preview"]), data)
	return nil
}

// compileFlags adds compile --inline.
func compileFlags(cmd *cobra.Command, f *listFlags) {
	cmd.Flags().StringVar(&f.inline, "inline", "", "a `query` to compile instead of the project's nodes")
	cmd.Flags().StringVar(&f.output, "output", "text", "text or json")
	unset(cmd.Flags(), new(bool), "inject-ephemeral-ctes", "leave ephemeral models out")
}

// compileNodes writes SQL, and prints that of what was asked for by name.
func compileNodes(ctx context.Context, i *invocation, f *listFlags) error {
	if f.inline != "" {
		return i.compileInline(ctx, f.inline, f.output)
	}
	if err := i.runNodes(ctx); err != nil || len(i.compiled) != 1 || len(i.selects) == 0 {
		return err
	}
	r := i.compiled[0]
	i.printCompiled(r.Node, r.CompiledCode, false, f.output)
	return nil
}

func (i *invocation) compileInline(ctx context.Context, sql, output string) error {
	if err := i.load(); err != nil {
		return err
	}
	nodes, err := i.inlineNode(sql)
	if err != nil {
		return err
	}
	w, err := i.open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	compiled, err := build.CompileOne(ctx, i.options(w, nil), nodes[0])
	if err != nil {
		return err
	}
	i.printCompiled(nodes[0], strings.TrimRight(compiled.Code, "\n"), true, output)
	return nil
}

func (i *invocation) printCompiled(n *dbt.Node, sql string, inline bool, output string) {
	data := map[string]any{"compiled": sql, "node_name": n.Name, "unique_id": n.UniqueID, "is_inline": inline, "output_format": output, "quiet": i.quiet}
	text := fmt.Sprintf("Compiled node '%s' is:\n%s", n.Name, sql)
	if inline {
		text = "Compiled inline node is:\n" + sql
	}
	if output == "json" {
		shown := map[string]any{"node": n.Name, "compiled": sql}
		if inline {
			delete(shown, "node")
		}
		encoded, _ := json.MarshalIndent(shown, "", "  ") // two texts
		text = string(encoded)
	}
	i.print("CompiledNode", text, data)
}
