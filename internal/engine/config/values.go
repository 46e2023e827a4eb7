package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

var variableSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{
		{Name: "type"}, {Name: "default"}, {Name: "description"}, {Name: "sensitive"}, {Name: "nullable"},
		{Name: "ephemeral"}, {Name: "const"}, {Name: "deprecated"},
	},
	Blocks: []hcl.BlockHeaderSchema{{Type: "validation"}},
}

// reserved are the names that the arguments of module calls have.
var reserved = map[string]bool{"source": true, "version": true, "providers": true, "count": true, "for_each": true, "lifecycle": true, "depends_on": true, "locals": true}

func (l *loader) variable(b *hcl.Block) {
	name := b.Labels[0]
	if reserved[name] {
		l.fail(b.LabelRanges[0], "Reserved name", "A variable cannot be called %q, which is an argument of module calls. Rename it.", name)
		return
	}
	v := l.m.Variables[name]
	var at *hcl.Range
	if v != nil {
		at = &v.Range
	}
	if !l.declare("variable", name, b.DefRange, at) {
		return
	}
	if v == nil {
		v = &Variable{Name: name, Type: cty.DynamicPseudoType, Default: cty.NilVal, Nullable: true, Range: b.DefRange}
		l.m.Variables[name] = v
	}
	c := l.content(b.Body, variableSchema)
	if a := c.Attributes["const"]; a != nil {
		v.Const = l.flag(a)
	}
	if a := c.Attributes["deprecated"]; a != nil {
		v.Deprecated, _ = l.text(a)
	}
	if a := c.Attributes["description"]; a != nil {
		v.Description, _ = l.text(a)
	}
	if a := c.Attributes["sensitive"]; a != nil {
		v.Sensitive = l.flag(a)
	}
	if a := c.Attributes["ephemeral"]; a != nil {
		v.Ephemeral = l.flag(a)
	}
	if a := c.Attributes["nullable"]; a != nil {
		v.Nullable = l.flag(a)
	}
	if a := c.Attributes["type"]; a != nil {
		v.Typed = true
		l.variableType(v, a.Expr)
	}
	if a := c.Attributes["default"]; a != nil {
		l.variableDefault(v, a.Expr)
	} else if v.Default != cty.NilVal && c.Attributes["type"] != nil {
		l.convertDefault(v, c.Attributes["type"].Expr.Range())
	}
	checks := l.checks(c.Blocks, "validation")
	for _, check := range checks {
		if !refersTo(check.Condition, "var", name) {
			l.fail(check.Condition.Range(), "Condition refers to another variable", "The condition must refer to var.%s, whose value it is to check.", name)
		}
	}
	if len(checks) > 0 {
		v.Validations = checks
	}
}

func (l *loader) variableType(v *Variable, e hcl.Expression) {
	// Before 0.12 types were written as quoted words, and bare "list" and "map"
	// meant any elements.
	word := hcl.ExprAsKeyword(e)
	if word == "" {
		if text, diags := e.Value(nil); !diags.HasErrors() && text.Type() == cty.String && text.IsKnown() && !text.IsNull() {
			switch text.AsString() {
			case "string", "list", "map":
				word = text.AsString()
			}
		}
	}
	switch word {
	case "string":
		v.Type, v.Defaults = cty.String, nil
		return
	case "list":
		v.Type, v.Defaults = cty.List(cty.DynamicPseudoType), nil
		return
	case "map":
		v.Type, v.Defaults = cty.Map(cty.DynamicPseudoType), nil
		return
	}
	ty, defaults, diags := typeexpr.TypeConstraintWithDefaults(e)
	l.diags = append(l.diags, diags...)
	if !diags.HasErrors() {
		v.Type, v.Defaults = ty, defaults
	}
}

func (l *loader) variableDefault(v *Variable, e hcl.Expression) {
	value, diags := e.Value(nil)
	l.diags = append(l.diags, diags...)
	if diags.HasErrors() {
		return
	}
	v.Default = value
	l.convertDefault(v, e.Range())
}

func (l *loader) convertDefault(v *Variable, at hcl.Range) {
	value := v.Default
	if value.IsNull() && !v.Nullable {
		l.fail(at, "Invalid default value", "The default of variable %q is null, but nullable = false forbids that. Remove the default to make the variable required.", v.Name)
		return
	}
	if v.Defaults != nil && !value.IsNull() {
		value = v.Defaults.Apply(value)
	}
	converted, err := convert.Convert(value, v.Type)
	if err != nil {
		l.fail(at, "Invalid default value", "The default of variable %q is not compatible with its type: %s.", v.Name, err)
		return
	}
	v.Default = converted
}

func (l *loader) locals(b *hcl.Block) {
	attrs, diags := b.Body.JustAttributes()
	l.diags = append(l.diags, diags...)
	for name, a := range attrs {
		existing := l.m.Locals[name]
		var at *hcl.Range
		if existing != nil {
			at = &existing.Range
		}
		if l.declare("local value", name, a.NameRange, at) {
			l.m.Locals[name] = &Local{Name: name, Expr: a.Expr, Range: a.Range}
		}
	}
}

var outputSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{
		{Name: "value"}, {Name: "description"}, {Name: "sensitive"}, {Name: "depends_on"},
		{Name: "ephemeral"}, {Name: "deprecated"}, {Name: "type"},
	},
	Blocks: []hcl.BlockHeaderSchema{{Type: "precondition"}, {Type: "postcondition"}},
}

func (l *loader) output(b *hcl.Block) {
	name := b.Labels[0]
	o := l.m.Outputs[name]
	var at *hcl.Range
	if o != nil {
		at = &o.Range
	}
	if !l.declare("output", name, b.DefRange, at) {
		return
	}
	if o == nil {
		o = &Output{Name: name, Range: b.DefRange}
		l.m.Outputs[name] = o
	}
	c := l.content(b.Body, outputSchema)
	if a := c.Attributes["deprecated"]; a != nil {
		o.Deprecated, _ = l.text(a)
	}
	if a := c.Attributes["type"]; a != nil {
		l.fail(a.NameRange, "\"type\" is not supported", "This version of the engine cannot carry out the argument \"type\" of an output. Remove it.")
	}
	if a := c.Attributes["value"]; a != nil {
		o.Expr = a.Expr
	} else if !l.override {
		missing := b.Body.MissingItemRange()
		l.fail(missing, "Missing required argument", "The argument \"value\" is required in the output %q.", name)
		delete(l.m.Outputs, name)
		return
	}
	if a := c.Attributes["description"]; a != nil {
		o.Description, _ = l.text(a)
	}
	if a := c.Attributes["sensitive"]; a != nil {
		o.Sensitive = l.flag(a)
	}
	if a := c.Attributes["ephemeral"]; a != nil {
		o.Ephemeral = l.flag(a)
	}
	if a := c.Attributes["depends_on"]; a != nil {
		o.DependsOn = l.dependsOn(a)
	}
	for _, nested := range c.Blocks {
		if nested.Type == "postcondition" {
			l.fail(nested.DefRange, "Postconditions are not allowed in outputs", "An output has only preconditions. Rename the block to precondition.")
		}
	}
	if checks := l.checks(c.Blocks, "precondition"); len(checks) > 0 {
		o.Preconditions = checks
	}
}

var checkSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "condition", Required: true}, {Name: "error_message", Required: true}}}

func (l *loader) checks(blocks hcl.Blocks, kind string) []*Check {
	var out []*Check
	for _, b := range blocks {
		if b.Type != kind {
			continue
		}
		c := l.content(b.Body, checkSchema)
		condition, message := c.Attributes["condition"], c.Attributes["error_message"]
		if condition != nil && message != nil {
			if len(condition.Expr.Variables()) == 0 {
				l.fail(condition.Expr.Range(), "Condition refers to nothing", "The condition of %q must refer to something of the configuration: else it is always the same.", kind)
				continue
			}
			out = append(out, &Check{Condition: condition.Expr, Message: message.Expr, Range: b.DefRange})
		}
	}
	return out
}

// refersTo tells that e has a reference to root.name.
func refersTo(e hcl.Expression, root, name string) bool {
	return slices.ContainsFunc(e.Variables(), func(t hcl.Traversal) bool {
		if t.RootName() != root || len(t) < 2 {
			return false
		}
		step, ok := t[1].(hcl.TraverseAttr)
		return ok && step.Name == name
	})
}

// dependsOn is a list of references. Quoted ones, the style of before 0.12, are
// accepted.
func (l *loader) dependsOn(a *hcl.Attribute) []hcl.Traversal {
	if l.override {
		l.fail(a.NameRange, "\"depends_on\" cannot be overridden", "Write it in the file that declares the block.")
		return nil
	}
	items, diags := hcl.ExprList(a.Expr)
	l.diags = append(l.diags, diags...)
	var out []hcl.Traversal
	for _, e := range items {
		t, diags := traversalOf(e, false)
		l.diags = append(l.diags, diags...)
		if t != nil {
			out = append(out, t)
		}
	}
	return out
}
