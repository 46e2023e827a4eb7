package sts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"
)

// Only who has the key that the issuer itself publishes is let in.
func TestWebIdentity(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Issuers are below /own, which is as it must be, and /moved, which sends on to it.
	var server *httptest.Server
	var asked atomic.Int64
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		path, moved := strings.CutPrefix(r.URL.Path, "/moved")
		var answer any
		switch {
		case moved:
			http.Redirect(w, r, server.URL+"/own"+path, http.StatusFound)
			return
		case strings.HasSuffix(path, "/keys"):
			answer = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k"}}}
		default:
			answer = map[string]string{"jwks_uri": server.URL + "/own/keys"}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	roles := trusts{}
	for _, name := range []string{"own", "moved", "plain", "file"} {
		provider := host + "/" + name
		switch name {
		case "plain":
			provider = "localhost/own"
		case "file":
			provider = "/own"
		}
		roles["arn:aws:iam::000000000000:role/"+name] = `{"Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::000000000000:oidc-provider/` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity"}}`
	}
	s, c, ctx := newService(t, roles)
	const unknown = "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
	for _, tt := range []struct{ issuer, role, want string }{
		{server.URL + "/own", "own", ""},
		{server.URL + "/own", "moved", "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{server.URL + "/moved", "moved", unknown},
		{"http://localhost/own", "plain", unknown}, // a name can lead anywhere
		{"file:///own", "file", unknown},
		{"http://127.0.0.1:1/any", "own", "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"}, // nobody asks there
	} {
		claims, err := json.Marshal(map[string]any{"iss": tt.issuer, "sub": "me", "aud": "sts.amazonaws.com", "exp": c.Now().Add(time.Hour).Unix()})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		token, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		arn, session := "arn:aws:iam::000000000000:role/"+tt.role, "session"
		before := asked.Load()
		_, err = s.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: &arn, RoleSessionName: &session, WebIdentityToken: &token})
		if got := errorOf(err); got != tt.want || err != nil && got == "" {
			t.Errorf("%s as %s: got %v, want %q", tt.issuer, tt.role, err, tt.want)
		}
		if strings.HasPrefix(tt.want, "AccessDenied") && asked.Load() != before {
			t.Errorf("%s as %s: an issuer that the role does not trust was asked for its keys", tt.issuer, tt.role)
		}
	}
}
