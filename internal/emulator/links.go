package emulator

import (
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda"
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
