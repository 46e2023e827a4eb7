package cli

import (
	"context"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
)

// holding is the state that each script holds the lock of.
var holding sync.Map // *testscript.TestScript -> *backend.Store

// hold is the script command that locks a state file, as another run does.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold FILE")
	}
	s, err := local.Open(context.Background(), ts.MkAbs(args[0]), backend.Options{Version: terraformVersion, Operation: "OperationTypeTest"})
	ts.Check(err)
	holding.Store(ts, s)
	ts.Defer(func() { _ = s.Close() }) // closing twice does nothing
}

// release is the script command that ends hold.
func release(ts *testscript.TestScript, neg bool, args []string) {
	s, ok := holding.LoadAndDelete(ts)
	if neg || len(args) != 0 || !ok {
		ts.Fatalf("usage: release, after hold")
	}
	ts.Check(s.(*backend.Store).Close())
}
