package dbt

import (
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// unitTestChecksum covers everything but the description. dbt takes it of what
// Python prints of its objects; state:modified compares it.
func unitTestChecksum(u *UnitTest, given *jinja.List, expect *jinja.Dict, overrides, versions any) string {
	inputs := make([]string, len(given.V))
	files := ""
	for i, g := range given.V {
		d := g.(*jinja.Dict)
		inputs[i] = printedFixture("UnitTestInputFixture", d)
		if fixture, _ := d.Get("fixture"); fixture != nil {
			rows, _ := d.Get("rows")
			files += "-" + jinja.Str(rows)
		}
	}
	return checksum(fmt.Sprintf("%s-%s-[%s]-%s-%s%s", u.Model, printedObject("UnitTestNodeVersions", versions),
		strings.Join(inputs, ", "), printedFixture("UnitTestOutputFixture", expect),
		printedObject("UnitTestOverrides", overrides), files)).Checksum
}

func printedFixture(class string, d *jinja.Dict) string {
	var fields []string
	for _, key := range []string{"input", "rows", "format", "fixture"} {
		v, ok := d.Get(key)
		switch {
		case !ok:
		case key == "format":
			name := jinja.Str(v)
			member := map[string]string{"dict": "Dict", "csv": "CSV", "sql": "SQL"}[name]
			fields = append(fields, fmt.Sprintf("format=<UnitTestFormat.%s: '%s'>", member, name))
		default:
			fields = append(fields, key+"="+jinja.Repr(v))
		}
	}
	return class + "(" + strings.Join(fields, ", ") + ")"
}

func printedObject(class string, v any) string {
	d, ok := v.(*jinja.Dict)
	if !ok {
		return "None"
	}
	var fields []string
	for _, key := range keysIn(d) {
		field, _ := d.Get(key)
		fields = append(fields, jinja.Str(key)+"="+jinja.Repr(field))
	}
	return class + "(" + strings.Join(fields, ", ") + ")"
}
