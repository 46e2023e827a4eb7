package secretsmanager

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	decide "github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// The staging labels that Secrets Manager itself moves.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
	pending  = "AWSPENDING"
)

// secret is a secret with its versions.
type secret struct {
	Scope       env.Scope
	Name, ARN   string
	Description string
	Key         string // of KMS; empty for the account's own
	Policy      string
	Tags        []tag
	Created     time.Time
	Changed     time.Time
	Accessed    time.Time // a day
	Ends        time.Time // the end of the recovery window, of one that is to be deleted
	Versions    []version // the oldest first
	Rotation    *rotation // nil where it was never set up
}

type tag struct{ Key, Value string }

// version is one version of a secret's value. One that a rotation has begun has none.
type version struct {
	ID       string
	Text     *string
	Binary   []byte
	Stages   []string // sorted
	Created  time.Time
	Accessed time.Time // a day
	Key      string    // of KMS
}

func (v *version) empty() bool { return v.Text == nil && v.Binary == nil }

func (x *secret) key() string { return x.Scope.Key(x.Name) }

// staged is the version that has the label; nil where none has it.
func (x *secret) staged(label string) *version {
	return x.find(func(v version) bool { return slices.Contains(v.Stages, label) })
}

// byID is the version of that id; nil where there is none.
func (x *secret) byID(id string) *version {
	return x.find(func(v version) bool { return v.ID == id })
}

func (x *secret) find(is func(version) bool) *version {
	if i := slices.IndexFunc(x.Versions, is); i >= 0 {
		return &x.Versions[i]
	}
	return nil
}

// stages are the labels of the versions that have some, by their ids.
func (x *secret) stages() map[string][]string {
	var out map[string][]string
	for _, v := range x.Versions {
		if len(v.Stages) > 0 {
			if out == nil {
				out = map[string][]string{}
			}
			out[v.ID] = v.Stages
		}
	}
	return out
}

// move puts a label on the version of that id, or on none, and takes it from the other.
// The version that was the current one becomes the previous one.
func (x *secret) move(label, to string) {
	from := x.staged(label)
	if from != nil && from.ID == to {
		return
	}
	if from != nil {
		from.Stages = slices.DeleteFunc(slices.Clone(from.Stages), func(l string) bool { return l == label })
		if label == current {
			x.move(previous, from.ID)
		}
	}
	if v := x.byID(to); v != nil {
		v.Stages = append(slices.Clone(v.Stages), label)
		slices.Sort(v.Stages)
	}
}

// maxVersions is how many versions are kept, of those that have labels and those that
// have none.
const maxVersions = 100

// add adds a version, and forgets old ones without labels.
func (x *secret) add(v version) {
	x.Versions = append(x.Versions, v)
	for i := 0; len(x.Versions) > maxVersions && i < len(x.Versions)-1; {
		if len(x.Versions[i].Stages) == 0 {
			x.Versions = slices.Delete(x.Versions, i, i+1)
		} else {
			i++
		}
	}
}

// suffix is what the ARN of a new secret ends with.
func suffix() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, 6)
	_, _ = rand.Read(b) // which never fails
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

// look returns the secret of a name, of an ARN, or of an ARN without its suffix. One
// whose recovery window has ended is not there.
func (s *Service) look(ctx context.Context, tx *store.Tx, id string) (secret, bool) {
	scope := env.ScopeOf(ctx)
	name := id
	if parts := strings.SplitN(id, ":", 7); len(parts) == 7 && parts[0] == "arn" && parts[2] == "secretsmanager" && parts[5] == "secret" {
		if parts[3] != scope.Region {
			return secret{}, false
		}
		scope.Account, name = parts[4], parts[6]
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			if x, ok := s.secrets.Get(tx, scope.Key(name[:i])); ok && x.ARN == id {
				return x, !s.ended(&x)
			}
		}
	}
	x, ok := s.secrets.Get(tx, scope.Key(name))
	return x, ok && !s.ended(&x)
}

// ended tells whether the recovery window of a deleted secret is over.
func (s *Service) ended(x *secret) bool {
	return !x.Ends.IsZero() && !s.env.Clock.Now().Before(x.Ends)
}

// open returns the secret that an action is about, if the caller may.
func (s *Service) open(ctx context.Context, tx *store.Tx, action string, id *string) (secret, error) {
	x, ok := s.look(ctx, tx, value(id))
	if !ok {
		return x, notFound()
	}
	x.Versions = slices.Clone(x.Versions) // readers have the old ones
	return x, x.admits(ctx, action)
}

// view calls f with the secret that an action is about.
func (s *Service) view(ctx context.Context, action string, id *string, f func(x *secret) error) error {
	return s.env.Store.View(func(tx *store.Tx) error {
		x, err := s.open(ctx, tx, action, id)
		if err != nil {
			return err
		}
		return f(&x)
	})
}

// update changes the secret that an action is about, which must not be marked for
// deletion, within one commit.
func (s *Service) update(ctx context.Context, action string, id *string, f func(x *secret) error) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		x, err := s.open(ctx, tx, action, id)
		if err != nil {
			return err
		}
		if !x.Ends.IsZero() {
			return marked()
		}
		if err := f(&x); err != nil {
			return err
		}
		x.Changed = s.env.Clock.Now()
		s.secrets.Put(tx, x.key(), x)
		return nil
	})
}

// admits asks the secret's policy about those whom only it can allow something: other
// services, and other accounts.
func (x *secret) admits(ctx context.Context, action string) error {
	c, from := env.CallerOf(ctx), env.ScopeOf(ctx).Account
	if c.Service == "" && from == x.Scope.Account {
		return nil
	}
	r := decide.Request{ARN: c.ARN, Account: from, Service: c.Service, Action: "secretsmanager:" + action, Resource: x.ARN, Keys: map[string]string{"aws:securetransport": "true"}}
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
	why := "because no resource-based policy allows the secretsmanager:%s action"
	switch decide.Decide(x.Policy, r) {
	case decide.Allowed:
		return nil
	case decide.Denied:
		why = "with an explicit deny in a resource-based policy: secretsmanager:%s"
	}
	return &wire.Error{
		Code: "AccessDeniedException", Status: http.StatusBadRequest,
		Message: fmt.Sprintf("User: %s is not authorized to perform: secretsmanager:%s on resource: %s "+why, who, action, x.ARN, action),
	}
}
