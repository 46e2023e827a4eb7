package sqs

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// A FIFO queue gives the messages of a group one after the other: while one is in
// flight, those behind it wait. So that nobody looks at all who wait, each group has a
// list of its messages' turns, and the first of each list stands with those of the
// other groups.

func (q *queue) lineKey(group string) string { return q.key() + "\x00" + group + "\x00" }

// enqueue and dequeue note that a message of a FIFO queue has come or gone.
func (s *Service) enqueue(tx *store.Tx, q *queue, m *message) {
	turn := q.turn(m)
	s.regroup(tx, q, m.Group, func() { s.lines.Put(tx, q.lineKey(m.Group)+turn, turn) })
}

func (s *Service) dequeue(tx *store.Tx, q *queue, m *message) {
	s.regroup(tx, q, m.Group, func() { s.lines.Delete(tx, q.lineKey(m.Group)+q.turn(m)) })
}

// regroup changes the list of a group, and keeps its first turn where it belongs.
func (s *Service) regroup(tx *store.Tx, q *queue, group string, change func()) {
	before := s.first(tx, q, group)
	change()
	after := s.first(tx, q, group)
	if before == after {
		return
	}
	if before != "" {
		s.fronts.Delete(tx, before)
	}
	if after != "" {
		s.fronts.Put(tx, after, group)
	}
}

func (s *Service) first(tx *store.Tx, q *queue, group string) string {
	for _, turn := range s.lines.Prefix(tx, q.lineKey(group)) {
		return turn
	}
	return ""
}

// choice is which messages can be received now, and what became of others.
type choice struct {
	taken, dead, old []*message
	next             int64 // when another one can be received; 0 if none waits for a time
}

// chooseFIFO returns up to most messages in the order of sending.
func (s *Service) chooseFIFO(tx *store.Tx, q *queue, most int, now int64) (c choice) {
	for head, group := range s.fronts.Prefix(tx, q.key()+"\x00") {
		if most > 0 && len(c.taken) >= most && q.turn(c.taken[most-1]) < head {
			break // all of this group come later
		}
		for _, m := range s.someOf(tx, q, group, most, now, &c) {
			at, _ := slices.BinarySearchFunc(c.taken, m, func(a, b *message) int { return cmp.Compare(a.Sequence, b.Sequence) })
			c.taken = slices.Insert(c.taken, at, m)
		}
	}
	c.taken = c.taken[:min(most, len(c.taken))]
	return c
}

// someOf returns the first messages of a group that can be received, up to most.
func (s *Service) someOf(tx *store.Tx, q *queue, group string, most int, now int64, c *choice) (some []*message) {
	policy, redriven := q.redrivePolicy()
	for _, turn := range s.lines.Prefix(tx, q.lineKey(group)) {
		m, ok := s.messages.Get(tx, turn)
		switch {
		case !ok:
		case m.expired(q, now):
			c.old = append(c.old, &m)
		case m.Visible > now:
			if c.next == 0 || m.Visible < c.next {
				c.next = m.Visible
			}
			return some
		case redriven && m.Count >= policy.Max:
			c.dead = append(c.dead, &m)
		case len(some) == most:
			return some
		default:
			some = append(some, &m)
		}
	}
	return some
}

// chooseStandard returns up to most messages; those in flight stand behind all others.
func (s *Service) chooseStandard(tx *store.Tx, q *queue, most int, now int64) (c choice) {
	policy, redriven := q.redrivePolicy()
	for _, m := range s.messages.Prefix(tx, q.key()+"\x00") {
		switch {
		case m.expired(q, now):
			c.old = append(c.old, &m)
		case m.Visible > now:
			c.next = m.Visible
			return c
		case redriven && m.Count >= policy.Max:
			c.dead = append(c.dead, &m)
		case len(c.taken) == most:
			if most == 0 { // as many as may be are in flight, until one of those is not
				for _, m := range s.messages.From(tx, fmt.Sprintf("%s\x00%016x", q.key(), now+1)) {
					c.next = m.Visible
					break
				}
			}
			return c
		default:
			c.taken = append(c.taken, &m)
		}
	}
	return c
}
