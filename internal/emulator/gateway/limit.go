package gateway

import (
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// limiter counts the requests of every limited route.
type limiter struct {
	clock   clock.Clock
	mu      sync.Mutex
	buckets map[bucketKey]bucket
}

type bucketKey struct{ api, stage, route string }

type bucket struct {
	limit  Limit
	tokens float64
	at     time.Time
}

// take reports whether a route may be called now.
func (l *limiter) take(api *API, stage *Stage, route string) bool {
	limit, ok := stage.Limits[route]
	if !ok {
		limit, ok = stage.Limits[""]
	}
	return !ok || l.draw(bucketKey{api.ID, stage.Name, route}, limit)
}

// draw takes one from a bucket and reports whether there was one.
func (l *limiter) draw(key bucketKey, limit Limit) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	b, ok := l.buckets[key]
	if !ok || b.limit != limit {
		b = bucket{limit: limit, tokens: float64(limit.Burst), at: now}
	}
	b.tokens = min(float64(limit.Burst), b.tokens+now.Sub(b.at).Seconds()*limit.Rate)
	b.at = now
	allowed := b.tokens >= 1
	if allowed {
		b.tokens--
	}
	l.buckets[key] = b
	return allowed
}
