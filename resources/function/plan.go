package function

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/artifact"
	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

func plan(ctx context.Context, p *tf.Plan[function]) error {
	parts.KeepPolicies(p, (*function).owner)
	planLog(p)
	if err := planEnvironment(ctx, p); err != nil {
		return err
	}
	if err := planRole(p); err != nil {
		return err
	}
	if err := planPackage(ctx, p); err != nil {
		return err
	}
	if p.Prior != nil && anew(p.Prior, p.Planned) && p.Known("source") {
		if p.Planned.Publish != nil && len(p.Planned.Publish.Weights) > 0 {
			return tf.At(path.Root("publish").AtName("weights"), &tf.Problem{
				Summary: "Weights of versions that are gone",
				Detail:  "AWS can only make this change by making the function anew, and its versions go with it. Leave weights out of this change.",
			})
		}
		p.Warn(path.Root("source"), "The function is made anew",
			"AWS cannot change this about a function that is there, so that it is deleted and made again under its name while applying, with its policy, URL and settings. "+
				"Calls are refused for the moment between, its versions are gone, and its aliases lead to the new one.")
	}
	if err := planPublish(ctx, p); err != nil {
		return err
	}
	return planRollout(p)
}

// planLog fills in what the configuration leaves open; levels only go with JSON.
// What it gives without knowing it yet stays unknown.
func planLog(p *tf.Plan[function]) {
	if p.Pending("log") && p.Config.Log == nil {
		p.Set("log", types.ObjectUnknown(logTypes))
		p.Set("log_group_name", types.StringUnknown())
		p.Planned.LogGroupName = types.StringUnknown()
		return
	}
	l, given := log{}, log{}
	if p.Planned.Log != nil {
		l = *p.Planned.Log
	}
	if p.Config.Log != nil {
		given = *p.Config.Log
	}
	or := func(v *types.String, given, def types.String) {
		if v.IsNull() || v.IsUnknown() && !given.IsUnknown() {
			*v = def
		}
	}
	none := types.StringNull()
	or(&l.Format, given.Format, types.StringValue("JSON"))
	switch {
	case l.Format.IsUnknown():
		for _, v := range []*types.String{&l.ApplicationLevel, &l.SystemLevel} {
			if v.IsNull() {
				*v = types.StringUnknown()
			}
		}
	case l.Format.ValueString() == "JSON":
		or(&l.ApplicationLevel, given.ApplicationLevel, types.StringValue("INFO"))
		or(&l.SystemLevel, given.SystemLevel, types.StringValue("WARN"))
	default:
		or(&l.ApplicationLevel, given.ApplicationLevel, none)
		or(&l.SystemLevel, given.SystemLevel, none)
	}
	or(&l.KMSKeyARN, given.KMSKeyARN, none)
	switch {
	case l.Group.IsUnknown():
		or(&l.Class, given.Class, types.StringUnknown())
		if given.RetentionDays.IsNull() {
			l.RetentionDays = types.Int64Unknown()
		}
	case !l.Group.IsNull():
		l.RetentionDays, l.Class = types.Int64Null(), none
	default:
		planOwnLog(p, &l, &given)
	}
	p.Planned.Log = &l
	p.Set("log", l.object())

	group := l.Group
	if group.IsNull() {
		group = types.StringUnknown()
		if name := p.Planned.FunctionName; !name.IsUnknown() {
			group = types.StringValue(ownLogGroup(name.ValueString()))
		}
	}
	p.Planned.LogGroupName = group
	p.Set("log_group_name", group)
}

// planOwnLog plans what only the function's own group has.
func planOwnLog(p *tf.Plan[function], l, given *log) {
	if l.Class.IsNull() || l.Class.IsUnknown() && !given.Class.IsUnknown() {
		l.Class = types.StringValue("STANDARD")
	}
	switch {
	case given.RetentionDays.IsUnknown():
	case l.Class.IsUnknown() && given.RetentionDays.IsNull():
		l.RetentionDays = types.Int64Unknown()
	case l.Class.ValueString() == "DELIVERY":
		l.RetentionDays = types.Int64Value(deliveryDays)
	case l.RetentionDays.IsNull() || l.RetentionDays.IsUnknown() || p.Prior != nil && reclassed(p.Prior.Log, l) && given.RetentionDays.IsNull():
		l.RetentionDays = types.Int64Value(30)
	}
	if p.Prior != nil && reclassed(p.Prior.Log, l) {
		p.Warn(path.Root("log").AtName("class"), "The log group is made anew", "AWS changes no group's class, so that the group is deleted with its events and made again while applying.")
	}
}

// deliveryDays is how long groups of the class DELIVERY keep events.
const deliveryDays = 2

// reclassed reports whether the function's own group is to be of another class.
func reclassed(was, is *log) bool {
	return was != nil && was.Group.IsNull() && is.Group.IsNull() && !was.Class.IsNull() && !is.Class.Equal(was.Class)
}

func ownLogGroup(function string) string { return "/aws/lambda/" + function }

var logTypes = map[string]attr.Type{
	"format": types.StringType, "application_level": types.StringType, "system_level": types.StringType,
	"retention_days": types.Int64Type, "kms_key_arn": types.StringType, "group": types.StringType, "class": types.StringType,
}

func (l *log) object() types.Object {
	return types.ObjectValueMust(logTypes, map[string]attr.Value{
		"format": l.Format, "application_level": l.ApplicationLevel, "system_level": l.SystemLevel,
		"retention_days": l.RetentionDays, "kms_key_arn": l.KMSKeyARN, "group": l.Group, "class": l.Class,
	})
}

// planEnvironment merges the variables of the provider's defaults, those of the
// links and those of the function.
func planEnvironment(ctx context.Context, p *tf.Plan[function]) error {
	if _, known := tf.DefaultMap(ctx, "function", "environment"); !known || !p.Known("environment") || !p.Known("links") {
		p.Set("environment_effective", types.MapUnknown(types.StringType))
		return nil
	}
	effective, err := effectiveEnvironment(ctx, p.Planned, slices.Collect(maps.Keys(p.Config.Secrets)))
	if err != nil {
		return err
	}
	elements := map[string]attr.Value{}
	for k, v := range effective {
		elements[k] = types.StringValue(v)
	}
	p.Set("environment_effective", types.MapValueMust(types.StringType, elements))
	return nil
}

// effectiveEnvironment is all variables but the write-only ones, whose names are
// not among them even if others give them values.
func effectiveEnvironment(ctx context.Context, m *function, secret []string) (map[string]string, error) {
	all, err := givenEnvironment(ctx, m)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, m.Environment.values())
	for _, name := range secret {
		delete(all, name)
	}
	return all, nil
}

// givenEnvironment is what the defaults and the links give to the function.
func givenEnvironment(ctx context.Context, m *function) (map[string]string, error) {
	all := map[string]string{}
	defaults, _ := tf.DefaultMap(ctx, "function", "environment")
	maps.Copy(all, defaults)
	for name, l := range m.Links {
		if !l.Env.IsNull() && !l.Env.ValueBool() {
			continue
		}
		more, err := l.Link(name).Environment()
		if err != nil {
			return nil, tf.At(path.Root("links").AtMapKey(name), err)
		}
		maps.Copy(all, more)
	}
	return all, nil
}

// planPackage looks at the code, checks that it can run, and plans its hash.
func planPackage(ctx context.Context, p *tf.Plan[function]) error {
	open := p.Config.Architecture.IsNull() && (p.Planned.Architecture.IsNull() || p.Planned.Architecture.IsUnknown())
	if !p.Known("source") {
		p.Set("code_sha256", types.StringUnknown())
		if open {
			p.Set("architecture", types.StringUnknown())
		}
		return nil
	}
	if p.Planned.containers() { // whatever the provider's defaults say
		p.Planned.Runtime, p.Planned.Handler = types.StringNull(), types.StringNull()
		p.Set("runtime", p.Planned.Runtime)
		p.Set("handler", p.Planned.Handler)
	}
	var prior *types.String
	if p.Prior != nil {
		prior = &p.Prior.CodeSHA256
	}
	architecture := p.Planned.Architecture.ValueString()
	if open {
		architecture = "x86_64"
	}
	sha, contents, err := p.Planned.Source.plan(ctx, p.Planned.Runtime.ValueString(), architecture, prior)
	if err != nil {
		return err
	}
	p.Set("code_sha256", sha)
	if contents == nil {
		if open {
			p.Planned.Architecture = types.StringValue(architecture)
			p.Set("architecture", p.Planned.Architecture)
		}
		return checkRuntime(p.Planned)
	}
	if err := planArchitecture(p, *contents, open); err != nil {
		return err
	}
	if err := checkRuntime(p.Planned); err != nil {
		return err
	}
	return checkHandler(p.Planned, *contents)
}

// planArchitecture plans the architecture where the configuration leaves it open,
// and refuses executables for another one.
func planArchitecture(p *tf.Plan[function], c artifact.Contents, open bool) error {
	bootstrap, _ := c.Find("bootstrap")
	want := p.Planned.Architecture.ValueString()
	if open {
		want = "x86_64"
		if bootstrap.Machine == "arm64" {
			want = "arm64"
		}
		p.Set("architecture", types.StringValue(want))
	}
	if p.Planned.Architecture.IsUnknown() && !open {
		return nil
	}
	return checkMachine(c, want)
}

// checkMachine refuses an executable for another processor than the function's.
func checkMachine(c artifact.Contents, want string) error {
	if bootstrap, _ := c.Find("bootstrap"); bootstrap.Machine != "" && bootstrap.Machine != want {
		return tf.At(path.Root("architecture"), &tf.Problem{
			Summary: "The executable is for another processor",
			Detail:  fmt.Sprintf("The package's bootstrap is built for %s, the function runs on %s. Build it for %s (GOARCH=%s for Go), or set architecture.", bootstrap.Machine, want, want, goarch[want]),
		})
	}
	return nil
}

var goarch = map[string]string{"x86_64": "amd64", "arm64": "arm64"}

// checkRuntime refuses a zip without what runs it.
func checkRuntime(m *function) error {
	if m.Runtime.IsUnknown() || m.Handler.IsUnknown() || m.containers() {
		return nil
	}
	if m.Runtime.ValueString() == "" || m.Handler.ValueString() == "" {
		missing := "runtime"
		if m.Runtime.ValueString() != "" {
			missing = "handler"
		}
		return tf.At(path.Root(missing), &tf.Problem{
			Summary: "No " + missing,
			Detail:  "A function needs a runtime and a handler. Set " + missing + " here, or for all functions in the provider's defaults.",
		})
	}
	return nil
}

// checkHandler refuses a package without the file that Lambda would look for.
func checkHandler(m *function, c artifact.Contents) error {
	if m.Runtime.IsUnknown() || m.Handler.IsUnknown() || m.containers() || len(m.Layers) > 0 {
		return nil // layers may have the file
	}
	want := handlerFiles(m.Runtime.ValueString(), m.Handler.ValueString())
	if len(want) == 0 || slices.ContainsFunc(want, func(name string) bool { _, ok := c.Find(name); return ok }) {
		return nil
	}
	return tf.At(path.Root("handler"), &tf.Problem{
		Summary: "The handler's file is not in the package",
		Detail:  fmt.Sprintf("For the handler %q Lambda looks for one of the files %s. The package has %s. Correct handler, or source.", m.Handler.ValueString(), strings.Join(want, ", "), some(c.Files)),
	})
}

// handlerFiles are the paths at one of which Lambda finds the handler's code;
// none where that depends on more than the name.
func handlerFiles(runtime, handler string) []string {
	if strings.HasPrefix(handler, "/") {
		return nil // in a layer
	}
	switch {
	case strings.HasPrefix(runtime, "provided"):
		return []string{"bootstrap"}
	case strings.HasPrefix(runtime, "nodejs"):
		dir, base := filepath.Split(handler)
		module, _, _ := strings.Cut(base, ".")
		file := dir + module
		return []string{file + ".mjs", file + ".js", file + ".cjs", file}
	case strings.HasPrefix(runtime, "python"):
		i := strings.LastIndex(handler, ".")
		if i < 0 {
			return nil
		}
		file := strings.ReplaceAll(handler[:i], ".", "/")
		return []string{file + ".py", file + "/__init__.py"}
	}
	return nil
}

// some lists the first files of a package.
func some(files []artifact.File) string {
	const most = 8
	var names []string
	for _, f := range files[:min(most, len(files))] {
		names = append(names, f.Path)
	}
	if more := len(files) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
