package modules_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/modules"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/registry"
)

// files are by their path in a package or folder.
type files map[string]string

func tarball(t *testing.T, f files) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range f {
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t *testing.T, dir string, f files) {
	t.Helper()
	for name, text := range f {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func called(name string) string { return fmt.Sprintf("output \"name\" { value = %q }\n", name) }

// server is a registry of modules, and a web site with archives and pages.
func server(t *testing.T) *httptest.Server {
	t.Helper()
	archives := map[string][]byte{
		"/files/one.tar.gz": tarball(t, files{"main.tf": called("one")}),
		"/files/two.tar.gz": tarball(t, files{"top-1/main.tf": called("two") + "module \"inner\" {\n source = \"./inner\"\n}\n", "top-1/inner/main.tf": called("inner"), "top-1/sub/main.tf": called("sub")}),
		"/files/evil.tgz":   tarball(t, files{"../../evil.tf": called("evil")}),
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := func(v any) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v)
		}
		get := func(to string) {
			w.Header().Set("X-Terraform-Get", to)
			w.WriteHeader(http.StatusNoContent)
		}
		switch p := r.URL.Path; {
		case archives[p] != nil:
			_, _ = w.Write(archives[p])
		case p == "/.well-known/terraform.json":
			answer(map[string]any{"modules.v1": "/m/"})
		case p == "/m/a/b/c/versions":
			answer(map[string]any{"modules": []any{map[string]any{"versions": []any{
				map[string]any{"version": "1.0.0"}, map[string]any{"version": "1.1.0"}, map[string]any{"version": "2.0.0-rc1"},
			}}}})
		case p == "/m/a/b/c/1.0.0/download":
			get("/files/one.tar.gz")
		case p == "/m/a/b/c/1.1.0/download":
			get("../../../../../files/two.tar.gz//*")
		case p == "/m/a/b/c/2.0.0-rc1/download":
			get("file:///etc")
		case p == "/page" && r.URL.Query().Get("terraform-get") == "1":
			get("/files/two.tar.gz//top-1/sub")
		case p == "/meta":
			_, _ = w.Write([]byte(`<html><head><meta name="terraform-get" content="/files/one.tar.gz"></head></html>`))
		case p == "/plain":
			_, _ = w.Write([]byte("hello"))
		case p == "/round":
			get("/round")
		case p == "/local":
			get("git::file:///etc")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// place is a working directory.
type place struct {
	t    *testing.T
	root string
	i    *modules.Installer
	said []string
}

func newPlace(t *testing.T, s *httptest.Server) *place {
	p := &place{t: t, root: t.TempDir()}
	p.i = &modules.Installer{
		Dir: filepath.Join(p.root, ".terraform", "modules"), Client: &registry.Client{HTTP: s.Client()},
		Report: func(line string) { p.said = append(p.said, line) },
	}
	return p
}

// load writes calls of modules, by name, and loads them; it returns what the
// modules' outputs are and what is wrong.
func (p *place) load(calls map[string]string) (map[string]string, string) {
	p.t.Helper()
	p.said = nil
	text := ""
	for name, args := range calls {
		text += fmt.Sprintf("module %q {\n%s\n}\n", name, args)
	}
	write(p.t, p.root, files{"main.tf": text})
	m, diags := p.i.Load(p.t.Context(), p.root)
	if diags.HasErrors() {
		return nil, diags.Error()
	}
	found := outputs(p.t, m)
	manifest, err := modules.Read(p.i.Dir)
	if err != nil {
		p.t.Fatal(err)
	}
	again, diags := config.Load(p.root, manifest.Resolve)
	if diags.HasErrors() {
		p.t.Fatalf("by the manifest: %v", diags)
	}
	if d := cmp.Diff(found, outputs(p.t, again)); d != "" {
		p.t.Errorf("by the manifest:\n%s", d)
	}
	return found, ""
}

func outputs(t *testing.T, m *config.Module) map[string]string {
	t.Helper()
	out := map[string]string{}
	for x := range m.All() {
		if o := x.Outputs["name"]; o != nil {
			v, diags := o.Expr.Value(nil)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			out[config.Key(x.Path)] = v.AsString()
		}
	}
	return out
}

func TestRegistryAndWeb(t *testing.T) {
	t.Parallel()
	s := server(t)
	host := strings.TrimPrefix(s.URL, "https://")
	p := newPlace(t, s)
	write(t, p.root, files{"near/main.tf": called("near")})
	calls := map[string]string{
		"new":  fmt.Sprintf("source = \"%s/a/b/c\"\nversion = \"~> 1.0\"", host),
		"old":  fmt.Sprintf("source = \"%s/a/b/c\"\nversion = \"1.0.0\"", host),
		"part": fmt.Sprintf("source = \"%s/a/b/c//sub\"", host),
		"page": fmt.Sprintf("source = \"%s/page\"", s.URL),
		"meta": fmt.Sprintf("source = \"%s/meta\"", s.URL),
		"web":  fmt.Sprintf("source = \"%s/files/two.tar.gz//top-1/inner\"", s.URL),
		"near": `source = "./near"`,
	}
	got, bad := p.load(calls)
	want := map[string]string{"new": "two", "new.inner": "inner", "old": "one", "part": "sub", "page": "sub", "meta": "one", "web": "inner", "near": "near"}
	if d := cmp.Diff(want, got); bad != "" || d != "" {
		t.Fatal(bad, d)
	}
	raw, err := os.ReadFile(filepath.Join(p.i.Dir, "modules.json"))
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.ToSlash(p.i.Dir)
	for _, want := range []string{
		`{"Modules":[{"Key":"","Source":"","Dir":"."},`,
		fmt.Sprintf(`{"Key":"new","Source":"%s/a/b/c","Version":"1.1.0","Dir":"%s/new/top-1"},{"Key":"new.inner","Source":"./inner","Dir":"%s/new/top-1/inner"}`, host, at, at),
		fmt.Sprintf(`{"Key":"web","Source":"%s/files/two.tar.gz//top-1/inner","Dir":"%s/web/top-1/inner"}`, s.URL, at),
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("got %s, want %s", raw, want)
		}
	}
	if _, bad := p.load(calls); bad != "" || len(p.said) != 0 {
		t.Errorf("the second time: got %s, said %q", bad, p.said)
	}
	calls["old"] = fmt.Sprintf("source = \"%s/a/b/c\"\nversion = \"1.1.0\"", host)
	if got, bad := p.load(calls); got["old"] != "two" || len(p.said) != 3 {
		t.Errorf("another version: got %v, %s, said %q", got, bad, p.said)
	}
	p.i.Upgrade = true
	if got, bad := p.load(calls); len(got) != 9 || len(p.said) < 12 {
		t.Errorf("an upgrade: got %v, %s, said %q", got, bad, p.said)
	}
}

// A module that calls itself by an address that is no local path is found out before
// it is fetched without end.
func TestModuleCallsItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, files{"main.tf": fmt.Sprintf("module \"again\" {\nsource = %q\n}\n", dir)})
	p := newPlace(t, server(t))
	if got, bad := p.load(map[string]string{"x": fmt.Sprintf("source = %q", dir)}); !strings.Contains(bad, "already being called, by module.x") {
		t.Errorf("got %v, %s, want that it calls itself", got, bad)
	}
}

func TestBadModules(t *testing.T) {
	t.Parallel()
	s := server(t)
	host := strings.TrimPrefix(s.URL, "https://")
	for args, want := range map[string]string{
		fmt.Sprintf("source = \"%s/a/b/c\"\nversion = \"3.0.0\"", host):     `no version matches "3.0.0"; the registry has 1.0.0, 1.1.0, 2.0.0-rc1`,
		fmt.Sprintf("source = \"%s/a/b/c\"\nversion = \"2.0.0-rc1\"", host): "it is on this machine or in a registry",
		fmt.Sprintf("source = \"%s/a/b/c\"\nversion = \"new\"", host):       "not a version constraint",
		fmt.Sprintf("source = \"%s/a/b/none\"", host):                       "the registry does not have it",
		fmt.Sprintf("source = \"%s/files/evil.tgz\"", s.URL):                "outside of its folder",
		fmt.Sprintf("source = \"%s/files/none.zip\"", s.URL):                "404",
		fmt.Sprintf("source = \"%s/files/one.tar.gz//sub\"", s.URL):         `has no folder "sub"`,
		fmt.Sprintf("source = \"%s/plain\"", s.URL):                         "does not say where the module is",
		fmt.Sprintf("source = \"%s/round\"", s.URL):                         "only sent on from page to page",
		fmt.Sprintf("source = \"%s/local\"", s.URL):                         "it is on this machine or in a registry",
		fmt.Sprintf("source = \"%s/x.tar.xz\"", s.URL):                      "there are zip and tar.gz",
		fmt.Sprintf("source = \"%s/plain\"\nversion = \"1.0\"", s.URL):      "Only modules in a registry have versions",
		`source = "git::file:///none/of/these"`:                             "git clone: exit status",
		`source = "/none/of/these"`:                                         "no such file",
		`source = "s3::https://s3.example.com/x"`:                           "names no bucket and object",
	} {
		p := newPlace(t, s)
		if got, bad := p.load(map[string]string{"x": args}); !strings.Contains(bad, want) || !strings.Contains(bad, "main.tf:2") && !strings.Contains(bad, "main.tf:3") {
			t.Errorf("%s: got %v, %s, want %s with its place", args, got, bad, want)
		}
		if left, _ := filepath.Glob(filepath.Join(p.i.Dir, "*", "*")); len(left) > 1 {
			t.Errorf("%s: left behind: %v", args, left)
		}
	}
	manifest := modules.Manifest{"x": {Key: "x", Source: "registry.terraform.io/a/b/c", Version: "1.0.0", Dir: t.TempDir()}}
	for args, want := range map[string]string{
		"source = \"a/b/d\"":                      "is another than the one that was fetched",
		"source = \"a/b/c\"\nversion = \"2.0.0\"": "was fetched in version 1.0.0",
	} {
		dir := t.TempDir()
		write(t, dir, files{"main.tf": "module \"x\" {\n" + args + "\n}\nmodule \"y\" {\nsource = \"a/b/c\"\n}\n"})
		_, diags := config.Load(dir, manifest.Resolve)
		if text := fmt.Sprint(diags.Errs()); !strings.Contains(text, want) || !strings.Contains(text, "was not fetched yet") {
			t.Errorf("%s: got %s, want %s", args, text, want)
		}
	}
}

func TestGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not on PATH")
	}
	repo := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", repo, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	git("init", "--quiet", "--initial-branch=main")
	write(t, repo, files{"main.tf": called("first"), "sub/main.tf": called("first sub")})
	git("add", ".")
	git("commit", "--quiet", "-m", "first")
	git("tag", "v1")
	write(t, repo, files{"main.tf": called("second")})
	git("commit", "--quiet", "-a", "-m", "second")

	p := newPlace(t, server(t))
	at := "source = \"git::file://" + filepath.ToSlash(repo)
	got, bad := p.load(map[string]string{
		"head": at + `"`, "tag": at + `?ref=v1"`, "sub": at + `//sub?ref=v1"`, "shallow": at + `?ref=v1&depth=1"`, "folder": `source = "` + filepath.ToSlash(repo) + `"`,
	})
	if d := cmp.Diff(map[string]string{"head": "second", "tag": "first", "sub": "first sub", "shallow": "first", "folder": "second"}, got); bad != "" || d != "" {
		t.Error(bad, d)
	}
	if _, bad := p.load(map[string]string{"none": at + `?ref=v9"`}); !strings.Contains(bad, `has no branch, tag or commit "v9"`) {
		t.Errorf("got %s", bad)
	}
	copied := t.TempDir()
	if err := p.i.Into(t.Context(), "git::file://"+filepath.ToSlash(repo)+"//sub?ref=v1", copied); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(filepath.Join(copied, "main.tf")); err != nil || string(raw) != called("first sub") {
		t.Errorf("got %s, %v, want the folder of the tag", raw, err)
	}
	if err := p.i.Into(t.Context(), "git::file://"+filepath.ToSlash(repo)+"//none", t.TempDir()); err == nil || !strings.Contains(err.Error(), `has no folder "none"`) {
		t.Errorf("got %v, want that there is no such folder", err)
	}
}

// TestGitHook fetches a module where git runs another program, such as a hook of a
// worktree, whose own repository must stay as it is.
func TestGitHook(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not on PATH")
	}
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	repo, own := t.TempDir(), t.TempDir()
	for _, dir := range []string{repo, own} {
		git("-C", dir, "init", "--quiet", "--initial-branch=main")
		write(t, dir, files{"main.tf": called("first")})
		git("-C", dir, "add", ".")
		git("-C", dir, "commit", "--quiet", "-m", "first")
		git("-C", dir, "tag", "v1")
	}
	p := newPlace(t, server(t))
	t.Setenv("GIT_DIR", filepath.Join(own, ".git"))
	t.Setenv("GIT_INDEX_FILE", filepath.Join(own, ".git", "index"))
	got, bad := p.load(map[string]string{"tag": `source = "git::file://` + filepath.ToSlash(repo) + `?ref=v1"`})
	if bad != "" || got["tag"] != "first" {
		t.Errorf("got %v, %s", got, bad)
	}
	if head := git("--git-dir", filepath.Join(own, ".git"), "symbolic-ref", "HEAD"); head != "refs/heads/main\n" {
		t.Errorf("its own repository is at %s", head)
	}
}
