package sfn

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// keepTime is how long an execution that has ended can be looked at, and its name
// not be given to another one.
const keepTime = 90 * 24 * time.Hour

// Quotas are how much there can be in an account and region.
type Quotas struct {
	Machines   int
	Activities int
	Running    int // STANDARD executions, children of map runs apart
	Workers    int // that poll at the same time
	Versions   int // of a state machine
	Aliases    int // of a state machine
}

// Defaults are AWS's own quotas.
var Defaults = Quotas{Machines: 100_000, Activities: 100_000, Running: 1_000_000, Workers: 1_000, Versions: 1_000, Aliases: 100}

// full tells whether there are so many values already whose keys begin so. They are
// counted only where there may be, with those of others: what is made is not slower
// for what was made before.
func full[T any](tx *store.Tx, all *store.Set[T], prefix string, most int) bool {
	if all.Len(tx) < most {
		return false
	}
	n := 0
	for range all.Prefix(tx, prefix) {
		if n++; n >= most {
			return true
		}
	}
	return most <= 0
}

func (s *Service) roomForMachine(tx *store.Tx, scope env.Scope) error {
	if full(tx, s.machines, scope.Key(""), s.Quotas.Machines) {
		return &types.StateMachineLimitExceeded{Message: ptr("The maximum number of state machines has been reached. Existing state machines must be deleted before a new state machine can be created.")}
	}
	return nil
}

func (s *Service) roomForActivity(tx *store.Tx, scope env.Scope) error {
	if full(tx, s.activities, scope.Key(""), s.Quotas.Activities) {
		return &types.ActivityLimitExceeded{Message: ptr("The maximum number of activities has been reached. Existing activities must be deleted before a new activity can be created.")}
	}
	return nil
}

func (s *Service) roomForVersion(tx *store.Tx, m *machine) error {
	if full(tx, s.versions, m.Scope.Key(m.Name, ""), s.Quotas.Versions) {
		return &types.ServiceQuotaExceededException{Message: ptr("The request would cause a service quota to be exceeded: a state machine has at most so many versions.")}
	}
	return nil
}

func (s *Service) roomForAlias(tx *store.Tx, a *alias) error {
	if full(tx, s.aliases, a.Scope.Key(a.Machine, ""), s.Quotas.Aliases) {
		return &types.ServiceQuotaExceededException{Message: ptr("The request would cause a service quota to be exceeded: a state machine has at most so many aliases.")}
	}
	return nil
}

// roomToRun refuses another STANDARD execution where too many run. The caller holds
// the lock.
func (s *Service) roomToRun(scope env.Scope) error {
	if len(s.live) < s.Quotas.Running {
		return nil
	}
	n := 0
	for _, l := range s.live {
		if l.record.durable() && l.record.Origin == nil && l.record.Scope == scope {
			n++
		}
	}
	if n < s.Quotas.Running {
		return nil
	}
	return &types.ExecutionLimitExceeded{Message: ptr("The maximum number of running executions has been reached. Running executions must end or be stopped before a new execution can be started.")}
}

// over tells that an execution has ended so long ago that nobody knows of it.
func (s *Service) over(e *execution) bool {
	return e.Status != "RUNNING" && !e.Stop.IsZero() && s.env.Clock.Now().After(e.Stop.Add(keepTime))
}

// forget removes what is left of an execution whose name another one gets.
func (s *Service) forget(e *execution) error {
	return s.env.Store.Update(func(tx *store.Tx) error { s.erase(tx, e); return nil })
}

// erase removes an execution with its map runs and their children, which would else
// be those of another one of its name.
func (s *Service) erase(tx *store.Tx, e *execution) {
	key := e.key()
	s.executions.Delete(tx, key)
	for at := range s.events.Prefix(tx, key+"\x00") {
		s.events.Delete(tx, at)
	}
	for at := range s.records.Prefix(tx, key+"\x00") {
		s.records.Delete(tx, at)
	}
	for at, m := range s.mapRuns.Prefix(tx, e.Scope.Key(e.MachineName+"/")) {
		if m.Execution != e.ARN {
			continue
		}
		s.mapRuns.Delete(tx, at)
		_, _, rest, _ := resource(m.ARN, "mapRun")
		for _, child := range s.executions.Prefix(tx, e.Scope.Key(rest[0], "")) {
			if child.Origin != nil && child.Origin.MapRun == m.ARN {
				s.erase(tx, &child)
			}
		}
	}
}
