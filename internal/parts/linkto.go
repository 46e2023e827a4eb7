package parts

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// A LinkTo is an element of an attribute links of a model.
type LinkTo struct {
	To     basetypes.String   `tfsdk:"to"`
	Access []basetypes.String `tfsdk:"access"`
}

// Link is the link with that name.
func (l LinkTo) Link(name string) Link {
	return Link{Name: name, To: l.To.ValueString(), Access: tf.Texts(l.Access)}
}

// LinkAttributes are those of [LinkTo].
func LinkAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"to": schema.StringAttribute{Required: true, Validators: []validator.String{ARN}, MarkdownDescription: "ARN of a table, function, queue, topic, event bus, state machine, bucket, secret, parameter, key, Kinesis stream, place index or user pool; of an API its `execution_arn`."},
		"access": schema.ListAttribute{
			ElementType: basetypes.StringType, Required: true,
			MarkdownDescription: "For a table `read`, `write`, `stream`, `admin` (its settings); for an API `invoke`, `push` (to the connections of a WebSocket API); for a function `invoke`; for a queue `send`, `receive`, `purge`; for a topic or an event bus `publish`; for a state machine `start`, `start_sync`, `stop`, `read`, `await`, `callback`; " +
				"for a bucket, a key or a Kinesis stream `read`, `write`; for a secret, a parameter, a place index or a user pool `read`.",
		},
	}
}

// CheckLinks refuses links that allow nothing that there is.
func CheckLinks(v *tf.Check, links map[string]LinkTo) {
	for name, l := range links {
		if slices.ContainsFunc(l.Access, basetypes.String.IsUnknown) {
			continue
		}
		err := CheckWords(tf.Texts(l.Access))
		if err == nil && !l.To.IsUnknown() && !l.To.IsNull() {
			_, err = l.Link(name).Statements()
		}
		if err != nil {
			v.Error(path.Root("links").AtMapKey(name), "Bad link", Sentence(err))
		}
	}
}

// Linked returns what links allow, in the order of their names.
func Linked(links map[string]LinkTo) ([]Statement, error) {
	var all []Statement
	for _, name := range slices.Sorted(maps.Keys(links)) {
		more, err := links[name].Link(name).Statements()
		if err != nil {
			return nil, tf.At(path.Root("links").AtMapKey(name), err)
		}
		all = append(all, more...)
	}
	return all, nil
}
