package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Authorizer is the type serverless_authorizer: who decides which requests of an
// API are let in.
var Authorizer = tf.Type[*Clients, authorizer]{
	Name:    "authorizer",
	Import:  []string{"api", "id"},
	ARN:     "apigateway:/apis/{api}/authorizers/{id}",
	Label:   "name",
	Within:  []string{"api"},
	Replace: []string{"api"},
	Gone:    tf.Gone[*types.NotFoundException]("GetAuthorizer", "DeleteAuthorizer"),
	Changes: map[string][]string{"permission_id": {"function"}},
	Filled:  []string{"permission_id"},
	Schema: schema.Schema{
		MarkdownDescription: "Who decides which requests of an API are let in: an issuer of JSON web tokens, or a function. Routes name it. The permission to call the function comes with it.",
		Attributes: map[string]schema.Attribute{
			"id":   tf.Computed("The authorizer's id: the `authorizer` of routes."),
			"api":  schema.StringAttribute{Required: true, MarkdownDescription: "Id of the API. Changing it replaces the authorizer."},
			"name": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 128)}, MarkdownDescription: "Name of the authorizer, 1 to 128 characters. The API has one of a name."},
			"jwt": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "Lets in who shows a token of this issuer. For HTTP APIs.",
				Attributes: map[string]schema.Attribute{
					"issuer":   schema.StringAttribute{Required: true, Validators: []validator.String{tf.Pattern(`^https?://`, "write the issuer's URL, as its tokens have it in iss")}, MarkdownDescription: "URL of the issuer, as tokens have it in `iss`; its keys are found from there."},
					"audience": schema.ListAttribute{ElementType: tftypes.StringType, Required: true, Validators: []validator.List{listvalidator.SizeAtLeast(1)}, MarkdownDescription: "Whom tokens may be for: one of these must be in `aud`, or in `client_id`."},
				},
			},
			"function": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "A function that is asked.",
				Attributes: map[string]schema.Attribute{
					"arn":             schema.StringAttribute{Required: true, Validators: []validator.String{functionARN}, MarkdownDescription: "ARN of the function: the `target_arn` of a `serverless_function`."},
					"cache_ttl":       schema.Int64Attribute{Optional: true, Computed: true, Validators: []validator.Int64{int64validator.Between(0, 3600)}, MarkdownDescription: "Seconds for which an answer counts for the same identity, 0 to 3600. Default: 300 for HTTP APIs, 0 for WebSocket APIs, which have no other."},
					"simple":          schema.BoolAttribute{Optional: true, Computed: true, MarkdownDescription: "Whether the function answers `{ \"isAuthorized\": true }` rather than with a policy. Default: true for HTTP APIs; WebSocket APIs have policies only."},
					"payload_version": schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("1.0", "2.0")}, MarkdownDescription: "Form of the event that the function gets. Default: `2.0` for HTTP APIs, `1.0` for WebSocket APIs, which have no other."},
					"role_arn":        schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the role by which the function is called. Default: its own policy lets the API call it."},
				},
			},
			"identity_sources": schema.ListAttribute{
				ElementType: tftypes.StringType, Optional: true, Computed: true,
				MarkdownDescription: "Where a request says who it is from, such as `$request.header.Authorization`, and for WebSocket APIs `route.request.querystring.token`. Requests without it are refused before anybody is asked. Default: the header Authorization.",
			},
			"permission_id": tf.Computed("Id of the statement in the function's policy that lets the API call it; null without `function`, and with a role."),
		},
	},
	Validate: func(_ context.Context, v *tf.Check, m *authorizer) {
		if v.Decided("jwt") && v.Decided("function") && (m.JWT == nil) == (m.Function == nil) {
			v.Error(pathOf("jwt"), "Who decides?", "Give exactly one of jwt and function.")
		}
		if f := m.Function; f != nil && v.Known("function") && f.PayloadVersion.ValueString() == "1.0" && f.Simple.ValueBool() {
			v.Error(pathOf("function").AtName("simple"), "A simple answer to an event of version 1.0", `simple = true goes with payload_version = "2.0". Change one of both.`)
		}
	},
	Plan: func(_ context.Context, p *tf.Plan[authorizer]) error {
		if p.Prior != nil && (p.Prior.JWT == nil) != (p.Planned.JWT == nil) {
			p.Replace("jwt")
		}
		if p.Prior != nil && p.Prior.Name.IsNull() { // it is gone, but not its permission
			p.Replace("name")
		}
		switch {
		case !p.Known("function"):
		case p.Planned.function() == "":
			p.Set("permission_id", tftypes.StringNull())
		case p.Prior == nil || p.Prior.PermissionID.IsNull() || p.Prior.function() != p.Planned.function():
			p.Set("permission_id", tftypes.StringUnknown())
		default:
			p.Set("permission_id", p.Prior.PermissionID)
		}
		return nil
	},
	Find:   findAuthorizer,
	Create: createAuthorizer,
	Read:   readAuthorizer,
	Update: updateAuthorizer,
	Delete: func(ctx context.Context, c *Clients, m *authorizer) error {
		defer lock(m.API.ValueString())()
		abandoned, err := m.abandoned(ctx, c)
		if err == nil {
			err = m.leave(ctx, c, abandoned)
		}
		if err != nil {
			return err
		}
		err = settled(ctx, func(ctx context.Context) error {
			_, err := c.Gateway.DeleteAuthorizer(ctx, &apigatewayv2.DeleteAuthorizerInput{ApiId: m.API.ValueStringPointer(), AuthorizerId: m.ID.ValueStringPointer()})
			return err
		})
		list := &c.Siblings.of(m.API.ValueString()).authorizers
		if err != nil && !tf.Is[*types.NotFoundException](err) {
			list.forget(m.ID.ValueString())
			return err
		}
		list.drop(m.ID.ValueString())
		return c.disallow(ctx, m.API.ValueString(), m.function())
	},
	List: func(ctx context.Context, c *Clients, in *authorizer, found func(*authorizer) error) error {
		list, err := c.authorizers(ctx, in.API.ValueString(), forReads)
		return each(in, list, err, func(m *authorizer, a types.Authorizer) {
			m.ID, m.Name = tftypes.StringPointerValue(a.AuthorizerId), tftypes.StringPointerValue(a.Name)
		}, found)
	},
	Moves: map[string]map[string]string{"aws_apigatewayv2_authorizer": {"api": "api_id", "id": "id"}},
}

type (
	// An authorizer is the model of serverless_authorizer.
	authorizer struct {
		tf.Base
		API          tftypes.String `tfsdk:"api"`
		Name         tftypes.String `tfsdk:"name"`
		JWT          *jwt           `tfsdk:"jwt"`
		Function     *authorizing   `tfsdk:"function"`
		Sources      tftypes.List   `tfsdk:"identity_sources"`
		PermissionID tftypes.String `tfsdk:"permission_id"`

		now bool `tfsdk:"-"` // see route
	}
	jwt struct {
		Issuer   tftypes.String   `tfsdk:"issuer"`
		Audience []tftypes.String `tfsdk:"audience"`
	}
	authorizing struct {
		ARN            tftypes.String `tfsdk:"arn"`
		TTL            tftypes.Int64  `tfsdk:"cache_ttl"`
		Simple         tftypes.Bool   `tfsdk:"simple"`
		PayloadVersion tftypes.String `tfsdk:"payload_version"`
		RoleARN        tftypes.String `tfsdk:"role_arn"`
	}
)

// function is the function whose policy lets the API call it; "" for none.
func (m *authorizer) function() string {
	if m.Function == nil || !m.Function.RoleARN.IsNull() {
		return ""
	}
	return m.Function.ARN.ValueString()
}

// authorizers lists an API's authorizers as they were no longer than age ago.
func (c *Clients) authorizers(ctx context.Context, api string, age time.Duration) ([]types.Authorizer, error) {
	return shared(ctx, &c.Siblings.of(api).authorizers, age, "authorizers of the API "+api, func() ([]types.Authorizer, error) {
		return all(func(token *string) ([]types.Authorizer, *string, error) {
			out, err := c.Gateway.GetAuthorizers(ctx, &apigatewayv2.GetAuthorizersInput{ApiId: &api, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.Items, out.NextToken, nil
		})
	})
}

// input is the authorizer as it should be, of an API of that kind.
func (m *authorizer) input(ctx context.Context, kind types.ProtocolType) *apigatewayv2.CreateAuthorizerInput {
	in := &apigatewayv2.CreateAuthorizerInput{ApiId: m.API.ValueStringPointer(), Name: m.Name.ValueStringPointer(), IdentitySource: textList(m.Sources)}
	socket := kind == types.ProtocolTypeWebsocket
	if m.Sources.IsNull() || m.Sources.IsUnknown() {
		in.IdentitySource = []string{"$request.header.Authorization"}
		if socket {
			in.IdentitySource = []string{"route.request.header.Authorization"}
		}
	}
	if m.JWT != nil {
		in.AuthorizerType = types.AuthorizerTypeJwt
		in.JwtConfiguration = &types.JWTConfiguration{Issuer: m.JWT.Issuer.ValueStringPointer(), Audience: tf.Texts(m.JWT.Audience)}
		return in
	}
	f := m.Function
	in.AuthorizerType, in.AuthorizerUri = types.AuthorizerTypeRequest, aws.String(invokeARN(ctx, f.ARN.ValueString()))
	in.AuthorizerCredentialsArn = f.RoleARN.ValueStringPointer()
	if socket {
		return in
	}
	in.AuthorizerPayloadFormatVersion = aws.String("2.0")
	if !f.PayloadVersion.IsNull() && !f.PayloadVersion.IsUnknown() {
		in.AuthorizerPayloadFormatVersion = f.PayloadVersion.ValueStringPointer()
	}
	in.EnableSimpleResponses = aws.Bool(*in.AuthorizerPayloadFormatVersion == "2.0")
	if !f.Simple.IsNull() && !f.Simple.IsUnknown() {
		in.EnableSimpleResponses = f.Simple.ValueBoolPointer()
	}
	in.AuthorizerResultTtlInSeconds = aws.Int32(300)
	if ttl := millis(f.TTL); ttl != nil {
		in.AuthorizerResultTtlInSeconds = ttl
	}
	return in
}

// findAuthorizer finds the authorizer of that name: an API has one of a name.
func findAuthorizer(ctx context.Context, c *Clients, m *authorizer) (bool, map[string]string, error) {
	list, err := c.authorizers(ctx, m.API.ValueString(), 0)
	if err != nil {
		return false, nil, err
	}
	for _, a := range list {
		if aws.ToString(a.Name) == m.Name.ValueString() {
			m.ID = tftypes.StringPointerValue(a.AuthorizerId)
			return true, nil, nil
		}
	}
	return false, nil, nil
}

func createAuthorizer(ctx context.Context, c *Clients, m *authorizer) error {
	api := m.API.ValueString()
	kind, err := c.protocol(ctx, api)
	if err != nil {
		return err
	}
	defer lock(api)()
	m.now = true
	if m.function() != "" {
		if err := c.allow(ctx, api, m.function()); err != nil {
			return err
		}
	}
	err = settled(ctx, func(ctx context.Context) error {
		out, err := c.Gateway.CreateAuthorizer(ctx, m.input(ctx, kind), once)
		if err == nil {
			m.ID = tftypes.StringPointerValue(out.AuthorizerId)
			var made types.Authorizer
			tf.CopyGiven(&made, out)
			c.Siblings.of(api).authorizers.put(made)
		}
		return err
	})
	if err == nil {
		return nil
	}
	return tf.Undo(ctx, unanswered(err), func(ctx context.Context) error { return c.disallow(ctx, api, m.function()) })
}

func readAuthorizer(ctx context.Context, c *Clients, m *authorizer) error {
	api := m.API.ValueString()
	known, err := glimpse(ctx, m, func() ([]types.Authorizer, error) { return c.authorizers(ctx, api, forReads) },
		func(a types.Authorizer) bool { return aws.ToString(a.AuthorizerId) == m.ID.ValueString() },
		func(a types.Authorizer) error { return m.fill(ctx, c, a) })
	if known || err != nil {
		return err
	}
	out, err := c.Gateway.GetAuthorizer(ctx, &apigatewayv2.GetAuthorizerInput{ApiId: &api, AuthorizerId: m.ID.ValueStringPointer()})
	if err != nil {
		return m.outlived(ctx, c, err)
	}
	var a types.Authorizer
	tf.CopyGiven(&a, out)
	return m.fill(ctx, c, a)
}

// outlived returns err, which says that the authorizer is gone, unless the permission to
// call its function is still there: then its removal was cut off, and it has no name, by
// which a plan replaces it.
func (m *authorizer) outlived(ctx context.Context, c *Clients, err error) error {
	if m.now || !tf.Is[*types.NotFoundException](err) {
		return err
	}
	left, again := c.outlived(ctx, m.API.ValueString(), m.function())
	if again != nil || !left {
		return errors.Join(err, again)
	}
	m.Name = tftypes.StringNull()
	return nil
}

// fill makes the model that of an authorizer.
func (m *authorizer) fill(ctx context.Context, c *Clients, out types.Authorizer) error {
	m.Name = tftypes.StringPointerValue(out.Name)
	m.Sources = listOf(out.IdentitySource)
	m.JWT, m.Function = nil, nil
	if out.AuthorizerType == types.AuthorizerTypeJwt && out.JwtConfiguration != nil {
		m.JWT = &jwt{Issuer: tftypes.StringPointerValue(out.JwtConfiguration.Issuer), Audience: tf.Strings(out.JwtConfiguration.Audience)}
	}
	m.PermissionID = tftypes.StringNull()
	if out.AuthorizerType != types.AuthorizerTypeRequest {
		return nil
	}
	m.Function = &authorizing{
		ARN: tftypes.StringValue(functionOf(aws.ToString(out.AuthorizerUri))), RoleARN: tf.NonEmpty(out.AuthorizerCredentialsArn),
		TTL: tftypes.Int64Value(int64(aws.ToInt32(out.AuthorizerResultTtlInSeconds))), Simple: tftypes.BoolValue(aws.ToBool(out.EnableSimpleResponses)),
		PayloadVersion: tftypes.StringValue("1.0"),
	}
	if out.AuthorizerPayloadFormatVersion != nil {
		m.Function.PayloadVersion = tftypes.StringPointerValue(out.AuthorizerPayloadFormatVersion)
	}
	abandoned, err := m.abandoned(ctx, c)
	if err != nil {
		return err
	}
	m.PermissionID, err = c.readPermission(ctx, m.API.ValueString(), m.function(), abandoned, m.now)
	return err
}

func updateAuthorizer(ctx context.Context, c *Clients, prior, m *authorizer) error {
	api := m.API.ValueString()
	kind, err := c.protocol(ctx, api)
	if err != nil {
		return err
	}
	defer lock(api)()
	m.now, prior.now = true, true
	m.PermissionID = permissionID(ctx, api, m.function())
	if unfinished(prior.function(), prior.PermissionID) {
		abandoned, err := m.abandoned(ctx, c)
		if err == nil {
			err = m.leave(ctx, c, abandoned)
		}
		if err != nil {
			return err
		}
	}
	if m.function() != "" && (prior.function() != m.function() || prior.PermissionID.IsNull()) {
		if err := c.allow(ctx, api, m.function()); err != nil {
			return err
		}
	}
	leaves := prior.function() != "" && prior.function() != m.function()
	if leaves {
		if err := changeTags(ctx, c, apiARN(ctx, api), map[string]string{m.note(): prior.function()}, nil); err != nil {
			return err
		}
	}
	was, is := prior.input(ctx, kind), m.input(ctx, kind)
	if tf.KeepChanged(was, is) {
		in := &apigatewayv2.UpdateAuthorizerInput{}
		tf.CopyGiven(in, is)
		in.ApiId, in.AuthorizerId = &api, m.ID.ValueStringPointer()
		if is.EnableSimpleResponses != nil {
			in.EnableSimpleResponses = is.EnableSimpleResponses
		}
		if was.AuthorizerCredentialsArn != nil && m.Function != nil && m.Function.RoleARN.IsNull() {
			in.AuthorizerCredentialsArn = aws.String("")
		}
		list := &c.Siblings.of(api).authorizers
		err := settled(ctx, func(ctx context.Context) error {
			out, err := c.Gateway.UpdateAuthorizer(ctx, in)
			if err == nil {
				var changed types.Authorizer
				tf.CopyGiven(&changed, out)
				list.put(changed)
			}
			return err
		})
		if err != nil {
			list.forget(m.ID.ValueString())
			return err
		}
	}
	if !leaves {
		return nil
	}
	return m.leave(ctx, c, prior.function())
}

// note is the key of the API's tag that says which function the authorizer is leaving:
// authorizers have neither tags nor descriptions.
func (m *authorizer) note() string { return tf.NoteKey + m.ID.ValueString() }

// abandoned is the function that the authorizer is leaving in a change that was cut
// off; "" for none.
func (m *authorizer) abandoned(ctx context.Context, c *Clients) (string, error) {
	if m.Function == nil {
		return "", nil
	}
	out, err := c.api(ctx, m.API.ValueString())
	switch {
	case tf.Is[*types.NotFoundException](err): // the API itself is gone
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading the authorizer's API: %w", err)
	}
	return out.Tags[m.note()], nil
}

// leave takes away the permission to call a function that the authorizer has left; ""
// for none.
func (m *authorizer) leave(ctx context.Context, c *Clients, function string) error {
	if function == "" {
		return nil
	}
	if err := c.disallow(ctx, m.API.ValueString(), function); err != nil {
		return err
	}
	return changeTags(ctx, c, apiARN(ctx, m.API.ValueString()), nil, []string{m.note()})
}

// textList returns the strings of a list; nil for none.
func textList(l tftypes.List) []string {
	var all []string
	for _, e := range l.Elements() {
		if s, ok := e.(tftypes.String); ok {
			all = append(all, s.ValueString())
		}
	}
	return all
}
