package acctest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Prove proves a type, each part in a subtest with an emulator of its own.
func Prove(t *testing.T, s Subject) {
	t.Run("life", func(t *testing.T) { t.Parallel(); s.life(t) })
	t.Run("gone", func(t *testing.T) { t.Parallel(); s.gone(t) })
	t.Run("standing", func(t *testing.T) { t.Parallel(); s.standing(t) })
	for _, id := range s.Import {
		t.Run("import "+id, func(t *testing.T) { t.Parallel(); s.imported(t, id) })
	}
	for _, e := range s.Edits {
		t.Run("edit "+e.name(), func(t *testing.T) { t.Parallel(); s.edited(t, e) })
	}
	for _, i := range s.Invalid {
		t.Run("invalid "+i.Argument+" "+oneLine(i.To), func(t *testing.T) { t.Parallel(); s.refused(t, i) })
	}
	for _, name := range slices.Sorted(maps.Keys(s.Base)) {
		t.Run("unknown "+name, func(t *testing.T) { t.Parallel(); s.unknown(t, name) })
	}
	t.Run("moods", func(t *testing.T) { t.Parallel(); s.inMoods(t) })
	t.Run("lag", func(t *testing.T) { t.Parallel(); s.lagging(t) })
	for _, r := range s.Transient {
		t.Run("transient "+r.Operation+" "+r.Code, func(t *testing.T) { t.Parallel(); s.transient(t, r) })
	}
	t.Run("live", func(t *testing.T) { t.Parallel(); s.live(t) })
	for _, name := range s.engines() {
		t.Run(name, func(t *testing.T) { t.Parallel(); s.program(t, name) })
	}
	var l length
	for _, k := range kinds {
		t.Run(k.String(), func(t *testing.T) { t.Parallel(); s.spoiled(t, k, &l) })
	}
}

// life: create, plan nothing, destroy, nothing left.
func (s Subject) life(t *testing.T) {
	b := s.bench(t)
	taken := b.doubt()
	if c := b.apply(s.Base); c.Action != "create" {
		t.Fatalf("first apply: %s, want create", c.Action)
	}
	taken.Store(0)
	b.settled(s.Base)
	if n := taken.Load(); n < 2 {
		t.Errorf("a plan without changes took %d shortcuts, want one to read and one to plan", n)
	}
	if id := b.Identity(b.address()); !strings.Contains(id, `"account_id":"`) || strings.Contains(id, "null") {
		t.Errorf("the identity is %s", id)
	}
	b.emptied(s.Base)
}

// gone: an object that somebody else deleted is created again.
func (s Subject) gone(t *testing.T) {
	b := s.bench(t)
	b.apply(s.Base)
	other := b.another()
	if _, err := other.Apply(t.Context(), s.provided()+s.Before); err != nil {
		t.Fatalf("deleting it behind its back: %v", err)
	}
	if c := b.plan(s.Base); c.Action != "create" {
		t.Errorf("plan after it was deleted: %s, want create", c.Action)
	}
	b.apply(s.Base)
	b.settled(s.Base)
	b.emptied(s.Base)
}

// standing: an object that somebody else made is left as it is, with an error that
// says how to import it, unless the subject says what becomes of it.
func (s Subject) standing(t *testing.T) {
	b := s.bench(t)
	b.apply(s.Base)
	alone := b.deployed()
	other := b.another()
	other.Forget(b.address())
	_, err := other.Apply(t.Context(), b.config(s.Base))
	if s.Again != "" {
		if err != nil {
			t.Fatal(err)
		}
		is, was := other.Value(b.address()).GetAttr("id"), b.Value(b.address()).GetAttr("id")
		if is.RawEquals(was) != (s.Again == theSame) {
			t.Errorf("a second one has the id %#v, the first %#v, want %s", is, was, s.Again)
		}
		b.settled(s.Base)
		return
	}
	if err == nil {
		t.Fatal("the apply succeeded, and has taken over what somebody else made")
	}
	for _, says := range []string{"import {", s.Type + "."} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("the error does not say %q: %v", says, err)
		}
	}
	if n := b.deployed(); n != alone {
		t.Errorf("the emulator holds %d things, want the %d of before", n, alone)
	}
	b.settled(s.Base)
	b.emptied(s.Base)
}

// imported: import by an id gives the state that the create gave.
func (s Subject) imported(t *testing.T, id string) {
	b := s.bench(t)
	b.doubt()
	b.apply(s.Base)
	want := b.Value(b.address())
	id = fill(id, want)
	b.Forget(b.address())
	if err := b.Machine.Import(t.Context(), b.config(s.Base), b.address(), id); err != nil {
		t.Fatalf("import %s: %v", id, err)
	}
	got := b.Value(b.address())
	for _, name := range changed(want, got) {
		if !slices.Contains(s.Unimported, name) {
			t.Errorf("import %s: %s is %#v, want %#v", id, name, got.GetAttr(name), want.GetAttr(name))
		}
	}
	if c := b.plan(s.Base); c.Action == "replace" || c.Action == "create" {
		t.Errorf("plan after import: %s because of %v", c.Action, c.Replace)
	}
	b.apply(s.Base)
	b.settled(s.Base)
	b.emptied(s.Base)
}

// edited: the plan shows what the edit changes and nothing else; the apply makes
// the calls that it needs and no more. Who has not heard of it finds it as a drift.
func (s Subject) edited(t *testing.T, e Edit) {
	b := s.bench(t)
	b.doubt()
	before := s.Base.with(e.From)
	b.apply(before)
	unaware := b.another()
	after := before.with(Arguments{e.Argument: e.To})
	c := b.plan(after)
	if e.Same {
		if c.Action != "no-op" {
			t.Errorf("plan: %s because of %v, want nothing to do", c.Action, c.Changed)
		}
		return
	}
	want := "update"
	if e.Replace {
		want = "replace"
	}
	if c.Action != want {
		t.Errorf("plan: %s because of %v, want %s", c.Action, c.Changed, want)
	}
	if e.Replace {
		if !slices.Contains(c.Replace, e.Argument) && len(c.Replace) == 0 {
			t.Errorf("plan: replaced because of %v", c.Replace)
		}
	} else if expected := slices.Sorted(slices.Values(append([]string{e.Argument}, e.With...))); !slices.Equal(c.Changed, expected) {
		t.Errorf("plan: changes %v, want %v", c.Changed, expected)
	}
	b.wire.Calls()
	if c := b.apply(after); c.Action != want {
		t.Errorf("apply: %s, want %s", c.Action, want)
	}
	if writes := writes(b.wire.Calls()); e.Writes != nil && !slices.Equal(writes, e.Writes) {
		t.Errorf("apply: wrote %v, want %v", writes, e.Writes)
	}
	b.settled(after)
	switch {
	case e.Grows:
		b.emptied(after)
		return
	case e.Replace, e.Local: // for others, it would be another object, or nothing
		b.apply(before)
		b.settled(before)
	case e.Unasked, slices.Contains(s.Unimported, e.Argument): // a drift does not tell of it, or not of all
		b.drifted(e, before, unaware)
		b.apply(after)
		b.apply(before)
		b.settled(before)
	default:
		b.drifted(e, before, unaware)
	}
	b.emptied(before)
}

func writes(calls []string) []string {
	return slices.DeleteFunc(calls, func(c string) bool { return reads(c) || c == "AssumeRole" })
}

// drifted: what somebody else made of the object, of whom unaware is before the edit,
// is found and undone.
func (b *bench) drifted(e Edit, before Arguments, unaware *Machine) {
	b.t.Helper()
	aware := b.Machine
	b.Machine = unaware
	was := b.Value(b.address())
	c := b.plan(before)
	if e.Unasked {
		if c.Action != "no-op" {
			b.t.Errorf("plan after the drift: %s because of %v, but AWS should not have been asked", c.Action, c.Changed)
		}
		b.Machine = aware
		return
	}
	shows := []string{e.Argument}
	if slices.Contains(b.Unimported, e.Argument) {
		shows = e.With // AWS tells what comes of the argument, not the argument
	}
	if c.Action != "update" || !slices.ContainsFunc(shows, func(name string) bool { return slices.Contains(c.Changed, name) }) {
		b.t.Errorf("plan after the drift: %s because of %v, want update because of %v", c.Action, c.Changed, shows)
	}
	b.apply(before)
	b.settled(before)
	for _, name := range changed(was, b.Value(b.address())) {
		if !slices.Contains(e.With, name) {
			b.t.Errorf("%s is %#v after the drift was undone, want %#v", name, b.Value(b.address()).GetAttr(name), was.GetAttr(name))
		}
	}
}

// refused: a bad value is an error of the plan that says which, why and what to do.
func (s Subject) refused(t *testing.T, i Invalid) {
	b := s.bench(t)
	b.doubt()
	_, err := b.Plan(t.Context(), b.config(s.Base.with(Arguments{i.Argument: i.To})))
	if err == nil {
		t.Fatal("the plan accepts it")
	}
	for _, part := range i.Says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the message does not say %q:\n%v", part, err)
		}
	}
	if n := b.deployed(); n != 0 {
		t.Errorf("the emulator holds %d things", n)
	}
}

// unknown: a plan works while an argument is not known yet.
func (s Subject) unknown(t *testing.T, argument string) {
	b := s.bench(t)
	b.doubt()
	if _, err := b.Plan(t.Context(), b.config(s.Base.with(Arguments{argument: "var.unknown"}))); err != nil {
		t.Errorf("plan of a create: %v", err)
	}
	b.apply(s.Base)
	if _, err := b.Plan(t.Context(), b.config(s.Base.with(Arguments{argument: "var.unknown"}))); err != nil {
		t.Errorf("plan of an update: %v", err)
	}
}

// seldom are the types whose objects, or what they refer to, AWS lets be made a few
// times a minute.
var seldom = map[string]bool{"serverless_domain": true, "serverless_domain_mapping": true, "serverless_routing_rule": true}

// inMoods: a life while AWS throttles, shows the past, and knows of new roles late.
// MOODS=on puts all other parts through the same.
func (s Subject) inMoods(t *testing.T) {
	if seldom[s.Type] && !whole() {
		t.Skip("AWS lets its domains be made every 30 seconds only; PROOFS=whole waits for them")
	}
	s.moods = true
	b := s.bench(t)
	b.apply(s.Base)
	b.settled(s.Base)
	after := s.Base.with(s.Together)
	b.apply(after)
	b.settled(after)
	b.emptied(after)
}

// lagging: reads that show the past for a while.
func (s Subject) lagging(t *testing.T) {
	b := s.bench(t)
	b.wire.Lag = 2
	b.apply(s.Base)
	b.settled(s.Base)
	for _, e := range s.Edits {
		if e.Replace || e.Same || len(e.From) > 0 {
			continue
		}
		after := s.Base.with(Arguments{e.Argument: e.To})
		b.apply(after)
		b.settled(after)
		b.apply(s.Base)
	}
	b.emptied(s.Base)
}

// transient: AWS refuses for a while.
func (s Subject) transient(t *testing.T, r Transient) {
	b := s.bench(t)
	left := r.Times
	b.wire.Spoil = func(_ int, operation string) Fault {
		if operation != r.Operation || left == 0 {
			return Fault{}
		}
		left--
		return Fault{Kind: Answer, Code: r.Code, Message: r.Message}
	}
	b.apply(s.Base)
	if left != 0 {
		for _, e := range s.Edits {
			if !e.Replace && !e.Same && len(e.From) == 0 && left > 0 {
				b.apply(s.Base.with(Arguments{e.Argument: e.To}))
				b.apply(s.Base)
			}
		}
	}
	b.settled(s.Base)
	b.emptied(s.Base)
	if left != 0 {
		t.Errorf("%s was called %d times only", r.Operation, r.Times-left)
	}
}

// A length is how many calls a life makes that nothing disturbs, and what it deploys.
type length struct {
	once                      sync.Once
	creates, updates, deletes int
	deployed, updated         int
}

// measured lives such a life.
func (s Subject) measured(t *testing.T, l *length) {
	after := s.Base.with(s.Together)
	b := s.bench(t)
	b.before()
	b.apply(s.Base)
	creates, deployed := len(b.wire.Calls()), b.deployed()
	b.apply(after)
	updates, updated := len(b.wire.Calls()), b.deployed()
	if _, err := b.Apply(t.Context(), b.provided()+b.Before); err != nil { // deletes the subject alone
		t.Fatal(err)
	}
	deletes := len(b.wire.Calls())
	b.emptied(after)
	l.creates, l.updates, l.deletes, l.deployed, l.updated = creates, updates, deletes, deployed, updated
}

// spoiled: at each call of a create, an update and a delete in turn something
// goes wrong; the next apply converges, and nothing is lost, doubled or orphaned.
func (s Subject) spoiled(t *testing.T, k Kind, l *length) {
	if k == Kill { // only with a stack can another run know what the dead one made
		s.settings, l = "  stack = \"proof\"\n", &length{}
	}
	l.once.Do(func() { s.measured(t, l) })
	if l.creates == 0 {
		t.Fatal("a life that nothing disturbs makes no calls")
	}
	after := s.Base.with(s.Together)
	for n := range l.creates {
		if !s.has(k, creating, n) {
			continue
		}
		t.Run(fmt.Sprintf("create %d", n), func(t *testing.T) {
			t.Parallel()
			b := s.bench(t)
			b.before()
			b.spoiling(n, k, s.Base)
			if k == Kill && (n == l.creates-1 || unmarks(b.hit) || s.Unmarked) {
				b.known(s.Base)
			}
			b.apply(s.Base)
			b.settled(s.Base)
			if got := b.deployed(); got != l.deployed {
				t.Errorf("the emulator holds %d things, want %d", got, l.deployed)
			}
			b.emptied(s.Base)
		})
	}
	for n := range l.updates {
		if !s.has(k, updating, n) {
			continue
		}
		t.Run(fmt.Sprintf("update %d", n), func(t *testing.T) {
			t.Parallel()
			b := s.bench(t)
			b.apply(s.Base)
			b.spoiling(n, k, after)
			if k == Kill && s.Unmarked { // the change may be a replacement
				b.known(after)
			}
			b.apply(after)
			b.settled(after)
			if got := b.deployed(); got != l.updated {
				t.Errorf("the emulator holds %d things, want %d", got, l.updated)
			}
			b.emptied(after)
		})
	}
	for n := range l.deletes {
		if !s.has(k, deleting, n) {
			continue
		}
		t.Run(fmt.Sprintf("delete %d", n), func(t *testing.T) {
			t.Parallel()
			b := s.bench(t)
			b.apply(after)
			b.wire.Calls()
			b.spoil(n, k)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			b.wire.Stop = cancel
			_, err := b.Apply(ctx, b.provided()+b.Before) // deletes the subject alone
			b.wire.Spoil = nil
			b.wire.Revive()
			if err != nil {
				if err := b.Refresh(t.Context(), b.config(after)); err != nil {
					t.Fatalf("refresh: %v", err)
				}
			}
			b.emptied(after)
		})
	}
}

// before makes what the subject refers to, so that only the subject is spoiled.
func (b *bench) before() {
	b.t.Helper()
	if _, err := b.Apply(b.t.Context(), b.provided()+b.Before); err != nil {
		b.t.Fatalf("apply of what comes before: %v", err)
	}
	b.wire.Calls()
}

// spoiling applies with a fault at call n and does not mind whether that fails.
func (b *bench) spoiling(n int, k Kind, a Arguments) {
	b.t.Helper()
	b.wire.Calls()
	b.spoil(n, k)
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	b.wire.Stop = cancel
	_, err := b.Apply(ctx, b.config(a))
	if err == nil && k != Kill && len(b.Addresses()) == 0 {
		b.t.Error("the apply succeeded and left no state")
	}
	b.wire.Spoil = nil
	b.wire.Revive()
}

// known imports what was created but never saved: behind the last call of a
// create nothing tells whose the object is, so that the next one must refuse it
// and say how to import it.
func (b *bench) known(a Arguments) {
	b.t.Helper()
	_, err := b.Apply(b.t.Context(), b.config(a))
	if err == nil {
		return // a type that needs no last step
	}
	_, block, found := strings.Cut(err.Error(), "import {")
	_, block, _ = strings.Cut(block, "id = ")
	quoted, _ := strconv.QuotedPrefix(block)
	id, wrong := strconv.Unquote(quoted)
	if !found || wrong != nil {
		b.t.Fatalf("apply: %v", err)
	}
	if err := b.Machine.Import(b.t.Context(), b.config(a), b.address(), id); err != nil {
		b.t.Fatalf("import %s: %v", id, err)
	}
}

// unmarks reports whether an operation takes a mark off. It is the last call of a
// create, but not always of the same number: waiting takes one call more or less.
func unmarks(operation string) bool { return strings.HasPrefix(operation, "Untag") }

func (b *bench) spoil(n int, k Kind) {
	b.wire.Spoil = func(at int, operation string) Fault {
		if at == n {
			b.hit = operation
			return Fault{Kind: k}
		}
		return Fault{}
	}
}
