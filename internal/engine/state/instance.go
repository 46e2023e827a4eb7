package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// encodeInstance writes one element of a resource's `instances`.
func encodeInstance(e Entry) (json.RawMessage, error) {
	x := e.Object
	members := make([]member, 0, 12)
	switch k := e.Addr.Key.(type) {
	case addr.IntKey:
		members = append(members, member{"index_key", int(k)})
	case addr.StringKey:
		members = append(members, member{"index_key", string(k)})
	}
	if x.Tainted {
		members = append(members, member{"status", "tainted"})
	}
	if e.Deposed != "" {
		members = append(members, member{"deposed", e.Deposed})
	}
	if e.Provider.Key != nil {
		members = append(members, member{"provider", e.Provider.String()})
	}
	sensitive, err := encodePaths(x.Sensitive)
	if err != nil {
		return nil, err
	}
	attributes := x.Attributes
	if attributes == nil {
		attributes = json.RawMessage("null")
	}
	members = append(members,
		member{"schema_version", x.SchemaVersion},
		member{"attributes", attributes},
		member{"sensitive_attributes", sensitive},
	)
	if x.Identity != nil {
		members = append(members, member{"identity_schema_version", x.IdentityVersion}, member{"identity", x.Identity})
	}
	if len(x.Private) > 0 {
		members = append(members, member{"private", x.Private})
	}
	if len(x.Dependencies) > 0 {
		deps := make([]string, len(x.Dependencies))
		for i, d := range x.Dependencies {
			deps[i] = d.String()
		}
		slices.Sort(deps)
		members = append(members, member{"dependencies", slices.Compact(deps)})
	}
	if x.CreateBeforeDestroy {
		members = append(members, member{"create_before_destroy", true})
	}
	if x.SkipDestroy {
		members = append(members, member{"skip_destroy", true})
	}
	var o object
	if err := o.putAll(members...); err != nil {
		return nil, err
	}
	return o.end(x.extra)
}

// decodeInstance reads one element of a resource's `instances`. The provider is
// empty unless the instance has one of its own.
func decodeInstance(in fields) (slot, addr.ProviderConfig, *Object, error) {
	var own addr.ProviderConfig
	var provider string
	if err := in.take("provider", &provider); err != nil {
		return slot{}, own, nil, err
	}
	if provider != "" {
		var err error
		if own, err = addr.ParseProviderConfig(provider); err != nil {
			return slot{}, own, nil, within(".provider", err)
		}
	}
	at, o, err := decodeObject(in)
	return at, own, o, err
}

func decodeObject(in fields) (slot, *Object, error) {
	var at slot
	var key, sensitive json.RawMessage
	var status string
	var deps []string
	o := &Object{}
	for _, m := range []member{
		{"index_key", &key},
		{"status", &status},
		{"deposed", &at.deposed},
		{"schema_version", &o.SchemaVersion},
		{"attributes", &o.Attributes},
		{"sensitive_attributes", &sensitive},
		{"identity_schema_version", &o.IdentityVersion},
		{"identity", &o.Identity},
		{"private", &o.Private},
		{"dependencies", &deps},
		{"create_before_destroy", &o.CreateBeforeDestroy},
		{"skip_destroy", &o.SkipDestroy},
	} {
		if err := in.take(m.name, m.value); err != nil {
			return at, nil, err
		}
	}
	var err error
	if at.key, err = decodeKey(key); err != nil {
		return at, nil, within(".index_key", err)
	}
	if at.deposed != "" && !validDeposed(at.deposed) {
		return at, nil, within(".deposed", fmt.Errorf("%q is not a key of 8 hex digits", at.deposed))
	}
	switch status {
	case "":
	case "tainted":
		o.Tainted = true
	default:
		return at, nil, within(".status", fmt.Errorf("%q is not a status that is known", status))
	}
	if len(in["attributes_flat"]) > 0 && string(in["attributes_flat"]) != "null" {
		return at, nil, within(".attributes_flat", errors.New("these attributes are in the form of Terraform 0.11; run `terraform apply` with Terraform 0.12 first"))
	}
	if len(o.Attributes) == 0 {
		o.Attributes = json.RawMessage("null")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, o.Attributes); err != nil {
		return at, nil, within(".attributes", err)
	}
	o.Attributes = compact.Bytes()
	if string(o.Identity) == "null" {
		o.Identity = nil
	}
	if o.Sensitive, err = decodePaths(sensitive); err != nil {
		return at, nil, within(".sensitive_attributes", err)
	}
	for i, d := range deps {
		a, err := addr.ParseConfigResource(d)
		if err != nil {
			return at, nil, within(fmt.Sprintf(".dependencies[%d]", i), err)
		}
		o.Dependencies = append(o.Dependencies, a)
	}
	o.extra = in.rest()
	return at, o, nil
}

func decodeKey(raw json.RawMessage) (addr.Key, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return addr.StringKey(s), nil
	}
	var i int
	if json.Unmarshal(raw, &i) == nil && i >= 0 {
		return addr.IntKey(i), nil
	}
	return nil, fmt.Errorf("%s is neither a string nor a whole number from 0", raw)
}

// pathStep is a step of a path in `sensitive_attributes`. The value of an index
// step carries its type, as values of a dynamic type do.
type pathStep struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

func encodePaths(paths []cty.Path) (json.RawMessage, error) {
	encoded := make([]json.RawMessage, 0, len(paths))
	for _, p := range paths {
		steps := make([]pathStep, 0, len(p))
		for _, s := range p {
			step := pathStep{Type: "index"}
			var err error
			switch s := s.(type) {
			case cty.GetAttrStep:
				step.Type = "get_attr"
				step.Value, err = json.Marshal(s.Name)
			case cty.IndexStep:
				step.Value, err = ctyjson.Marshal(s.Key, cty.DynamicPseudoType)
			}
			if err != nil {
				return nil, fmt.Errorf("encoding a sensitive path: %w", err)
			}
			steps = append(steps, step)
		}
		raw, err := json.Marshal(steps)
		if err != nil {
			return nil, fmt.Errorf("encoding a sensitive path: %w", err)
		}
		encoded = append(encoded, raw)
	}
	slices.SortFunc(encoded, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	return json.Marshal(encoded)
}

func decodePaths(raw json.RawMessage) ([]cty.Path, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var paths [][]pathStep
	if err := json.Unmarshal(raw, &paths); err != nil {
		return nil, err
	}
	var out []cty.Path
	for _, steps := range paths {
		p := make(cty.Path, 0, len(steps))
		for _, s := range steps {
			switch strings.TrimSpace(s.Type) {
			case "get_attr":
				var name string
				if err := json.Unmarshal(s.Value, &name); err != nil {
					return nil, err
				}
				p = p.GetAttr(name)
			case "index":
				key, err := ctyjson.Unmarshal(s.Value, cty.DynamicPseudoType)
				if err != nil {
					return nil, err
				}
				p = p.Index(key)
			default:
				return nil, fmt.Errorf("%q is not a kind of path step that is known", s.Type)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

func encodeOutputs(outputs map[string]Output) (map[string]json.RawMessage, error) {
	out := make(map[string]json.RawMessage, len(outputs))
	for name, x := range outputs {
		ty, err := ctyjson.MarshalType(x.Value.Type())
		if err != nil {
			return nil, fmt.Errorf("encoding the type of output %q: %w", name, err)
		}
		value, err := ctyjson.Marshal(x.Value, x.Value.Type())
		if err != nil {
			return nil, fmt.Errorf("encoding output %q: %w", name, err)
		}
		var o object
		members := []member{{"value", json.RawMessage(value)}, {"type", json.RawMessage(ty)}}
		if x.Sensitive {
			members = append(members, member{"sensitive", true})
		}
		if err := o.putAll(members...); err != nil {
			return nil, err
		}
		if out[name], err = o.end(x.extra); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func decodeOutput(in fields) (Output, error) {
	var out Output
	var value, typ json.RawMessage
	for _, m := range []member{{"value", &value}, {"type", &typ}, {"sensitive", &out.Sensitive}} {
		if err := in.take(m.name, m.value); err != nil {
			return out, err
		}
	}
	ty, err := ctyjson.UnmarshalType(typ)
	if err != nil {
		return out, within(".type", err)
	}
	if out.Value, err = ctyjson.Unmarshal(value, ty); err != nil {
		return out, within(".value", err)
	}
	out.extra = in.rest()
	return out, nil
}
