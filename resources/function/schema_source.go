package function

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// sourceAttribute is the attribute that says where code is. Only functions can be
// container images.
func sourceAttribute(images bool) schema.SingleNestedAttribute {
	all := maps.Clone(sourceAttributes)
	about := "Where the code is: exactly one of `dir`, `file`, `zip`, `s3` and `inline`. "
	if images {
		about = "Where the code is: exactly one of `dir`, `file`, `zip`, `s3`, `image` and `inline`. "
		all["image"] = schema.StringAttribute{
			Optional: true, Validators: []validator.String{tf.Pattern(`^[0-9]{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws)/\S+(:\S+|@sha256:[0-9a-f]{64})$`, "write the URI of an image in ECR, with a tag or, better, a digest")},
			MarkdownDescription: "A container image, `<account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:…`. With a tag, another image that it has been given is found when the state is refreshed, and deployed. " +
				"Changing between an image and anything else makes the function anew in place, with its permissions.",
		}
	}
	return schema.SingleNestedAttribute{
		Required: true, Attributes: all,
		MarkdownDescription: about + "Times and modes of files do not count: the same files give the same package on every machine. Changing a byte deploys anew, in place.",
	}
}

var sourceAttributes = map[string]schema.Attribute{
	"dir": schema.StringAttribute{
		Optional:            true,
		MarkdownDescription: "A folder that is packaged whole, but for `exclude` and the lines of its file `.serverlessignore`.",
	},
	"file": schema.StringAttribute{Optional: true, MarkdownDescription: "A single file, such as the executable `build/bootstrap`."},
	"zip":  schema.StringAttribute{Optional: true, MarkdownDescription: "A zip that is used as it is."},
	"s3": schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "A zip in S3, in the function's region.",
		Attributes: map[string]schema.Attribute{
			"bucket":  schema.StringAttribute{Required: true, MarkdownDescription: "Name of the bucket."},
			"key":     schema.StringAttribute{Required: true, MarkdownDescription: "Key of the object."},
			"version": schema.StringAttribute{Optional: true, MarkdownDescription: "Version of the object. Default: the newest; another one is found when the state is refreshed, and deployed."},
		},
	},
	"inline":  schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "The code itself, by path: `{ \"index.mjs\" = \"…\" }`."},
	"include": schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "With `dir`: only files that match one of these globs, such as `**/*.mjs`."},
	"exclude": schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "With `dir`: files that are left out, in gitignore's syntax."},
	"build":   buildSchema,
}

var buildSchema = schema.SingleNestedAttribute{
	Optional: true,
	MarkdownDescription: "With `dir`: how the package is made of what is there: exactly one of `command`, `go`, `npm`, `pip` and `esbuild`. " +
		"It is built while applying, and only if an input changed since the last build, on whatever machine that was. No shell is involved.",
	Attributes: map[string]schema.Attribute{
		"command": schema.ListAttribute{
			ElementType: types.StringType, Optional: true, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
			MarkdownDescription: "A program and its arguments, run in `dir`: `[\"make\", \"dist\"]`.",
		},
		"output": schema.StringAttribute{Optional: true, MarkdownDescription: "With `command`: the folder or file below `dir` that it makes, which is the package."},
		"inputs": schema.ListAttribute{
			ElementType: types.StringType, Optional: true,
			MarkdownDescription: "With `command`: globs of the files below `dir` whose change calls for a build. Default: all but `output` and what is excluded.",
		},
		"env": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Environment variables of the build, beside those that the provider has."},
		"go": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Builds a Go program into the executable `bootstrap`, for the function's processor, without cgo. All files of the module but tests are inputs.",
			Attributes: map[string]schema.Attribute{
				"package": schema.StringAttribute{Optional: true, MarkdownDescription: "The main package, relative to `dir`, such as `./cmd/orders`. Default: `.`."},
				"tags":    schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Build tags."},
			},
		},
		"npm": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Installs what `package-lock.json` names, without what is for development, beside a copy of the sources.",
			Attributes: map[string]schema.Attribute{
				"script": schema.StringAttribute{Optional: true, MarkdownDescription: "Script of `package.json` that is run afterwards, such as `build`; what is for development is installed for it."},
				"output": schema.StringAttribute{Optional: true, MarkdownDescription: "With `script`: the folder that it makes, which is the package."},
			},
		},
		"pip": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Installs what a requirements file names, as wheels for the function's runtime and processor, beside a copy of the sources.",
			Attributes: map[string]schema.Attribute{
				"requirements": schema.StringAttribute{Optional: true, MarkdownDescription: "The file, relative to `dir`. Default: `requirements.txt`."},
			},
		},
		"esbuild": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Bundles a module of JavaScript or TypeScript into the one file `index.mjs`, by the `esbuild` of the folder's `node_modules` or on `PATH`.",
			Attributes: map[string]schema.Attribute{
				"entry":    schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}, MarkdownDescription: "The module, relative to `dir`, such as `src/index.ts`."},
				"external": schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Packages that are not bundled, such as `@aws-sdk/*`, which Lambda has."},
				"minify":   schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the bundle is made as small as can be. Default: false."},
			},
		},
	},
}
