package apply_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/apply"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// journal is a hook that keeps everything in order, and tells of it.
type journal struct {
	mu     sync.Mutex
	events []string
	onLine func(string)
}

func (j *journal) note(s string) {
	j.mu.Lock()
	j.events = append(j.events, s)
	tell := j.onLine
	j.mu.Unlock()
	if tell != nil {
		tell(s)
	}
}

func (j *journal) Started(e plan.Event) { j.note(fmt.Sprintf("%s %s", e.Step, e.Addr)) }

func (j *journal) Finished(e plan.Event, diags hcl.Diagnostics) {
	how := "done"
	if diags.HasErrors() {
		how = "failed"
	}
	j.note(fmt.Sprintf("%s %s %s", e.Step, e.Addr, how))
}

func (j *journal) Output(e plan.Event, line string) { j.note("| " + line) }

// took is what came since the last call, without reads.
func (j *journal) took() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := slices.DeleteFunc(j.events, func(s string) bool { return strings.HasPrefix(s, "refresh ") })
	j.events = nil
	return out
}

func needShell(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("sh is not on PATH")
	}
}

// TestProvisioners runs real commands and compares everything that is told of
// them.
func TestProvisioners(t *testing.T) {
	t.Parallel()
	needShell(t)
	const secret = "\nvariable \"s\" {\n  default = \"geheim\"\n  sensitive = true\n}\n"
	for name, c := range map[string]struct {
		blocks string
		create []string
		failed string // in the diagnostics of creating
		remove []string
	}{
		"self and order": {
			blocks: `
  provisioner "local-exec" {
    command     = "echo $GREETING ${self.name} ${self.id}"
    environment = { GREETING = "hello", NONE = null }
    interpreter = null
    working_dir = null
  }
  provisioner "local-exec" { command = "echo second" }
  provisioner "local-exec" {
    when    = destroy
    command = "echo bye ${self.id} ${path.module != ""}"
  }`,
			create: []string{
				"create test_thing.a", "provision test_thing.a", `| Executing: ["/bin/sh" "-c" "echo $GREETING a id-1"]`, "| hello a id-1", "provision test_thing.a done",
				"provision test_thing.a", `| Executing: ["/bin/sh" "-c" "echo second"]`, "| second", "provision test_thing.a done", "create test_thing.a done",
			},
			remove: []string{
				"delete test_thing.a", "provision test_thing.a", `| Executing: ["/bin/sh" "-c" "echo bye id-1 true"]`, "| bye id-1 true", "provision test_thing.a done", "delete test_thing.a done",
			},
		},
		"quiet": {
			blocks: `
  provisioner "local-exec" {
    command = "echo x"
    quiet   = true
  }`,
			create: []string{"create test_thing.a", "provision test_thing.a", "| local-exec: Executing: Suppressed by quiet=true", "| x", "provision test_thing.a done", "create test_thing.a done"},
			remove: []string{"delete test_thing.a", "delete test_thing.a done"},
		},
		"secret": {
			blocks: `
  provisioner "local-exec" {
    command     = "echo $S; exit 7"
    environment = { S = var.s }
    on_failure  = continue
  }` + "\n",
			create: []string{
				"create test_thing.a", "provision test_thing.a", "| (output suppressed due to sensitive value in config)", "| (output suppressed due to sensitive value in config)",
				"provision test_thing.a failed", "create test_thing.a done",
			},
			failed: "main.tf:4: local-exec provisioner error: Running the command failed: exit status 7. The command and its output are not shown",
			remove: []string{"delete test_thing.a", "delete test_thing.a done"},
		},
		"failure": {
			blocks: `
  provisioner "local-exec" { command = "echo oh; exit 3" }
  provisioner "local-exec" { command = "echo never" }
  provisioner "local-exec" {
    when    = destroy
    command = "echo not for what never got ready"
  }`,
			create: []string{"create test_thing.a", "provision test_thing.a", `| Executing: ["/bin/sh" "-c" "echo oh; exit 3"]`, "| oh", "provision test_thing.a failed", "create test_thing.a failed"},
			failed: `main.tf:4: local-exec provisioner error: Running the command "echo oh; exit 3" failed: exit status 3. Output: oh`,
			remove: []string{"delete test_thing.a", "delete test_thing.a done"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			j := &journal{}
			b.hook = j
			src := "resource \"test_thing\" \"a\" {\n  name = \"a\"\n" + c.blocks + "\n}\n"
			_, diags := b.run(src + secret)
			if got := text(diags); !strings.Contains(got, c.failed) || strings.Contains(got, "geheim") {
				t.Errorf("got %s\nwant %s", got, c.failed)
			}
			if got := j.took(); !slices.Equal(got, c.create) {
				t.Errorf("creating\ngot  %q\nwant %q", got, c.create)
			}
			tainted := c.failed != "" && !strings.Contains(c.blocks, "continue")
			if got := b.state.Get(instance("test_thing.a")).Tainted; got != tainted || diags.HasErrors() != tainted {
				t.Errorf("got tainted %v, errors %v, want %v", got, diags.HasErrors(), tainted)
			}
			b.opts.Mode = plan.Destroy
			if _, diags := b.run(""); diags.HasErrors() {
				t.Fatal(text(diags))
			}
			if got := j.took(); !slices.Equal(got, c.remove) {
				t.Errorf("destroying\ngot  %q\nwant %q", got, c.remove)
			}
			if !b.state.Empty() || len(b.world.names()) != 0 {
				t.Errorf("left: %v", b.world.names())
			}
		})
	}
}

func instance(s string) addr.Instance {
	a, err := addr.ParseInstance(s)
	if err != nil {
		panic(err)
	}
	return a
}

// TestDestroyProvisionerFails demands that an object stays, untainted, when what
// should run before its destruction fails, and that a shrinking count sees its
// own index.
func TestDestroyProvisionerFails(t *testing.T) {
	t.Parallel()
	needShell(t)
	b := newBench(t)
	j := &journal{}
	b.hook = j
	flag := filepath.Join(b.dir, "may")
	src := func(n int) string {
		return fmt.Sprintf(`
resource "test_thing" "a" {
  count = %d
  name  = "a${count.index}"
  provisioner "local-exec" {
    when    = destroy
    command = "echo ${count.index}; test -e %s"
  }
}`, n, flag)
	}
	b.mustRun(src(2))
	j.took()
	_, diags := b.run(src(1))
	if got := text(diags); !strings.Contains(got, "exit status 1. Output: 1") {
		t.Fatalf("got %s", got)
	}
	if o := b.state.Get(instance("test_thing.a[1]")); o == nil || o.Tainted || !slices.Equal(b.world.names(), []string{"a0", "a1"}) {
		t.Fatalf("the object is gone or tainted; left: %v", b.world.names())
	}
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.mustRun(src(1))
	if got := b.world.names(); !slices.Equal(got, []string{"a0"}) {
		t.Errorf("left: %v", got)
	}
}

// TestProvisionerOrder demands that what a provisioner refers to is there when
// it runs, and is destroyed after its object.
func TestProvisionerOrder(t *testing.T) {
	t.Parallel()
	needShell(t)
	b := newBench(t)
	b.mustRun(`
resource "test_thing" "a" {
  name = "a"
  provisioner "local-exec" { command = "test ${test_thing.b.id} = id-1" }
}
resource "test_thing" "b" { name = "b" }`)
	if got := strings.Join(b.world.took(), ","); got != "create b,create a" {
		t.Errorf("got %s", got)
	}
	b.mustRun("locals {}")
	if got := strings.Join(b.world.took(), ","); got != "delete a,delete b" {
		t.Errorf("got %s", got)
	}
}

// TestProvisionerInterrupted demands that an interrupt kills the command and
// leaves the object to be replaced.
func TestProvisionerInterrupted(t *testing.T) {
	t.Parallel()
	needShell(t)
	b := newBench(t)
	j := &journal{}
	b.hook = j
	prog, p := b.mustPlan(`
resource "test_thing" "a" {
  name = "a"
  provisioner "local-exec" {
    command    = "echo waiting; sleep 1000"
    on_failure = continue
  }
}`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	j.onLine = func(s string) {
		if s == "| waiting" {
			cancel()
		}
	}
	result, diags := apply.Run(ctx, prog, p, apply.Options{Hook: j})
	if got := text(diags); !strings.Contains(got, "Provisioner interrupted") {
		t.Errorf("got %s", got)
	}
	if o := result.State.Get(instance("test_thing.a")); o == nil || !o.Tainted {
		t.Errorf("got %v, want a tainted object", o)
	}
}

func TestProvisionerRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ block, want string }{
		{`provisioner "local-exec" {}`, "3: Missing required argument"},
		{`provisioner "local-exec" { comand = "x" }`, "3: Unsupported argument"},
		{`provisioner "local-exec" { command = "" }`, "3: No command to run"},
		{`provisioner "local-exec" { command = local.x }`, "3: Reference to an undeclared local value"},
		{`provisioner "local-exec" { command = self.nme }`, "3: Unsupported attribute"},
		{`provisioner "local-exec" { command = ["x"] }`, "3: Incorrect attribute value type"},
		{`provisioner "remote-exec" { inline = [] }`, `3: The provisioner "remote-exec" is not supported`},
	} {
		b := newBench(t)
		_, _, diags := b.plan("resource \"test_thing\" \"a\" {\n  name = \"a\"\n  " + c.block + "\n}")
		if got := text(diags); !strings.Contains(got, "main.tf:"+c.want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.block, got, c.want)
		}
	}
}

// TestRemovedProvisioner demands that a removed block can say what runs before its
// objects are destroyed, and nothing else.
func TestRemovedProvisioner(t *testing.T) {
	t.Parallel()
	needShell(t)
	b := newBench(t)
	j := &journal{}
	b.hook = j
	b.mustRun("resource \"test_thing\" \"a\" {\n  count = 2\n  name = \"a${count.index}\"\n}")
	j.took()
	b.mustRun("removed {\n  from = test_thing.a\n  lifecycle {\n    destroy = true\n  }\n  provisioner \"local-exec\" {\n    when = destroy\n    command = \"echo bye ${self.name} ${count.index}\"\n  }\n}")
	if got := j.took(); !slices.Contains(got, "| bye a0 0") || !slices.Contains(got, "| bye a1 1") {
		t.Errorf("got %q", got)
	}
	for block, want := range map[string]string{
		`provisioner "local-exec" { command = "x" }`: "3: Nothing is created here",
		`provisioner "file" {}`:                      `3: The provisioner "file" is not supported`,
		`connection {}`:                              `3: "connection" blocks are not supported`,
	} {
		b := newBench(t)
		_, _, diags := b.plan("removed {\n  from = test_thing.a\n  " + block + "\n}")
		if got := text(diags); !strings.Contains(got, "main.tf:"+want) {
			t.Errorf("%s: got %s, want %s", block, got, want)
		}
	}
}
