package event

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Source is the type serverless_event_source.
var Source = tf.Type[*Clients, model]{
	Name:     "event_source",
	Import:   []string{"id"},
	ARN:      "lambda:event-source-mapping:{id}",
	Gone:     tf.Gone[*types.ResourceNotFoundException]("GetEventSourceMapping", "DeleteEventSourceMapping"),
	Schema:   sourceSchema,
	Changes:  map[string][]string{"function_arn": {"function"}, "role_policy_name": {"function"}},
	Validate: validate,
	Plan:     plan,
	Find:     find,
	Create:   create,
	Undo:     undo,
	Tag:      tag,
	Read:     read,
	Update:   update,
	Delete:   remove,
	List:     list,
	Moves:    map[string]map[string]string{"aws_lambda_event_source_mapping": {"id": "uuid"}},
}

func validate(_ context.Context, v *tf.Check, m *model) {
	for name := range m.kinds() {
		if !v.Decided(name) {
			return
		}
	}
	kinds := m.kinds()
	maps.DeleteFunc(kinds, func(_ string, given bool) bool { return !given })
	if len(kinds) != 1 {
		got := "none is"
		if len(kinds) > 1 {
			got = strings.Join(slices.Sorted(maps.Keys(kinds)), " and ") + " are"
		}
		v.Error(path.Root("sqs"), "Exactly one source", "Give one of "+strings.Join(slices.Sorted(maps.Keys(m.kinds())), ", ")+"; "+got+" given.")
		return
	}
	kind := m.kind()
	for name, s := range map[string][2]tftypes.String{
		"kinesis": starts(m.Kinesis != nil, func() (a, b tftypes.String) { return m.Kinesis.Start, m.Kinesis.StartTime }),
		"msk":     starts(m.MSK != nil, func() (a, b tftypes.String) { return m.MSK.Start, m.MSK.StartTime }),
		"kafka":   starts(m.Kafka != nil, func() (a, b tftypes.String) { return m.Kafka.Start, m.Kafka.StartTime }),
		"documentdb": starts(m.DocumentDB != nil, func() (a, b tftypes.String) {
			return m.DocumentDB.Start, m.DocumentDB.StartTime
		}),
	} {
		if s[0].IsUnknown() || s[1].IsUnknown() {
			continue
		}
		if (s[0].ValueString() == atTime) != (s[1].ValueString() != "") {
			v.Error(path.Root(name).AtName("starting_timestamp"), "AT_TIMESTAMP and its time", "starting_position = \"AT_TIMESTAMP\" and starting_timestamp go together: give both, or neither.")
		}
	}
	if m.ReportItems.ValueBool() && (kind == "mq" || kind == "documentdb") {
		v.Error(path.Root("report_item_failures"), "Not for "+kind, "Lambda takes a batch of this source as done or failed as a whole. Leave report_item_failures out.")
	}
	if v.Known("log_level") && !m.LogLevel.IsNull() && kind != "msk" && kind != "kafka" {
		v.Error(path.Root("log_level"), "Only for Kafka", "Only sources of Kafka write log lines of their own. Leave log_level out.")
	}
	if m.Metrics != nil && (kind == "mq" || kind == "documentdb") {
		v.Error(path.Root("metrics"), "Not for "+kind, "This source has no metrics of its own. Leave metrics out.")
	}
	if b := m.Batch; b != nil && kind == "sqs" && b.Size.ValueInt64() > 10 && b.Window.ValueInt64() == 0 && !b.Window.IsUnknown() {
		v.Error(path.Root("batch").AtName("window"), "No window", "More than 10 messages of a queue come together only if a batch may wait for them. Set window to 1 or more, or size to 10 at most.")
	}
}

func starts(given bool, of func() (position, at tftypes.String)) [2]tftypes.String {
	if !given {
		return [2]tftypes.String{tftypes.StringNull(), tftypes.StringNull()}
	}
	position, at := of()
	return [2]tftypes.String{position, at}
}

// permanent is what AWS cannot change about the source.
func (m *model) permanent() []tftypes.String {
	all := []tftypes.String{m.sourceARN()}
	switch {
	case m.DynamoDB != nil:
		all = append(all, m.DynamoDB.Start)
	case m.Kinesis != nil:
		all = append(all, m.Kinesis.Start, m.Kinesis.StartTime)
	case m.MSK != nil:
		all = append(all, m.MSK.Start, m.MSK.StartTime, m.MSK.Topic, m.MSK.Group)
	case m.Kafka != nil:
		all = append(append(all, m.Kafka.Start, m.Kafka.StartTime, m.Kafka.Topic, m.Kafka.Group), tf.Strings(sorted(m.Kafka.Servers))...)
	case m.MQ != nil:
		all = append(all, m.MQ.Queue)
	case m.DocumentDB != nil:
		all = append(all, m.DocumentDB.Start, m.DocumentDB.StartTime)
	}
	return all
}

func plan(ctx context.Context, p *tf.Plan[model]) error {
	planBatch(p)
	if p.Prior == nil {
		return nil
	}
	if kind := p.Planned.kind(); kind != "" && (kind != p.Prior.kind() || !slices.EqualFunc(p.Planned.permanent(), p.Prior.permanent(), func(a, b tftypes.String) bool { return a.Equal(b) })) {
		p.Replace(kind)
	}
	if p.Prior.RolePolicy.IsNull() {
		var lost bool
		if _, err := tf.Recall(ctx, lostKey, &lost); err != nil {
			return err
		}
		if lost { // somebody took away what lets the role read the source
			p.Set("role_policy_name", tftypes.StringUnknown())
		}
	}
	same := slices.EqualFunc(p.Planned.Filters, p.Prior.Filters, func(a, b tf.JSON) bool { return tf.SameJSON(a.ValueString(), b.ValueString()) })
	if same && p.Planned.Filters != nil && p.Known("filters") {
		elements := make([]attr.Value, len(p.Prior.Filters))
		for i, f := range p.Prior.Filters {
			elements[i] = f
		}
		p.Set("filters", tftypes.ListValueMust(tf.JSONType{}, elements))
	}
	return nil
}

// planBatch fills in AWS's defaults, which depend on the source.
func planBatch(p *tf.Plan[model]) {
	b := batch{Size: tftypes.Int64Null(), Window: tftypes.Int64Null()}
	if p.Config.Batch != nil {
		b = *p.Config.Batch
	}
	if p.Config.Batch == nil && !p.Given("batch") {
		return
	}
	kind := p.Planned.kind()
	if b.Size.IsNull() {
		switch kind {
		case "sqs":
			b.Size = tftypes.Int64Value(10)
		case "":
			b.Size = tftypes.Int64Unknown()
		default:
			b.Size = tftypes.Int64Value(100)
		}
	}
	if b.Window.IsNull() {
		switch kind {
		case "sqs", "dynamodb", "kinesis":
			b.Window = tftypes.Int64Value(0)
		default: // half a second, which no whole number says
			b.Window = tftypes.Int64Unknown()
			if p.Prior != nil && p.Prior.Batch != nil && p.Prior.kind() == kind {
				b.Window = p.Prior.Batch.Window
			}
		}
	}
	p.Set("batch", tftypes.ObjectValueMust(
		map[string]attr.Type{"size": tftypes.Int64Type, "window": tftypes.Int64Type},
		map[string]attr.Value{"size": b.Size, "window": b.Window},
	))
}

// notSettled reports whether AWS does not know the role's rights, or the function,
// yet.
func notSettled(err error) bool {
	for _, text := range []string{"cannot be assumed by Lambda", "execution role does not have permissions", "ensure the role can perform", "Function does not exist"} {
		if tf.Says(err, "InvalidParameterValueException", text) {
			return true
		}
	}
	return tf.Is[*types.ResourceInUseException](err) || parts.InProgress(err)
}

func create(ctx context.Context, c *Clients, m *model) error {
	if err := allow(ctx, c, nil, m); err != nil {
		return err
	}
	in, err := m.creation()
	if err != nil {
		return err
	}
	in.Tags = m.Marked(ctx)
	err = tf.Retry(ctx, notSettled, func(ctx context.Context) error {
		out, err := c.Lambda.CreateEventSourceMapping(ctx, in)
		if err == nil {
			m.ID = tftypes.StringPointerValue(out.UUID)
		}
		return err
	})
	if err != nil {
		return err
	}
	return settled(ctx, c, m, true)
}

// undo takes the right to read from the function, if there is no mapping.
func undo(ctx context.Context, c *Clients, m *model) error {
	if m.ID.ValueString() != "" {
		return nil
	}
	return disallow(ctx, c, m)
}

// find looks for a mapping between the source and the function, and returns its tags.
func find(ctx context.Context, c *Clients, m *model) (bool, map[string]string, error) {
	pages := lambda.NewListEventSourceMappingsPaginator(c.Lambda, &lambda.ListEventSourceMappingsInput{
		FunctionName: m.Function.ValueStringPointer(), EventSourceArn: m.sourceARN().ValueStringPointer(),
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if tf.Is[*types.ResourceNotFoundException](err) { // no such function yet
			return false, nil, nil
		}
		if err != nil {
			return false, nil, err
		}
		for _, f := range out.EventSourceMappings {
			if aws.ToString(f.State) == "Deleting" || !m.reads(f) {
				continue
			}
			m.ID = tftypes.StringPointerValue(f.UUID)
			tags, err := tagsOf(ctx, c, f.EventSourceMappingArn)
			if err == nil && tf.Ours(ctx, tags) {
				err = settled(ctx, c, m, false)
			}
			return true, tags, err
		}
	}
	return false, nil, nil
}

// reads reports whether a mapping of the function and the source is about the same
// part of it: the others may have mappings of their own.
func (m *model) reads(f types.EventSourceMappingConfiguration) bool {
	switch {
	case m.MSK != nil:
		return slices.Contains(f.Topics, m.MSK.Topic.ValueString())
	case m.Kafka != nil:
		return f.SelfManagedEventSource != nil && slices.Contains(f.Topics, m.Kafka.Topic.ValueString())
	case m.MQ != nil:
		return slices.Contains(f.Queues, m.MQ.Queue.ValueString())
	}
	return true
}

func tagsOf(ctx context.Context, c *Clients, arn *string) (map[string]string, error) {
	out, err := c.Lambda.ListTags(ctx, &lambda.ListTagsInput{Resource: arn})
	if err != nil {
		return nil, fmt.Errorf("reading the tags of the event source: %w", err)
	}
	return out.Tags, nil
}

func tag(ctx context.Context, c *Clients, m *model, set map[string]string, remove []string) error {
	arn := tf.ScopeOf(ctx).ARN("lambda", "event-source-mapping:"+m.ID.ValueString())
	if len(remove) > 0 {
		if _, err := c.Lambda.UntagResource(ctx, &lambda.UntagResourceInput{Resource: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(set) == 0 {
		return nil
	}
	_, err := c.Lambda.TagResource(ctx, &lambda.TagResourceInput{Resource: &arn, Tags: set})
	return err
}

func get(m *model) *lambda.GetEventSourceMappingInput {
	return &lambda.GetEventSourceMappingInput{UUID: m.ID.ValueStringPointer()}
}

// settled waits until no change is under way; of a fresh mapping also until AWS
// shows it.
func settled(ctx context.Context, c *Clients, m *model, fresh bool) error {
	return tf.Poll(ctx, "the event source "+m.ID.ValueString()+" to be settled", func(ctx context.Context) (bool, error) {
		out, err := c.Lambda.GetEventSourceMapping(ctx, get(m))
		if fresh && tf.Is[*types.ResourceNotFoundException](err) {
			return false, nil // AWS does not show it yet
		}
		if err != nil {
			return false, err
		}
		return slices.Contains([]string{"Enabled", "Disabled"}, aws.ToString(out.State)), nil
	})
}

func read(ctx context.Context, c *Clients, m *model) error {
	out, err := c.Lambda.GetEventSourceMapping(ctx, get(m))
	if err != nil {
		return err
	}
	if aws.ToString(out.State) == "Deleting" {
		return tf.ErrGone
	}
	m.read(out)
	tags, err := tagsOf(ctx, c, out.EventSourceMappingArn)
	if err != nil {
		return err
	}
	tf.SetTags(ctx, &m.Tagged, tags)
	return m.readPolicy(ctx, c)
}

func update(ctx context.Context, c *Clients, prior, m *model) error {
	if err := allow(ctx, c, prior, m); err != nil {
		return err
	}
	in := m.settings()
	if changed := tf.KeepChanged(prior.settings(), in); changed {
		in.UUID = m.ID.ValueStringPointer()
		err := tf.Retry(ctx, notSettled, func(ctx context.Context) error {
			_, err := c.Lambda.UpdateEventSourceMapping(ctx, in)
			return err
		})
		if err != nil {
			return err
		}
		if err := settled(ctx, c, m, false); err != nil {
			return err
		}
	}
	if !prior.Function.Equal(m.Function) {
		return disallow(ctx, c, prior)
	}
	return nil
}

// remove waits until the mapping is gone: the source cannot be given to the
// function again before.
func remove(ctx context.Context, c *Clients, m *model) error {
	err := tf.Retry(ctx, notSettled, func(ctx context.Context) error {
		_, err := c.Lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: m.ID.ValueStringPointer()})
		return err
	})
	if err != nil && !tf.Is[*types.ResourceNotFoundException](err) {
		return err
	}
	err = tf.Poll(ctx, "the event source "+m.ID.ValueString()+" to be deleted", func(ctx context.Context) (bool, error) {
		_, err := c.Lambda.GetEventSourceMapping(ctx, get(m))
		if tf.Is[*types.ResourceNotFoundException](err) {
			return true, nil
		}
		return false, err
	})
	if err != nil {
		return err
	}
	return disallow(ctx, c, m)
}

func list(ctx context.Context, c *Clients, in *model, found func(*model) error) error {
	pages := lambda.NewListEventSourceMappingsPaginator(c.Lambda, &lambda.ListEventSourceMappingsInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, f := range out.EventSourceMappings {
			m := *in
			m.ID, m.ARN, m.Function = tftypes.StringPointerValue(f.UUID), tftypes.StringPointerValue(f.EventSourceMappingArn), tftypes.StringPointerValue(f.FunctionArn)
			if err := found(&m); err != nil {
				return err
			}
		}
	}
	return nil
}

// hash tells apart what a role may for its sources.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, " ")))
	return hex.EncodeToString(sum[:6])
}
