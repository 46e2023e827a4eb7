package lambda

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/eventsource"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// mapping is an event source mapping, as the store keeps it.
type mapping struct {
	Scope     env.Scope
	Function  string
	Qualifier string `json:",omitempty"`
	Enabled   bool
	Tags      map[string]string `json:",omitempty"`

	Configuration types.EventSourceMappingConfiguration // without its state

	// Change is the state until Settles, from when on it is Enabled or Disabled. One
	// that is Deleting stays so until it is forgotten, at Settles or, if the function
	// still has records of it then, when that is done.
	Change  string
	Settles time.Time
}

const deleting = "Deleting"

func (m *mapping) key() string { return m.Scope.Key(*m.Configuration.UUID) }

func (m *mapping) name() name {
	return name{Scope: m.Scope, function: m.Function, qualifier: m.Qualifier}
}

func (m *mapping) arn() string { return aws.ToString(m.Configuration.EventSourceArn) }

// kind is the service that the mapping's records come from.
func (m *mapping) kind() string { return sourceKind(m.arn()) }

// busy tells that a change is under way, behind which others have to wait.
func (m *mapping) busy(now time.Time) bool { return m.Change == deleting || now.Before(m.Settles) }

// describe returns the mapping as it is at that time; those who change it are told
// what is at the time of the change, however long it takes.
func (m *mapping) describe(now time.Time, result string) *types.EventSourceMappingConfiguration {
	c := m.Configuration
	state := "Disabled"
	switch {
	case m.busy(now):
		state = m.Change
	case m.Enabled:
		state = "Enabled"
	}
	c.State, c.StateTransitionReason = aws.String(state), aws.String("User action")
	if m.kind() == sourceQueue {
		c.StateTransitionReason = aws.String("USER_INITIATED")
		if strings.HasPrefix(result, "PROBLEM") {
			c.LastProcessingResult = aws.String(result)
		}
	} else {
		c.LastProcessingResult = aws.String(result)
	}
	return &c
}

// show describes the mapping as it is now.
func (s *Service) show(m *mapping) *types.EventSourceMappingConfiguration {
	return m.describe(s.env.Clock.Now(), s.mappings.result(m.key()))
}

// CreateEventSourceMapping connects a queue or a stream to a function.
func (s *Service) CreateEventSourceMapping(ctx context.Context, in *lambda.CreateEventSourceMappingInput) (*lambda.CreateEventSourceMappingOutput, error) {
	if err := checkSource(in); err != nil {
		return nil, err
	}
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) > maxTags {
		return nil, invalid("Number of tags exceeds resource tag limit.")
	}
	now := s.env.Clock.Now()
	id := uuid.NewString()
	m := mapping{
		Scope: n.Scope, Function: n.function, Qualifier: n.qualifier, Enabled: in.Enabled == nil || *in.Enabled, Tags: in.Tags,
		Configuration: types.EventSourceMappingConfiguration{
			UUID: &id, EventSourceArn: in.EventSourceArn, EventSourceMappingArn: aws.String(n.ARN("lambda", "event-source-mapping:"+id)),
			FunctionArn: aws.String(n.qualified()), FunctionResponseTypes: []types.FunctionResponseType{}, LastModified: &now,
		},
	}
	m.defaults()
	m.set(createSettings(in))
	if m.kind() == sourceStream {
		m.Configuration.StartingPosition = in.StartingPosition
	}
	t, err := s.mappable(&m)
	if err != nil {
		return nil, err
	}
	after, err := s.checkMapping(ctx, &m, &t)
	if err != nil {
		return nil, err
	}
	if m.Enabled {
		m.Change, m.Settles = "Creating", now.Add(settling)
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		for _, o := range s.mappings.all.Prefix(tx, m.Scope.Key("")) {
			if o.arn() == m.arn() && o.Function == m.Function && o.Qualifier == m.Qualifier {
				return duplicate(&o)
			}
		}
		s.mappings.all.Put(tx, m.key(), m)
		s.mappings.begin(tx, &m, after)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := as[lambda.CreateEventSourceMappingOutput](m.describe(now, s.mappings.result(m.key())))
	s.mappings.start(m.key())
	return out, nil
}

// mappable finds the function of a mapping.
func (s *Service) mappable(m *mapping) (t target, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		if t, err = s.target(tx, m.name()); err != nil {
			return invalid("Function does not exist")
		}
		return nil
	})
	return t, err
}

func duplicate(o *mapping) error {
	text := "The event source arn (\" %s \") and function (\" %s \") provided mapping already exists. Please update or delete the existing mapping with UUID %s"
	if o.kind() == sourceQueue {
		text = "An event source mapping with SQS arn (\" %s \") and function (\" %s \") already exists. Please update or delete the existing mapping with UUID %s"
	}
	return conflict(text, o.arn(), o.Function, *o.Configuration.UUID)
}

// mapping returns the mapping of that id.
func (s *Service) mapping(ctx context.Context, tx *store.Tx, id *string) (mapping, error) {
	m, ok := s.mappings.all.Get(tx, env.ScopeOf(ctx).Key(aws.ToString(id)))
	if !ok {
		return m, errNoResource
	}
	return m, nil
}

// GetEventSourceMapping describes a mapping.
func (s *Service) GetEventSourceMapping(ctx context.Context, in *lambda.GetEventSourceMappingInput) (*lambda.GetEventSourceMappingOutput, error) {
	var m mapping
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		m, err = s.mapping(ctx, tx, in.UUID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[lambda.GetEventSourceMappingOutput](s.show(&m)), nil
}

// ListEventSourceMappings describes the mappings of a source, of a function, or all.
func (s *Service) ListEventSourceMappings(ctx context.Context, in *lambda.ListEventSourceMappingsInput) (*lambda.ListEventSourceMappingsOutput, error) {
	scope := env.ScopeOf(ctx)
	var want *name
	if in.FunctionName != nil {
		n, err := parse(ctx, in.FunctionName, nil)
		if err != nil {
			return nil, err
		}
		want = &n
	}
	var all []types.EventSourceMappingConfiguration
	err := s.env.Store.View(func(tx *store.Tx) error {
		for _, m := range s.mappings.all.Prefix(tx, scope.Key("")) {
			if in.EventSourceArn != nil && m.arn() != *in.EventSourceArn ||
				want != nil && (m.Function != want.function || m.Qualifier != want.qualifier) {
				continue
			}
			all = append(all, *s.show(&m))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &lambda.ListEventSourceMappingsOutput{}
	out.EventSourceMappings, out.NextMarker, err = page(all, in.MaxItems, in.Marker, 100)
	return out, err
}

// UpdateEventSourceMapping changes the settings that the request has.
func (s *Service) UpdateEventSourceMapping(ctx context.Context, in *lambda.UpdateEventSourceMappingInput) (*lambda.UpdateEventSourceMappingOutput, error) {
	var m mapping
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		m, err = s.mapping(ctx, tx, in.UUID)
		return err
	})
	if err != nil {
		return nil, err
	}
	now := s.env.Clock.Now()
	if m.busy(now) {
		return nil, inUse(&m)
	}
	before := *m.Configuration.LastModified
	if err := m.refuses(updateSettings(in)); err != nil {
		return nil, err
	}
	m.set(updateSettings(in))
	if in.FunctionName != nil {
		n, err := parse(ctx, in.FunctionName, nil)
		if err != nil {
			return nil, err
		}
		m.Function, m.Qualifier = n.function, n.qualifier
		m.Configuration.FunctionArn = aws.String(n.qualified())
	}
	t, err := s.mappable(&m)
	if err != nil {
		return nil, err
	}
	if _, err := s.checkMapping(ctx, &m, &t); err != nil {
		return nil, err
	}
	m.Change = "Updating"
	if in.Enabled != nil && *in.Enabled != m.Enabled {
		if m.Enabled = *in.Enabled; m.Enabled {
			m.Change = "Enabling"
		} else {
			m.Change = "Disabling"
		}
	}
	m.Settles, m.Configuration.LastModified = now.Add(settling), &now
	err = s.env.Store.Update(func(tx *store.Tx) error {
		o, err := s.mapping(ctx, tx, in.UUID)
		if err != nil {
			return err
		}
		if !o.Configuration.LastModified.Equal(before) || o.busy(now) {
			return inUse(&o)
		}
		m.Tags = o.Tags
		s.mappings.all.Put(tx, m.key(), m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := as[lambda.UpdateEventSourceMappingOutput](m.describe(now, s.mappings.result(m.key())))
	s.mappings.start(m.key())
	return out, nil
}

func inUse(m *mapping) error {
	return &types.ResourceInUseException{
		Message: aws.String("Cannot update the event source mapping because it is in use."), Type: user,
	}
}

// DeleteEventSourceMapping ends a mapping; what it has handed to the function is
// carried to its end.
func (s *Service) DeleteEventSourceMapping(ctx context.Context, in *lambda.DeleteEventSourceMappingInput) (*lambda.DeleteEventSourceMappingOutput, error) {
	var m mapping
	now := s.env.Clock.Now()
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if m, err = s.mapping(ctx, tx, in.UUID); err != nil {
			return err
		}
		m.Enabled, m.Change, m.Settles = false, deleting, now.Add(settling)
		s.mappings.all.Put(tx, m.key(), m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := as[lambda.DeleteEventSourceMappingOutput](m.describe(now, s.mappings.result(m.key())))
	s.mappings.start(m.key())
	return out, nil
}

// begin notes where the lanes of a new mapping begin to read.
func (a *mappings) begin(tx *store.Tx, m *mapping, after string) {
	for lane := range m.lanes() {
		a.positions.Put(tx, m.laneKey(lane), eventsource.Position{After: after})
	}
}
