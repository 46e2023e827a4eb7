package function

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-framework/path"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/artifact"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type (
	// source says where code is.
	source struct {
		Dir     tftypes.String   `tfsdk:"dir"`
		File    tftypes.String   `tfsdk:"file"`
		Zip     tftypes.String   `tfsdk:"zip"`
		S3      *object          `tfsdk:"s3"`
		Image   tftypes.String   `tfsdk:"image"`
		Inline  variables        `tfsdk:"inline"`
		Include []tftypes.String `tfsdk:"include"`
		Exclude []tftypes.String `tfsdk:"exclude"`
		Build   *build           `tfsdk:"build"`
	}
	// layerSource says where the files of a layer are, which cannot be an image.
	layerSource struct {
		Dir     tftypes.String   `tfsdk:"dir"`
		File    tftypes.String   `tfsdk:"file"`
		Zip     tftypes.String   `tfsdk:"zip"`
		S3      *object          `tfsdk:"s3"`
		Inline  variables        `tfsdk:"inline"`
		Include []tftypes.String `tfsdk:"include"`
		Exclude []tftypes.String `tfsdk:"exclude"`
		Build   *build           `tfsdk:"build"`
	}
	// object is a zip in S3.
	object struct {
		Bucket  tftypes.String `tfsdk:"bucket"`
		Key     tftypes.String `tfsdk:"key"`
		Version tftypes.String `tfsdk:"version"`
	}
	// build is how a package is made of the files of a folder.
	build struct {
		Command []tftypes.String `tfsdk:"command"`
		Output  tftypes.String   `tfsdk:"output"`
		Inputs  []tftypes.String `tfsdk:"inputs"`
		Env     variables        `tfsdk:"env"`
		Go      *goBuild         `tfsdk:"go"`
		NPM     *npmBuild        `tfsdk:"npm"`
		Pip     *pipBuild        `tfsdk:"pip"`
		Esbuild *esbuildBuild    `tfsdk:"esbuild"`
	}
	goBuild struct {
		Package tftypes.String   `tfsdk:"package"`
		Tags    []tftypes.String `tfsdk:"tags"`
	}
	npmBuild struct {
		Script tftypes.String `tfsdk:"script"`
		Output tftypes.String `tfsdk:"output"`
	}
	pipBuild struct {
		Requirements tftypes.String `tfsdk:"requirements"`
	}
	esbuildBuild struct {
		Entry    tftypes.String   `tfsdk:"entry"`
		External []tftypes.String `tfsdk:"external"`
		Minify   tftypes.Bool     `tfsdk:"minify"`
	}
)

func (s *layerSource) source() *source {
	if s == nil {
		return nil
	}
	return &source{Dir: s.Dir, File: s.File, Zip: s.Zip, S3: s.S3, Inline: s.Inline, Include: s.Include, Exclude: s.Exclude, Build: s.Build}
}

// check refuses combinations that mean nothing; images says whether the type
// takes container images.
func (s *source) check(v *tf.Check, images bool) {
	given := map[string]bool{"dir": !s.Dir.IsNull(), "file": !s.File.IsNull(), "zip": !s.Zip.IsNull(), "s3": s.S3 != nil, "inline": s.Inline != nil}
	if images {
		given["image"] = !s.Image.IsNull()
	}
	at := path.Root("source")
	kind, ok := exactlyOne(v, at, "source", given)
	if !ok {
		return
	}
	for name, set := range map[string]bool{"include": s.Include != nil, "exclude": s.Exclude != nil, "build": s.Build != nil} {
		if set && s.Dir.IsNull() {
			v.Error(at.AtName(name), "Only with dir", name+" is about the files of a folder. Leave it out with "+kind+".")
		}
	}
	if s.Build == nil {
		return
	}
	b := s.Build
	how, ok := exactlyOne(v, at.AtName("build"), "build", map[string]bool{
		"command": b.Command != nil, "go": b.Go != nil, "npm": b.NPM != nil, "pip": b.Pip != nil, "esbuild": b.Esbuild != nil,
	})
	if !ok {
		return
	}
	for name, set := range map[string]bool{"output": !b.Output.IsNull(), "inputs": b.Inputs != nil} {
		if set && how != "command" {
			v.Error(at.AtName("build").AtName(name), "Only with command", how+" knows its "+name+" itself. Leave "+name+" out.")
		}
	}
	if how == "command" && b.Output.IsNull() {
		v.Error(at.AtName("build").AtName("output"), "No output", "Name the folder or file that the command makes, relative to dir.")
	}
	if b.NPM != nil && b.NPM.Script.IsNull() != b.NPM.Output.IsNull() {
		v.Error(at.AtName("build").AtName("npm"), "Half a script", "script and output go together: the script of package.json, and what it makes. Give both, or neither.")
	}
}

// exactlyOne returns which one of several attributes is given, and reports an
// error if that is not exactly one.
func exactlyOne(v *tf.Check, at path.Path, what string, given map[string]bool) (string, bool) {
	names := slices.Sorted(maps.Keys(given))
	var found []string
	for _, name := range names {
		if given[name] {
			found = append(found, name)
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	got := "none is"
	if len(found) > 1 {
		got = strings.Join(found, " and ") + " are"
	}
	v.Error(at, "Exactly one "+what, fmt.Sprintf("Give one of %s and %s; %s given.", strings.Join(names[:len(names)-1], ", "), names[len(names)-1], got))
	return "", false
}

// artifact is the source as packages are made from it, for a runtime and a
// processor.
func (s *source) artifact(runtime, architecture string) (artifact.Source, error) {
	out := artifact.Source{
		Dir: s.Dir.ValueString(), Include: tf.Texts(s.Include), Exclude: tf.Texts(s.Exclude),
		File: s.File.ValueString(), Zip: s.Zip.ValueString(), Inline: s.Inline.values(),
	}
	b := s.Build
	if b == nil {
		return out, nil
	}
	var err error
	switch {
	case b.Go != nil:
		out.Build, err = artifact.Go(out.Dir, b.Go.Package.ValueString(), architecture, tf.Texts(b.Go.Tags))
	case b.NPM != nil:
		out.Build = artifact.NPM(b.NPM.Script.ValueString(), b.NPM.Output.ValueString())
	case b.Pip != nil:
		out.Build, err = artifact.Pip(b.Pip.Requirements.ValueString(), runtime, architecture)
	case b.Esbuild != nil:
		e := b.Esbuild
		out.Build, err = artifact.Esbuild(out.Dir, e.Entry.ValueString(), runtime, tf.Texts(e.External), e.Minify.ValueBool())
	default:
		out.Build = &artifact.Build{Steps: [][]string{tf.Texts(b.Command)}, Output: b.Output.ValueString(), Inputs: tf.Texts(b.Inputs)}
	}
	if err != nil {
		return out, err
	}
	if out.Build.Env == nil {
		out.Build.Env = map[string]string{}
	}
	maps.Copy(out.Build.Env, b.Env.values())
	return out, nil
}

// deployed is what is remembered beside the state of what has code: the key of
// what its package was made of, so that the same is never built nor deployed
// again, whatever becomes of the encoder.
type deployed struct{ Key, SHA256 string }

const (
	deployedKey = "deployed"
	// objectKey is where the version of the object in S3, or the image with the tag,
	// is remembered that the last refresh has found.
	objectKey = "object"
)

// A code is a package, ready to be sent.
type code struct {
	deployed
	sent     types.FunctionCode
	contents *artifact.Contents // nil if it is not on this machine
	seen     string             // what a refresh would find; "" if it looks nowhere
}

// mostSent is the size of a zip that Lambda takes in a call.
const mostSent = 50 << 20

// pack makes the package, and builds it before where that is asked for. What is
// sent is what was planned: files that changed since are an error.
func (s *source) pack(ctx context.Context, c *Clients, runtime, architecture string, planned tftypes.String) (*code, error) {
	at := path.Root("source")
	switch {
	case s.S3 != nil:
		o, err := s.S3.find(ctx, c)
		if err != nil {
			return nil, tf.At(at, err)
		}
		return &code{deployed: deployed{Key: o.key()}, seen: o.key(), sent: types.FunctionCode{
			S3Bucket: s.S3.Bucket.ValueStringPointer(), S3Key: s.S3.Key.ValueStringPointer(), S3ObjectVersion: o.version,
		}}, nil
	case !s.Image.IsNull():
		image, err := pictureOf(s.Image.ValueString()).resolve(ctx, c)
		if err != nil {
			return nil, tf.At(at.AtName("image"), err)
		}
		if err := asPlanned(planned, image.sha256()); err != nil {
			return nil, tf.At(at.AtName("image"), err)
		}
		return &code{deployed: deployed{Key: "image:" + image.uri()}, seen: image.seen(s.Image.ValueString()), sent: types.FunctionCode{ImageUri: aws.String(image.uri())}}, nil
	}
	src, err := s.artifact(runtime, architecture)
	if err != nil {
		return nil, tf.At(at, err)
	}
	key, err := artifact.Key(src)
	if err != nil {
		return nil, tf.At(at, err)
	}
	if src.Build != nil {
		tf.Progress(ctx, "Building in %s", src.Dir)
	}
	made, done, err := artifact.Make(ctx, src)
	if err != nil {
		return nil, tf.At(at, err)
	}
	defer done()
	var zip bytes.Buffer
	pkg, err := artifact.Write(&zip, made)
	if err != nil {
		return nil, tf.At(at, err)
	}
	if err := asPlanned(planned, pkg.SHA256); err != nil {
		return nil, tf.At(at, err)
	}
	sent := types.FunctionCode{ZipFile: zip.Bytes()}
	if pkg.Size > mostSent {
		if sent, err = upload(ctx, c, tf.ScopeOf(ctx), zip.Bytes(), pkg.SHA256); err != nil {
			return nil, tf.At(at, err)
		}
	}
	return &code{deployed: deployed{key, pkg.SHA256}, sent: sent, contents: &pkg.Contents}, nil
}

// asPlanned refuses code that is not what the plan shows.
func asPlanned(planned tftypes.String, sha string) error {
	if planned.IsUnknown() || planned.IsNull() || planned.ValueString() == sha {
		return nil
	}
	return &tf.Problem{
		Summary: "The code changed since the plan",
		Detail: fmt.Sprintf("The package has the SHA-256 %s, the plan shows %s. Nothing was deployed. Plan again; "+
			"if something writes to the folder while the apply runs, exclude it or build before planning.", sha, planned.ValueString()),
	}
}

// remember keeps what was deployed, so that the next plan knows it.
func (c *code) remember(ctx context.Context) error {
	if c.seen != "" {
		if err := tf.Remember(ctx, objectKey, c.seen); err != nil {
			return err
		}
	}
	return tf.Remember(ctx, deployedKey, c.deployed)
}

// stored is an object that was found in S3.
type stored struct {
	of      *object
	version *string // nil without versioning
	tag     string
}

// key tells the contents of objects apart.
func (o stored) key() string {
	return "s3:" + o.of.Bucket.ValueString() + "/" + o.of.Key.ValueString() + "@" + aws.ToString(o.version) + "#" + o.tag
}

// find looks which version of the object there is now.
func (o *object) find(ctx context.Context, c *Clients) (stored, error) {
	out, err := c.S3.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: o.Bucket.ValueStringPointer(), Key: o.Key.ValueStringPointer(), VersionId: o.Version.ValueStringPointer(),
	})
	if answers(err, "NotFound") {
		return stored{}, fmt.Errorf("there is no object %s in the bucket %s; upload it first, or correct its key", o.Key.ValueString(), o.Bucket.ValueString())
	}
	if err != nil {
		return stored{}, err
	}
	found := stored{of: o, tag: aws.ToString(out.ETag)}
	if v := aws.ToString(out.VersionId); v != "" && v != "null" {
		found.version = out.VersionId
	}
	return found, nil
}

// look remembers which version of the object there is, or which image has the tag,
// for the plan that follows.
func (s *source) look(ctx context.Context, c *Clients) error {
	if s != nil && !s.Image.IsNull() {
		image, err := pictureOf(s.Image.ValueString()).resolve(ctx, c)
		if err != nil {
			return ctx.Err() // as below
		}
		return tf.Remember(ctx, objectKey, image.seen(s.Image.ValueString()))
	}
	if s == nil || s.S3 == nil {
		return nil
	}
	found, err := s.S3.find(ctx, c)
	if err != nil {
		return ctx.Err() // an object that cannot be seen any more changes nothing about what is deployed
	}
	return tf.Remember(ctx, objectKey, found.key())
}

// plan returns the hash of the package that an apply would deploy, unknown if
// that takes a build or a download, and what the package holds if that is known.
func (s *source) plan(ctx context.Context, runtime, architecture string, prior *tftypes.String) (tftypes.String, *artifact.Contents, error) {
	var last deployed
	if _, err := tf.Recall(ctx, deployedKey, &last); err != nil {
		return tftypes.StringUnknown(), nil, err
	}
	same := func(key string) bool {
		return prior != nil && key == last.Key && (last.SHA256 == "" || last.SHA256 == prior.ValueString())
	}
	at := path.Root("source")
	switch {
	case s.S3 != nil:
		var found string
		if _, err := tf.Recall(ctx, objectKey, &found); err != nil {
			return tftypes.StringUnknown(), nil, err
		}
		if strings.HasPrefix(found, "s3:"+s.S3.Bucket.ValueString()+"/"+s.S3.Key.ValueString()+"@") && same(found) &&
			(s.S3.Version.IsNull() || strings.Contains(found, "@"+s.S3.Version.ValueString()+"#")) {
			return *prior, nil, nil
		}
		return tftypes.StringUnknown(), nil, nil
	case !s.Image.IsNull():
		return s.planImage(ctx, same, prior)
	}
	src, err := s.artifact(runtime, architecture)
	if err != nil {
		return tftypes.StringUnknown(), nil, tf.At(at, err)
	}
	if src.Build != nil {
		key, err := artifact.Key(src)
		switch {
		case err != nil:
			return tftypes.StringUnknown(), nil, tf.At(at, err)
		case same(key):
			return *prior, nil, nil
		}
		return tftypes.StringUnknown(), nil, nil
	}
	contents, err := artifact.Inspect(src)
	if err != nil {
		return tftypes.StringUnknown(), nil, tf.At(at, err)
	}
	if prior != nil && contents.Digest == last.Key {
		return tftypes.StringValue(last.SHA256), &contents, nil
	}
	pkg, err := artifact.Describe(src)
	if err != nil {
		return tftypes.StringUnknown(), nil, tf.At(at, err)
	}
	return tftypes.StringValue(pkg.SHA256), &contents, nil
}
