package dynamodb

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// find returns a table that exists, outside a transaction.
func (s *Service) find(ctx context.Context, nameOrARN *string) (t table, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		t, err = s.known(ctx, tx, nameOrARN)
		return err
	})
	return t, err
}

// change lets f change a table in one commit.
func (s *Service) change(ctx context.Context, nameOrARN *string, f func(*table) error) (t table, err error) {
	err = s.update(func(tx *store.Tx) error {
		if t, err = s.known(ctx, tx, nameOrARN); err != nil {
			return err
		}
		if err := f(&t); err != nil {
			return err
		}
		s.put(ctx, tx, t)
		return nil
	})
	return t, err
}

// DescribeTimeToLive implements the operation of that name.
func (s *Service) DescribeTimeToLive(ctx context.Context, in *dynamodb.DescribeTimeToLiveInput) (*dynamodb.DescribeTimeToLiveOutput, error) {
	t, err := s.find(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	d := &types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusDisabled}
	if t.TTL != "" {
		d = &types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusEnabled, AttributeName: &t.TTL}
	}
	return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: d}, nil
}

// UpdateTimeToLive implements the operation of that name.
func (s *Service) UpdateTimeToLive(ctx context.Context, in *dynamodb.UpdateTimeToLiveInput) (*dynamodb.UpdateTimeToLiveOutput, error) {
	spec := in.TimeToLiveSpecification
	if spec == nil || aws.ToString(spec.AttributeName) == "" {
		return nil, invalid("TimeToLiveSpecification must name an attribute")
	}
	t, err := s.change(ctx, in.TableName, func(t *table) error {
		enable, name := aws.ToBool(spec.Enabled), *spec.AttributeName
		switch {
		case enable && t.Strong:
			return t.checkStrong("Time to live is")
		case enable && t.TTL == name:
			return invalid("TimeToLive is already enabled")
		case t.TTL != "" && t.TTL != name:
			return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.TTL)
		case !enable && t.TTL == "":
			return invalid("TimeToLive is already disabled")
		case !t.TTLSince.IsZero() && s.now().Sub(t.TTLSince) < s.ExpiryRest:
			return invalid("Time to live has been modified multiple times within a fixed interval")
		}
		t.TTL, t.TTLSince = "", s.now()
		if enable {
			t.TTL = name
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(t.Replicas) > 0 {
		err = s.update(func(tx *store.Tx) error {
			for _, o := range s.replicas(tx, &t) {
				o.TTL, o.TTLSince = t.TTL, t.TTLSince
				s.tables.Put(tx, t.replicaKey(o.region()), o)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	s.watch()
	return &dynamodb.UpdateTimeToLiveOutput{TimeToLiveSpecification: spec}, nil
}

// DescribeLimits implements the operation of that name, with the limits of a new
// account.
func (s *Service) DescribeLimits(context.Context, *dynamodb.DescribeLimitsInput) (*dynamodb.DescribeLimitsOutput, error) {
	return &dynamodb.DescribeLimitsOutput{
		AccountMaxReadCapacityUnits:  aws.Int64(80000),
		AccountMaxWriteCapacityUnits: aws.Int64(80000),
		TableMaxReadCapacityUnits:    aws.Int64(40000),
		TableMaxWriteCapacityUnits:   aws.Int64(40000),
	}, nil
}

// DescribeEndpoints implements the operation of that name: the only endpoint is the
// emulator's own address.
func (s *Service) DescribeEndpoints(context.Context, *dynamodb.DescribeEndpointsInput) (*dynamodb.DescribeEndpointsOutput, error) {
	home, err := s.env.URL()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(home)
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeEndpointsOutput{Endpoints: []types.Endpoint{{Address: &u.Host, CachePeriodInMinutes: 1440}}}, nil
}
