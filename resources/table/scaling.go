package table

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/errgroup"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// direction is one of the two things that capacity is for.
type direction string

const (
	reading direction = "Read"
	writing direction = "Write"
)

// A scalable is one capacity that can scale: of "table/NAME" or of
// "table/NAME/index/NAME".
type scalable struct {
	resource string
	of       direction
}

func (s scalable) dimension() scalingtypes.ScalableDimension {
	kind := "table"
	if strings.Contains(s.resource, "/index/") {
		kind = "index"
	}
	return scalingtypes.ScalableDimension("dynamodb:" + kind + ":" + string(s.of) + "CapacityUnits")
}

func (s scalable) metric() scalingtypes.MetricType {
	return scalingtypes.MetricType("DynamoDB" + string(s.of) + "CapacityUtilization")
}

// policy is the name of the policy that this type gives it.
func (s scalable) policy() string { return string(s.metric()) + ":" + s.resource }

// A scaling is which capacities scale, and how.
type scaling map[scalable]units

const defaultTarget = 70

func (u units) target() int64 {
	if u.Target.IsNull() {
		return defaultTarget
	}
	return u.Target.ValueInt64()
}

func (m *model) resource() string              { return "table/" + m.TableName.ValueString() }
func (m *model) indexResource(i string) string { return m.resource() + "/index/" + i }

// scaling is what the model says, for the table and the indexes of these names.
func (m *model) scaling(indexes map[string]globalIndex) scaling {
	all := scaling{}
	add := func(resource string, c *capacity) {
		if c == nil {
			return
		}
		for of, u := range map[direction]*units{reading: c.Read, writing: c.Write} {
			if u.scales() {
				all[scalable{resource, of}] = *u
			}
		}
	}
	add(m.resource(), m.Capacity)
	for name := range indexes {
		add(m.indexResource(name), m.capacityOf(m.GlobalIndexes[name]))
	}
	return all
}

func (s scaling) sorted() []scalable {
	return slices.SortedFunc(maps.Keys(s), func(a, b scalable) int { return strings.Compare(a.resource+string(a.of), b.resource+string(b.of)) })
}

// read is what there is of a capacity: how it scales, or so many units.
func (s scaling) read(was *units, now *int64, at scalable) *units {
	u, ok := s[at]
	if !ok {
		return &units{Units: basetypes.Int64PointerValue(now)}
	}
	if (was == nil || was.Target.IsNull()) && u.target() == defaultTarget {
		u.Target = basetypes.Int64Null()
	}
	return &u
}

// scalingOf finds out which capacities of the table and its indexes scale.
func scalingOf(ctx context.Context, c *Clients, resources []string) (scaling, error) {
	all := scaling{}
	pages := applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: scalingtypes.ServiceNamespaceDynamodb, ResourceIds: resources}
	for {
		out, err := c.Scaling.DescribeScalableTargets(ctx, &pages)
		if err != nil {
			return nil, err
		}
		for _, t := range out.ScalableTargets {
			of := writing
			if strings.HasSuffix(string(t.ScalableDimension), ":ReadCapacityUnits") {
				of = reading
			}
			all[scalable{aws.ToString(t.ResourceId), of}] = units{
				Min: basetypes.Int64Value(int64(aws.ToInt32(t.MinCapacity))), Max: basetypes.Int64Value(int64(aws.ToInt32(t.MaxCapacity))),
			}
		}
		if pages.NextToken = out.NextToken; pages.NextToken == nil {
			return all, readTargets(ctx, c, all)
		}
	}
}

// readTargets adds the targets of the policies. A capacity without a policy of its
// own metric scales to nothing; its target is 0, which is a difference.
func readTargets(ctx context.Context, c *Clients, all scaling) error {
	at := all.sorted()
	targets := make([]int64, len(at))
	g, ctx := errgroup.WithContext(ctx)
	for i, s := range at {
		g.Go(func() error {
			p, err := policyOf(ctx, c, s)
			if p != nil {
				targets[i] = int64(aws.ToFloat64(p.TargetTrackingScalingPolicyConfiguration.TargetValue))
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, s := range at {
		u := all[s]
		u.Target = basetypes.Int64Value(targets[i])
		all[s] = u
	}
	return nil
}

// policyOf is the policy that a capacity scales by, nil if it has none.
func policyOf(ctx context.Context, c *Clients, s scalable) (*scalingtypes.ScalingPolicy, error) {
	out, err := c.Scaling.DescribeScalingPolicies(ctx, &applicationautoscaling.DescribeScalingPoliciesInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceDynamodb, ResourceId: &s.resource, ScalableDimension: s.dimension(),
	})
	if err != nil {
		return nil, err
	}
	for _, p := range out.ScalingPolicies {
		t := p.TargetTrackingScalingPolicyConfiguration
		if t != nil && t.PredefinedMetricSpecification != nil && t.PredefinedMetricSpecification.PredefinedMetricType == s.metric() {
			return &p, nil
		}
	}
	return nil, nil
}

// unscale ends the scaling of what scales no longer. Indexes that are dropped or
// rebuilt lose theirs before they go.
func unscale(ctx context.Context, c *Clients, prior, m *model) error {
	stay := m.scaling(kept(prior, m))
	for _, s := range prior.scaling(prior.GlobalIndexes).sorted() {
		if _, ok := stay[s]; ok {
			continue
		}
		if err := deregister(ctx, c, s); err != nil {
			return err
		}
	}
	return nil
}

func deregister(ctx context.Context, c *Clients, s scalable) error {
	err := tf.Retry(ctx, tf.Is[*scalingtypes.ConcurrentUpdateException], func(ctx context.Context) error {
		_, err := c.Scaling.DeregisterScalableTarget(ctx, &applicationautoscaling.DeregisterScalableTargetInput{
			ServiceNamespace: scalingtypes.ServiceNamespaceDynamodb, ResourceId: &s.resource, ScalableDimension: s.dimension(),
		})
		return err
	})
	if tf.Is[*scalingtypes.ObjectNotFoundException](err) {
		return nil
	}
	return err
}

// scale lets what should scale do so.
func scale(ctx context.Context, c *Clients, prior, m *model) error {
	was, is := prior.scaling(kept(prior, m)), m.scaling(m.GlobalIndexes)
	for _, s := range is.sorted() {
		before, scaled := was[s]
		if u := is[s]; !scaled || !before.Min.Equal(u.Min) || !before.Max.Equal(u.Max) {
			if err := register(ctx, c, s, u); err != nil {
				return err
			}
		}
		if u := is[s]; !scaled || before.target() != u.target() {
			if err := follow(ctx, c, s, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// unseen reports whether Application Auto Scaling does not see yet what was just
// made: the table, or the target.
func unseen(err error) bool {
	return tf.Is[*scalingtypes.ConcurrentUpdateException](err) || tf.Is[*scalingtypes.ObjectNotFoundException](err) ||
		tf.Says(err, "ValidationException", "does not exist")
}

func register(ctx context.Context, c *Clients, s scalable, u units) error {
	return tf.Retry(ctx, unseen, func(ctx context.Context) error {
		_, err := c.Scaling.RegisterScalableTarget(ctx, &applicationautoscaling.RegisterScalableTargetInput{
			ServiceNamespace: scalingtypes.ServiceNamespaceDynamodb, ResourceId: &s.resource, ScalableDimension: s.dimension(),
			MinCapacity: aws.Int32(int32(u.Min.ValueInt64())), MaxCapacity: aws.Int32(int32(u.Max.ValueInt64())),
		})
		return err
	})
}

// follow gives a target its policy: one for each metric, which may have got its
// name from somebody else.
func follow(ctx context.Context, c *Clients, s scalable, u units) error {
	name := aws.String(s.policy())
	if p, err := policyOf(ctx, c, s); err != nil {
		return err
	} else if p != nil {
		name = p.PolicyName
	}
	return tf.Retry(ctx, unseen, func(ctx context.Context) error {
		_, err := c.Scaling.PutScalingPolicy(ctx, &applicationautoscaling.PutScalingPolicyInput{
			ServiceNamespace: scalingtypes.ServiceNamespaceDynamodb, ResourceId: &s.resource, ScalableDimension: s.dimension(),
			PolicyName: name, PolicyType: scalingtypes.PolicyTypeTargetTrackingScaling,
			TargetTrackingScalingPolicyConfiguration: &scalingtypes.TargetTrackingScalingPolicyConfiguration{
				TargetValue:                   aws.Float64(float64(u.target())),
				PredefinedMetricSpecification: &scalingtypes.PredefinedMetricSpecification{PredefinedMetricType: s.metric()},
			},
		})
		return err
	})
}
