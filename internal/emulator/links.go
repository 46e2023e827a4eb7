package emulator

import (
	"context"
	"errors"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// streamFeeds gives Lambda the streams of tables.
type streamFeeds struct{ *dynamodb.Streams }

// Subscribe implements [lambda.Streams].
func (f streamFeeds) Subscribe(arn, after string) (lambda.Feed, error) {
	feed, err := f.Streams.Subscribe(arn, after)
	if err != nil {
		return nil, err // and no interface with a nil within
	}
	return feed, nil
}

// localCalls gives API Gateway the operations of all services.
type localCalls struct{ local *wire.Local }

// Call implements [gateway.Calls].
func (c localCalls) Call(ctx context.Context, pkg, operation string, params []byte) ([]byte, error) {
	a, err := c.local.Call(ctx, pkg, operation, params)
	if e := (*wire.LocalError)(nil); errors.As(err, &e) {
		return nil, &gateway.CallError{Code: e.Code, Message: e.Message, Status: e.Status}
	}
	return a.Output, err
}
