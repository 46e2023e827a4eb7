package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// admitToken admits who has a token that the authorizer takes.
func (g *Gateway) admitToken(q *request, a *Authorizer) bool {
	values, ok := a.identities(q)
	if !ok {
		q.Header().Set("Www-Authenticate", "Bearer")
		q.fail(http.StatusUnauthorized, "Unauthorized")
		return false
	}
	claims, err := g.tokens.verify(q.Context(), a, bearer(values[0]))
	var held []string
	if err == nil {
		held, err = scopesOf(claims), nil
		q.who.token, q.who.claims = true, texts(claims)
	}
	wanted := slices.ContainsFunc(q.route.Scopes, func(s string) bool { return slices.Contains(held, s) })
	switch {
	case err != nil:
		q.who = authorized{failed: err.Error()}
		challenge(q, "invalid_token", err.Error())
		q.fail(http.StatusUnauthorized, "Unauthorized")
		return false
	case len(q.route.Scopes) > 0 && !wanted:
		q.who.failed = "the token does not have a scope that the route asks for"
		challenge(q, "insufficient_scope", q.who.failed)
		q.fail(http.StatusForbidden, "Forbidden")
		return false
	case len(q.route.Scopes) > 0:
		q.who.scopes = held
	}
	return true
}

func challenge(q *request, code, description string) {
	q.Header().Set("Www-Authenticate", fmt.Sprintf("Bearer scope=%q error=%q error_description=%q", strings.Join(q.route.Scopes, " "), code, description))
}

// bearer is a token without the word before it.
func bearer(text string) string {
	if word, token, ok := strings.Cut(text, " "); ok && strings.EqualFold(word, "Bearer") {
		return strings.TrimSpace(token)
	}
	return text
}

// The algorithms that API Gateway takes, all of RSA.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}

// How long keys are kept, as AWS documents it; how often an unknown key is looked for;
// how far clocks may be apart; how long an issuer may take; and the size of its answers.
const (
	keepKeys    = 2 * time.Hour
	searchAgain = time.Second
	skew        = 5 * time.Second
	fetchLimit  = 5 * time.Second
	maxKeys     = 1 << 20
)

// tokens checks tokens by the keys of their issuers, which are looked up once.
type tokens struct {
	clock   clock.Clock
	mu      sync.Mutex
	issuers map[string]*issuer
}

// issuer is one issuer and its keys.
type issuer struct {
	mu   sync.Mutex // held while the keys are fetched
	keys *jose.JSONWebKeySet
	at   time.Time // when they were fetched
}

// verify returns the claims of a token. Its errors are told to the client.
func (t *tokens) verify(ctx context.Context, a *Authorizer, token string) (map[string]any, error) {
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil || len(signed.Signatures) != 1 {
		return nil, errors.New("the token is malformed or its algorithm is not supported")
	}
	id := signed.Signatures[0].Header.KeyID
	if id == "" {
		return nil, errors.New("the token has no kid")
	}
	key, err := t.key(ctx, a.Issuer, id)
	if err != nil {
		return nil, err
	}
	if key.Algorithm != "" && key.Algorithm != signed.Signatures[0].Header.Algorithm || key.Use != "" && key.Use != "sig" {
		return nil, errors.New("the token's key is for another use")
	}
	raw, err := signed.Verify(key)
	if err != nil {
		return nil, errors.New("the token's signature is not valid")
	}
	claims := map[string]any{}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&claims); err != nil {
		return nil, errors.New("the token's claims are no JSON object")
	}
	return claims, a.check(claims, t.clock.Now())
}

// check checks a token's claims against the authorizer and the time.
func (a *Authorizer) check(claims map[string]any, now time.Time) error {
	if claims["iss"] != a.Issuer {
		return errors.New("the token does not have a valid issuer")
	}
	audience, has := claims["aud"]
	if !has {
		audience = claims["client_id"]
	}
	if !slices.ContainsFunc(listOf(audience), func(s string) bool { return slices.Contains(a.Audience, s) }) {
		return errors.New("the token does not have a valid audience")
	}
	for _, row := range []struct {
		claim  string
		needed bool
		wrong  func(at time.Time) bool
		text   string
	}{
		{"exp", true, func(at time.Time) bool { return !now.Before(at.Add(skew)) }, "the token has expired"},
		{"nbf", false, func(at time.Time) bool { return now.Add(skew).Before(at) }, "the token is not valid yet"},
		{"iat", false, func(at time.Time) bool { return now.Add(skew).Before(at) }, "the token was issued in the future"},
	} {
		v, has := claims[row.claim]
		if !has && !row.needed {
			continue
		}
		n, _ := v.(json.Number)
		seconds, err := n.Float64()
		if err != nil {
			return fmt.Errorf("the token has no valid %s", row.claim)
		}
		if row.wrong(time.UnixMilli(int64(seconds * 1000))) {
			return errors.New(row.text)
		}
	}
	return nil
}

// key returns an issuer's key. A key that is not known may be a new one.
func (t *tokens) key(ctx context.Context, name, id string) (jose.JSONWebKey, error) {
	t.mu.Lock()
	i := t.issuers[name]
	if i == nil {
		i = &issuer{}
		t.issuers[name] = i
	}
	t.mu.Unlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	age := t.clock.Now().Sub(i.at)
	if i.keys == nil || age >= keepKeys || age >= searchAgain && len(i.keys.Key(id)) == 0 {
		keys, err := fetchKeys(ctx, name)
		if err != nil {
			return jose.JSONWebKey{}, err
		}
		i.keys, i.at = keys, t.clock.Now()
	}
	found := i.keys.Key(id)
	if len(found) != 1 || !found[0].IsPublic() {
		return jose.JSONWebKey{}, errors.New("the token's kid is not a key of the issuer")
	}
	return found[0], nil
}

// fetchKeys asks an issuer where its keys are, and for them.
func fetchKeys(ctx context.Context, name string) (*jose.JSONWebKeySet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	var about struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := fetch(ctx, strings.TrimSuffix(name, "/")+"/.well-known/openid-configuration", &about); err != nil {
		return nil, errors.New("OIDC discovery endpoint communication error")
	}
	keys := &jose.JSONWebKeySet{}
	if err := fetch(ctx, about.Keys, keys); err != nil {
		return nil, errors.New("JWKS communication error")
	}
	return keys, nil
}

func fetch(ctx context.Context, url string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil) //nolint:gosec // the address is the API owner's
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r) //nolint:gosec // the address is the API owner's
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d", url, answer.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(answer.Body, maxKeys)).Decode(into)
}

// scopesOf are the scopes of a token: of scope, or else of scp.
func scopesOf(claims map[string]any) []string {
	v, ok := claims["scope"]
	if !ok {
		v = claims["scp"]
	}
	if text, ok := v.(string); ok {
		return strings.Fields(text)
	}
	return listOf(v)
}

// listOf is a text or a list of texts as a list.
func listOf(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		var out []string
		for _, item := range x {
			if text, ok := item.(string); ok {
				out = append(out, text)
			}
		}
		return out
	}
	return nil
}

// texts are claims as functions get them: each as a text, lists as [a b].
func texts(claims map[string]any) map[string]string {
	out := make(map[string]string, len(claims))
	for name, v := range claims {
		out[name] = claimText(v)
	}
	return out
}

func claimText(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	case bool:
		return strconv.FormatBool(x)
	case []any:
		parts := make([]string, len(x))
		for i, item := range x {
			parts[i] = claimText(item)
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return anyText(v)
}
