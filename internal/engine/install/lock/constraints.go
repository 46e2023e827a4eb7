package lock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/apparentlymart/go-versions/versions"
	"github.com/apparentlymart/go-versions/versions/constraints"
)

// Canonical is the one way to write version constraints that mean the same:
// sorted, each once, and with all the parts of their versions. Empty is any
// version.
func Canonical(text ...string) (string, error) {
	specs := map[constraints.SelectionSpec]bool{}
	for _, t := range text {
		if strings.TrimSpace(t) == "" {
			continue
		}
		parsed, err := constraints.ParseRubyStyleMulti(t)
		if err != nil {
			return "", fmt.Errorf("%q is not a version constraint such as \"~> 1.2\"", t)
		}
		for _, s := range parsed {
			specs[constraints.SelectionSpec{Operator: s.Operator, Boundary: s.Boundary.ConstrainToZero()}] = true
		}
	}
	var sorted []constraints.SelectionSpec
	for s := range specs {
		sorted = append(sorted, s)
	}
	slices.SortFunc(sorted, func(a, b constraints.SelectionSpec) int {
		if x, y := boundary(a), boundary(b); !x.Same(y) {
			if x.LessThan(y) {
				return -1
			}
			return 1
		}
		return cmp.Or(
			strings.Compare(a.Boundary.Metadata, b.Boundary.Metadata),
			cmp.Compare(rank(a), rank(b)),
		)
	})
	var out []string
	for _, s := range sorted {
		out = append(out, one(s))
	}
	return strings.Join(out, ", "), nil
}

// Meeting is the set of versions that meet all the constraints.
func Meeting(text ...string) (versions.Set, error) {
	canonical, err := Canonical(text...)
	if err != nil || canonical == "" {
		return versions.Released, err
	}
	return versions.MeetingConstraintsStringRuby(canonical)
}

func boundary(s constraints.SelectionSpec) versions.Version {
	b := s.Boundary
	return versions.Version{
		Major: b.Major.Num, Minor: b.Minor.Num, Patch: b.Patch.Num,
		Prerelease: versions.VersionExtra(b.Prerelease), Metadata: versions.VersionExtra(b.Metadata),
	}
}

// operators are in the order of constraints with one version.
var operators = []struct {
	op     constraints.SelectionOp
	symbol string
}{
	{constraints.OpGreaterThan, "> "},
	{constraints.OpGreaterThanOrEqual, ">= "},
	{constraints.OpEqual, ""},
	{constraints.OpGreaterThanOrEqualPatchOnly, "~> "},
	{constraints.OpGreaterThanOrEqualMinorOnly, "~> "},
	{constraints.OpLessThanOrEqual, "<= "},
	{constraints.OpLessThan, "< "},
	{constraints.OpNotEqual, "!= "},
}

func rank(s constraints.SelectionSpec) int {
	for i, o := range operators {
		if o.op == s.Operator {
			return i
		}
	}
	return -1
}

func one(s constraints.SelectionSpec) string {
	b := s.Boundary
	out := fmt.Sprintf("%d.%d.%d", b.Major.Num, b.Minor.Num, b.Patch.Num)
	if s.Operator == constraints.OpGreaterThanOrEqualMinorOnly {
		out = fmt.Sprintf("%d.%d", b.Major.Num, b.Minor.Num)
	}
	if b.Prerelease != "" {
		out += "-" + b.Prerelease
	}
	if b.Metadata != "" {
		out += "+" + b.Metadata
	}
	if i := rank(s); i >= 0 {
		out = operators[i].symbol + out
	}
	return out
}
