package lambda

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// provisioned are the environments that a version or an alias has started ahead, as
// the store keeps it.
type provisioned struct {
	Scope     env.Scope
	Function  string
	Qualifier string // the number of a version, or an alias
	Requested int32
	Modified  string
}

func (p *provisioned) name() name { return name{p.Scope, p.Function, p.Qualifier} }

// provisionedOf yields what a function has provisioned, and its sum.
func (s *Service) provisionedOf(tx *store.Tx, n name) (all []provisioned, sum int) {
	for _, p := range s.provisions.Prefix(tx, n.Key(n.function, "")) {
		all = append(all, p)
		sum += int(p.Requested)
	}
	return all, sum
}

// published reads the name of a version or of an alias that can have environments
// ahead.
func published(ctx context.Context, function, qualifier *string) (name, error) {
	n, err := parse(ctx, function, qualifier)
	if err == nil && n.qualifier == latest {
		err = invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
	}
	if err == nil && n.qualifier == "" {
		err = invalid("The function resource provided must be an alias or a published version.")
	}
	return n, err
}

// PutProvisionedConcurrencyConfig has environments of a version or of an alias
// started ahead.
func (s *Service) PutProvisionedConcurrencyConfig(ctx context.Context, in *lambda.PutProvisionedConcurrencyConfigInput) (*lambda.PutProvisionedConcurrencyConfigOutput, error) {
	n, err := published(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	p := provisioned{n.Scope, n.function, n.qualifier, aws.ToInt32(in.ProvisionedConcurrentExecutions), stamp(s.env.Clock.Now())}
	var t target
	err = s.env.Store.Update(func(tx *store.Tx) (err error) {
		if t, err = s.target(tx, n); err != nil {
			return policyMissing(n, err, "Cannot find alias arn: %s")
		}
		if err := s.provisionable(tx, &t, p.Requested); err != nil {
			return err
		}
		s.provisions.Put(tx, n.aliasKey(n.qualifier), p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.host.Provision(s.runnable(n, &t.function, &t.version), int(p.Requested))
	return &lambda.PutProvisionedConcurrencyConfigOutput{
		AllocatedProvisionedConcurrentExecutions: aws.Int32(0), AvailableProvisionedConcurrentExecutions: aws.Int32(0),
		LastModified: aws.String(p.Modified), RequestedProvisionedConcurrentExecutions: aws.Int32(p.Requested),
		Status: types.ProvisionedConcurrencyStatusEnumInProgress,
	}, nil
}

// provisionable returns AWS's error where t cannot have that many environments ahead.
func (s *Service) provisionable(tx *store.Tx, t *target, requested int32) error {
	if t.version.snapStarts() {
		return invalid("Provisioned Concurrency is not supported for SnapStart enabled functions.")
	}
	all, sum := s.provisionedOf(tx, t.name)
	for _, p := range all {
		if p.Qualifier == t.qualifier {
			sum -= int(p.Requested)
			continue
		}
		other, err := s.target(tx, p.name())
		if err != nil || other.version.Number != t.version.Number {
			continue
		}
		if t.alias != nil {
			return conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version")
		}
		return conflict("Version is pointed by a Provisioned Concurrency alias")
	}
	want := sum + int(requested)
	if r := t.function.Reserved; r != nil {
		if want > int(*r) {
			return invalid("Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function")
		}
		return nil
	}
	switch free := s.unreserved(tx, t.Scope, t.name.function); {
	case want > free:
		return invalid("Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [%d].", free)
	case want > free-leastUnreserved:
		return invalid("Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", leastUnreserved)
	}
	return nil
}

var errNotProvisioned = &types.ProvisionedConcurrencyConfigNotFoundException{
	Message: aws.String("No Provisioned Concurrency Config found for this function"), Type: user,
}

// provision reads what a version or an alias has provisioned, and what that stands for.
func (s *Service) provision(n name) (p provisioned, t target, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		if t, err = s.target(tx, n); err != nil {
			return policyMissing(n, err, "Cannot find alias arn: %s")
		}
		var ok bool
		if p, ok = s.provisions.Get(tx, n.aliasKey(n.qualifier)); !ok {
			return errNotProvisioned
		}
		return nil
	})
	return p, t, err
}

// item tells how far the environments of t are.
func (s *Service) item(p *provisioned, t *target) types.ProvisionedConcurrencyConfigListItem {
	out := types.ProvisionedConcurrencyConfigListItem{
		FunctionArn: aws.String(t.qualified()), LastModified: aws.String(p.Modified),
		RequestedProvisionedConcurrentExecutions: aws.Int32(p.Requested),
		AllocatedProvisionedConcurrentExecutions: aws.Int32(0), AvailableProvisionedConcurrentExecutions: aws.Int32(0),
		Status: types.ProvisionedConcurrencyStatusEnumInProgress,
	}
	switch now := s.host.Provisioned(t.version.environmentKey(t.function.ID)); {
	case now.Failure != "":
		out.Status, out.StatusReason = types.ProvisionedConcurrencyStatusEnumFailed, aws.String("FUNCTION_ERROR_INIT_FAILURE")
	case now.Ready >= int(p.Requested):
		out.Status = types.ProvisionedConcurrencyStatusEnumReady
		out.AllocatedProvisionedConcurrentExecutions, out.AvailableProvisionedConcurrentExecutions = aws.Int32(p.Requested), aws.Int32(p.Requested)
	}
	return out
}

// GetProvisionedConcurrencyConfig returns how far the environments of a version or of
// an alias are.
func (s *Service) GetProvisionedConcurrencyConfig(ctx context.Context, in *lambda.GetProvisionedConcurrencyConfigInput) (*lambda.GetProvisionedConcurrencyConfigOutput, error) {
	n, err := published(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	p, t, err := s.provision(n)
	if err != nil {
		return nil, err
	}
	c := s.item(&p, &t)
	return &lambda.GetProvisionedConcurrencyConfigOutput{
		AllocatedProvisionedConcurrentExecutions: c.AllocatedProvisionedConcurrentExecutions,
		AvailableProvisionedConcurrentExecutions: c.AvailableProvisionedConcurrentExecutions,
		LastModified:                             c.LastModified,
		RequestedProvisionedConcurrentExecutions: c.RequestedProvisionedConcurrentExecutions,
		Status:                                   c.Status, StatusReason: c.StatusReason,
	}, nil
}

// DeleteProvisionedConcurrencyConfig gives the environments up; where there is no
// configuration that is no error.
func (s *Service) DeleteProvisionedConcurrencyConfig(ctx context.Context, in *lambda.DeleteProvisionedConcurrencyConfigInput) (*lambda.DeleteProvisionedConcurrencyConfigOutput, error) {
	n, err := published(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var t target
	err = s.env.Store.Update(func(tx *store.Tx) (err error) {
		if t, err = s.target(tx, n); err != nil {
			return policyMissing(n, err, "Cannot find alias arn: %s")
		}
		s.provisions.Delete(tx, n.aliasKey(n.qualifier))
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.host.Provision(s.runnable(n, &t.function, &t.version), 0)
	return &lambda.DeleteProvisionedConcurrencyConfigOutput{}, nil
}

// ListProvisionedConcurrencyConfigs returns what a function has provisioned, at most
// MaxItems (50) at once.
func (s *Service) ListProvisionedConcurrencyConfigs(ctx context.Context, in *lambda.ListProvisionedConcurrencyConfigsInput) (*lambda.ListProvisionedConcurrencyConfigsOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListProvisionedConcurrencyConfigsOutput{}
	err = s.env.Store.View(func(tx *store.Tx) error {
		if _, err := s.get(tx, n); err != nil {
			return err
		}
		found, _ := s.provisionedOf(tx, n)
		var all []types.ProvisionedConcurrencyConfigListItem
		for _, p := range found {
			if t, err := s.target(tx, p.name()); err == nil {
				all = append(all, s.item(&p, &t))
			}
		}
		out.ProvisionedConcurrencyConfigs, out.NextMarker, err = page(all, in.MaxItems, in.Marker, 50)
		return err
	})
	return out, err
}

// reprovision starts the environments that the store says are to be ahead.
func (s *Service) reprovision() error {
	type ahead struct {
		target
		n int
	}
	var all []ahead
	err := s.env.Store.View(func(tx *store.Tx) error {
		for _, p := range s.provisions.From(tx, "") {
			if t, err := s.target(tx, p.name()); err == nil {
				all = append(all, ahead{t, int(p.Requested)})
			}
		}
		return nil
	})
	for _, a := range all {
		s.host.Provision(s.runnable(a.name, &a.function, &a.version), a.n)
	}
	return err
}

// move has the environments of an alias started for the version that it points to
// now, in place of those of the version before.
func (s *Service) move(n name, before string, p *provisioned) error {
	now, err := s.find(p.name())
	if err != nil {
		return err
	}
	s.host.Provision(s.runnable(n, &now.function, &now.version), int(p.Requested))
	n.qualifier = before
	old, err := s.find(n)
	if err != nil {
		return err
	}
	s.host.Provision(s.runnable(n, &old.function, &old.version), 0)
	return nil
}

// ahead returns how many environments of t's version are to be ahead, and how many of
// all versions of the function.
func (s *Service) ahead(tx *store.Tx, t *target) (own, sum int) {
	all, sum := s.provisionedOf(tx, t.name)
	for _, p := range all {
		if o, err := s.target(tx, p.name()); err == nil && o.version.Number == t.version.Number {
			own += int(p.Requested)
		}
	}
	return own, sum
}
