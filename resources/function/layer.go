package function

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// layer is the model of serverless_layer.
type layer struct {
	tf.Base
	Name          tftypes.String   `tfsdk:"name"`
	LayerName     tftypes.String   `tfsdk:"layer_name"`
	Source        *layerSource     `tfsdk:"source"`
	Description   tftypes.String   `tfsdk:"description"`
	License       tftypes.String   `tfsdk:"license"`
	Runtimes      []tftypes.String `tfsdk:"runtimes"`
	Architectures []tftypes.String `tfsdk:"architectures"`
	Retain        tftypes.Bool     `tfsdk:"retain"`
	ARN           tftypes.String   `tfsdk:"arn"`
	LayerARN      tftypes.String   `tfsdk:"layer_arn"`
	Version       tftypes.String   `tfsdk:"version"`
	CodeSHA256    tftypes.String   `tfsdk:"code_sha256"`
	CodeSize      tftypes.Int64    `tfsdk:"code_size"`
}

// layerContent are the attributes whose change publishes another version.
var layerContent = []string{"code_sha256", "description", "license", "runtimes", "architectures"}

var layerName = tf.Pattern(`^[a-zA-Z0-9_-]{1,140}$`, "a layer's name has 1 to 140 letters, digits, hyphens and underscores")

// Layer is the type serverless_layer: a layer's newest version. Changes publish
// another version in place, because versions themselves never change.
var Layer = tf.Type[*Clients, layer]{
	Name:     "layer",
	Import:   []string{"layer_name"},
	ARN:      "lambda:layer:{layer_name}",
	Physical: "layer_name",
	Gone:     tf.Gone[*types.ResourceNotFoundException]("GetLayerVersion", "ListLayerVersions", "DeleteLayerVersion"),
	Schema: schema.Schema{
		MarkdownDescription: "Files that several functions share, as libraries, found by them in `/opt`. Every change publishes another version, whose ARN is `arn`; " +
			"functions that refer to it are changed in the same apply. Old versions stay, since others may use them, unless `retain` is false. " +
			"A layer that is there already gets a further version, and its others are left alone; two blocks of one name would publish in turn.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{layerName},
				MarkdownDescription: "What the layer is called in this configuration. On AWS it is called so with the provider's `name_prefix` before it. Give this or `layer_name`.",
			},
			"layer_name": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{layerName},
				MarkdownDescription: "The name on AWS, without any prefix: 1 to 140 letters, digits, hyphens and underscores. Default: `name_prefix` and `name`. Changing it replaces the layer.",
			},
			"source":      sourceAttribute(false),
			"description": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 256)}, MarkdownDescription: "What the layer is for, at most 256 characters."},
			"license":     schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 512)}, MarkdownDescription: "The files' license: an SPDX identifier such as `MIT`, a URL or a text of at most 512 characters."},
			"runtimes": schema.SetAttribute{
				Optional: true, ElementType: tftypes.StringType, Validators: []validator.Set{setvalidator.SizeBetween(1, 15)},
				MarkdownDescription: "Runtimes that the files are for, such as `nodejs22.x`, at most 15. Lambda does not enforce them.",
			},
			"architectures": schema.SetAttribute{
				Optional: true, ElementType: tftypes.StringType, Validators: []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf("x86_64", "arm64")), setvalidator.SizeAtLeast(1)},
				MarkdownDescription: "Processors that the files are for: `x86_64`, `arm64`.",
			},
			"retain": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Whether versions stay on AWS when another one is published and when the layer is destroyed. Functions that use a deleted version run on, but cannot be changed any more. Default: true.",
			},
			"arn":         tf.Computed("ARN of the newest version: give this to `layers` of functions."),
			"layer_arn":   tf.Computed("ARN of the layer, without a version."),
			"version":     tf.Computed("Number of the newest version."),
			"code_sha256": tf.Computed("Base64 of the package's SHA-256, known at plan unless it is to be built."),
			"code_size":   schema.Int64Attribute{Computed: true, MarkdownDescription: "Size of the package in bytes."},
		},
	},
	Changes: map[string][]string{"arn": layerContent, "version": layerContent, "code_size": {"code_sha256"}},
	Validate: func(_ context.Context, v *tf.Check, m *layer) {
		if v.Known("name") && v.Known("layer_name") && m.Name.IsNull() && m.LayerName.IsNull() {
			v.Error(path.Root("name"), "No name", "Give the layer a name, or layer_name to name it on AWS without the provider's name_prefix.")
		}
		if v.Known("source") && m.Source != nil {
			m.Source.source().check(v, false)
		}
	},
	Plan: func(ctx context.Context, p *tf.Plan[layer]) error {
		if !p.Known("source") {
			p.Set("code_sha256", tftypes.StringUnknown())
			return nil
		}
		var prior *tftypes.String
		if p.Prior != nil {
			prior = &p.Prior.CodeSHA256
		}
		sha, _, err := p.Planned.Source.source().plan(ctx, first(p.Planned.Runtimes), first(p.Planned.Architectures), prior)
		p.Set("code_sha256", sha)
		return err
	},
	Create: publishLayer,
	Read:   readLayer,
	Update: func(ctx context.Context, c *Clients, prior, m *layer) error {
		if m.CodeSHA256.Equal(prior.CodeSHA256) && m.Description.Equal(prior.Description) && m.License.Equal(prior.License) &&
			slices.Equal(sorted(m.Runtimes), sorted(prior.Runtimes)) && slices.Equal(sorted(m.Architectures), sorted(prior.Architectures)) {
			return nil // retain is for later alone
		}
		if err := publishLayer(ctx, c, m); err != nil {
			return err
		}
		if m.Retain.ValueBool() || m.Version.Equal(prior.Version) {
			return nil
		}
		return deleteLayer(ctx, c, prior)
	},
	Delete: func(ctx context.Context, c *Clients, m *layer) error {
		if m.Retain.ValueBool() {
			return nil
		}
		return deleteLayer(ctx, c, m)
	},
	List: func(ctx context.Context, c *Clients, in *layer, found func(*layer) error) error {
		pages := lambda.NewListLayersPaginator(c.Lambda, &lambda.ListLayersInput{})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, l := range out.Layers {
				m := *in
				m.LayerName, m.LayerARN = tftypes.StringPointerValue(l.LayerName), tftypes.StringPointerValue(l.LayerArn)
				if err := found(&m); err != nil {
					return err
				}
			}
		}
		return nil
	},
	Moves: map[string]map[string]string{"aws_lambda_layer_version": {"layer_name": "layer_name"}},
}

// first is the text by which a build chooses for which of several it works.
func first(set []tftypes.String) string {
	if len(set) == 0 {
		return ""
	}
	return sorted(set)[0]
}

// publishLayer publishes a version, unless the newest one is just that: versions
// never change, so there is nothing to tell two alike ones apart, and one whose
// publishing was cut off is found again.
func publishLayer(ctx context.Context, c *Clients, m *layer) error {
	code, err := m.Source.source().pack(ctx, c, first(m.Runtimes), first(m.Architectures), m.CodeSHA256)
	if err != nil {
		return err
	}
	newest, err := newestLayer(ctx, c, m)
	if err != nil {
		return err
	}
	if newest == nil || code.SHA256 == "" || !m.is(newest, code.SHA256) {
		in := &lambda.PublishLayerVersionInput{
			LayerName: m.LayerName.ValueStringPointer(), Description: m.Description.ValueStringPointer(), LicenseInfo: m.License.ValueStringPointer(),
			Content: &types.LayerVersionContentInput{
				ZipFile: code.sent.ZipFile, S3Bucket: code.sent.S3Bucket, S3Key: code.sent.S3Key, S3ObjectVersion: code.sent.S3ObjectVersion,
			},
		}
		for _, r := range sorted(m.Runtimes) {
			in.CompatibleRuntimes = append(in.CompatibleRuntimes, types.Runtime(r))
		}
		for _, a := range sorted(m.Architectures) {
			in.CompatibleArchitectures = append(in.CompatibleArchitectures, types.Architecture(a))
		}
		out, err := c.Lambda.PublishLayerVersion(ctx, in, once)
		switch {
		case err == nil:
			m.version(out.LayerArn, out.Version)
		case tf.Refused(err):
			return err
		default: // the answer is lost, but maybe not the call
			ctx, cancel := tf.Afterwards(ctx)
			defer cancel()
			found, again := newestLayer(ctx, c, m)
			if again != nil || found == nil || newest != nil && found.Version == newest.Version || code.SHA256 != "" && !m.is(found, code.SHA256) {
				return err
			}
			m.version(found.LayerArn, found.Version)
			newest = found
		}
	} else {
		m.version(newest.LayerArn, newest.Version)
	}
	if code.SHA256 == "" {
		out, err := c.Lambda.GetLayerVersion(ctx, m.get())
		if err != nil {
			return err
		}
		code.SHA256 = aws.ToString(out.Content.CodeSha256)
	}
	return code.remember(ctx)
}

// version makes the model that of one version.
func (m *layer) version(layerARN *string, n int64) {
	m.Version = tftypes.StringValue(strconv.FormatInt(n, 10))
	m.ID = tftypes.StringValue(aws.ToString(layerARN))
}

func (m *layer) number() int64 {
	n, _ := strconv.ParseInt(m.Version.ValueString(), 10, 64)
	return n
}

func (m *layer) get() *lambda.GetLayerVersionInput {
	return &lambda.GetLayerVersionInput{LayerName: m.LayerName.ValueStringPointer(), VersionNumber: aws.Int64(m.number())}
}

// is reports whether a version is what the model asks for.
func (m *layer) is(v *lambda.GetLayerVersionOutput, sha string) bool {
	return v.Content != nil && aws.ToString(v.Content.CodeSha256) == sha && aws.ToString(v.Description) == m.Description.ValueString() &&
		aws.ToString(v.LicenseInfo) == m.License.ValueString() &&
		slices.Equal(slices.Sorted(slices.Values(texts(v.CompatibleRuntimes))), sorted(m.Runtimes)) &&
		slices.Equal(slices.Sorted(slices.Values(texts(v.CompatibleArchitectures))), sorted(m.Architectures))
}

// texts are the texts of an enumeration's values.
func texts[T ~string](all []T) []string {
	var out []string
	for _, v := range all {
		out = append(out, string(v))
	}
	return out
}

// newestLayer returns the newest version; nil if there is none.
func newestLayer(ctx context.Context, c *Clients, m *layer) (*lambda.GetLayerVersionOutput, error) {
	out, err := c.Lambda.ListLayerVersions(ctx, &lambda.ListLayerVersionsInput{LayerName: m.LayerName.ValueStringPointer(), MaxItems: aws.Int32(1)})
	switch {
	case tf.Is[*types.ResourceNotFoundException](err):
		return nil, nil
	case err != nil:
		return nil, err
	case len(out.LayerVersions) == 0:
		return nil, nil
	}
	return c.Lambda.GetLayerVersion(ctx, &lambda.GetLayerVersionInput{LayerName: m.LayerName.ValueStringPointer(), VersionNumber: &out.LayerVersions[0].Version})
}

// readLayer reads the version of the state, or the newest one of a layer that is
// imported.
func readLayer(ctx context.Context, c *Clients, m *layer) error {
	if name, n, ok := strings.Cut(m.LayerName.ValueString(), ":"); ok { // imported by the ARN of a version
		m.LayerName, m.Version = tftypes.StringValue(name), tftypes.StringValue(n)
	}
	var out *lambda.GetLayerVersionOutput
	var err error
	if m.Version.ValueString() == "" {
		out, err = newestLayer(ctx, c, m)
		if err == nil && out == nil {
			err = &smithy.OperationError{ServiceID: "Lambda", OperationName: "ListLayerVersions", Err: &types.ResourceNotFoundException{
				Message: aws.String(fmt.Sprintf("The layer %s has no versions", m.LayerName.ValueString())),
			}}
		}
	} else {
		out, err = c.Lambda.GetLayerVersion(ctx, m.get())
	}
	if err != nil {
		return err
	}
	m.version(out.LayerArn, out.Version)
	m.ARN, m.LayerARN = tftypes.StringPointerValue(out.LayerVersionArn), tftypes.StringPointerValue(out.LayerArn)
	m.Description, m.License = tf.NonEmpty(out.Description), tf.NonEmpty(out.LicenseInfo)
	m.Runtimes, m.Architectures = tf.Strings(texts(out.CompatibleRuntimes)), tf.Strings(texts(out.CompatibleArchitectures))
	if out.Content != nil {
		m.CodeSHA256, m.CodeSize = tftypes.StringPointerValue(out.Content.CodeSha256), tftypes.Int64Value(out.Content.CodeSize)
	}
	if m.Retain.IsNull() {
		m.Retain = tftypes.BoolValue(true)
	}
	return m.Source.source().look(ctx, c)
}

func deleteLayer(ctx context.Context, c *Clients, m *layer) error {
	_, err := c.Lambda.DeleteLayerVersion(ctx, &lambda.DeleteLayerVersionInput{LayerName: m.LayerName.ValueStringPointer(), VersionNumber: aws.Int64(m.number())})
	return err
}
