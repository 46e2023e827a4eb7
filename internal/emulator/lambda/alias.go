package lambda

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// alias is a name for a version of a function, as the store keeps it.
type alias struct {
	Name        string
	Version     string // a number, or $LATEST
	Description string
	// Weights are the parts of all invocations, 0 to 1, that other versions get.
	Weights  map[string]float64 `json:",omitempty"`
	Policy   []statement        `json:",omitempty"`
	Revision string
}

// draw returns the number of the version that serves the next invocation.
func (a *alias) draw(lot float64) string {
	for _, v := range slices.Sorted(maps.Keys(a.Weights)) {
		if lot -= a.Weights[v]; lot < 0 {
			return v
		}
	}
	return a.Version
}

// route returns the version that serves an invocation of the target now.
func (s *Service) route(tx *store.Tx, t *target) version {
	if t.alias == nil || len(t.alias.Weights) == 0 {
		return t.version
	}
	//nolint:gosec // no secret
	if v, ok := s.numbered(tx, &t.function, t.name, t.alias.draw(rand.Float64())); ok {
		return v
	}
	return t.version
}

// describe returns the alias as operations show it.
func (a *alias) describe(n name) types.AliasConfiguration {
	c := types.AliasConfiguration{
		AliasArn: aws.String(n.arn() + ":" + a.Name), Description: aws.String(a.Description), FunctionVersion: aws.String(a.Version),
		Name: aws.String(a.Name), RevisionId: aws.String(a.Revision),
	}
	if len(a.Weights) > 0 {
		c.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: maps.Clone(a.Weights)}
	}
	return c
}

// point checks the version that an alias is to point to, and the weights of others.
func (s *Service) point(tx *store.Tx, f *function, n name, a *alias) error {
	if _, ok := s.numbered(tx, f, n, a.Version); !ok {
		return notFound("Function not found: %s:%s", n.arn(), a.Version)
	}
	if len(a.Weights) == 0 {
		return nil
	}
	if len(a.Weights) > 1 {
		return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	if a.Version == latest {
		return invalid("$LATEST is not supported for an alias pointing to more than 1 version")
	}
	for v := range a.Weights {
		switch _, ok := s.numbered(tx, f, n, v); {
		case v == latest:
			return invalid("$LATEST is not supported for an alias pointing to more than 1 version")
		case v == a.Version:
			return invalid("Invalid function version %s. Function version %s is already included in routing configuration.", v, v)
		case !ok:
			return notFound("Function not found: %s:%s", n.arn(), v)
		}
	}
	return nil
}

// weightsOf are the weights of a request; an empty configuration has none.
func weightsOf(r *types.AliasRoutingConfiguration) map[string]float64 {
	if r == nil || len(r.AdditionalVersionWeights) == 0 {
		return nil
	}
	return maps.Clone(r.AdditionalVersionWeights)
}

// CreateAlias makes a name for a version.
func (s *Service) CreateAlias(ctx context.Context, in *lambda.CreateAliasInput) (*lambda.CreateAliasOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	a := alias{
		Name: aws.ToString(in.Name), Version: aws.ToString(in.FunctionVersion), Description: aws.ToString(in.Description),
		Weights: weightsOf(in.RoutingConfig), Revision: uuid.NewString(),
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		f, err := s.get(tx, n)
		if err != nil {
			return err
		}
		if _, ok := s.aliases.Get(tx, n.aliasKey(a.Name)); ok {
			return conflict("Alias already exists: %s:%s", n.arn(), a.Name)
		}
		if err := s.point(tx, &f, n, &a); err != nil {
			return err
		}
		s.aliases.Put(tx, n.aliasKey(a.Name), a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	c := a.describe(n)
	return as[lambda.CreateAliasOutput](&c), nil
}

// UpdateAlias changes what the request has.
func (s *Service) UpdateAlias(ctx context.Context, in *lambda.UpdateAliasInput) (*lambda.UpdateAliasOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	var a alias
	var before string
	var ahead *provisioned
	err = s.env.Store.Update(func(tx *store.Tx) error {
		f, err := s.get(tx, n)
		if err != nil {
			return err
		}
		var ok bool
		if a, ok = s.aliases.Get(tx, n.aliasKey(aws.ToString(in.Name))); !ok {
			return notFound("Alias not found: %s:%s", n.arn(), aws.ToString(in.Name))
		}
		if in.RevisionId != nil && *in.RevisionId != a.Revision {
			return stale("GetFunction/GetAlias")
		}
		before = a.Version
		if p, ok := s.provisions.Get(tx, n.aliasKey(a.Name)); ok {
			ahead = &p
		}
		if in.FunctionVersion != nil {
			a.Version = *in.FunctionVersion
		}
		if in.Description != nil {
			a.Description = *in.Description
		}
		if in.RoutingConfig != nil {
			a.Weights = weightsOf(in.RoutingConfig)
		}
		if err := s.point(tx, &f, n, &a); err != nil {
			return err
		}
		a.Revision = uuid.NewString()
		s.aliases.Put(tx, n.aliasKey(a.Name), a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if ahead != nil && before != a.Version {
		if err := s.move(n, before, ahead); err != nil {
			return nil, err
		}
	}
	c := a.describe(n)
	return as[lambda.UpdateAliasOutput](&c), nil
}

// GetAlias returns an alias.
func (s *Service) GetAlias(ctx context.Context, in *lambda.GetAliasInput) (*lambda.GetAliasOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	var c types.AliasConfiguration
	err = s.env.Store.View(func(tx *store.Tx) error {
		a, ok := s.aliases.Get(tx, n.aliasKey(aws.ToString(in.Name)))
		if !ok {
			return notFound("Cannot find alias arn: %s:%s", n.arn(), aws.ToString(in.Name))
		}
		c = a.describe(n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[lambda.GetAliasOutput](&c), nil
}

// DeleteAlias removes an alias with its URL and its environments that are ahead; one
// that is not there is no error.
func (s *Service) DeleteAlias(ctx context.Context, in *lambda.DeleteAliasInput) (*lambda.DeleteAliasOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	var t target
	var ahead bool
	err = s.env.Store.Update(func(tx *store.Tx) (err error) {
		n.qualifier = ""
		if _, err := s.get(tx, n); err != nil {
			return err
		}
		n.qualifier = aws.ToString(in.Name)
		if t, err = s.target(tx, n); err != nil || t.alias == nil {
			return nil //nolint:nilerr // there is no such alias
		}
		s.aliases.Delete(tx, n.aliasKey(n.qualifier))
		s.urls.Delete(tx, n.urlID())
		s.backlog.forget(tx, n)
		ahead = s.provisions.Delete(tx, n.aliasKey(n.qualifier))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if ahead {
		s.host.Provision(s.runnable(n, &t.function, &t.version), 0)
	}
	return &lambda.DeleteAliasOutput{}, nil
}

// ListAliases returns a function's aliases by name, at most MaxItems (50) at once;
// with FunctionVersion those of that version.
func (s *Service) ListAliases(ctx context.Context, in *lambda.ListAliasesInput) (*lambda.ListAliasesOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListAliasesOutput{}
	err = s.env.Store.View(func(tx *store.Tx) error {
		if _, err := s.get(tx, n); err != nil {
			return err
		}
		var all []types.AliasConfiguration
		for _, a := range s.aliases.Prefix(tx, n.aliasKey("")) {
			if in.FunctionVersion == nil || a.Version == *in.FunctionVersion {
				all = append(all, a.describe(n))
			}
		}
		out.Aliases, out.NextMarker, err = page(all, in.MaxItems, in.Marker, 50)
		return err
	})
	return out, err
}

// errAlias is the refusal to delete a version that aliases point to.
func errAlias(n name, version string, names []string) error {
	arns := make([]string, len(names))
	for i, a := range names {
		arns[i] = n.arn() + ":" + a
	}
	return conflict("Version %s cannot be deleted because of the following aliases: %v. An alias should not be pointing to that version to be deleted", version, fmt.Sprint(arns))
}
