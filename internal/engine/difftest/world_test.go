package difftest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// world is what the provider has made: objects by their id. Ids follow from the
// names, so that they do not depend on what runs at the same time.
type world struct {
	mu    sync.Mutex
	made  map[string]int // how many objects of a name there have been
	have  map[string]tftypes.Value
	calls []call
	slow  map[string]bool // names whose changes take a while; "*" is all
}

func newWorld() *world {
	return &world{made: map[string]int{}, have: map[string]tftypes.Value{}, slow: map[string]bool{}}
}

// find is the id of the object of that name, or empty.
func (w *world) find(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(w.have)) {
		if text(w.have[id], "name") == name {
			return id
		}
	}
	return ""
}

// get is the object as a value of that type.
func (w *world) get(id string, ty tftypes.Object) (tftypes.Value, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v, ok := w.have[id]
	if !ok {
		return tftypes.NewValue(ty, nil), false
	}
	return fit(v, ty), true
}

func (w *world) put(v tftypes.Value) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.have[text(v, "id")] = v
}

func (w *world) remove(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.have, id)
}

// names are those of all objects, sorted.
func (w *world) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.have))
}

// edit changes the object of a name behind everybody's back: "gone" removes it,
// "ATTRIBUTE=JSON" gives an attribute a value.
func (w *world) edit(name, what string) error {
	id := w.find(name)
	if id == "" {
		return fmt.Errorf("the world has nothing called %s, only %s", name, strings.Join(w.names(), ", "))
	}
	if what == "gone" {
		w.remove(id)
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	attribute, value, _ := strings.Cut(what, "=")
	v := w.have[id]
	ty, ok := v.Type().(tftypes.Object).AttributeTypes[attribute]
	if !ok {
		return fmt.Errorf("%s has no attribute %s", name, attribute)
	}
	//nolint:staticcheck // the only way from JSON to a value
	to, err := tftypes.ValueFromJSON([]byte(value), ty)
	if err != nil {
		return err
	}
	w.have[id] = with(v, attribute, to)
	return nil
}

func (c *client) create(planned tftypes.Value) tftypes.Value {
	name := text(planned, "name")
	c.w.mu.Lock()
	c.w.made[name]++
	id := fmt.Sprintf("%s#%d", name, c.w.made[name])
	c.w.mu.Unlock()
	out := fill(planned, id, 1)
	c.w.put(out)
	return out
}

func (c *client) update(old, planned tftypes.Value) tftypes.Value {
	out := fill(planned, text(old, "id"), number(old, "version")+1)
	c.w.put(out)
	return out
}

// fill gives the values that are still unknown.
func fill(v tftypes.Value, id string, version int64) tftypes.Value {
	out, err := tftypes.Transform(v, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.IsKnown() {
			return v, nil
		}
		steps := at.Steps()
		name, _ := steps[len(steps)-1].(tftypes.AttributeName)
		switch ty := v.Type(); {
		case name == "id" && len(steps) == 1:
			return tftypes.NewValue(ty, id), nil
		case name == "version":
			return tftypes.NewValue(ty, big.NewFloat(float64(version))), nil
		case ty.Is(tftypes.String):
			return tftypes.NewValue(ty, "computed "+string(name)), nil
		case ty.Is(tftypes.Object{}):
			attributes := map[string]tftypes.Value{}
			for name := range ty.(tftypes.Object).AttributeTypes {
				attributes[name] = tftypes.NewValue(tftypes.String, fmt.Sprintf("computed %s %d", name, version))
			}
			return tftypes.NewValue(ty, attributes), nil
		default:
			return v, fmt.Errorf("nothing to fill in for %s of %s", at, ty)
		}
	})
	if err != nil {
		panic(err)
	}
	return out
}

// fit takes the attributes of v that ty has too.
func fit(v tftypes.Value, ty tftypes.Object) tftypes.Value {
	if v.Type().Equal(ty) {
		return v
	}
	have := attributes(v)
	out := map[string]tftypes.Value{}
	for name, t := range ty.AttributeTypes {
		if a, ok := have[name]; ok && a.Type().Equal(t) {
			out[name] = a
		} else {
			out[name] = empty(t)
		}
	}
	return tftypes.NewValue(ty, out)
}

func empty(ty tftypes.Type) tftypes.Value { return tftypes.NewValue(ty, nil) }

// fromJSON reads an object whose attributes may be missing or too many.
func fromJSON(raw []byte, ty tftypes.Object) (tftypes.Value, error) {
	var have map[string]json.RawMessage
	if err := json.Unmarshal(raw, &have); err != nil {
		return tftypes.Value{}, err
	}
	out := map[string]tftypes.Value{}
	for name, t := range ty.AttributeTypes {
		out[name] = empty(t)
		if text, ok := have[name]; ok {
			//nolint:staticcheck // the only way from JSON to a value
			v, err := tftypes.ValueFromJSON(text, t)
			if err != nil {
				return v, err
			}
			out[name] = v
		}
	}
	return tftypes.NewValue(ty, out), nil
}

func attributes(v tftypes.Value) map[string]tftypes.Value {
	var out map[string]tftypes.Value
	if !v.IsKnown() || v.IsNull() || v.As(&out) != nil {
		return nil
	}
	return out
}

// text is a string attribute; empty if it is null or unknown.
func text(v tftypes.Value, name string) string {
	var out *string
	if a, ok := attributes(v)[name]; ok && a.IsKnown() && a.As(&out) == nil && out != nil {
		return *out
	}
	return ""
}

func number(v tftypes.Value, name string) int64 {
	var out *big.Float
	if a, ok := attributes(v)[name]; ok && a.IsKnown() && a.As(&out) == nil && out != nil {
		n, _ := out.Int64()
		return n
	}
	return 0
}

func with(v tftypes.Value, name string, a tftypes.Value) tftypes.Value {
	out := attributes(v)
	out[name] = a
	return tftypes.NewValue(v.Type(), out)
}
