package gateway

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// oidc is an issuer of tokens.
type oidc struct {
	t     *testing.T
	url   string
	mu    sync.Mutex
	keys  []jose.JSONWebKey
	asked int
}

func newIssuer(t *testing.T) *oidc {
	t.Helper()
	o := &oidc{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		var answer any = map[string]string{"issuer": o.url, "jwks_uri": o.url + "/keys"}
		if r.URL.Path == "/keys" {
			o.asked++
			set := jose.JSONWebKeySet{}
			for _, k := range o.keys {
				set.Keys = append(set.Keys, k.Public())
			}
			answer = set
		} else if r.URL.Path != "/.well-known/openid-configuration" {
			http.NotFound(w, r)
			return
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	o.url = server.URL
	o.rotate("one")
	return o
}

// rotate replaces the issuer's key.
func (o *oidc) rotate(id string) {
	o.t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		o.t.Fatal(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keys = []jose.JSONWebKey{{Key: k, KeyID: id, Algorithm: "RS256", Use: "sig"}}
}

func (o *oidc) key() jose.JSONWebKey {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.keys[0]
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(raw)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTokens(t *testing.T) {
	t.Parallel()
	o := newIssuer(t)
	var got map[string]any
	f := &events{more: make(chan map[string]any, 1)}
	r := newRig(t, nil, "2.0", "GET /a", "GET /scoped")
	r.links(func(l *Links) { l.Functions = f })
	a := &Authorizer{ID: "jwt", Issuer: o.url, Audience: []string{"me", "you"}}
	if err := a.ParseSources([]string{"$request.header.Authorization"}, false); err != nil {
		t.Fatal(err)
	}
	for path, scopes := range map[string][]string{"/a": nil, "/scoped": {"read", "write"}} {
		route, _, _ := r.api.Stages["$default"].Routes.Find("GET", path)
		copied := *route
		copied.Authorizer, copied.Scopes = a, scopes
		r.route(&copied)
	}
	now := r.clock.Now().Unix()
	claims := func(change map[string]any) map[string]any {
		c := map[string]any{"iss": o.url, "aud": "me", "exp": now + 60, "iat": now, "sub": "u", "scope": "read other", "groups": []string{"a", "b"}}
		for name, v := range change {
			if c[name] = v; v == nil {
				delete(c, name)
			}
		}
		return c
	}
	good := func(change map[string]any) string { return sign(t, jose.RS256, o.key(), claims(change)) }
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	k := o.key()
	public, err := json.Marshal(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"one"}`)) + "." + strings.Split(good(nil), ".")[1] + "."
	for _, row := range []struct {
		name, path, token string
		status            int
		says              string
	}{
		{"good", "/a", good(nil), 200, ""},
		{"several audiences", "/a", good(map[string]any{"aud": []string{"x", "you"}}), 200, ""},
		{"client_id without aud", "/a", good(map[string]any{"aud": nil, "client_id": "me"}), 200, ""},
		{"client_id does not help a wrong aud", "/a", good(map[string]any{"aud": "x", "client_id": "me"}), 401, "audience"},
		{"wrong issuer", "/a", good(map[string]any{"iss": "https://evil"}), 401, "issuer"},
		{"expired", "/a", good(map[string]any{"exp": now - 60}), 401, "expired"},
		{"a clock that is a little slow", "/a", good(map[string]any{"exp": now - 2, "iat": now + 2}), 200, ""},
		{"no expiry", "/a", good(map[string]any{"exp": nil}), 401, "exp"},
		{"expiry is no number", "/a", good(map[string]any{"exp": "soon"}), 401, "exp"},
		{"not yet valid", "/a", good(map[string]any{"nbf": now + 60}), 401, "not valid yet"},
		{"issued in the future", "/a", good(map[string]any{"iat": now + 60}), 401, "future"},
		{"signed by another key of the same id", "/a", sign(t, jose.RS256, jose.JSONWebKey{Key: other, KeyID: "one"}, claims(nil)), 401, "signature"},
		{"unknown key", "/a", sign(t, jose.RS256, jose.JSONWebKey{Key: other, KeyID: "two"}, claims(nil)), 401, "kid"},
		{"no kid", "/a", sign(t, jose.RS256, other, claims(nil)), 401, "kid"},
		{"HMAC with the public key", "/a", sign(t, jose.HS256, jose.JSONWebKey{Key: public, KeyID: "one"}, claims(nil)), 401, "algorithm"},
		{"an algorithm that the key is not for", "/a", sign(t, jose.RS512, jose.JSONWebKey{Key: o.key().Key, KeyID: "one"}, claims(nil)), 401, "another use"},
		{"no algorithm", "/a", none, 401, "algorithm"},
		{"no token", "/a", "x.y", 401, "malformed"},
		{"a scope of the route", "/scoped", good(nil), 200, ""},
		{"a scope in scp", "/scoped", good(map[string]any{"scope": nil, "scp": []string{"write"}}), 200, ""},
		{"no scope of the route", "/scoped", good(map[string]any{"scope": "other"}), 403, "insufficient_scope"},
	} {
		res, body := r.do("GET", row.path, "", "Authorization: Bearer "+row.token)
		if res.StatusCode != row.status || !strings.Contains(res.Header.Get("Www-Authenticate"), row.says) {
			t.Errorf("%s: got %d %s %q, want %d %s", row.name, res.StatusCode, body, res.Header.Get("Www-Authenticate"), row.status, row.says)
		}
	}
	if res, body := r.do("GET", "/a", ""); res.StatusCode != http.StatusUnauthorized || body != `{"message":"Unauthorized"}` || res.Header.Get("Www-Authenticate") != "Bearer" {
		t.Errorf("no header: got %d %s", res.StatusCode, body)
	}
	// What the function learns.
	for len(f.more) > 0 {
		<-f.more
	}
	r.do("GET", "/scoped", "", "Authorization: "+good(nil))
	got = contextIn(<-f.more)["authorizer"].(map[string]any)["jwt"].(map[string]any)
	c := got["claims"].(map[string]any)
	if c["groups"] != "[a b]" || c["sub"] != "u" || c["exp"] == nil || len(got["scopes"].([]any)) != 2 {
		t.Errorf("got %v", got)
	}
	// A key that is rotated is found; one that is gone is not kept for ever.
	old := good(nil)
	o.rotate("three")
	r.clock.Advance(searchAgain)
	if res, body := r.do("GET", "/a", "", "Authorization: "+good(nil)); res.StatusCode != http.StatusOK {
		t.Errorf("a new key: got %d %s", res.StatusCode, body)
	}
	if res, _ := r.do("GET", "/a", "", "Authorization: "+old); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("an old key: got %d", res.StatusCode)
	}
	asked := o.asked
	for range 20 {
		r.do("GET", "/a", "", "Authorization: "+old)
	}
	if o.asked != asked {
		t.Errorf("the issuer was asked %d times at once", o.asked-asked)
	}
	r.clock.Advance(keepKeys)
	now = r.clock.Now().Unix()
	if res, _ := r.do("GET", "/a", "", "Authorization: "+good(map[string]any{"exp": now + 60})); res.StatusCode != http.StatusOK || o.asked != asked+1 {
		t.Errorf("after two hours: got %d, asked %d times", res.StatusCode, o.asked-asked)
	}
}

// TestIssuerDown refuses tokens of an issuer that does not answer.
func TestIssuerDown(t *testing.T) {
	t.Parallel()
	o := newIssuer(t)
	r := newRig(t, returns(`"ok"`), "2.0", "GET /a")
	a := &Authorizer{ID: "jwt", Issuer: "http://127.0.0.1:1", Audience: []string{"me"}}
	if err := a.ParseSources([]string{"$request.querystring.token"}, false); err != nil {
		t.Fatal(err)
	}
	route, _, _ := r.api.Stages["$default"].Routes.Find("GET", "/a")
	copied := *route
	copied.Authorizer = a
	r.route(&copied)
	token := sign(t, jose.RS256, o.key(), map[string]any{"exp": time.Now().Unix() + 60})
	res, _ := r.do("GET", "/a?token="+token, "")
	if res.StatusCode != http.StatusUnauthorized || !strings.Contains(res.Header.Get("Www-Authenticate"), "OIDC discovery endpoint communication error") {
		t.Errorf("got %d %s", res.StatusCode, res.Header.Get("Www-Authenticate"))
	}
}
