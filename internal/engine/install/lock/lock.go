// Package lock reads and writes the lock file of a configuration,
// .terraform.lock.hcl, in the form in which terraform writes it.
//
// It must not know where packages come from, or compute their hashes.
package lock

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apparentlymart/go-versions/versions"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// FileName is the lock file's name in the folder of the root module.
const FileName = ".terraform.lock.hcl"

// File is a lock file: for each provider, what was selected.
type File map[addr.Provider]*Selection

// Selection is the version of a provider that is used until an upgrade.
type Selection struct {
	Version     versions.Version
	Constraints string   // that it was selected by, in their canonical form; may be empty
	Hashes      []string // of packages that may be used, with their scheme, such as "h1:…"; sorted
}

// Matches tells that one of the hashes is among those of the selection.
func (s *Selection) Matches(hashes ...string) bool {
	return slices.ContainsFunc(hashes, func(h string) bool { return slices.Contains(s.Hashes, h) })
}

// Add adds hashes that are not there yet.
func (s *Selection) Add(hashes ...string) {
	s.Hashes = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(s.Hashes), hashes...))))
}

// Clone is a copy that can be changed.
func (f File) Clone() File {
	out := File{}
	for p, s := range f {
		c := *s
		c.Hashes = slices.Clone(s.Hashes)
		out[p] = &c
	}
	return out
}

// Equal tells that both hold the same selections.
func (f File) Equal(other File) bool { return bytes.Equal(f.Bytes(), other.Bytes()) }

// Read reads the lock file at path. A missing one is empty.
func Read(path string) (File, hcl.Diagnostics) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return File{}, nil
	}
	if err != nil {
		return File{}, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Lock file cannot be read", Detail: fmt.Sprintf("Reading %s: %v.", path, err)}}
	}
	return parse(raw, path)
}

var fileSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "provider", LabelNames: []string{"source"}}, {Type: "module", LabelNames: []string{"path"}}}}

var selectionSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "version", Required: true}, {Name: "constraints"}, {Name: "hashes"}}}

func parse(raw []byte, path string) (File, hcl.Diagnostics) {
	f, diags := syntax.File(raw, path)
	if diags.HasErrors() {
		return File{}, diags
	}
	content, diags := f.Body.Content(fileSchema)
	out := File{}
	for _, b := range content.Blocks {
		if b.Type == "module" {
			diags = append(diags, problem(b.DefRange, "Modules cannot be locked", "The lock file selects a module. Only providers can be locked; remove the block."))
			continue
		}
		p, err := addr.ParseProvider(b.Labels[0])
		if err != nil || p.String() != b.Labels[0] {
			diags = append(diags, problem(b.LabelRanges[0], "Invalid provider in the lock file", "%q is not the full address of a provider, host/namespace/type.", b.Labels[0]))
			continue
		}
		if out[p] != nil {
			diags = append(diags, problem(b.DefRange, "Locked twice", "The lock file has two blocks for the provider %s. Remove one of them.", p))
			continue
		}
		s, more := selection(b.Body)
		diags = append(diags, more...)
		out[p] = s
	}
	return out, diags
}

func selection(body hcl.Body) (*Selection, hcl.Diagnostics) {
	s := &Selection{}
	c, diags := body.Content(selectionSchema)
	for _, a := range c.Attributes {
		v, more := a.Expr.Value(nil)
		diags = append(diags, more...)
		if more.HasErrors() {
			continue
		}
		if a.Name == "hashes" {
			ok := v.CanIterateElements()
			if ok {
				for _, e := range v.AsValueSlice() {
					if ok = ok && !e.IsNull() && e.Type() == cty.String && strings.Contains(e.AsString(), ":"); ok {
						s.Add(e.AsString())
					}
				}
			}
			if !ok {
				diags = append(diags, problem(a.Expr.Range(), "Invalid hashes in the lock file", "The hashes must be a list of strings such as \"h1:…\"."))
			}
			continue
		}
		if v.IsNull() || v.Type() != cty.String {
			diags = append(diags, problem(a.Expr.Range(), "Invalid lock file", "The %s must be a string.", a.Name))
			continue
		}
		var err error
		if a.Name == "version" {
			s.Version, err = versions.ParseVersion(v.AsString())
		} else {
			s.Constraints, err = Canonical(v.AsString())
		}
		if err != nil {
			diags = append(diags, problem(a.Expr.Range(), "Invalid lock file", "The %s %q is none: %v.", a.Name, v.AsString(), err))
		}
	}
	return s, diags
}

func problem(at hcl.Range, summary, detail string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: &at}
}

// Bytes is the file's content.
func (f File) Bytes() []byte {
	out := hclwrite.NewEmptyFile()
	body := out.Body()
	for _, line := range []string{`# This file is maintained automatically by "terraform init".`, `# Manual edits may be lost in future updates.`} {
		body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte(line + "\n")}})
	}
	for _, p := range slices.SortedFunc(maps.Keys(f), func(a, b addr.Provider) int { return strings.Compare(a.String(), b.String()) }) {
		s := f[p]
		body.AppendNewline()
		b := body.AppendNewBlock("provider", []string{p.String()}).Body()
		b.SetAttributeValue("version", cty.StringVal(s.Version.String()))
		if s.Constraints != "" {
			b.SetAttributeValue("constraints", cty.StringVal(s.Constraints))
		}
		if len(s.Hashes) > 0 {
			b.SetAttributeRaw("hashes", lines(s.Hashes))
		}
	}
	return out.Bytes()
}

// lines is a list with an element per line.
func lines(hashes []string) hclwrite.Tokens {
	newline := &hclwrite.Token{Type: hclsyntax.TokenNewline, Bytes: []byte("\n")}
	out := hclwrite.Tokens{{Type: hclsyntax.TokenOBrack, Bytes: []byte("[")}, newline}
	for _, h := range hashes {
		out = append(out, hclwrite.TokensForValue(cty.StringVal(h))...)
		out = append(out, &hclwrite.Token{Type: hclsyntax.TokenComma, Bytes: []byte(",")}, newline)
	}
	return append(out, &hclwrite.Token{Type: hclsyntax.TokenCBrack, Bytes: []byte("]")})
}

// Write replaces the file at path in one step.
func (f File) Write(path string) error {
	t, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".")
	if err != nil {
		return fmt.Errorf("writing the lock file: %w", err)
	}
	_, err = t.Write(f.Bytes())
	err = errors.Join(err, t.Chmod(0o644), t.Close())
	if err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		_ = os.Remove(t.Name())
		return fmt.Errorf("writing the lock file: %w", err)
	}
	return nil
}
