package functions

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/eventpattern"
)

// eventMatch is the function event_match.
type eventMatch struct{}

func (eventMatch) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "event_match"
}

func (eventMatch) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Whether an event matches a pattern",
		MarkdownDescription: "Tells whether an event matches a pattern as EventBridge's rules, the `filters` of a `serverless_event_source` and SNS's filter policies have them: `event_match({ detail = { total = [{ numeric = [\">\", 100] }] } }, { detail = { total = 250 } })` is true. " +
			"It is the code that the emulator matches with. A pattern that AWS would refuse is an error, in AWS's words.",
		Parameters: []function.Parameter{
			function.DynamicParameter{Name: "pattern", MarkdownDescription: "The pattern: an object, or JSON."},
			function.DynamicParameter{Name: "event", MarkdownDescription: "The event: an object, or JSON as `sample_event` gives it."},
		},
		Return: function.BoolReturn{},
	}
}

func (eventMatch) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var given [2]types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &given[0], &given[1]); resp.Error != nil {
		return
	}
	var texts [2]string
	for i, name := range []string{"pattern", "event"} {
		var err error
		if texts[i], err = documentOf(ctx, given[i]); err != nil {
			resp.Error = function.NewArgumentFuncError(int64(i), fmt.Sprintf("the %s %v", name, err))
			return
		}
	}
	pattern, err := eventpattern.Parse(texts[0])
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, pattern.Matches([]byte(texts[1])))
}

// documentOf is a value as JSON; text must be that already.
func documentOf(ctx context.Context, v types.Dynamic) (string, error) {
	if s, ok := v.UnderlyingValue().(types.String); ok {
		if !json.Valid([]byte(s.ValueString())) {
			return "", fmt.Errorf("is text that is not JSON; give an object, or what jsonencode makes of it")
		}
		return s.ValueString(), nil
	}
	raw, err := v.UnderlyingValue().ToTerraformValue(ctx)
	if err != nil {
		return "", err
	}
	plain, err := plainValue(raw)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(plain)
	return string(text), err
}
