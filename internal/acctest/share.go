package acctest

import (
	"hash/fnv"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// whole tells that every part of every proof was asked for. Without that a run has
// a share of what comes in hundreds, always the same one: each call is spoiled in
// one way rather than in all, but a kill comes at each call of a create; and each
// type is under one other engine, with some of its edits. Another type has another
// share.
func whole() bool { return os.Getenv("PROOFS") == "whole" }

// moody tells that everything is to be proved on an emulator with AWS's moods.
func moody() bool { return os.Getenv("MOODS") == "on" }

// started is an emulator, with AWS's moods if it is to have them.
func started(t *testing.T, moods bool) *emulator.Emulator {
	t.Helper()
	if moods || moody() {
		return providertest.Moody(t)
	}
	return providertest.Emulator(t)
}

// kinds are the faults of the proofs.
var kinds = []Kind{Throttle, Break, CutBefore, CutAfter, Kill, Interrupt}

// turn is a number that tells types apart.
func (s Subject) turn() int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s.Type)) // never fails
	return int(h.Sum32() >> 8)
}

// has reports whether call n of a phase is spoiled in that way in this run.
func (s Subject) has(k Kind, phase, n int) bool {
	return whole() || k == Kill && phase == creating || kinds[(s.turn()+phase+n)%len(kinds)] == k
}

// The phases of a life in which calls are spoiled.
const (
	creating = 2 * iota
	updating
	deleting
)

// shareOfEdits are those that other engines make in this run.
func (s Subject) shareOfEdits() []Edit {
	const most = 6
	var some []Edit
	for i, e := range s.Edits {
		if whole() || len(s.Edits) <= most || (i+s.turn())*most%len(s.Edits) < most {
			some = append(some, e)
		}
	}
	return some
}

// engines are the other ones that a type is proved with in this run: one, of those
// that are on PATH.
func (s Subject) engines() []string {
	all := []string{"terraform", "tofu"}
	if whole() {
		return all
	}
	there := slices.DeleteFunc(slices.Clone(all), func(name string) bool { _, err := exec.LookPath(name); return err != nil })
	if len(there) == 0 {
		return all // which skip, saying why
	}
	n := s.turn() % len(there)
	return there[n : n+1]
}
