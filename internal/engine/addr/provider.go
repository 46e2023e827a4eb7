package addr

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// DefaultHost is the registry of provider addresses that name no host.
const DefaultHost = "registry.terraform.io"

// Builtin is the provider that is part of the language itself.
var Builtin = Provider{Host: "terraform.io", Namespace: "builtin", Type: "terraform"}

// Provider is the source address of a provider.
type Provider struct {
	Host      string
	Namespace string
	Type      string
}

// DefaultProvider is the provider that a configuration means by a local name
// without an entry in required_providers: hashicorp/NAME, or the built-in one.
func DefaultProvider(name string) Provider {
	if name == Builtin.Type {
		return Builtin
	}
	return Provider{Host: DefaultHost, Namespace: "hashicorp", Type: name}
}

var providerPart = regexp.MustCompile(`^[0-9A-Za-z](?:[0-9A-Za-z_-]*[0-9A-Za-z])?$`)

// ParseProvider reads a source address of one to three parts: "type",
// "namespace/type" or "host/namespace/type". Case does not matter.
func ParseProvider(s string) (Provider, error) {
	parts := strings.Split(s, "/")
	if len(parts) > 3 {
		return Provider{}, fmt.Errorf("%q must have the form [host/]namespace/type", s)
	}
	p := Provider{Host: DefaultHost, Namespace: "hashicorp"}
	if len(parts) == 3 {
		p.Host = strings.ToLower(parts[0])
		if p.Host == "" || strings.ContainsAny(p.Host, " \t\"") {
			return Provider{}, fmt.Errorf("%q has no valid host name before the first slash", s)
		}
		parts = parts[1:]
	}
	for _, part := range parts {
		// "-" is the namespace that test harnesses use for a reattached provider.
		if !providerPart.MatchString(part) && part != "-" {
			return Provider{}, fmt.Errorf("%q may contain only letters, digits, dashes and underscores in each part", s)
		}
	}
	if len(parts) == 2 {
		p.Namespace = strings.ToLower(parts[0])
	}
	p.Type = strings.ToLower(parts[len(parts)-1])
	return p, nil
}

// String is the full address, "host/namespace/type".
func (p Provider) String() string { return p.Host + "/" + p.Namespace + "/" + p.Type }

// Display is the address as people write it: without the default host.
func (p Provider) Display() string {
	if p.Host == DefaultHost {
		return p.Namespace + "/" + p.Type
	}
	return p.String()
}

// ProviderConfig is one provider block, or one instance of it: Alias is "" for the
// default one, and Key is nil unless the block has for_each.
type ProviderConfig struct {
	Module   Module
	Provider Provider
	Alias    string
	Key      Key
}

// String is the form of the state file:
// `module.a.provider["host/namespace/type"].alias["key"]`.
func (p ProviderConfig) String() string {
	s := "provider[" + strconv.Quote(p.Provider.String()) + "]"
	if p.Alias != "" {
		s += "." + p.Alias
	}
	return join(string(p.Module), s+KeyString(p.Key))
}

// ParseProviderConfig reads the form of the state file.
func ParseProviderConfig(s string) (ProviderConfig, error) {
	bad := func() (ProviderConfig, error) {
		return ProviderConfig{}, fmt.Errorf("%q is not the address of a provider configuration", s)
	}
	module, rest, ok := "", s, strings.HasPrefix(s, "provider[")
	if !ok {
		if module, rest, ok = strings.Cut(s, ".provider["); !ok {
			return bad()
		}
		rest = "provider[" + rest
	}
	source, alias, ok := strings.Cut(strings.TrimPrefix(rest, `provider["`), `"]`)
	if !ok || source == rest {
		return bad()
	}
	var key Key
	if i := strings.IndexByte(alias, '['); i > 0 {
		t, err := parseTraversal("x" + alias[i:])
		if err != nil || len(t) != 2 {
			return bad()
		}
		index, ok := t[1].(hcl.TraverseIndex)
		if !ok {
			return bad()
		}
		if key, err = KeyOf(index.Key); err != nil {
			return bad()
		}
		alias = alias[:i]
	}
	if alias != "" && (alias[0] != '.' || len(alias) == 1) {
		return bad()
	}
	p, err := ParseProvider(source)
	if err != nil {
		return bad()
	}
	steps, err := splitModule(module)
	if err != nil {
		return bad()
	}
	out := ProviderConfig{Provider: p, Alias: strings.TrimPrefix(alias, "."), Key: key}
	for _, st := range steps {
		out.Module = out.Module.Child(st.name)
	}
	return out, nil
}
