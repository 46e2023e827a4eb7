package sqs

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	decide "github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// owned are the actions that no policy allows to other accounts or services.
var owned = []string{
	"AddPermission", "DeleteQueue", "ListQueueTags", "RemovePermission", "SetQueueAttributes", "TagQueue", "UntagQueue",
}

// admits asks the queue's policy about those whom only it can allow something: other
// services, and other accounts. What users and roles of the queue's own account may
// do is not asked here.
func (q *queue) admits(ctx context.Context, action string) error {
	c, from := env.CallerOf(ctx), env.ScopeOf(ctx).Account
	if c.Service == "" && from == q.Scope.Account {
		return nil
	}
	r := decide.Request{ARN: c.ARN, Account: from, Service: c.Service, Action: "sqs:" + action, Resource: q.arn(), Keys: map[string]string{"aws:securetransport": "true"}}
	if c.SourceARN != "" {
		r.Keys["aws:sourcearn"] = c.SourceARN
	}
	if c.SourceAccount != "" {
		r.Keys["aws:sourceaccount"] = c.SourceAccount
	}
	who := c.ARN
	if c.Service != "" {
		who = c.Service
	}
	why := "because no resource-based policy allows the sqs:%s action"
	switch d := decide.Decide(q.Attributes["Policy"], r); {
	case d == decide.Allowed && !slices.Contains(owned, action):
		return nil
	case d == decide.Denied:
		why = "with an explicit deny in a resource-based policy: sqs:%s"
	}
	return &wire.Error{
		Code: "AccessDeniedException", Status: http.StatusForbidden, Header: http.Header{"X-Amzn-Query-Error": {"AccessDenied;Sender"}},
		Message: fmt.Sprintf("User: %s is not authorized to perform: sqs:%s on resource: %s "+why, who, action, q.arn(), action),
	}
}

// The most messages of a queue that can be in flight.
const (
	maxFlying     = 120_000
	maxFlyingFIFO = 20_000
)

// room is how many more messages of the queue can be in flight. They are counted
// only when so many were handed out since the last time that there may be too many.
func (s *Service) room(tx *store.Tx, q *queue) int {
	limit := maxFlying
	if q.fifo() {
		limit = maxFlyingFIFO
	}
	if s.Flying > 0 {
		limit = s.Flying
	}
	s.mu.Lock()
	n, known := s.flying[q.key()]
	s.mu.Unlock()
	if !known || n >= limit {
		n = s.inFlight(tx, q)
		s.noteFlying(q, n)
	}
	return max(0, limit-n)
}

// noteFlying remembers how many messages are in flight at most.
func (s *Service) noteFlying(q *queue, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying[q.key()] = n
}

// handedOut counts messages that are in flight from now on.
func (s *Service) handedOut(q *queue, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying[q.key()] += n
}

// inFlight counts the messages of a queue that are in flight.
func (s *Service) inFlight(tx *store.Tx, q *queue) (n int) {
	now := s.now()
	from := q.key() + "\x00"
	if !q.fifo() { // in the order of the times from which they can be received
		from = fmt.Sprintf("%s\x00%016x", q.key(), now+1)
	}
	for k, m := range s.messages.From(tx, from) {
		if len(k) <= len(q.key()) || k[:len(q.key())+1] != q.key()+"\x00" {
			break
		}
		if m.Visible > now && m.Receipt != "" {
			n++
		}
	}
	return n
}

func overLimit() error {
	return &types.OverLimit{Message: ptr("The maximum number of in flight messages is reached.")}
}
