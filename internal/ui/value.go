package ui

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Value writes v as an expression that gives it, over several lines if it has
// parts. Marked parts are not shown.
func Value(v cty.Value) string { return valueAt(v, 0) }

func valueAt(v cty.Value, indent int) string {
	switch {
	case hidden(v):
		return "(sensitive value)"
	case !v.IsKnown():
		return "(known after apply)"
	case v.IsNull():
		return nullText(v.Type())
	}
	switch ty := v.Type(); {
	case ty == cty.String:
		return stringText(v.AsString(), indent)
	case ty.IsPrimitiveType():
		return primitive(v)
	case ty.IsObjectType():
		return braces("{", "}", v, indent)
	case ty.IsMapType():
		return braces("tomap({", "})", v, indent)
	case ty.IsTupleType():
		return brackets("[", "]", v, indent)
	case ty.IsListType():
		return brackets("tolist([", "])", v, indent)
	case ty.IsSetType():
		return brackets("toset([", "])", v, indent)
	}
	return "(" + v.Type().FriendlyName() + ")"
}

func braces(open, end string, v cty.Value, indent int) string {
	if v.LengthInt() == 0 {
		return open + end
	}
	var b strings.Builder
	b.WriteString(open + "\n")
	for _, k := range slices.Sorted(maps.Keys(v.AsValueMap())) {
		part := v.AsValueMap()[k]
		fmt.Fprintf(&b, "%*s%s = %s\n", indent+2, "", strconv.Quote(k), valueAt(part, indent+2))
	}
	fmt.Fprintf(&b, "%*s%s", indent, "", end)
	return b.String()
}

func brackets(open, end string, v cty.Value, indent int) string {
	if v.LengthInt() == 0 {
		return open + end
	}
	var b strings.Builder
	b.WriteString(open + "\n")
	for it := v.ElementIterator(); it.Next(); {
		_, part := it.Element()
		fmt.Fprintf(&b, "%*s%s,\n", indent+2, "", valueAt(part, indent+2))
	}
	fmt.Fprintf(&b, "%*s%s", indent, "", end)
	return b.String()
}

func nullText(ty cty.Type) string {
	switch ty {
	case cty.String:
		return "tostring(null)"
	case cty.Number:
		return "tonumber(null)"
	case cty.Bool:
		return "tobool(null)"
	}
	return "null"
}

// stringText is a quoted string, or a heredoc if there are several lines.
func stringText(s string, indent int) string {
	if !strings.Contains(strings.TrimSuffix(s, "\n"), "\n") {
		return quote(s)
	}
	pad := strings.Repeat(" ", indent)
	return "<<-EOT\n" + pad + "  " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+pad+"  ") + "\n" + pad + "EOT"
}

// quote writes a string on one line as HCL does.
func quote(s string) string {
	out := strconv.Quote(s)
	out = strings.ReplaceAll(out, "${", "$${")
	return strings.ReplaceAll(out, "%{", "%%{")
}

// primitive writes a known string, number or boolean on one line.
func primitive(v cty.Value) string {
	switch v.Type() {
	case cty.String:
		return quote(v.AsString())
	case cty.Number:
		return v.AsBigFloat().Text('f', -1)
	case cty.Bool:
		return strconv.FormatBool(v.True())
	}
	return "(" + v.Type().FriendlyName() + ")"
}

// attributeName is a name as it stands before an equals sign.
func attributeName(name string) string {
	if hclsyntax.ValidIdentifier(name) {
		return name
	}
	return quote(name)
}
