package tf

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// Refused reports whether AWS said no. With any other error the call may have been
// carried out although its answer was lost.
func Refused(err error) bool {
	var answered smithy.APIError
	return errors.As(err, &answered) && answered.ErrorFault() == smithy.FaultClient
}

// taken reports whether AWS said no because something is there already, as it also
// answers to the second attempt of a call whose first answer was lost. API Gateway says
// so of domains and authorizers in the message alone, with the code BadRequestException.
func taken(err error) bool {
	var answered smithy.APIError
	return errors.As(err, &answered) && (strings.Contains(answered.ErrorMessage(), "already exists") ||
		slices.ContainsFunc([]string{"Exists", "InUse", "Conflict"}, func(part string) bool {
			return strings.Contains(answered.ErrorCode(), part)
		}))
}

// Unrepeated is the retryer of a call that must not be carried out twice: what AWS
// throttled was not carried out and is tried again, and nothing else.
func Unrepeated(r aws.Retryer) aws.Retryer { return unrepeated{r} }

type unrepeated struct{ aws.Retryer }

// IsErrorRetryable implements [aws.Retryer].
func (u unrepeated) IsErrorRetryable(err error) bool {
	return retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary && u.Retryer.IsErrorRetryable(err)
}

// Afterwards is a context for looking what became of a call whose answer was lost,
// also when that was because the run is being canceled.
func Afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
}

// Given reports whether what is written for a top-level attribute is known
// completely; true for nothing.
func (p *Plan[M]) Given(name string) bool { return p.all.config[name].IsFullyKnown() }
