package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tfserverless/terraform-provider-serverless"

// A rule says which packages of this module, and which of others that are
// guarded, the packages below a folder may import. The first rule that matches
// counts. A name covers the folder and all below it; "=name" the folder alone.
type rule struct {
	pkg   string
	allow []string
}

// leaves are free of AWS imports and may be used by several sides.
var leaves = []string{
	"internal/cron",
	"internal/dynamo",
	"internal/emulator/dynamodb/expr",
	"internal/emulator/eventpattern",
	"internal/emulator/gateway/routekey",
	"internal/emulator/sfn/asl",
	"internal/policytemplate",
}

const awsSDK = "github.com/aws/aws-sdk-go-v2"

var rules = []rule{
	{"=.", []string{"provider", "internal/cli", "internal/serve"}},
	{"examples", []string{awsSDK}},

	{"internal/heap", nil},
	{"internal/seeds", nil},
	{"internal/serve", nil},
	{"internal/cron", nil},
	{"internal/policytemplate", nil},
	{"internal/quota", nil},
	{"internal/jsonvalue", nil},
	{"internal/jsonata", []string{"internal/jsonvalue"}},
	{"internal/jsonpath", []string{"internal/jsonvalue"}},

	// The provider's side.
	{"provider/providertest", []string{"=provider", "internal/emulator", awsSDK}},
	{"provider/functions", append([]string{"internal/jsonata", "internal/jsonvalue"}, leaves...)},
	{"provider", []string{"provider/functions", "resources", "datasources", "internal/tf", "internal/awsapi"}},
	{"datasources", append([]string{"resources", "internal/tf", "internal/artifact", "internal/parts", awsSDK}, leaves...)},
	{"resources", append([]string{"internal/tf", "internal/artifact", "internal/parts", awsSDK}, leaves...)},
	{"internal/parts", []string{"internal/tf", awsSDK}},
	{"internal/tf", []string{awsSDK}},
	{"internal/artifact", nil},
	{"internal/dynamo", []string{"internal/emulator/dynamodb/expr"}},
	{"internal/awsapi", []string{"=internal/emulator", "internal/emulator/process", "internal/quota", awsSDK}},

	// The engine knows nothing of AWS.
	{"internal/engine/addr", nil},
	{"internal/engine/syntax", nil},
	{"internal/engine/generate", []string{"internal/engine/addr", "internal/engine/plugin"}},
	{"internal/engine/provision", nil},
	{"internal/engine/graph", nil},
	{"internal/engine/difftest", nil},
	{"internal/engine/plugin/remote", []string{"internal/engine/plugin/remote/wire"}},
	{"internal/engine/install/bucket", []string{awsSDK}},
	{"internal/engine/install", []string{"internal/engine/addr", "internal/engine/config", "internal/engine/install", "internal/engine/syntax"}},
	{"internal/engine/plugin/process", []string{"internal/engine/plugin/remote"}},
	{"internal/engine/plugin/builtin", []string{"internal/engine/syntax"}},
	{"internal/engine/plugin", nil},
	{"internal/engine/config", []string{"internal/engine/addr", "internal/engine/syntax"}},
	{"internal/engine/describe", []string{"internal/engine/addr", "internal/engine/config", "=internal/engine/plugin"}},
	{"internal/engine/state/backend/s3", []string{"internal/engine/state", "internal/engine/addr", awsSDK}},
	{"internal/engine/state/encryption", []string{"internal/engine/state", "internal/engine/syntax"}},
	{"internal/engine/state", []string{"internal/engine/addr", "internal/engine/state"}},
	{"internal/engine/lang/funcs", []string{"internal/engine/syntax"}},
	{"internal/engine/lang", []string{"internal/engine/addr", "internal/engine/config", "internal/engine/graph", "internal/engine/lang"}},
	{"internal/engine/plan", []string{"internal/engine/addr", "internal/engine/config", "internal/engine/lang", "internal/engine/state", "internal/engine/plugin", "internal/engine/graph"}},
	{"internal/engine/apply", []string{"internal/engine/addr", "internal/engine/config", "internal/engine/lang", "internal/engine/state", "internal/engine/plugin", "internal/engine/graph", "internal/engine/plan", "internal/engine/provision"}},

	{"internal/engine/suite", []string{"internal/engine/addr", "internal/engine/config", "internal/engine/lang", "internal/engine/state", "=internal/engine/plugin", "internal/engine/plan", "internal/engine/apply", "internal/engine/syntax"}},

	// The emulator knows nothing of Terraform.
	{"internal/emulator/clock", nil},
	{"internal/emulator/store", nil},
	{"internal/emulator/env", []string{"internal/emulator/clock", "internal/emulator/store"}},
	{"internal/emulator/wire", []string{"internal/emulator/env", "internal/emulator/clock", "internal/emulator/wire", awsSDK}},
	{"internal/emulator/dynamodb/expr", nil},
	{"internal/emulator/eventpattern", nil},
	{"internal/emulator/policy", nil},
	{"internal/emulator/cors", nil},
	{"internal/emulator/gateway/routekey", nil},
	{"internal/emulator/sfn/asl", []string{"internal/emulator/sfn/asl", "internal/jsonata", "internal/jsonpath", "internal/jsonvalue"}},
	{"internal/emulator/sfn", []string{
		"internal/emulator/sfn/asl", "internal/emulator/wire", "internal/emulator/env", "internal/emulator/store", "internal/emulator/clock", "internal/jsonvalue", awsSDK,
	}},
	{"internal/emulator/lambda/eventsource", []string{"internal/emulator/clock"}},
	{"internal/emulator/lambda/functionurl", []string{"internal/emulator/clock", "internal/emulator/cors", "internal/emulator/env", "internal/emulator/payload", awsSDK}},
	{"internal/emulator/lambda/runtime", []string{"internal/emulator/clock"}},
	{"internal/emulator/payload", nil},
	{"internal/emulator/gateway/vtl", []string{"internal/jsonpath", "internal/jsonvalue"}},
	{"internal/emulator/gateway", []string{
		"internal/emulator/env", "internal/emulator/clock", "internal/emulator/cors", "internal/emulator/gateway", "internal/emulator/payload", "internal/emulator/policy",
		"internal/jsonpath", "internal/jsonvalue",
	}},
	{"internal/emulator/process", []string{"=internal/emulator", "internal/emulator/clock", "internal/heap"}},
	{"=internal/emulator", []string{"internal/emulator", "internal/quota", awsSDK}},
	{"internal/emulator", []string{ // a service: its own leaves, and never another service
		"SELF", "internal/emulator/wire", "internal/emulator/env", "internal/emulator/store", "internal/emulator/clock", "internal/emulator/cors", "internal/emulator/eventpattern", "internal/emulator/gateway", "internal/emulator/policy", "internal/jsonvalue", awsSDK,
	}},

	{"internal/ui/graph", []string{"internal/emulator/sfn/asl"}},
	{"internal/ui", []string{"internal/engine/addr", "internal/engine/describe", "internal/engine/plan", "=internal/engine/plugin", "internal/engine/state", "internal/engine/suite", "internal/engine/syntax"}},
	{"internal/executions", []string{"internal/awsapi", awsSDK}},
	{"internal/cli", []string{"provider", "internal/executions", "internal/heap", "internal/ui", "internal/engine", "internal/emulator"}},
	{"internal/acctest", []string{"provider", "internal", awsSDK}},
	{"internal/tools/docs", []string{"=internal/emulator", "internal/emulator/wire", awsSDK}},
	{"internal/tools/bench", []string{awsSDK}},
	{"internal/tools", nil},
	{"internal/arch", nil},
}

// TestImports demands that every import of the module is allowed by the rules.
// What only tests import is their own affair.
func TestImports(t *testing.T) {
	for dir, files := range packages(t) {
		r, ok := ruleFor(dir)
		if !ok {
			t.Errorf("%s: no rule says what it may import; add one to internal/arch", dir)
			continue
		}
		for _, f := range files {
			for _, spec := range f.ast.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value)
				name, ours := strings.CutPrefix(imported, module+"/")
				if !ours {
					name = imported
				}
				guarded := ours || within(imported, awsSDK)
				if guarded && !allowed(r, dir, name) {
					t.Errorf("%s: %s must not import %s", f.path, dir, name)
				}
			}
		}
	}
}

// TestHouse demands what holds in every package.
func TestHouse(t *testing.T) {
	for dir, files := range packages(t) {
		if slices.Contains([]string{"util", "utils", "common", "helpers", "shared", "misc"}, path.Base(dir)) {
			t.Errorf("%s: the name says nothing; name the package after what it does", dir)
		}
		documented := false
		for _, f := range files {
			documented = documented || f.ast.Doc != nil
			if lines := f.set.File(f.ast.Pos()).LineCount(); lines > 500 && !ast.IsGenerated(f.ast) {
				t.Errorf("%s: %d lines; a file is one thing and rarely over 400 lines", f.path, lines)
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					if n.Recv == nil && n.Name.Name == "init" && !ast.IsGenerated(f.ast) {
						t.Errorf("%s: init(); lists are explicit here", f.set.Position(n.Pos()))
					}
				case *ast.SelectorExpr:
					x, ok := n.X.(*ast.Ident)
					if !ok || x.Obj != nil {
						break
					}
					switch x.Name + "." + n.Sel.Name {
					case "time.Sleep":
						t.Errorf("%s: time.Sleep; wait for the event", f.set.Position(n.Pos()))
					case "os.Executable":
						if dir != "." {
							t.Errorf("%s: os.Executable; main hands its path on", f.set.Position(n.Pos()))
						}
					}
				}
				return true
			})
		}
		if !documented {
			t.Errorf("%s: no package comment; say what it does and what it must not know", dir)
		}
	}
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		dir, imported string
		want          bool
	}{
		{"resources/table", "internal/emulator/dynamodb", false},
		{"resources/table", "internal/emulator/dynamodb/expr", true},
		{"resources/table", "resources/function", false},
		{"internal/emulator/lambda", "internal/emulator/lambda/runtime", true},
		{"internal/emulator/lambda", "internal/emulator/logs", false},
		{"internal/emulator", "internal/emulator/logs", true},
		{"internal/engine/plan", awsSDK + "/aws", false},
		{"internal/awsapi", "internal/emulator/lambda", false},
	} {
		r, ok := ruleFor(c.dir)
		if got := ok && allowed(r, c.dir, c.imported); got != c.want {
			t.Errorf("%s may import %s: got %v, want %v", c.dir, c.imported, got, c.want)
		}
	}
}

func ruleFor(dir string) (rule, bool) {
	for _, r := range rules {
		if within(dir, r.pkg) {
			return r, true
		}
	}
	return rule{}, false
}

func allowed(r rule, dir, imported string) bool {
	for _, a := range r.allow {
		if a == "SELF" {
			a = dir
		}
		if within(imported, a) {
			return true
		}
	}
	return false
}

// within reports whether name is the folder, or below it unless the folder is
// written "=folder".
func within(name, folder string) bool {
	if exact, ok := strings.CutPrefix(folder, "="); ok {
		return name == exact
	}
	return name == folder || strings.HasPrefix(name, folder+"/")
}

type file struct {
	path string
	set  *token.FileSet
	ast  *ast.File
}

// packages parses every Go file of the module but tests, by folder.
func packages(t *testing.T) map[string][]file {
	t.Helper()
	const root = "../.."
	found := map[string][]file{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if base := d.Name(); rel != "." && (base == "testdata" || base == "bin" || base == "build" || base == "node_modules" || strings.HasPrefix(base, ".")) {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && rel != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		dir := path.Dir(rel)
		found[dir] = append(found[dir], file{rel, set, f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("no packages found")
	}
	return found
}
