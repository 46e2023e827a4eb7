package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/emptypb"
)

// TestMain is the plugin when it is started as one.
func TestMain(m *testing.M) {
	if !Wanted() {
		os.Exit(m.Run())
	}
	if err := Provider("registry.terraform.io/a/b", func() tfprotov6.ProviderServer { return speaker{} }); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// speaker is a provider that answers one call.
type speaker struct{ tfprotov6.ProviderServer }

func (speaker) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	fmt.Println("printed")
	fmt.Fprintln(os.Stderr, "warned")
	return &tfprotov6.GetMetadataResponse{Resources: []tfprotov6.ResourceMetadata{{TypeName: "b_c"}}}, nil
}

// caller is the other side of the provider.
type caller struct{ plugin.NetRPCUnsupportedPlugin }

func (caller) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

func (caller) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return errors.New("not served") }

// A program that starts plugins with go-plugin gets answers and what is printed,
// encrypted or not, and the process ends when it is asked to.
func TestProvider(t *testing.T) {
	for _, encrypted := range []bool{true, false} {
		t.Run(fmt.Sprintf("encrypted %t", encrypted), func(t *testing.T) {
			t.Parallel()
			var out, errs lines
			cmd := plugged(t)
			client := plugin.NewClient(&plugin.ClientConfig{
				HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: cookie, MagicCookieValue: value},
				VersionedPlugins: map[int]plugin.PluginSet{5: {"provider": caller{}}, 6: {"provider": caller{}}},
				Cmd:              cmd, AutoMTLS: encrypted, AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
				Logger: hclog.NewNullLogger(), SyncStdout: &out, SyncStderr: &errs, UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: t.TempDir()},
			})
			defer client.Kill()
			protocol, err := client.Client()
			if err != nil {
				t.Fatal(err)
			}
			if got := client.NegotiatedVersion(); got != Protocol {
				t.Errorf("the version is %d, want %d", got, Protocol)
			}
			if err := protocol.Ping(); err != nil {
				t.Errorf("the health check: %v", err)
			}
			conn, err := protocol.Dispense("provider")
			if err != nil {
				t.Fatal(err)
			}
			var answer emptypb.Empty
			if err := conn.(*grpc.ClientConn).Invoke(t.Context(), "/tfplugin6.Provider/GetMetadata", &emptypb.Empty{}, &answer); err != nil {
				t.Fatal(err)
			}
			if got := string(answer.ProtoReflect().GetUnknown()); !strings.Contains(got, "b_c") {
				t.Errorf("the answer is %q", got)
			}
			out.await(t, "printed\n")
			errs.await(t, "warned\n")
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if err := protocol.Ping(); err != nil {
				t.Errorf("the health check after an interrupt: %v", err)
			}
			if err := protocol.Close(); err != nil {
				t.Errorf("ending it: %v", err)
			}
			client.Kill()
			if !client.Exited() {
				t.Error("the process runs on")
			}
		})
	}
}

// A process whose Terraform has gone without a word ends by itself, once what it is
// at is done.
func TestLeftAlone(t *testing.T) {
	t.Parallel()
	cmd := plugged(t)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{MagicCookieKey: cookie, MagicCookieValue: value}, VersionedPlugins: map[int]plugin.PluginSet{6: {"provider": caller{}}},
		Cmd: cmd, AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
	})
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := protocol.Dispense("provider")
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*grpc.ClientConn).Close(); err != nil { // as when the other process ends
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !client.Exited() {
		select {
		case <-t.Context().Done():
			t.Fatal("the process runs on")
		case <-tick.C:
		}
	}
}

// A presence ends with the last connection, but not before the last call.
func TestPresence(t *testing.T) {
	t.Parallel()
	p, ctx := &presence{over: make(chan struct{})}, t.Context()
	ended := func() bool {
		select {
		case <-p.over:
			return true
		default:
			return false
		}
	}
	for _, step := range []struct {
		what string
		do   func()
		want bool
	}{
		{"a connection", func() { p.HandleConn(ctx, &stats.ConnBegin{}) }, false},
		{"a call", func() { p.HandleRPC(ctx, &stats.Begin{}) }, false},
		{"the connection's end", func() { p.HandleConn(ctx, &stats.ConnEnd{}) }, false},
		{"the call's end", func() { p.HandleRPC(ctx, &stats.End{}) }, true},
		{"another connection", func() { p.HandleConn(ctx, &stats.ConnBegin{}) }, true},
		{"its end", func() { p.HandleConn(ctx, &stats.ConnEnd{}) }, true},
	} {
		if step.do(); ended() != step.want {
			t.Errorf("after %s it has ended: %t, want %t", step.what, ended(), step.want)
		}
	}
}

// A presence that nobody came to ends, and one that somebody came to does not.
func TestUnmet(t *testing.T) {
	t.Parallel()
	alone := &presence{over: make(chan struct{})}
	alone.unmet()
	select {
	case <-alone.over:
	default:
		t.Error("what nobody has connected to goes on")
	}
	alone.HandleConn(t.Context(), &stats.ConnBegin{}) // too late, and the end is no second one
	alone.HandleConn(t.Context(), &stats.ConnEnd{})
	alone.unmet()
	met := &presence{over: make(chan struct{})}
	met.HandleConn(t.Context(), &stats.ConnBegin{})
	met.unmet()
	select {
	case <-met.over:
		t.Error("what somebody has connected to ends")
	default:
	}
}

// What cannot be done is refused, in words.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ variable, value, want string }{
		{"PLUGIN_PROTOCOL_VERSIONS", "4,5", "version 6"},
		{"PLUGIN_UNIX_SOCKET_GROUP", "staff", "PLUGIN_UNIX_SOCKET_GROUP"},
		{"PLUGIN_CLIENT_CERT", "nonsense", "no certificate"},
		{"PLUGIN_UNIX_SOCKET_DIR", "/does/not/exist", "/does/not/exist"},
	} {
		cmd := plugged(t)
		cmd.Env = append(os.Environ(), cookie+"="+value, c.variable+"="+c.value)
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err == nil || len(out) > 0 || !strings.Contains(errs.String(), c.want) {
			t.Errorf("with %s=%s: %v, printed %q and %q, want an error with %q", c.variable, c.value, err, out, errs.String(), c.want)
		}
	}
}

func plugged(t *testing.T) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path)
	cmd.WaitDelay = time.Minute
	return cmd
}

// lines keep what is written to them.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
	return l.text.Write(p)
}

// await waits for a text.
func (l *lines) await(t *testing.T, want string) {
	t.Helper()
	for {
		l.mu.Lock()
		got := l.text.String()
		if l.more == nil {
			l.more = make(chan struct{})
		}
		more := l.more
		l.mu.Unlock()
		if strings.Contains(got, want) {
			return
		}
		select {
		case <-more:
		case <-time.After(time.Minute):
			t.Fatalf("%q was not printed, but %q", want, got)
		}
	}
}
