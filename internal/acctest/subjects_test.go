package acctest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestEveryTypeIsProved: each resource type has a subject with all that its proofs are
// made of, so that none is left out: imports, changes and refusals. Lives, faults and what
// stands in the way follow from these.
func TestEveryTypeIsProved(t *testing.T) {
	t.Parallel()
	subjects := subjectsHere(t)
	for _, name := range slices.Sorted(maps.Keys(Speak(t, providertest.Emulator(t), "").schemas.ResourceSchemas)) {
		parts, ok := subjects[name]
		if !ok {
			t.Errorf("%s has no Subject", name)
			continue
		}
		for _, part := range []string{"Base", "Edits", "Import", "Invalid"} {
			if !parts[part] {
				t.Errorf("%s: its subjects have no %s", name, part)
			}
		}
	}
}

// subjectsHere are the members that are given in the subjects of this package, by
// resource type.
func subjectsHere(t *testing.T) map[string]map[string]bool {
	t.Helper()
	all, files := map[string]map[string]bool{}, token.NewFileSet()
	names, err := fs.Glob(os.DirFS("."), "*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			l, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if kind, ok := l.Type.(*ast.Ident); !ok || kind.Name != "Subject" {
				return true
			}
			of, parts := "", map[string]bool{}
			for _, e := range l.Elts {
				member, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				key := member.Key.(*ast.Ident).Name
				parts[key] = true
				if text, ok := member.Value.(*ast.BasicLit); ok && key == "Type" {
					of, _ = strconv.Unquote(text.Value)
				}
			}
			if strings.HasPrefix(of, "serverless_") {
				if all[of] == nil {
					all[of] = map[string]bool{}
				}
				maps.Copy(all[of], parts)
			}
			return true
		})
	}
	return all
}
