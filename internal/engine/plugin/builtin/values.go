package builtin

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/msgpack"
)

// The framework and the packages of the language know different values, which
// are the same on the wire.

func ctyOf(v tftypes.Value) (cty.Value, error) {
	raw, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, v)
	if err != nil {
		return cty.DynamicVal, fmt.Errorf("encoding a value: %w", err)
	}
	return msgpack.Unmarshal(raw.MsgPack, cty.DynamicPseudoType)
}

func ctyOfAttr(ctx context.Context, v attr.Value) (cty.Value, error) {
	raw, err := v.ToTerraformValue(ctx)
	if err != nil {
		return cty.DynamicVal, fmt.Errorf("encoding a value: %w", err)
	}
	return ctyOf(raw)
}

func tfOf(v cty.Value) (tftypes.Value, error) {
	raw, err := msgpack.Marshal(v, cty.DynamicPseudoType)
	if err != nil {
		return tftypes.Value{}, fmt.Errorf("encoding a value: %w", err)
	}
	return tfprotov6.DynamicValue{MsgPack: raw}.Unmarshal(tftypes.DynamicPseudoType)
}

func dynamicOf(ctx context.Context, v cty.Value) (types.Dynamic, error) {
	raw, err := tfOf(v)
	if err != nil {
		return types.DynamicNull(), err
	}
	out, err := types.DynamicType.ValueFromTerraform(ctx, raw)
	if err != nil {
		return types.DynamicNull(), err
	}
	return out.(types.Dynamic), nil
}
