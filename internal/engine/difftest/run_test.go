package difftest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// A bench is a folder in which a program carries out a row.
type bench struct {
	t       *testing.T
	row     row
	program []string // the command line so far
	dir     string
	env     []string
	world   *world
	out     strings.Builder
	fresh   bool // files changed since init
}

// carryOut has the program do all that the row says, and returns what was
// observed, as text.
func carryOut(t *testing.T, r row, program string, path string, env ...string) string {
	t.Helper()
	b := &bench{t: t, row: r, program: []string{path}, dir: t.TempDir(), world: newWorld(), fresh: true}
	for _, name := range strings.Fields(r.set["slow"]) {
		b.world.slow[name] = true
	}
	b.env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TF_REATTACH_PROVIDERS=" + serve(t, b.world),
		"TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=" + os.DevNull,
	}, env...)
	b.copy("")
	for i, command := range r.commands {
		verb, rest, _ := strings.Cut(command, " ")
		switch verb {
		case "files":
			b.copy("@" + rest + "/")
			continue
		case "env":
			b.env = append(b.env, rest)
			continue
		case "drift":
			name, what, _ := strings.Cut(rest, " ")
			if err := b.world.edit(name, what); err != nil {
				b.printf("== %d: %s\n%v\n", i+1, command, err)
			}
			continue
		}
		b.printf("== %d: %s\n", i+1, command)
		b.world.took()
		b.init()
		switch verb {
		case "apply":
			if b.plan(words(rest)) {
				b.apply()
			}
		case "plan":
			b.plan(words(rest))
		default:
			b.other(words(command))
		}
	}
	b.printf("== in the end\n%s\n", strings.Join(b.world.names(), "\n"))
	return b.out.String()
}

// words are those of a command line, of which single quotes hold some together.
func words(line string) []string {
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	return out
}

func (b *bench) printf(format string, args ...any) { fmt.Fprintf(&b.out, format, args...) }

// copy puts the files of a folder of the row into the working directory.
func (b *bench) copy(folder string) {
	for _, f := range b.row.files {
		name, ok := strings.CutPrefix(f.Name, folder)
		if !ok || folder == "" && strings.HasPrefix(name, "@") {
			continue
		}
		path := filepath.Join(b.dir, filepath.FromSlash(name))
		b.fresh = true
		if folder != "" && len(strings.TrimSpace(string(f.Data))) == 0 {
			if err := os.Remove(path); err != nil {
				b.t.Fatal(err)
			}
			continue
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, f.Data, 0o600)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// call runs the program to its end.
func (b *bench) call(args ...string) (stdout, stderr string, code int) {
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.program[0], args...)
	cmd.Dir, cmd.Env = b.dir, b.env
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exited *exec.ExitError
	switch {
	case ctx.Err() != nil:
		b.t.Errorf("%s %s hangs", b.row.name, strings.Join(args, " "))
	case err != nil && !errors.As(err, &exited):
		b.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// init prepares the folder where modules or providers have to be found first. What
// it reports, the next command reports too.
func (b *bench) init() {
	if !b.fresh {
		return
	}
	b.fresh = false
	paths, err := filepath.Glob(filepath.Join(b.dir, "*.tf*"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err == nil && needsInit.Match(raw) {
			b.call("init", "-no-color", "-input=false")
			return
		}
	}
}

var needsInit = regexp.MustCompile(`\b(module|backend)\b|required_providers`)

// plan makes a plan in a file and describes it.
func (b *bench) plan(flags []string) bool {
	file := filepath.Join(b.dir, "tfplan")
	os.Remove(file)
	stdout, stderr, code := b.call(slices.Concat([]string{"plan", "-json", "-input=false", "-out=tfplan"}, flags)...)
	b.printf("plan: exit %d\n%s", code, summariesJSON(stdout, stderr))
	if code == 1 {
		b.world.took() // how far it came depends on what else was going on
		return false
	}
	b.calls("plan")
	if _, err := os.Stat(file); err != nil {
		return false
	}
	shown, stderr, shows := b.call("show", "-json", "tfplan")
	if shows != 0 {
		b.printf("show: exit %d\n%s\n", shows, stderr)
		return false
	}
	b.printf("%s", describePlan(shown))
	b.world.took()
	return true
}

// apply applies the plan.
func (b *bench) apply() {
	stdout, stderr, code := b.call("apply", "-json", "-input=false", "tfplan")
	b.printf("apply: exit %d\n%s", code, summariesJSON(stdout, stderr))
	b.calls("apply")
	b.state()
}

// other runs any other command, whose output is compared if it is meant for
// programs.
func (b *bench) other(args []string) {
	stdout, stderr, code := b.call(args...)
	b.printf("exit %d\n", code)
	switch {
	case slices.Contains(args, "-json") && slices.Contains([]string{"output", "show"}, args[0]) && code == 0:
		b.printf("%s\n", normalJSON(stdout))
	case args[0] == "query" && slices.Contains(args, "-json"):
		b.printf("%s%s", foundJSON(stdout), summariesJSON(stdout, stderr))
	case args[0] == "validate" && slices.Contains(args, "-json"):
		b.printf("%s", summariesValidate(stdout))
	case args[0] == "output" && slices.Contains(args, "-raw"), args[0] == "state" && args[1] == "list", args[0] == "workspace" && args[1] == "show":
		b.printf("%s\n", strings.TrimSpace(stdout))
		b.printf("%s", summaries(stderr))
	default:
		b.printf("%s", summaries(stdout+stderr))
	}
	if args[0] != "validate" || code == 0 {
		b.calls(args[0])
	}
	switch args[0] {
	case "output", "show", "validate", "init", "query":
		return
	}
	b.state()
}

// calls tells what the provider was asked for in one command.
func (b *bench) calls(during string) {
	took := b.world.took()
	var lines []string
	for _, c := range took {
		if c.op == "validate" && strings.Contains(c.about, "(unknown)") {
			continue // how much can be told of what is unknown is not compared
		}
		if c.op != "end" && c.about != "{}" { // whether a provider is configured though it is not needed is not compared
			lines = append(lines, fmt.Sprintf("%s: %s %s", during, c.op, c.about))
		}
	}
	slices.Sort(lines)
	once := slices.Compact(slices.Clone(lines))
	for _, line := range once {
		n := 0
		for _, l := range lines {
			if l == line {
				n++
			}
		}
		if n > 1 && changes(line) {
			line = fmt.Sprintf("%s (%d times)", line, n)
		}
		b.printf("%s\n", line)
	}
	if b.row.set["order"] != "" {
		if o := order(took, b.row.names("order")); o != "" {
			b.printf("%s: in order: %s\n", during, o)
		}
	}
}

// changes tells that a line is about a call that changes something, or opens it.
func changes(line string) bool {
	_, rest, _ := strings.Cut(line, ": ")
	op, _, _ := strings.Cut(rest, " ")
	return slices.Contains([]string{"create", "update", "delete", "import"}, op)
}

func (b *bench) state() {
	paths := []string{filepath.Join(b.dir, "terraform.tfstate")}
	more, err := filepath.Glob(filepath.Join(b.dir, "terraform.tfstate.d", "*", "terraform.tfstate"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, path := range append(paths, more...) {
		if raw, err := os.ReadFile(path); err == nil {
			name, _ := filepath.Rel(b.dir, filepath.Dir(path))
			b.printf("%s", describeState(name, raw))
		}
	}
}

// serve serves the provider to other processes; it returns the text of
// TF_REATTACH_PROVIDERS.
func serve(t *testing.T, w *world) string {
	t.Helper()
	server, err := newServer(w)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	configs, closed := make(chan *plugin.ReattachConfig), make(chan struct{})
	served := make(chan error, 1)
	go func() {
		served <- tf6server.Serve("registry.terraform.io/hashicorp/test", func() tfprotov6.ProviderServer { return server },
			tf6server.WithDebug(ctx, configs, closed), tf6server.WithoutLogStderrOverride(), tf6server.WithGoPluginLogger(hclog.NewNullLogger()))
	}()
	t.Cleanup(func() {
		cancel()
		<-closed
	})
	var at *plugin.ReattachConfig
	select {
	case at = <-configs:
	case err := <-served:
		t.Fatalf("serving the provider: %v", err)
	}
	entry := map[string]any{
		"Protocol": "grpc", "ProtocolVersion": 6, "Pid": at.Pid, "Test": true,
		"Addr": map[string]string{"Network": at.Addr.Network(), "String": at.Addr.String()},
	}
	reattach, err := json.Marshal(map[string]any{"registry.terraform.io/hashicorp/test": entry, "registry.opentofu.org/hashicorp/test": entry})
	if err != nil {
		t.Fatal(err)
	}
	return string(reattach)
}
