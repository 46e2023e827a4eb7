package provider

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/tfserverless/terraform-provider-serverless/internal/awsapi"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// A Session is the part of the provider block that says how AWS is called, and as
// whom.
type Session struct {
	Region           types.String `tfsdk:"region"`
	Profile          types.String `tfsdk:"profile"`
	AccessKey        types.String `tfsdk:"access_key"`
	SecretKey        types.String `tfsdk:"secret_key"`
	Token            types.String `tfsdk:"token"`
	ConfigFiles      types.List   `tfsdk:"shared_config_files"`
	CredentialsFiles types.List   `tfsdk:"shared_credentials_files"`
	WebIdentity      types.Object `tfsdk:"assume_role_with_web_identity"`
	Roles            types.List   `tfsdk:"assume_role"`
	Retry            types.Object `tfsdk:"retry"`
	HTTPProxy        types.String `tfsdk:"http_proxy"`
	HTTPSProxy       types.String `tfsdk:"https_proxy"`
	NoProxy          types.String `tfsdk:"no_proxy"`
	CABundle         types.String `tfsdk:"ca_bundle"`
	FIPS             types.Bool   `tfsdk:"use_fips"`
	DualStack        types.Bool   `tfsdk:"use_dualstack"`
	Endpoint         types.String `tfsdk:"endpoint"`
	Endpoints        types.Map    `tfsdk:"endpoints"`
}

// notEmulated ends the description of what the emulator does not need.
const notEmulated = " Not used with the emulator."

var (
	roleARN = []validator.String{tf.Pattern(`^arn:[\w-]+:iam::\d{12}:role/.+$`, "a role's ARN is arn:aws:iam::123456789012:role/NAME")}
	session = []validator.String{tf.Pattern(`^[\w+=,.@-]{2,64}$`, "a session's name has 2 to 64 letters, digits and characters of +=,.@_-")}
)

// role are the attributes of a role to assume, with those in more.
func role(more map[string]schema.Attribute) map[string]schema.Attribute {
	all := map[string]schema.Attribute{
		"role_arn":     schema.StringAttribute{Required: true, Validators: roleARN, MarkdownDescription: "ARN of the role."},
		"session_name": schema.StringAttribute{Optional: true, Validators: session, MarkdownDescription: "Name of the session in AWS's logs, 2 to 64 characters. Default: `terraform-provider-serverless`."},
		"duration":     schema.StringAttribute{Optional: true, MarkdownDescription: "How long a session lasts before it is renewed, from `15m` to `12h`. Default: `1h`."},
		"policy":       schema.StringAttribute{Optional: true, MarkdownDescription: "Policy, in JSON, that limits what the session may do."},
		"policy_arns":  schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "ARNs of managed policies that limit it, at most 10."},
	}
	for name, a := range more {
		all[name] = a
	}
	return all
}

// attributes describes the session.
func (Session) attributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"region": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Region of all resources that do not name one, such as `eu-north-1`. Default: `AWS_REGION`, `AWS_DEFAULT_REGION`, or the region of the profile. Changing it replaces the resources that it applies to.",
		},
		"profile": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Profile of `~/.aws/config` and `~/.aws/credentials`: its keys, its role, its IAM Identity Center (SSO) session or its `credential_process`. Default: `AWS_PROFILE`, or `default`." + notEmulated,
		},
		"access_key": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Access key id; needs `secret_key`. Default: whatever the AWS SDK finds in the environment, the profile, or the role of the container or the machine." + notEmulated,
		},
		"secret_key": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "Secret of `access_key`.",
		},
		"token": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "Session token of a temporary `access_key`.",
		},
		"shared_config_files": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Files with profiles. Default: `AWS_CONFIG_FILE`, or `~/.aws/config`." + notEmulated,
		},
		"shared_credentials_files": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Files with the profiles' keys. Default: `AWS_SHARED_CREDENTIALS_FILE`, or `~/.aws/credentials`." + notEmulated,
		},
		"assume_role": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Roles to assume, each by the credentials of the one before it; everything is called as the last one. After `assume_role_with_web_identity`, if that is set too." + notEmulated,
			NestedObject: schema.NestedAttributeObject{Attributes: role(map[string]schema.Attribute{
				"external_id":         schema.StringAttribute{Optional: true, MarkdownDescription: "External id that the role's trust policy asks for."},
				"source_identity":     schema.StringAttribute{Optional: true, Validators: session, MarkdownDescription: "Who is behind the session, for AWS's logs; it stays through chains."},
				"tags":                schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Tags of the session."},
				"transitive_tag_keys": schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Those of its tags that stay through chains."},
			})},
		},
		"assume_role_with_web_identity": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "A role to assume by a token of an OpenID Connect issuer, such as a CI system. Default: `AWS_ROLE_ARN` with `AWS_WEB_IDENTITY_TOKEN_FILE`." + notEmulated,
			Attributes: role(map[string]schema.Attribute{
				"web_identity_token":      schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "The token; or `web_identity_token_file`."},
				"web_identity_token_file": schema.StringAttribute{Optional: true, MarkdownDescription: "File with the token, which is read whenever one is needed."},
			}),
		},
		"retry": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "What is done about AWS's refusals for a while." + notEmulated,
			Attributes: map[string]schema.Attribute{
				"max": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(1, 1000)}, MarkdownDescription: "How often a call is tried at most, 1 to 1000. Default: `AWS_MAX_ATTEMPTS`, `max_attempts` of the profile, or 20."},
				"mode": schema.StringAttribute{
					Optional: true, Validators: []validator.String{stringvalidator.OneOf("adaptive", "standard")},
					MarkdownDescription: "`adaptive` holds calls back to keep within the quotas that AWS publishes, and within what is left of them when others use them too; `standard` makes them at once and only waits after refusals. Default: `AWS_RETRY_MODE`, `retry_mode` of the profile, or `adaptive`.",
				},
			},
		},
		"http_proxy": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "URL of the proxy for endpoints of `http`. Default: `HTTP_PROXY`." + notEmulated,
		},
		"https_proxy": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "URL of the proxy for endpoints of `https`, as AWS's are. Default: `HTTPS_PROXY`." + notEmulated,
		},
		"no_proxy": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Hosts that are called without a proxy, separated by commas. Default: `NO_PROXY`." + notEmulated,
		},
		"ca_bundle": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "File with the certificates of the authorities to trust in place of the machine's, in PEM. Default: `AWS_CA_BUNDLE`." + notEmulated,
		},
		"use_fips": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Whether AWS's FIPS endpoints are called. Not together with `endpoint` and `endpoints`. Default: `AWS_USE_FIPS_ENDPOINT`." + notEmulated,
		},
		"use_dualstack": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Whether AWS's endpoints that have IPv6 addresses too are called. Not together with `endpoint` and `endpoints`. Default: `AWS_USE_DUALSTACK_ENDPOINT`." + notEmulated,
		},
		"endpoint": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "URL of a server that answers for all of AWS, such as another emulator's.",
		},
		"endpoints": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "URLs for single services: `" + strings.Join(awsapi.Services, "`, `") + "`. They count over `endpoint`.",
		},
	}
}

// unknown names an attribute that must be known to call AWS and is not; "" if
// there is none. The region is not among them: resources may name their own.
func (s Session) unknown(ctx context.Context) string {
	for _, a := range []struct {
		name  string
		value attr.Value
	}{
		{"profile", s.Profile}, {"access_key", s.AccessKey}, {"secret_key", s.SecretKey}, {"token", s.Token},
		{"shared_config_files", s.ConfigFiles}, {"shared_credentials_files", s.CredentialsFiles},
		{"assume_role_with_web_identity", s.WebIdentity}, {"assume_role", s.Roles}, {"retry", s.Retry},
		{"http_proxy", s.HTTPProxy}, {"https_proxy", s.HTTPSProxy}, {"no_proxy", s.NoProxy}, {"ca_bundle", s.CABundle},
		{"use_fips", s.FIPS}, {"use_dualstack", s.DualStack}, {"endpoint", s.Endpoint}, {"endpoints", s.Endpoints},
	} {
		if !known(ctx, a.value) {
			return a.name
		}
	}
	return ""
}

// known reports whether a value is known completely.
func known(ctx context.Context, v attr.Value) bool {
	raw, err := v.ToTerraformValue(ctx)
	return err == nil && raw.IsFullyKnown()
}

// assumed is a role to assume as it is written; what one of the two ways of
// assuming does not have is null.
type assumed struct {
	ARN            types.String   `tfsdk:"role_arn"`
	Session        types.String   `tfsdk:"session_name"`
	Duration       types.String   `tfsdk:"duration"`
	Policy         types.String   `tfsdk:"policy"`
	PolicyARNs     []types.String `tfsdk:"policy_arns"`
	ExternalID     types.String   `tfsdk:"external_id"`
	SourceIdentity types.String   `tfsdk:"source_identity"`
	Tags           types.Map      `tfsdk:"tags"`
	TransitiveTags []types.String `tfsdk:"transitive_tag_keys"`
}

type byToken struct {
	ARN        types.String   `tfsdk:"role_arn"`
	Session    types.String   `tfsdk:"session_name"`
	Duration   types.String   `tfsdk:"duration"`
	Policy     types.String   `tfsdk:"policy"`
	PolicyARNs []types.String `tfsdk:"policy_arns"`
	Token      types.String   `tfsdk:"web_identity_token"`
	TokenFile  types.String   `tfsdk:"web_identity_token_file"`
}

// config is how the session's clients are made. It must be known.
func (s Session) config(ctx context.Context, ds *diag.Diagnostics) awsapi.Config {
	c := awsapi.Config{
		Endpoint: s.Endpoint.ValueString(),
		Region:   s.Region.ValueString(),
		Profile:  s.Profile.ValueString(), AccessKey: s.AccessKey.ValueString(),
		SecretKey: s.SecretKey.ValueString(), Token: s.Token.ValueString(),
		Proxy:    awsapi.Proxy{HTTP: s.HTTPProxy.ValueString(), HTTPS: s.HTTPSProxy.ValueString(), Except: s.NoProxy.ValueString()},
		CABundle: s.CABundle.ValueString(),
		FIPS:     s.FIPS.ValueBoolPointer(), DualStack: s.DualStack.ValueBoolPointer(),
	}
	if (c.AccessKey == "") != (c.SecretKey == "") {
		ds.AddAttributeError(path.Root("access_key"), "Half a key", "access_key and secret_key go together: set both or neither.")
	}
	if c.Token != "" && c.AccessKey == "" {
		ds.AddAttributeError(path.Root("token"), "A token without its key", "token belongs to a temporary access_key with its secret_key: set all three, or none.")
	}
	ds.Append(s.Endpoints.ElementsAs(ctx, &c.Endpoints, false)...)
	ds.Append(s.ConfigFiles.ElementsAs(ctx, &c.ConfigFiles, false)...)
	ds.Append(s.CredentialsFiles.ElementsAs(ctx, &c.CredentialsFiles, false)...)
	for name, v := range map[string]string{"http_proxy": c.Proxy.HTTP, "https_proxy": c.Proxy.HTTPS} {
		if u, err := url.Parse(v); v != "" && (err != nil || u.Host == "") {
			ds.AddAttributeError(path.Root(name), "Not the URL of a proxy", name+" is written with its scheme, such as http://proxy.example.com:3128.")
		}
	}
	c.Retry = s.retry()
	if !s.WebIdentity.IsNull() {
		c.WebIdentity = s.webIdentity(ctx, ds)
	}
	var roles []assumed
	ds.Append(s.Roles.ElementsAs(ctx, &roles, false)...)
	for i, r := range roles {
		out := awsapi.Role{
			ARN: r.ARN.ValueString(), Session: r.Session.ValueString(), Policy: r.Policy.ValueString(), PolicyARNs: tf.Texts(r.PolicyARNs),
			Duration:   duration(path.Root("assume_role").AtListIndex(i), r.Duration, ds),
			ExternalID: r.ExternalID.ValueString(), SourceIdentity: r.SourceIdentity.ValueString(), TransitiveTags: tf.Texts(r.TransitiveTags),
		}
		ds.Append(r.Tags.ElementsAs(ctx, &out.Tags, false)...)
		c.Roles = append(c.Roles, out)
	}
	return c
}

func (s Session) retry() (r awsapi.Retry) {
	a := s.Retry.Attributes()
	if v, ok := a["max"].(types.Int64); ok {
		r.Max = int(v.ValueInt64())
	}
	if v, ok := a["mode"].(types.String); ok && !v.IsNull() {
		burst := v.ValueString() == "standard"
		r.Burst = &burst
	}
	return r
}

func (s Session) webIdentity(ctx context.Context, ds *diag.Diagnostics) *awsapi.Role {
	at := path.Root("assume_role_with_web_identity")
	var r byToken
	ds.Append(s.WebIdentity.As(ctx, &r, basetypes.ObjectAsOptions{})...)
	if r.Token.IsNull() == r.TokenFile.IsNull() {
		ds.AddAttributeError(at, "One token is needed", "Set either web_identity_token or web_identity_token_file.")
	}
	if !s.AccessKey.IsNull() || !s.Profile.IsNull() {
		ds.AddAttributeError(at, "Two identities", "The role is assumed by the token alone. Remove access_key and profile, or assume the role by them in assume_role.")
	}
	return &awsapi.Role{
		ARN: r.ARN.ValueString(), Session: r.Session.ValueString(), Policy: r.Policy.ValueString(), PolicyARNs: tf.Texts(r.PolicyARNs),
		Duration: duration(at, r.Duration, ds), Token: r.Token.ValueString(), TokenFile: r.TokenFile.ValueString(),
	}
}

// duration reads how long a session lasts; 0 for nothing.
func duration(at path.Path, text types.String, ds *diag.Diagnostics) time.Duration {
	if text.IsNull() {
		return 0
	}
	d, err := time.ParseDuration(text.ValueString())
	if err != nil || d < 15*time.Minute || d > 12*time.Hour {
		ds.AddAttributeError(at.AtName("duration"), "Not the length of a session", fmt.Sprintf("%q is not a duration from 15m to 12h, such as 1h.", text.ValueString()))
	}
	return d
}
