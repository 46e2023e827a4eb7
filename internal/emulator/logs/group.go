package logs

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// CreateLogGroup makes a log group.
func (s *Service) CreateLogGroup(ctx context.Context, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	name := value(in.LogGroupName)
	if err := checkName(name); err != nil {
		return nil, err
	}
	if in.LogGroupClass != "" && in.LogGroupClass != types.LogGroupClassStandard {
		return nil, invalid("LogGroupClass %s is not emulated; STANDARD is", in.LogGroupClass)
	}
	s.Flush()
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, exists := s.groups.Get(tx, env.ScopeOf(ctx).Key(name)); exists {
			return &types.ResourceAlreadyExistsException{Message: ptr("The specified log group already exists")}
		}
		s.groups.Put(tx, env.ScopeOf(ctx).Key(name), group{
			Name: name, Created: s.now(), Protected: value(in.DeletionProtectionEnabled), Tags: maps.Clone(in.Tags),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.CreateLogGroupOutput{}, nil
}

// DeleteLogGroup removes a log group with its streams and events.
func (s *Service) DeleteLogGroup(ctx context.Context, in *cloudwatchlogs.DeleteLogGroupInput) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	s.Flush()
	scope := env.ScopeOf(ctx)
	err := s.env.Store.Update(func(tx *store.Tx) error {
		g, err := s.find(ctx, tx, value(in.LogGroupName))
		if err != nil {
			return err
		}
		if g.Protected {
			return &types.ValidationException{Message: ptr("The specified log group cannot be deleted because deletion protection is enabled.")}
		}
		for _, k := range keysOf(tx, s.events, scope.Key(g.Name, "")) {
			s.events.Delete(tx, k)
		}
		for _, k := range keysOf(tx, s.streams, scope.Key(g.Name, "")) {
			s.streams.Delete(tx, k)
		}
		s.groups.Delete(tx, scope.Key(g.Name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.DeleteLogGroupOutput{}, nil
}

// keysOf returns the keys below prefix; a set must not change while it is read.
func keysOf[T any](tx *store.Tx, set *store.Set[T], prefix string) (keys []string) {
	for k := range set.Prefix(tx, prefix) {
		keys = append(keys, k)
	}
	return keys
}

// PutLogGroupDeletionProtection protects a log group from deletion, or ends that.
func (s *Service) PutLogGroupDeletionProtection(ctx context.Context, in *cloudwatchlogs.PutLogGroupDeletionProtectionInput) (*cloudwatchlogs.PutLogGroupDeletionProtectionOutput, error) {
	err := s.update(ctx, nameIn(value(in.LogGroupIdentifier)), func(_ *store.Tx, g *group) error {
		g.Protected = value(in.DeletionProtectionEnabled)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.PutLogGroupDeletionProtectionOutput{}, nil
}

// DescribeLogGroups describes log groups in the order of their names.
func (s *Service) DescribeLogGroups(ctx context.Context, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	if in.LogGroupNamePrefix != nil && in.LogGroupNamePattern != nil {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	var wanted []string
	for _, identifier := range in.LogGroupIdentifiers {
		wanted = append(wanted, nameIn(identifier))
	}
	s.Flush()
	out := &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{}}
	err := s.env.Store.View(func(tx *store.Tx) error {
		groups, next, err := s.list(ctx, tx, in.NextToken, in.Limit, func(g group) bool {
			return strings.HasPrefix(g.Name, value(in.LogGroupNamePrefix)) &&
				matches(g.Name, value(in.LogGroupNamePattern)) &&
				(in.LogGroupClass == "" || in.LogGroupClass == types.LogGroupClassStandard) &&
				(wanted == nil || slices.Contains(wanted, g.Name))
		})
		for _, g := range groups {
			out.LogGroups = append(out.LogGroups, s.describe(ctx, tx, g))
		}
		out.NextToken = next
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// matches reports whether a name contains the pattern, whatever the case.
func matches(name, pattern string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(pattern))
}

// defaultPage is how many groups or streams are returned when the caller does not
// say.
const defaultPage = 50

// list returns the groups that keep wants, from the token on.
func (s *Service) list(ctx context.Context, tx *store.Tx, token *string, limit *int32, keep func(group) bool) (groups []group, next *string, err error) {
	prefix := env.ScopeOf(ctx).Key("")
	after, err := decodeToken(token)
	if err != nil {
		return nil, nil, err
	}
	most := int32(defaultPage)
	if limit != nil {
		most = *limit
	}
	for _, g := range s.groups.Prefix(tx, prefix) {
		if g.Name <= after || !keep(g) {
			continue
		}
		if len(groups) == int(most) {
			return groups, encodeToken(groups[len(groups)-1].Name), nil
		}
		groups = append(groups, g)
	}
	return groups, nil, nil
}

// encodeToken makes a token of what it is to mean.
func encodeToken(text string) *string {
	t := base64.RawURLEncoding.EncodeToString([]byte(text))
	return &t
}

func decodeToken(token *string) (string, error) {
	text, err := base64.RawURLEncoding.DecodeString(value(token))
	if err != nil {
		return "", invalid("The specified nextToken is invalid.")
	}
	return string(text), nil
}

// describe is the log group as it is returned.
func (s *Service) describe(ctx context.Context, tx *store.Tx, g group) types.LogGroup {
	bytes := int64(0)
	for _, st := range s.streams.Prefix(tx, env.ScopeOf(ctx).Key(g.Name, "")) {
		bytes += st.Bytes
	}
	out := types.LogGroup{
		Arn:                       ptr(arn(ctx, g.Name) + ":*"),
		CreationTime:              &g.Created,
		DeletionProtectionEnabled: &g.Protected,
		LogGroupArn:               ptr(arn(ctx, g.Name)),
		LogGroupClass:             types.LogGroupClassStandard,
		LogGroupName:              &g.Name,
		MetricFilterCount:         ptr(int32(0)),
		StoredBytes:               &bytes,
	}
	if g.Retention != 0 {
		out.RetentionInDays = &g.Retention
	}
	return out
}

// ListLogGroups lists log groups in the order of their names.
func (s *Service) ListLogGroups(ctx context.Context, in *cloudwatchlogs.ListLogGroupsInput) (*cloudwatchlogs.ListLogGroupsOutput, error) {
	s.Flush()
	out := &cloudwatchlogs.ListLogGroupsOutput{LogGroups: []types.LogGroupSummary{}}
	err := s.env.Store.View(func(tx *store.Tx) error {
		groups, next, err := s.list(ctx, tx, in.NextToken, in.Limit, func(g group) bool {
			return matches(g.Name, value(in.LogGroupNamePattern)) &&
				(in.LogGroupClass == "" || in.LogGroupClass == types.LogGroupClassStandard)
		})
		for _, g := range groups {
			out.LogGroups = append(out.LogGroups, types.LogGroupSummary{
				LogGroupArn: ptr(arn(ctx, g.Name)), LogGroupClass: types.LogGroupClassStandard, LogGroupName: &g.Name,
			})
		}
		out.NextToken = next
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// retentions are the days that a retention policy may name.
var retentions = []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// PutRetentionPolicy sets for how many days events are kept.
func (s *Service) PutRetentionPolicy(ctx context.Context, in *cloudwatchlogs.PutRetentionPolicyInput) (*cloudwatchlogs.PutRetentionPolicyOutput, error) {
	days := value(in.RetentionInDays)
	if !slices.Contains(retentions, days) {
		return nil, invalid("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: %s", days, strings.ReplaceAll(fmt.Sprint(retentions), " ", ", "))
	}
	err := s.update(ctx, value(in.LogGroupName), func(tx *store.Tx, g *group) error {
		g.Retention = days
		for _, k := range keysOf(tx, s.streams, env.ScopeOf(ctx).Key(g.Name, "")) {
			st, _ := s.streams.Get(tx, k)
			s.trim(ctx, tx, *g, &st)
			s.streams.Put(tx, k, st)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.PutRetentionPolicyOutput{}, nil
}

// DeleteRetentionPolicy keeps events for ever.
func (s *Service) DeleteRetentionPolicy(ctx context.Context, in *cloudwatchlogs.DeleteRetentionPolicyInput) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error) {
	err := s.update(ctx, value(in.LogGroupName), func(_ *store.Tx, g *group) error {
		g.Retention = 0
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.DeleteRetentionPolicyOutput{}, nil
}
