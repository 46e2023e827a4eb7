// Package vtl carries out mapping templates of API Gateway: the part of the Velocity
// Template Language that templates of APIs are written in. What it does not carry out,
// such as #macro, is an error that names it, when the template is read.
//
// It must not know any service. Values are those of package jsonvalue, *[List], and what
// implements [Object].
package vtl

import (
	"context"
	"errors"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// A Template is a parsed template. It does not change.
type Template struct{ nodes []node }

// An Object is a value with properties and methods of its own, such as $input.
type Object interface {
	// Property is nil where there is none.
	Property(name string) any
	// Call calls a method; the error names one that there is not.
	Call(method string, args []any) (any, error)
}

// A List is a list that templates can add to.
type List struct{ Items []any }

// What bounds the work of one template: its steps, and the bytes of a text.
const (
	maxSteps = 1 << 20
	maxText  = 1 << 20
)

var (
	errSteps = errors.New("the template does too much work")
	errText  = errors.New("the template makes a text that is too large")
)

// Run carries out the template with these variables, until ctx is done.
func (t *Template) Run(ctx context.Context, variables map[string]any) (string, error) {
	r := &run{ctx: ctx, variables: map[string]any{}}
	for name, v := range variables {
		r.variables[name] = v
	}
	if err := r.all(t.nodes); err != nil {
		return "", err
	}
	return r.out.String(), nil
}

// run is a template that is being carried out.
type run struct {
	ctx       context.Context //nolint:containedctx // of this one run
	variables map[string]any
	out       strings.Builder
	steps     int
}

func (r *run) step() error {
	if r.steps++; r.steps > maxSteps {
		return errSteps
	}
	if r.out.Len() > maxText {
		return errText
	}
	return r.ctx.Err()
}

func (r *run) all(nodes []node) error {
	for _, n := range nodes {
		if err := r.step(); err != nil {
			return err
		}
		if err := n.run(r); err != nil {
			return err
		}
	}
	return nil
}

// node is a part of a template.
type node interface{ run(r *run) error }

// text is printed as it is.
type text string

func (n text) run(r *run) error {
	r.out.WriteString(string(n))
	return nil
}

// shown is a reference that is printed.
type shown struct {
	ref    *reference
	source string // is printed where the reference leads nowhere
	quiet  bool
}

func (n shown) run(r *run) error {
	v, err := n.ref.value(r)
	if err != nil {
		return err
	}
	switch {
	case !missing(v):
		r.out.WriteString(Text(v))
	case !n.quiet:
		r.out.WriteString(n.source)
	}
	return nil
}

func missing(v any) bool {
	_, null := v.(jsonvalue.Null)
	return v == nil || null
}

// set is #set.
type set struct {
	target *reference
	value  expression
}

func (n set) run(r *run) error {
	v, err := n.value.value(r)
	if err != nil {
		return err
	}
	if s, ok := v.(string); ok && len(s) > maxText {
		return errText
	}
	return n.target.assign(r, v)
}

// choice is #if with its branches; the last may have no condition.
type choice struct{ branches []branch }

type branch struct {
	condition expression // nil of #else
	nodes     []node
}

func (n choice) run(r *run) error {
	for _, b := range n.branches {
		if b.condition != nil {
			v, err := b.condition.value(r)
			if err != nil {
				return err
			}
			if !truth(v) {
				continue
			}
		}
		return r.all(b.nodes)
	}
	return nil
}

// truth is what #if takes a value for.
func truth(v any) bool {
	switch x := v.(type) {
	case bool:
		return x
	case string:
		return x != ""
	}
	return !missing(v)
}

// loop is #foreach.
type loop struct {
	name  string
	over  expression
	nodes []node
}

func (n loop) run(r *run) error {
	v, err := n.over.value(r)
	if err != nil {
		return err
	}
	items := itemsOf(v)
	outer, had := r.variables[n.name], r.variables["foreach"]
	defer func() { r.variables[n.name], r.variables["foreach"] = outer, had }()
	for i, item := range items {
		if err := r.step(); err != nil {
			return err
		}
		r.variables[n.name] = item
		r.variables["velocityCount"] = float64(i + 1)
		r.variables["foreach"] = jsonvalue.ObjectOf(
			"count", float64(i+1), "index", float64(i), "hasNext", i+1 < len(items), "first", i == 0, "last", i+1 == len(items))
		if err := r.all(n.nodes); err != nil {
			return err
		}
	}
	return nil
}

// itemsOf is what #foreach goes over: the items of a list, the values of a map.
func itemsOf(v any) []any {
	switch x := v.(type) {
	case *List:
		return x.Items
	case []any:
		return x
	case *jsonvalue.Object:
		var out []any
		for _, item := range x.All() {
			out = append(out, item)
		}
		return out
	}
	return nil
}

// Text is a value as it is printed: maps as in Java, lists as JSON.
func Text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	v = JSON(v)
	if o, ok := v.(*jsonvalue.Object); ok {
		return javaText(o)
	}
	return string(jsonvalue.Marshal(v))
}

func javaText(o *jsonvalue.Object) string {
	var b strings.Builder
	separator := "{"
	for name, item := range o.All() {
		b.WriteString(separator + name + "=")
		separator = ", "
		switch x := item.(type) {
		case string:
			b.WriteString(x)
		case *jsonvalue.Object:
			b.WriteString(javaText(x))
		default:
			b.Write(jsonvalue.Marshal(item))
		}
	}
	if separator == "{" {
		return "{}"
	}
	return b.String() + "}"
}

// JSON is a value as JSON has it. A list may hold itself: what is too deep or too much is
// null.
func JSON(v any) any {
	left := maxText
	return plain(v, maxDepth, &left)
}

func plain(v any, depth int, left *int) any {
	if *left--; depth == 0 || *left < 0 {
		return jsonvalue.Null{}
	}
	switch x := v.(type) {
	case nil:
		return jsonvalue.Null{}
	case string:
		*left -= len(x)
	case *List:
		return plain(x.Items, depth, left)
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = plain(item, depth-1, left)
		}
		return out
	case *jsonvalue.Object:
		out := jsonvalue.NewObject(x.Len())
		for name, item := range x.All() {
			out.Set(name, plain(item, depth-1, left))
		}
		return out
	case Object:
		return jsonvalue.Null{}
	}
	return v
}
