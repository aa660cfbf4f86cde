package jinja_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/jinja"
)

// relation is a thing of the host, as dbt's relations are.
type relation struct{ schema, name string }

func (r *relation) GetAttr(name string) (any, bool) {
	switch name {
	case "name":
		return r.name, true
	case "render":
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { return r.Str(), nil }), true
	}
	return nil, false
}
func (r *relation) Str() string     { return `"` + r.schema + `"."` + r.name + `"` }
func (r *relation) Hash() string    { return r.Str() }
func (r *relation) IsMapping() bool { return true }

func TestHostObjects(t *testing.T) {
	t.Parallel()
	globals := map[string]any{
		"rel":  &relation{"main", "orders"},
		"twin": &relation{"main", "orders"},
		"fail": jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { return nil, errors.New("no such table") }),
	}
	checkRenderings(t, globals, []rendering{
		{src: "{{ rel }}", want: `"main"."orders"`},
		{src: "{{ rel.name }}{{ rel['name'] }}{{ rel.nope is defined }}", want: "ordersordersFalse"},
		{src: "{{ rel.render() }}", want: `"main"."orders"`},
		{src: "{{ rel is mapping }}", want: "True"},
		{src: "{{ {rel: 1}[twin] }}{{ rel == twin }}{{ rel in [twin] }}", want: "1TrueTrue"},
		{src: "a\n  {{ fail() }}", wantErr: "test.sql:2:6: no such table"},
	})
}

func TestUndefinedPolicies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		src    string
		policy jinja.UndefinedPolicy
		want   string
		fails  bool
	}{
		{"[{{ x }}]", jinja.UndefinedLenient, "[]", false},
		{"{{ x.y }}", jinja.UndefinedLenient, "", true},
		{"{{ x() }}", jinja.UndefinedLenient, "", true},
		{"{{ x }}", jinja.UndefinedStrict, "", true},
		{"{{ x is defined }}{{ x | default('d') }}", jinja.UndefinedStrict, "Falsed", false},
		{"[{{ x }}{{ x.y.z }}{{ x['a'](1).b }}{{ {}.k.l() }}]", jinja.UndefinedSilent, "[]", false},
	}
	for _, tt := range tests {
		tmpl, err := jinja.Parse("t", tt.src)
		if err != nil {
			t.Fatal(err)
		}
		s := jinja.NewState(t.Context())
		s.Undefined = tt.policy
		got, err := tmpl.Render(s)
		if got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%s under %d: got %q, %v, want %q, failing %t", tt.src, tt.policy, got, err, tt.want, tt.fails)
		}
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	src := "{% macro m(a, b=1) %}x{% endmacro %}\n" +
		"{% data_test t(model) -%} select 1 {%- enddata_test %}\n" +
		"{% materialization v, adapter='duckdb', supported_languages=['sql'] %}{{ return({'relations': []}) }}{% endmaterialization %}\n" +
		"{% snapshot s %}{{ 1 }}{% endsnapshot %}{% docs d %}text{% enddocs %}"
	tmpl, err := jinja.Parse("f.sql", src)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range tmpl.Blocks {
		got = append(got, fmt.Sprintf("%s %s %s %d:%d %q", b.Kind, b.Name, b.MacroName(), b.Pos.Line, b.Pos.Column, b.Source))
	}
	want := []string{
		`macro m m 1:1 "x"`,
		`test t test_t 2:1 " select 1 "`,
		`materialization v materialization_v_duckdb 3:1 "{{ return({'relations': []}) }}"`,
		`snapshot s  4:1 "{{ 1 }}"`,
		`docs d  4:41 "text"`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("blocks (-want +got):\n%s", d)
	}
	s := state(t.Context(), map[string]any{"return": jinja.Return})
	v, err := tmpl.Defs()["materialization_v_duckdb"].Call(s, nil, nil)
	if d := cmp.Diff(map[string]any{"relations": []any{}}, jinja.ToGo(v)); d != "" || err != nil {
		t.Errorf("materialization: %v (-want +got):\n%s", err, d)
	}
	if v, err := tmpl.Macro(tmpl.Blocks[4]).Call(s, nil, nil); v != "text" || err != nil {
		t.Errorf("docs: got %v, %v", v, err)
	}
}

func TestErrorsCarryTheMacroStack(t *testing.T) {
	t.Parallel()
	lib, err := jinja.Parse("macros/lib.sql", "\n{% macro inner(x) %}\n  {{ x.y.z }}\n{% endmacro %}\n{% macro outer() %}{{ inner({}) }}{% endmacro %}")
	if err != nil {
		t.Fatal(err)
	}
	globals := map[string]any{}
	for name, m := range lib.Defs() {
		m.Scope = "lib"
		globals[name] = m
	}
	_, err = render(t, "select\n  {{ outer() }}", globals)
	want := "macros/lib.sql:3:10: 'dict object' has no attribute 'y'\n" +
		"  > macro inner (macros/lib.sql:2) called at macros/lib.sql:5:23\n" +
		"  > macro outer (macros/lib.sql:5) called at test.sql:2:6"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestScopeAndEntered(t *testing.T) {
	t.Parallel()
	lib, err := jinja.Parse("lib.sql", "{% macro a() %}{{ where() }}{{ b() }}{% endmacro %}{% macro b() %}{{ where() }}{% endmacro %}")
	if err != nil {
		t.Fatal(err)
	}
	defs := lib.Defs()
	defs["a"].Scope, defs["b"].Scope = "first", "second"
	globals := map[string]any{"a": defs["a"], "b": defs["b"]}
	globals["where"] = jinja.Func(func(s *jinja.State, _ []any, _ *jinja.Dict) (any, error) { return s.Scope() + " ", nil })
	s := state(t.Context(), globals)
	s.SetScope("root")
	var entered []string
	s.Entered = func(m *jinja.Macro) { entered = append(entered, fmt.Sprint(m.Block.Name, s.Depth())) }
	tmpl, err := jinja.Parse("t", "{{ where() }}{{ a() }}{{ where() }}")
	if err != nil {
		t.Fatal(err)
	}
	got, err := tmpl.Render(s)
	if want := "root first second root "; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if d := cmp.Diff([]string{"a1", "b2"}, entered); d != "" {
		t.Errorf("entered (-want +got):\n%s", d)
	}
}

func TestReturn(t *testing.T) {
	t.Parallel()
	checkRenderings(t, map[string]any{"return": jinja.Return}, []rendering{
		{src: "{% macro m() %}{% for i in [1, 2] %}{% if i == 2 %}{{ return([i]) }}{% endif %}{% endfor %}{% endmacro %}{{ m()[0] + 1 }}", want: "3"},
		{src: "{% macro m() %}{{ return(none) }}{% endmacro %}{{ m() is none }}", want: "True"},
		{src: "{% macro w() %}{{ caller() }}after{% endmacro %}{% call w() %}{{ return('early') }}{% endcall %}", want: "early"},
		{src: "{{ return(1) }}", wantErr: "return() outside of a macro"},
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}": "steps",
		"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}":                                "levels deep",
		"{{ 'x' * 99999999999 }}":   "longer than",
		"{{ '%99999999d' % 1 }}":    "too large",
		"{{ 'x'.ljust(99999999) }}": "longer than",
		"{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}":    "longer than",
		"{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}":              "steps",
		"{% set n = namespace(s='xx') %}{% for i in range(99) %}{% set n.s = n.s.replace('x', n.s) %}{% endfor %}": "longer than",
		"{{ 2 ** 99999999 }}":  "integer has more than",
		"{{ 2 ** (2 ** 99) }}": "integer has more than",
		"{% set n = namespace(i=3) %}{% for i in range(99) %}{% set n.i = n.i * n.i %}{% endfor %}": "integer has more than",
		"{{ " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + " }}":                       "nested",
	}
	for src, want := range tests {
		t.Run(src[:min(len(src), 40)], func(t *testing.T) {
			t.Parallel()
			tmpl, err := jinja.Parse("t", src)
			if err == nil {
				s := jinja.NewState(t.Context())
				s.Limits = jinja.Limits{Steps: 1_000_000, Output: 1 << 20}
				_, err = tmpl.Render(s)
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error with %q", err, want)
			}
		})
	}
}

func TestCancelledRenderStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	globals := map[string]any{"stop": jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { cancel(); return "", nil })}
	tmpl, err := jinja.Parse("t", "{{ stop() }}{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tmpl.Render(state(ctx, globals)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// TestConcurrentRenders shares one template and its macros among goroutines;
// under -race it fails if rendering writes to either.
func TestConcurrentRenders(t *testing.T) {
	t.Parallel()
	lib, err := jinja.Parse("lib", "{% macro m(n) %}{% set l = [] %}{% for i in range(n) %}{% do l.append(i ~ loop.index) %}{% endfor %}{{ return(l) }}{% endmacro %}")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := jinja.Parse("t", "{% macro w() %}{{ caller(x) }}{% endmacro %}{% set x = m(n) %}{% call(v) w() %}{{ v | join }}{% endcall %}{{ x is sequence }}")
	if err != nil {
		t.Fatal(err)
	}
	m := lib.Defs()["m"]
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			want := ""
			for i := range n {
				want += fmt.Sprint(i, i+1)
			}
			want = strings.ReplaceAll(want, " ", "") + "True"
			for range 20 {
				got, err := tmpl.Render(state(t.Context(), map[string]any{"m": m, "n": int64(n), "return": jinja.Return}))
				if got != want || err != nil {
					t.Errorf("n=%d: got %q, %v, want %q", n, got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestRenderNative(t *testing.T) {
	t.Parallel()
	globals := map[string]any{"n": int64(5), "s": "5", "l": jinja.NewList(int64(1)), "b": true}
	tests := map[string]any{
		"{{ n }}": int64(5), "{{ 1 }}": int64(1), "{{ s }}": "5", "{{ b }}": true, "{{ none }}": nil,
		"{{ n }}{{ n }}": "55", "a{{ n }}": "a5", "": "", "text": "text", "{{ n }}\n": int64(5),
		"{{ s | as_native }}": int64(5), "{{ '[1, \"a\"]' | as_native }}": []any{int64(1), "a"},
		"{{ 'True' | as_bool }}": true, "{{ s | as_number }}": int64(5), "{{ '07' | as_native }}": "07",
		"{{ 'true' | as_native }}": "true", "{{ n | as_text }}": "5", "{{ l }}": []any{int64(1)},
		"{% if b %}{{ n }}{% endif %}": int64(5), "{{ '-1.5' | as_number }}": -1.5,
	}
	for src, want := range tests {
		tmpl, err := jinja.Parse("t", src)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tmpl.RenderNative(state(t.Context(), globals))
		if d := cmp.Diff(want, jinja.ToGo(got)); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", src, err, d)
		}
	}
	for _, src := range []string{"{{ 'true' | as_bool }}", "{{ 'x' | as_number }}", "{{ true | as_number }}"} {
		tmpl, err := jinja.Parse("t", src)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := tmpl.RenderNative(state(t.Context(), globals)); err == nil {
			t.Errorf("%s: got %v, want an error", src, v)
		}
	}
}

func TestConversion(t *testing.T) {
	t.Parallel()
	in := map[string]any{"b": []any{1, uint8(2), 2.5, true, nil, "x"}, "a": map[string]any{"k": int32(1)}}
	v := jinja.FromGo(in)
	if got, want := jinja.Str(v), "{'a': {'k': 1}, 'b': [1, 2, 2.5, True, None, 'x']}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want := map[string]any{"b": []any{int64(1), int64(2), 2.5, true, nil, "x"}, "a": map[string]any{"k": int64(1)}}
	if d := cmp.Diff(want, jinja.ToGo(v)); d != "" {
		t.Errorf("round trip (-want +got):\n%s", d)
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	globals := map[string]any{}
	for name, text := range map[string]string{"a": "1.50", "b": "3", "neg": "-0.05", "big": "12345678901234567890.5"} {
		d, err := jinja.ParseDecimal(text)
		if err != nil {
			t.Fatal(err)
		}
		globals[name] = d
	}
	checkRenderings(t, globals, []rendering{
		{src: "{{ a }} {{ b }} {{ neg }} {{ big }}", want: "1.50 3 -0.05 12345678901234567890.5"},
		{src: "{{ a + 1 }} {{ a * b }} {{ a - b }} {{ a / b }} {{ 1 / b }}", want: "2.50 4.50 -1.50 0.50 0.3333333333333333333333333333"},
		{src: "{{ a == 1.5 }}{{ b == 3 }}{{ a < b }}{{ a > 1 }}{{ {3: 'x'}[b] }}", want: "TrueTrueTrueTruex"},
		{src: "{{ a | int }} {{ a | float }} {{ a | round(1) }} {{ neg | abs }} {{ [a, b] | sum }} {{ -a }}", want: "1 1.5 1.5 0.05 4.50 -1.50"},
		{src: "{{ [a] }}{{ a is number }}{{ '%.1f|%s' % (a, a) }}{{ '{:.3f}'.format(a) }}", want: "[Decimal('1.50')]True1.5|1.501.500"},
		{src: "{{ a / 0 }}", wantErr: "division by zero"},
	})
}

func TestBlocksKeepTheLineEndsOfTheFile(t *testing.T) {
	t.Parallel()
	file := "top\r\n{% macro one(x) %}\r\n  a\r\n{% endmacro %}\r\n\n{% macro two() -%}\nb\r\nc{% endmacro %}"
	template, err := jinja.Parse("m.sql", file)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range template.Blocks {
		got = append(got, b.Text, b.Source)
	}
	want := []string{
		"{% macro one(x) %}\r\n  a\r\n{% endmacro %}", "\r\n  a\r\n",
		"{% macro two() -%}\nb\r\nc{% endmacro %}", "\nb\r\nc",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
