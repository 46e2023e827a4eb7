package messaging

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// patience is how many reads, some 6 seconds, may not see a new queue yet.
const patience = 10

// soon calls read until it sees a queue that may be new.
func soon(ctx context.Context, read func(context.Context) error) error {
	missed := 0
	return tf.Retry(ctx, func(err error) bool {
		missed++
		return missed < patience && tf.Is[*types.QueueDoesNotExist](err)
	}, read)
}

// lastPart is the name of a queue in its address or ARN, or the name itself.
func lastPart(queue string) string { return queue[strings.LastIndexAny(queue, "/:")+1:] }

// addressOf is the address of the queue that an argument names: by its address, its
// ARN or its name on AWS.
func addressOf(ctx context.Context, c *Clients, queue string) (string, error) {
	if strings.HasPrefix(queue, "https://") || strings.HasPrefix(queue, "http://") {
		return queue, nil
	}
	var url string
	look := func(ctx context.Context) (err error) {
		url, err = urlOf(ctx, c, lastPart(queue))
		return err
	}
	err := look(ctx)
	if tf.Is[*types.QueueDoesNotExist](err) && tf.Wrote(ctx) { // it may be one that this run has made
		err = soon(ctx, look)
	}
	if tf.Is[*types.QueueDoesNotExist](err) {
		return "", noQueue(ctx, queue)
	}
	return url, err
}

func noQueue(ctx context.Context, queue string) error {
	return &tf.Problem{
		Summary: "There is no queue " + lastPart(queue),
		Detail:  fmt.Sprintf("%q was looked for in %s. Correct the name or the region, or create it first.", queue, tf.ScopeOf(ctx).Region),
	}
}
