package function

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/policytemplate"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Function is the type serverless_function: a Lambda function with its role, its
// log group, and what leads to it.
var Function = tf.Type[*Clients, function]{
	Name:     "function",
	Schema:   functionSchema,
	Import:   []string{"function_name"},
	ARN:      "lambda:function:{function_name}",
	Physical: "function_name",
	Changes: map[string][]string{
		"code_size":     {"code_sha256"},
		"invoke_arn":    {"target_arn"},
		"last_modified": {"*"},
		"role_arn":      {"role_arn"},
		"url.url":       {"target_arn"},
	},
	Filled:   []string{"code_sha256", "version"},
	Defaults: []string{"architecture", "ephemeral_storage", "handler", "log", "memory", "runtime", "timeout", "tracing"},
	Merged:   []string{"environment"},
	Gone:     tf.Gone[*types.ResourceNotFoundException]("GetFunction", "DeleteFunction"),
	Validate: validate,
	Plan:     plan,
	Find:     find,
	Create:   create,
	Undo: func(ctx context.Context, c *Clients, m *function) error {
		if m.ID.ValueString() != "" {
			return nil
		}
		return m.owner().Undo(ctx, c.IAM, c.Logs)
	},
	Tag:    tag,
	Read:   read,
	Update: update,
	Delete: remove,
	List:   list,
	Moves:  map[string]map[string]string{"aws_lambda_function": {"function_name": "function_name"}},
}

func list(ctx context.Context, c *Clients, in *function, found func(*function) error) error {
	pages := lambda.NewListFunctionsPaginator(c.Lambda, &lambda.ListFunctionsInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, f := range out.Functions {
			m := *in
			m.FunctionName, m.ARN = tftypes.StringPointerValue(f.FunctionName), tftypes.StringPointerValue(f.FunctionArn)
			if err := found(&m); err != nil {
				return err
			}
		}
	}
	return nil
}

func validate(_ context.Context, v *tf.Check, m *function) {
	if v.Known("name") && v.Known("function_name") && m.Name.IsNull() && m.FunctionName.IsNull() {
		v.Error(path.Root("name"), "No name", "Give the function a name, or function_name to name it on AWS without the provider's name_prefix.")
	}
	if v.Known("source") && m.Source != nil {
		m.Source.check(v, true)
		validateImage(v, m)
	}
	m.Check(v, "function", map[string]bool{"links": m.Links != nil, "policy_templates": m.Templates != nil})
	parts.CheckLinks(v, m.linked())
	validateTemplates(v, m)
	validateLog(v, m.Log)
	validateSecrets(v, m)
	validatePublish(v, m.Publish)
	if m.FileSystems != nil && v.Known("vpc") && m.VPC == nil {
		v.Error(path.Root("file_systems"), "No vpc", "A function reaches its file system through its subnets. Give it vpc.")
	}
}

func validateImage(v *tf.Check, m *function) {
	if m.containers() {
		for name, given := range map[string]bool{
			"handler": !m.Handler.IsNull(), "runtime": !m.Runtime.IsNull(), "layers": m.Layers != nil, "source_kms_key_arn": !m.SourceKMSKeyARN.IsNull(),
			"runtime_update": !m.RuntimeUpdate.IsNull(),
		} {
			if given {
				v.Error(path.Root(name), "Not with an image", "An image brings its own program. Leave "+name+" out; image has what can be set.")
			}
		}
	} else if m.Image != nil {
		v.Error(path.Root("image"), "Only with an image", "These are settings of a container image. Give source = { image = … }, or leave image out.")
	}
}

func validateLog(v *tf.Check, l *log) {
	if l == nil {
		return
	}
	if l.Format.ValueString() == "Text" {
		for name, level := range map[string]tftypes.String{"application_level": l.ApplicationLevel, "system_level": l.SystemLevel} {
			if !level.IsNull() {
				v.Error(path.Root("log").AtName(name), "Only with JSON", "Lines of text have no levels to filter by. Set format to JSON, or leave "+name+" out.")
			}
		}
	}
	if !l.Group.IsNull() && !l.RetentionDays.IsNull() {
		v.Error(path.Root("log").AtName("retention_days"), "Not with group", "The retention of a log group of yours is set where it is made. Leave retention_days out.")
	}
	if !l.Group.IsNull() && !l.Class.IsNull() {
		v.Error(path.Root("log").AtName("class"), "Not with group", "The class of a log group of yours is set where it is made. Leave class out.")
	}
	if l.Class.ValueString() == "DELIVERY" && !l.RetentionDays.IsNull() && !l.RetentionDays.IsUnknown() {
		v.Error(path.Root("log").AtName("retention_days"), "Not with DELIVERY", "AWS keeps the events of such a group for two days, whatever one asks for. Leave retention_days out.")
	}
	if !l.Group.IsNull() && !l.KMSKeyARN.IsNull() {
		v.Error(path.Root("log").AtName("kms_key_arn"), "Not with group", "The key of a log group of yours is set where it is made. Leave kms_key_arn out.")
	}
}

func validateTemplates(v *tf.Check, m *function) {
	for name, values := range m.Templates {
		t, err := policytemplate.Find(name)
		if err == nil {
			err = t.Check(slices.Collect(maps.Keys(values)))
		}
		for parameter, value := range values {
			if err == nil && !value.IsUnknown() && value.ValueString() == "" {
				err = fmt.Errorf("the parameter %s of %s is empty", parameter, name)
			}
		}
		if err != nil {
			v.Error(path.Root("policy_templates").AtMapKey(name), "Bad policy template", parts.Sentence(err))
		}
	}
}

func validateSecrets(v *tf.Check, m *function) {
	if !v.Known("environment_wo") || !v.Known("environment_wo_version") {
		return
	}
	if (m.Secrets == nil) != m.SecretsVersion.IsNull() {
		v.Error(path.Root("environment_wo_version"), "Half a write-only environment", "environment_wo and environment_wo_version go together: give both, or neither.")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Secrets)) {
		if _, open := m.Environment[name]; open {
			v.Error(path.Root("environment").AtMapKey(name), "Given twice", fmt.Sprintf("%s is in environment and in environment_wo. Leave it out of environment, which the state keeps.", name))
		}
	}
}

func validatePublish(v *tf.Check, p *publish) {
	if p == nil {
		return
	}
	at := path.Root("publish")
	if p.Rollout != nil {
		p.Rollout.check(v, at.AtName("rollout"))
		if p.Weights != nil {
			v.Error(at.AtName("weights"), "Not with rollout", "A rollout sets the weights itself while it lasts. Leave weights out.")
		}
	}
	if p.Scale != nil {
		if !p.Provisioned.IsNull() {
			v.Error(at.AtName("provisioned_concurrency"), "Not with autoscale", "What scales has no fixed number. Leave provisioned_concurrency out; autoscale.min are started at first.")
		}
		if s := p.Scale; !s.Min.IsUnknown() && !s.Max.IsUnknown() && s.Max.ValueInt64() < s.Min.ValueInt64() {
			v.Error(at.AtName("autoscale").AtName("max"), "Less than min", fmt.Sprintf("max is %d and min is %d. Give max at least the value of min.", s.Max.ValueInt64(), s.Min.ValueInt64()))
		}
	}
}

// linked are the links without what only functions have.
func (m *function) linked() map[string]parts.LinkTo {
	all := map[string]parts.LinkTo{}
	for name, l := range m.Links {
		all[name] = l.LinkTo
	}
	return all
}
