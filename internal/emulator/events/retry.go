package events

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// How long and how often a target is tried that has no RetryPolicy.
const (
	defaultAge      = 24 * time.Hour
	defaultAttempts = 185
)

// maxPause is between two attempts at most: with pauses that double from a second on,
// AWS's number of attempts takes AWS's time. AWS spreads them, too, which cannot be
// foretold.
const maxPause = 8 * time.Minute

// delivery is an event for a target of a rule.
type delivery struct {
	ID       string
	Rule     rule // without its targets
	Target   types.Target
	Event    []byte
	Trace    string
	Hop      int
	First    time.Time
	Attempts int       // that were made after the first
	Due      time.Time // zero until it waits in the store
	Code     string    // EventBridge's, of why the last attempt failed
	Message  string    // the same in words
}

func (d *delivery) key() string { return fmt.Sprintf("%020d", d.Due.UnixNano()) + "\x00" + d.ID }

// policy is how old the event may become and how often the target is tried again.
func (d *delivery) policy() (age time.Duration, attempts int) {
	age, attempts = defaultAge, defaultAttempts
	if p := d.Target.RetryPolicy; p != nil {
		if p.MaximumEventAgeInSeconds != nil {
			age = time.Duration(*p.MaximumEventAgeInSeconds) * time.Second
		}
		if p.MaximumRetryAttempts != nil {
			attempts = int(*p.MaximumRetryAttempts)
		}
	}
	return age, attempts
}

// permanent is an error that another attempt does not mend.
type permanent struct{ error }

// passing tells whether an error may be gone at another attempt: the target is busy
// or out of order. That it is not there, or not allowed, is for good.
func passing(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return !errors.As(err, new(permanent))
	}
	var e *wire.Error
	if errors.As(err, &e) && (e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests) {
		return true
	}
	code := api.ErrorCode()
	for _, part := range []string{"Throttl", "TooManyRequests", "LimitExceeded", "ServiceUnavailable", "InternalError", "InternalFailure", "ServiceException"} {
		if strings.Contains(code, part) {
			return true
		}
	}
	return api.ErrorFault() == smithy.FaultServer
}

// deliver hands an event to its target, and reports whether it waits to be tried
// again, as the target's RetryPolicy has it. One that is given up is put into the
// dead-letter queue. What waited stays in the store until the attempt is over: a kill
// has it delivered once more, and loses nothing. An error is the store's.
func (s *Service) deliver(d *delivery) (waits bool, err error) {
	now, before := s.env.Clock.Now(), ""
	age, attempts := d.policy()
	if !d.Due.IsZero() {
		before = d.key()
	}
	defer func() {
		if !waits && before != "" {
			err = s.env.Store.Update(func(tx *store.Tx) error { s.deliveries.Delete(tx, before); return nil })
		}
	}()
	if !now.Before(d.First.Add(age)) {
		s.give(d, "MaximumEventAgeInSeconds")
		return false, nil
	}
	if before != "" {
		d.Attempts++
	}
	err = s.send(&d.Rule, &d.Target, d.Event, d.Trace, d.Hop)
	if err == nil {
		return false, nil
	}
	d.Code, d.Message = errorCode(err), err.Error()
	if !passing(err) || d.Attempts >= attempts {
		s.give(d, "MaximumRetryAttempts")
		return false, nil
	}
	pause := maxPause
	if d.Attempts < 9 {
		pause = min(maxPause, time.Duration(math.Pow(2, float64(d.Attempts)))*time.Second)
	}
	if d.Due = now.Add(pause); d.Due.After(d.First.Add(age)) {
		d.Due = d.First.Add(age)
	}
	s.env.Log.Debug("an event is delivered again later", "rule", d.Rule.arn(), "target", value(d.Target.Arn), "error", err)
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if before != "" {
			s.deliveries.Delete(tx, before)
		}
		s.deliveries.Put(tx, d.key(), *d)
		return nil
	})
	if err != nil {
		s.give(d, "MaximumRetryAttempts")
		return false, err
	}
	return true, nil
}

// retry sets the alarm for the next delivery that is due.
func (s *Service) retry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	if s.alive.Err() != nil {
		return
	}
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for _, d := range s.deliveries.From(tx, "") {
			s.timer = s.env.Clock.AfterFunc(max(d.Due.Sub(s.env.Clock.Now()), 0), s.again)
			break
		}
		return nil
	})
}

// again delivers what is due.
func (s *Service) again() {
	s.mu.Lock()
	closing := s.alive.Err() != nil
	if !closing {
		s.work.Add(1)
	}
	s.mu.Unlock()
	if closing {
		return
	}
	defer s.work.Done()
	s.trying.Lock() // what is tried is still in the store, and due
	defer s.trying.Unlock()
	var due []delivery
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for _, d := range s.deliveries.From(tx, "") {
			if d.Due.After(s.env.Clock.Now()) {
				break
			}
			due = append(due, d)
		}
		return nil
	})
	for i := range due {
		if s.alive.Err() != nil {
			return // the others are tried when the emulator starts again
		}
		if _, err := s.deliver(&due[i]); err != nil { // no alarm: what is due would go again and again
			s.env.Log.Error("it could not be noted what became of an event", "error", err)
			return
		}
	}
	s.retry()
}

// give gives an event up: it goes to the target's dead-letter queue, if it has one.
func (s *Service) give(d *delivery, condition string) {
	s.env.Log.Warn("an event could not be delivered", "rule", d.Rule.arn(), "target", value(d.Target.Arn), "error", d.Message)
	if err := s.bury(d, condition); err != nil {
		s.env.Log.Warn("an event could not be put into the dead-letter queue", "rule", d.Rule.arn(), "error", err)
	}
}

// errorCode is EventBridge's name for why a target did not take an event.
func errorCode(cause error) string {
	var api smithy.APIError
	if !errors.As(cause, &api) {
		return "SDK_CLIENT_ERROR"
	}
	for _, of := range [][2]string{
		{"AccessDenied", "NO_PERMISSIONS"}, {"Authorization", "NO_PERMISSIONS"}, {"NotFound", "NO_RESOURCE"}, {"NonExistent", "NO_RESOURCE"}, {"DoesNotExist", "NO_RESOURCE"},
		{"Throttl", "THROTTLING"}, {"TooManyRequests", "THROTTLING"}, {"LimitExceeded", "RESOURCE_LIMIT_EXCEEDED"},
	} {
		if strings.Contains(api.ErrorCode(), of[0]) {
			return of[1]
		}
	}
	if passing(cause) {
		return "INTERNAL_ERROR"
	}
	return "INVALID_PARAMETER"
}

// bury puts an event that could not be delivered into the target's dead-letter
// queue, if it has one.
func (s *Service) bury(d *delivery, condition string) error {
	t := &d.Target
	if t.DeadLetterConfig == nil || value(t.DeadLetterConfig.Arn) == "" || s.Targets.Queues == nil {
		return nil
	}
	m := &sqs.SendMessageInput{MessageBody: ptr(string(d.Event)), MessageAttributes: map[string]sqstypes.MessageAttributeValue{}}
	for name, v := range map[string]string{
		"RULE_ARN": d.Rule.arn(), "TARGET_ARN": value(t.Arn), "ERROR_CODE": d.Code, "ERROR_MESSAGE": d.Message,
		"EXHAUSTED_RETRY_CONDITION": condition, "RETRY_ATTEMPTS": strconv.Itoa(d.Attempts),
	} {
		m.MessageAttributes[name] = sqstypes.MessageAttributeValue{DataType: ptr("String"), StringValue: &v}
	}
	_, err := s.Targets.Queues.Deliver(d.Rule.caller(*t.DeadLetterConfig.Arn), *t.DeadLetterConfig.Arn, m)
	return err
}

// newDelivery is an event that nobody has tried to deliver yet.
func (s *Service) newDelivery(r rule, t types.Target, event []byte, trace string, hop int) *delivery {
	r.Targets, r.Tags = nil, nil
	return &delivery{ID: uuid.NewString(), Rule: r, Target: t, Event: event, Trace: trace, Hop: hop, First: s.env.Clock.Now()}
}
