package apply_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEphemeralLikeTerraform compares what is asked of the provider while
// planning and while applying, in order, and the state that is left.
func TestEphemeralLikeTerraform(t *testing.T) {
	t.Parallel()
	needShell(t)
	for name, steps := range map[string][]string{
		"chain": {`
ephemeral "test_token" "a" { name = "a" }
ephemeral "test_token" "b" { name = "b-${ephemeral.test_token.a.name}" }
resource "test_thing" "x" {
  name     = "x"
  password = ephemeral.test_token.b.value
  provisioner "local-exec" { command = "true ${ephemeral.test_token.b.value} ${self.name}" }
}
resource "test_thing" "y" {
  name     = "y-${test_thing.x.name}"
  password = "fixed"
}`, `
ephemeral "test_token" "a" { name = "a" }
resource "test_thing" "x" {
  name     = "x2"
  password = ephemeral.test_token.a.value
}
resource "test_thing" "y" {
  name     = "y-${test_thing.x.name}"
  password = null
}`, `
resource "test_thing" "x" {
  name = "x2"
  kind = "k"
}`},
		"deferred": {`
resource "test_thing" "first" { name = "first" }
ephemeral "test_token" "t" { name = test_thing.first.id }
resource "test_thing" "second" {
  name     = "second"
  password = ephemeral.test_token.t.value
}`},
		"repeated": {`
ephemeral "test_token" "each" {
  for_each = toset(["k"])
  name     = each.key
}
resource "test_thing" "x" {
  for_each = toset(["k"])
  name     = each.key
  password = ephemeral.test_token.each[each.key].value
}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := newBench(t), newOracle(t, findTerraform(t), newWorld())
			for i, src := range steps {
				prog, p := ours.mustPlan(src)
				if got, want := inAnyOrder(actions(p)), inAnyOrder(theirs.plan(src)); got != want {
					t.Errorf("step %d: plan\ngot  %s\nwant %s", i, got, want)
				}
				if diff := cmp.Diff(closedLast(theirs.world.took()), closedLast(ours.world.took())); diff != "" {
					t.Errorf("step %d: calls of planning (-terraform +ours)\n%s", i, diff)
				}
				if _, diags := ours.apply(t.Context(), prog, p); diags.HasErrors() {
					t.Fatal(text(diags))
				}
				theirs.apply()
				if diff := cmp.Diff(closedLast(theirs.world.took()), closedLast(ours.world.took())); diff != "" {
					t.Errorf("step %d: calls of applying (-terraform +ours)\n%s", i, diff)
				}
				if diff := cmp.Diff(normal(t, theirs.state()), normal(t, encode(t, ours.state))); diff != "" {
					t.Errorf("step %d: state (-terraform +ours)\n%s", i, diff)
				}
			}
		})
	}
}

// closedLast puts what is closed last, in one order: terraform closes each as soon
// as nothing needs it any more.
func closedLast(calls []string) []string {
	closing := func(s string) bool { return strings.HasPrefix(s, "close ") }
	closed := slices.DeleteFunc(slices.Clone(calls), func(s string) bool { return !closing(s) })
	slices.Sort(closed)
	return append(slices.DeleteFunc(slices.Clone(calls), closing), closed...)
}
