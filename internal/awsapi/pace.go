package awsapi

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"

	"github.com/tfserverless/terraform-provider-serverless/internal/quota"
)

// pace holds calls back so that AWS's quotas are kept: of the published ones from
// the start, of the others from when AWS throttles. All clients of a backend share
// it, because an account shares its quotas.
type pace struct {
	asleep bool // hold nothing back before something was throttled

	mu      sync.Mutex
	buckets map[string]*quota.Bucket // by class and region
}

// scopes are the names of services in credential scopes where ours differ.
var scopes = map[string]string{"apigatewayv2": "apigateway", "sfn": "states"}

// client returns what a client of a service in a region adds to its calls.
func (p *pace) client(service, region string) func(*middleware.Stack) error {
	if scope, ok := scopes[service]; ok {
		service = scope
	}
	if service == "iam" {
		region = "" // it has none
	}
	return func(s *middleware.Stack) error {
		return s.Finalize.Insert(paced{p, service, region}, "Retry", middleware.After) // each attempt is a call
	}
}

// of returns the buckets that a call is taken from.
func (p *pace) of(service, region, operation string) []*quota.Bucket {
	limits := quota.Of(service, operation)
	if len(limits) == 0 {
		limits = []quota.Limit{{Class: service + "." + operation}}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.buckets == nil {
		p.buckets = map[string]*quota.Bucket{}
	}
	var all []*quota.Bucket
	for _, l := range limits {
		key := l.Class + " " + region
		b, ok := p.buckets[key]
		if !ok {
			if b = quota.NewBucket(l); p.asleep {
				b = quota.Asleep(l)
			}
			p.buckets[key] = b
		}
		all = append(all, b)
	}
	return all
}

// paced is the middleware of one client.
type paced struct {
	pace            *pace
	service, region string
}

// ID implements [middleware.FinalizeMiddleware].
func (paced) ID() string { return "paced" }

var throttles = retry.IsErrorThrottles(retry.DefaultThrottles)

// HandleFinalize implements [middleware.FinalizeMiddleware].
func (p paced) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	buckets := p.pace.of(p.service, p.region, middleware.GetOperationName(ctx))
	var pause time.Duration
	for now, i := time.Now(), 0; i < len(buckets); i++ {
		pause = max(pause, buckets[i].Reserve(now))
	}
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			for _, b := range buckets {
				b.Return()
			}
			return middleware.FinalizeOutput{}, middleware.Metadata{}, &aws.RequestCanceledError{Err: ctx.Err()}
		}
	}
	out, data, err := next.HandleFinalize(ctx, in)
	throttled := err != nil && throttles.IsErrorThrottle(err) == aws.TrueTernary
	for _, b := range buckets {
		switch {
		case throttled:
			b.Throttled(time.Now())
		case err == nil:
			b.Allowed()
		}
	}
	return out, data, err
}
