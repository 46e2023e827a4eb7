package ssm

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// DescribeParameters returns what there is to know of parameters, without values.
func (s *Service) DescribeParameters(ctx context.Context, in *ssm.DescribeParametersInput) (*ssm.DescribeParametersOutput, error) {
	filters := in.ParameterFilters
	if len(in.Filters) > 0 {
		if len(filters) > 0 {
			return nil, invalid("You can use either Filters or ParameterFilters in a single request.")
		}
		for _, f := range in.Filters { // the older form
			option := "Equals"
			if f.Key == types.ParametersFilterKeyName {
				option = "BeginsWith"
			}
			filters = append(filters, types.ParameterStringFilter{Key: ptr(string(f.Key)), Option: &option, Values: f.Values})
		}
	}
	if err := checkFilters(filters, "Path", "Name", "Type", "KeyId", "Tier", "DataType", "Label"); err != nil {
		return nil, err
	}
	out := &ssm.DescribeParametersOutput{Parameters: []types.ParameterMetadata{}}
	var err error
	out.NextToken, err = s.page(ctx, in.NextToken, in.MaxResults, 50, func(p *parameter) bool { return all(filters, p) }, func(p *parameter) {
		v := p.latest()
		out.Parameters = append(out.Parameters, types.ParameterMetadata{
			ARN: ptr(arn(ctx, p.Name)), AllowedPattern: optional(v.Pattern), DataType: &v.DataType, Description: optional(v.Description),
			KeyId: optional(v.Key), LastModifiedDate: &v.Modified, LastModifiedUser: optional(v.User), Name: &p.Name,
			Policies: inline(v.Policies), Tier: v.Tier, Type: p.Type, Version: v.Number,
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// page goes over the parameters that keep wants, from a token on and so many as are
// asked for, and returns the token of what is left.
func (s *Service) page(ctx context.Context, token *string, limit *int32, usual int, keep func(*parameter) bool, take func(*parameter)) (next *string, err error) {
	after, err := base64.RawURLEncoding.DecodeString(value(token))
	if err != nil {
		return nil, &types.InvalidNextToken{Message: ptr("The specified token isn't valid.")}
	}
	if limit != nil {
		usual = int(*limit)
	}
	last, n := "", 0
	err = s.env.Store.View(func(tx *store.Tx) error {
		for _, p := range s.parameters.Prefix(tx, env.ScopeOf(ctx).Key("")) {
			if p.Name <= string(after) || s.expired(&p) || !keep(&p) {
				continue
			}
			if n++; n > usual {
				next = ptr(base64.RawURLEncoding.EncodeToString([]byte(last)))
				return nil
			}
			last = p.Name
			take(&p)
		}
		return nil
	})
	return next, err
}

// checkFilters refuses filters that cannot be, where these keys can, besides tags.
func checkFilters(filters []types.ParameterStringFilter, keys ...string) error {
	for i, f := range filters {
		key, option := value(f.Key), value(f.Option)
		options := []string{"Equals", "BeginsWith"}
		switch key {
		case "Path":
			options = []string{"Recursive", "OneLevel"}
		case "Name":
			options = append(options, "Contains")
		case "Label":
			options = options[:1]
		}
		tagged := strings.HasPrefix(key, "tag:") && slices.Contains(keys, "Name")
		switch {
		case !tagged && !slices.Contains(keys, key):
			return &types.InvalidFilterKey{Message: ptr(fmt.Sprintf("The following filter key is not valid: %s. Valid filter keys include: [%s].", key, strings.Join(keys, ", ")))}
		case slices.ContainsFunc(filters[:i], func(o types.ParameterStringFilter) bool { return value(o.Key) == key }):
			return invalid("The following filter is duplicated in the request: %s. A request can contain only one occurrence of a specific filter.", key)
		case option != "" && !slices.Contains(options, option):
			return &types.InvalidFilterOption{Message: ptr(fmt.Sprintf("The following filter option is not valid: %s. Valid options include: [%s].", option, strings.Join(options, ", ")))}
		case len(f.Values) == 0 && !tagged:
			return &types.InvalidFilterValue{Message: ptr(fmt.Sprintf("The following filter values are missing : null for filter key %s", key))}
		case key == "Path" && slices.ContainsFunc(filters, func(o types.ParameterStringFilter) bool { return value(o.Key) == "Name" }):
			return invalid("Filters Path and Name cannot be used together.")
		}
		for _, v := range f.Values {
			known := map[string][]string{"Type": {"String", "StringList", "SecureString"}, "Tier": {"Standard", "Advanced", "Intelligent-Tiering"}}[key]
			if known != nil && option != "BeginsWith" && !slices.Contains(known, v) {
				return &types.InvalidFilterOption{Message: ptr(fmt.Sprintf("The following filter value is not valid: %s. Valid values include: [%s]", v, strings.Join(known, ", ")))}
			}
			if key == "Path" && !strings.HasPrefix(v, "/") {
				return invalid(`The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "/".`)
			}
		}
	}
	return nil
}

// all tells whether a parameter passes every filter.
func all(filters []types.ParameterStringFilter, p *parameter) bool {
	for _, f := range filters {
		if !passes(&f, p) {
			return false
		}
	}
	return true
}

func passes(f *types.ParameterStringFilter, p *parameter) bool {
	key, option := value(f.Key), value(f.Option)
	v := p.latest()
	got := []string{}
	switch tag, isTag := strings.CutPrefix(key, "tag:"); {
	case isTag:
		text, ok := p.Tags[tag]
		if len(f.Values) == 0 || !ok {
			return ok
		}
		got = []string{text}
	case key == "Path":
		return slices.ContainsFunc(f.Values, func(path string) bool { return below(p.Name, path, option == "Recursive") })
	case key == "Name":
		got = []string{p.Name}
	case key == "Type":
		got = []string{string(p.Type)}
	case key == "KeyId":
		got = []string{v.Key}
	case key == "Tier":
		got = []string{string(v.Tier)}
	case key == "DataType":
		got = []string{v.DataType}
	case key == "Label":
		for _, v := range p.Versions {
			got = append(got, v.Labels...)
		}
	}
	return slices.ContainsFunc(got, func(text string) bool {
		return slices.ContainsFunc(f.Values, func(want string) bool {
			if key == "Name" && option != "Contains" { // the first slash is all the same
				text, want = strings.TrimPrefix(text, "/"), strings.TrimPrefix(want, "/")
			}
			switch option {
			case "BeginsWith":
				return strings.HasPrefix(text, want)
			case "Contains":
				return strings.Contains(text, want)
			}
			return text == want
		})
	})
}

// labelsOf are the labels that filters ask for.
func labelsOf(filters []types.ParameterStringFilter) []string {
	for _, f := range filters {
		if value(f.Key) == "Label" {
			return f.Values
		}
	}
	return nil
}
