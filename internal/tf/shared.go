package tf

import (
	"context"
	"sync"
)

// An answer is what AWS said when it was asked on behalf of one object.
type answer struct {
	mu     sync.Mutex
	value  any
	writes int64 // of the provider, before it was asked
}

// Shared returns what read does, or, while objects are refreshed, what it did for
// another one, if this configured provider changed nothing since: all statements of one
// policy cost one call then, however long a refresh takes. While an object is changed it
// reads for itself. key says what is read, within the region.
func Shared[V any](ctx context.Context, key string, read func() (V, error)) (V, error) {
	op := operationOf(ctx)
	if !op.refresh {
		return read()
	}
	a := op.provider.answer(op.scope, key)
	a.mu.Lock()
	defer a.mu.Unlock()
	writes := op.provider.writes.Load()
	if v, ok := a.value.(V); ok && a.writes == writes {
		return v, nil
	}
	v, err := read()
	if err == nil {
		a.value, a.writes = v, writes
	}
	return v, err
}

// Refreshing reports whether an object is read that nobody has just changed.
func Refreshing(ctx context.Context) bool { return operationOf(ctx).refresh }

func (p *Provider) answer(s Scope, key string) *answer {
	a, _ := p.answers.LoadOrStore(s.Region+" "+key, &answer{})
	return a.(*answer)
}
