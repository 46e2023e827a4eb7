package api

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Integration is the type serverless_integration: what requests go to, by AWS's own
// names, for what a route's arguments do not say and for what routes share.
var Integration = tf.Type[*Clients, integration]{
	Name:    "integration",
	Import:  []string{"api", "id"},
	ARN:     "apigateway:/apis/{api}/integrations/{id}",
	Within:  []string{"api"},
	Replace: []string{"api", "type", "subtype"},
	Gone:    tf.Gone[*types.NotFoundException]("GetIntegration", "DeleteIntegration"),
	Changes: map[string][]string{"permission_id": {"uri"}},
	Filled:  []string{"permission_id"},
	Schema: schema.Schema{
		MarkdownDescription: "What requests of an API go to, by AWS's own names. `serverless_route` makes its own; this one is for what routes share and for what the arguments of a route do not say. " +
			"The permission to call a function comes with it.",
		Attributes: map[string]schema.Attribute{
			"id":  tf.Computed("The integration's id: the `integration_id` of routes."),
			"api": schema.StringAttribute{Required: true, MarkdownDescription: "Id of the API. Changing it replaces the integration."},
			"type": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.OneOf("AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK")},
				MarkdownDescription: "`AWS_PROXY` for a function or, with `subtype`, another service; `HTTP_PROXY` for a server; for WebSocket APIs also `AWS`, `HTTP` and `MOCK`. Changing it replaces the integration.",
			},
			"subtype":     schema.StringAttribute{Optional: true, MarkdownDescription: "Operation of another service, such as `SQS-SendMessage`. Changing it replaces the integration."},
			"uri":         schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the function, or URL of the server."},
			"method":      schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Method of the requests to the target. Default: `POST` for functions."},
			"description": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 1024)}, MarkdownDescription: "What the integration is for."},
			"role_arn":    schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the role by which the target is called. Default: a function's own policy lets the API call it."},
			"vpc_link":    schema.StringAttribute{Optional: true, MarkdownDescription: "Id of a `serverless_vpc_link` on the way. Default: none."},
			"server_name": schema.StringAttribute{Optional: true, MarkdownDescription: "Name that the certificate of the server behind the VPC link must have."},
			"timeout": schema.Int64Attribute{
				Optional: true, Computed: true, Validators: []validator.Int64{int64validator.Between(50, 30000)},
				MarkdownDescription: "Milliseconds that the answer may take, 50 to 30000, for a WebSocket API to 29000. Default: the longest.",
			},
			"payload_version": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("1.0", "2.0")},
				MarkdownDescription: "Form of the event that a function gets, `1.0` or `2.0`. Default: AWS's, which is `1.0`.",
			},
			"request_parameters": schema.MapAttribute{ElementType: tftypes.StringType, Optional: true, MarkdownDescription: "Parameters of the service's operation, or what is changed in a request."},
			"response_parameters": schema.MapAttribute{
				ElementType: tftypes.MapType{ElemType: tftypes.StringType}, Optional: true, MarkdownDescription: "What is changed in an answer, by its status.",
			},
			"request_templates":  schema.MapAttribute{ElementType: tftypes.StringType, Optional: true, MarkdownDescription: "Templates of what the target gets, by key; for WebSocket APIs."},
			"template_selection": schema.StringAttribute{Optional: true, MarkdownDescription: "Expression whose value is the key of the template; for WebSocket APIs."},
			"permission_id":      tf.Computed("Id of the statement in the function's policy that lets the API call it; null for other targets and with `role_arn`."),
		},
	},
	Validate: validateIntegration,
	Plan:     planIntegration,
	Find:     findOrphan,
	Create:   createIntegration,
	Read:     readIntegration,
	Update:   updateIntegration,
	Delete: func(ctx context.Context, c *Clients, m *integration) error {
		defer lock(m.API.ValueString())()
		api, id := m.API.ValueString(), m.ID.ValueString()
		_, function, err := abandoned(ctx, c, api, id)
		if err == nil {
			err = c.disallow(ctx, api, function)
		}
		if err != nil {
			return err
		}
		if err = removeIntegration(ctx, c, api, id); err != nil && !tf.Is[*types.NotFoundException](err) {
			return err
		}
		return c.disallow(ctx, api, m.function())
	},
	List: func(ctx context.Context, c *Clients, in *integration, found func(*integration) error) error {
		list, err := c.integrations(ctx, in.API.ValueString(), forReads)
		return each(in, list, err, func(m *integration, i types.Integration) {
			m.ID = tftypes.StringPointerValue(i.IntegrationId)
		}, found)
	},
	Moves: map[string]map[string]string{"aws_apigatewayv2_integration": {"api": "api_id", "id": "id"}},
}

// An integration is the model of serverless_integration.
type integration struct {
	tf.Base
	API                tftypes.String                       `tfsdk:"api"`
	Type               tftypes.String                       `tfsdk:"type"`
	Subtype            tftypes.String                       `tfsdk:"subtype"`
	URI                tftypes.String                       `tfsdk:"uri"`
	Method             tftypes.String                       `tfsdk:"method"`
	Description        tftypes.String                       `tfsdk:"description"`
	RoleARN            tftypes.String                       `tfsdk:"role_arn"`
	VPCLink            tftypes.String                       `tfsdk:"vpc_link"`
	ServerName         tftypes.String                       `tfsdk:"server_name"`
	Timeout            tftypes.Int64                        `tfsdk:"timeout"`
	PayloadVersion     tftypes.String                       `tfsdk:"payload_version"`
	RequestParameters  map[string]tftypes.String            `tfsdk:"request_parameters"`
	ResponseParameters map[string]map[string]tftypes.String `tfsdk:"response_parameters"`
	RequestTemplates   map[string]tftypes.String            `tfsdk:"request_templates"`
	Selection          tftypes.String                       `tfsdk:"template_selection"`
	PermissionID       tftypes.String                       `tfsdk:"permission_id"`

	now bool `tfsdk:"-"` // see route
}

func pathOf(name string) path.Path { return path.Root(name) }

func validateIntegration(_ context.Context, v *tf.Check, m *integration) {
	if !v.Known("type") || !v.Decided("subtype") {
		return
	}
	kind := m.Type.ValueString()
	switch {
	case !m.Subtype.IsNull() && kind != "AWS_PROXY":
		v.Error(pathOf("subtype"), "A subtype of another type", `subtype goes with type = "AWS_PROXY". Set that, or remove it.`)
	case !m.Subtype.IsNull() && v.Decided("role_arn") && m.RoleARN.IsNull():
		v.Error(pathOf("role_arn"), "No role", "An operation of another service is carried out by a role. Add role_arn.")
	case kind != "MOCK" && m.Subtype.IsNull() && v.Decided("uri") && m.URI.IsNull():
		v.Error(pathOf("uri"), "Where do the requests go?", "An integration of type "+kind+" needs uri, or AWS_PROXY a subtype. Add one of them.")
	case strings.HasPrefix(kind, "HTTP") && v.Decided("method") && m.Method.IsNull():
		v.Error(pathOf("method"), "No method", "An integration of type "+kind+` needs method, such as "GET", or "ANY" to keep that of the request. Add it.`)
	}
}

// function is the function whose policy lets the API call it; empty for other
// targets, and where a role calls it.
func (m *integration) function() string {
	if m.Subtype.IsNull() && m.RoleARN.IsNull() && !strings.HasPrefix(m.Type.ValueString(), "HTTP") && callsFunction(m.URI.ValueString()) {
		return functionOf(m.URI.ValueString())
	}
	return ""
}

func planIntegration(_ context.Context, p *tf.Plan[integration]) error {
	if p.Prior != nil && !p.Prior.Subtype.IsNull() && p.Known("request_parameters") { // AWS refuses to remove a service's parameter
		for name := range p.Prior.RequestParameters {
			if _, stays := p.Planned.RequestParameters[name]; !stays {
				p.Replace("request_parameters")
			}
		}
	}
	if !p.Known("uri") || !p.Known("role_arn") || !p.Known("type") || !p.Known("subtype") {
		return nil
	}
	switch {
	case p.Planned.function() == "":
		p.Set("permission_id", tftypes.StringNull())
	case p.Prior == nil || p.Prior.PermissionID.IsNull() || p.Prior.function() != p.Planned.function():
		p.Set("permission_id", tftypes.StringUnknown())
	}
	return nil
}

func (m *integration) input() *apigatewayv2.CreateIntegrationInput {
	in := &apigatewayv2.CreateIntegrationInput{
		ApiId: m.API.ValueStringPointer(), IntegrationType: types.IntegrationType(m.Type.ValueString()), IntegrationSubtype: m.Subtype.ValueStringPointer(),
		IntegrationUri: m.URI.ValueStringPointer(), Description: m.Description.ValueStringPointer(), CredentialsArn: m.RoleARN.ValueStringPointer(),
		RequestParameters: textsOf(m.RequestParameters), ResponseParameters: textMaps(m.ResponseParameters), RequestTemplates: textsOf(m.RequestTemplates),
		TemplateSelectionExpression: m.Selection.ValueStringPointer(), TimeoutInMillis: millis(m.Timeout),
	}
	if !m.Method.IsUnknown() {
		in.IntegrationMethod = m.Method.ValueStringPointer()
	}
	if !m.PayloadVersion.IsUnknown() {
		in.PayloadFormatVersion = m.PayloadVersion.ValueStringPointer()
	}
	if !m.VPCLink.IsNull() {
		in.ConnectionType, in.ConnectionId = types.ConnectionTypeVpcLink, m.VPCLink.ValueStringPointer()
	}
	if !m.ServerName.IsNull() {
		in.TlsConfig = &types.TlsConfigInput{ServerNameToVerify: m.ServerName.ValueStringPointer()}
	}
	return in
}

// findOrphan finds an integration that is the same to the word, which no route leads to
// and which is none of this run's: integrations have no names. After a create that
// failed, what is known says nothing.
func findOrphan(ctx context.Context, c *Clients, m *integration) (bool, map[string]string, error) {
	api := m.API.ValueString()
	defer lock(api)() // whoever creates another one claims it before
	age := forWrites
	if m.now {
		age = 0
	}
	known, err := c.integrations(ctx, api, age)
	if err != nil {
		return false, nil, err
	}
	in := m.input()
	for _, i := range known {
		id := aws.ToString(i.IntegrationId)
		if !like(i, in) || !tf.Claim(ctx, api+"/"+id) {
			continue
		}
		routes, err := c.routes(ctx, api, forWrites)
		if err != nil {
			return false, nil, err
		}
		if leads(routes, id) {
			continue
		}
		if known, err = c.integrations(ctx, api, 0); err != nil {
			return false, nil, err
		}
		if contains(known, &id) { // what a list of before has may be gone
			m.ID = tftypes.StringValue(id)
			return true, nil, nil
		}
	}
	return false, nil, nil
}

func createIntegration(ctx context.Context, c *Clients, m *integration) error {
	api := m.API.ValueString()
	defer lock(api)()
	m.now = true
	if m.function() != "" {
		if err := c.allow(ctx, api, m.function()); err != nil {
			return err
		}
	}
	id, err := makeIntegration(ctx, c, m.input())
	if err != nil {
		return tf.Undo(ctx, unanswered(err), func(ctx context.Context) error { return c.disallow(ctx, api, m.function()) })
	}
	tf.Claim(ctx, api+"/"+id)
	m.ID = tftypes.StringValue(id)
	return nil
}

func readIntegration(ctx context.Context, c *Clients, m *integration) error {
	api := m.API.ValueString()
	known, err := glimpse(ctx, m, func() ([]types.Integration, error) { return c.integrations(ctx, api, forReads) },
		func(i types.Integration) bool { return aws.ToString(i.IntegrationId) == m.ID.ValueString() },
		func(i types.Integration) error { return m.fill(ctx, c, i) })
	if known || err != nil {
		return err
	}
	out, err := c.Gateway.GetIntegration(ctx, &apigatewayv2.GetIntegrationInput{ApiId: &api, IntegrationId: m.ID.ValueStringPointer()})
	if err != nil {
		return m.outlived(ctx, c, err)
	}
	var i types.Integration
	tf.CopyGiven(&i, out)
	return m.fill(ctx, c, i)
}

// fill makes the model that of an integration, which is known in this run from now on.
func (m *integration) fill(ctx context.Context, c *Clients, out types.Integration) (err error) {
	tf.Claim(ctx, m.API.ValueString()+"/"+m.ID.ValueString())
	m.Type, m.Subtype = tftypes.StringValue(string(out.IntegrationType)), tf.NonEmpty(out.IntegrationSubtype)
	m.URI, m.Method = tf.NonEmpty(out.IntegrationUri), tf.NonEmpty(out.IntegrationMethod)
	says, abandoned := left(out.Description)
	m.Description, m.RoleARN, m.Selection = tf.NonEmpty(&says), tf.NonEmpty(out.CredentialsArn), tf.NonEmpty(out.TemplateSelectionExpression)
	m.VPCLink, m.ServerName = tftypes.StringNull(), tftypes.StringNull()
	if out.ConnectionType == types.ConnectionTypeVpcLink {
		m.VPCLink = tf.NonEmpty(out.ConnectionId)
	}
	if out.TlsConfig != nil {
		m.ServerName = tf.NonEmpty(out.TlsConfig.ServerNameToVerify)
	}
	m.Timeout = tftypes.Int64Value(int64(aws.ToInt32(out.TimeoutInMillis)))
	m.PayloadVersion = tf.NonEmpty(out.PayloadFormatVersion)
	m.RequestParameters = stringsOf(out.RequestParameters, m.RequestParameters)
	m.RequestTemplates = stringsOf(out.RequestTemplates, m.RequestTemplates)
	m.ResponseParameters = stringMaps(out.ResponseParameters, m.ResponseParameters)
	m.PermissionID, err = c.readPermission(ctx, m.API.ValueString(), m.function(), abandoned, m.now)
	return err
}

// outlived returns err, which says that the integration is gone, unless the permission to
// call its function is still there: then its removal was cut off, and it has no type, by
// which a plan replaces it.
func (m *integration) outlived(ctx context.Context, c *Clients, err error) error {
	if m.now || !tf.Is[*types.NotFoundException](err) {
		return err
	}
	left, again := c.outlived(ctx, m.API.ValueString(), m.function())
	if again != nil || !left {
		return errors.Join(err, again)
	}
	m.Type = tftypes.StringNull()
	return nil
}

func updateIntegration(ctx context.Context, c *Clients, prior, m *integration) error {
	api := m.API.ValueString()
	defer lock(api)()
	m.now, prior.now = true, true
	if m.function() != "" && (prior.function() != m.function() || prior.PermissionID.IsNull()) {
		if err := c.allow(ctx, api, m.function()); err != nil {
			return err
		}
	}
	was, is := prior.input(), m.input()
	if was.ConnectionType != "" && is.ConnectionType == "" {
		is.ConnectionType = types.ConnectionTypeInternet
	}
	if unfinished(prior.function(), prior.PermissionID) {
		if err := arriveAfter(ctx, c, api, m.ID.ValueString()); err != nil {
			return err
		}
	}
	m.PermissionID = permissionID(ctx, api, m.function())
	return changeIntegration(ctx, c, m.ID.ValueString(), was, is)
}
