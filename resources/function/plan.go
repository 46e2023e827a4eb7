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

// deployed is what is remembered beside the state of a function: the digest of
// the files that its package was made of, so that the same files are never
// deployed again, whatever becomes of the encoder.
type deployed struct{ Digest, SHA256 string }

const deployedKey = "deployed"

func plan(ctx context.Context, p *tf.Plan[function]) error {
	keepPolicies(p)
	planLog(p)
	if err := planEnvironment(ctx, p); err != nil {
		return err
	}
	if err := planRole(p); err != nil {
		return err
	}
	return planPackage(ctx, p)
}

// keepPolicies keeps the prior text of documents that only differ in layout.
func keepPolicies(p *tf.Plan[function]) {
	if p.Prior == nil || !p.Known("policies") {
		return
	}
	same := slices.EqualFunc(p.Planned.Policies, p.Prior.Policies, func(a, b tf.JSON) bool {
		return tf.SameJSON(a.ValueString(), b.ValueString())
	})
	if same && p.Planned.Policies != nil {
		p.Planned.Policies = p.Prior.Policies
		elements := make([]attr.Value, len(p.Prior.Policies))
		for i, d := range p.Prior.Policies {
			elements[i] = d
		}
		p.Set("policies", types.ListValueMust(tf.JSONType{}, elements))
	}
}

// planLog fills in what the configuration leaves open; levels only go with JSON.
func planLog(p *tf.Plan[function]) {
	l := log{}
	if p.Planned.Log != nil {
		l = *p.Planned.Log
	}
	or := func(v *types.String, def types.String) {
		if v.IsNull() || v.IsUnknown() {
			*v = def
		}
	}
	unset := func(v *types.String) {
		if v.IsUnknown() {
			*v = types.StringNull()
		}
	}
	or(&l.Format, types.StringValue("JSON"))
	if l.Format.ValueString() == "JSON" {
		or(&l.ApplicationLevel, types.StringValue("INFO"))
		or(&l.SystemLevel, types.StringValue("WARN"))
	}
	unset(&l.ApplicationLevel)
	unset(&l.SystemLevel)
	switch {
	case !l.Group.IsNull():
		l.RetentionDays = types.Int64Null()
	case l.RetentionDays.IsNull() || l.RetentionDays.IsUnknown():
		l.RetentionDays = types.Int64Value(30)
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

func ownLogGroup(function string) string { return "/aws/lambda/" + function }

func (l *log) object() types.Object {
	values := map[string]attr.Value{
		"format": l.Format, "application_level": l.ApplicationLevel, "system_level": l.SystemLevel,
		"retention_days": l.RetentionDays, "group": l.Group,
	}
	kinds := map[string]attr.Type{}
	for name := range values {
		kinds[name] = types.StringType
	}
	kinds["retention_days"] = types.Int64Type
	return types.ObjectValueMust(kinds, values)
}

// planEnvironment merges the variables of the provider's defaults, those of the
// links and those of the function.
func planEnvironment(ctx context.Context, p *tf.Plan[function]) error {
	if _, known := tf.DefaultMap(ctx, "function", "environment"); !known || !p.Known("environment") || !p.Known("links") {
		p.Set("environment_effective", types.MapUnknown(types.StringType))
		return nil
	}
	effective, err := effectiveEnvironment(ctx, p.Planned)
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

func effectiveEnvironment(ctx context.Context, m *function) (map[string]string, error) {
	all, err := givenEnvironment(ctx, m)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, m.Environment.values())
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
		more, err := l.of(name).Environment()
		if err != nil {
			return nil, tf.At(path.Root("links").AtMapKey(name), err)
		}
		maps.Copy(all, more)
	}
	return all, nil
}

// planRole plans the policy of the function's own role.
func planRole(p *tf.Plan[function]) error {
	if !p.Config.RoleARN.IsNull() {
		p.Set("role_policy", tf.JSONNull())
		return nil
	}
	if p.Prior != nil && !p.Prior.RolePolicy.IsNull() {
		p.Set("role_arn", p.Prior.RoleARN)
	} else {
		p.Set("role_arn", types.StringUnknown())
	}
	if !p.Known("links") || !p.Known("policies") || p.Planned.LogGroupName.IsUnknown() || p.Prior == nil {
		// A new function's policy needs the account, which planning must not ask
		// AWS for.
		p.Set("role_policy", tf.JSON{StringValue: types.StringUnknown()})
		return nil
	}
	policy, err := rolePolicy(p.Planned, strings.TrimSuffix(p.Prior.ARN.ValueString(), ":function:"+p.Prior.FunctionName.ValueString()))
	if err != nil {
		return err
	}
	if tf.SameJSON(policy, p.Prior.RolePolicy.ValueString()) {
		policy = p.Prior.RolePolicy.ValueString()
	}
	p.Set("role_policy", tf.JSONValue(policy))
	return nil
}

// rolePolicy is what the function's own role may do. The scope is the beginning
// of ARNs of its account and region, "arn:aws:lambda:eu-north-1:123456789012".
func rolePolicy(m *function, scope string) (string, error) {
	group := strings.Replace(scope, ":lambda:", ":logs:", 1) + ":log-group:" + m.LogGroupName.ValueString() + ":*"
	// It may not create log groups, or a late call would make the one anew that
	// was just destroyed, without its retention.
	statements := []parts.Statement{
		parts.Allow([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, []string{group}),
	}
	if m.Tracing.ValueBool() {
		statements = append(statements, parts.Allow([]string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, []string{"*"}))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Links)) {
		more, err := m.Links[name].of(name).Statements()
		if err != nil {
			return "", tf.At(path.Root("links").AtMapKey(name), err)
		}
		statements = append(statements, more...)
	}
	policy, err := parts.Policy(statements, documents(m.Policies))
	if err != nil {
		return "", tf.At(path.Root("policies"), err)
	}
	return policy, nil
}

// planPackage looks at the code, checks that it can run, and plans its hash.
func planPackage(ctx context.Context, p *tf.Plan[function]) error {
	if !p.Known("source") {
		p.Set("code_sha256", types.StringUnknown())
		if p.Planned.Architecture.IsNull() {
			p.Set("architecture", types.StringUnknown())
		}
		return nil
	}
	src := p.Planned.Source.artifact()
	contents, err := artifact.Inspect(src)
	if err != nil {
		return tf.At(path.Root("source"), err)
	}
	if err := planArchitecture(p, contents); err != nil {
		return err
	}
	if err := checkHandler(p.Planned, contents); err != nil {
		return err
	}
	var last deployed
	if _, err := tf.Recall(ctx, deployedKey, &last); err != nil {
		return err
	}
	if p.Prior != nil && contents.Digest == last.Digest {
		p.Set("code_sha256", types.StringValue(last.SHA256))
		return nil
	}
	pkg, err := artifact.Describe(src)
	if err != nil {
		return tf.At(path.Root("source"), err)
	}
	p.Set("code_sha256", types.StringValue(pkg.SHA256))
	return nil
}

// planArchitecture plans the architecture where the configuration leaves it open,
// and refuses executables for another one.
func planArchitecture(p *tf.Plan[function], c artifact.Contents) error {
	open := p.Config.Architecture.IsNull() && (p.Planned.Architecture.IsNull() || p.Planned.Architecture.IsUnknown())
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
	if bootstrap.Machine != "" && bootstrap.Machine != want {
		return tf.At(path.Root("architecture"), &tf.Problem{
			Summary: "The executable is for another processor",
			Detail:  fmt.Sprintf("The package's bootstrap is built for %s, the function runs on %s. Build it for %s (GOARCH=%s for Go), or set architecture.", bootstrap.Machine, want, want, goarch[want]),
		})
	}
	return nil
}

var goarch = map[string]string{"x86_64": "amd64", "arm64": "arm64"}

// checkHandler refuses a package without the file that Lambda would look for.
func checkHandler(m *function, c artifact.Contents) error {
	if m.Runtime.IsUnknown() || m.Handler.IsUnknown() {
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

func (s *source) artifact() artifact.Source {
	return artifact.Source{
		Dir: s.Dir.ValueString(), Include: tf.Texts(s.Include), Exclude: tf.Texts(s.Exclude),
		File: s.File.ValueString(), Zip: s.Zip.ValueString(), Inline: s.Inline.values(),
	}
}
