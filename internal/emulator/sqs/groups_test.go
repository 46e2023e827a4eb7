package sqs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// waiting is a message of a FIFO queue as a model sees it.
type waiting struct {
	body, group, receipt string
	visible              time.Time
}

// TestGroups does at random what can be done with a FIFO queue, and compares what is
// received with a model that looks at every message in the order of sending.
func TestGroups(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t)
		q := w.queue(t, "q.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
		var model []*waiting
		for step := range 300 {
			switch random.IntN(6) {
			case 0, 1:
				m := &waiting{body: fmt.Sprintf("m%d", step), group: string(rune('a' + random.IntN(5)))}
				w.send(t, q, m.body, group(m.group))
				model = append(model, m)
			case 2, 3:
				most, hidden := 1+random.IntN(10), 1+random.IntN(20)
				now, blocked := w.clock.Now(), map[string]bool{}
				var want []*waiting
				for _, m := range model {
					if m.visible.After(now) {
						blocked[m.group] = true
					} else if !blocked[m.group] && len(want) < most {
						want = append(want, m)
					}
				}
				got := w.receive(t, q, func(in *sqs.ReceiveMessageInput) {
					in.MaxNumberOfMessages, in.VisibilityTimeout = int32(most), int32(hidden)
				})
				var names []string
				for i, m := range want {
					names = append(names, m.body)
					if i < len(got) {
						m.receipt = *got[i].ReceiptHandle
					}
					m.visible = now.Add(time.Duration(hidden) * time.Second)
				}
				if wanted := strings.Join(names, " "); bodies(got) != wanted {
					t.Fatalf("seed %d, step %d: received %q, want %q", seed, step, bodies(got), wanted)
				}
			case 4:
				flying := slices.DeleteFunc(slices.Clone(model), func(m *waiting) bool { return !m.visible.After(w.clock.Now()) })
				if len(flying) == 0 {
					continue
				}
				m := flying[random.IntN(len(flying))]
				if random.IntN(3) == 0 {
					m.visible = w.clock.Now()
					_, err := w.ChangeMessageVisibility(w.ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: q, ReceiptHandle: &m.receipt, VisibilityTimeout: 0})
					if err != nil {
						t.Fatal(err)
					}
					continue
				}
				if _, err := w.DeleteMessage(w.ctx, &sqs.DeleteMessageInput{QueueUrl: q, ReceiptHandle: aws.String(m.receipt)}); err != nil {
					t.Fatal(err)
				}
				model = slices.DeleteFunc(model, func(o *waiting) bool { return o == m })
			case 5:
				w.clock.Advance(time.Duration(random.IntN(8)) * time.Second)
			}
		}
		if _, err := w.PurgeQueue(w.ctx, &sqs.PurgeQueueInput{QueueUrl: q}); err != nil {
			t.Fatal(err)
		}
		_ = w.env.Store.View(func(tx *store.Tx) error {
			left := len(keysOf(w.lines.From(tx, ""))) + len(keysOf(w.fronts.From(tx, ""))) + len(keysOf(w.messages.From(tx, "")))
			if left != 0 {
				t.Errorf("seed %d: %d entries are left of a purged queue", seed, left)
			}
			return nil
		})
	}
}
