package sfn

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// machine is a state machine.
type machine struct {
	Scope     env.Scope
	Name      string
	Type      types.StateMachineType
	Created   time.Time
	Published int // the number of the version made last
	Tags      map[string]string
	settings
}

// settings are what an update changes and a version freezes.
type settings struct {
	Definition string
	Role       string
	Logging    types.LoggingConfiguration
	Tracing    bool
	Revision   string // "" of a machine as it was made
	Updated    time.Time
}

func (m *machine) key() string { return m.Scope.Key(m.Name) }
func (m *machine) arn() string { return m.Scope.ARN("states", "stateMachine:"+m.Name) }

// parse reads a definition and refuses what AWS would refuse, and by name what
// cannot be carried out here.
func (s *Service) parse(definition string, t types.StateMachineType) (*asl.Machine, error) {
	m, found := asl.Parse(definition, asl.Workflow(t))
	if m == nil {
		return nil, &types.InvalidDefinition{Message: ptr(asl.Message(found))}
	}
	if why := s.unsupported(m.Scope); why != "" {
		return nil, &types.InvalidDefinition{Message: ptr("Invalid State Machine Definition: '" + why + "'")}
	}
	return m, nil
}

func checkLogging(l *types.LoggingConfiguration) error {
	if l == nil {
		return nil
	}
	if l.Level != "" && l.Level != types.LogLevelOff && len(l.Destinations) != 1 {
		return &types.InvalidLoggingConfiguration{Message: ptr("Invalid Logging Configuration: Must specify exactly one Log Destination.")}
	}
	for _, d := range l.Destinations {
		if g := d.CloudWatchLogsLogGroup; g == nil || !strings.HasSuffix(value(g.LogGroupArn), ":*") || !strings.Contains(value(g.LogGroupArn), ":log-group:") {
			return &types.InvalidLoggingConfiguration{Message: ptr("Invalid Logging Configuration: Log Destination must be a CloudWatch log group ARN that ends with ':*'.")}
		}
	}
	return nil
}

func logging(l *types.LoggingConfiguration) types.LoggingConfiguration {
	out := types.LoggingConfiguration{Level: types.LogLevelOff}
	if l != nil {
		out.IncludeExecutionData, out.Destinations = l.IncludeExecutionData, l.Destinations
		if l.Level != "" {
			out.Level = l.Level
		}
	}
	return out
}

// checkRole refuses what is no role, and a role that Step Functions cannot assume.
func (s *Service) checkRole(ctx context.Context, arn *string) error {
	if p := strings.Split(value(arn), ":"); len(p) < 6 || p[0] != "arn" || p[2] != "iam" || !strings.HasPrefix(p[5], "role/") {
		return &types.InvalidArn{Message: ptr(fmt.Sprintf("Invalid Role Arn: '%s'", value(arn)))}
	}
	if s.Roles == nil || s.Roles.CanAssume(ctx, *arn, Principal) == nil || s.Roles.CanAssume(ctx, *arn, "states."+env.ScopeOf(ctx).Region+".amazonaws.com") == nil {
		return nil
	}
	return &smithy.GenericAPIError{
		Code: "AccessDeniedException", Fault: smithy.FaultClient,
		Message: "Neither the global service principal " + Principal + ", nor the regional one is authorized to assume the provided role.",
	}
}

func checkEncryption(c *types.EncryptionConfiguration) error {
	if c != nil && c.Type != types.EncryptionTypeAwsOwnedKey {
		return &types.InvalidEncryptionConfiguration{Message: ptr("keys of KMS are not emulated")}
	}
	return nil
}

// CreateStateMachine makes a state machine. The same request again gives the same
// machine.
func (s *Service) CreateStateMachine(ctx context.Context, in *sfn.CreateStateMachineInput) (*sfn.CreateStateMachineOutput, error) {
	m := machine{
		Scope: env.ScopeOf(ctx), Name: *in.Name, Type: in.Type, Created: s.now(), Tags: tagMap(in.Tags),
		settings: settings{
			Definition: *in.Definition, Role: *in.RoleArn, Logging: logging(in.LoggingConfiguration),
			Tracing: in.TracingConfiguration != nil && in.TracingConfiguration.Enabled,
		},
	}
	m.Updated = m.Created
	if m.Type == "" {
		m.Type = types.StateMachineTypeStandard
	}
	if in.VersionDescription != nil && !in.Publish {
		return nil, invalid("Version description can only be set when publish is true")
	}
	for _, check := range []func() error{
		func() error { return checkName(m.Name) },
		func() error { return checkLogging(in.LoggingConfiguration) },
		func() error { return checkEncryption(in.EncryptionConfiguration) },
		func() error { _, err := s.parse(m.Definition, m.Type); return err },
		func() error { return s.checkRole(ctx, in.RoleArn) },
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	out := &sfn.CreateStateMachineOutput{StateMachineArn: ptr(m.arn())}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if old, ok := s.machines.Get(tx, m.key()); ok {
			if !old.repeats(&m) {
				return &types.StateMachineAlreadyExists{Message: ptr(fmt.Sprintf("State Machine Already Exists: '%s'", m.arn()))}
			}
			m = old
		} else if err := s.roomForMachine(tx, m.Scope); err != nil {
			return err
		}
		out.CreationDate = &m.Created
		if in.Publish {
			v, err := s.publish(tx, &m, value(in.VersionDescription))
			if err != nil {
				return err
			}
			out.StateMachineVersionArn = ptr(v.arn())
		}
		s.machines.Put(tx, m.key(), m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// repeats tells that a request for b is one that made m. AWS compares neither roles
// nor tags, and leaves those of m.
func (m *machine) repeats(b *machine) bool {
	wanted := b.settings
	wanted.Role = m.Role
	return m.Type == b.Type && m.same(&wanted)
}

// same tells that an update to b changes nothing: there is no new revision then.
func (m *settings) same(b *settings) bool {
	return m.Definition == b.Definition && m.Role == b.Role && m.Tracing == b.Tracing && m.Logging.Level == b.Logging.Level &&
		m.Logging.IncludeExecutionData == b.Logging.IncludeExecutionData && group(m.Logging) == group(b.Logging)
}

// group is the ARN of the log group, without the star.
func group(l types.LoggingConfiguration) string {
	for _, d := range l.Destinations {
		return strings.TrimSuffix(value(d.CloudWatchLogsLogGroup.LogGroupArn), ":*")
	}
	return ""
}

// found is what an ARN of a state machine, a version or an alias leads to.
type found struct {
	machine
	version, alias string // ARNs
	description    string // of the version
}

// find follows an ARN of a state machine, version or alias; of an alias, a version
// is chosen by weight.
func (s *Service) find(tx *store.Tx, arn string) (found, error) {
	scope, _, rest, err := resource(arn, "stateMachine")
	if err != nil {
		return found{}, err
	}
	m, ok := s.machines.Get(tx, scope.Key(rest[0]))
	if !ok || len(rest) > 2 {
		return found{}, noMachine(arn)
	}
	f := found{machine: m}
	if len(rest) == 1 {
		return f, nil
	}
	number := rest[1]
	if a, ok := s.aliases.Get(tx, scope.Key(rest[0], number)); ok {
		f.alias = arn
		number = a.choose()
	}
	v, ok := s.versions.Get(tx, scope.Key(rest[0], position(number)))
	if !ok {
		return found{}, noMachine(arn)
	}
	f.settings, f.version, f.description = v.settings, v.arn(), v.Description
	return f, nil
}

// own is the machine of an ARN that must be that of a machine.
func (s *Service) own(tx *store.Tx, arn string) (machine, error) {
	scope, _, rest, err := resource(arn, "stateMachine")
	if err != nil {
		return machine{}, err
	}
	m, ok := s.machines.Get(tx, scope.Key(rest[0]))
	if !ok || len(rest) != 1 {
		return m, noMachine(arn)
	}
	return m, nil
}

// DescribeStateMachine tells of a state machine or a version.
func (s *Service) DescribeStateMachine(_ context.Context, in *sfn.DescribeStateMachineInput) (*sfn.DescribeStateMachineOutput, error) {
	_ = in.IncludedData // without keys of KMS everything can be read
	var f found
	err := s.env.Store.View(func(tx *store.Tx) (err error) { f, err = s.find(tx, *in.StateMachineArn); return err })
	if err != nil {
		return nil, err
	}
	out := &sfn.DescribeStateMachineOutput{
		CreationDate: &f.Created, Definition: &f.Definition, Name: &f.Name, RoleArn: &f.Role, StateMachineArn: ptr(f.arn()), Type: f.Type,
		Status: types.StateMachineStatusActive, LoggingConfiguration: &f.Logging, RevisionId: some(f.Revision),
		TracingConfiguration:    &types.TracingConfiguration{Enabled: f.Tracing},
		EncryptionConfiguration: &types.EncryptionConfiguration{Type: types.EncryptionTypeAwsOwnedKey},
	}
	if f.version != "" {
		out.StateMachineArn, out.Description = &f.version, some(f.description)
		out.CreationDate = &f.Updated
	}
	return out, nil
}

// UpdateStateMachine changes a state machine for executions that start later.
func (s *Service) UpdateStateMachine(ctx context.Context, in *sfn.UpdateStateMachineInput) (*sfn.UpdateStateMachineOutput, error) {
	if in.Definition == nil && in.RoleArn == nil && in.LoggingConfiguration == nil && in.TracingConfiguration == nil && in.EncryptionConfiguration == nil {
		if in.Publish {
			return nil, &types.MissingRequiredParameter{Message: ptr("Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration or the EncryptionConfiguration must be specified")}
		}
		return nil, &types.MissingRequiredParameter{Message: ptr("Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified")}
	}
	if in.VersionDescription != nil && !in.Publish {
		return nil, invalid("Version description can only be set when publish is true")
	}
	if err := checkLogging(in.LoggingConfiguration); err != nil {
		return nil, err
	}
	if err := checkEncryption(in.EncryptionConfiguration); err != nil {
		return nil, err
	}
	if in.RoleArn != nil {
		if err := s.checkRole(ctx, in.RoleArn); err != nil {
			return nil, err
		}
	}
	out := &sfn.UpdateStateMachineOutput{}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		old, err := s.own(tx, *in.StateMachineArn)
		if err != nil {
			return err
		}
		m := old
		if in.Definition != nil {
			if _, err := s.parse(*in.Definition, m.Type); err != nil {
				return err
			}
			m.Definition = *in.Definition
		}
		if in.RoleArn != nil {
			m.Role = *in.RoleArn
		}
		if in.LoggingConfiguration != nil {
			m.Logging = logging(in.LoggingConfiguration)
		}
		if in.TracingConfiguration != nil {
			m.Tracing = in.TracingConfiguration.Enabled
		}
		m.Updated = s.now()
		if !m.same(&old.settings) {
			m.Revision = uuid.NewString()
		}
		out.UpdateDate, out.RevisionId = &m.Updated, some(m.Revision)
		if in.Publish {
			v, err := s.publish(tx, &m, value(in.VersionDescription))
			if err != nil {
				return err
			}
			out.StateMachineVersionArn = ptr(v.arn())
		}
		s.machines.Put(tx, m.key(), m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteStateMachine removes a state machine with its versions and aliases; its
// executions are aborted. One that is not there is no error.
func (s *Service) DeleteStateMachine(_ context.Context, in *sfn.DeleteStateMachineInput) (*sfn.DeleteStateMachineOutput, error) {
	scope, _, rest, err := resource(*in.StateMachineArn, "stateMachine")
	if err != nil {
		return nil, err
	}
	if len(rest) != 1 {
		return nil, invalid("The ARN of a state machine must not name a version or an alias: '%s'", *in.StateMachineArn)
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		s.machines.Delete(tx, scope.Key(rest[0]))
		for key := range s.versions.Prefix(tx, scope.Key(rest[0], "")) {
			s.versions.Delete(tx, key)
		}
		for key := range s.aliases.Prefix(tx, scope.Key(rest[0], "")) {
			s.aliases.Delete(tx, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.abandon(scope.Key(rest[0], ""))
	return &sfn.DeleteStateMachineOutput{}, nil
}

// ListStateMachines lists the state machines by name.
func (s *Service) ListStateMachines(ctx context.Context, in *sfn.ListStateMachinesInput) (*sfn.ListStateMachinesOutput, error) {
	all := []types.StateMachineListItem{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		for _, m := range s.machines.Prefix(tx, env.ScopeOf(ctx).Key("")) {
			all = append(all, types.StateMachineListItem{CreationDate: &m.Created, Name: &m.Name, StateMachineArn: ptr(m.arn()), Type: m.Type})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b types.StateMachineListItem) int { return a.CreationDate.Compare(*b.CreationDate) })
	out := &sfn.ListStateMachinesOutput{}
	out.StateMachines, out.NextToken, err = page(all, in.MaxResults, in.NextToken)
	return out, err
}

// ValidateStateMachineDefinition gives the diagnostics of a definition.
func (s *Service) ValidateStateMachineDefinition(_ context.Context, in *sfn.ValidateStateMachineDefinitionInput) (*sfn.ValidateStateMachineDefinitionOutput, error) {
	t := in.Type
	if t == "" {
		t = types.StateMachineTypeStandard
	}
	m, diagnostics := asl.Parse(*in.Definition, asl.Workflow(t))
	if m != nil {
		if why := s.unsupported(m.Scope); why != "" {
			diagnostics = append(diagnostics, asl.Diagnostic{Severity: asl.Error, Code: asl.SchemaFailed, Message: why})
		}
	}
	out := &sfn.ValidateStateMachineDefinitionOutput{
		Result: types.ValidateStateMachineDefinitionResultCodeOk, Diagnostics: []types.ValidateStateMachineDefinitionDiagnostic{}, Truncated: ptr(false),
	}
	if len(asl.Errors(diagnostics)) > 0 {
		out.Result = types.ValidateStateMachineDefinitionResultCodeFail
	}
	limit := int(in.MaxResults)
	if limit == 0 {
		limit = 100
	}
	for _, d := range diagnostics {
		if d.Severity == asl.Warning && in.Severity != types.ValidateStateMachineDefinitionSeverityWarning {
			continue
		}
		if len(out.Diagnostics) == limit {
			out.Truncated = ptr(true)
			break
		}
		out.Diagnostics = append(out.Diagnostics, types.ValidateStateMachineDefinitionDiagnostic{
			Code: ptr(d.Code), Message: ptr(d.Message), Severity: types.ValidateStateMachineDefinitionSeverity(d.Severity), Location: some(d.Location),
		})
	}
	return out, nil
}
