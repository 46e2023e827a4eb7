package secretsmanager

import (
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// rotation is how a secret is rotated.
type rotation struct {
	Enabled    bool
	Function   string // ARN
	Days       int64  // between rotations; zero where Expression says it
	Expression string
	Window     string // how long one may take to begin; it begins at once here
	Last, Next time.Time
	Token      string // of the rotation that has begun and not ended
	Test       bool   // it is only a test
}

// steps are what a function is called for, in turn.
var steps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

func (r *rotation) rules() *types.RotationRulesType {
	out := &types.RotationRulesType{Duration: optional(r.Window), ScheduleExpression: optional(r.Expression)}
	if r.Days > 0 {
		out.AutomaticallyAfterDays = &r.Days
	}
	if out.Duration == nil && out.ScheduleExpression == nil && out.AutomaticallyAfterDays == nil {
		return nil
	}
	return out
}

var rate = regexp.MustCompile(`^rate\((\d+) (hour|hours|day|days)\)$`)

// every is the time from one rotation to the next; zero where there is no schedule.
func (r *rotation) every() time.Duration {
	if m := rate.FindStringSubmatch(r.Expression); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 16) // more days have no duration
		if err != nil {
			return 0
		}
		if m[2][0] == 'h' {
			return time.Duration(n) * time.Hour
		}
		return time.Duration(n) * 24 * time.Hour
	}
	return time.Duration(r.Days) * 24 * time.Hour
}

// after is when the rotation after one at that time is due; zero where there is none.
func (r *rotation) after(t time.Time) time.Time {
	if !r.Enabled || r.every() == 0 {
		return time.Time{}
	}
	return t.Add(r.every())
}

var windowText = regexp.MustCompile(`^[0-9]{1,3}h$`)

// apply takes over what a request says.
func (r *rotation) apply(in *secretsmanager.RotateSecretInput) error {
	if in.RotationLambdaARN != nil {
		r.Function = *in.RotationLambdaARN
	}
	rules := in.RotationRules
	if rules == nil {
		return nil
	}
	r.Days, r.Expression, r.Window = value(rules.AutomaticallyAfterDays), value(rules.ScheduleExpression), value(rules.Duration)
	switch {
	case r.Days != 0 && r.Expression != "":
		return invalidParameter("You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules.")
	case rules.AutomaticallyAfterDays != nil && (r.Days < 1 || r.Days > 1000):
		return invalidParameter("RotationRules.AutomaticallyAfterDays must be within 1-1000.")
	case r.Window != "" && !windowText.MatchString(r.Window):
		return invalidParameter("RotationRules.Duration %s is not a number of hours, such as 3h.", r.Window)
	case r.Expression != "" && r.every() < 4*time.Hour:
		return invalidParameter("RotationRules.ScheduleExpression %s is not emulated; rate expressions of 4 hours and more are, such as rate(10 days).", r.Expression)
	}
	return nil
}

// RotateSecret sets up how a secret is rotated, and has a function rotate it: at once,
// or, as a test, only call the function's step testSecret.
func (s *Service) RotateSecret(ctx context.Context, in *secretsmanager.RotateSecretInput) (*secretsmanager.RotateSecretOutput, error) {
	id, err := token(ctx, in.ClientRequestToken)
	if err != nil {
		return nil, invalidParameter("You must provide a ClientRequestToken value. We recommend a UUID-type value.")
	}
	out := &secretsmanager.RotateSecretOutput{VersionId: &id}
	function := in.RotationLambdaARN
	err = s.view(ctx, "RotateSecret", in.SecretId, func(x *secret) error {
		if function == nil && x.Rotation != nil {
			function = &x.Rotation.Function
		}
		if value(function) == "" {
			return invalidRequest("No Lambda rotation function ARN is associated with this secret.")
		}
		if s.functions.Admits(s.asCaller(x), *function) != nil {
			return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.", Fault: smithy.FaultClient}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var key string
	var next time.Time
	again := false
	err = s.update(ctx, "RotateSecret", in.SecretId, func(x *secret) error {
		key, out.ARN, out.Name = x.key(), &x.ARN, &x.Name
		r := rotation{}
		if x.Rotation != nil {
			r = *x.Rotation
		}
		if err := r.apply(in); err != nil {
			return err
		}
		if x.staged(current) == nil {
			return invalidRequest("You can't rotate a secret that has no value.")
		}
		r.Enabled = true
		next = r.after(s.env.Clock.Now())
		r.Next = next
		p := x.staged(pending)
		if again = p != nil && !slices.Contains(p.Stages, current) && p.ID != id; again {
			r.Token, r.Test = p.ID, false
			x.Rotation = &r
			return nil
		}
		if x.byID(id) == nil {
			x.add(version{ID: id, Created: s.env.Clock.Now()})
		}
		x.move(pending, id)
		r.Token, r.Test = id, in.RotateImmediately != nil && !*in.RotateImmediately
		x.Rotation = &r
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.schedule(key, next)
	s.start(key)
	if again {
		return nil, invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.")
	}
	return out, nil
}

// CancelRotateSecret ends the rotations of a secret. Labels stay where they are.
func (s *Service) CancelRotateSecret(ctx context.Context, in *secretsmanager.CancelRotateSecretInput) (*secretsmanager.CancelRotateSecretOutput, error) {
	out := &secretsmanager.CancelRotateSecretOutput{}
	key := ""
	err := s.update(ctx, "CancelRotateSecret", in.SecretId, func(x *secret) error {
		key, out.ARN, out.Name = x.key(), &x.ARN, &x.Name
		r := rotation{}
		if x.Rotation != nil {
			r = *x.Rotation
		}
		if r.Token != "" {
			out.VersionId = &r.Token
		}
		x.Rotation = &rotation{Function: r.Function, Days: r.Days, Expression: r.Expression, Window: r.Window, Last: r.Last}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.schedule(key, time.Time{})
	return out, nil
}

// Resume goes on with the rotations that had begun, and waits for those to come. The
// functions must be there.
func (s *Service) Resume() error {
	return s.env.Store.View(func(tx *store.Tx) error {
		for key, x := range s.secrets.From(tx, "") {
			if x.Rotation == nil || !x.Ends.IsZero() {
				continue
			}
			s.schedule(key, x.Rotation.Next)
			if x.Rotation.Token != "" {
				s.start(key)
			}
		}
		return nil
	})
}

// schedule waits for the next rotation; for none, where the time is zero.
func (s *Service) schedule(key string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.timers[key]; t != nil {
		t.Stop()
		delete(s.timers, key)
	}
	if at.IsZero() || s.alive.Err() != nil {
		return
	}
	s.timers[key] = s.env.Clock.AfterFunc(max(0, at.Sub(s.env.Clock.Now())), func() { s.due(key) })
}

// due begins a rotation whose time has come.
func (s *Service) due(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive.Err() != nil {
		return
	}
	s.work.Go(func() {
		x, err := s.at(key)
		if err == nil && (x.Rotation == nil || !x.Rotation.Enabled || !x.Ends.IsZero()) {
			return // it was canceled meanwhile
		}
		if err == nil {
			s.schedule(key, x.Rotation.after(s.env.Clock.Now())) // unless this one succeeds
			_, err = s.RotateSecret(env.WithScope(s.alive, x.Scope), &secretsmanager.RotateSecretInput{SecretId: &x.ARN})
		}
		if err != nil {
			s.env.Log.Info("a secret was not rotated", slog.Any("error", err))
		}
	})
}

// at is the secret of a key.
func (s *Service) at(key string) (x secret, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		found, ok := s.secrets.Get(tx, key)
		if !ok || s.ended(&found) {
			return notFound()
		}
		x = found
		return nil
	})
	return x, err
}

// start has the function carry out the rotation that the secret's token names: now, or
// after the one that is under way.
func (s *Service) start(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive.Err() != nil {
		return
	}
	if _, busy := s.busy[key]; busy {
		s.busy[key] = true
		return
	}
	s.busy[key] = false
	s.work.Go(func() {
		for again := true; again; again = s.again(key) {
			if err := s.rotate(key); err != nil {
				s.env.Log.Info("the rotation of a secret has failed", slog.Any("error", err))
			}
		}
	})
}

// again ends the rotation of a secret, unless another one was started during it.
func (s *Service) again(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[key] && s.alive.Err() == nil {
		s.busy[key] = false
		return true
	}
	delete(s.busy, key)
	return false
}

// asCaller is the context of calls for a secret.
func (s *Service) asCaller(x *secret) context.Context {
	return env.WithCaller(env.WithScope(s.alive, x.Scope), env.Caller{
		Service: "secretsmanager.amazonaws.com", SourceARN: x.ARN, SourceAccount: x.Scope.Account,
	})
}

// event is what a function is called with.
type event struct {
	Step               string
	SecretID           string `json:"SecretId"`
	ClientRequestToken string
}

// rotate calls the function for each step, until one fails.
func (s *Service) rotate(key string) error {
	x, err := s.at(key)
	if err != nil || x.Rotation == nil || x.Rotation.Token == "" {
		return err
	}
	r := *x.Rotation
	ctx := s.asCaller(&x)
	todo := steps
	if r.Test {
		todo = []string{"testSecret"}
	}
	for _, step := range todo {
		payload, err := json.Marshal(event{step, x.ARN, r.Token})
		if err != nil {
			return err
		}
		if _, failure, err := s.functions.InvokeFor(ctx, r.Function, payload); err != nil || failure != "" {
			if s.alive.Err() != nil {
				return nil //nolint:nilerr // it begins again with Resume
			}
			s.finish(key, r, false)
			if err == nil {
				err = invalidRequest("the function %s has failed in the step %s", r.Function, step)
			}
			return err
		}
	}
	s.finish(key, r, true)
	return nil
}

// finish notes how a rotation has ended. Of a test, no version is left.
func (s *Service) finish(key string, r rotation, done bool) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		x, ok := s.secrets.Get(tx, key)
		if !ok || x.Rotation == nil || x.Rotation.Token != r.Token || x.Rotation.Test != r.Test {
			return nil // another one has taken its place
		}
		x.Versions = slices.Clone(x.Versions)
		now := *x.Rotation
		now.Token, now.Test = "", false
		switch {
		case r.Test:
			x.move(pending, "")
			x.Versions = slices.DeleteFunc(x.Versions, func(v version) bool { return v.ID == r.Token && v.empty() })
		case done:
			now.Last = s.env.Clock.Now()
		}
		x.Rotation = &now
		s.secrets.Put(tx, key, x)
		return nil
	})
	if err != nil {
		s.env.Log.Error("the end of a secret's rotation was not stored", slog.Any("error", err))
	}
}
