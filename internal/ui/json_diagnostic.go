package ui

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

type diagnostic struct {
	Severity string       `json:"severity"`
	Summary  string       `json:"summary"`
	Detail   string       `json:"detail"`
	Address  string       `json:"address,omitempty"`
	Range    *rangeJSON   `json:"range,omitempty"`
	Snippet  *snippetJSON `json:"snippet,omitempty"`
}

type rangeJSON struct {
	Filename string  `json:"filename"`
	Start    posJSON `json:"start"`
	End      posJSON `json:"end"`
}

type posJSON struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

type snippetJSON struct {
	Context   *string     `json:"context"`
	Code      string      `json:"code"`
	StartLine int         `json:"start_line"`
	From      int         `json:"highlight_start_offset"`
	To        int         `json:"highlight_end_offset"`
	Values    []valueJSON `json:"values"`
}

type valueJSON struct {
	Traversal string `json:"traversal"`
	Statement string `json:"statement"`
}

func diagnosticJSON(d *hcl.Diagnostic, sources Sources) diagnostic {
	out := diagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail, Address: addressOf(d)}
	if d.Severity == hcl.DiagWarning {
		out.Severity = "warning"
	}
	at := d.Subject
	if at == nil || at.Filename == "" {
		return out
	}
	if at.Empty() { // as wide as what is shown of it
		wide := *at
		wide.End = hcl.Pos{Line: at.Start.Line, Column: at.Start.Column + 1, Byte: at.Start.Byte + 1}
		at = &wide
	}
	out.Range = &rangeJSON{at.Filename, posJSON(at.Start), posJSON(at.End)}
	src, ok := sources[at.Filename]
	if !ok || at.Start.Byte > len(src) || at.End.Byte > len(src)+1 {
		return out
	}
	last := min(at.End.Byte, len(src))
	begin := bytes.LastIndexByte(src[:at.Start.Byte], '\n') + 1
	end := len(src)
	if n := bytes.IndexByte(src[last:], '\n'); n >= 0 {
		end = last + n
	}
	out.Snippet = &snippetJSON{
		Code: string(src[begin:end]), StartLine: at.Start.Line,
		From: at.Start.Byte - begin, To: last - begin, Values: []valueJSON{},
	}
	if c := enclosing(src, at); c != "" {
		out.Snippet.Context = &c
	}
	for _, v := range (Style{}).values(d) {
		name, statement, _ := strings.Cut(v, " ")
		out.Snippet.Values = append(out.Snippet.Values, valueJSON{name, statement})
	}
	return out
}

// Validation is the JSON document of the command validate.
func Validation(diags hcl.Diagnostics, sources Sources) ([]byte, error) {
	out := struct {
		Format      string       `json:"format_version"`
		Valid       bool         `json:"valid"`
		Errors      int          `json:"error_count"`
		Warnings    int          `json:"warning_count"`
		Diagnostics []diagnostic `json:"diagnostics"`
	}{Format: "1.0", Valid: !diags.HasErrors(), Diagnostics: []diagnostic{}}
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			out.Errors++
		} else {
			out.Warnings++
		}
		out.Diagnostics = append(out.Diagnostics, diagnosticJSON(d, sources))
	}
	return indented(out)
}

// indented is v as JSON over several lines, without HTML escapes.
func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}
