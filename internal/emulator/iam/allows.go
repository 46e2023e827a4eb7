package iam

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	access "github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// Allows reports whether the identity policies of a principal allow the action on the
// resource. The root user may do everything; a role's session may do what a policy of
// the role allows and none denies.
func (s *Service) Allows(ctx context.Context, principal, action, resource string) (bool, error) {
	return s.AllowsWith(ctx, principal, action, resource, nil)
}

// AllowsWith is Allows for a request of which more condition keys are known than
// those of its principal, by their names in lower case.
func (s *Service) AllowsWith(ctx context.Context, principal, action, resource string, more map[string]string) (bool, error) {
	if strings.HasSuffix(principal, ":root") {
		return true, nil
	}
	_, session, ok := strings.Cut(principal, ":assumed-role/")
	if !ok {
		return false, nil
	}
	name, _, _ := strings.Cut(session, "/")
	r, err := s.view(ctx, &name)
	if err != nil {
		return false, err
	}
	documents, err := s.documents(ctx, &r)
	if err != nil {
		return false, err
	}
	keys := s.keys(ctx, &r, principal)
	maps.Copy(keys, more)
	allowed := false
	for _, text := range documents {
		var d document
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return false, fmt.Errorf("reading a policy of the role %s: %w", name, err)
		}
		for _, st := range d.Statement {
			if !st.covers(action, resource, keys) {
				continue
			}
			holds, err := st.Condition.Hold(keys)
			if err != nil {
				return false, fmt.Errorf("reading a policy of the role %s: %w", name, err)
			}
			if holds && st.Effect == "Deny" {
				return false, nil
			}
			allowed = allowed || holds
		}
	}
	return allowed, nil
}

// keys are the condition keys that are known of every request of a role's session.
func (s *Service) keys(ctx context.Context, r *role, session string) map[string]string {
	now := s.env.Clock.Now()
	_, name, _ := strings.Cut(session, ":assumed-role/")
	_, name, _ = strings.Cut(name, "/")
	scope := env.ScopeOf(ctx)
	out := map[string]string{
		"aws:currenttime": now.UTC().Format(time.RFC3339), "aws:epochtime": strconv.FormatInt(now.Unix(), 10),
		"aws:principalaccount": strings.Split(value(r.Arn), ":")[4], "aws:principalarn": value(r.Arn), "aws:principaltype": "AssumedRole",
		"aws:requestedregion": scope.Region, "aws:securetransport": "true", "aws:userid": value(r.RoleId) + ":" + name,
	}
	for _, t := range r.Tags {
		out["aws:principaltag/"+strings.ToLower(value(t.Key))] = value(t.Value)
	}
	return out
}

// documents returns the policies of a role, inline and attached.
func (s *Service) documents(ctx context.Context, r *role) ([]string, error) {
	var out []string
	for _, text := range r.Inline {
		out = append(out, text)
	}
	err := s.env.Store.View(func(tx *store.Tx) error {
		for _, arn := range r.Attached {
			p, err := s.findPolicy(ctx, tx, arn)
			if err != nil {
				return err
			}
			if i := p.version(value(p.DefaultVersionId)); i >= 0 {
				out = append(out, value(p.Versions[i].Document))
			}
		}
		return nil
	})
	return out, err
}

// covers reports whether the statement speaks of the action on the resource.
func (st *statement) covers(action, resource string, keys map[string]string) bool {
	named := func(p string) bool { return access.Glob(strings.ToLower(p), strings.ToLower(action)) }
	there := func(p string) bool {
		p, ok := access.ExpandPattern(p, keys)
		return ok && access.Glob(p, resource)
	}
	return one(st.Action, st.NotAction, named) && one(st.Resource, st.NotResource, there)
}

// one reports whether one of the patterns matches, or, where there are none, none of
// the others.
func one(patterns, others texts, matches func(pattern string) bool) bool {
	if patterns != nil {
		return slices.ContainsFunc(patterns, matches)
	}
	return !slices.ContainsFunc(others, matches)
}
