package statemachine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// A source is where a definition comes from: its text, and where people find what
// is wrong with it.
type source struct {
	at   path.Path
	file string // "" for the attribute definition
	text string
	cuts []cut // of a file with substitutions
}

// definition is the definition that the model asks for. All that it depends on must
// be known. The error is a [tf.AttributeError].
func (m *machine) source() (source, error) {
	if m.DefinitionFile.IsNull() {
		return source{at: path.Root("definition"), text: m.Definition.ValueString()}, nil
	}
	s := source{at: path.Root("definition_file"), file: m.DefinitionFile.ValueString()}
	raw, err := readFile(s.file)
	if err != nil {
		return s, tf.At(s.at, err)
	}
	values := map[string]string{}
	for name, v := range m.Substitutions {
		values[name] = v.ValueString()
	}
	if s.text, s.cuts, err = substitute(raw, values); err != nil {
		at := s.at
		if unused := new(unusedError); errors.As(err, &unused) {
			at = path.Root("substitutions").AtMapKey(unused.name)
		}
		return s, tf.At(at, &tf.Problem{Summary: "Bad substitution", Detail: s.file + ": " + err.Error()})
	}
	return s, nil
}

func readFile(name string) (string, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", &tf.Problem{Summary: "No such file", Detail: fmt.Sprintf("There is no file %s. Paths are relative to the working directory; write \"${path.module}/…\" for one beside the configuration.", name)}
	case err != nil:
		return "", fmt.Errorf("reading the definition: %w", err)
	case !info.Mode().IsRegular():
		return "", &tf.Problem{Summary: "Not a file", Detail: name + " is no regular file. Give the path of a file with the definition, JSON."}
	case info.Size() > maxDefinition:
		return "", &tf.Problem{Summary: "The definition is too long", Detail: fmt.Sprintf("%s has %d bytes; a definition has at most %d. Move parts of it to state machines of their own, which it starts.", name, info.Size(), maxDefinition)}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("reading the definition: %w", err)
	}
	if !utf8.Valid(data) {
		return "", &tf.Problem{Summary: "Not text", Detail: name + " is not UTF-8. Give a file with the definition, JSON."}
	}
	return string(data), nil
}

// A finding is a diagnostic of a definition in words for people.
type finding struct {
	warning         bool
	summary, detail string
}

// findings are what AWS would say of a definition, each with its place.
func (s source) findings(kind string) []finding {
	_, all := asl.Parse(s.text, asl.Workflow(kind))
	var out []finding
	for _, d := range all {
		f := finding{warning: d.Severity == asl.Warning, summary: "Invalid definition: " + d.Code}
		if f.warning {
			f.summary = "Doubtful definition: " + d.Code
		}
		if d.Code == asl.InvalidJSON {
			f.detail = s.badJSON()
		} else {
			f.detail = fmt.Sprintf("%s\n\n%s", strings.TrimSpace(d.Message), s.place(d.Location))
		}
		out = append(out, f)
	}
	return out
}

// place says where a location is, as people count, and shows what stands there.
func (s source) place(location string) string {
	r := asl.Locate(s.text, location)
	where := "the definition"
	if location != "" {
		where = location
	}
	const most = 72
	shown := strings.Join(strings.Fields(s.text[r.Start:r.End]), " ")
	if utf8.RuneCountInString(shown) > most {
		shown = string([]rune(shown)[:most]) + "…"
	}
	return fmt.Sprintf("At %s, %s:\n  %s", where, s.position(r.Start), shown)
}

// position is a byte of the text as people count in what they wrote.
func (s source) position(at int) string {
	text, name := s.text, ""
	if s.file != "" {
		text, at = uncut(s.text, s.cuts, at)
		name = s.file + ", "
	}
	line := 1 + strings.Count(text[:at], "\n")
	column := 1 + utf8.RuneCountInString(text[strings.LastIndexByte(text[:at], '\n')+1:at])
	return fmt.Sprintf("%sline %d, column %d", name, line, column)
}

// badJSON says why the text is no JSON, and where.
func (s source) badJSON() string {
	message, place := asl.JSONError(s.text)
	var line, column int
	if i := strings.LastIndex(place, "line: "); i >= 0 {
		_, _ = fmt.Sscanf(place[i:], "line: %d, column: %d", &line, &column) // written so by the same parser
	}
	start := 0
	for range line - 1 {
		start += strings.IndexByte(s.text[start:], '\n') + 1
	}
	at := start
	for range column - 1 {
		_, size := utf8.DecodeRuneInString(s.text[at:])
		at += size
	}
	return fmt.Sprintf("It is not JSON: %s\n\nAt %s. jsonencode() writes JSON from an HCL value.", message, s.position(at))
}

// validateDefinition checks the definition as far as it is known. AWS checks it
// again when it is sent.
func validateDefinition(v *tf.Check, m *machine) {
	file, inline := path.Root("definition_file"), path.Root("definition")
	decided := v.Decided("definition") && v.Decided("definition_file")
	switch {
	case !m.Definition.IsNull() && !m.DefinitionFile.IsNull():
		v.Error(file, "Two definitions", "Give definition or definition_file, not both.")
		return
	case decided && m.Definition.IsNull() && m.DefinitionFile.IsNull():
		v.Error(inline, "No definition", "Give definition, jsonencode({ … }), or the path of a file in definition_file.")
		return
	case m.Substitutions != nil && v.Decided("definition_file") && m.DefinitionFile.IsNull():
		v.Error(path.Root("substitutions"), "Only with definition_file", "In definition HCL's own ${ … } does the same. Leave substitutions out.")
		return
	}
	if !v.Known("definition") || !v.Known("definition_file") || !v.Known("substitutions") || !v.Known("type") {
		return
	}
	s, err := m.source()
	if err != nil {
		report(v, err)
		return
	}
	kind := m.Kind.ValueString()
	if kind == "" {
		kind = "STANDARD"
	}
	for _, f := range s.findings(kind) {
		if f.warning {
			v.Warn(s.at, f.summary, f.detail)
		} else {
			v.Error(s.at, f.summary, f.detail)
		}
	}
}

// report adds an error of [machine.source].
func report(v *tf.Check, err error) {
	at, summary, detail := path.Root("definition_file"), "Cannot read the definition", err.Error()
	var placed *tf.AttributeError
	if errors.As(err, &placed) {
		at, detail = placed.Path, placed.Err.Error()
	}
	var own *tf.Problem
	if errors.As(err, &own) {
		summary, detail = own.Summary, own.Detail
	}
	v.Error(at, summary, detail)
}
