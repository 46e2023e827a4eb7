package lambda

import (
	"context"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const (
	// accountLimit is how many invocations an account has at once in a region.
	accountLimit = 1000
	// leastUnreserved is how many of them no function can reserve.
	leastUnreserved = 100
)

// running counts the invocations under way.
type running struct {
	mu         sync.Mutex
	functions  map[string]int    // by ARN
	unreserved map[env.Scope]int // of functions without a reservation
}

// enter counts an invocation in, until leave is called, or refuses it. account is
// what the scope's functions without a reservation have together.
func (r *running) enter(n name, reserved *int32, account int) (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.functions == nil {
		r.functions, r.unreserved = map[string]int{}, map[env.Scope]int{}
	}
	arn := n.arn()
	if reserved != nil && r.functions[arn] >= int(*reserved) {
		return nil, throttled(types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded)
	}
	if reserved == nil && r.unreserved[n.Scope] >= account {
		return nil, throttled(types.ThrottleReasonConcurrentInvocationLimitExceeded)
	}
	r.functions[arn]++
	if reserved == nil {
		r.unreserved[n.Scope]++
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.functions[arn]--; r.functions[arn] == 0 {
			delete(r.functions, arn)
		}
		if reserved == nil {
			r.unreserved[n.Scope]--
		}
	}, nil
}

// enter counts an invocation of t in, or refuses it, as [running.enter] does.
func (s *Service) enter(t *target) (leave func(), err error) {
	free := 0
	if t.function.Reserved == nil {
		err = s.env.Store.View(func(tx *store.Tx) error {
			free = s.unreserved(tx, t.Scope, "")
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return s.running.enter(t.name, t.function.Reserved, free)
}

func throttled(why types.ThrottleReason) error {
	return &types.TooManyRequestsException{Message: aws.String("Rate Exceeded."), Reason: why, Type: user}
}

// inScope calls f with each function of the scope.
func (s *Service) inScope(tx *store.Tx, scope env.Scope, f func(*function)) {
	for _, v := range s.functions.Prefix(tx, scope.Key("")) {
		f(&v)
	}
}

// unreserved returns what the scope's functions without a reservation share,
// leaving out what the function except reserves.
func (s *Service) unreserved(tx *store.Tx, scope env.Scope, except string) int {
	left := accountLimit
	s.inScope(tx, scope, func(f *function) {
		if *f.Configuration.FunctionName != except {
			left -= int(aws.ToInt32(f.Reserved))
		}
	})
	return left
}

// function reads the name of a function for an operation that knows no versions.
func (s *Service) unversioned(ctx context.Context, text *string) (name, error) {
	n, err := parse(ctx, text, nil)
	if err == nil && n.qualifier != "" {
		err = invalid("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.")
	}
	return n, err
}

// PutFunctionConcurrency reserves invocations for a function, which then has as
// many at once and no more.
func (s *Service) PutFunctionConcurrency(ctx context.Context, in *lambda.PutFunctionConcurrencyInput) (*lambda.PutFunctionConcurrencyOutput, error) {
	n, err := s.unversioned(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	want := aws.ToInt32(in.ReservedConcurrentExecutions)
	err = s.env.Store.Update(func(tx *store.Tx) error {
		f, ok := s.functions.Get(tx, n.key())
		if !ok {
			return notFound("Function not found: %s:%s", n.arn(), latest)
		}
		if s.unreserved(tx, n.Scope, n.function)-int(want) < leastUnreserved {
			return invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", leastUnreserved)
		}
		f.Reserved = &want
		s.functions.Put(tx, n.key(), f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.PutFunctionConcurrencyOutput{ReservedConcurrentExecutions: &want}, nil
}

// GetFunctionConcurrency returns what is reserved for a function, if anything.
func (s *Service) GetFunctionConcurrency(ctx context.Context, in *lambda.GetFunctionConcurrencyInput) (*lambda.GetFunctionConcurrencyOutput, error) {
	n, err := s.unversioned(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	f, err := s.view(n)
	if err != nil {
		return nil, err
	}
	return &lambda.GetFunctionConcurrencyOutput{ReservedConcurrentExecutions: f.Reserved}, nil
}

// DeleteFunctionConcurrency gives up what is reserved for a function.
func (s *Service) DeleteFunctionConcurrency(ctx context.Context, in *lambda.DeleteFunctionConcurrencyInput) (*lambda.DeleteFunctionConcurrencyOutput, error) {
	n, err := s.unversioned(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	if _, err := s.edit(n, func(_ *store.Tx, f *function) error { f.Reserved = nil; return nil }); err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionConcurrencyOutput{}, nil
}

// GetAccountSettings returns the limits of the account in this region, and what it has.
func (s *Service) GetAccountSettings(ctx context.Context, _ *lambda.GetAccountSettingsInput) (*lambda.GetAccountSettingsOutput, error) {
	scope := env.ScopeOf(ctx)
	usage := types.AccountUsage{}
	var free int
	err := s.env.Store.View(func(tx *store.Tx) error {
		free = s.unreserved(tx, scope, "")
		s.inScope(tx, scope, func(f *function) {
			usage.FunctionCount++
			usage.TotalCodeSize += f.Configuration.CodeSize
		})
		return nil
	})
	return &lambda.GetAccountSettingsOutput{
		AccountLimit: &types.AccountLimit{
			CodeSizeUnzipped: maxUnzipped, CodeSizeZipped: 50 << 20, ConcurrentExecutions: accountLimit,
			TotalCodeSize: 75 << 30, UnreservedConcurrentExecutions: aws.Int32(int32(free)),
		},
		AccountUsage: &usage,
	}, err
}

// GetFunctionRecursionConfig returns whether Lambda stops loops of a function.
func (s *Service) GetFunctionRecursionConfig(ctx context.Context, in *lambda.GetFunctionRecursionConfigInput) (*lambda.GetFunctionRecursionConfigOutput, error) {
	n, err := s.unversioned(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	f, err := s.view(n)
	if err != nil {
		return nil, err
	}
	return &lambda.GetFunctionRecursionConfigOutput{RecursiveLoop: f.RecursiveLoop}, nil
}

// PutFunctionRecursionConfig stores whether Lambda stops loops of a function. AWS
// finds loops through SQS, SNS and S3, none of which invokes functions here.
func (s *Service) PutFunctionRecursionConfig(ctx context.Context, in *lambda.PutFunctionRecursionConfigInput) (*lambda.PutFunctionRecursionConfigOutput, error) {
	n, err := s.unversioned(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	if _, err := s.edit(n, func(_ *store.Tx, f *function) error { f.RecursiveLoop = in.RecursiveLoop; return nil }); err != nil {
		return nil, err
	}
	return &lambda.PutFunctionRecursionConfigOutput{RecursiveLoop: in.RecursiveLoop}, nil
}

// GetRuntimeManagementConfig returns that the runtime is updated by itself.
func (s *Service) GetRuntimeManagementConfig(ctx context.Context, in *lambda.GetRuntimeManagementConfigInput) (*lambda.GetRuntimeManagementConfigOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if _, err := s.view(n); err != nil {
		return nil, err
	}
	arn := n.qualified()
	if !strings.HasSuffix(arn, latest) {
		arn += ":" + latest
	}
	return &lambda.GetRuntimeManagementConfigOutput{FunctionArn: aws.String(arn), UpdateRuntimeOn: types.UpdateRuntimeOnAuto}, nil
}

// GetFunctionCodeSigningConfig returns that the function has none: none can be set.
func (s *Service) GetFunctionCodeSigningConfig(ctx context.Context, in *lambda.GetFunctionCodeSigningConfigInput) (*lambda.GetFunctionCodeSigningConfigOutput, error) {
	n, err := s.unversioned(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	if _, err := s.view(n); err != nil {
		return nil, err
	}
	return &lambda.GetFunctionCodeSigningConfigOutput{FunctionName: aws.String(n.function)}, nil
}
