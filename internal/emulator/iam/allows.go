package iam

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	access "github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// Allows reports whether the identity policies of a principal allow the action on the
// resource. The root user may do everything; a role's session may do what a policy of
// the role allows and none denies. The keys of conditions are not known here: a
// statement that has some allows nothing, and denies all the same.
func (s *Service) Allows(ctx context.Context, principal, action, resource string) (bool, error) {
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
	allowed := false
	for _, text := range documents {
		var d document
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return false, fmt.Errorf("reading a policy of the role %s: %w", name, err)
		}
		for _, st := range d.Statement {
			switch {
			case !st.covers(action, resource):
			case st.Effect == "Deny":
				return false, nil
			case st.Condition == nil:
				allowed = true
			}
		}
	}
	return allowed, nil
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
func (st *statement) covers(action, resource string) bool {
	return one(st.Action, st.NotAction, strings.ToLower(action), strings.ToLower) &&
		one(st.Resource, st.NotResource, resource, func(s string) string { return s })
}

// one reports whether text is among the patterns, or, where there are none, is not
// among the others.
func one(patterns, others texts, text string, fold func(string) string) bool {
	matches := func(p string) bool { return access.Glob(fold(p), text) }
	if patterns != nil {
		return slices.ContainsFunc(patterns, matches)
	}
	return !slices.ContainsFunc(others, matches)
}
