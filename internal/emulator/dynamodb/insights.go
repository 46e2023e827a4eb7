package dynamodb

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// insight is that contributors are watched, of a table or an index. It is stored and
// described; there is no CloudWatch here that would count them.
type insight struct {
	Mode types.ContributorInsightsMode
	At   time.Time
}

// insightOn finds the insight into an index, or the table itself; the key is what it
// is kept by.
func (t *table) insightOn(name *string) (key string, in insight, on bool, err error) {
	key = aws.ToString(name)
	if name != nil && t.indexAt(key) < 0 {
		return key, in, false, &types.ResourceNotFoundException{
			Message: aws.String("Requested resource not found: Index: " + key + " not found for table: " + t.name()),
		}
	}
	in, on = t.Insights[key]
	return key, in, on, nil
}

// DescribeContributorInsights implements the operation of that name.
func (s *Service) DescribeContributorInsights(ctx context.Context, in *dynamodb.DescribeContributorInsightsInput) (*dynamodb.DescribeContributorInsightsOutput, error) {
	t, err := s.find(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	_, i, on, err := t.insightOn(in.IndexName)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.DescribeContributorInsightsOutput{
		ContributorInsightsStatus: types.ContributorInsightsStatusDisabled, TableName: t.Desc.TableName, IndexName: in.IndexName,
	}
	if on {
		out.ContributorInsightsStatus, out.ContributorInsightsMode = types.ContributorInsightsStatusEnabled, i.Mode
		out.LastUpdateDateTime, out.ContributorInsightsRuleList = &i.At, t.rules(in.IndexName, i)
	}
	return out, nil
}

// rules are the names that the rules of an insight have in CloudWatch.
func (t *table) rules(name *string, i insight) []string {
	key, resource := t.key(), t.name()
	if name != nil {
		key = t.global(t.Desc.GlobalSecondaryIndexes[t.indexAt(*name)]).keySchema
		resource += "-" + *name
	}
	kinds := []string{"PKC", "SKC", "PKT", "SKT"}
	var names []string
	for _, kind := range kinds {
		if kind[0] == 'S' && len(key.sort) == 0 || kind[2] == 'C' && i.Mode == types.ContributorInsightsModeThrottledKeys {
			continue
		}
		names = append(names, fmt.Sprintf("DynamoDBContributorInsights-%s-%s-%d", kind, resource, i.At.UnixMilli()))
	}
	return names
}

// UpdateContributorInsights implements the operation of that name.
func (s *Service) UpdateContributorInsights(ctx context.Context, in *dynamodb.UpdateContributorInsightsInput) (*dynamodb.UpdateContributorInsightsOutput, error) {
	mode := in.ContributorInsightsMode
	if mode == "" {
		mode = types.ContributorInsightsModeAccessedAndThrottledKeys
	}
	out := &dynamodb.UpdateContributorInsightsOutput{IndexName: in.IndexName}
	t, err := s.change(ctx, in.TableName, func(t *table) error {
		key, was, on, err := t.insightOn(in.IndexName)
		if err != nil {
			return err
		}
		t.Insights = maps.Clone(t.Insights)
		if t.Insights == nil {
			t.Insights = map[string]insight{}
		}
		switch enable := in.ContributorInsightsAction == types.ContributorInsightsActionEnable; {
		case enable && on && was.Mode == mode:
			out.ContributorInsightsStatus, out.ContributorInsightsMode = types.ContributorInsightsStatusEnabled, mode
		case enable:
			t.Insights[key] = insight{Mode: mode, At: s.now()}
			out.ContributorInsightsStatus, out.ContributorInsightsMode = types.ContributorInsightsStatusEnabling, mode
		case on:
			delete(t.Insights, key)
			out.ContributorInsightsStatus, out.ContributorInsightsMode = types.ContributorInsightsStatusDisabling, was.Mode
		default:
			out.ContributorInsightsStatus = types.ContributorInsightsStatusDisabled
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.TableName = t.Desc.TableName
	return out, nil
}

// maxInsights is how many insights one page lists.
const maxInsights = 100

// ListContributorInsights implements the operation of that name.
func (s *Service) ListContributorInsights(ctx context.Context, in *dynamodb.ListContributorInsightsInput) (*dynamodb.ListContributorInsightsOutput, error) {
	scope, limit := env.ScopeOf(ctx), maxInsights
	if in.MaxResults > 0 {
		limit = min(limit, int(in.MaxResults))
	}
	from := ""
	if in.NextToken != nil {
		b, err := base64.StdEncoding.DecodeString(*in.NextToken)
		if err != nil {
			return nil, invalid("Invalid Request: Provided nextToken is invalid: %s", *in.NextToken)
		}
		from = string(b)
	}
	out := &dynamodb.ListContributorInsightsOutput{ContributorInsightsSummaries: []types.ContributorInsightsSummary{}}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		if in.TableName != nil {
			if _, err := s.known(ctx, tx, in.TableName); err != nil {
				return err
			}
		}
		place := ""
		for key, t := range s.tables.Prefix(tx, scope.Key("")) {
			if in.TableName != nil && t.name() != tableName(scope, in.TableName) {
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(t.Insights)) {
				here := strings.Join([]string{key, name}, "\x00")
				if here <= from {
					continue
				}
				if len(out.ContributorInsightsSummaries) == limit {
					out.NextToken = aws.String(base64.StdEncoding.EncodeToString([]byte(place)))
					return nil
				}
				place = here
				summary := types.ContributorInsightsSummary{
					ContributorInsightsMode: t.Insights[name].Mode, ContributorInsightsStatus: types.ContributorInsightsStatusEnabled, TableName: t.Desc.TableName,
				}
				if name != "" {
					summary.IndexName = aws.String(name)
				}
				out.ContributorInsightsSummaries = append(out.ContributorInsightsSummaries, summary)
			}
		}
		return nil
	})
}
