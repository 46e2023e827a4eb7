package events

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const (
	// tokenTime is how long a server may take to give a token.
	tokenTime = 30 * time.Second
	// tryTime is how long a connection is AUTHORIZING whose server cannot be called:
	// AWS, too, tries for a while.
	tryTime = 5 * time.Second
	// maxToken is how long the answer with a token can be, in bytes.
	maxToken = 1 << 16
	// maxExpiry is how long a token is used at most, in seconds: ten years.
	maxExpiry = 10 * 365 * 24 * 3600
)

// Resume authorizes the connections that wait for it since before a restart, and
// goes on with events that are to be delivered again.
func (s *Service) Resume() {
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for _, c := range s.connections.From(tx, "") {
			s.authorize(&c)
		}
		return nil
	})
	s.retry()
}

// authorize gets the first token of a connection that waits for it, and notes how
// that ended.
func (s *Service) authorize(c *connection) {
	asked := *c
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.State != types.ConnectionStateAuthorizing || s.alive.Err() != nil {
		return
	}
	s.work.Go(func() {
		token, expires, err := s.token(s.alive, &asked)
		if s.alive.Err() != nil {
			return // it is authorized when the emulator starts again
		}
		s.authorized(&asked, token, expires, err)
	})
}

// authorized notes a token, or why there is none, unless the connection was changed
// meanwhile.
func (s *Service) authorized(asked *connection, token string, expires time.Time, failure error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		c, ok := s.connections.Get(tx, asked.key())
		if !ok || c.ID != asked.ID || !c.Modified.Equal(asked.Modified) {
			return nil
		}
		c.State, c.Reason, c.Token, c.Expires, c.Authorized = types.ConnectionStateAuthorized, "", token, expires, s.env.Clock.Now()
		if failure != nil {
			c.State, c.Reason = types.ConnectionStateDeauthorized, failure.Error()
		}
		s.connections.Put(tx, c.key(), c)
		return nil
	})
	if err != nil {
		s.env.Log.Error("the state of a connection could not be noted", "connection", asked.arn(), "error", err)
	}
}

// token asks the connection's server for a token: with the client's id and secret
// in the form that is its body, or in the query of a GET. Errors do not show them.
func (s *Service) token(ctx context.Context, c *connection) (token string, expires time.Time, err error) {
	o := c.Auth.OAuthParameters
	u, err := url.Parse(value(o.AuthorizationEndpoint))
	if err != nil || u.Host == "" {
		return "", expires, errors.New("the authorization endpoint is no URL")
	}
	if !env.IsLoopback(u.Hostname()) {
		_ = clock.Wait(ctx, s.env.Clock, tryTime)
		return "", expires, &env.ForeignError{Host: u.Host}
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {value(o.ClientParameters.ClientID)}, "client_secret": {value(o.ClientParameters.ClientSecret)}}
	header := http.Header{}
	query := u.Query()
	if p := o.OAuthHttpParameters; p != nil {
		for _, b := range p.BodyParameters {
			form.Set(value(b.Key), value(b.Value))
		}
		for _, q := range p.QueryStringParameters {
			query.Set(value(q.Key), value(q.Value))
		}
		for _, h := range p.HeaderParameters {
			header.Set(value(h.Key), value(h.Value))
		}
	}
	var body io.Reader
	if o.HttpMethod == types.ConnectionOAuthHttpMethodGet {
		for name := range form {
			query.Set(name, form.Get(name))
		}
	} else {
		body = strings.NewReader(form.Encode())
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	u.RawQuery = query.Encode()
	ctx, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, string(o.HttpMethod), u.String(), body)
	if err != nil {
		return "", expires, errors.New("the authorization endpoint cannot be called")
	}
	r.Header = header
	resp, err := s.away.RoundTrip(r)
	if err != nil {
		return "", expires, fmt.Errorf("the authorization endpoint %s could not be reached", u.Host)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Token   string          `json:"access_token"`
		Seconds json.RawMessage `json:"expires_in"` // a number, which some servers write as a text
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxToken))
	if err != nil || resp.StatusCode/100 != 2 || json.Unmarshal(text, &answer) != nil || answer.Token == "" {
		return "", expires, fmt.Errorf("the authorization endpoint %s answered %d without an access_token", u.Host, resp.StatusCode)
	}
	if seconds, err := strconv.ParseFloat(strings.Trim(string(answer.Seconds), `"`), 64); err == nil && seconds > 0 {
		expires = s.env.Clock.Now().Add(time.Duration(min(seconds, maxExpiry) * float64(time.Second)))
	}
	return answer.Token, expires, nil
}

// unusable is why a connection gives no credentials, by AWS's codes, such as
// InvalidConnectionState.
func unusable(code, format string, args ...any) error {
	return &smithy.GenericAPIError{Code: code, Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

// usable is the connection of an ARN, if it can be used.
func (s *Service) usable(arn string) (connection, error) {
	var c connection
	p := strings.SplitN(arn, ":", 6)
	found := false
	if len(p) == 6 && p[2] == "events" {
		name, _, _ := strings.Cut(strings.TrimPrefix(p[5], "connection/"), "/")
		_ = s.env.Store.View(func(tx *store.Tx) error {
			c, found = s.connections.Get(tx, env.Scope{Region: p[3], Account: p[4]}.Key(name))
			return nil
		})
	}
	switch {
	case !found || c.arn() != arn:
		return c, unusable("ResourceNotFound", "The connection %s does not exist.", arn)
	case c.State == types.ConnectionStateAuthorizing:
		return c, unusable("AuthInProgress", "The connection %s is being authorized.", arn)
	case c.State != types.ConnectionStateAuthorized:
		return c, unusable("InvalidConnectionState", "The connection %s is %s: %s", arn, c.State, c.Reason)
	}
	return c, nil
}

// Credentials are what the connection of an ARN adds to requests. Errors are
// AWS's, with codes such as ResourceNotFound and InvalidConnectionState.
func (s *Service) Credentials(ctx context.Context, connectionARN string) (header http.Header, query url.Values, body map[string]string, err error) {
	c, err := s.usable(connectionARN)
	if err != nil {
		return nil, nil, nil, err
	}
	if c.Kind == types.ConnectionAuthorizationTypeOauthClientCredentials && !c.Expires.IsZero() && !s.env.Clock.Now().Before(c.Expires) {
		if c, err = s.renew(ctx, connectionARN); err != nil {
			return nil, nil, nil, err
		}
	}
	header, query, body = http.Header{}, url.Values{}, map[string]string{}
	if p := c.Auth.InvocationHttpParameters; p != nil {
		for _, b := range p.BodyParameters {
			body[value(b.Key)] = value(b.Value)
		}
		for _, q := range p.QueryStringParameters {
			query.Set(value(q.Key), value(q.Value))
		}
		for _, h := range p.HeaderParameters {
			header.Set(value(h.Key), value(h.Value))
		}
	}
	switch a := &c.Auth; c.Kind {
	case types.ConnectionAuthorizationTypeBasic:
		pair := value(a.BasicAuthParameters.Username) + ":" + value(a.BasicAuthParameters.Password)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	case types.ConnectionAuthorizationTypeApiKey:
		header.Set(value(a.ApiKeyAuthParameters.ApiKeyName), value(a.ApiKeyAuthParameters.ApiKeyValue))
	case types.ConnectionAuthorizationTypeOauthClientCredentials:
		header.Set("Authorization", "Bearer "+c.Token)
	}
	return header, query, body, nil
}

// Renew gets a connection of OAuth another token, in place of one that a server
// refused. It reports whether there are other credentials now.
func (s *Service) Renew(ctx context.Context, connectionARN string) bool {
	c, err := s.usable(connectionARN)
	if err != nil || c.Kind != types.ConnectionAuthorizationTypeOauthClientCredentials {
		return false
	}
	_, err = s.renew(ctx, connectionARN)
	return err == nil
}

// renew gets a connection another token.
func (s *Service) renew(ctx context.Context, arn string) (connection, error) {
	c, err := s.usable(arn)
	if err != nil {
		return c, err
	}
	token, expires, failure := s.token(ctx, &c)
	if ctx.Err() != nil {
		return c, ctx.Err()
	}
	s.authorized(&c, token, expires, failure)
	return s.usable(arn)
}
