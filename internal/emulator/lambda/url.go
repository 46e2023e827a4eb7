package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/cors"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/functionurl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// functionURL is the URL of a function or of an alias, as the store keeps it by id.
type functionURL struct {
	Scope     env.Scope
	Function  string
	Qualifier string // an alias, or empty
	Auth      types.FunctionUrlAuthType
	Mode      types.InvokeMode // empty where no request has set it
	Cors      *types.Cors      `json:",omitempty"`

	Created, Modified string
}

// urlID is the id of the URL of what a name stands for: like AWS's it follows from
// the account, the region and the name, and stays the same when it is made again.
func (n name) urlID() string {
	sum := sha256.Sum256([]byte(n.Key(n.function, n.qualifier)))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:20]))
}

// address is where clients reach the URL.
func (s *Service) address(n name) (string, error) {
	base, err := s.env.URL()
	if err != nil {
		return "", err
	}
	return base + functionurl.PathPrefix + n.urlID() + "/", nil
}

var errNoFunction = notFound("Function does not exist")

// urlOf returns the URL of a name as operations show it, which are of various types
// with the same fields.
func urlOf[Out any](s *Service, n name, u *functionURL) (*Out, error) {
	address, err := s.address(n)
	if err != nil {
		return nil, err
	}
	return as[Out](&types.FunctionUrlConfig{
		AuthType: u.Auth, CreationTime: aws.String(u.Created), FunctionArn: aws.String(n.qualified()), FunctionUrl: aws.String(address),
		LastModifiedTime: aws.String(u.Modified), Cors: u.Cors, InvokeMode: u.Mode,
	}), nil
}

// CreateFunctionUrlConfig gives a function or an alias a URL.
func (s *Service) CreateFunctionUrlConfig(ctx context.Context, in *lambda.CreateFunctionUrlConfigInput) (*lambda.CreateFunctionUrlConfigOutput, error) { //nolint:revive // AWS spells it so
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if n.numbered() || n.qualifier == latest {
		return nil, invalid("A function URL is that of a function or of an alias, and not of the version %s", n.qualifier)
	}
	now := s.env.Clock.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	u := functionURL{
		Scope: n.Scope, Function: n.function, Qualifier: n.qualifier,
		Auth: in.AuthType, Mode: in.InvokeMode, Cors: corsOf(in.Cors), Created: now, Modified: now,
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.target(tx, n); err != nil {
			return errNoFunction
		}
		if _, ok := s.urls.Get(tx, n.urlID()); ok {
			return conflict("Failed to create function url config for [functionArn = %s]. Error message:  FunctionUrlConfig exists for this Lambda function", n.qualified())
		}
		s.urls.Put(tx, n.urlID(), u)
		return nil
	})
	if err != nil {
		return nil, err
	}
	c, err := urlOf[types.FunctionUrlConfig](s, n, &u)
	if err != nil {
		return nil, err
	}
	return &lambda.CreateFunctionUrlConfigOutput{
		AuthType: c.AuthType, CreationTime: c.CreationTime, FunctionArn: c.FunctionArn, FunctionUrl: c.FunctionUrl, Cors: c.Cors, InvokeMode: c.InvokeMode,
	}, nil
}

// corsOf returns a configuration as it is kept: nil for one that says nothing.
func corsOf(c *types.Cors) *types.Cors {
	if c == nil || reflect.ValueOf(*c).IsZero() {
		return nil
	}
	return c
}

// url reads the URL of a name.
func (s *Service) url(tx *store.Tx, n name) (functionURL, error) {
	u, ok := s.urls.Get(tx, n.urlID())
	if !ok {
		return u, errNoResource
	}
	return u, nil
}

// GetFunctionUrlConfig returns the URL of a function or of an alias.
func (s *Service) GetFunctionUrlConfig(ctx context.Context, in *lambda.GetFunctionUrlConfigInput) (*lambda.GetFunctionUrlConfigOutput, error) { //nolint:revive // AWS spells it so
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var u functionURL
	err = s.env.Store.View(func(tx *store.Tx) (err error) {
		u, err = s.url(tx, n)
		return err
	})
	if err != nil {
		return nil, err
	}
	return urlOf[lambda.GetFunctionUrlConfigOutput](s, n, u.shown())
}

// shown is the URL with the mode that it has.
func (u functionURL) shown() *functionURL {
	if u.Mode == "" {
		u.Mode = types.InvokeModeBuffered
	}
	return &u
}

// UpdateFunctionUrlConfig changes what the request has.
func (s *Service) UpdateFunctionUrlConfig(ctx context.Context, in *lambda.UpdateFunctionUrlConfigInput) (*lambda.UpdateFunctionUrlConfigOutput, error) { //nolint:revive // AWS spells it so
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var u functionURL
	err = s.env.Store.Update(func(tx *store.Tx) (err error) {
		if u, err = s.url(tx, n); err != nil {
			return err
		}
		if in.AuthType != "" {
			u.Auth = in.AuthType
		}
		if in.InvokeMode != "" {
			u.Mode = in.InvokeMode
		}
		if in.Cors != nil {
			u.Cors = corsOf(in.Cors)
		}
		u.Modified = s.env.Clock.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
		s.urls.Put(tx, n.urlID(), u)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return urlOf[lambda.UpdateFunctionUrlConfigOutput](s, n, &u)
}

// DeleteFunctionUrlConfig removes the URL of a function or of an alias.
func (s *Service) DeleteFunctionUrlConfig(ctx context.Context, in *lambda.DeleteFunctionUrlConfigInput) (*lambda.DeleteFunctionUrlConfigOutput, error) { //nolint:revive // AWS spells it so
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.url(tx, n); err != nil {
			return err
		}
		s.urls.Delete(tx, n.urlID())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionUrlConfigOutput{}, nil
}

// ListFunctionUrlConfigs returns the URLs of a function and of its aliases, at most
// MaxItems (50) at once.
func (s *Service) ListFunctionUrlConfigs(ctx context.Context, in *lambda.ListFunctionUrlConfigsInput) (*lambda.ListFunctionUrlConfigsOutput, error) { //nolint:revive // AWS spells it so
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListFunctionUrlConfigsOutput{}
	err = s.env.Store.View(func(tx *store.Tx) error {
		if _, err := s.get(tx, n); err != nil {
			return errNoFunction
		}
		var all []types.FunctionUrlConfig
		for _, n := range s.callable(tx, n) {
			u, ok := s.urls.Get(tx, n.urlID())
			if !ok {
				continue
			}
			c, err := urlOf[types.FunctionUrlConfig](s, n, u.shown())
			if err != nil {
				return err
			}
			all = append(all, *c)
		}
		out.FunctionUrlConfigs, out.NextMarker, err = page(all, in.MaxItems, in.Marker, 50)
		return err
	})
	return out, err
}

// callable are the names of a function that can have a URL: its own, and those of its
// aliases.
func (s *Service) callable(tx *store.Tx, n name) []name {
	n.qualifier = ""
	names := []name{n}
	for _, a := range s.aliases.Prefix(tx, n.aliasKey("")) {
		n.qualifier = a.Name
		names = append(names, n)
	}
	return names
}

// URL returns the URL of that id, for the server of URLs.
func (s *Service) URL(id string) (*functionurl.URL, bool) {
	var u functionURL
	var ok bool
	_ = s.env.Store.View(func(tx *store.Tx) error { // it returns no error
		u, ok = s.urls.Get(tx, id)
		return nil
	})
	if !ok {
		return nil, false
	}
	n := name{u.Scope, u.Function, u.Qualifier}
	out := &functionurl.URL{
		ID: id, Scope: u.Scope, Function: n.qualified(), IAM: u.Auth == types.FunctionUrlAuthTypeAwsIam,
		Stream: u.Mode == types.InvokeModeResponseStream,
	}
	if c := u.Cors; c != nil {
		out.CORS = &cors.Config{
			AllowCredentials: aws.ToBool(c.AllowCredentials), AllowHeaders: c.AllowHeaders, AllowMethods: c.AllowMethods,
			AllowOrigins: c.AllowOrigins, ExposeHeaders: c.ExposeHeaders, MaxAge: c.MaxAge,
		}
	}
	return out, true
}

// InvokeURL calls the function of a URL for the server of URLs. Its errors are those
// of Invoke.
func (s *Service) InvokeURL(ctx context.Context, c functionurl.Call) (failed bool, err error) {
	ctx = env.WithScope(ctx, c.Scope)
	n, err := parse(ctx, &c.Function, nil)
	if err != nil {
		return false, err
	}
	r, err := s.invoke(ctx, invocation{name: n, payload: c.Payload, url: &c})
	return r.Failed, err
}
