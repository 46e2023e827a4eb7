package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// TestMain makes this test's binary the program of several providers, by the
// name that it is started under.
func TestMain(m *testing.M) {
	what, ok := strings.CutPrefix(filepath.Base(os.Args[0]), "terraform-provider-")
	if !ok {
		os.Exit(m.Run())
	}
	quiet := tf6server.WithGoPluginLogger(hclog.NewNullLogger())
	switch what {
	case "exits":
		fmt.Fprintln(os.Stderr, "no such luck")
		os.Exit(3)
	case "crashes":
		panic("out of luck")
	case "garbage":
		fmt.Println("hello, world")
	case "mute":
		fmt.Fprintln(os.Stderr, "waiting")
		select {}
	case "ancient":
		fmt.Println("1|4|unix|/tmp/none|grpc")
		select {}
	case "cookie":
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: plugin.HandshakeConfig{ProtocolVersion: 6, MagicCookieKey: "TF_PLUGIN_MAGIC_COOKIE", MagicCookieValue: "another"},
			Plugins:         plugin.PluginSet{"provider": connector{}}, GRPCServer: plugin.DefaultGRPCServer,
		})
	case "five":
		_ = tf5server.Serve("a/b", func() tfprotov5.ProviderServer { return five{} }, tf5server.WithGoPluginLogger(hclog.NewNullLogger()))
	case "six":
		_ = tf6server.Serve("a/b", func() tfprotov6.ProviderServer { return &six{} }, quiet)
	case "parent":
		child := exec.Command("sleep", "3600")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			panic(err)
		}
		_ = os.WriteFile(os.Args[0]+".child", []byte(strconv.Itoa(child.Process.Pid)), 0o600)
		_ = tf6server.Serve("a/b", func() tfprotov6.ProviderServer { return &six{} }, quiet)
	case "host":
		host()
	}
}

// six configures itself with its process id, which its functions answer.
type six struct {
	tfprotov6.ProviderServer
	configured bool
}

func (s *six) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{
		ResourceSchemas: map[string]*tfprotov6.Schema{fmt.Sprint(os.Getpid(), s.configured): {Block: &tfprotov6.SchemaBlock{}}},
	}, nil
}

func (s *six) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	s.configured = true
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s *six) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{Error: "stopped"}, nil
}

func (s *six) ApplyResourceChange(context.Context, *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	go func() { panic("in the middle of it") }() // where nothing catches it
	select {}
}

type five struct{ tfprotov5.ProviderServer }

func (five) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	return &tfprotov5.GetProviderSchemaResponse{
		ResourceSchemas: map[string]*tfprotov5.Schema{"five_thing": {Block: &tfprotov5.SchemaBlock{}}},
	}, nil
}

// host starts the provider that the environment names, says so and waits.
func host() {
	server, err := NewPool(context.Background(), Options{}).Program("a/six", os.Getenv("PROVIDER")).Server()
	if err == nil {
		_, err = server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	}
	fmt.Println(err)
	select {}
}

// provider is the path of this binary as the named provider.
func provider(t *testing.T, name string) string {
	t.Helper()
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "terraform-provider-"+name)
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func pool(t *testing.T, o Options) *Pool {
	p := NewPool(t.Context(), o)
	t.Cleanup(p.Close)
	return p
}

func TestBadPrograms(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"exits":   {"cannot be used as a provider: it ended with exit status 3 before it could be called", "no such luck"},
		"crashes": {"it ended with exit status 2", "panic: out of luck"},
		"garbage": {"hello, world"},
		"ancient": {"Plugin version: 4"},
		"cookie":  {"it ended with exit status 1", "This binary is a plugin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := provider(t, name)
			_, err := pool(t, Options{}).Program("a/"+name, path).Server()
			for _, w := range append(want, path) {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("got %v, want %q", err, w)
				}
			}
		})
	}
	none := filepath.Join(t.TempDir(), "none")
	if _, err := pool(t, Options{}).Program("a/none", none).Server(); err == nil || !strings.Contains(err.Error(), none+": no such file") {
		t.Errorf("got %v", err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("hello"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := pool(t, Options{}).Program("a/text", text).Server(); err == nil || !strings.Contains(err.Error(), "exec format error") {
		t.Errorf("got %v", err)
	}
}

func TestInterruptedStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := NewPool(ctx, Options{Log: hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: writer(func(line string) {
		if strings.Contains(line, "waiting") && !strings.Contains(line, "RPC") {
			cancel()
		}
	})})})
	defer p.Close()
	if _, err := p.Program("a/mute", provider(t, "mute")).Server(); err == nil || !strings.Contains(err.Error(), "was interrupted") {
		t.Errorf("got %v", err)
	}
}

// TestStartAfterTheEnd starts a provider when its run is interrupted already.
func TestStartAfterTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewPool(ctx, Options{}).Program("a/mute", provider(t, "mute")).Server(); err == nil || !strings.Contains(err.Error(), "was interrupted") {
		t.Errorf("got %v", err)
	}
}

// TestChildren ends a provider whose own child keeps its output open.
func TestChildren(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sleep"); err != nil {
		t.Skip("sleep is not on PATH")
	}
	path := provider(t, "parent")
	p := NewPool(t.Context(), Options{})
	server, err := p.Program("a/parent", path).Server()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path + ".child")
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	child, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Kill() }()
	p.Close()
}

type writer func(string)

func (w writer) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}

func TestProtocols(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		plain bool
	}{{"five", false}, {"five", true}, {"six", false}, {"six", true}} {
		server, err := pool(t, Options{NoTLS: c.plain}).Program("a/"+c.name, provider(t, c.name)).Server()
		if err != nil {
			t.Fatal(err)
		}
		got, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
		if err != nil || len(got.ResourceSchemas) != 1 {
			t.Errorf("%+v: got %v, %v", c, got, err)
		}
	}
}

// Each configuration has a process of its own, the first one that which
// answered before.
func TestConfigurations(t *testing.T) {
	t.Parallel()
	p := pool(t, Options{}).Program("a/six", provider(t, "six"))
	server := func() tfprotov6.ProviderServer {
		s, err := p.Server()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	pid := func(s tfprotov6.ProviderServer) (string, string) {
		t.Helper()
		got, err := s.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for name := range got.ResourceSchemas {
			id, configured, _ := strings.Cut(name, " ")
			return id, configured
		}
		return "", ""
	}
	schemas, one, two := server(), server(), server()
	first, configured := pid(schemas)
	if configured != "false" {
		t.Errorf("got a configured provider")
	}
	for _, s := range []tfprotov6.ProviderServer{one, two} {
		if stopped, err := s.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil || stopped.Error != "" {
			t.Errorf("stopping the unconfigured: %v, %v", stopped, err)
		}
		if _, err := s.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{}); err != nil {
			t.Fatal(err)
		}
		if _, configured := pid(s); configured != "true" {
			t.Errorf("got an unconfigured provider")
		}
		if stopped, err := s.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil || stopped.Error != "stopped" {
			t.Errorf("stopping: %v, %v", stopped, err)
		}
	}
	a, _ := pid(one)
	b, _ := pid(two)
	if a != first || b == first {
		t.Errorf("got the processes %s and %s, want %s and another", a, b, first)
	}
}

func TestCrash(t *testing.T) {
	t.Parallel()
	s, err := pool(t, Options{}).Program("a/six", provider(t, "six")).Server()
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{TypeName: "x"})
	for _, want := range []string{"the process of the provider a/six ended meanwhile with exit status 2", "panic: in the middle of it"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	p := NewPool(t.Context(), Options{})
	program := p.Program("a/six", provider(t, "six"))
	if _, err := program.Server(); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if program.first.runner.status() == "" {
		t.Errorf("the process still runs")
	}
	p.Close()
	if _, err := p.Program("a/six", provider(t, "six")).Server(); err == nil || !strings.Contains(err.Error(), "the run has ended") {
		t.Errorf("got %v", err)
	}
}

// A pool that is closed while a provider starts waits for neither.
func TestClosedMeanwhile(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	p := NewPool(t.Context(), Options{Log: hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: writer(func(line string) {
		if strings.Contains(line, ": waiting") && !strings.Contains(line, "RPC") {
			close(begun)
		}
	})})})
	program := p.Program("a/mute", provider(t, "mute"))
	warm := make(chan struct{})
	go func() {
		program.Warm()
		close(warm)
	}()
	<-begun
	p.Close()
	<-warm
	if _, err := program.Server(); err == nil || !strings.Contains(err.Error(), "was interrupted") {
		t.Errorf("got %v", err)
	}
}
