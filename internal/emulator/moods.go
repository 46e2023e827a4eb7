package emulator

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
	"github.com/tfserverless/terraform-provider-serverless/internal/quota"
)

// moment is how long a table is CREATING, UPDATING or DELETING, and the name of a
// deleted queue is not free, where reads lag: long enough to be met by who asks at once.
const moment = 100 * time.Millisecond

// Moods adds AWS's moods to c if the environment variable SERVERLESS_MOODS is "on":
// quotas, and reads that lag.
func Moods(c Config) (Config, error) {
	switch v := os.Getenv("SERVERLESS_MOODS"); v {
	case "", "off":
	case "on":
		c.Quotas, c.Lag = true, max(c.Lag, 2)
	default:
		return c, fmt.Errorf(`the environment variable SERVERLESS_MOODS is %q; it may be "on" or "off"`, v)
	}
	return c, nil
}

// moods imitates what AWS does for no reason that a caller could know: it throttles,
// and it shows the past for a while. It stands before the services, which know
// nothing of it; what one service asks of another is not its affair.
type moods struct {
	clock  clock.Clock
	quotas bool
	lag    int // reads that show a thing as it was before the last write

	mu      sync.Mutex
	buckets map[string]*quota.Bucket
	writes  map[string]int      // by service and region
	shown   map[string]*showing // by service, region and what was asked
}

// showing is the last answer to a read.
type showing struct {
	header http.Header
	status int
	body   []byte
	writes int // of its service and region before it was made
	left   int // reads that still get it
}

// newMoods returns those of a configuration.
func newMoods(c Config) *moods {
	return &moods{
		clock: c.Clock, quotas: c.Quotas, lag: c.Lag,
		buckets: map[string]*quota.Bucket{}, writes: map[string]int{}, shown: map[string]*showing{},
	}
}

// Admit implements [wire.Between].
func (m *moods) Admit(r wire.Request) error {
	if !m.quotas {
		return nil
	}
	now := m.clock.Now()
	for _, limit := range quota.Of(r.Service, r.Operation) {
		m.mu.Lock()
		key := limit.Class + " " + r.Region
		b, ok := m.buckets[key]
		if !ok {
			b = quota.NewBucket(limit)
			m.buckets[key] = b
		}
		m.mu.Unlock()
		if !b.Take(now) {
			code, message, status := quota.Throttled(r.Service)
			return &wire.Error{Code: code, Message: message, Status: status}
		}
	}
	return nil
}

// Settle has all that was written be seen by the reads from now on, as if some seconds
// had passed, where the configuration has a Lag.
func (e *Emulator) Settle() {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.services != nil {
		e.services.moods.settle()
	}
}

func (m *moods) settle() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.shown)
}

// between is what stands before the services; nil for nothing.
func (m *moods) between() wire.Between {
	if !m.quotas && m.lag == 0 {
		return nil
	}
	return m
}

// consistent are the services whose reads never show the past, as AWS promises.
var consistent = []string{"s3", "secretsmanager", "sts"}

// present is what a read says that must not show the past, in the spaces of any client.
var present = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"ConsistentRead"\s*:\s*true`) })

// maxShown is how many answers are kept; beyond it, all are forgotten.
const maxShown = 10_000

// Show implements [wire.Between].
func (m *moods) Show(r wire.Request, w http.ResponseWriter, answer func(http.ResponseWriter)) {
	if m.lag == 0 || slices.Contains(consistent, r.Service) || present().Match(r.Body) {
		answer(w)
		return
	}
	place := r.Service + " " + r.Region
	if !readsOnly(r.Operation) {
		k := &kept{ResponseWriter: w}
		answer(k)
		if k.status < http.StatusMultipleChoices { // a refused one changes nothing
			m.mu.Lock()
			m.writes[place]++
			m.mu.Unlock()
		}
		return
	}
	key := fmt.Sprintf("%s %s %s %s", place, r.Operation, r.URL, r.Body)
	if old := m.past(place, key); old != nil {
		maps.Copy(w.Header(), old.header)
		w.WriteHeader(old.status)
		_, _ = w.Write(old.body) // the client may have left
		return
	}
	m.mu.Lock()
	before := m.writes[place]
	m.mu.Unlock()
	k := &kept{ResponseWriter: w, keep: true}
	answer(k)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.shown) >= maxShown {
		clear(m.shown)
	}
	m.shown[key] = &showing{header: w.Header().Clone(), status: k.status, body: k.body.Bytes(), writes: before, left: m.lag}
}

// past returns what a read still shows of before the last write; nil if it shows
// what is there.
func (m *moods) past(place, key string) *showing {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.shown[key]
	if !ok || old.writes == m.writes[place] || old.left == 0 {
		return nil
	}
	old.left--
	return old
}

// readsOnly reports whether an operation changes nothing, by its name.
func readsOnly(operation string) bool {
	if operation == "GetActivityTask" { // which gives each task to one worker
		return false
	}
	return slices.ContainsFunc([]string{"BatchGet", "Describe", "Get", "List", "Query", "Scan"}, func(verb string) bool { return strings.HasPrefix(operation, verb) })
}

// kept is a response that is noted while it is written.
type kept struct {
	http.ResponseWriter
	keep   bool
	status int
	body   bytes.Buffer
}

// WriteHeader implements [http.ResponseWriter].
func (k *kept) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (k *kept) Write(b []byte) (int, error) {
	if k.keep {
		k.body.Write(b)
	}
	return k.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (k *kept) Unwrap() http.ResponseWriter { return k.ResponseWriter }

// newRoles hides roles from those who want to assume them for a while after they are
// made, as AWS's do not hear of them at once.
type newRoles struct {
	roles interface {
		Role(ctx context.Context, arn string) (trustPolicyJSON, roleID string, maxSession time.Duration, err error)
	}
	lag int

	mu    sync.Mutex
	asked map[string]int // by the role's id, which no other role will have
}

// Role implements the roles of STS.
func (n *newRoles) Role(ctx context.Context, arn string) (string, string, time.Duration, error) {
	trust, id, longest, err := n.roles.Role(ctx, arn)
	if err != nil {
		return trust, id, longest, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.asked == nil {
		n.asked = map[string]int{}
	}
	if n.asked[id] < n.lag {
		n.asked[id]++
		return "", "", 0, fmt.Errorf("the role %s is too new to be assumed", arn)
	}
	return trust, id, longest, nil
}
