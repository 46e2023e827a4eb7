package sns

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// document is a topic's policy, as far as permissions are added to it.
type document struct {
	Version   string
	ID        string `json:"Id"`
	Statement statements
}

// statements are a policy's; one may stand by itself.
type statements []json.RawMessage

// UnmarshalJSON implements [json.Unmarshaler].
func (all *statements) UnmarshalJSON(b []byte) error {
	if b[0] == '{' {
		*all = statements{slices.Clone(b)}
		return nil
	}
	return json.Unmarshal(b, (*[]json.RawMessage)(all))
}

// ownActions are what a topic's owner may do by the policy of a new topic.
var ownActions = []string{
	"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission", "SNS:DeleteTopic",
	"SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
}

type statement struct {
	Sid       string
	Effect    string
	Principal map[string]any
	Action    any
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// policy is the topic's policy: the one that was set, or that of a new topic.
func (t *topic) policy() (string, error) {
	if text := t.Attributes["Policy"]; text != "" {
		return text, nil
	}
	own, err := json.Marshal(statement{
		Sid: "__default_statement_ID", Effect: "Allow", Principal: map[string]any{"AWS": "*"}, Action: ownActions, Resource: t.arn(),
		Condition: map[string]map[string]string{"StringEquals": {"AWS:SourceOwner": t.Scope.Account}},
	})
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(document{"2008-10-17", "__default_policy_ID", statements{own}})
	return string(text), err
}

// admits tells whether the caller in ctx may do that with the topic. Those of its
// account may by their own policies, unless the topic's denies it; others may what the
// topic's policy allows, of what it can allow.
func (t *topic) admits(ctx context.Context, action string) error {
	action = "SNS:" + action
	c := env.CallerOf(ctx)
	text, err := t.policy()
	if err != nil {
		return err
	}
	from := env.ScopeOf(ctx).Account
	r := policy.Request{ARN: c.ARN, Account: from, Service: c.Service, Action: action, Resource: t.arn(), Keys: map[string]string{}}
	if c.SourceARN != "" {
		r.Keys["aws:sourcearn"] = c.SourceARN
	}
	if c.SourceAccount != "" {
		r.Keys["aws:sourceaccount"] = c.SourceAccount
	}
	if c.Service == "" {
		r.Keys["aws:sourceowner"] = from
	}
	d := policy.Decide(text, r)
	if d == policy.Allowed && (from == t.Scope.Account || slices.Contains(ownActions, action)) || d == policy.Silent && c.Service == "" && from == t.Scope.Account {
		return nil
	}
	who := c.ARN
	if c.Service != "" {
		who = c.Service
	}
	return &types.AuthorizationErrorException{Message: ptr(fmt.Sprintf(
		"User: %s is not authorized to perform: %s on resource: %s because no resource-based policy allows the %s action", who, action, t.arn(), action))}
}

// AddPermission adds a statement to the topic's policy.
func (s *Service) AddPermission(ctx context.Context, in *sns.AddPermissionInput) (*sns.AddPermissionOutput, error) {
	st := statement{Sid: value(in.Label), Effect: "Allow"}
	var who, what []string
	for _, id := range in.AWSAccountId {
		who = append(who, "arn:aws:iam::"+id+":root")
	}
	for _, a := range in.ActionName {
		if !slices.Contains(ownActions, "SNS:"+a) && a != "*" {
			return nil, invalid("Policy statement action out of service scope!")
		}
		what = append(what, "SNS:"+a)
	}
	if len(who) == 0 || len(what) == 0 {
		return nil, invalid("AWSAccountId and ActionName must not be empty")
	}
	st.Principal, st.Action = map[string]any{"AWS": oneOrAll(who)}, oneOrAll(what)
	err := s.changePolicy(ctx, "AddPermission", in.TopicArn, func(t *topic, d *document) error {
		if d.find(st.Sid) >= 0 {
			return invalid("Statement already exists")
		}
		st.Resource = t.arn()
		raw, err := json.Marshal(st)
		d.Statement = append(d.Statement, raw)
		return err
	})
	return &sns.AddPermissionOutput{}, err
}

// RemovePermission removes a statement from the topic's policy.
func (s *Service) RemovePermission(ctx context.Context, in *sns.RemovePermissionInput) (*sns.RemovePermissionOutput, error) {
	err := s.changePolicy(ctx, "RemovePermission", in.TopicArn, func(_ *topic, d *document) error {
		if i := d.find(value(in.Label)); i >= 0 {
			d.Statement = slices.Delete(d.Statement, i, i+1)
		}
		return nil
	})
	return &sns.RemovePermissionOutput{}, err
}

func oneOrAll(all []string) any {
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func (d *document) find(sid string) int {
	return slices.IndexFunc(d.Statement, func(raw json.RawMessage) bool {
		var st struct{ Sid string }
		return json.Unmarshal(raw, &st) == nil && st.Sid == sid
	})
}

func (s *Service) changePolicy(ctx context.Context, action string, arn *string, f func(t *topic, d *document) error) error {
	return s.update(ctx, action, arn, func(_ *store.Tx, t *topic) error {
		text, err := t.policy()
		if err != nil {
			return err
		}
		var d document
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return fmt.Errorf("reading the policy of %s: %w", t.Name, err)
		}
		if err := f(t, &d); err != nil {
			return err
		}
		raw, err := json.Marshal(d)
		if err != nil {
			return err
		}
		return t.set("Policy", string(raw))
	})
}
