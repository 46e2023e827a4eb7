package sqs

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// policy is the attribute Policy, as far as permissions are added to it. What
// people write themselves may hold more, which stays.
type policy struct {
	Version   string
	ID        string `json:"Id"`
	Statement statements
}

// statements are a policy's; one may stand by itself.
type statements []json.RawMessage

// UnmarshalJSON implements [json.Unmarshaler].
func (all *statements) UnmarshalJSON(b []byte) error {
	var one map[string]any
	if json.Unmarshal(b, &one) == nil && one != nil {
		*all = statements{slices.Clone(b)}
		return nil
	}
	return json.Unmarshal(b, (*[]json.RawMessage)(all))
}

// statement is what AddPermission writes.
type statement struct {
	Sid       string
	Effect    string
	Principal struct{ AWS any }
	Action    any
	Resource  string
}

// actions are those that a permission can be added for.
var actions = []string{
	"*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
	"PurgeQueue", "ReceiveMessage", "SendMessage",
}

var label = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`) })

// oneOrAll is a list as policies have it: one entry stands by itself.
func oneOrAll(all []string) any {
	if len(all) == 1 {
		return all[0]
	}
	return all
}

// AddPermission adds a statement to the queue's policy.
func (s *Service) AddPermission(ctx context.Context, in *sqs.AddPermissionInput) (*sqs.AddPermissionOutput, error) {
	if !label().MatchString(value(in.Label)) {
		return nil, badValue("Value %s for parameter Label is invalid. Reason: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.", value(in.Label))
	}
	if len(in.AWSAccountIds) == 0 {
		return nil, missing("AWSAccountIds")
	}
	if len(in.Actions) == 0 {
		return nil, missing("Actions")
	}
	st := statement{Sid: *in.Label, Effect: "Allow"}
	var principals, allowed []string
	for _, id := range in.AWSAccountIds {
		if !account(id) {
			return nil, badValue("Value %v for parameter PrincipalId is invalid. Reason: Unable to verify.", in.AWSAccountIds)
		}
		principals = append(principals, "arn:aws:iam::"+id+":root")
	}
	for _, a := range in.Actions {
		if !slices.Contains(actions, a) {
			return nil, badValue("Value SQS:%s for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions.", a)
		}
		allowed = append(allowed, "SQS:"+a)
	}
	st.Principal.AWS, st.Action = oneOrAll(principals), oneOrAll(allowed)
	err := s.changePolicy(ctx, in.QueueUrl, "AddPermission", func(q *queue, p *policy) error {
		if _, there := p.find(st.Sid); there {
			return badValue("Value %s for parameter Label is invalid. Reason: Already exists.", st.Sid)
		}
		st.Resource = q.arn()
		raw, err := json.Marshal(st)
		p.Statement = append(p.Statement, raw)
		return err
	})
	return &sqs.AddPermissionOutput{}, err
}

// RemovePermission removes a statement of the queue's policy.
func (s *Service) RemovePermission(ctx context.Context, in *sqs.RemovePermissionInput) (*sqs.RemovePermissionOutput, error) {
	err := s.changePolicy(ctx, in.QueueUrl, "RemovePermission", func(_ *queue, p *policy) error {
		i, there := p.find(value(in.Label))
		if !there {
			return badValue("Value %s for parameter Label is invalid. Reason: can't find label on existing policy.", value(in.Label))
		}
		p.Statement = slices.Delete(p.Statement, i, i+1)
		return nil
	})
	return &sqs.RemovePermissionOutput{}, err
}

func (p *policy) find(sid string) (int, bool) {
	i := slices.IndexFunc(p.Statement, func(raw json.RawMessage) bool {
		var st struct{ Sid string }
		return json.Unmarshal(raw, &st) == nil && st.Sid == sid
	})
	return i, i >= 0
}

func (s *Service) changePolicy(ctx context.Context, url *string, action string, f func(q *queue, p *policy) error) error {
	return s.update(ctx, url, func(tx *store.Tx, q *queue) error {
		if err := q.admits(ctx, action); err != nil {
			return err
		}
		p := policy{Version: "2012-10-17", ID: q.arn() + "/SQSDefaultPolicy"}
		if text := q.Attributes["Policy"]; text != "" {
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				return fmt.Errorf("reading the policy of %s: %w", q.Name, err)
			}
		}
		if err := f(q, &p); err != nil {
			return err
		}
		if len(p.Statement) == 0 {
			return s.putAttribute(tx, q, "Policy", "")
		}
		raw, err := json.Marshal(p)
		if err != nil {
			return err
		}
		return s.putAttribute(tx, q, "Policy", string(raw))
	})
}

func (s *Service) putAttribute(tx *store.Tx, q *queue, name, v string) error {
	if err := s.set(tx, q, map[string]string{name: v}, false); err != nil {
		return err
	}
	q.Modified = s.now() / 1000
	s.queues.Put(tx, q.key(), *q)
	return nil
}
