package apigatewayv2

import (
	"context"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// parts are the things of one kind that owners have: APIs, domain names, or a part
// of an API.
type parts[T any] struct {
	*store.Set[T]
	kind string // as AWS calls it
}

func newParts[T any](e *env.Env, kind string) (parts[T], error) {
	set, err := store.NewSet[T](e.Store, "apigatewayv2."+kind)
	return parts[T]{set, kind}, err
}

// key is the store's key of a part; with an empty name, the prefix of all parts.
func key(owner, name string) string { return owner + "\x00" + name }

// find returns an owner's part, or AWS's error.
func (p parts[T]) find(tx *store.Tx, owner string, id *string) (T, error) {
	v, ok := p.Get(tx, key(owner, value(id)))
	if !ok {
		return v, notFound(p.kind, "Invalid %s identifier specified", p.kind)
	}
	return v, nil
}

// fresh returns an id of n characters that none of the owner's parts has.
func (p parts[T]) fresh(tx *store.Tx, owner string, n int) *string {
	for {
		id := newID(n)
		if _, taken := p.Get(tx, key(owner, id)); !taken {
			return &id
		}
	}
}

// clear removes all parts of an owner, and those of its own parts.
func (p parts[T]) clear(tx *store.Tx, owner string) {
	var keys []string // a set must not change while it is read
	for k := range p.Prefix(tx, key(owner, "")) {
		keys = append(keys, k)
	}
	for _, k := range keys {
		p.Delete(tx, k)
	}
}

// all returns an owner's parts.
func (p parts[T]) all(tx *store.Tx, owner string) (all []T) {
	for _, v := range p.Prefix(tx, key(owner, "")) {
		all = append(all, v)
	}
	return all
}

// getPart returns an API's part as the output of an operation.
func getPart[Out, T any](ctx context.Context, s *Service, p parts[T], apiID, id *string) (*Out, error) {
	var found T
	err := s.view(ctx, apiID, func(tx *store.Tx, a api) (err error) {
		found, err = p.find(tx, *a.ApiId, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[Out](found), nil
}

// listParts returns a page of an API's parts.
func listParts[T any](ctx context.Context, s *Service, p parts[T], apiID, maxResults, token *string) (items []T, next *string, err error) {
	err = s.view(ctx, apiID, func(tx *store.Tx, a api) error {
		items, next, err = page(tx, p.Set, key(*a.ApiId, ""), nil, maxResults, token)
		return err
	})
	return items, next, err
}

// changePart changes an API's part by f within one commit, deploys, and returns it as
// the output of an operation. f stores what it changes.
func changePart[Out, T any](ctx context.Context, s *Service, p parts[T], apiID, id *string, f func(tx *store.Tx, a api, v *T) error) (*Out, error) {
	var v T
	err := s.change(ctx, apiID, func(tx *store.Tx, a api) (err error) {
		if v, err = p.find(tx, *a.ApiId, id); err != nil {
			return err
		}
		return f(tx, a, &v)
	})
	if err != nil {
		return nil, err
	}
	return as[Out](v), nil
}

// set replaces what dst points to when the input has a value for it.
func set[T any](dst **T, v *T) {
	if v != nil {
		*dst = v
	}
}

// setText is set for a text that an empty one removes.
func setText(dst **string, v *string) {
	if v != nil {
		*dst = orNil(v)
	}
}

// setMap merges a map of the input into dst: AWS keeps what it does not name, and
// removes what it names with an empty text.
func setMap(dst *map[string]string, v map[string]string) {
	if v == nil {
		return
	}
	merged := map[string]string{}
	for _, m := range []map[string]string{*dst, v} {
		for name, text := range m {
			if merged[name] = text; text == "" {
				delete(merged, name)
			}
		}
	}
	*dst = merged
}
