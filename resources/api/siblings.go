package api

import (
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Siblings is what the resources of one API share while the provider runs: lists
// that are read once for all of them, and the permissions that it has given. The
// zero value knows nothing yet.
type Siblings struct {
	mu       sync.Mutex
	families map[string]*family            // by API id, which is unique over regions
	policies map[string]*shelf[string]     // names of the statements, by function
	given    map[parts.Permission]bool     // permissions that are known to be there
	kinds    map[string]types.ProtocolType // by API id; an API's never changes
	apis     map[string]map[string]bool    // by region and id: true for made, false for removed
}

// A family is what is known of one API's parts.
type family struct {
	integrations shelf[types.Integration]
	routes       shelf[types.Route]
	stages       shelf[types.Stage]
	authorizers  shelf[types.Authorizer]
}

// How old a list may be, beside what [tf.Shared] lets the objects of one refresh share:
// for those who read at the same time; and for those who look, among their own changes,
// for what was there before. These take one list for the whole run, however long it
// takes, with the run's own changes since: what others change meanwhile AWS itself
// answers with a conflict, and whatever removes something for good asks again.
const (
	forReads  = time.Second
	forWrites = time.Duration(math.MaxInt64)
)

// A shelf keeps one of AWS's lists with what this provider itself has changed of it,
// behind which the lists that AWS gives may lag.
type shelf[T any] struct {
	mu    sync.Mutex
	items []T
	at    time.Time     // when reading it began; zero if it must be read
	own   map[string]*T // by id, what the provider has left; nil for what it removed
}

// get returns the list as it was no longer than age ago. Whoever comes while it is
// read waits for the same answer.
func (s *shelf[T]) get(age time.Duration, read func() ([]T, error)) ([]T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.at.IsZero() && time.Since(s.at) < age {
		return s.items, nil
	}
	began := time.Now()
	items, err := read()
	if err != nil {
		return nil, err
	}
	s.items, s.at = s.with(items), began
	return s.items, nil
}

// shared is get; those who refresh share one list, whoever comes first, which key names
// within the region. It is what AWS shows: with it a new run begins.
func shared[T any](ctx context.Context, s *shelf[T], age time.Duration, key string, read func() ([]T, error)) ([]T, error) {
	return tf.Shared(ctx, key, func() ([]T, error) {
		if tf.Refreshing(ctx) {
			age = 0
			s.renew()
		}
		return s.get(age, read)
	})
}

// glimpse fills m, by fill, from the list that it shares with others in a refresh, and
// reports whether m is as it was by that: whatever else the list shows is asked of the
// object itself, since lists may lag behind. is tells which of the list is m's.
func glimpse[M, T any](ctx context.Context, m *M, list func() ([]T, error), is func(T) bool, fill func(T) error) (bool, error) {
	if !tf.Refreshing(ctx) {
		return false, nil
	}
	items, err := list()
	if tf.Is[*types.NotFoundException](err) { // with all that the list is of
		return false, nil
	}
	i := slices.IndexFunc(items, is)
	if err != nil || i < 0 {
		return false, err
	}
	was := *m
	if err := fill(items[i]); err != nil || reflect.DeepEqual(was, *m) {
		return err == nil, err
	}
	*m = was
	return false, nil
}

// put notes what the caller has made of an object.
func (s *shelf[T]) put(item T) { s.change(idOf(item), &item) }

// drop notes that the caller has removed an object.
func (s *shelf[T]) drop(id string) { s.change(id, nil) }

func (s *shelf[T]) change(id string, item *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own == nil {
		s.own = map[string]*T{}
	}
	s.own[id] = item
	s.items = s.with(s.items)
}

// with is a list with the provider's own changes, in a slice of its own.
func (s *shelf[T]) with(items []T) []T {
	if len(s.own) == 0 {
		return items
	}
	all, seen := make([]T, 0, len(items)+1), map[string]bool{}
	for _, item := range items {
		own, changed := s.own[idOf(item)]
		switch {
		case !changed:
			all = append(all, item)
		case own != nil:
			all = append(all, *own)
		}
		seen[idOf(item)] = changed
	}
	for _, id := range slices.Sorted(maps.Keys(s.own)) {
		if own := s.own[id]; own != nil && !seen[id] {
			all = append(all, *own)
		}
	}
	return all
}

// idOf is what tells one item of a list from others.
func idOf(item any) string {
	switch i := item.(type) {
	case types.Integration:
		return aws.ToString(i.IntegrationId)
	case types.Route:
		return aws.ToString(i.RouteId)
	case types.Authorizer:
		return aws.ToString(i.AuthorizerId)
	}
	return fmt.Sprint(item)
}

// forget makes the next get read; what a change that failed has made of these objects,
// AWS tells.
func (s *shelf[T]) forget(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		delete(s.own, id)
	}
	s.at = time.Time{}
}

// renew forgets all, own changes as well.
func (s *shelf[T]) renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own, s.at = nil, time.Time{}
}

// of returns what is known of an API.
func (s *Siblings) of(api string) *family {
	s.mu.Lock()
	defer s.mu.Unlock()
	return entry(&s.families, api)
}

func entry[V any](m *map[string]*V, key string) *V {
	if *m == nil {
		*m = map[string]*V{}
	}
	if (*m)[key] == nil {
		(*m)[key] = new(V)
	}
	return (*m)[key]
}

// integrations lists an API's integrations as they were no longer than age ago,
// with this provider's own changes since.
func (c *Clients) integrations(ctx context.Context, api string, age time.Duration) ([]types.Integration, error) {
	return shared(ctx, &c.Siblings.of(api).integrations, age, "integrations of the API "+api, func() ([]types.Integration, error) {
		return all(func(token *string) ([]types.Integration, *string, error) {
			out, err := c.Gateway.GetIntegrations(ctx, &apigatewayv2.GetIntegrationsInput{ApiId: &api, NextToken: token})
			if err != nil {
				return nil, nil, fmt.Errorf("listing the API's integrations: %w", err)
			}
			return out.Items, out.NextToken, nil
		})
	})
}

// routes lists an API's routes as they were no longer than age ago.
func (c *Clients) routes(ctx context.Context, api string, age time.Duration) ([]types.Route, error) {
	return shared(ctx, &c.Siblings.of(api).routes, age, "routes of the API "+api, func() ([]types.Route, error) {
		return all(func(token *string) ([]types.Route, *string, error) {
			out, err := c.Gateway.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: &api, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.Items, out.NextToken, nil
		})
	})
}

// stages lists an API's stages as they were no longer than age ago.
func (c *Clients) stages(ctx context.Context, api string, age time.Duration) ([]types.Stage, error) {
	return shared(ctx, &c.Siblings.of(api).stages, age, "stages of the API "+api, func() ([]types.Stage, error) {
		return all(func(token *string) ([]types.Stage, *string, error) {
			out, err := c.Gateway.GetStages(ctx, &apigatewayv2.GetStagesInput{ApiId: &api, NextToken: token})
			if err != nil {
				return nil, nil, fmt.Errorf("reading the stages: %w", err)
			}
			return out.Items, out.NextToken, nil
		})
	})
}

// api reads an API: once for itself and for its parts in a refresh.
func (c *Clients) api(ctx context.Context, id string) (*apigatewayv2.GetApiOutput, error) {
	return tf.Shared(ctx, "the API "+id, func() (*apigatewayv2.GetApiOutput, error) {
		return c.Gateway.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: &id})
	})
}

// protocol returns the kind of an API.
func (c *Clients) protocol(ctx context.Context, api string) (types.ProtocolType, error) {
	c.Siblings.mu.Lock()
	known := c.Siblings.kinds[api]
	c.Siblings.mu.Unlock()
	if known != "" {
		return known, nil
	}
	out, err := c.Gateway.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: &api})
	if err != nil {
		return "", fmt.Errorf("reading the API %s: %w", api, err)
	}
	c.Siblings.is(api, out.ProtocolType)
	return out.ProtocolType, nil
}

// stands remembers that an API was made, or removed.
func (s *Siblings) stands(region, api string, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.apis == nil {
		s.apis = map[string]map[string]bool{}
	}
	if s.apis[region] == nil {
		s.apis[region] = map[string]bool{}
	}
	s.apis[region][api] = there
}

// changed are the APIs of a region that this provider has made, and that it removed.
func (s *Siblings) changed(region string) (made, removed []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, there := range s.apis[region] {
		if there {
			made = append(made, id)
		} else {
			removed = append(removed, id)
		}
	}
	return made, removed
}

// is remembers the kind of an API.
func (s *Siblings) is(api string, kind types.ProtocolType) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds == nil {
		s.kinds = map[string]types.ProtocolType{}
	}
	s.kinds[api] = kind
}

// permission is what lets an API call a function: all its routes and authorizers
// share it, because a function's policy has room for few.
func permission(ctx context.Context, api, function string) parts.Permission {
	return parts.Permission{
		Function:  function,
		Principal: "apigateway.amazonaws.com",
		SourceARN: tf.ScopeOf(ctx).ARN("execute-api", api+"/*/*"),
	}
}

// allow lets an API call a function, and waits until AWS shows that it may: others
// who look at the policy would think that somebody took it away.
func (c *Clients) allow(ctx context.Context, api, function string) error {
	p := permission(ctx, api, function)
	if c.Siblings.allowed(p) {
		return nil
	}
	if err := p.Add(ctx, c.Lambda); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := tf.Poll(limited, "the permission to be seen", func(ctx context.Context) (bool, error) {
		statements, err := parts.Statements(ctx, c.Lambda, function)
		return slices.Contains(statements, p.ID()), err
	})
	if err != nil {
		return err
	}
	c.Siblings.permit(p, true)
	return nil
}

func (s *Siblings) allowed(p parts.Permission) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.given[p]
}

func (s *Siblings) permit(p parts.Permission, given bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.given == nil {
		s.given = map[parts.Permission]bool{}
	}
	s.given[p] = given
	if policy := s.policies[p.Function]; policy != nil {
		policy.forget()
	}
}

// permitted reports whether an API may call a function. One that this provider has
// just permitted may, whatever AWS shows for the moment; otherwise the function's
// policy is read, once for all who refresh or ask at about the same time.
func (c *Clients) permitted(ctx context.Context, api, function string, justNow bool) (bool, error) {
	p := permission(ctx, api, function)
	if justNow && c.Siblings.allowed(p) {
		return true, nil
	}
	c.Siblings.mu.Lock()
	policy := entry(&c.Siblings.policies, function)
	c.Siblings.mu.Unlock()
	statements, err := shared(ctx, policy, forReads, "statements of "+function, func() ([]string, error) { return parts.Statements(ctx, c.Lambda, function) })
	there := slices.Contains(statements, p.ID())
	if err == nil && !there {
		c.Siblings.permit(p, false)
	}
	return there, err
}

// disallow takes the permission away once nothing of the API calls the function
// any more. Integrations that are about to go do not count.
func (c *Clients) disallow(ctx context.Context, api, function string, going ...string) error {
	if function == "" {
		return nil
	}
	if called, err := c.calls(ctx, api, function, going...); err != nil || called {
		return err
	}
	p := permission(ctx, api, function)
	c.Siblings.permit(p, false)
	return p.Remove(ctx, c.Lambda)
}

// outlived reports whether the permission to call a function has outlived all of the API
// that calls it: a run that removed the last was cut off.
func (c *Clients) outlived(ctx context.Context, api, function string) (bool, error) {
	if function == "" {
		return false, nil
	}
	if there, err := c.permitted(ctx, api, function, false); err != nil || !there {
		return false, err
	}
	called, err := c.calls(ctx, api, function)
	return err == nil && !called, err
}

// calls reports whether something of the API calls the function by the permission, and
// not by a role, beside integrations that are about to go. What is known says mostly that
// something does; only if nothing seems to, AWS is asked again.
func (c *Clients) calls(ctx context.Context, api, function string, going ...string) (bool, error) {
	for _, age := range []time.Duration{forWrites, 0} {
		left, err := c.integrations(ctx, api, age)
		switch {
		case tf.Is[*types.NotFoundException](err): // with the whole API
		case err != nil:
			return false, err
		}
		if slices.ContainsFunc(left, func(i types.Integration) bool {
			return functionOf(aws.ToString(i.IntegrationUri)) == function && aws.ToString(i.CredentialsArn) == "" && !slices.Contains(going, aws.ToString(i.IntegrationId))
		}) {
			return true, nil
		}
	}
	authorizers, err := c.authorizers(ctx, api, 0)
	if err != nil && !tf.Is[*types.NotFoundException](err) {
		return false, err
	}
	return slices.ContainsFunc(authorizers, func(a types.Authorizer) bool {
		return functionOf(aws.ToString(a.AuthorizerUri)) == function && aws.ToString(a.AuthorizerCredentialsArn) == ""
	}), nil
}
