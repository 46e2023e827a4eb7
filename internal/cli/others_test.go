package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// builtProviders is where "make providers" puts the providers of others.
const builtProviders = "../../bin/tools/providers"

// others are real providers, each with a configuration and the attributes of
// its objects that differ from run to run.
var others = []struct {
	name, config string
	chance       []string
	objects      int // managed ones
}{
	{"archive", `
		data "archive_file" "a" {
			type                    = "zip"
			output_path             = "a.zip"
			source_content          = "hello"
			source_content_filename = "greeting"
		}
		output "sum" { value = data.archive_file.a.output_base64sha256 }`, nil, 0},
	{"external", `
		data "external" "a" {
			program = ["sh", "-c", "cat"]
			query   = { a = "b" }
		}
		output "a" { value = data.external.a.result.a }`, nil, 0},
	{"local", `
		resource "local_file" "a" {
			filename = "${path.module}/a.txt"
			content  = "hello"
		}
		data "local_file" "a" {
			filename   = local_file.a.filename
			depends_on = [local_file.a]
		}
		output "text" { value = data.local_file.a.content }`, nil, 1},
	{"null", `
		resource "null_resource" "a" {
			count    = 2
			triggers = { n = count.index }
		}
		output "first" { value = null_resource.a[0].triggers }`, []string{"id"}, 2},
	{"random", `
		resource "random_string" "a" {
			length  = 12
			special = false
			keepers = { a = "b" }
		}
		output "long" { value = length(random_string.a.result) }`, []string{"result"}, 1},
	{"time", `
		resource "time_offset" "a" {
			base_rfc3339 = "2020-02-12T06:36:13Z"
			offset_days  = 7
		}
		output "then" { value = time_offset.a.rfc3339 }`, nil, 1},
	{"tls", `
		resource "tls_private_key" "a" { algorithm = "ECDSA" }
		output "key" {
			value     = tls_private_key.a.private_key_pem
			sensitive = true
		}`, []string{"id", "private_key_pem", "public_key_pem", "public_key_openssh", "public_key_fingerprint_md5", "value"}, 1},
}

// mirrorOf makes a mirror of real providers, all of version 1.0.0.
func mirrorOf(t *testing.T, names ...string) string {
	t.Helper()
	built, err := filepath.Abs(builtProviders)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, n := range names {
		program := filepath.Join(built, "terraform-provider-"+n)
		if _, err := os.Stat(program); err != nil {
			t.Skipf("terraform-provider-%s is not built: make providers", n)
		}
		dir := filepath.Join(root, "registry.terraform.io", "hashicorp", n, "1.0.0", runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(program, filepath.Join(dir, "terraform-provider-"+n+"_v1.0.0")); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// session is a working directory, and what runs in it.
type session struct {
	t       *testing.T
	program string
	dir     string
	env     []string
}

func (s session) run(want int, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(s.program, args...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), s.env...)
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != want {
		s.t.Fatalf("%s %s: exit code %d (%v), want %d\n%s", filepath.Base(s.program), strings.Join(args, " "), code, err, want, out)
	}
	return string(out)
}

func (s session) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s session) read(name string) string {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(raw)
}

// state is the state file without what differs from run to run.
func (s session) state(chance []string) map[string]any {
	s.t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(s.read("terraform.tfstate")), &doc); err != nil {
		s.t.Fatal(err)
	}
	for _, own := range []string{"lineage", "serial", "terraform_version"} {
		delete(doc, own)
	}
	forget(doc, chance)
	return doc
}

func forget(v any, keys []string) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if _, text := x.(string); text && slices.Contains(keys, k) {
				v[k] = "(by chance)"
				continue
			}
			forget(x, keys)
		}
	case []any:
		for _, x := range v {
			forget(x, keys)
		}
	}
}

// newSession is a session of our own program.
func newSession(t *testing.T, env ...string) session {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return session{t: t, program: path, dir: t.TempDir(), env: append([]string{"TF_IN_AUTOMATION=1", "HOME=" + t.TempDir()}, env...)}
}

// rc writes a CLI configuration file and returns the variable that names it.
func rc(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rc")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return "TF_CLI_CONFIG_FILE=" + path
}

// TestOthers runs real providers of others through a whole life, and demands of
// terraform the same state.
func TestOthers(t *testing.T) {
	t.Parallel()
	for _, x := range others {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			user := rc(t, fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}", mirrorOf(t, x.name)))
			ours := newSession(t, user)
			state := ours.live(x.config, x.chance, x.objects)
			path, err := exec.LookPath("terraform")
			if err != nil {
				t.Skip("terraform is not on PATH: the states are not compared")
			}
			theirs := newSession(t, user)
			theirs.program = path
			want := theirs.live(x.config, x.chance, x.objects)
			if d := cmp.Diff(want, state); d != "" {
				t.Errorf("the state differs from terraform's:\n%s", d)
			}
			if want, got := theirs.read(".terraform.lock.hcl"), ours.read(".terraform.lock.hcl"); got != want {
				t.Errorf("the lock file differs from terraform's: got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// live plans, applies, plans again and destroys; it returns the state between.
func (s session) live(config string, chance []string, objects int) map[string]any {
	s.t.Helper()
	s.write("main.tf", config)
	s.run(0, "init", "-input=false")
	s.run(2, "plan", "-input=false", "-detailed-exitcode")
	s.run(0, "apply", "-input=false", "-auto-approve")
	s.run(0, "plan", "-input=false", "-detailed-exitcode")
	state := s.state(chance)
	if got := s.run(0, "destroy", "-auto-approve"); !strings.Contains(got, fmt.Sprintf("Resources: %d destroyed", objects)) {
		s.t.Errorf("got %s, want %d destroyed", got, objects)
	}
	if left, _ := s.state(nil)["resources"].([]any); len(left) != 0 {
		s.t.Errorf("after destroy the state holds %v", left)
	}
	return state
}
