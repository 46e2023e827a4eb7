package api

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// writers serializes the changes of one API: AWS refuses some that come at the
// same time, and loses none that come one after the other.
var writers sync.Map // API id -> *sync.Mutex

// lock waits for the API's other changes; the caller calls what it returns when
// its own is done.
func lock(api string) (unlock func()) {
	mu, _ := writers.LoadOrStore(api, &sync.Mutex{})
	mu.(*sync.Mutex).Lock()
	return mu.(*sync.Mutex).Unlock
}

// settled repeats a change that another program's change of the API got in the
// way of.
func settled(ctx context.Context, change func(context.Context) error) error {
	return tf.Retry(ctx, func(err error) bool {
		return tf.Is[*types.ConflictException](err) && tf.Says(err, "ConflictException", "concurrent")
	}, change)
}

// unanswered is the error of a call that makes what AWS has no tags for: if its
// answer was lost, what is there now and was not there before is what it made.
func unanswered(err error) error {
	if err == nil || tf.Refused(err) {
		return err
	}
	return &tf.Unmarked{Err: err}
}
