package ui

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// Sources maps the names of files, as diagnostics use them, to their content.
type Sources map[string][]byte

// Diagnostic writes one diagnostic: what is wrong, the place with its source and
// the values in it, and what to do.
func (s Style) Diagnostic(d *hcl.Diagnostic, sources Sources) string {
	kind, color := "Error", red
	if d.Severity == hcl.DiagWarning {
		kind, color = "Warning", yellow
	}
	body := s.paint(bold+";"+color, kind+": ") + s.paint(bold, d.Summary) + "\n"
	about := ""
	if address := addressOf(d); address != "" {
		about = "  with " + address + ",\n"
	}
	if d.Subject != nil {
		body += "\n" + about + s.snippet(d, sources)
	} else if about != "" {
		body += "\n" + strings.TrimSuffix(about, ",\n") + "\n"
	}
	if d.Detail != "" {
		body += "\n" + s.wrap(d.Detail, 2) + "\n"
	}
	if !s.Color {
		return "\n" + body
	}
	bar := s.paint(color, "│")
	return s.paint(color, "╷") + "\n" + bar + " " + strings.ReplaceAll(strings.TrimSuffix(body, "\n"), "\n", "\n"+bar+" ") + "\n" + s.paint(color, "╵") + "\n"
}

// addressOf is the object that a diagnostic is about, if there is one.
func addressOf(d *hcl.Diagnostic) string {
	about, _ := d.Extra.(plan.About)
	return about.Addr
}

// Diagnostics writes all of them, but of several warnings of one kind only the
// first. Compact warnings are only named if there is no error.
func (s Style) Diagnostics(diags hcl.Diagnostics, sources Sources, compact bool) string {
	var b strings.Builder
	diags, more := similar(diags)
	if compact && !diags.HasErrors() && len(diags) > 0 {
		b.WriteString("\n" + s.paint(bold+";"+yellow, "Warnings:") + "\n\n")
		for _, d := range diags {
			b.WriteString("- " + d.Summary)
			if d.Subject != nil {
				fmt.Fprintf(&b, " (%s line %d%s)", d.Subject.Filename, d.Subject.Start.Line, andMore(more[d], " and %d more"))
			}
			b.WriteString("\n")
		}
		b.WriteString("\nTo see the full texts, leave out -compact-warnings.\n")
		return b.String()
	}
	for _, d := range diags {
		if n := more[d]; n > 0 {
			all := *d
			all.Detail = strings.TrimSpace(d.Detail + "\n\n(and " + count(n, "similar warning") + " elsewhere)")
			d = &all
		}
		b.WriteString(s.Diagnostic(d, sources))
	}
	return b.String()
}

// similar leaves of the warnings with one summary and a place only the first, with
// the number of the others.
func similar(diags hcl.Diagnostics) (hcl.Diagnostics, map[*hcl.Diagnostic]int) {
	var out hcl.Diagnostics
	first, more := map[string]*hcl.Diagnostic{}, map[*hcl.Diagnostic]int{}
	for _, d := range diags {
		if d.Severity != hcl.DiagWarning || d.Subject == nil {
			out = append(out, d)
			continue
		}
		if before := first[d.Summary]; before != nil {
			more[before]++
			continue
		}
		first[d.Summary] = d
		out = append(out, d)
	}
	return out, more
}

func andMore(n int, format string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(format, n)
}

// snippet shows the place of a diagnostic.
func (s Style) snippet(d *hcl.Diagnostic, sources Sources) string {
	at := d.Subject
	src, ok := sources[at.Filename]
	if !ok {
		if at.Filename == "" {
			return ""
		}
		return fmt.Sprintf("  on %s line %d\n", at.Filename, at.Start.Line)
	}
	where := ""
	if c := enclosing(src, at); c != "" {
		where = ", in " + c
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  on %s line %d%s:\n", at.Filename, at.Start.Line, where)
	lines := bytes.Split(src, []byte("\n"))
	last := min(at.End.Line, at.Start.Line+4, len(lines))
	for n := at.Start.Line; n <= last && n >= 1; n++ {
		line := strings.TrimRight(string(lines[n-1]), "\r")
		from, to := 0, len([]rune(line))
		if n == at.Start.Line {
			from = at.Start.Column - 1
		}
		if n == at.End.Line {
			to = at.End.Column - 1
		}
		line, from, to = window(line, from, to)
		fmt.Fprintf(&b, "%4d: %s\n", n, line)
		if under := underline(line, from, to); under != "" && at.Start.Line == at.End.Line {
			b.WriteString("      " + s.paint(red, under) + "\n")
		}
	}
	values := s.values(d)
	if len(values) > 0 {
		b.WriteString("    ├────────────────\n")
		for _, v := range values {
			b.WriteString("    │ " + v + "\n")
		}
	}
	return b.String()
}

// longest is how many characters of a line a snippet shows.
const longest = 250

// window cuts a line that is too long to be read to what is around the columns
// from..to.
func window(line string, from, to int) (part string, newFrom, newTo int) {
	runes := []rune(line)
	if len(runes) <= longest {
		return line, from, to
	}
	begin := max(0, min(from-longest/4, len(runes)-longest))
	part = string(runes[begin : begin+longest])
	if begin > 0 {
		part = "…" + part
		begin--
	}
	if begin+longest < len(runes) {
		part += "…"
	}
	return part, from - begin, min(to-begin, longest)
}

// underline puts ^ below the columns from..to of line, tabs kept.
func underline(line string, from, to int) string {
	runes := []rune(line)
	to = min(max(to, from+1), max(len(runes), from+1))
	if from < 0 || from > len(runes) {
		return ""
	}
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(runes[:from]))
	return pad + strings.Repeat("^", to-from)
}

// enclosing is the header of the top-level block around a place.
func enclosing(src []byte, at *hcl.Range) string {
	if !strings.HasSuffix(at.Filename, ".tf") && !strings.HasSuffix(at.Filename, ".tofu") && !strings.HasSuffix(at.Filename, ".hcl") {
		return ""
	}
	f, _ := syntax.File(src, at.Filename) // what can be read is enough
	if f == nil {
		return ""
	}
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok {
		return ""
	}
	for _, block := range body.Blocks {
		if all := block.Range(); at.Start.Byte >= block.TypeRange.Start.Byte && at.Start.Byte < max(all.End.Byte, block.CloseBraceRange.End.Byte) {
			out := block.Type
			for _, l := range block.Labels {
				out += " " + quote(l)
			}
			return out
		}
	}
	return ""
}

// values says what the names in the expression stood for.
func (s Style) values(d *hcl.Diagnostic) []string {
	if d.Expression == nil || d.EvalContext == nil {
		return nil
	}
	var out []string
	for _, t := range d.Expression.Variables() {
		for len(t) > 1 {
			v, diags := t.TraverseAbs(d.EvalContext)
			if diags.HasErrors() {
				t = t[:len(t)-1] // the part before may say why
				continue
			}
			if text := traversal(t) + " " + short(v); !slices.Contains(out, text) {
				out = append(out, text)
			}
			break
		}
	}
	slices.Sort(out)
	return out
}

// short says in a few words what a value is.
func short(v cty.Value) string {
	bare, _ := v.Unmark()
	switch {
	case hidden(v):
		return "has a sensitive value"
	case !bare.IsKnown():
		if bare.Type() == cty.DynamicPseudoType {
			return "will be known only after apply"
		}
		return "is a " + bare.Type().FriendlyName() + ", known only after apply"
	case bare.IsNull():
		return "is null"
	case bare.Type().IsPrimitiveType():
		return "is " + primitive(bare)
	}
	n := 0
	if bare.CanIterateElements() {
		n = bare.LengthInt()
	}
	switch ty := bare.Type(); {
	case ty.IsObjectType():
		return "is object with " + count(n, "attribute")
	case n == 0:
		return "is empty " + ty.FriendlyName()
	default:
		return "is " + ty.FriendlyName() + " with " + count(n, "element")
	}
}

// traversal writes a traversal as it stands in the source.
func traversal(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(step.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + step.Name)
		case hcl.TraverseIndex:
			b.WriteString("[" + primitive(step.Key) + "]")
		}
	}
	return b.String()
}
