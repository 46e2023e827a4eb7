// Package ssm is the Parameter Store of AWS Systems Manager: parameters, their
// versions, labels, policies and tags. It must not know who reads parameters. Nothing
// is encrypted by a key of KMS: a SecureString that is not decrypted is answered with
// a text that nobody can open. Of parameter policies Expiration is carried out; those
// that notify, parameters of images, parameters shared by other accounts and the rest
// of Systems Manager are not emulated.
package ssm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Secrets are those of Secrets Manager, which parameters can stand for.
type Secrets interface {
	// Reference returns the value of a secret by its name, with the id or a label of a
	// version where selector is not empty: the secret's ARN, the text, when it was made,
	// and all of this as JSON. The error is AWS's where there is none.
	Reference(ctx context.Context, name, selector string) (arn, text string, made time.Time, raw []byte, err error)
}

// A Service is the Parameter Store.
type Service struct {
	// Secrets are read by the names below /aws/reference/secretsmanager; nil for none.
	Secrets Secrets

	env        *env.Env
	parameters *store.Set[parameter] // by scope and name
}

// parameter is a parameter with its history.
type parameter struct {
	Name     string
	Type     types.ParameterType
	Tags     map[string]string
	Versions []version // the oldest first; never empty
}

// version is what a parameter was from one change to the next.
type version struct {
	Number      int64
	Value       string
	Sealed      string // what a SecureString is while it is not decrypted
	Description string
	Pattern     string
	Key         string // of a SecureString
	DataType    string
	Tier        types.ParameterTier
	Policies    []rule
	Labels      []string
	Modified    time.Time
	User        string // the ARN of who made it
}

// latest is the version that is read where none is named.
func (p *parameter) latest() *version { return &p.Versions[len(p.Versions)-1] }

// New returns the service over the environment's store.
func New(e *env.Env) (*Service, error) {
	parameters, err := store.NewSet[parameter](e.Store, "ssm.parameter")
	if err != nil {
		return nil, fmt.Errorf("opening the parameters of Systems Manager: %w", err)
	}
	return &Service{env: e, parameters: parameters}, nil
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "ssm",
		Protocol: wire.AWSJSON11,
		Schema:   schemas.AmazonSSM,
		Operations: []wire.Operation{
			wire.Op(schemas.AddTagsToResource, s.AddTagsToResource),
			wire.Op(schemas.DeleteParameter, s.DeleteParameter),
			wire.Op(schemas.DeleteParameters, s.DeleteParameters),
			wire.Op(schemas.DescribeParameters, s.DescribeParameters, wire.Refuse("Shared")),
			wire.Op(schemas.GetParameter, s.GetParameter),
			wire.Op(schemas.GetParameterHistory, s.GetParameterHistory),
			wire.Op(schemas.GetParameters, s.GetParameters),
			wire.Op(schemas.GetParametersByPath, s.GetParametersByPath),
			wire.Op(schemas.LabelParameterVersion, s.LabelParameterVersion),
			wire.Op(schemas.ListTagsForResource, s.ListTagsForResource),
			wire.Op(schemas.PutParameter, s.PutParameter),
			wire.Op(schemas.RemoveTagsFromResource, s.RemoveTagsFromResource),
			wire.Op(schemas.UnlabelParameterVersion, s.UnlabelParameterVersion),
		},
	}
}

// find returns the parameter of that name; one that has expired is not there.
func (s *Service) find(ctx context.Context, tx *store.Tx, name string) (parameter, bool) {
	p, ok := s.parameters.Get(tx, env.ScopeOf(ctx).Key(name))
	return p, ok && !s.expired(&p)
}

// named is find by a name, or by an ARN, which does not tell whether a name of one
// part begins with a slash.
func (s *Service) named(ctx context.Context, tx *store.Tx, name string) (parameter, bool) {
	rest, isARN := strings.CutPrefix(name, env.ScopeOf(ctx).ARN("ssm", "parameter/"))
	if !isARN {
		return s.find(ctx, tx, name)
	}
	if p, ok := s.find(ctx, tx, "/"+rest); ok {
		return p, true
	}
	return s.find(ctx, tx, rest)
}

// update changes the parameter of that name within one commit.
func (s *Service) update(ctx context.Context, name string, missing error, f func(p *parameter) error) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		p, ok := s.named(ctx, tx, name)
		if !ok {
			return missing
		}
		p.Versions = slices.Clone(p.Versions) // readers have the old ones
		if err := f(&p); err != nil {
			return err
		}
		s.parameters.Put(tx, env.ScopeOf(ctx).Key(p.Name), p)
		return nil
	})
}

// arn is a parameter's ARN.
func arn(ctx context.Context, name string) string {
	return env.ScopeOf(ctx).ARN("ssm", "parameter/"+strings.TrimPrefix(name, "/"))
}

// notFound is how AWS says that there is no such parameter: without a message.
func notFound() error { return &types.ParameterNotFound{} }

func invalid(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

// optional is nil for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// value is *p, or the zero value where p is nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func ptr[T any](v T) *T { return &v }
