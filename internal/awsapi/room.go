package awsapi

import (
	"context"

	"github.com/aws/smithy-go/middleware"
)

// room is about what the SDK's middleware needs of a stack, in bytes.
const room = 12 << 10

// roomy makes room on a goroutine's stack before the SDK's hundred middlewares need
// it. Most calls are made by goroutines of their own, whose stacks would be doubled,
// and copied, several times on the way down: a fifth of the CPU of such a call.
type roomy struct{}

// ID implements [middleware.InitializeMiddleware].
func (roomy) ID() string { return "roomy" }

// HandleInitialize implements [middleware.InitializeMiddleware].
func (roomy) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	makeRoom()
	return next.HandleInitialize(ctx, in)
}

// makeRoom is called for the size of its frame alone.
//
//go:noinline
func makeRoom() {
	var frame [room]byte
	touch(&frame)
}

//go:noinline
func touch(*[room]byte) {}

// firstRoomy lets a client's calls begin with roomy.
func firstRoomy(s *middleware.Stack) error { return s.Initialize.Add(roomy{}, middleware.Before) }
