package lambda

import (
	"context"
	"iter"
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
	functions  map[string]int    // by ARN, in no environment that is ahead
	unreserved map[env.Scope]int // likewise, of functions without a reservation
	ahead      map[string]int    // in environments that are ahead, by key of the environment
}

// share is what an invocation may use of the account's concurrency.
type share struct {
	reserved *int32 // of the function, without what it has provisioned; nil for no reservation
	key      string // of the version's environments
	ahead    int    // how many of them are ahead
	// account returns what the functions without a reservation have together, which is
	// never less than leastUnreserved.
	account func() (int, error)
}

// enter counts an invocation in, until leave is called, or refuses it.
func (r *running) enter(n name, c share) (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.functions == nil {
		r.functions, r.unreserved, r.ahead = map[string]int{}, map[env.Scope]int{}, map[string]int{}
	}
	arn := n.arn()
	ready := r.ahead[c.key] < c.ahead
	if !ready && c.reserved != nil && r.functions[arn] >= int(*c.reserved) {
		return nil, throttled(types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded)
	}
	if c.reserved == nil && !ready && r.unreserved[n.Scope] >= leastUnreserved {
		most, err := c.account()
		if err != nil {
			return nil, err
		}
		if r.unreserved[n.Scope] >= most {
			return nil, throttled(types.ThrottleReasonConcurrentInvocationLimitExceeded)
		}
	}
	count := func(by int) {
		if ready {
			if r.ahead[c.key] += by; r.ahead[c.key] == 0 {
				delete(r.ahead, c.key)
			}
			return
		}
		if r.functions[arn] += by; r.functions[arn] == 0 {
			delete(r.functions, arn)
		}
		if c.reserved == nil {
			r.unreserved[n.Scope] += by
		}
	}
	count(1)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		count(-1)
	}, nil
}

// enter counts an invocation of t in, or refuses it, as [running.enter] does.
func (s *Service) enter(t *target) (leave func(), err error) {
	c := share{reserved: t.function.Reserved, key: t.version.environmentKey(t.function.ID)}
	c.account = func() (n int, err error) {
		err = s.env.Store.View(func(tx *store.Tx) error {
			n = s.unreserved(tx, t.Scope, "")
			return nil
		})
		return n, err
	}
	err = s.env.Store.View(func(tx *store.Tx) error {
		var sum int
		c.ahead, sum = s.ahead(tx, t)
		if c.reserved != nil {
			c.reserved = aws.Int32(*c.reserved - int32(sum)) //nolint:gosec // at most accountLimit
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.running.enter(t.name, c)
}

func throttled(why types.ThrottleReason) error {
	return &types.TooManyRequestsException{Message: aws.String("Rate Exceeded."), Reason: why, Type: user}
}

// inScope yields the functions of the scope.
func (s *Service) inScope(tx *store.Tx, scope env.Scope) iter.Seq[*function] {
	return func(yield func(*function) bool) {
		for _, f := range s.functions.Prefix(tx, scope.Key("")) {
			if !yield(&f) {
				return
			}
		}
	}
}

// unreserved returns what the scope's functions share that have neither reserved nor
// provisioned it, leaving out what the function except has.
func (s *Service) unreserved(tx *store.Tx, scope env.Scope, except string) int {
	left := accountLimit
	reserved := map[string]bool{except: true}
	for f := range s.inScope(tx, scope) {
		if n := *f.Configuration.FunctionName; f.Reserved != nil && n != except {
			left -= int(*f.Reserved)
			reserved[n] = true
		}
	}
	for _, p := range s.provisions.Prefix(tx, scope.Key("")) {
		if !reserved[p.Function] {
			left -= int(p.Requested)
		}
	}
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
		if _, sum := s.provisionedOf(tx, n); sum > int(want) {
			return invalid(" ReservedConcurrentExecutions  %d should not be lower than function's total provisioned concurrency [%d].", want, sum)
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
		for f := range s.inScope(tx, scope) {
			usage.FunctionCount++
			usage.TotalCodeSize += f.Configuration.CodeSize
		}
		for _, v := range s.versions.Prefix(tx, scope.Key("")) {
			usage.TotalCodeSize += v.Configuration.CodeSize
		}
		for _, v := range s.layerVersions.Prefix(tx, scope.Key("")) {
			usage.TotalCodeSize += v.Size
		}
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

// PutFunctionRecursionConfig stores whether Lambda stops loops of a function.
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
