package sfn

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// pollTime is how long GetActivityTask waits for a task.
const pollTime = time.Minute

// activity is a queue of tasks that workers take.
type activity struct {
	Scope   env.Scope
	Name    string
	Created time.Time
	Tags    map[string]string
}

func (a *activity) key() string { return a.Scope.Key(a.Name) }
func (a *activity) arn() string { return a.Scope.ARN("states", "activity:"+a.Name) }

// offer is a task for a worker.
type offer struct {
	token, input string
}

// token leads to a task.
type token struct {
	execution *live
	task      int
}

// tokenPrefix begins every token, so that one of a task that ended is known.
const tokenPrefix = "AQCEAAAAKgAAAAMAAAAAAAAAA" //nolint:gosec // it is secret to nobody

func newToken() string {
	return tokenPrefix + strings.ReplaceAll(uuid.NewString()+uuid.NewString()+uuid.NewString(), "-", "")
}

func noActivity(arn string) error {
	return &types.ActivityDoesNotExist{Message: ptr(fmt.Sprintf("Activity Does Not Exist: '%s'", arn))}
}

// CreateActivity makes an activity; one that is there is given back.
func (s *Service) CreateActivity(ctx context.Context, in *sfn.CreateActivityInput) (*sfn.CreateActivityOutput, error) {
	a := activity{Scope: env.ScopeOf(ctx), Name: *in.Name, Created: s.now(), Tags: tagMap(in.Tags)}
	if err := checkName(a.Name); err != nil {
		return nil, err
	}
	if err := checkEncryption(in.EncryptionConfiguration); err != nil {
		return nil, err
	}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if old, ok := s.activities.Get(tx, a.key()); ok {
			a = old
			return nil
		}
		if err := s.roomForActivity(tx, a.Scope); err != nil {
			return err
		}
		s.activities.Put(tx, a.key(), a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sfn.CreateActivityOutput{ActivityArn: ptr(a.arn()), CreationDate: &a.Created}, nil
}

func (s *Service) activity(arn string) (a activity, err error) {
	scope, _, rest, err := resource(arn, "activity")
	if err != nil {
		return a, err
	}
	err = s.env.Store.View(func(tx *store.Tx) error {
		found := false
		if a, found = s.activities.Get(tx, scope.Key(rest[0])); !found || len(rest) != 1 {
			return noActivity(arn)
		}
		return nil
	})
	return a, err
}

// DescribeActivity tells of an activity.
func (s *Service) DescribeActivity(_ context.Context, in *sfn.DescribeActivityInput) (*sfn.DescribeActivityOutput, error) {
	a, err := s.activity(*in.ActivityArn)
	if err != nil {
		return nil, err
	}
	return &sfn.DescribeActivityOutput{
		ActivityArn: ptr(a.arn()), CreationDate: &a.Created, Name: &a.Name,
		EncryptionConfiguration: &types.EncryptionConfiguration{Type: types.EncryptionTypeAwsOwnedKey},
	}, nil
}

// DeleteActivity removes an activity. One that is not there is no error.
func (s *Service) DeleteActivity(_ context.Context, in *sfn.DeleteActivityInput) (*sfn.DeleteActivityOutput, error) {
	scope, _, rest, err := resource(*in.ActivityArn, "activity")
	if err != nil {
		return nil, err
	}
	if len(rest) != 1 {
		return nil, invalidARN(*in.ActivityArn)
	}
	err = s.env.Store.Update(func(tx *store.Tx) error { s.activities.Delete(tx, scope.Key(rest[0])); return nil })
	if err != nil {
		return nil, err
	}
	return &sfn.DeleteActivityOutput{}, nil
}

// ListActivities lists the activities by their age.
func (s *Service) ListActivities(ctx context.Context, in *sfn.ListActivitiesInput) (*sfn.ListActivitiesOutput, error) {
	all := []types.ActivityListItem{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		for _, a := range s.activities.Prefix(tx, env.ScopeOf(ctx).Key("")) {
			all = append(all, types.ActivityListItem{ActivityArn: ptr(a.arn()), CreationDate: &a.Created, Name: &a.Name})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b types.ActivityListItem) int { return a.CreationDate.Compare(*b.CreationDate) })
	out := &sfn.ListActivitiesOutput{}
	out.Activities, out.NextToken, err = page(all, in.MaxResults, in.NextToken)
	return out, err
}

// offer gives a task of an activity to a worker that waits, or keeps it for one.
func (s *Service) offer(arn string, o offer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if waiting := s.polls[arn]; len(waiting) > 0 {
		s.polls[arn] = waiting[1:]
		waiting[0] <- o // has room for one
		return
	}
	queue := s.queues[arn]
	for len(queue) > 0 { // where no worker comes, what ended is not kept
		if _, known := s.tokens[queue[0].token]; known {
			break
		}
		queue = queue[1:]
	}
	s.queues[arn] = append(queue, o)
}

// GetActivityTask gives a worker its next task; it waits for one, and answers
// nothing when none came.
func (s *Service) GetActivityTask(ctx context.Context, in *sfn.GetActivityTaskInput) (*sfn.GetActivityTaskOutput, error) {
	arn := *in.ActivityArn
	if _, err := s.activity(arn); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(s.alive, cancel)
	defer stop()
	timeout := s.env.Clock.AfterFunc(pollTime, cancel)
	defer timeout.Stop()
	for {
		o, ok, err := s.take(ctx, arn)
		if err != nil {
			return nil, err
		}
		if !ok {
			return &sfn.GetActivityTaskOutput{}, nil
		}
		s.mu.Lock()
		t, known := s.tokens[o.token]
		s.mu.Unlock()
		if !known {
			continue // it ended meanwhile
		}
		t.execution.poke(func(x *run.Execution) { x.TaskStarted(t.task, value(in.WorkerName)) })
		return &sfn.GetActivityTaskOutput{Input: &o.input, TaskToken: &o.token}, nil
	}
}

// take waits for a task of an activity, unless as many workers wait as can.
func (s *Service) take(ctx context.Context, arn string) (o offer, ok bool, err error) {
	s.mu.Lock()
	if queue := s.queues[arn]; len(queue) > 0 {
		s.queues[arn] = queue[1:]
		s.mu.Unlock()
		return queue[0], true, nil
	}
	if len(s.polls[arn]) >= s.Quotas.Workers {
		s.mu.Unlock()
		return o, false, &types.ActivityWorkerLimitExceeded{Message: ptr("The maximum number of workers concurrently polling for activity tasks has been reached.")}
	}
	mine := make(chan offer, 1)
	s.polls[arn] = append(s.polls[arn], mine)
	s.mu.Unlock()
	select {
	case o := <-mine:
		return o, true, nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.polls[arn] = slices.DeleteFunc(s.polls[arn], func(c chan offer) bool { return c == mine })
	s.mu.Unlock()
	select {
	case o := <-mine: // came at the last moment
		return o, true, nil
	default:
		return offer{}, false, nil
	}
}

// answer has f tell the execution of a token.
func (s *Service) answer(text string, f func(x *run.Execution, task int) bool) error {
	s.mu.Lock()
	t, ok := s.tokens[text]
	s.mu.Unlock()
	if !ok && !strings.HasPrefix(text, tokenPrefix) {
		return &types.InvalidToken{Message: ptr("Invalid Token: 'Invalid token'")}
	}
	if ok {
		t.execution.poke(func(x *run.Execution) { ok = t.execution.token(t.task) == text && f(x, t.task) })
	}
	if !ok {
		return &types.TaskTimedOut{Message: ptr("Task Timed Out: 'Provided task does not exist anymore'")}
	}
	return nil
}

// SendTaskSuccess ends the task of a token.
func (s *Service) SendTaskSuccess(_ context.Context, in *sfn.SendTaskSuccessInput) (*sfn.SendTaskSuccessOutput, error) {
	if _, err := jsonvalue.Parse([]byte(*in.Output)); err != nil {
		return nil, &types.InvalidOutput{Message: ptr(fmt.Sprintf("Invalid Output: 'Invalid output: %s'", err))}
	}
	err := s.answer(*in.TaskToken, func(x *run.Execution, task int) bool { return x.TaskSucceeded(task, *in.Output) })
	if err != nil {
		return nil, err
	}
	return &sfn.SendTaskSuccessOutput{}, nil
}

// SendTaskFailure fails the task of a token.
func (s *Service) SendTaskFailure(_ context.Context, in *sfn.SendTaskFailureInput) (*sfn.SendTaskFailureOutput, error) {
	err := s.answer(*in.TaskToken, func(x *run.Execution, task int) bool {
		return x.TaskRefused(task, run.Failure{Error: in.Error, Cause: in.Cause})
	})
	if err != nil {
		return nil, err
	}
	return &sfn.SendTaskFailureOutput{}, nil
}

// SendTaskHeartbeat says that the task of a token is still at work.
func (s *Service) SendTaskHeartbeat(_ context.Context, in *sfn.SendTaskHeartbeatInput) (*sfn.SendTaskHeartbeatOutput, error) {
	err := s.answer(*in.TaskToken, func(x *run.Execution, task int) bool { return x.TaskHeartbeat(task) })
	if err != nil {
		return nil, err
	}
	return &sfn.SendTaskHeartbeatOutput{}, nil
}
