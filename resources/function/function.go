package function

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Function is the type serverless_function: a Lambda function with its role and
// its log group.
var Function = tf.Type[*Clients, function]{
	Name:     "function",
	Schema:   functionSchema,
	Import:   []string{"function_name"},
	ARN:      "lambda:function:{function_name}",
	Physical: "function_name",
	Changes: map[string][]string{
		"code_size":     {"code_sha256"},
		"last_modified": {"*"},
		"role_arn":      {"role_arn"},
	},
	Defaults: []string{"architecture", "ephemeral_storage", "handler", "log", "memory", "runtime", "timeout", "tracing"},
	Merged:   []string{"environment"},
	Gone:     tf.Gone[*types.ResourceNotFoundException]("GetFunction", "DeleteFunction"),
	Validate: validate,
	Plan:     plan,
	Create:   create,
	Finish:   finish,
	Read:     read,
	Update:   update,
	Delete:   remove,
}

// A function is the model of serverless_function.
type function struct {
	tf.Base
	tf.Tagged
	Name                 tftypes.String   `tfsdk:"name"`
	FunctionName         tftypes.String   `tfsdk:"function_name"`
	Description          tftypes.String   `tfsdk:"description"`
	Source               *source          `tfsdk:"source"`
	Handler              tftypes.String   `tfsdk:"handler"`
	Runtime              tftypes.String   `tfsdk:"runtime"`
	Architecture         tftypes.String   `tfsdk:"architecture"`
	Memory               tftypes.Int64    `tfsdk:"memory"`
	Timeout              tftypes.Int64    `tfsdk:"timeout"`
	EphemeralStorage     tftypes.Int64    `tfsdk:"ephemeral_storage"`
	Environment          variables        `tfsdk:"environment"`
	EnvironmentEffective variables        `tfsdk:"environment_effective"`
	Links                map[string]link  `tfsdk:"links"`
	Policies             []tf.JSON        `tfsdk:"policies"`
	PolicyARNs           []tftypes.String `tfsdk:"policy_arns"`
	RoleARN              tftypes.String   `tfsdk:"role_arn"`
	RolePolicy           tf.JSON          `tfsdk:"role_policy"`
	Log                  *log             `tfsdk:"log"`
	LogGroupName         tftypes.String   `tfsdk:"log_group_name"`
	Tracing              tftypes.Bool     `tfsdk:"tracing"`
	ReservedConcurrency  tftypes.Int64    `tfsdk:"reserved_concurrency"`
	Recursion            tftypes.String   `tfsdk:"recursion"`
	ARN                  tftypes.String   `tfsdk:"arn"`
	TargetARN            tftypes.String   `tfsdk:"target_arn"`
	InvokeARN            tftypes.String   `tfsdk:"invoke_arn"`
	CodeSHA256           tftypes.String   `tfsdk:"code_sha256"`
	CodeSize             tftypes.Int64    `tfsdk:"code_size"`
	LastModified         tftypes.String   `tfsdk:"last_modified"`
}

// A source is the value of the attribute of that name.
type source struct {
	Dir     tftypes.String   `tfsdk:"dir"`
	File    tftypes.String   `tfsdk:"file"`
	Zip     tftypes.String   `tfsdk:"zip"`
	Inline  variables        `tfsdk:"inline"`
	Include []tftypes.String `tfsdk:"include"`
	Exclude []tftypes.String `tfsdk:"exclude"`
}

// A link is an element of the attribute links.
type link struct {
	To     tftypes.String   `tfsdk:"to"`
	Access []tftypes.String `tfsdk:"access"`
	Env    tftypes.Bool     `tfsdk:"env"`
}

// A log is the value of the attribute of that name.
type log struct {
	Format           tftypes.String `tfsdk:"format"`
	ApplicationLevel tftypes.String `tfsdk:"application_level"`
	SystemLevel      tftypes.String `tfsdk:"system_level"`
	RetentionDays    tftypes.Int64  `tfsdk:"retention_days"`
	Group            tftypes.String `tfsdk:"group"`
}

// variables are environment variables, or inline files by path.
type variables map[string]tftypes.String

func (v variables) values() map[string]string {
	if v == nil {
		return nil
	}
	all := make(map[string]string, len(v))
	for k, s := range v {
		all[k] = s.ValueString()
	}
	return all
}

func variablesOf(all map[string]string) variables {
	v := variables{}
	for k, s := range all {
		v[k] = tftypes.StringValue(s)
	}
	return v
}

func validate(_ context.Context, v *tf.Check, m *function) {
	if v.Known("name") && v.Known("function_name") && m.Name.IsNull() && m.FunctionName.IsNull() {
		v.Error(path.Root("name"), "No name", "Give the function a name, or function_name to name it on AWS without the provider's name_prefix.")
	}
	if v.Known("source") && m.Source != nil {
		validateSource(v, m.Source)
	}
	if !m.RoleARN.IsNull() {
		for name, given := range map[string]bool{"links": m.Links != nil, "policies": m.Policies != nil, "policy_arns": m.PolicyARNs != nil} {
			if given {
				v.Error(path.Root(name), "Not with role_arn",
					"A function with a role_arn has no role of its own that "+name+" could be given to. Give that role its rights where it is made, or leave role_arn out.")
			}
		}
	}
	if l := m.Log; l != nil && l.Format.ValueString() == "Text" {
		for name, level := range map[string]tftypes.String{"application_level": l.ApplicationLevel, "system_level": l.SystemLevel} {
			if !level.IsNull() {
				v.Error(path.Root("log").AtName(name), "Only with JSON", "Lines of text have no levels to filter by. Set format to JSON, or leave "+name+" out.")
			}
		}
	}
	if l := m.Log; l != nil && !l.Group.IsNull() && !l.RetentionDays.IsNull() {
		v.Error(path.Root("log").AtName("retention_days"), "Not with group", "The retention of a log group of yours is set where it is made. Leave retention_days out.")
	}
	for name, l := range m.Links {
		if slices.ContainsFunc(l.Access, tftypes.String.IsUnknown) {
			continue
		}
		err := parts.CheckWords(tf.Texts(l.Access))
		if err == nil && !l.To.IsUnknown() && !l.To.IsNull() {
			_, err = l.of(name).Statements()
		}
		if err != nil {
			v.Error(path.Root("links").AtMapKey(name), "Bad link", sentence(err))
		}
	}
	if _, err := parts.Policy(nil, documents(m.Policies)); err != nil {
		v.Error(path.Root("policies"), "Bad policy", sentence(err))
	}
}

func validateSource(v *tf.Check, s *source) {
	given := map[string]bool{"dir": !s.Dir.IsNull(), "file": !s.File.IsNull(), "zip": !s.Zip.IsNull(), "inline": s.Inline != nil}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(given)) {
		if given[kind] {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) != 1 {
		got := "none is"
		if len(kinds) > 1 {
			got = strings.Join(kinds, " and ") + " are"
		}
		v.Error(path.Root("source"), "Exactly one source", "Give one of dir, file, zip and inline; "+got+" given.")
		return
	}
	for name, list := range map[string][]tftypes.String{"include": s.Include, "exclude": s.Exclude} {
		if list != nil && s.Dir.IsNull() {
			v.Error(path.Root("source").AtName(name), "Only with dir", name+" chooses among the files of a folder. Leave it out with "+kinds[0]+".")
		}
	}
}

// of returns the link as parts know it.
func (l link) of(name string) parts.Link {
	return parts.Link{Name: name, To: l.To.ValueString(), Access: tf.Texts(l.Access)}
}

// documents are the known policy documents.
func documents(policies []tf.JSON) []string {
	var all []string
	for _, p := range policies {
		if !p.IsUnknown() && !p.IsNull() {
			all = append(all, p.ValueString())
		}
	}
	return all
}

func sentence(err error) string {
	s := err.Error()
	return fmt.Sprintf("%s%s.", strings.ToUpper(s[:1]), s[1:])
}
