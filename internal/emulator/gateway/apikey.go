package gateway

import (
	"context"
	"net/http"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// Keys knows API keys, and counts what is called with them.
type Keys interface {
	// Key returns the key of that value, if it may call the API's stage.
	Key(ctx context.Context, api, stage, value string) (Key, bool)
	// Count counts a call with a key; ok is false when its quota has been used up.
	Count(ctx context.Context, k Key) (ok bool, err error)
}

// A Key is an API key and what its usage plan says of calls.
type Key struct {
	ID    string
	Value string
	Plan  string // the id
	Limit *Limit // nil where there is none
}

// keyOfAuthorizer is where API keys come from that are not in the header x-api-key.
const keyOfAuthorizer = "$context.authorizer.usageIdentifierKey"

// keyOf is the API key that who connects has shown.
func (q *request) keyOf() string {
	if q.stage.Keys != keyOfAuthorizer {
		return q.Request.Header.Get("X-Api-Key")
	}
	key, _ := q.who.lookup("usageIdentifierKey")
	return key
}

// admitKey admits a call of a route that needs an API key. A status other than zero is
// that of the refusal.
func (g *Gateway) admitKey(ctx context.Context, a *API, stage, shown string) (key Key, status int, message string) {
	ctx = env.WithScope(ctx, a.Scope)
	ok := false
	if shown != "" && g.links.Keys != nil {
		key, ok = g.links.Keys.Key(ctx, a.ID, stage, shown)
	}
	if !ok {
		return key, http.StatusForbidden, "Forbidden"
	}
	// A plan's limits count the calls with a key of all stages together.
	if key.Limit != nil && !g.limiter.draw(bucketKey{route: "key " + key.Plan + " " + key.ID}, *key.Limit) {
		return key, http.StatusTooManyRequests, "Too Many Requests"
	}
	ok, err := g.links.Keys.Count(ctx, key)
	if err != nil {
		g.log.Error("a call with an API key could not be counted", "api", a.ID, "key", key.ID, "error", err)
		return key, http.StatusInternalServerError, "Internal server error"
	}
	if !ok {
		return key, http.StatusTooManyRequests, "Limit Exceeded"
	}
	return key, 0, ""
}
