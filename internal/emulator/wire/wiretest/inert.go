package wiretest

import (
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Inert demands that the package of the calling test reads every member of every
// input of the service, or refuses it. A structure within an input that the
// package only takes apart must be read whole, too; one that it also passes on as
// it is counts as read. The exceptions, such as "PutItem.TableName", are members
// that are read in a way that the types do not show.
func Inert(t *testing.T, svc wire.Service, except ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("reading the package's types takes a second")
	}
	for _, m := range ignored(t, ".", svc, except) {
		t.Errorf("%s is neither read nor refused", m)
	}
}

// ignored lists the members, as "Operation.Member.Member", that the package in dir
// neither reads nor refuses.
func ignored(t *testing.T, dir string, svc wire.Service, except []string) []string {
	t.Helper()
	r := reads(t, dir)
	var out []string
	for _, op := range svc.Operations {
		in, _ := op.Types()
		w := walk{reads: r, op: op, except: except}
		w.structure(in, nil)
		out = append(out, w.ignored...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A field is a field of a named structure; without a name, the whole structure.
type field struct{ pkg, typ, name string }

// reads finds the fields that a package's code reads, and the structures that it
// passes on.
func reads(t *testing.T, dir string) map[field]bool {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{
		Dir:  dir,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedExportFile,
	}, ".")
	if err != nil {
		t.Skipf("reading the package's types with go: %v", err)
	}
	out := map[field]bool{}
	for _, p := range loaded {
		for _, e := range p.Errors {
			t.Fatalf("reading the package's types: %v", e)
		}
		for _, f := range p.Syntax {
			inspect(f, p.TypesInfo, out)
		}
	}
	return out
}

func inspect(f *ast.File, info *types.Info, out map[field]bool) {
	written, apart := map[ast.Expr]bool{}, map[ast.Expr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				written[l] = true
			}
		case *ast.SelectorExpr:
			apart[n.X] = true
			if f, ok := fieldOf(info.Selections[n]); ok && !written[n] {
				out[f] = true
			}
		case *ast.Ident:
			v, ok := info.Uses[n].(*types.Var)
			if ok && !v.IsField() && !written[n] && !apart[n] {
				if f, ok := structOf(v.Type()); ok {
					out[f] = true
				}
			}
		}
		return true
	})
}

// structOf names the structure of type t or *t.
func structOf(t types.Type) (field, bool) {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return field{}, false
	}
	return field{pkg: n.Obj().Pkg().Path(), typ: n.Obj().Name()}, true
}

func fieldOf(s *types.Selection) (field, bool) {
	if s == nil || s.Kind() != types.FieldVal {
		return field{}, false
	}
	f, ok := structOf(s.Recv())
	f.name = s.Obj().Name()
	return f, ok
}

// walk goes over one operation's input.
type walk struct {
	reads   map[field]bool
	op      wire.Operation
	except  []string
	ignored []string
	path    []reflect.Type // against recursion
}

func (w *walk) structure(t reflect.Type, path []string) {
	if slices.Contains(w.path, t) {
		return
	}
	w.path = append(w.path, t)
	defer func() { w.path = w.path[:len(w.path)-1] }()
	for i := range t.NumField() {
		f := t.Field(i)
		p := append(slices.Clone(path), f.Name)
		name := strings.Join(p, ".")
		if !f.IsExported() || slices.Contains(w.op.Refused, name) || slices.Contains(w.except, w.op.Name+"."+name) {
			continue
		}
		refused := slices.ContainsFunc(w.op.Refused, func(r string) bool { return strings.HasPrefix(r, name+".") })
		if !w.reads[field{t.PkgPath(), t.Name(), f.Name}] && !refused {
			w.ignored = append(w.ignored, w.op.Name+"."+name)
			continue
		}
		ft := f.Type
		for ft.Kind() == reflect.Pointer || ft.Kind() == reflect.Slice || ft.Kind() == reflect.Map {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct && strings.HasPrefix(ft.PkgPath(), "github.com/aws/") && (refused || w.onlyTaken(ft)) {
			w.structure(ft, p)
		}
	}
}

// onlyTaken reports whether the package takes values of t apart and does nothing
// else with them.
func (w *walk) onlyTaken(t reflect.Type) bool {
	if w.reads[field{pkg: t.PkgPath(), typ: t.Name()}] {
		return false
	}
	for i := range t.NumField() {
		if w.reads[field{t.PkgPath(), t.Name(), t.Field(i).Name}] {
			return true
		}
	}
	return false
}
