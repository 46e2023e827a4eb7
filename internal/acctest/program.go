package acctest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// program is the life and the edits of a type under terraform or tofu, which
// talk to the provider in this process as they do to a debugged one.
func (s Subject) program(t *testing.T, name string) {
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not on PATH", name)
	}
	e := providertest.Emulator(t)
	p := &program{T: t, path: path, dir: t.TempDir(), attach: attach(t, s.emulated(e))}
	header := "terraform {\n  required_providers {\n    serverless = { source = \"" + provider.Address + "\" }\n  }\n}\n"
	write := func(a Arguments) { p.write(header + s.config(a)) }

	write(s.Base)
	p.run("apply", "-auto-approve")
	if c := p.change(s.address()); c.Action != "no-op" {
		t.Errorf("plan after apply: %s because of %v", c.Action, c.Changed)
	}
	for _, e := range s.shareOfEdits() {
		if len(e.From) > 0 {
			continue
		}
		write(s.Base.with(Arguments{e.Argument: e.To}))
		c := p.change(s.address())
		switch want := slices.Sorted(slices.Values(append([]string{e.Argument}, e.With...))); {
		case e.Same && c.Action != "no-op", e.Replace && c.Action != "replace", !e.Same && !e.Replace && c.Action != "update":
			t.Errorf("%s: %s because of %v", e.name(), c.Action, c.Changed)
		case c.Action == "update" && !slices.Equal(c.Changed, want):
			t.Errorf("%s: changes %v, want %v", e.name(), c.Changed, want)
		}
	}
	together := s.Base.with(s.Together)
	write(together)
	p.run("apply", "-auto-approve")
	if c := p.change(s.address()); c.Action != "no-op" {
		t.Errorf("plan after the second apply: %s because of %v", c.Action, c.Changed)
	}
	p.run("destroy", "-auto-approve")
	if n, err := e.Deployed(); err != nil || n != 0 {
		t.Errorf("after destroy the emulator holds %d things (%v), want 0", n, err)
	}
}

// A program is terraform or tofu at work in a folder.
type program struct {
	*testing.T
	path, dir, attach string
}

func (p *program) write(config string) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, "main.tf"), []byte(config), 0o600); err != nil {
		p.Fatal(err)
	}
}

func (p *program) run(args ...string) []byte {
	p.Helper()
	c := exec.CommandContext(p.Context(), p.path, append(args, "-no-color")...)
	c.Dir = p.dir
	c.Env = append(os.Environ(), "TF_REATTACH_PROVIDERS="+p.attach, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		p.Fatalf("%s %s: %v\n%s%s", filepath.Base(p.path), strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.Bytes()
}

// change plans and returns what becomes of one resource.
func (p *program) change(address string) Change {
	p.Helper()
	p.run("plan", "-out=plan")
	var plan struct {
		Changes []struct {
			Address string
			Change  struct {
				Actions       []string
				Before, After map[string]any
				AfterUnknown  map[string]any `json:"after_unknown"`
			}
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(p.run("show", "-json", "plan"), &plan); err != nil {
		p.Fatal(err)
	}
	for _, r := range plan.Changes {
		if r.Address != address {
			continue
		}
		c := Change{Address: address, Action: r.Change.Actions[0]}
		if len(r.Change.Actions) > 1 {
			c.Action = "replace"
		}
		for name, was := range r.Change.Before {
			before, _ := json.Marshal(was)
			after, _ := json.Marshal(r.Change.After[name])
			if _, known := r.Change.After[name]; !known || !bytes.Equal(before, after) {
				c.Changed = append(c.Changed, name)
			}
		}
		slices.Sort(c.Changed)
		return c
	}
	return Change{Address: address, Action: "no-op"}
}

// attach serves the provider on an emulator to other processes, and returns the
// value of TF_REATTACH_PROVIDERS that leads there.
func attach(t *testing.T, e provider.Emulator) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	attached := make(chan *plugin.ReattachConfig)
	closed := make(chan struct{})
	served := make(chan error, 1)
	go func() {
		served <- tf6server.Serve(provider.Address, func() tfprotov6.ProviderServer { return providertest.Server(e) },
			tf6server.WithDebug(ctx, attached, closed), tf6server.WithLoggingSink(t), tf6server.WithGoPluginLogger(hclog.NewNullLogger()))
	}()
	t.Cleanup(func() {
		cancel()
		<-closed
	})
	select {
	case err := <-served:
		t.Fatalf("serving the provider: %v", err)
		return ""
	case c := <-attached:
		text, err := json.Marshal(map[string]any{provider.Address: map[string]any{
			"Protocol": string(c.Protocol), "ProtocolVersion": c.ProtocolVersion, "Pid": c.Pid, "Test": true,
			"Addr": map[string]string{"Network": c.Addr.Network(), "String": c.Addr.String()},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}
