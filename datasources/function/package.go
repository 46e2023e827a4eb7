package function

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/artifact"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
)

type packageModel struct {
	tf.SourceBase
	Dir     types.String      `tfsdk:"dir"`
	File    types.String      `tfsdk:"file"`
	Zip     types.String      `tfsdk:"zip"`
	Inline  map[string]string `tfsdk:"inline"`
	Include []string          `tfsdk:"include"`
	Exclude []string          `tfsdk:"exclude"`
	SHA256  types.String      `tfsdk:"sha256"`
	Size    types.Int64       `tfsdk:"size"`
	Files   map[string]int64  `tfsdk:"files"`
}

// Package is the data source serverless_package: what a package would hold.
var Package = tf.Source[*function.Clients, packageModel]{
	Name: "package",
	Schema: schema.Schema{
		MarkdownDescription: "Tells what the package of a function's `source` would be, without making it: its hash, its size and its files.",
		Attributes: map[string]schema.Attribute{
			"dir":     schema.StringAttribute{Optional: true, MarkdownDescription: "A folder. Exactly one of `dir`, `file`, `zip` and `inline` is needed."},
			"file":    schema.StringAttribute{Optional: true, MarkdownDescription: "A single file."},
			"zip":     schema.StringAttribute{Optional: true, MarkdownDescription: "A zip."},
			"inline":  schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "The files themselves, by path."},
			"include": schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "With `dir`: only files that match one of these globs."},
			"exclude": schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "With `dir`: files that are left out, in gitignore's syntax."},
			"sha256":  schema.StringAttribute{Computed: true, MarkdownDescription: "Base64 of the zip's SHA-256: the `code_sha256` of a function with this source."},
			"size":    schema.Int64Attribute{Computed: true, MarkdownDescription: "Size of the zip in bytes."},
			"files":   schema.MapAttribute{Computed: true, ElementType: types.Int64Type, MarkdownDescription: "The files' sizes in bytes, by path."},
		},
	},
	Validate: func(_ context.Context, v *tf.Check, m *packageModel) {
		given := 0
		for name, set := range map[string]bool{"dir": !m.Dir.IsNull(), "file": !m.File.IsNull(), "zip": !m.Zip.IsNull(), "inline": m.Inline != nil} {
			if !v.Known(name) {
				return
			}
			if set {
				given++
			}
		}
		if given != 1 {
			v.Error(path.Root("dir"), "Which files?", "Give exactly one of dir, file, zip and inline.")
		}
	},
	Read: func(_ context.Context, _ *function.Clients, m *packageModel) error {
		p, err := artifact.Describe(artifact.Source{
			Dir: m.Dir.ValueString(), File: m.File.ValueString(), Zip: m.Zip.ValueString(), Inline: m.Inline, Include: m.Include, Exclude: m.Exclude,
		})
		if err != nil {
			return err
		}
		m.SHA256, m.Size, m.Files = types.StringValue(p.SHA256), types.Int64Value(p.Size), map[string]int64{}
		for _, f := range p.Files {
			m.Files[f.Path] = f.Size
		}
		return nil
	},
}
