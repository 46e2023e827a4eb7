package events

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// answers is a server that answers every request so.
type answers string

// RoundTrip implements [http.RoundTripper].
func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}

func oauthOf(endpoint string) *types.CreateConnectionAuthRequestParameters {
	return &types.CreateConnectionAuthRequestParameters{OAuthParameters: &types.CreateConnectionOAuthRequestParameters{
		AuthorizationEndpoint: &endpoint, HttpMethod: types.ConnectionOAuthHttpMethodPost,
		ClientParameters: &types.CreateConnectionOAuthClientRequestParameters{ClientID: aws.String("me"), ClientSecret: aws.String("hidden")},
		OAuthHttpParameters: &types.ConnectionHttpParameters{
			BodyParameters: []types.ConnectionBodyParameter{{Key: aws.String("b"), Value: aws.String("hidden"), IsValueSecret: true}},
		},
	}}
}

// TestTokenExpiry reads how long a token can be used, however a server writes it.
func TestTokenExpiry(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]time.Duration{
		`{"access_token":"t","expires_in":60}`:    time.Minute,
		`{"access_token":"t","expires_in":"60"}`:  time.Minute,
		`{"access_token":"t","expires_in":1.5}`:   1500 * time.Millisecond,
		`{"access_token":"t","expires_in":1e300}`: maxExpiry * time.Second,
		`{"access_token":"t","expires_in":-1}`:    0,
		`{"access_token":"t","expires_in":null}`:  0,
		`{"access_token":"t"}`:                    0,
	} {
		s, err := New(newEnv(t))
		if err != nil {
			t.Fatal(err)
		}
		s.away = answers(answer)
		token, expires, err := s.token(t.Context(), &connection{Auth: *oauthOf("http://127.0.0.1:1")})
		got := time.Duration(0)
		if !expires.IsZero() {
			got = expires.Sub(s.env.Clock.Now())
		}
		if err != nil || token != "t" || got != want {
			t.Errorf("%s: got %q for %s, %v, want %s", answer, token, got, err, want)
		}
	}
}

// TestConnections changes connections of each kind and shows them, but nothing that is
// secret of them.
func TestConnections(t *testing.T) {
	t.Parallel()
	s, err := New(newEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	s.away = answers(`{"access_token":"hidden"}`)
	ctx := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	for _, row := range []struct {
		kind   types.ConnectionAuthorizationType
		with   *types.CreateConnectionAuthRequestParameters
		change *types.UpdateConnectionAuthRequestParameters
		header string // that the connection adds after the change
		want   string
	}{
		{types.ConnectionAuthorizationTypeBasic, &types.CreateConnectionAuthRequestParameters{
			BasicAuthParameters: &types.CreateConnectionBasicAuthRequestParameters{Username: aws.String("user"), Password: aws.String("hidden")},
		}, &types.UpdateConnectionAuthRequestParameters{
			BasicAuthParameters: &types.UpdateConnectionBasicAuthRequestParameters{Username: aws.String("other")},
		}, "Authorization", "Basic b3RoZXI6aGlkZGVu"},
		{types.ConnectionAuthorizationTypeApiKey, &types.CreateConnectionAuthRequestParameters{
			ApiKeyAuthParameters: &types.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("x-key"), ApiKeyValue: aws.String("hidden")},
		}, &types.UpdateConnectionAuthRequestParameters{InvocationHttpParameters: &types.ConnectionHttpParameters{
			HeaderParameters: []types.ConnectionHeaderParameter{{Key: aws.String("x-own"), Value: aws.String("hidden"), IsValueSecret: true}},
		}}, "X-Own", "hidden"},
		{types.ConnectionAuthorizationTypeOauthClientCredentials, oauthOf("http://127.0.0.1:1"), &types.UpdateConnectionAuthRequestParameters{
			OAuthParameters: &types.UpdateConnectionOAuthRequestParameters{HttpMethod: types.ConnectionOAuthHttpMethodGet},
		}, "Authorization", "Bearer hidden"},
	} {
		name := string(row.kind)
		made, err := s.CreateConnection(ctx, &eventbridge.CreateConnectionInput{Name: &name, AuthorizationType: row.kind, AuthParameters: row.with})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.UpdateConnection(ctx, &eventbridge.UpdateConnectionInput{Name: &name, AuthParameters: row.change}); err != nil {
			t.Fatal(err)
		}
		s.work.Wait()
		shown, err := s.DescribeConnection(ctx, &eventbridge.DescribeConnectionInput{Name: &name})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(shown)
		if err != nil || strings.Contains(string(text), "hidden") || shown.ConnectionState != types.ConnectionStateAuthorized {
			t.Errorf("%s: got %s, %v", name, text, err)
		}
		header, _, _, err := s.Credentials(ctx, *made.ConnectionArn)
		if err != nil || header.Get(row.header) != row.want {
			t.Errorf("%s: got %v, %v, want %s", name, header, err, row.want)
		}
		wrong := types.ConnectionAuthorizationTypeBasic
		if row.kind == wrong {
			wrong = types.ConnectionAuthorizationTypeApiKey
		}
		var api smithy.APIError
		if _, err := s.UpdateConnection(ctx, &eventbridge.UpdateConnectionInput{Name: &name, AuthorizationType: wrong}); !errors.As(err, &api) || api.ErrorCode() != "ValidationException" {
			t.Errorf("%s as %s: got %v", name, wrong, err)
		}
		if _, err := s.DeauthorizeConnection(ctx, &eventbridge.DeauthorizeConnectionInput{Name: &name}); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := s.Credentials(ctx, *made.ConnectionArn); !errors.As(err, &api) || api.ErrorCode() != "InvalidConnectionState" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	out, err := s.ListConnections(ctx, &eventbridge.ListConnectionsInput{ConnectionState: types.ConnectionStateDeauthorized})
	if err != nil || len(out.Connections) != 3 {
		t.Errorf("got %v, %v", out, err)
	}
}
