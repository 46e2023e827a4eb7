package sfn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// version is a state machine as it was once; Updated is when it was published.
type version struct {
	Scope       env.Scope
	Machine     string
	Number      int
	Description string
	settings
}

// position is where a version is kept among others: numbers in their order.
func position(number string) string { return fmt.Sprintf("%010s", number) }

func (v *version) key() string { return v.Scope.Key(v.Machine, position(strconv.Itoa(v.Number))) }
func (v *version) arn() string {
	return v.Scope.ARN("states", fmt.Sprintf("stateMachine:%s:%d", v.Machine, v.Number))
}

// publish makes a version of a machine, which the caller stores; one of the same
// revision is given back.
func (s *Service) publish(tx *store.Tx, m *machine, description string) (version, error) {
	if m.Published > 0 {
		last, ok := s.versions.Get(tx, m.Scope.Key(m.Name, position(strconv.Itoa(m.Published))))
		if ok && last.Revision == m.Revision {
			return last, nil
		}
	}
	if err := s.roomForVersion(tx, m); err != nil {
		return version{}, err
	}
	m.Published++
	v := version{Scope: m.Scope, Machine: m.Name, Number: m.Published, Description: description, settings: m.settings}
	v.Updated = s.now()
	s.versions.Put(tx, v.key(), v)
	return v, nil
}

// PublishStateMachineVersion makes a version of a state machine.
func (s *Service) PublishStateMachineVersion(_ context.Context, in *sfn.PublishStateMachineVersionInput) (*sfn.PublishStateMachineVersionOutput, error) {
	var v version
	err := s.env.Store.Update(func(tx *store.Tx) error {
		m, err := s.own(tx, *in.StateMachineArn)
		if err != nil {
			return err
		}
		if in.RevisionId != nil && *in.RevisionId != m.Revision && (m.Revision != "" || *in.RevisionId != "INITIAL") {
			current := m.Revision
			if current == "" {
				current = "INITIAL"
			}
			return &types.ConflictException{Message: ptr(fmt.Sprintf("Failed to publish the State Machine version for revision %s. The current State Machine revision is %s.", *in.RevisionId, current))}
		}
		if v, err = s.publish(tx, &m, value(in.Description)); err != nil {
			return err
		}
		s.machines.Put(tx, m.key(), m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sfn.PublishStateMachineVersionOutput{CreationDate: &v.Updated, StateMachineVersionArn: ptr(v.arn())}, nil
}

// DeleteStateMachineVersion removes a version that no alias leads to. One that is
// not there is no error.
func (s *Service) DeleteStateMachineVersion(_ context.Context, in *sfn.DeleteStateMachineVersionInput) (*sfn.DeleteStateMachineVersionOutput, error) {
	arn := *in.StateMachineVersionArn
	scope, _, rest, err := resource(arn, "stateMachine")
	if err != nil {
		return nil, err
	}
	if len(rest) != 2 {
		return nil, invalidARN(arn)
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		var users []string
		for _, a := range s.aliases.Prefix(tx, scope.Key(rest[0], "")) {
			if slices.ContainsFunc(a.Routes, func(r route) bool { return r.Version == arn }) {
				users = append(users, a.Name)
			}
		}
		if len(users) > 0 {
			return &types.ConflictException{Message: ptr(fmt.Sprintf("Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [%s]", strings.Join(users, ", ")))}
		}
		s.versions.Delete(tx, scope.Key(rest[0], position(rest[1])))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sfn.DeleteStateMachineVersionOutput{}, nil
}

// ListStateMachineVersions lists the versions of a state machine, the newest first.
func (s *Service) ListStateMachineVersions(_ context.Context, in *sfn.ListStateMachineVersionsInput) (*sfn.ListStateMachineVersionsOutput, error) {
	all := []types.StateMachineVersionListItem{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		m, err := s.own(tx, *in.StateMachineArn)
		if err != nil {
			return err
		}
		for _, v := range s.versions.Prefix(tx, m.Scope.Key(m.Name, "")) {
			all = append(all, types.StateMachineVersionListItem{CreationDate: &v.Updated, StateMachineVersionArn: ptr(v.arn())})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	out := &sfn.ListStateMachineVersionsOutput{}
	out.StateMachineVersions, out.NextToken, err = page(all, in.MaxResults, in.NextToken)
	return out, err
}

// alias leads to one or two versions of a machine.
type alias struct {
	Scope            env.Scope
	Machine, Name    string
	Description      string
	Routes           []route
	Created, Updated time.Time
}

// route is a version and how many of a hundred executions it gets.
type route struct {
	Version string // ARN
	Weight  int32
}

func (a *alias) key() string { return a.Scope.Key(a.Machine, a.Name) }
func (a *alias) arn() string {
	return a.Scope.ARN("states", "stateMachine:"+a.Machine+":"+a.Name)
}

// choose is the number of a version, by weight.
func (a *alias) choose() string {
	n := rand.Int32N(100) //nolint:gosec // traffic is spread, nothing is kept secret
	for _, r := range a.Routes {
		if n -= r.Weight; n < 0 {
			return r.Version[strings.LastIndexByte(r.Version, ':')+1:]
		}
	}
	return ""
}

// received are the ARNs of a routing, as AWS prints them.
func received(given []types.RoutingConfigurationListItem) string {
	all := make([]string, 0, len(given))
	for _, r := range given {
		all = append(all, value(r.StateMachineVersionArn))
	}
	return strings.Join(all, ", ")
}

// routes checks the routing of an alias: of one machine, whose versions are there.
func (s *Service) routes(tx *store.Tx, given []types.RoutingConfigurationListItem) (out []route, scope env.Scope, name string, err error) {
	sum := int32(0)
	for i, r := range given {
		arn := value(r.StateMachineVersionArn)
		at, _, rest, err := resource(arn, "stateMachine")
		if err != nil {
			return nil, scope, "", err
		}
		if len(rest) != 2 {
			return nil, scope, "", invalid("Routing configuration must contain state machine version ARNs. Received: [%s]", received(given))
		}
		if i > 0 && (at != scope || rest[0] != name) {
			return nil, scope, "", invalid("Routing configuration must contain versions of a single state machine")
		}
		scope, name = at, rest[0]
		if _, ok := s.versions.Get(tx, scope.Key(name, position(rest[1]))); !ok {
			return nil, scope, "", noMachine(arn)
		}
		if i > 0 && out[0].Version == arn {
			return nil, scope, "", invalid("Routing configuration must not contain duplicate state machine versions")
		}
		sum += r.Weight
		out = append(out, route{arn, r.Weight})
	}
	if sum != 100 {
		return nil, scope, "", invalid("Sum of routing configuration weights must equal 100")
	}
	return out, scope, name, nil
}

// CreateStateMachineAlias makes an alias. The same request again gives the same one.
func (s *Service) CreateStateMachineAlias(_ context.Context, in *sfn.CreateStateMachineAliasInput) (*sfn.CreateStateMachineAliasOutput, error) {
	a := alias{Name: *in.Name, Description: value(in.Description), Created: s.now()}
	a.Updated = a.Created
	if _, err := strconv.Atoi(a.Name); err == nil {
		return nil, invalid("Invalid alias name: '%s'", a.Name)
	}
	if err := checkName(a.Name); err != nil {
		return nil, err
	}
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if a.Routes, a.Scope, a.Machine, err = s.routes(tx, in.RoutingConfiguration); err != nil {
			return err
		}
		if old, ok := s.aliases.Get(tx, a.key()); ok {
			if old.Description != a.Description || !slices.Equal(old.Routes, a.Routes) {
				return &types.ConflictException{Message: ptr("Failed to create alias because an alias with the same name and a different routing configuration already exists.")}
			}
			a = old
			return nil
		}
		if err := s.roomForAlias(tx, &a); err != nil {
			return err
		}
		s.aliases.Put(tx, a.key(), a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sfn.CreateStateMachineAliasOutput{CreationDate: &a.Created, StateMachineAliasArn: ptr(a.arn())}, nil
}

// alias is that of an ARN.
func (s *Service) alias(tx *store.Tx, arn string) (alias, error) {
	scope, _, rest, err := resource(arn, "stateMachine")
	if err != nil {
		return alias{}, err
	}
	if len(rest) == 2 {
		if a, ok := s.aliases.Get(tx, scope.Key(rest...)); ok {
			return a, nil
		}
	}
	return alias{}, &types.ResourceNotFound{Message: ptr("Request references a resource that does not exist."), ResourceName: &arn}
}

// DescribeStateMachineAlias tells of an alias.
func (s *Service) DescribeStateMachineAlias(_ context.Context, in *sfn.DescribeStateMachineAliasInput) (*sfn.DescribeStateMachineAliasOutput, error) {
	var a alias
	err := s.env.Store.View(func(tx *store.Tx) (err error) { a, err = s.alias(tx, *in.StateMachineAliasArn); return err })
	if err != nil {
		return nil, err
	}
	out := &sfn.DescribeStateMachineAliasOutput{
		CreationDate: &a.Created, UpdateDate: &a.Updated, Name: &a.Name, Description: some(a.Description), StateMachineAliasArn: ptr(a.arn()),
	}
	for _, r := range a.Routes {
		out.RoutingConfiguration = append(out.RoutingConfiguration, types.RoutingConfigurationListItem{StateMachineVersionArn: ptr(r.Version), Weight: r.Weight})
	}
	return out, nil
}

// UpdateStateMachineAlias changes an alias.
func (s *Service) UpdateStateMachineAlias(_ context.Context, in *sfn.UpdateStateMachineAliasInput) (*sfn.UpdateStateMachineAliasOutput, error) {
	if in.Description == nil && len(in.RoutingConfiguration) == 0 {
		return nil, &types.ValidationException{Message: ptr("Either the description or the RoutingConfiguration must be specified"), Reason: types.ValidationExceptionReasonMissingRequiredParameter}
	}
	var a alias
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if a, err = s.alias(tx, *in.StateMachineAliasArn); err != nil {
			return err
		}
		if in.Description != nil {
			a.Description = *in.Description
		}
		if len(in.RoutingConfiguration) > 0 {
			var scope env.Scope
			var name string
			if a.Routes, scope, name, err = s.routes(tx, in.RoutingConfiguration); err != nil {
				return err
			}
			if scope != a.Scope || name != a.Machine {
				return invalid("Routing configuration must contain versions of the alias's state machine")
			}
		}
		a.Updated = s.now()
		s.aliases.Put(tx, a.key(), a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sfn.UpdateStateMachineAliasOutput{UpdateDate: &a.Updated}, nil
}

// DeleteStateMachineAlias removes an alias. One that is not there is no error.
func (s *Service) DeleteStateMachineAlias(_ context.Context, in *sfn.DeleteStateMachineAliasInput) (*sfn.DeleteStateMachineAliasOutput, error) {
	scope, _, rest, err := resource(*in.StateMachineAliasArn, "stateMachine")
	if err != nil {
		return nil, err
	}
	if len(rest) != 2 {
		return nil, invalidARN(*in.StateMachineAliasArn)
	}
	if err := s.env.Store.Update(func(tx *store.Tx) error { s.aliases.Delete(tx, scope.Key(rest...)); return nil }); err != nil {
		return nil, err
	}
	return &sfn.DeleteStateMachineAliasOutput{}, nil
}

// ListStateMachineAliases lists the aliases of a state machine, or of a version.
func (s *Service) ListStateMachineAliases(_ context.Context, in *sfn.ListStateMachineAliasesInput) (*sfn.ListStateMachineAliasesOutput, error) {
	scope, _, rest, err := resource(*in.StateMachineArn, "stateMachine")
	if err != nil {
		return nil, err
	}
	all := []types.StateMachineAliasListItem{}
	err = s.env.Store.View(func(tx *store.Tx) error {
		if _, err := s.find(tx, *in.StateMachineArn); err != nil {
			return err
		}
		for _, a := range s.aliases.Prefix(tx, scope.Key(rest[0], "")) {
			if len(rest) == 1 || slices.ContainsFunc(a.Routes, func(r route) bool { return r.Version == *in.StateMachineArn }) {
				all = append(all, types.StateMachineAliasListItem{CreationDate: &a.Created, StateMachineAliasArn: ptr(a.arn())})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &sfn.ListStateMachineAliasesOutput{}
	out.StateMachineAliases, out.NextToken, err = page(all, in.MaxResults, in.NextToken)
	return out, err
}
