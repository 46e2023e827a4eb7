package ssm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// GetParameter returns a parameter by its name or ARN, with a version or a label after
// a colon.
func (s *Service) GetParameter(ctx context.Context, in *ssm.GetParameterInput) (*ssm.GetParameterOutput, error) {
	out, err := s.read(ctx, value(in.Name), value(in.WithDecryption))
	if err != nil {
		return nil, err
	}
	return &ssm.GetParameterOutput{Parameter: &out}, nil
}

// read reads what a reference names: a parameter, or a secret.
func (s *Service) read(ctx context.Context, reference string, decrypt bool) (out types.Parameter, err error) {
	if secret, ok := strings.CutPrefix(reference, references); ok {
		return s.refer(ctx, reference, secret, decrypt)
	}
	err = s.env.Store.View(func(tx *store.Tx) error {
		out, err = s.get(ctx, tx, reference, decrypt)
		return err
	})
	return out, err
}

// references is what the names of secrets begin with here.
const references = "/aws/reference/secretsmanager/"

// refer returns a secret as a parameter.
func (s *Service) refer(ctx context.Context, name, secret string, decrypt bool) (types.Parameter, error) {
	if !decrypt {
		return types.Parameter{}, invalid("WithDecryption flag must be True for retrieving a Secret Manager secret.")
	}
	plain, selector, _ := strings.Cut(secret, ":")
	missing := &types.ParameterNotFound{Message: ptr("An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret " + name + " not found.")}
	if s.Secrets == nil {
		return types.Parameter{}, missing
	}
	secretARN, text, made, raw, err := s.Secrets.Reference(ctx, plain, selector)
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return types.Parameter{}, missing
	}
	if err != nil {
		return types.Parameter{}, err
	}
	out := types.Parameter{
		ARN: &secretARN, DataType: ptr("text"), LastModifiedDate: &made, Name: ptr(references + plain), SourceResult: ptr(string(raw)),
		Type: types.ParameterTypeSecureString, Value: &text,
	}
	if selector != "" {
		out.Selector = ptr(":" + selector)
	}
	return out, nil
}

// GetParameters returns parameters, and the names of those that are not there.
func (s *Service) GetParameters(ctx context.Context, in *ssm.GetParametersInput) (*ssm.GetParametersOutput, error) {
	out := &ssm.GetParametersOutput{Parameters: []types.Parameter{}, InvalidParameters: []string{}}
	for i, name := range in.Names {
		if slices.Contains(in.Names[:i], name) {
			continue
		}
		p, err := s.read(ctx, name, value(in.WithDecryption))
		if api := smithy.APIError(nil); errors.As(err, &api) {
			out.InvalidParameters = append(out.InvalidParameters, name)
			continue
		}
		if err != nil {
			return nil, err
		}
		out.Parameters = append(out.Parameters, p)
	}
	return out, nil
}

// get reads what a reference names, such as /a/b, /a/b:3 or an ARN with a label.
func (s *Service) get(ctx context.Context, tx *store.Tx, reference string, decrypt bool) (types.Parameter, error) {
	prefix := env.ScopeOf(ctx).ARN("ssm", "parameter")
	rest := strings.TrimPrefix(reference, prefix)
	plain, selector, selected := strings.Cut(rest, ":")
	if strings.Contains(selector, ":") || selected && selector == "" {
		return types.Parameter{}, notFound()
	}
	p, ok := s.named(ctx, tx, reference[:len(reference)-len(rest)]+plain)
	if !ok {
		return types.Parameter{}, notFound()
	}
	if !selected {
		return p.describe(ctx, p.latest(), decrypt), nil
	}
	for i := range p.Versions {
		if v := &p.Versions[i]; strconv.FormatInt(v.Number, 10) == selector || slices.Contains(v.Labels, selector) {
			out := p.describe(ctx, v, decrypt)
			out.Selector = ptr(":" + selector)
			return out, nil
		}
	}
	return types.Parameter{}, noVersion(selector, plain)
}

func noVersion(version, name string) error {
	return &types.ParameterVersionNotFound{Message: ptr(fmt.Sprintf("Systems Manager could not find version %s of %s. Verify the version and try again.", version, name))}
}

// describe is a version as it is returned with its value.
func (p *parameter) describe(ctx context.Context, v *version, decrypt bool) types.Parameter {
	return types.Parameter{
		ARN: ptr(arn(ctx, p.Name)), DataType: &v.DataType, LastModifiedDate: &v.Modified, Name: &p.Name,
		Type: p.Type, Value: p.value(v, decrypt), Version: v.Number,
	}
}

func (p *parameter) value(v *version, decrypt bool) *string {
	if p.Type == types.ParameterTypeSecureString && !decrypt {
		return &v.Sealed
	}
	return &v.Value
}

// GetParametersByPath returns the parameters below a path.
func (s *Service) GetParametersByPath(ctx context.Context, in *ssm.GetParametersByPathInput) (*ssm.GetParametersByPathOutput, error) {
	path := value(in.Path)
	if path != "/" && (path[0] != '/' || checkName(strings.TrimSuffix(path, "/")) != nil) {
		return nil, invalid(`The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can't be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.`)
	}
	if err := checkFilters(in.ParameterFilters, "Type", "KeyId", "Label"); err != nil {
		return nil, err
	}
	labels := labelsOf(in.ParameterFilters)
	out := &ssm.GetParametersByPathOutput{Parameters: []types.Parameter{}}
	var err error
	out.NextToken, err = s.page(ctx, in.NextToken, in.MaxResults, 10, func(p *parameter) bool {
		return below(p.Name, path, value(in.Recursive)) && all(in.ParameterFilters, p)
	}, func(p *parameter) {
		v := p.latest()
		for i := range p.Versions { // with labels, the version that has one is meant
			if slices.ContainsFunc(p.Versions[i].Labels, func(l string) bool { return slices.Contains(labels, l) }) {
				v = &p.Versions[i]
			}
		}
		out.Parameters = append(out.Parameters, p.describe(ctx, v, value(in.WithDecryption)))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// below tells whether a name is below a path, at once or at any depth.
func below(name, path string, deep bool) bool {
	if name[0] != '/' {
		name = "/" + name // names of one part are at the root
	}
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
	return ok && rest != "" && (deep || !strings.Contains(rest, "/"))
}
