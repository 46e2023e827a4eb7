package install_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/apparentlymart/go-versions/versions"
	"github.com/google/go-cmp/cmp"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/archive"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/registry"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/settings"
)

// bench is a working directory with an installer.
type bench struct {
	*install.Installer
	t      *testing.T
	thing  addr.Provider
	events []string
}

func newBench(t *testing.T, r *testRegistry) *bench {
	t.Helper()
	b := &bench{t: t, thing: addr.Provider{Host: r.host(), Namespace: "test", Type: "thing"}}
	b.Installer = &install.Installer{
		Dir: filepath.Join(t.TempDir(), "providers"), Settings: &settings.Settings{},
		Client: &registry.Client{HTTP: r.Client()},
		Report: func(e install.Event) {
			b.events = append(b.events, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", e.Kind, e.Version, e.Constraints, strings.SplitN(e.Proof, ",", 2)[0])))
		},
	}
	return b
}

// install installs the thing, within a constraint.
func (b *bench) install(constraint string, old lock.File, o install.Options) (lock.File, error) {
	b.events = nil
	needs := install.Needs{}
	needs.Add(b.thing, constraint)
	result, diags := b.Install(b.t.Context(), needs, old, o)
	if diags.HasErrors() {
		return nil, diags
	}
	return result.Lock, nil
}

// must is install where nothing may go wrong.
func (b *bench) must(constraint string, old lock.File, o install.Options) lock.File {
	b.t.Helper()
	f, err := b.install(constraint, old, o)
	if err != nil {
		b.t.Fatal(err)
	}
	return f
}

// content is what the installed program holds.
func (b *bench) content(f lock.File) string {
	b.t.Helper()
	at, err := install.Locate(b.Dir, b.thing, f[b.thing])
	if err != nil {
		return err.Error()
	}
	raw, err := os.ReadFile(at)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(raw)
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.add("1.0.0", "one", "5.0")
	r.add("1.1.0", "two", "4.0", "6.0")
	r.add("1.2.0", "three", "4.0")
	r.add("2.0.0-beta1", "four", "6.0")
	b := newBench(t, r)

	f := b.must("~> 1.0", lock.File{}, install.Options{})
	if d := cmp.Diff([]string{"0 0.0.0 ~> 1.0", "2 1.1.0", "3 1.1.0  signed"}, b.events); d != "" {
		t.Error(d)
	}
	files, err := archive.HashDir(filepath.Join(b.Dir, r.host(), "test", "thing", "1.1.0", install.Here.String()))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{files, "zh:" + sum(r.archives["1.1.0"]), "zh:" + sum([]byte("1.1.0"))}
	slices.Sort(want)
	if got := f[b.thing]; got.Version.String() != "1.1.0" || got.Constraints != "~> 1.0" || cmp.Diff(want, got.Hashes) != "" {
		t.Errorf("got %+v, want %v", got, want)
	}
	if got := b.content(f); got != "two" {
		t.Errorf("got %q", got)
	}

	// Nothing is asked for again, and a newer version is left alone.
	r.add("1.3.0", "five", "6.0")
	r.seen = nil
	if again := b.must("~> 1.0", f, install.Options{}); !again.Equal(f) || len(r.seen) != 0 {
		t.Errorf("got %s, asked %v", again.Bytes(), r.seen)
	}
	if d := cmp.Diff([]string{"1 1.1.0 ~> 1.0", "5 1.1.0"}, b.events); d != "" {
		t.Error(d)
	}
	if _, err := b.install(">= 1.2.0", f, install.Options{}); err == nil || !strings.Contains(err.Error(), "the lock file selects version 1.1.0, which does not match the version constraint >= 1.2.0; init -upgrade") {
		t.Errorf("got %v", err)
	}
	f = b.must("~> 1.0", f, install.Options{Upgrade: true})
	if got := b.content(f); got != "five" {
		t.Errorf("after the upgrade: got %q", got)
	}
	f = b.must("2.0.0-beta1", f, install.Options{Upgrade: true})
	if got := b.content(f); got != "four" {
		t.Errorf("named exactly: got %q", got)
	}
	if _, err := b.install(">= 3.0.0", lock.File{}, install.Options{}); err == nil || !strings.Contains(err.Error(), `no version matches ">= 3.0.0"; its registry has 2.0.0-beta1, 1.3.0, 1.1.0, 1.0.0`) {
		t.Errorf("got %v", err)
	}
	if _, err := b.install("newest", lock.File{}, install.Options{}); err == nil || !strings.Contains(err.Error(), `"newest" is not a version constraint`) {
		t.Errorf("got %v", err)
	}
	b.thing.Type = "other"
	if _, err := b.install("", lock.File{}, install.Options{}); err == nil || !strings.Contains(err.Error(), "its registry does not have it") {
		t.Errorf("got %v", err)
	}
}

// What a registry, or somebody on the way, may do wrong.
func TestBadRegistry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		breaks func(r *testRegistry)
		want   string
	}{
		"changed archive": {func(r *testRegistry) { r.served["1.0.0"] = pack(t, "terraform-provider-thing", "evil") }, "it was changed on the way"},
		"no archive":      {func(r *testRegistry) { r.served["1.0.0"] = []byte("<html>") }, "reading the package"},
		"changed sums": {func(r *testRegistry) {
			n := 0
			r.sums = func(s string) string { n++; return s + strings.Repeat("#", n) + "\n" }
		}, "the signature of the checksums is by none of the keys"},
		"other file in sums": {func(r *testRegistry) {
			r.sums = func(s string) string { return strings.ReplaceAll(s, install.Here.String(), "amiga") }
		}, "the signed checksums have"},
		"bad signature": {func(r *testRegistry) { r.signature = func([]byte) []byte { return []byte("signed") } }, "by none of the keys"},
		"another's key": {func(r *testRegistry) { r.keys = []*openpgp.Entity{newKey(t)} }, "by none of the keys"},
		"no key":        {func(r *testRegistry) { r.keys = []*openpgp.Entity{} }, "gives no key"},
		"traversal": {func(r *testRegistry) {
			r.archives["1.0.0"] = pack(t, "../../terraform-provider-thing", "evil")
		}, "outside of its folder"},
		"no program":    {func(r *testRegistry) { r.archives["1.0.0"] = pack(t, "README", "hello") }, "holds no program terraform-provider-thing"},
		"out of order":  {func(r *testRegistry) { r.broken = 99 }, "500 Internal Server Error"},
		"unknown user":  {func(r *testRegistry) { r.token = "secret" }, "give a token for the host"},
		"old protocols": {func(r *testRegistry) { r.protocols["1.0.0"] = []string{"4.0"} }, "its registry does not have it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegistry(t)
			r.add("1.0.0", "one", "5.0")
			c.breaks(r)
			b := newBench(t, r)
			f, err := b.install("", lock.File{}, install.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v, want %s", f, err, c.want)
			}
			if strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("the token is in %v", err)
			}
			if left, _ := filepath.Glob(filepath.Join(b.Dir, "*", "*", "*", "*", "*")); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// One failure of the server does not matter, and the token goes to its host.
func TestPatience(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.add("1.0.0", "one", "5.0")
	r.token, r.broken = "secret", 1
	b := newBench(t, r)
	b.Client.Tokens = map[string]string{r.host(): "secret", "example.com": "other"}
	if got := b.content(b.must("", lock.File{}, install.Options{})); got != "one" {
		t.Errorf("got %q", got)
	}
	for _, line := range r.seen {
		if strings.Contains(line, "other") || strings.HasSuffix(strings.Fields(line)[0], "/zip") && strings.Contains(line, "Bearer") {
			t.Errorf("got the request %q", line)
		}
	}
}

// A host block stands for what the host would have answered.
func TestNoDiscovery(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.add("1.0.0", "one", "5.0")
	b := newBench(t, r)
	b.Client.Hosts = map[string]map[string]any{"example.com": {"providers.v1": r.URL + "/p"}}
	b.thing.Host = "example.com"
	if got := b.content(b.must("", lock.File{}, install.Options{})); got != "one" {
		t.Errorf("got %q", got)
	}
	for host, want := range map[string]string{
		"empty.example.com": "is no registry of providers: it offers nothing",
		"bad.example.com":   "which is no URL",
	} {
		b.Client.Hosts[host] = map[string]any{}
		if host[0] == 'b' {
			b.Client.Hosts[host]["providers.v1"] = "ftp://x"
		}
		b.thing.Host = host
		if _, err := b.install("", lock.File{}, install.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", host, err, want)
		}
	}
}

// The lock file's hashes decide, whatever the registry says.
func TestLocked(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.add("1.0.0", "one", "5.0")
	b := newBench(t, r)
	f := b.must("", lock.File{}, install.Options{})

	r.archives["1.0.0"] = pack(t, "terraform-provider-thing", "another")
	fresh := newBench(t, r)
	if _, err := fresh.install("", f, install.Options{}); err == nil || !strings.Contains(err.Error(), "none of those in the lock file") {
		t.Errorf("another package: got %v", err)
	}
	at, err := install.Locate(b.Dir, b.thing, f[b.thing])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte("evil"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := b.content(f); !strings.Contains(got, "it is not installed: the package of version 1.0.0") || !strings.Contains(got, "none of those in the lock file") {
		t.Errorf("a changed program: got %q", got)
	}
	if err := os.RemoveAll(b.Dir); err != nil {
		t.Fatal(err)
	}
	if got := b.content(f); !strings.Contains(got, "it is not installed: there is no package of version 1.0.0") {
		t.Errorf("nothing there: got %q", got)
	}
}

func TestMirrors(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	for _, v := range []string{"1.0.0", "1.1.0"} {
		r.add(v, "network "+v, "5.0")
	}
	b := newBench(t, r)
	folder, packed := t.TempDir(), t.TempDir()
	of := func(root string) string {
		dir := filepath.Join(root, r.host(), "test", "thing")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	write := func(path string, raw []byte) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, raw, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(of(folder), "1.2.0", install.Here.String(), "terraform-provider-thing"), []byte("folder 1.2.0"))
	write(filepath.Join(of(packed), r.file("1.3.0")), pack(t, "terraform-provider-thing", "packed 1.3.0"))
	all := settings.Pattern{Host: "*", Namespace: "*", Type: "*"}
	network := settings.Method{Kind: settings.NetworkMirror, Location: r.URL + "/mirror/"}
	unpacked := settings.Method{Kind: settings.FilesystemMirror, Location: folder}
	zipped := settings.Method{Kind: settings.FilesystemMirror, Location: packed}
	not := func(m settings.Method) settings.Method {
		m.Exclude = []settings.Pattern{all}
		return m
	}
	for _, c := range []struct {
		methods    []settings.Method
		constraint string
		want       string
	}{
		{[]settings.Method{network}, "", "network 1.1.0"},
		{[]settings.Method{network, unpacked}, "", "folder 1.2.0"},
		{[]settings.Method{zipped, network, unpacked}, "", "packed 1.3.0"},
		{[]settings.Method{zipped, network, unpacked}, "1.0.0", "network 1.0.0"},
		{[]settings.Method{not(zipped), network, not(unpacked)}, "", "network 1.1.0"},
		{[]settings.Method{not(zipped)}, "", "no installation method of the CLI configuration is for it"},
		{[]settings.Method{}, "", "no installation method of the CLI configuration is for it"},
		{[]settings.Method{unpacked}, "1.0.0", `no version matches "1.0.0"; the folder`},
	} {
		b.Settings.Methods = c.methods
		f, err := b.install(c.constraint, lock.File{}, install.Options{})
		got := fmt.Sprint(err)
		if err == nil {
			got = b.content(f)
			if n := len(f[b.thing].Hashes); n != 1 {
				t.Errorf("%v: got %d hashes, want that of the files", c.methods, n)
			}
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%v: got %s, want %s", c.methods, got, c.want)
		}
	}

	// Without methods, what is in one of the usual folders comes from there only.
	b.Settings = &settings.Settings{Folders: []string{t.TempDir(), folder}}
	if got := b.content(b.must("", lock.File{}, install.Options{})); got != "folder 1.2.0" {
		t.Errorf("implied: got %q", got)
	}
	b.Folders = []string{packed}
	if got := b.content(b.must("", lock.File{}, install.Options{})); got != "packed 1.3.0" {
		t.Errorf("-plugin-dir: got %q", got)
	}
	b.Folders, b.Settings = nil, &settings.Settings{Folders: []string{t.TempDir()}}
	if got := b.content(b.must("", lock.File{}, install.Options{})); got != "network 1.1.0" {
		t.Errorf("the registry: got %q", got)
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.add("1.0.0", "one", "5.0")
	cache := t.TempDir()
	b := newBench(t, r)
	b.Settings.CacheDir = cache
	f := b.must("", lock.File{}, install.Options{})
	if got := b.content(f); got != "one" {
		t.Errorf("got %q", got)
	}
	fetched := func() int {
		return len(slices.DeleteFunc(slices.Clone(r.seen), func(p string) bool { return !strings.HasSuffix(p, "/zip") }))
	}

	// A package in the cache is used once the lock file knows it.
	other := newBench(t, r)
	other.Settings.CacheDir = cache
	if got := other.must("", f, install.Options{}); !got.Equal(f) || fetched() != 1 || other.content(got) != "one" {
		t.Errorf("got %s after %d downloads", got.Bytes(), fetched())
	}
	if d := cmp.Diff([]string{"1 1.0.0", "4 1.0.0"}, other.events); d != "" {
		t.Error(d)
	}
	unlocked := newBench(t, r)
	unlocked.Settings.CacheDir = cache
	if got := unlocked.must("", lock.File{}, install.Options{}); !got.Equal(f) || fetched() != 2 {
		t.Errorf("got %s after %d downloads, want the package fetched again", got.Bytes(), fetched())
	}
	unlocked.Dir = filepath.Join(t.TempDir(), "providers")
	unlocked.Settings.CacheMayBreakLock = true
	if got := unlocked.must("", lock.File{}, install.Options{}); len(got[unlocked.thing].Hashes) != 1 || fetched() != 2 {
		t.Errorf("got %s after %d downloads, want only the hash of the files", got.Bytes(), fetched())
	}
}

func TestUnlocked(t *testing.T) {
	t.Parallel()
	needs := install.Needs{}
	needs.Add(addr.DefaultProvider("a"), "~> 1.0")
	needs.Add(addr.DefaultProvider("b"), "")
	needs.Add(addr.DefaultProvider("c"), "~> 2.0")
	f := lock.File{
		addr.DefaultProvider("a"): {Version: versions.MustParseVersion("1.5.0")},
		addr.DefaultProvider("c"): {Version: versions.MustParseVersion("1.5.0")},
	}
	want := []string{
		"provider hashicorp/b: it is needed, but no version is selected",
		`provider hashicorp/c: the selected version 1.5.0 does not match the version constraint "~> 2.0"`,
	}
	if d := cmp.Diff(want, install.Unlocked(needs, f)); d != "" {
		t.Error(d)
	}
}

func TestNoTLS(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	b := newBench(t, r)
	b.Client.HTTP = http.DefaultClient // does not know the certificate
	if _, err := b.install("", lock.File{}, install.Options{}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.add("1.0.0", "one", "5.0")
	b := newBench(t, r)
	needs := install.Needs{}
	needs.Add(b.thing, "")
	f, diags := b.Lock(t.Context(), needs, lock.File{}, []install.Platform{install.Here}, install.From{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if !f.Equal(b.must("", lock.File{}, install.Options{})) {
		t.Errorf("got %s, want what init writes", f.Bytes())
	}
	partial, diags := b.Lock(t.Context(), needs, lock.File{}, []install.Platform{install.Here}, install.From{URL: r.URL + "/mirror/"})
	if diags.HasErrors() || len(partial[b.thing].Hashes) != 1 {
		t.Errorf("of a mirror: got %s, %v", partial.Bytes(), diags)
	}
	if _, diags := b.Lock(t.Context(), needs, lock.File{}, []install.Platform{{OS: "plan9", Arch: "mips"}}, install.From{URL: r.URL + "/mirror/"}); !strings.Contains(diags.Error(), "has no package of this version for plan9_mips") {
		t.Errorf("got %v", diags)
	}
}

// What mirror writes is a mirror, as a folder and over HTTP.
func TestMirror(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.add("1.0.0", "one", "5.0")
	r.add("1.1.0", "two", "5.0")
	b := newBench(t, r)
	dir := t.TempDir()
	for _, constraint := range []string{"1.0.0", "1.1.0"} {
		needs := install.Needs{}
		needs.Add(b.thing, constraint)
		if diags := b.Mirror(t.Context(), needs, lock.File{}, []install.Platform{install.Here}, dir); diags.HasErrors() {
			t.Fatal(diags)
		}
	}
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasSuffix(req.URL.Path, ".json") {
			w.Header().Set("Content-Type", "application/json")
		}
		http.FileServer(http.Dir(dir)).ServeHTTP(w, req)
	}))
	t.Cleanup(site.Close)
	for _, m := range []settings.Method{{Kind: settings.FilesystemMirror, Location: dir}, {Kind: settings.NetworkMirror, Location: site.URL + "/"}} {
		other := newBench(t, r)
		other.Client.HTTP = site.Client()
		other.Settings.Methods = []settings.Method{m}
		for constraint, want := range map[string]string{"1.0.0": "one", "": "two"} {
			if got := other.content(other.must(constraint, lock.File{}, install.Options{})); got != want {
				t.Errorf("%v %s: got %q, want %q", m, constraint, got, want)
			}
		}
	}
	needs := install.Needs{}
	needs.Add(b.thing, "1.0.0")
	locked := lock.File{b.thing: {Version: versions.MustParseVersion("1.0.0"), Hashes: []string{"zh:another"}}}
	if diags := b.Mirror(t.Context(), needs, locked, []install.Platform{install.Here}, t.TempDir()); !strings.Contains(diags.Error(), "none of those in the lock file") {
		t.Errorf("got %v", diags)
	}
}
