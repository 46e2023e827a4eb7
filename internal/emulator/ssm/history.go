package ssm

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxLabels is how many labels a version may have.
const maxLabels = 10

// GetParameterHistory returns the versions of a parameter, the oldest first.
func (s *Service) GetParameterHistory(ctx context.Context, in *ssm.GetParameterHistoryInput) (*ssm.GetParameterHistoryOutput, error) {
	after := int64(0)
	if in.NextToken != nil {
		var err error
		if after, err = strconv.ParseInt(*in.NextToken, 10, 64); err != nil {
			return nil, &types.InvalidNextToken{Message: ptr("The specified token isn't valid.")}
		}
	}
	limit := 50
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	out := &ssm.GetParameterHistoryOutput{Parameters: []types.ParameterHistory{}}
	err := s.env.Store.View(func(tx *store.Tx) error {
		p, ok := s.named(ctx, tx, value(in.Name))
		if !ok {
			return notFound()
		}
		for i := range p.Versions {
			v := &p.Versions[i]
			if v.Number <= after {
				continue
			}
			if n := len(out.Parameters); n == limit {
				out.NextToken = ptr(strconv.FormatInt(out.Parameters[n-1].Version, 10))
				return nil
			}
			out.Parameters = append(out.Parameters, types.ParameterHistory{
				AllowedPattern: optional(v.Pattern), DataType: &v.DataType, Description: optional(v.Description), KeyId: optional(v.Key),
				Labels: append([]string{}, v.Labels...), LastModifiedDate: &v.Modified, LastModifiedUser: optional(v.User), Name: &p.Name,
				Policies: inline(v.Policies), Tier: v.Tier, Type: p.Type, Value: p.value(v, value(in.WithDecryption)), Version: v.Number,
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

var labelText = regexp.MustCompile(`^[a-zA-Z0-9_.\-]+$`)

// isLabel tells whether a text can be a label.
func isLabel(text string) bool {
	low := strings.ToLower(text)
	return len(text) <= 100 && labelText.MatchString(text) && (text[0] < '0' || text[0] > '9') && !strings.HasPrefix(low, "aws") && !strings.HasPrefix(low, "ssm")
}

// LabelParameterVersion gives labels to a version, and takes them from the others.
// What cannot be a label is returned.
func (s *Service) LabelParameterVersion(ctx context.Context, in *ssm.LabelParameterVersionInput) (*ssm.LabelParameterVersionOutput, error) {
	out := &ssm.LabelParameterVersionOutput{InvalidLabels: []string{}}
	var labels []string
	for _, l := range in.Labels {
		if !isLabel(l) {
			out.InvalidLabels = append(out.InvalidLabels, l)
		} else if !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
	}
	err := s.update(ctx, value(in.Name), notFound(), func(p *parameter) error {
		out.ParameterVersion = p.latest().Number
		if in.ParameterVersion != nil {
			out.ParameterVersion = *in.ParameterVersion
		}
		if !slices.ContainsFunc(p.Versions, func(v version) bool { return v.Number == out.ParameterVersion }) {
			return noVersion(strconv.FormatInt(out.ParameterVersion, 10), p.Name)
		}
		for i := range p.Versions {
			v := &p.Versions[i]
			v.Labels = slices.DeleteFunc(slices.Clone(v.Labels), func(l string) bool { return slices.Contains(labels, l) })
			if v.Number != out.ParameterVersion {
				continue
			}
			if v.Labels = append(v.Labels, labels...); len(v.Labels) > maxLabels {
				return &types.ParameterVersionLabelLimitExceeded{Message: ptr("A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.")}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UnlabelParameterVersion takes labels from a version. Those that it has not are
// returned.
func (s *Service) UnlabelParameterVersion(ctx context.Context, in *ssm.UnlabelParameterVersionInput) (*ssm.UnlabelParameterVersionOutput, error) {
	out := &ssm.UnlabelParameterVersionOutput{RemovedLabels: []string{}, InvalidLabels: []string{}}
	err := s.update(ctx, value(in.Name), notFound(), func(p *parameter) error {
		number := value(in.ParameterVersion)
		i := slices.IndexFunc(p.Versions, func(v version) bool { return v.Number == number })
		if i < 0 {
			return noVersion(strconv.FormatInt(number, 10), p.Name)
		}
		v := &p.Versions[i]
		for _, l := range in.Labels {
			if slices.Contains(v.Labels, l) {
				out.RemovedLabels = append(out.RemovedLabels, l)
			} else {
				out.InvalidLabels = append(out.InvalidLabels, l)
			}
		}
		v.Labels = slices.DeleteFunc(slices.Clone(v.Labels), func(l string) bool { return slices.Contains(in.Labels, l) })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
