package serve

import (
	"context"
	"sync"

	"google.golang.org/grpc/stats"
)

// A presence notices when the last connection has ended, and all calls with it.
// Terraform has a connection as long as it runs, and tells plugins to end before it
// ends itself; if it was killed, it could not, and nobody would.
type presence struct {
	over chan struct{} // closed then

	mu                 sync.Mutex
	connections, calls int
	met                bool // somebody has connected
	left               bool // over is closed
}

// unmet ends the presence if nobody has connected yet.
func (p *presence) unmet() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.met && !p.left {
		p.left = true
		close(p.over)
	}
}

// HandleConn counts connections (stats.Handler).
func (p *presence) HandleConn(_ context.Context, s stats.ConnStats) {
	switch s.(type) {
	case *stats.ConnBegin:
		p.count(1, 0)
	case *stats.ConnEnd:
		p.count(-1, 0)
	}
}

// HandleRPC counts calls (stats.Handler).
func (p *presence) HandleRPC(_ context.Context, s stats.RPCStats) {
	switch s.(type) {
	case *stats.Begin:
		p.count(0, 1)
	case *stats.End:
		p.count(0, -1)
	}
}

func (p *presence) count(connections, calls int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.connections += connections
	p.calls += calls
	p.met = true
	if p.connections == 0 && p.calls == 0 && !p.left {
		p.left = true
		close(p.over)
	}
}

// TagConn does nothing (stats.Handler).
func (p *presence) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// TagRPC does nothing (stats.Handler).
func (p *presence) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
