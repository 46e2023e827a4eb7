package serve

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc/stats"
)

// A presence notices when the last connection has ended. Terraform has one as long as
// it runs, and tells plugins to end before it ends itself; if it was killed, it could
// not, and nobody would.
type presence struct {
	connections atomic.Int64
	over        chan struct{}
}

// HandleConn counts connections (stats.Handler).
func (p *presence) HandleConn(_ context.Context, s stats.ConnStats) {
	switch s.(type) {
	case *stats.ConnBegin:
		p.connections.Add(1)
	case *stats.ConnEnd:
		if p.connections.Add(-1) == 0 {
			select {
			case p.over <- struct{}{}:
			default: // it is known already
			}
		}
	}
}

// TagConn does nothing (stats.Handler).
func (p *presence) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// TagRPC does nothing (stats.Handler).
func (p *presence) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC does nothing (stats.Handler).
func (p *presence) HandleRPC(context.Context, stats.RPCStats) {}
