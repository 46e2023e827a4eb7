package function

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// permission is the model of serverless_function_permission.
type permission struct {
	tf.Base
	Function         tftypes.String `tfsdk:"function"`
	StatementID      tftypes.String `tfsdk:"statement_id"`
	Action           tftypes.String `tfsdk:"action"`
	Principal        tftypes.String `tfsdk:"principal"`
	SourceARN        tftypes.String `tfsdk:"source_arn"`
	SourceAccount    tftypes.String `tfsdk:"source_account"`
	OrgID            tftypes.String `tfsdk:"principal_org_id"`
	EventSourceToken tftypes.String `tfsdk:"event_source_token"`
	URLAuth          tftypes.String `tfsdk:"function_url_auth"`
	ViaURL           tftypes.Bool   `tfsdk:"via_function_url"`
}

var (
	statementID = tf.Pattern(`^[0-9A-Za-z_-]{1,100}$`, "a statement's id has 1 to 100 letters, digits, hyphens and underscores")
	account     = tf.Pattern(`^[0-9]{12}$`, "an account has 12 digits")
)

// Permission is the type serverless_function_permission. A change is made by
// another statement before the old one goes, so that nobody who may call both
// before and after the change is refused meanwhile.
var Permission = tf.Type[*Clients, permission]{
	Name:   "function_permission",
	Import: []string{"function", "statement_id"},
	Gone:   tf.Gone[*types.ResourceNotFoundException]("GetPolicy", "RemovePermission"),
	Schema: schema.Schema{
		MarkdownDescription: "Lets somebody call a function: a service on behalf of one of your resources, or another account. " +
			"Routes, event sources and the like of this provider have the permissions that they need themselves. A change never takes the permission away before its successor is there.",
		Attributes: map[string]schema.Attribute{
			"function": functionAttribute("the permission"),
			"statement_id": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{statementID},
				MarkdownDescription: "Id of the statement in the function's policy. Default: one made of what the permission says.",
			},
			"action": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("lambda:InvokeFunction"), Validators: []validator.String{tf.Pattern(`^lambda:[*]$|^lambda:[a-zA-Z]+$|^[*]$`, "write an action of Lambda, such as lambda:InvokeFunction")},
				MarkdownDescription: "What is allowed. Default: `lambda:InvokeFunction`.",
			},
			"principal": schema.StringAttribute{
				Required: true, Validators: []validator.String{tf.Pattern(`^\S+$`, "write a service, an account, an ARN or *")},
				MarkdownDescription: "Who may: a service such as `events.amazonaws.com`, an account, the ARN of a role or a user, or `*`.",
			},
			"source_arn": schema.StringAttribute{
				Optional: true, Validators: []validator.String{arn},
				MarkdownDescription: "ARN of the resource on whose behalf a service calls; `*` stands for anything. Without it the service may call for everybody's resources.",
			},
			"source_account": schema.StringAttribute{
				Optional: true, Validators: []validator.String{account},
				MarkdownDescription: "Account of that resource, for services whose ARNs have none, such as S3's buckets.",
			},
			"principal_org_id": schema.StringAttribute{
				Optional: true, Validators: []validator.String{tf.Pattern(`^o-[a-z0-9]{10,32}$`, "an organization's id begins with o- and has 10 to 32 small letters and digits")},
				MarkdownDescription: "Id of an organization, such as `o-a1b2c3d4e5`, all of whose accounts may; with `principal = \"*\"`.",
			},
			"event_source_token": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 256)},
				MarkdownDescription: "For Alexa Smart Home: the token that its calls must bring.",
			},
			"function_url_auth": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.OneOf("AWS_IAM", "NONE")},
				MarkdownDescription: "With the action `lambda:InvokeFunctionUrl`: the `auth` that the URL must have.",
			},
			"via_function_url": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "With the action `lambda:InvokeFunction`: true allows calls through the function's URL only.",
			},
		},
	},
	Replace: []string{"function", "statement_id"},
	Validate: func(_ context.Context, v *tf.Check, m *permission) {
		if !m.URLAuth.IsNull() && !m.Action.IsNull() && !m.Action.IsUnknown() && m.Action.ValueString() != "lambda:InvokeFunctionUrl" {
			v.Error(path.Root("function_url_auth"), "Only for URLs", "function_url_auth goes with action = \"lambda:InvokeFunctionUrl\". Set that action, or leave it out.")
		}
		if m.URLAuth.ValueString() != "" && m.Action.IsNull() {
			v.Error(path.Root("function_url_auth"), "Only for URLs", "function_url_auth goes with action = \"lambda:InvokeFunctionUrl\". Set that action, or leave it out.")
		}
	},
	Plan: func(_ context.Context, p *tf.Plan[permission]) error {
		if p.Prior != nil || !p.Config.StatementID.IsNull() {
			return nil
		}
		for _, name := range []string{"action", "principal", "source_arn", "source_account", "principal_org_id", "event_source_token", "function_url_auth", "via_function_url"} {
			if !p.Known(name) {
				p.Set("statement_id", tftypes.StringUnknown())
				return nil
			}
		}
		p.Set("statement_id", tftypes.StringValue(p.Planned.statement("").hash()))
		return nil
	},
	Find: func(ctx context.Context, c *Clients, m *permission) (bool, map[string]string, error) {
		have, err := statements(ctx, c, refer(m.Function))
		_, ok := found(have, m.named())
		return ok, nil, err
	},
	Create: func(ctx context.Context, c *Clients, m *permission) error {
		r, id := refer(m.Function), m.named()
		err := m.statement(id).add(ctx, c, r)
		if err == nil {
			m.ID = tftypes.StringValue(r.id() + "/" + id)
		}
		return unanswered(err)
	},
	Read:   readPermission,
	Update: updatePermission,
	Delete: func(ctx context.Context, c *Clients, m *permission) error {
		r := refer(m.Function)
		have, err := statements(ctx, c, r)
		if err != nil {
			return err
		}
		for _, id := range []string{m.StatementID.ValueString(), bridge(m.StatementID.ValueString())} {
			if _, ok := have[id]; !ok {
				continue
			}
			if err := removeStatement(ctx, c, r, id); err != nil {
				return err
			}
		}
		return nil
	},
	Within: []string{"function"},
	List: func(ctx context.Context, c *Clients, in *permission, found func(*permission) error) error {
		have, err := statements(ctx, c, refer(in.Function))
		if err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(have)) {
			m := *in
			m.StatementID = tftypes.StringValue(id)
			if err := found(&m); err != nil {
				return err
			}
		}
		return nil
	},
	Moves: map[string]map[string]string{"aws_lambda_permission": {"function": "function_name:qualifier?", "statement_id": "statement_id"}},
}

// statement is what the model says, by an id.
func (m *permission) statement(id string) statement {
	return statement{
		ID: id, Action: m.Action.ValueString(), Principal: m.Principal.ValueString(), SourceARN: m.SourceARN.ValueString(),
		SourceAccount: m.SourceAccount.ValueString(), OrgID: m.OrgID.ValueString(), EventSourceToken: m.EventSourceToken.ValueString(),
		URLAuth: m.URLAuth.ValueString(), ViaURL: m.ViaURL.ValueBool(),
	}
}

func (m *permission) named() string {
	if m.StatementID.IsUnknown() || m.StatementID.IsNull() {
		m.StatementID = tftypes.StringValue(m.statement("").hash())
	}
	return m.StatementID.ValueString()
}

func readPermission(ctx context.Context, c *Clients, m *permission) error {
	r := refer(m.Function)
	have, err := policyOf(ctx, c, r)
	if err != nil {
		return err
	}
	s, ok := found(have, m.StatementID.ValueString())
	if !ok {
		return &smithy.OperationError{ServiceID: "Lambda", OperationName: "GetPolicy", Err: &types.ResourceNotFoundException{}}
	}
	m.ID = tftypes.StringValue(r.id() + "/" + m.StatementID.ValueString())
	m.Action = tftypes.StringValue(s.Action)
	if !samePrincipal(m.Principal.ValueString(), s.Principal) {
		m.Principal = tftypes.StringValue(s.Principal)
	}
	m.SourceARN, m.SourceAccount, m.OrgID = tf.NonEmpty(&s.SourceARN), tf.NonEmpty(&s.SourceAccount), tf.NonEmpty(&s.OrgID)
	m.EventSourceToken, m.URLAuth = tf.NonEmpty(&s.EventSourceToken), tf.NonEmpty(&s.URLAuth)
	if s.ViaURL || !m.ViaURL.IsNull() {
		m.ViaURL = tftypes.BoolValue(s.ViaURL)
	}
	return nil
}

// samePrincipal reports whether AWS's spelling of a principal is the written one:
// it turns an account into the ARN of its root.
func samePrincipal(written, found string) bool {
	return written == found || len(written) == 12 && strings.HasSuffix(found, "::"+written+":root")
}

// bridge is the id of the statement that stands in while another is changed.
func bridge(id string) string { return id[:min(len(id), 93)] + "-bridge" }

// found is the statement of that id, or the one that stands in for it since a
// change was cut off.
func found(have map[string]statement, id string) (statement, bool) {
	if s, ok := have[id]; ok {
		return s, true
	}
	s, ok := have[bridge(id)]
	return s, ok
}

// updatePermission adds the new statement before it removes the old one: by
// another id at first, because AWS changes no statement.
func updatePermission(ctx context.Context, c *Clients, _, m *permission) error {
	r, is := refer(m.Function), m.statement(m.named())
	have, err := statements(ctx, c, r)
	if err != nil {
		return err
	}
	between := is
	between.ID = bridge(is.ID)
	if old, ok := have[between.ID]; ok && old != between { // of a change that was cut off
		if err := removeStatement(ctx, c, r, between.ID); err != nil {
			return err
		}
	}
	if err := between.add(ctx, c, r); err != nil {
		return err
	}
	if err := removeStatement(ctx, c, r, is.ID); err != nil {
		return err
	}
	if err := is.add(ctx, c, r); err != nil {
		return err
	}
	return removeStatement(ctx, c, r, between.ID)
}
