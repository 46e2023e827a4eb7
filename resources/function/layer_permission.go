package function

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// layerPermission is the model of serverless_layer_permission.
type layerPermission struct {
	tf.Base
	LayerName   tftypes.String `tfsdk:"layer_name"`
	Version     tftypes.String `tfsdk:"version"`
	StatementID tftypes.String `tfsdk:"statement_id"`
	Principal   tftypes.String `tfsdk:"principal"`
	OrgID       tftypes.String `tfsdk:"organization_id"`
}

// LayerPermission is the type serverless_layer_permission.
var LayerPermission = tf.Type[*Clients, layerPermission]{
	Name:   "layer_permission",
	Import: []string{"layer_name", "version", "statement_id"},
	Gone:   tf.Gone[*types.ResourceNotFoundException]("GetLayerVersionPolicy", "RemoveLayerVersionPermission"),
	Schema: schema.Schema{
		MarkdownDescription: "Lets other accounts use a version of a layer. It cannot be changed, only replaced.",
		Attributes: map[string]schema.Attribute{
			"layer_name": schema.StringAttribute{
				Required: true, Validators: []validator.String{tf.Pattern(`^(arn:[^:]+:lambda:[^:]+:[0-9]{12}:layer:)?[a-zA-Z0-9_-]{1,140}$`, "write a layer's name or its ARN without a version")},
				MarkdownDescription: "Name of the layer, such as the `layer_name` of a `serverless_layer`. Changing it replaces the permission.",
			},
			"version": schema.StringAttribute{
				Required: true, Validators: []validator.String{tf.Pattern(`^[0-9]+$`, "write the number of a version")},
				MarkdownDescription: "Number of the version. Changing it replaces the permission.",
			},
			"statement_id": schema.StringAttribute{
				Required: true, Validators: []validator.String{statementID},
				MarkdownDescription: "Id of the statement in the version's policy. Changing it replaces the permission.",
			},
			"principal": schema.StringAttribute{
				Required: true, Validators: []validator.String{tf.Pattern(`^([0-9]{12}|\*|arn:[^:]+:iam::[0-9]{12}:root)$`, "write an account, or * for all")},
				MarkdownDescription: "An account, or `*` for all, or with `organization_id` for all of an organization. Changing it replaces the permission.",
			},
			"organization_id": schema.StringAttribute{
				Optional: true, Validators: []validator.String{tf.Pattern(`^o-[a-z0-9]{10,32}$`, "an organization's id begins with o- and has 10 to 32 small letters and digits")},
				MarkdownDescription: "Id of an organization whose accounts may, such as `o-a1b2c3d4e5`. Changing it replaces the permission.",
			},
		},
	},
	Replace: []string{"layer_name", "version", "statement_id", "principal", "organization_id"},
	Validate: func(_ context.Context, v *tf.Check, m *layerPermission) {
		if !m.OrgID.IsNull() && !m.Principal.IsUnknown() && m.Principal.ValueString() != "*" {
			v.Error(path.Root("organization_id"), "Only with all accounts", "An organization limits principal = \"*\". Set that, or leave organization_id out.")
		}
	},
	Find: func(ctx context.Context, c *Clients, m *layerPermission) (bool, map[string]string, error) {
		found, err := layerStatement(ctx, c, m)
		if tf.Is[*types.ResourceNotFoundException](err) {
			err = nil
		}
		return found != nil, nil, err
	},
	Create: func(ctx context.Context, c *Clients, m *layerPermission) error {
		_, err := c.Lambda.AddLayerVersionPermission(ctx, &lambda.AddLayerVersionPermissionInput{
			LayerName: m.LayerName.ValueStringPointer(), VersionNumber: m.number(), StatementId: m.StatementID.ValueStringPointer(),
			Action: aws.String("lambda:GetLayerVersion"), Principal: m.Principal.ValueStringPointer(), OrganizationId: m.OrgID.ValueStringPointer(),
		})
		if err == nil {
			m.ID = tftypes.StringValue(m.id())
		}
		return unanswered(err)
	},
	Read: func(ctx context.Context, c *Clients, m *layerPermission) error {
		s, err := layerStatement(ctx, c, m)
		if err != nil {
			return err
		}
		if s == nil {
			return &smithy.OperationError{ServiceID: "Lambda", OperationName: "GetLayerVersionPolicy", Err: &types.ResourceNotFoundException{}}
		}
		m.ID = tftypes.StringValue(m.id())
		if !samePrincipal(m.Principal.ValueString(), s.Principal) {
			m.Principal = tftypes.StringValue(s.Principal)
			if parts := strings.Split(s.Principal, ":"); len(parts) == 6 && parts[5] == "root" { // as it is written
				m.Principal = tftypes.StringValue(parts[4])
			}
		}
		m.OrgID = tf.NonEmpty(&s.OrgID)
		return nil
	},
	Delete: func(ctx context.Context, c *Clients, m *layerPermission) error {
		_, err := c.Lambda.RemoveLayerVersionPermission(ctx, &lambda.RemoveLayerVersionPermissionInput{
			LayerName: m.LayerName.ValueStringPointer(), VersionNumber: m.number(), StatementId: m.StatementID.ValueStringPointer(),
		})
		return err
	},
	Within: []string{"layer_name", "version"},
	List: func(ctx context.Context, c *Clients, in *layerPermission, found func(*layerPermission) error) error {
		have, err := layerStatements(ctx, c, in)
		if tf.Is[*types.ResourceNotFoundException](err) {
			return nil
		}
		for _, id := range slices.Sorted(maps.Keys(have)) {
			m := *in
			m.StatementID = tftypes.StringValue(id)
			if err := found(&m); err != nil {
				return err
			}
		}
		return err
	},
	Moves: map[string]map[string]string{
		"aws_lambda_layer_version_permission": {"layer_name": "layer_name", "version": "version_number", "statement_id": "statement_id"},
	},
}

func (m *layerPermission) id() string {
	return m.LayerName.ValueString() + "/" + m.Version.ValueString() + "/" + m.StatementID.ValueString()
}

func (m *layerPermission) number() *int64 {
	n, _ := strconv.ParseInt(m.Version.ValueString(), 10, 64)
	return &n
}

// layerStatement returns the statement of the version's policy; nil if the policy
// has none of that id.
func layerStatement(ctx context.Context, c *Clients, m *layerPermission) (*statement, error) {
	all, err := layerStatements(ctx, c, m)
	if s, ok := all[m.StatementID.ValueString()]; ok {
		return &s, err
	}
	return nil, err
}

// layerStatements are those of the version's policy by id.
func layerStatements(ctx context.Context, c *Clients, m *layerPermission) (map[string]statement, error) {
	return tf.Shared(ctx, "policy of the layer "+m.LayerName.ValueString()+" "+m.Version.ValueString(), func() (map[string]statement, error) {
		out, err := c.Lambda.GetLayerVersionPolicy(ctx, &lambda.GetLayerVersionPolicyInput{LayerName: m.LayerName.ValueStringPointer(), VersionNumber: m.number()})
		if err != nil {
			return nil, err
		}
		if !json.Valid([]byte(aws.ToString(out.Policy))) {
			return nil, nil
		}
		return parsePolicy(*out.Policy)
	})
}
