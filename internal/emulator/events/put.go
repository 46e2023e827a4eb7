package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// maxEntries is the size of all entries of a request, in bytes.
const maxEntries = 256 << 10

// maxHops is how many buses an event goes through: one that comes back to a bus of
// an earlier rule would go round for ever.
const maxHops = 4

// event is an event in the order in which EventBridge writes it.
type event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// PutEvents puts events on buses. When it returns, they are in the queues of their
// targets, or wait for their functions.
func (s *Service) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
	size := 0
	for _, e := range in.Entries {
		size += len(value(e.Source)) + len(value(e.DetailType)) + len(value(e.Detail)) + len(strings.Join(e.Resources, ""))
		if e.Time != nil {
			size += 14
		}
	}
	if size > maxEntries {
		return nil, invalid("Total size of the entries in the request is over the limit.")
	}
	out := &eventbridge.PutEventsOutput{Entries: make([]types.PutEventsResultEntry, len(in.Entries))}
	for i, e := range in.Entries {
		id, code, why := s.put(ctx, &e)
		if code != "" {
			out.Entries[i] = types.PutEventsResultEntry{ErrorCode: &code, ErrorMessage: &why}
			out.FailedEntryCount++
			continue
		}
		out.Entries[i] = types.PutEventsResultEntry{EventId: &id}
	}
	return out, nil
}

// put puts one event on a bus; code and why say what is wrong with it.
func (s *Service) put(ctx context.Context, e *types.PutEventsRequestEntry) (id, code, why string) {
	for _, required := range []struct {
		name string
		v    *string
	}{{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail}} {
		if value(required.v) == "" {
			return "", "InvalidArgument", fmt.Sprintf("Parameter %s is not valid. Reason: %[1]s is a required argument.", required.name)
		}
	}
	c := env.CallerOf(ctx)
	if strings.HasPrefix(*e.Source, "aws.") && c.Service == "" {
		return "", "NotAuthorizedForSourceException", "Not authorized for the source."
	}
	var detail map[string]json.RawMessage
	if json.Unmarshal([]byte(*e.Detail), &detail) != nil || detail == nil {
		return "", "MalformedDetail", "Detail is malformed."
	}
	scope, bus := busName(ctx, e.EventBusName)
	from := env.ScopeOf(ctx).Account
	at := s.env.Clock.Now()
	if e.Time != nil {
		at = *e.Time
	}
	out := event{
		Version: "0", ID: uuid.NewString(), DetailType: *e.DetailType, Source: *e.Source, Account: from,
		Time: at.UTC().Format(time.RFC3339), Region: scope.Region, Resources: e.Resources, Detail: json.RawMessage(*e.Detail),
	}
	if out.Resources == nil {
		out.Resources = []string{}
	}
	if err := s.admits("PutEvents", scope, bus, from, c); err != nil {
		var api smithy.APIError
		if errors.As(err, &api) {
			return "", "AccessDeniedException", api.ErrorMessage()
		}
		return "", "InternalFailure", err.Error()
	}
	var text bytes.Buffer
	encode := json.NewEncoder(&text)
	encode.SetEscapeHTML(false)
	if err := encode.Encode(out); err != nil {
		return "", "InternalFailure", err.Error()
	}
	s.match(scope, bus, bytes.TrimSpace(text.Bytes()), value(e.TraceHeader), 1)
	return out.ID, "", ""
}

// admits tells whether an account may do that with a bus of another one.
func (s *Service) admits(action string, scope env.Scope, name, from string, c env.Caller) error {
	if from == scope.Account {
		return nil
	}
	var b bus
	err := s.env.Store.View(func(tx *store.Tx) (err error) { b, err = s.bus(tx, scope, name); return err })
	if err != nil {
		return err
	}
	r := policy.Request{ARN: c.ARN, Account: from, Service: c.Service, Action: "events:" + action, Resource: b.arn()}
	if policy.Decide(b.Policy, r) != policy.Allowed {
		return denied(c, action, b.arn())
	}
	return nil
}

func denied(c env.Caller, action, arn string) error {
	return &wire.Error{
		Code: "AccessDeniedException", Status: http.StatusBadRequest,
		Message: fmt.Sprintf("User: %s is not authorized to perform: events:%s on resource: %s because no resource-based policy allows the events:%s action", c.ARN, action, arn, action),
	}
}

// reach is [busName] for those whom the bus admits to do that with it.
func (s *Service) reach(ctx context.Context, action string, given *string) (env.Scope, string, error) {
	scope, name := busName(ctx, given)
	return scope, name, s.admits(action, scope, name, env.ScopeOf(ctx).Account, env.CallerOf(ctx))
}

// match hands an event to the targets of the rules that it matches. Events for buses
// that are not there are lost, as on AWS.
func (s *Service) match(scope env.Scope, bus string, text []byte, trace string, hop int) {
	var matching []rule
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for _, r := range s.rules.Prefix(tx, scope.Key(bus, "")) {
			if r.State == types.RuleStateDisabled {
				continue
			}
			if p, err := parse(r.Pattern); err == nil && p.Matches(text) {
				matching = append(matching, r)
			}
		}
		return nil
	})
	waits := false
	for _, r := range matching {
		for _, t := range r.Targets {
			again, err := s.deliver(s.newDelivery(r, t, text, trace, hop))
			if waits = waits || again; err != nil {
				s.env.Log.Error("an event could not be kept to be delivered again", "error", err)
			}
		}
	}
	if waits {
		s.retry()
	}
}

// caller is EventBridge on behalf of a rule, at the place of a target.
func (r *rule) caller(target string) context.Context {
	p := strings.SplitN(target, ":", 6)
	return env.WithCaller(env.WithScope(context.Background(), env.Scope{Region: p[3], Account: p[4]}), env.Caller{
		Service: Principal, SourceARN: r.arn(), SourceAccount: r.Scope.Account,
	})
}

// send hands an event to one target.
func (s *Service) send(r *rule, t *types.Target, text []byte, trace string, hop int) error {
	arn := value(t.Arn)
	in, err := input(r, t, text, s.env.Clock.Now())
	if err != nil {
		return permanent{err}
	}
	ctx := r.caller(arn)
	switch k := kind(arn); {
	case k == "sqs" && s.Targets.Queues != nil:
		m := &sqs.SendMessageInput{MessageBody: ptr(string(in))}
		if t.SqsParameters != nil {
			m.MessageGroupId = t.SqsParameters.MessageGroupId
		}
		if trace != "" {
			m.MessageSystemAttributes = map[string]sqstypes.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: ptr("String"), StringValue: &trace}}
		}
		_, err = s.Targets.Queues.Deliver(ctx, arn, m)
		return err
	case k == "lambda" && s.Targets.Functions != nil:
		return s.Targets.Functions.Enqueue(ctx, arn, in)
	case k == "sns" && s.Targets.Topics != nil:
		_, err = s.Targets.Topics.Publish(ctx, &sns.PublishInput{TopicArn: &arn, Message: ptr(string(in))})
		return err
	case k == "states" && s.Targets.Machines != nil:
		return s.Targets.Machines.Start(ctx, arn, value(t.RoleArn), in)
	case k == "events":
		if hop == maxHops {
			return permanent{fmt.Errorf("the event has gone through %d buses", maxHops)}
		}
		scope, bus := busName(ctx, &arn)
		if err := s.admits("PutEvents", scope, bus, r.Scope.Account, env.Caller{ARN: "arn:" + env.Partition + ":iam::" + r.Scope.Account + ":root"}); err != nil {
			return err
		}
		s.match(scope, bus, in, trace, hop+1)
		return nil
	}
	return permanent{fmt.Errorf("there is no service for targets like %s here", arn)}
}
