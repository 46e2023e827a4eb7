package events

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// connection is what servers ask of those who call them. Its secrets are told to
// no one but the servers.
type connection struct {
	Scope       env.Scope
	Name, ID    string
	Description *string `json:",omitempty"`
	Key         *string `json:",omitempty"` // of KMS; kept only
	Kind        types.ConnectionAuthorizationType
	Auth        types.CreateConnectionAuthRequestParameters
	State       types.ConnectionState
	Reason      string // of the state
	SecretID    string // the end of the secret's ARN
	Created     time.Time
	Modified    time.Time
	Authorized  time.Time // zero until it was
	Token       string    // of OAuth
	Expires     time.Time // the token; zero for never
}

func (c *connection) key() string { return c.Scope.Key(c.Name) }

func (c *connection) arn() string {
	return c.Scope.ARN("events", "connection/"+c.Name+"/"+c.ID)
}

// connection returns a connection. The verb is what is asked of it, in AWS's words.
func (s *Service) connection(tx *store.Tx, scope env.Scope, verb, name string) (connection, error) {
	c, ok := s.connections.Get(tx, scope.Key(name))
	if !ok {
		return c, notFound("Failed to %s the connection(s). Connection '%s' does not exist.", verb, name)
	}
	return c, nil
}

// changeConnection changes a connection by f and returns it.
func (s *Service) changeConnection(ctx context.Context, verb, name string, f func(c *connection) error) (c connection, err error) {
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if c, err = s.connection(tx, env.ScopeOf(ctx), verb, name); err != nil {
			return err
		}
		if err := f(&c); err != nil {
			return err
		}
		s.connections.Put(tx, c.key(), c)
		return nil
	})
	return c, err
}

// fits refuses parameters that are not those of the kind, and those that have no
// value for what it needs.
func (c *connection) fits() error {
	a := &c.Auth
	given := map[types.ConnectionAuthorizationType]bool{
		types.ConnectionAuthorizationTypeBasic: a.BasicAuthParameters != nil, types.ConnectionAuthorizationTypeApiKey: a.ApiKeyAuthParameters != nil,
		types.ConnectionAuthorizationTypeOauthClientCredentials: a.OAuthParameters != nil,
	}
	for kind, has := range given {
		if has != (kind == c.Kind) {
			return invalid("Parameter AuthParameters is not valid. Reason: it must have the parameters of the authorization type %s, and of no other.", c.Kind)
		}
	}
	complete := true
	switch {
	case a.BasicAuthParameters != nil:
		complete = a.BasicAuthParameters.Username != nil && a.BasicAuthParameters.Password != nil
	case a.ApiKeyAuthParameters != nil:
		complete = a.ApiKeyAuthParameters.ApiKeyName != nil && a.ApiKeyAuthParameters.ApiKeyValue != nil
	case a.OAuthParameters != nil:
		o := a.OAuthParameters
		complete = o.AuthorizationEndpoint != nil && o.HttpMethod != "" && o.ClientParameters != nil && o.ClientParameters.ClientID != nil && o.ClientParameters.ClientSecret != nil
	}
	if !complete {
		return invalid("Parameter AuthParameters is not valid. Reason: a parameter of the authorization type %s is missing.", c.Kind)
	}
	return nil
}

// enter puts a connection into the state that its parameters lead to.
func (c *connection) enter(now time.Time) {
	c.Modified, c.Reason, c.Token, c.Expires = now, "", "", time.Time{}
	if c.State = types.ConnectionStateAuthorized; c.Kind == types.ConnectionAuthorizationTypeOauthClientCredentials {
		c.State = types.ConnectionStateAuthorizing
		return
	}
	c.Authorized = now
}

// CreateConnection makes a connection. One of OAuth is authorized after that.
func (s *Service) CreateConnection(ctx context.Context, in *eventbridge.CreateConnectionInput) (*eventbridge.CreateConnectionOutput, error) {
	now := s.env.Clock.Now()
	c := connection{
		Scope: env.ScopeOf(ctx), Name: *in.Name, ID: uuid.NewString(), SecretID: uuid.NewString() + "-" + strings.ReplaceAll(uuid.NewString(), "-", "")[:6],
		Description: in.Description, Key: in.KmsKeyIdentifier, Kind: in.AuthorizationType, Auth: *in.AuthParameters, Created: now,
		Authorized: now, // so AWS tells, also where nothing is authorized yet
	}
	if err := c.fits(); err != nil {
		return nil, err
	}
	c.enter(now)
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, ok := s.connections.Get(tx, c.key()); ok {
			return &types.ResourceAlreadyExistsException{Message: ptr("Connection " + c.Name + " already exists.")}
		}
		s.connections.Put(tx, c.key(), c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.authorize(&c)
	return &eventbridge.CreateConnectionOutput{ConnectionArn: ptr(c.arn()), ConnectionState: c.State, CreationTime: &c.Created, LastModifiedTime: &c.Modified}, nil
}

// UpdateConnection changes what the request has of a connection.
func (s *Service) UpdateConnection(ctx context.Context, in *eventbridge.UpdateConnectionInput) (*eventbridge.UpdateConnectionOutput, error) {
	c, err := s.changeConnection(ctx, "update", *in.Name, func(c *connection) error {
		if in.Description != nil {
			c.Description = in.Description
		}
		if in.KmsKeyIdentifier != nil {
			if c.Key = in.KmsKeyIdentifier; *c.Key == "" {
				c.Key = nil
			}
		}
		c.Modified = s.env.Clock.Now()
		if in.AuthorizationType == "" && in.AuthParameters == nil {
			return nil
		}
		if in.AuthorizationType != "" && in.AuthorizationType != c.Kind {
			c.Kind = in.AuthorizationType
			c.Auth = types.CreateConnectionAuthRequestParameters{InvocationHttpParameters: c.Auth.InvocationHttpParameters}
		}
		if in.AuthParameters != nil {
			c.merge(in.AuthParameters)
		}
		if err := c.fits(); err != nil {
			return err
		}
		c.enter(s.env.Clock.Now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.authorize(&c)
	return &eventbridge.UpdateConnectionOutput{
		ConnectionArn: ptr(c.arn()), ConnectionState: c.State, CreationTime: &c.Created, LastModifiedTime: &c.Modified, LastAuthorizedTime: &c.Authorized,
	}, nil
}

// merge changes parameters: what is not given stays.
func (c *connection) merge(in *types.UpdateConnectionAuthRequestParameters) {
	a := &c.Auth
	if p := in.BasicAuthParameters; p != nil {
		old := value(a.BasicAuthParameters)
		a.BasicAuthParameters = &types.CreateConnectionBasicAuthRequestParameters{Username: other(p.Username, old.Username), Password: other(p.Password, old.Password)}
	}
	if p := in.ApiKeyAuthParameters; p != nil {
		old := value(a.ApiKeyAuthParameters)
		a.ApiKeyAuthParameters = &types.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: other(p.ApiKeyName, old.ApiKeyName), ApiKeyValue: other(p.ApiKeyValue, old.ApiKeyValue)}
	}
	if p := in.OAuthParameters; p != nil {
		o := value(a.OAuthParameters)
		o.AuthorizationEndpoint, o.OAuthHttpParameters = other(p.AuthorizationEndpoint, o.AuthorizationEndpoint), other(p.OAuthHttpParameters, o.OAuthHttpParameters)
		if p.HttpMethod != "" {
			o.HttpMethod = p.HttpMethod
		}
		if client := p.ClientParameters; client != nil {
			old := value(o.ClientParameters)
			o.ClientParameters = &types.CreateConnectionOAuthClientRequestParameters{ClientID: other(client.ClientID, old.ClientID), ClientSecret: other(client.ClientSecret, old.ClientSecret)}
		}
		a.OAuthParameters = &o
	}
	a.InvocationHttpParameters = other(in.InvocationHttpParameters, a.InvocationHttpParameters)
}

// other is what is given, or what was there.
func other[T any](given, old *T) *T {
	if given != nil {
		return given
	}
	return old
}

// DeauthorizeConnection forgets the parameters of a connection, which cannot be
// used until it gets others.
func (s *Service) DeauthorizeConnection(ctx context.Context, in *eventbridge.DeauthorizeConnectionInput) (*eventbridge.DeauthorizeConnectionOutput, error) {
	c, err := s.changeConnection(ctx, "deauthorize", *in.Name, func(c *connection) error {
		c.Auth, c.Token, c.Expires = types.CreateConnectionAuthRequestParameters{}, "", time.Time{}
		c.State, c.Reason, c.Modified = types.ConnectionStateDeauthorized, "", s.env.Clock.Now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &eventbridge.DeauthorizeConnectionOutput{
		ConnectionArn: ptr(c.arn()), ConnectionState: types.ConnectionStateDeauthorizing, CreationTime: &c.Created, LastModifiedTime: &c.Modified,
		LastAuthorizedTime: &c.Authorized,
	}, nil
}

// DeleteConnection deletes a connection.
func (s *Service) DeleteConnection(ctx context.Context, in *eventbridge.DeleteConnectionInput) (*eventbridge.DeleteConnectionOutput, error) {
	var c connection
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if c, err = s.connection(tx, env.ScopeOf(ctx), "delete", *in.Name); err == nil {
			s.connections.Delete(tx, c.key())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &eventbridge.DeleteConnectionOutput{
		ConnectionArn: ptr(c.arn()), ConnectionState: types.ConnectionStateDeleting, CreationTime: &c.Created, LastModifiedTime: &c.Modified,
		LastAuthorizedTime: &c.Authorized,
	}, nil
}

// DescribeConnection describes a connection, without its secrets.
func (s *Service) DescribeConnection(ctx context.Context, in *eventbridge.DescribeConnectionInput) (*eventbridge.DescribeConnectionOutput, error) {
	var c connection
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		c, err = s.connection(tx, env.ScopeOf(ctx), "describe", *in.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &eventbridge.DescribeConnectionOutput{
		AuthParameters: c.shown(), AuthorizationType: c.Kind, ConnectionArn: ptr(c.arn()), ConnectionState: c.State, StateReason: c.reason(),
		CreationTime: &c.Created, LastModifiedTime: &c.Modified, LastAuthorizedTime: &c.Authorized, Description: c.Description, KmsKeyIdentifier: c.Key,
		Name: &c.Name, SecretArn: ptr(c.Scope.ARN("secretsmanager", "secret:events!connection/"+c.Name+"/"+c.SecretID)),
	}, nil
}

func (c *connection) reason() *string {
	if c.Reason == "" {
		return nil
	}
	return &c.Reason
}

// shown are the parameters without what is secret.
func (c *connection) shown() *types.ConnectionAuthResponseParameters {
	out := &types.ConnectionAuthResponseParameters{InvocationHttpParameters: open(c.Auth.InvocationHttpParameters)}
	if p := c.Auth.BasicAuthParameters; p != nil {
		out.BasicAuthParameters = &types.ConnectionBasicAuthResponseParameters{Username: p.Username}
	}
	if p := c.Auth.ApiKeyAuthParameters; p != nil {
		out.ApiKeyAuthParameters = &types.ConnectionApiKeyAuthResponseParameters{ApiKeyName: p.ApiKeyName}
	}
	if p := c.Auth.OAuthParameters; p != nil {
		out.OAuthParameters = &types.ConnectionOAuthResponseParameters{
			AuthorizationEndpoint: p.AuthorizationEndpoint, HttpMethod: p.HttpMethod, OAuthHttpParameters: open(p.OAuthHttpParameters),
			ClientParameters: &types.ConnectionOAuthClientResponseParameters{ClientID: p.ClientParameters.ClientID},
		}
	}
	return out
}

// open are parameters without the values of those that are secret.
func open(in *types.ConnectionHttpParameters) *types.ConnectionHttpParameters {
	if in == nil {
		return nil
	}
	out := &types.ConnectionHttpParameters{}
	shown := func(secret bool, v *string) *string {
		if secret {
			return nil
		}
		return v
	}
	for _, p := range in.BodyParameters {
		p.Value = shown(p.IsValueSecret, p.Value)
		out.BodyParameters = append(out.BodyParameters, p)
	}
	for _, p := range in.HeaderParameters {
		p.Value = shown(p.IsValueSecret, p.Value)
		out.HeaderParameters = append(out.HeaderParameters, p)
	}
	for _, p := range in.QueryStringParameters {
		p.Value = shown(p.IsValueSecret, p.Value)
		out.QueryStringParameters = append(out.QueryStringParameters, p)
	}
	return out
}

// ListConnections lists the connections by name.
func (s *Service) ListConnections(ctx context.Context, in *eventbridge.ListConnectionsInput) (*eventbridge.ListConnectionsOutput, error) {
	all := []types.Connection{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		for _, c := range s.connections.Prefix(tx, env.ScopeOf(ctx).Key("")) {
			if strings.HasPrefix(c.Name, value(in.NamePrefix)) && (in.ConnectionState == "" || in.ConnectionState == c.State) {
				all = append(all, types.Connection{
					AuthorizationType: c.Kind, ConnectionArn: ptr(c.arn()), ConnectionState: c.State, StateReason: c.reason(), Name: &c.Name,
					CreationTime: &c.Created, LastModifiedTime: &c.Modified, LastAuthorizedTime: &c.Authorized,
				})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListConnectionsOutput{}
	out.Connections, out.NextToken, err = page(all, in.Limit, in.NextToken)
	return out, err
}
