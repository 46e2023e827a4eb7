package events

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const defaultBus = "default"

// bus is an event bus.
type bus struct {
	Scope       env.Scope
	Name        string
	Created     time.Time // zero of the default bus
	Modified    time.Time
	Description *string                 `json:",omitempty"`
	Key         *string                 `json:",omitempty"` // of KMS; kept only
	DeadLetters *types.DeadLetterConfig `json:",omitempty"`
	Log         *types.LogConfig        `json:",omitempty"`
	Policy      string                  `json:",omitempty"`
	Tags        map[string]string       `json:",omitempty"`
}

func (b *bus) key() string { return b.Scope.Key(b.Name) }

func (b *bus) arn() string { return b.Scope.ARN("events", "event-bus/"+b.Name) }

// bus returns a bus. The default one is always there.
func (s *Service) bus(tx *store.Tx, scope env.Scope, name string) (bus, error) {
	b, ok := s.buses.Get(tx, scope.Key(name))
	switch {
	case ok:
		return b, nil
	case name == defaultBus:
		return bus{Scope: scope, Name: name}, nil
	}
	return b, notFound("Event bus %s does not exist.", name)
}

// changeBus changes a bus by f.
func (s *Service) changeBus(ctx context.Context, action string, name *string, f func(b *bus) error) error {
	scope, n, err := s.reach(ctx, action, name)
	if err != nil {
		return err
	}
	return s.env.Store.Update(func(tx *store.Tx) error {
		b, err := s.bus(tx, scope, n)
		if err != nil {
			return err
		}
		if err := f(&b); err != nil {
			return err
		}
		if b.Created.IsZero() { // the default bus, which nobody has touched before
			b.Created, b.Modified = s.env.Clock.Now(), s.env.Clock.Now()
		}
		s.buses.Put(tx, b.key(), b)
		return nil
	})
}

// logs tells whether a bus would have to write logs, which it does not.
func logs(c *types.LogConfig) bool { return c != nil && c.Level != "" && c.Level != types.LevelOff }

// CreateEventBus makes a bus.
func (s *Service) CreateEventBus(ctx context.Context, in *eventbridge.CreateEventBusInput) (*eventbridge.CreateEventBusOutput, error) {
	now := s.env.Clock.Now()
	b := bus{
		Scope: env.ScopeOf(ctx), Name: value(in.Name), Created: now, Modified: now, Description: in.Description, Key: in.KmsKeyIdentifier,
		DeadLetters: in.DeadLetterConfig, Log: in.LogConfig, Tags: addTags(nil, in.Tags),
	}
	if strings.Contains(b.Name, "/") {
		return nil, invalid("Event bus name must not contain '/'.")
	}
	if logs(b.Log) {
		return nil, invalid("LogConfig.Level: logs of event buses are not emulated")
	}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.bus(tx, b.Scope, b.Name); err == nil {
			return &types.ResourceAlreadyExistsException{Message: ptr("Event bus " + b.Name + " already exists.")}
		}
		s.buses.Put(tx, b.key(), b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &eventbridge.CreateEventBusOutput{
		EventBusArn: ptr(b.arn()), Description: b.Description, KmsKeyIdentifier: b.Key, DeadLetterConfig: b.DeadLetters, LogConfig: b.Log,
	}, nil
}

// UpdateEventBus changes what the request has of a bus.
func (s *Service) UpdateEventBus(ctx context.Context, in *eventbridge.UpdateEventBusInput) (*eventbridge.UpdateEventBusOutput, error) {
	out := &eventbridge.UpdateEventBusOutput{}
	if logs(in.LogConfig) {
		return nil, invalid("LogConfig.Level: logs of event buses are not emulated")
	}
	err := s.changeBus(ctx, "UpdateEventBus", in.Name, func(b *bus) error {
		if in.Description != nil {
			b.Description = in.Description
		}
		if in.KmsKeyIdentifier != nil {
			if b.Key = in.KmsKeyIdentifier; *b.Key == "" {
				b.Key = nil
			}
		}
		if in.DeadLetterConfig != nil {
			if b.DeadLetters = in.DeadLetterConfig; b.DeadLetters.Arn == nil {
				b.DeadLetters = nil
			}
		}
		if in.LogConfig != nil {
			b.Log = in.LogConfig
		}
		b.Modified = s.env.Clock.Now()
		out.Arn, out.Name, out.Description, out.KmsKeyIdentifier = ptr(b.arn()), &b.Name, b.Description, b.Key
		out.DeadLetterConfig, out.LogConfig = b.DeadLetters, b.Log
		return nil
	})
	return out, err
}

// DeleteEventBus deletes a bus without rules, if it is there.
func (s *Service) DeleteEventBus(ctx context.Context, in *eventbridge.DeleteEventBusInput) (*eventbridge.DeleteEventBusOutput, error) {
	scope, name, err := s.reach(ctx, "DeleteEventBus", in.Name)
	if err != nil {
		return nil, err
	}
	if name == defaultBus {
		return nil, invalid("Cannot delete event bus default.")
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		for range s.rules.Prefix(tx, scope.Key(name, "")) {
			return invalid("Event bus %s can't be deleted since it has rules.", name)
		}
		s.buses.Delete(tx, scope.Key(name))
		return nil
	})
	return &eventbridge.DeleteEventBusOutput{}, err
}

// DescribeEventBus describes a bus.
func (s *Service) DescribeEventBus(ctx context.Context, in *eventbridge.DescribeEventBusInput) (*eventbridge.DescribeEventBusOutput, error) {
	scope, name, err := s.reach(ctx, "DescribeEventBus", in.Name)
	if err != nil {
		return nil, err
	}
	out := &eventbridge.DescribeEventBusOutput{}
	err = s.env.Store.View(func(tx *store.Tx) error {
		b, err := s.bus(tx, scope, name)
		if err != nil {
			return err
		}
		l := b.listed()
		out.Arn, out.Name, out.Description, out.Policy = l.Arn, l.Name, l.Description, l.Policy
		out.CreationTime, out.LastModifiedTime = l.CreationTime, l.LastModifiedTime
		out.KmsKeyIdentifier, out.DeadLetterConfig, out.LogConfig = b.Key, b.DeadLetters, b.Log
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (b *bus) listed() types.EventBus {
	out := types.EventBus{Arn: ptr(b.arn()), Name: &b.Name, Description: b.Description}
	if b.Policy != "" {
		out.Policy = &b.Policy
	}
	if !b.Created.IsZero() {
		out.CreationTime, out.LastModifiedTime = &b.Created, &b.Modified
	}
	return out
}

// page is a part of a list of at most limit (100), behind the token of the part
// before, and the next token.
func page[T any](all []T, limit *int32, token *string) ([]T, *string, error) {
	from, most := 0, 100
	if limit != nil {
		most = int(*limit)
	}
	if token != nil {
		n, err := strconv.Atoi(*token)
		if err != nil || n < 0 || n > len(all) {
			return nil, nil, invalid("Parameter nextToken is not valid.")
		}
		from = n
	}
	if len(all)-from <= most {
		return all[from:], nil, nil
	}
	return all[from : from+most], ptr(strconv.Itoa(from + most)), nil
}

// ListEventBuses lists the buses by name.
func (s *Service) ListEventBuses(ctx context.Context, in *eventbridge.ListEventBusesInput) (*eventbridge.ListEventBusesOutput, error) {
	scope := env.ScopeOf(ctx)
	all := []types.EventBus{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		names := []string{defaultBus}
		for _, b := range s.buses.Prefix(tx, scope.Key("")) {
			names = append(names, b.Name)
		}
		slices.Sort(names)
		for _, n := range slices.Compact(names) {
			if b, err := s.bus(tx, scope, n); err == nil && strings.HasPrefix(n, value(in.NamePrefix)) {
				all = append(all, b.listed())
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListEventBusesOutput{}
	out.EventBuses, out.NextToken, err = page(all, in.Limit, in.NextToken)
	return out, err
}

type document struct {
	Version   string
	ID        string `json:"Id,omitempty"`
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

type statement struct {
	Sid       string
	Effect    string
	Principal any
	Action    string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// PutPermission adds a statement to a bus's policy, or sets the policy.
func (s *Service) PutPermission(ctx context.Context, in *eventbridge.PutPermissionInput) (*eventbridge.PutPermissionOutput, error) {
	err := s.changeBus(ctx, "PutPermission", in.EventBusName, func(b *bus) error {
		if in.Policy != nil {
			if json.Unmarshal([]byte(*in.Policy), new(document)) != nil {
				return invalid("Parameter Policy is not valid.")
			}
			b.Policy = *in.Policy
			return nil
		}
		st := statement{Sid: value(in.StatementId), Effect: "Allow", Action: value(in.Action), Resource: b.arn(), Principal: "*"}
		if st.Sid == "" || st.Action == "" || value(in.Principal) == "" {
			return invalid("StatementId, Action and Principal are required without Policy.")
		}
		if p := *in.Principal; p != "*" {
			st.Principal = map[string]string{"AWS": "arn:" + env.Partition + ":iam::" + p + ":root"}
		}
		if c := in.Condition; c != nil {
			st.Condition = map[string]map[string]string{value(c.Type): {value(c.Key): value(c.Value)}}
		}
		raw, err := json.Marshal(st)
		if err != nil {
			return err
		}
		d, err := b.document()
		if err != nil {
			return err
		}
		d.Statement = append(slices.DeleteFunc(d.Statement, named(st.Sid)), raw)
		return b.setPolicy(d)
	})
	return &eventbridge.PutPermissionOutput{}, err
}

func named(sid string) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool {
		var st struct{ Sid string }
		return json.Unmarshal(raw, &st) == nil && st.Sid == sid
	}
}

func (b *bus) document() (d document, err error) {
	d.Version = "2012-10-17"
	if b.Policy != "" {
		err = json.Unmarshal([]byte(b.Policy), &d)
	}
	return d, err
}

func (b *bus) setPolicy(d document) error {
	b.Policy = ""
	if len(d.Statement) == 0 {
		return nil
	}
	raw, err := json.Marshal(d)
	b.Policy = string(raw)
	return err
}

// RemovePermission removes a statement of a bus's policy, or all.
func (s *Service) RemovePermission(ctx context.Context, in *eventbridge.RemovePermissionInput) (*eventbridge.RemovePermissionOutput, error) {
	err := s.changeBus(ctx, "RemovePermission", in.EventBusName, func(b *bus) error {
		if in.RemoveAllPermissions {
			b.Policy = ""
			return nil
		}
		if b.Policy == "" {
			return notFound("EventBus does not have a policy.")
		}
		d, err := b.document()
		if err != nil {
			return err
		}
		n := len(d.Statement)
		if d.Statement = slices.DeleteFunc(d.Statement, named(value(in.StatementId))); len(d.Statement) == n {
			return notFound("Statement with the provided id does not exist.")
		}
		return b.setPolicy(d)
	})
	return &eventbridge.RemovePermissionOutput{}, err
}

func addTags(have map[string]string, add []types.Tag) map[string]string {
	out := maps.Clone(have)
	if out == nil {
		out = map[string]string{}
	}
	for _, t := range add {
		out[value(t.Key)] = value(t.Value)
	}
	return out
}
