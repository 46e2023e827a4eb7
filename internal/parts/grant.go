package parts

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Grant returns what gives the access to all of the things, which are ARNs. What they
// need alike is one statement.
func Grant(to, access []string) ([]Statement, error) {
	var all []Statement
	for _, arn := range slices.Sorted(slices.Values(to)) {
		some, err := Link{To: arn, Access: access}.Statements()
		if err != nil {
			return nil, err
		}
		for _, s := range some {
			i := slices.IndexFunc(all, func(o Statement) bool { return slices.Equal(o.Action, s.Action) })
			if i < 0 {
				all = append(all, s)
				continue
			}
			for _, r := range s.Resource {
				if !slices.Contains(all[i].Resource, r) {
					all[i].Resource = append(all[i].Resource, r)
				}
			}
		}
	}
	return all, nil
}

// Granted reads such statements backward: the things that they are about, and the
// access words all of whose actions they allow. What the words do not say is lost.
func Granted(statements []Statement) (to, access []string) {
	has := pairs(statements)
	for p := range has {
		if arn := thing(p.resource); arn != "" && !slices.Contains(to, arn) {
			to = append(to, arn)
		}
	}
	slices.Sort(to)
	// An execution is one of the state machine, or of an alias that is named, too.
	to = slices.DeleteFunc(slices.Clone(to), func(arn string) bool {
		return !has.about(arn) && slices.ContainsFunc(to, func(o string) bool { return strings.HasPrefix(o, arn+":") })
	})
	if len(to) == 0 {
		return nil, nil
	}
	t, _, err := Link{To: to[0]}.target()
	if err != nil {
		return nil, nil
	}
	gives := map[string]set{}
	for word := range t.words {
		if s, err := Grant(to, []string{word}); err == nil && has.all(pairs(s)) {
			gives[word] = pairs(s)
		}
	}
	// The words that say most come first, and those that say nothing more are left out.
	words := slices.SortedFunc(maps.Keys(gives), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(gives[b]), len(gives[a])), strings.Compare(a, b))
	})
	said := set{}
	for _, word := range words {
		if !said.all(gives[word]) {
			access = append(access, word)
			maps.Copy(said, gives[word])
		}
	}
	slices.Sort(access)
	return to, access
}

// A pair is an action on a resource.
type pair struct{ action, resource string }

type set map[pair]bool

func pairs(statements []Statement) set {
	all := set{}
	for _, s := range statements {
		for _, a := range s.Action {
			for _, r := range s.Resource {
				all[pair{a, r}] = true
			}
		}
	}
	return all
}

// all reports whether the set has every pair of another.
func (s set) all(o set) bool {
	for p := range o {
		if !s[p] {
			return false
		}
	}
	return true
}

// about reports whether something is said of that resource itself.
func (s set) about(resource string) bool {
	for p := range s {
		if p.resource == resource {
			return true
		}
	}
	return false
}

// thing is the ARN of the thing that a resource of its statements belongs to; "" for
// none.
func thing(resource string) string {
	if machine, ok := strings.CutSuffix(resource, ":*"); ok && strings.Contains(machine, ":execution:") {
		return strings.Replace(machine, ":execution:", ":stateMachine:", 1)
	}
	p := strings.SplitN(resource, ":", 6)
	if len(p) != 6 {
		return ""
	}
	for _, t := range targets {
		if t.service != p[2] || !strings.HasPrefix(p[5], t.resource) {
			continue
		}
		suffixes := slices.Clone(t.also)
		for _, at := range t.at {
			if suffix, ok := strings.CutPrefix(at, "{arn}"); ok {
				suffixes = append(suffixes, suffix)
			}
		}
		slices.SortFunc(suffixes, func(a, b string) int { return len(b) - len(a) })
		for _, suffix := range suffixes {
			if arn, ok := strings.CutSuffix(resource, suffix); ok {
				return arn
			}
		}
		if _, _, err := (Link{To: resource}).target(); err == nil {
			return resource
		}
	}
	return ""
}
