// Package process runs providers as processes of their own: it starts their
// programs by the protocol of go-plugin, makes them look like providers in this
// process, and ends them all.
//
// It must not know where programs come from, what providers offer, or any
// configuration; and no process that it started may outlive the Pool.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/remote"
)

// startTimeout is how long a provider may take until it says where it listens.
const startTimeout = time.Minute

// exitTimeout is how long the end of a process is waited for once its connection
// has ended.
const exitTimeout = 2 * time.Second

// process is one running program of a provider.
type process struct {
	name    string // of the provider, for messages
	version int    // of the protocol
	runner  *runner
	client  *plugin.Client
	conn    *grpc.ClientConn
	stderr  *tail
}

// start runs a program until it can be called. The context ends only the start.
func start(ctx context.Context, name, path string, o Options) (*process, error) {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path) //nolint:gosec // running the provider's program is what this is for
	p := &process{name: name, stderr: &tail{}, runner: newRunner(cmd)}
	printed := o.logger().Named(filepath.Base(path)).StandardWriter(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug})
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 4, // of a provider that negotiates none
			MagicCookieKey:  "TF_PLUGIN_MAGIC_COOKIE", MagicCookieValue: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		},
		VersionedPlugins: map[int]plugin.PluginSet{5: {service: connector{}}, 6: {service: connector{}}},
		RunnerFunc:       p.runner.of,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         !o.NoTLS,
		StartTimeout:     startTimeout,
		Logger:           o.logger(),
		Stderr:           p.stderr,
		SyncStdout:       printed,
		SyncStderr:       printed,
		GRPCDialOptions:  remote.DialOptions(),
	})
	if ctx.Err() != nil {
		return nil, p.explain(ctx, path, ctx.Err())
	}
	over := make(chan struct{})
	defer close(over)
	done := context.AfterFunc(ctx, func() {
		select {
		case <-p.runner.started: // which may be a moment from now
			_ = p.runner.Kill(ctx)
		case <-over:
		}
	})
	defer done()
	conn, err := p.connect()
	if err != nil {
		p.end()
		return nil, p.explain(ctx, path, err)
	}
	p.conn, p.version = conn, p.client.NegotiatedVersion()
	return p, nil
}

func (p *process) connect() (*grpc.ClientConn, error) {
	protocol, err := p.client.Client()
	if err != nil {
		return nil, err
	}
	conn, err := protocol.Dispense(service)
	if err != nil {
		return nil, err
	}
	return conn.(*grpc.ClientConn), nil
}

// explain says why a program could not be started.
func (p *process) explain(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("starting the program %s was interrupted", path)
	}
	text := strings.TrimSpace(err.Error())
	if strings.Contains(text, "Failed to read any lines") || strings.Contains(text, "exited before") {
		text = fmt.Sprintf("it ended with %s before it could be called", p.runner.status())
	}
	text = fmt.Sprintf("the program %s cannot be used as a provider: %s", path, text)
	if said := p.stderr.String(); said != "" {
		text += "; it wrote:\n" + said
	}
	return errors.New(text)
}

// Invoke makes a call, as a connection does, and says so if the process is gone.
func (p *process) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	return p.crashed(p.conn.Invoke(ctx, method, in, out, opts...))
}

// NewStream begins a call with a stream of answers.
func (p *process) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := p.conn.NewStream(ctx, desc, method, opts...)
	return s, p.crashed(err)
}

// end ends the process: by asking, and after two seconds by force.
func (p *process) end() {
	p.client.Kill()
	if p.runner.sockets != "" { // go-plugin leaves it behind if the start failed
		_ = os.RemoveAll(p.runner.sockets) //nolint:gosec // go-plugin has just made it
	}
}

// tail keeps the end of what a program writes to its standard error, or the
// beginning of what it writes when it crashes.
type tail struct {
	mu      sync.Mutex
	lines   []string
	crashed bool
}

// tailLines is how many lines are kept.
const tailLines = 20

// Write takes one line, as go-plugin hands them on. Those of a log are for
// TF_LOG, and left out. It never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range strings.Lines(string(p)) {
		line = strings.TrimRight(line, "\r\n")
		if !t.crashed && (strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:")) {
			t.lines, t.crashed = nil, true
		}
		switch {
		case line == "" || strings.HasPrefix(line, "{\"@") || logged(line):
		case len(t.lines) < tailLines:
			t.lines = append(t.lines, line)
		case !t.crashed:
			t.lines = append(t.lines[1:], line)
		}
	}
	return len(p), nil
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}

// logged tells a line of Go's standard log: 2006/01/02 15:04:05.
func logged(line string) bool {
	_, err := time.Parse("2006/01/02", strings.SplitN(line, " ", 2)[0])
	_, iso := time.Parse("2006-01-02T15:04:05.000Z0700", strings.SplitN(line, " ", 2)[0])
	return err == nil || iso == nil
}

// service is the one thing that a provider's process serves.
const service = "provider"

// connector hands out the connection itself: package remote knows what to say
// on it.
type connector struct {
	plugin.NetRPCUnsupportedPlugin
}

// GRPCClient is the connection.
func (connector) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

// GRPCServer is for the other side.
func (connector) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this program serves no provider here")
}

// Options are how the processes are run.
type Options struct {
	Log   hclog.Logger // of what the providers log; nil: nothing is kept
	NoTLS bool         // do not encrypt the calls
}

func (o Options) logger() hclog.Logger {
	if o.Log == nil {
		return hclog.NewNullLogger()
	}
	return o.Log
}
