package lang

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/dynblock"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

// Block is a body with the decoder for it, its references found once for all
// its evaluations.
type Block struct {
	body  hcl.Body
	spec  hcldec.Spec
	refs  []Ref
	diags hcl.Diagnostics
}

// NewBlock prepares body for evaluation.
func NewBlock(body hcl.Body, spec hcldec.Spec) *Block {
	b := &Block{body: body, spec: spec}
	b.walk(body, spec, nil)
	return b
}

// Refs are the references of all expressions in b.
func (b *Block) Refs() []Ref { return b.refs }

// Body is what NewBlock was given.
func (b *Block) Body() hcl.Body { return b.body }

func (b *Block) expr(e hcl.Expression, hidden map[string]bool) {
	refs, diags := Refs(e, hidden)
	b.refs = append(b.refs, refs...)
	b.diags = append(b.diags, diags...)
}

// walk collects the references of body. The names in hidden are iterators of the
// dynamic blocks around it.
func (b *Block) walk(body hcl.Body, spec hcldec.Spec, hidden map[string]bool) {
	schema := hcldec.ImpliedSchema(spec)
	schema.Blocks = append(schema.Blocks, hcl.BlockHeaderSchema{Type: "dynamic", LabelNames: []string{"type"}})
	content, _, _ := body.PartialContent(schema) // decoding reports what is wrong
	for _, a := range content.Attributes {
		b.expr(a.Expr, hidden)
	}
	children := hcldec.ChildBlockTypes(spec)
	for _, nested := range content.Blocks {
		if nested.Type != "dynamic" {
			b.walk(nested.Body, children[nested.Type], hidden)
			continue
		}
		if child := children[nested.Labels[0]]; child != nil {
			b.walkDynamic(nested, child, hidden)
		}
	}
}

var dynamicSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "for_each"}, {Name: "iterator"}, {Name: "labels"}},
	Blocks:     []hcl.BlockHeaderSchema{{Type: "content"}},
}

func (b *Block) walkDynamic(block *hcl.Block, spec hcldec.Spec, hidden map[string]bool) {
	content, _, _ := block.Body.PartialContent(dynamicSchema)
	iterator := block.Labels[0]
	if a := content.Attributes["iterator"]; a != nil {
		if name := hcl.ExprAsKeyword(a.Expr); name != "" {
			iterator = name
		}
	}
	inner := map[string]bool{iterator: true}
	for name := range hidden {
		inner[name] = true
	}
	if a := content.Attributes["for_each"]; a != nil {
		b.expr(a.Expr, hidden)
	}
	if a := content.Attributes["labels"]; a != nil {
		b.expr(a.Expr, inner)
	}
	for _, c := range content.Blocks {
		b.walk(c.Body, spec, inner)
	}
}

// decode evaluates the block in ec.
func (b *Block) decode(ec *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	return hcldec.Decode(dynblock.Expand(b.body, ec), b.spec, ec)
}
