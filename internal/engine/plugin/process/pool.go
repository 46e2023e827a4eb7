package process

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/remote"
)

// Pool holds the processes of one run. It may be used by many goroutines.
type Pool struct {
	ctx     context.Context // ends the starts
	cancel  func()
	options Options

	mu       sync.Mutex
	running  []*process
	starting sync.WaitGroup
	closed   bool
}

// NewPool is a pool without processes. When ctx ends, no further one is started
// and starts under way are given up; those that run are left to Close.
func NewPool(ctx context.Context, o Options) *Pool {
	p := &Pool{options: o}
	p.ctx, p.cancel = context.WithCancel(ctx)
	return p
}

// Close ends every process, also those that are starting, and waits for their
// ends. It may be called again.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.starting.Wait()
	p.mu.Lock()
	running := p.running
	p.running = nil
	p.mu.Unlock()
	var all sync.WaitGroup
	for _, x := range running {
		all.Go(x.end)
	}
	all.Wait()
}

func (p *Pool) start(name, path string) (*process, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errors.New("the run has ended")
	}
	p.starting.Add(1)
	p.mu.Unlock()
	defer p.starting.Done()
	x, err := start(p.ctx, name, path, p.options)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.running = append(p.running, x)
	p.mu.Unlock()
	return x, nil
}

// A Program is the executable of one provider. A process of it can hold one
// configuration, so that each gets its own; the first also answers whatever
// needs no configuration.
type Program struct {
	pool *Pool
	name string // of the provider, for messages
	path string

	once  sync.Once
	first *process
	err   error

	mu    sync.Mutex
	taken bool // the first process is configured
}

// Program is the executable at path; nothing is started yet.
func (p *Pool) Program(name, path string) *Program {
	return &Program{pool: p, name: name, path: path}
}

// Warm starts the first process, if it is not there yet, so that others need not
// wait for it later. What goes wrong is reported then.
func (p *Program) Warm() { _, _ = p.shared() }

// Server is a further, unconfigured instance of the provider.
func (p *Program) Server() (tfprotov6.ProviderServer, error) {
	first, err := p.shared()
	if err != nil {
		return nil, err
	}
	return remote.New(&instance{program: p}, first.version), nil
}

func (p *Program) shared() (*process, error) {
	p.once.Do(func() { p.first, p.err = p.pool.start(p.name, p.path) })
	return p.first, p.err
}

// claim is a process that is not configured yet.
func (p *Program) claim() (*process, error) {
	p.mu.Lock()
	taken := p.taken
	p.taken = true
	p.mu.Unlock()
	if taken {
		return p.pool.start(p.name, p.path)
	}
	return p.shared()
}

// instance is a connection for one configuration of a provider. Until it is
// configured, the shared process answers.
type instance struct {
	program *Program

	mu  sync.Mutex
	own *process
}

// Invoke makes one call.
func (i *instance) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	x, err := i.at(method)
	if x == nil {
		return err
	}
	return x.Invoke(ctx, method, in, out, opts...)
}

// NewStream begins a call with a stream of answers.
func (i *instance) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	x, err := i.at(method)
	if x == nil {
		return nil, err
	}
	return x.NewStream(ctx, desc, method, opts...)
}

// at is the process that a call goes to; neither it nor an error if there is
// nothing to do.
func (i *instance) at(method string) (*process, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.own != nil {
		return i.own, nil
	}
	switch path.Base(method) {
	case "Configure", "ConfigureProvider":
		own, err := i.program.claim()
		i.own = own
		return own, unavailable(err)
	case "Stop", "StopProvider":
		return nil, nil // what is not configured has nothing under way
	}
	x, err := i.program.shared()
	return x, unavailable(err)
}

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return status.Error(codes.Unavailable, err.Error())
}

// crashed adds to the failure of a call how the process ended, if it did.
func (p *process) crashed(err error) error {
	if status.Code(err) != codes.Unavailable {
		return err
	}
	// The connection ends with the process; its exit code is known moments later.
	ctx, cancel := context.WithTimeout(context.Background(), exitTimeout)
	defer cancel()
	select {
	case <-p.runner.ended:
	case <-ctx.Done():
		return err
	}
	text := fmt.Sprintf("the process of the provider %s ended meanwhile with %s", p.name, p.runner.status())
	if said := p.stderr.String(); said != "" {
		text += ", having written:\n" + said
	}
	return status.Error(codes.Unavailable, text)
}
