package access

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	secrettypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	parametertypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type secret struct {
	tf.EphemeralBase
	Parameter basetypes.String `tfsdk:"ssm_parameter"`
	Secret    basetypes.String `tfsdk:"secret"`
	Version   basetypes.String `tfsdk:"version"`
	Stage     basetypes.String `tfsdk:"version_stage"`
	Key       basetypes.String `tfsdk:"key"`
	Value     basetypes.String `tfsdk:"value"`
	ARN       basetypes.String `tfsdk:"arn"`
	Found     basetypes.String `tfsdk:"found_version"`
}

// Secret is the ephemeral resource serverless_secret: the value of a parameter or a
// secret.
var Secret = tf.Ephemeral[*Clients, secret]{
	Name: "secret",
	Schema: schema.Schema{
		MarkdownDescription: "Reads a parameter of Systems Manager, decrypted, or a secret of Secrets Manager. The value is kept in neither the plan nor the state: for write-only arguments such as `environment_wo`. It is read whenever it is needed: in each plan, and again in each apply.",
		Attributes: map[string]schema.Attribute{
			"ssm_parameter": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot("secret")), stringvalidator.LengthBetween(1, 2048)},
				MarkdownDescription: "The parameter: its name or ARN. Give this or `secret`.",
			},
			"secret": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 2048)},
				MarkdownDescription: "The secret: its name or ARN. Give this or `ssm_parameter`.",
			},
			"version": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 100)},
				MarkdownDescription: "Which version: of a parameter its number or a label, of a secret its id. Default: the current one.",
			},
			"version_stage": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.AlsoRequires(path.MatchRoot("secret")), stringvalidator.LengthBetween(1, 256)},
				MarkdownDescription: "The version of a secret that has this label, such as `AWSPREVIOUS`. Default: `AWSCURRENT`, or what `version` says.",
			},
			"key": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "For a value that is a JSON object: which member of it is meant, such as `password`. Text is given as it is, all else as JSON. Default: all of the value.",
			},
			"value":         schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The value; a binary secret in base64."},
			"arn":           schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the parameter or the secret."},
			"found_version": schema.StringAttribute{Computed: true, MarkdownDescription: "The version that was read."},
		},
	},
	Open: func(ctx context.Context, c *Clients, m *secret) error {
		read := m.readSecret
		if !m.Parameter.IsNull() {
			read = m.readParameter
		}
		if err := read(ctx, c); err != nil {
			return err
		}
		return m.choose()
	},
}

func (m *secret) readParameter(ctx context.Context, c *Clients) error {
	name := m.Parameter.ValueString()
	if !m.Version.IsNull() {
		name += ":" + m.Version.ValueString()
	}
	out, err := c.Parameters.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if tf.Is[*parametertypes.ParameterNotFound](err) || tf.Is[*parametertypes.ParameterVersionNotFound](err) {
		return tf.At(path.Root("ssm_parameter"), missing(ctx, "parameter", name))
	}
	if err != nil {
		return err
	}
	m.Value, m.ARN = basetypes.StringPointerValue(out.Parameter.Value), basetypes.StringPointerValue(out.Parameter.ARN)
	m.Found = basetypes.StringValue(strconv.FormatInt(out.Parameter.Version, 10))
	return nil
}

func (m *secret) readSecret(ctx context.Context, c *Clients) error {
	out, err := c.Secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId: m.Secret.ValueStringPointer(), VersionId: m.Version.ValueStringPointer(), VersionStage: m.Stage.ValueStringPointer(),
	})
	if tf.Is[*secrettypes.ResourceNotFoundException](err) {
		return tf.At(path.Root("secret"), missing(ctx, "secret", m.Secret.ValueString()))
	}
	if err != nil {
		return err
	}
	m.Value, m.ARN, m.Found = basetypes.StringPointerValue(out.SecretString), basetypes.StringPointerValue(out.ARN), basetypes.StringPointerValue(out.VersionId)
	if out.SecretString == nil {
		m.Value = basetypes.StringValue(base64.StdEncoding.EncodeToString(out.SecretBinary))
	}
	return nil
}

func missing(ctx context.Context, kind, name string) error {
	return &tf.Problem{
		Summary: "There is no " + kind + " " + name,
		Detail:  fmt.Sprintf("It, or the version that is asked for, was looked for in %s. Correct the name, the version or the region, or create it first.", tf.ScopeOf(ctx).Region),
	}
}

// choose takes the member key out of the value. Messages do not tell the value.
func (m *secret) choose() error {
	if m.Key.IsNull() {
		return nil
	}
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(m.Value.ValueString()), &all) != nil {
		return tf.At(path.Root("key"), &tf.Problem{Summary: "Not an object", Detail: "The value of " + m.ARN.ValueString() + " is no JSON object, so that it has no members. Leave key out."})
	}
	raw, ok := all[m.Key.ValueString()]
	if !ok {
		return tf.At(path.Root("key"), &tf.Problem{Summary: "No such member", Detail: fmt.Sprintf("The value of %s has no member %q. Correct key, or leave it out.", m.ARN.ValueString(), m.Key.ValueString())})
	}
	var value any
	text := string(raw)
	if json.Unmarshal(raw, &value) == nil {
		if s, ok := value.(string); ok {
			text = s
		}
	}
	m.Value = basetypes.StringValue(text)
	return nil
}
