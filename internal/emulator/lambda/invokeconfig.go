package lambda

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// invokeConfig is how asynchronous invocations of a function, a version or an alias
// are carried out. What is nil is not set.
type invokeConfig struct {
	Modified  time.Time
	Age       *int32 `json:",omitempty"` // seconds
	Retries   *int32 `json:",omitempty"`
	OnSuccess string `json:",omitempty"` // ARN
	OnFailure string `json:",omitempty"`
}

func (c *invokeConfig) age() time.Duration {
	if c.Age == nil {
		return maxAge
	}
	return seconds(c.Age)
}

func (c *invokeConfig) retries() int {
	if c.Retries == nil {
		return 2
	}
	return int(*c.Retries)
}

func (c *invokeConfig) destination(failed bool) string {
	if failed {
		return c.OnFailure
	}
	return c.OnSuccess
}

// config is what is set for an event, if anything.
func (a *backlog) config(e *event) (c invokeConfig) {
	_ = a.service.env.Store.View(func(tx *store.Tx) error {
		c, _ = a.configs.Get(tx, e.name().configKey())
		return nil
	})
	return c
}

// configKey is where the settings for the name are kept.
func (n name) configKey() string {
	if n.qualifier == "" {
		n.qualifier = latest
	}
	return n.Key(n.function, n.qualifier)
}

func (c *invokeConfig) describe(n name) *types.FunctionEventInvokeConfig {
	if n.qualifier == "" {
		n.qualifier = latest
	}
	out := &types.FunctionEventInvokeConfig{
		FunctionArn: aws.String(n.qualified()), LastModified: &c.Modified, MaximumEventAgeInSeconds: c.Age, MaximumRetryAttempts: c.Retries,
		DestinationConfig: &types.DestinationConfig{OnSuccess: &types.OnSuccess{}, OnFailure: &types.OnFailure{}},
	}
	if c.OnSuccess != "" {
		out.DestinationConfig.OnSuccess.Destination = &c.OnSuccess
	}
	if c.OnFailure != "" {
		out.DestinationConfig.OnFailure.Destination = &c.OnFailure
	}
	return out
}

// noConfig is the answer where nothing is set.
func noConfig(n name) error {
	if n.qualifier == "" {
		n.qualifier = latest
	}
	return notFound("The function %s doesn't have an EventInvokeConfig", n.qualified())
}

// PutFunctionEventInvokeConfig sets how asynchronous invocations are carried out, in
// place of what was set.
func (s *Service) PutFunctionEventInvokeConfig(ctx context.Context, in *lambda.PutFunctionEventInvokeConfigInput) (*lambda.PutFunctionEventInvokeConfigOutput, error) {
	out, err := s.setInvokeConfig(ctx, in.FunctionName, in.Qualifier, invokeChange{in.MaximumEventAgeInSeconds, in.MaximumRetryAttempts, in.DestinationConfig, true})
	if err != nil {
		return nil, err
	}
	return as[lambda.PutFunctionEventInvokeConfigOutput](out), nil
}

// UpdateFunctionEventInvokeConfig changes what the request has of the settings.
func (s *Service) UpdateFunctionEventInvokeConfig(ctx context.Context, in *lambda.UpdateFunctionEventInvokeConfigInput) (*lambda.UpdateFunctionEventInvokeConfigOutput, error) {
	out, err := s.setInvokeConfig(ctx, in.FunctionName, in.Qualifier, invokeChange{in.MaximumEventAgeInSeconds, in.MaximumRetryAttempts, in.DestinationConfig, false})
	if err != nil {
		return nil, err
	}
	return as[lambda.UpdateFunctionEventInvokeConfigOutput](out), nil
}

// invokeChange is what a request sets.
type invokeChange struct {
	age, retries *int32
	destination  *types.DestinationConfig
	anew         bool // and nothing else stays
}

func (s *Service) setInvokeConfig(ctx context.Context, function, qualifier *string, change invokeChange) (*types.FunctionEventInvokeConfig, error) {
	n, err := parse(ctx, function, qualifier)
	if err != nil {
		return nil, err
	}
	if change.age == nil && change.retries == nil && change.destination == nil {
		return nil, invalid("You must specify at least one of error handling or destination setting.")
	}
	var out *types.FunctionEventInvokeConfig
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.target(tx, n); err != nil {
			return notFound("The function doesn't exist.")
		}
		c, ok := s.backlog.configs.Get(tx, n.configKey())
		switch {
		case change.anew:
			c = invokeConfig{}
		case !ok:
			return noConfig(n)
		}
		if err := s.checkDestinations(tx, n, change.destination); err != nil {
			return err
		}
		c.Modified = s.env.Clock.Now()
		if change.age != nil {
			c.Age = change.age
		}
		if change.retries != nil {
			c.Retries = change.retries
		}
		if d := change.destination; d != nil && d.OnSuccess != nil {
			c.OnSuccess = aws.ToString(d.OnSuccess.Destination)
		}
		if d := change.destination; d != nil && d.OnFailure != nil {
			c.OnFailure = aws.ToString(d.OnFailure.Destination)
		}
		s.backlog.configs.Put(tx, n.configKey(), c)
		out = c.describe(n)
		return nil
	})
	return out, err
}

// checkDestinations refuses what cannot be a destination of the function.
func (s *Service) checkDestinations(tx *store.Tx, n name, d *types.DestinationConfig) error {
	if d == nil {
		return nil
	}
	success, failure := "null", "null"
	var both []string
	if d.OnSuccess != nil {
		success = "OnSuccess(destination=" + written(d.OnSuccess.Destination) + ")"
		both = append(both, aws.ToString(d.OnSuccess.Destination))
	}
	if d.OnFailure != nil {
		failure = "OnFailure(destination=" + written(d.OnFailure.Destination) + ")"
		both = append(both, aws.ToString(d.OnFailure.Destination))
	}
	for i, arn := range both {
		kind := sourceKind(arn)
		switch {
		case arn == "":
		case !slices.Contains([]string{"sqs", "sns", "lambda", "events", "s3"}, kind), kind == "s3" && i == 0 && d.OnSuccess != nil:
			return invalid("The provided destination config DestinationConfig(onSuccess=%s, onFailure=%s) is invalid.", success, failure)
		case kind == "lambda":
			to, err := parseARN(arn)
			if err != nil {
				return invalid("The destination ARN %s is invalid.", arn)
			}
			if to.Scope == n.Scope && to.function == n.function {
				return invalid("You can't specify the function as a destination for itself.")
			}
			if _, err := s.target(tx, to); err != nil {
				return invalid("The destination ARN %s is invalid.", arn)
			}
		case strings.HasSuffix(arn, ".fifo"):
			return invalid("The destination ARN %s is invalid.", arn)
		}
	}
	return nil
}

// written is a text as AWS's own program prints it.
func written(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// parseARN reads the ARN of a function, in any region.
func parseARN(arn string) (name, error) {
	parts := strings.SplitN(arn, ":", 8)
	if len(parts) < 7 || parts[2] != "lambda" || parts[5] != "function" {
		return name{}, fmt.Errorf("%s is not the ARN of a function", arn)
	}
	n := name{function: parts[6]}
	n.Region, n.Account = parts[3], parts[4]
	if len(parts) == 8 {
		n.qualifier = parts[7]
	}
	return n, nil
}

// GetFunctionEventInvokeConfig returns how asynchronous invocations are carried out.
func (s *Service) GetFunctionEventInvokeConfig(ctx context.Context, in *lambda.GetFunctionEventInvokeConfigInput) (*lambda.GetFunctionEventInvokeConfigOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var out *types.FunctionEventInvokeConfig
	err = s.env.Store.View(func(tx *store.Tx) error {
		c, ok := s.backlog.configs.Get(tx, n.configKey())
		if !ok {
			return noConfig(n)
		}
		out = c.describe(n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[lambda.GetFunctionEventInvokeConfigOutput](out), nil
}

// DeleteFunctionEventInvokeConfig removes the settings.
func (s *Service) DeleteFunctionEventInvokeConfig(ctx context.Context, in *lambda.DeleteFunctionEventInvokeConfigInput) (*lambda.DeleteFunctionEventInvokeConfigOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if !s.backlog.configs.Delete(tx, n.configKey()) {
			return noConfig(n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionEventInvokeConfigOutput{}, nil
}

// ListFunctionEventInvokeConfigs returns the settings of a function, its versions
// and aliases.
func (s *Service) ListFunctionEventInvokeConfigs(ctx context.Context, in *lambda.ListFunctionEventInvokeConfigsInput) (*lambda.ListFunctionEventInvokeConfigsOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	var all []types.FunctionEventInvokeConfig
	err = s.env.Store.View(func(tx *store.Tx) error {
		if _, err := s.target(tx, n); err != nil {
			return notFound("The function doesn't exist.")
		}
		prefix := n.Key(n.function, "")
		for key, c := range s.backlog.configs.Prefix(tx, prefix) {
			n.qualifier = strings.TrimPrefix(key, prefix)
			all = append(all, *c.describe(n))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &lambda.ListFunctionEventInvokeConfigsOutput{}
	out.FunctionEventInvokeConfigs, out.NextMarker, err = page(all, in.MaxItems, in.Marker, 50)
	return out, err
}

// forget removes what was set for the function, or for one version or alias of it,
// and the events that wait for the function when all of it goes.
func (a *backlog) forget(tx *store.Tx, n name) {
	if n.qualifier != "" {
		a.configs.Delete(tx, n.configKey())
		return
	}
	for k := range a.configs.Prefix(tx, n.Key(n.function, "")) {
		a.configs.Delete(tx, k)
	}
	for k := range a.waiting.Prefix(tx, n.Key(n.function, "")) {
		a.waiting.Delete(tx, k)
	}
}
