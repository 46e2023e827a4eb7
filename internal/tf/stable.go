package tf

import (
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// keepStable gives computed values their prior value, except those that a change
// in this plan may change according to the type's Changes. The framework makes
// all of them unknown as soon as anything changes, which would re-plan everything
// that refers to any of them.
func (r *instance[C, M]) keepStable(p *planning) {
	k := &keeper{p: p, changes: r.Changes, computed: map[string]bool{}, known: map[string]bool{}}
	for name, a := range r.schema.Attributes {
		k.computed[name] = a.IsComputed()
	}
	for name := range p.plan {
		if !p.settled[name] {
			prior := p.prior[name]
			p.plan[name] = k.keep(name, p.plan[name], p.config[name], &prior)
		}
	}
}

// differs reports whether an attribute's planned value differs from the prior
// one; values that are yet to be computed do not count.
func (p *planning) differs(name string) bool {
	if p.prior == nil {
		return true
	}
	return differs(p.plan[name], p.config[name], p.prior[name])
}

func differs(plan, config, prior tftypes.Value) bool {
	if !plan.IsKnown() {
		return !config.IsNull()
	}
	if !config.IsKnown() || plan.IsNull() || prior.IsNull() || !prior.IsKnown() {
		return !plan.Equal(prior)
	}
	switch t := plan.Type(); {
	case isObject(t), isMap(t):
		is, given, was := fields(plan), fields(config), fields(prior)
		for name, v := range is {
			w, ok := was[name]
			if !ok || differs(v, given[name], w) {
				return true
			}
		}
		return len(is) != len(was)
	case isSequence(t):
		is, given, was := elements(plan), elements(config), elements(prior)
		if len(is) != len(was) {
			return true
		}
		for i, v := range is {
			var c tftypes.Value
			if i < len(given) {
				c = given[i]
			}
			if differs(v, c, was[i]) {
				return true
			}
		}
		return false
	}
	return !plan.Equal(prior)
}

// A keeper decides which computed values keep their prior value.
type keeper struct {
	p        *planning
	changes  map[string][]string
	computed map[string]bool // top-level attributes that are computed
	known    map[string]bool // answers of changed
}

// changed reports whether something that the value at the dotted path depends on
// changes in this plan.
func (k *keeper) changed(at string) bool {
	if answer, ok := k.known[at]; ok {
		return answer
	}
	k.known[at] = false // a cycle adds nothing
	for _, on := range k.changes[at] {
		if on == "*" && k.anything() || on != "*" && k.depends(on) {
			k.known[at] = true
			break
		}
	}
	return k.known[at]
}

func (k *keeper) depends(on string) bool {
	return k.p.differs(on) || k.changed(on) || k.p.settled[on] && !k.p.plan[on].IsFullyKnown()
}

// anything reports whether any attribute that people write, or that a default
// fills, differs, but for those that say nothing to AWS.
func (k *keeper) anything() bool {
	for name := range k.p.plan {
		if name == "timeouts" {
			continue
		}
		open := k.computed[name] && k.p.config[name].IsNull() && !k.p.settled[name]
		if k.p.differs(name) || !open && k.depends(name) {
			return true
		}
	}
	return false
}

// keep returns the planned value at a dotted path with its computed parts
// settled: the prior value, or unknown where a change in the plan changes it.
func (k *keeper) keep(at string, plan, config tftypes.Value, prior *tftypes.Value) tftypes.Value {
	if prior != nil && !prior.IsKnown() {
		prior = nil
	}
	if config.IsNull() {
		if _, declared := k.changes[at]; declared && k.changed(at) {
			return tftypes.NewValue(plan.Type(), tftypes.UnknownValue)
		}
		if !plan.IsKnown() && prior != nil {
			return *prior
		}
	}
	if !plan.IsKnown() || plan.IsNull() || plan.Type() == nil {
		return plan
	}
	switch t := plan.Type(); {
	case isObject(t), isMap(t):
		is, given, out := fields(plan), fields(config), map[string]tftypes.Value{}
		was := map[string]tftypes.Value{}
		if prior != nil {
			was = fields(*prior)
		}
		for name, v := range is {
			below := at
			if isObject(t) {
				below += "." + name
			}
			c, ok := given[name]
			if !ok {
				c = tftypes.NewValue(v.Type(), nil)
			}
			if w, ok := was[name]; ok {
				out[name] = k.keep(below, v, c, &w)
			} else {
				out[name] = k.keep(below, v, c, nil)
			}
		}
		return tftypes.NewValue(t, out)
	case isSequence(t):
		is, given := elements(plan), elements(config)
		var was []tftypes.Value
		if prior != nil {
			was = elements(*prior)
		}
		out := make([]tftypes.Value, len(is))
		for i, v := range is {
			c := tftypes.NewValue(v.Type(), nil)
			if i < len(given) {
				c = given[i]
			}
			var w *tftypes.Value
			if i < len(was) {
				w = &was[i]
			}
			out[i] = k.keep(at, v, c, w)
		}
		return tftypes.NewValue(t, out)
	}
	return plan
}
