package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// Finding is an object that a query found, with the configuration that was
// generated for it, if any.
type Finding struct {
	plan.Found
	Resource, Import string // blocks of configuration
}

// Findings writes what a query finds as text, the objects of each list together.
type Findings struct {
	out   io.Writer
	style Style

	mu    sync.Mutex
	lists map[addr.Instance][][3]string
}

// NewFindings writes to out.
func NewFindings(s Style, out io.Writer) *Findings {
	return &Findings{out: out, style: s, lists: map[addr.Instance][][3]string{}}
}

// Listing says nothing: what is found speaks for itself.
func (f *Findings) Listing(addr.Instance, cty.Value) {}

// Found keeps an object until its list is complete.
func (f *Findings) Found(x Finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists[x.List] = append(f.lists[x.List], [3]string{x.List.String(), identityText(x.Identity), x.Name})
}

// Listed writes a line for each object of the list, in columns.
func (f *Findings) Listed(list addr.Instance, total int, _ hcl.Diagnostics) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var widths [2]int
	for _, line := range f.lists[list] {
		for i := range widths {
			widths[i] = max(widths[i], len(line[i]))
		}
	}
	var b strings.Builder
	for _, line := range f.lists[list] {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%s%*s   %-*s   %s", f.style.paint(bold, line[0]), widths[0]-len(line[0]), "", widths[1], line[1], line[2]), " ") + "\n")
	}
	if total == 0 {
		fmt.Fprintf(&b, "%s   (nothing found)\n", f.style.paint(bold, list.String()))
	}
	_, _ = io.WriteString(f.out, b.String()+"\n") // a result that cannot be shown is no reason to stop the others
}

// identityText is an identity on one line.
func identityText(v cty.Value) string {
	var parts []string
	values := v.AsValueMap()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		if value.IsNull() {
			continue
		}
		text := Value(value)
		if value.Type() == cty.String {
			text = value.AsString()
		}
		parts = append(parts, name+"="+text)
	}
	return strings.Join(parts, ",")
}

// Listing writes that a list begins.
func (l *Log) Listing(list addr.Instance, config cty.Value) {
	fact := struct {
		Address string          `json:"address"`
		Type    string          `json:"resource_type"`
		Config  json.RawMessage `json:"input_config,omitempty"`
	}{Address: list.String(), Type: list.Resource.Type}
	fact.Config, _ = jsonValue(shown(config)) // what cannot be encoded is left out
	l.line("info", "list_start", list.String()+": Starting query...", fields{"list_start": fact})
}

// Found writes an object that a list found. Sensitive parts are left out.
func (l *Log) Found(x Finding) {
	fact := struct {
		Address  string          `json:"address"`
		Name     string          `json:"display_name"`
		Identity json.RawMessage `json:"identity"`
		Version  uint64          `json:"identity_version"`
		Type     string          `json:"resource_type"`
		Object   json.RawMessage `json:"resource_object,omitempty"`
		Config   string          `json:"config,omitempty"`
		Import   string          `json:"import_config,omitempty"`
	}{
		Address: x.List.String(), Name: x.Name, Version: x.IdentityVersion, Type: x.List.Resource.Type,
		Config: x.Resource, Import: x.Import,
	}
	fact.Identity, _ = jsonValue(x.Identity)
	if !x.Found.Resource.IsNull() {
		fact.Object, _ = jsonValue(shown(x.Found.Resource))
	}
	l.line("info", "list_resource_found", x.List.String()+": Result found", fields{"list_resource_found": fact})
}

// Listed writes that a list is complete.
func (l *Log) Listed(list addr.Instance, total int, diags hcl.Diagnostics) {
	if diags.HasErrors() {
		return // the diagnostics say so
	}
	l.line("info", "list_complete", list.String()+": List complete", fields{"list_complete": struct {
		Address string `json:"address"`
		Type    string `json:"resource_type"`
		Total   int    `json:"total"`
	}{list.String(), list.Resource.Type, total}})
}

// shown is v with null in the place of what must not be shown.
func shown(v cty.Value) cty.Value {
	out, err := cty.Transform(v, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if hidden(v) {
			return cty.NullVal(v.Type()), nil
		}
		return v, nil
	})
	if err != nil {
		return cty.NullVal(v.Type()) // not reached: the function gives no error
	}
	return out
}
