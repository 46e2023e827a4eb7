package tf

import (
	"context"
	"sync"
	"time"
)

// forSiblings is how old an answer may be that is taken for the objects of one
// refresh.
const forSiblings = 30 * time.Second

// An answer is what AWS said when it was asked on behalf of one object.
type answer struct {
	mu     sync.Mutex
	value  any
	at     time.Time // when asking began
	writes int64     // before that
}

// Shared returns what read does, or, while objects are refreshed, what it did for
// another one shortly before, if nothing was changed since: all statements of one policy
// cost one call then. While an object is changed it reads for itself. key says what is
// read, within the region.
func Shared[V any](ctx context.Context, key string, read func() (V, error)) (V, error) {
	op := operationOf(ctx)
	if !op.refresh {
		return read()
	}
	a := op.provider.answer(op.scope, key)
	a.mu.Lock()
	defer a.mu.Unlock()
	began, writes := time.Now(), op.provider.writes.Load()
	if v, ok := a.value.(V); ok && began.Sub(a.at) < forSiblings && a.writes == writes {
		return v, nil
	}
	v, err := read()
	if err == nil {
		a.value, a.at, a.writes = v, began, writes
	}
	return v, err
}

func (p *Provider) answer(s Scope, key string) *answer {
	a, _ := p.answers.LoadOrStore(s.Region+" "+key, &answer{})
	return a.(*answer)
}
