// Package apigateway is the part of the REST API's control plane that WebSocket APIs use,
// too: API keys and usage plans. It says what a key lets its caller do, and counts the
// calls against quotas; it must not know how requests are served, nor what the APIs are.
// REST APIs themselves are not emulated yet: their control plane has its place here.
package apigateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// APIs knows the stages that usage plans can be for.
type APIs interface {
	HasStage(ctx context.Context, api, stage string) bool
}

// A Service holds API keys and usage plans.
type Service struct {
	env  *env.Env
	apis APIs

	keys     *store.Set[types.ApiKey]       // by scope and id
	plans    *store.Set[types.UsagePlan]    // by scope and id
	planKeys *store.Set[types.UsagePlanKey] // by scope, the plan's id and the key's
	used     *store.Set[int]                // calls by scope, plan, key and day
}

// New returns the service over the environment's store.
func New(e *env.Env, apis APIs) (*Service, error) {
	s := &Service{env: e, apis: apis}
	var errs [4]error
	s.keys, errs[0] = store.NewSet[types.ApiKey](e.Store, "apigateway.key")
	s.plans, errs[1] = store.NewSet[types.UsagePlan](e.Store, "apigateway.plan")
	s.planKeys, errs[2] = store.NewSet[types.UsagePlanKey](e.Store, "apigateway.plankey")
	s.used, errs[3] = store.NewSet[int](e.Store, "apigateway.used")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening API Gateway's sets of keys: %w", err)
	}
	s.used.Uncounted()
	return s, nil
}

// now is the time as API Gateway keeps it: in whole seconds.
func (s *Service) now() *time.Time {
	t := s.env.Clock.Now().UTC().Truncate(time.Second)
	return &t
}

// defaultPage and maxPage are how many things a list has.
const (
	defaultPage = 25
	maxPage     = 500
)

// page returns the values below a prefix of which keep is true, from a position on, and
// the position of the next page.
func page[T any](tx *store.Tx, set *store.Set[T], prefix string, limit *int32, position *string, keep func(T) bool) (items []T, next *string, err error) {
	n := defaultPage
	if limit != nil && *limit > 0 {
		n = min(int(*limit), maxPage)
	}
	items = []T{}
	for k, v := range set.From(tx, prefix+value(position)) {
		if !strings.HasPrefix(k, prefix) {
			break
		}
		if !keep(v) {
			continue
		}
		if len(items) == n {
			after := k[len(prefix):]
			return items, &after, nil
		}
		items = append(items, v)
	}
	return items, nil, nil
}

// clearAll removes everything below a prefix.
func clearAll[T any](tx *store.Tx, set *store.Set[T], prefix string) {
	var keys []string // a set must not change while it is read
	for k := range set.Prefix(tx, prefix) {
		keys = append(keys, k)
	}
	for _, k := range keys {
		set.Delete(tx, k)
	}
}

// as returns an output that has the members of v; AWS's outputs repeat the members of the
// thing that they return.
func as[Out any](v any) *Out {
	out := new(Out)
	to, from := reflect.ValueOf(out).Elem(), reflect.ValueOf(v)
	for i := range from.NumField() {
		if f := from.Type().Field(i); f.IsExported() {
			to.FieldByName(f.Name).Set(from.Field(i))
		}
	}
	return out
}

const (
	lower    = "abcdefghijklmnopqrstuvwxyz0123456789"
	alphabet = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// random returns n random characters of a set, which has at most 256.
func random(set string, n int) *string {
	out := make([]byte, 0, n)
	b := make([]byte, 1)
	for len(out) < n {
		_, _ = rand.Read(b) // crypto/rand never fails
		if int(b[0]) < 256/len(set)*len(set) {
			out = append(out, set[int(b[0])%len(set)])
		}
	}
	text := string(out)
	return &text
}

// value is *p, or the zero value where p is nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// orNil is nil for an empty text.
func orNil(p *string) *string {
	if value(p) == "" {
		return nil
	}
	return p
}

func notFound(format string, args ...any) error {
	m := fmt.Sprintf(format, args...)
	return &types.NotFoundException{Message: &m}
}

func badRequest(format string, args ...any) error {
	m := fmt.Sprintf(format, args...)
	return &types.BadRequestException{Message: &m}
}

func conflict(format string, args ...any) error {
	m := fmt.Sprintf(format, args...)
	return &types.ConflictException{Message: &m}
}
