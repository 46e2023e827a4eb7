package statemachine

import (
	"context"
	"strings"

	awsarn "github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

func plan(ctx context.Context, p *tf.Plan[machine]) error {
	parts.KeepPolicies(p, (*machine).owner)
	planLog(p)
	if err := planDefinition(p); err != nil {
		return err
	}
	if err := planRole(p); err != nil {
		return err
	}
	changes := p.Prior == nil || changed(p)
	if changes {
		p.Set("revision_id", types.StringUnknown())
	}
	return planPublish(ctx, p, changes)
}

// planDefinition plans the text of a file, with what is substituted in it.
func planDefinition(p *tf.Plan[machine]) error {
	if p.Config.DefinitionFile.IsNull() {
		return nil
	}
	if !p.Known("definition_file") || !p.Known("substitutions") {
		p.Planned.Definition = types.StringUnknown()
		p.Set("definition", p.Planned.Definition)
		return nil
	}
	s, err := p.Planned.source()
	if err != nil {
		return err
	}
	p.Planned.Definition = types.StringValue(s.text)
	if p.Prior != nil && tf.SameJSON(s.text, p.Prior.Definition.ValueString()) {
		p.Planned.Definition = p.Prior.Definition
	}
	p.Set("definition", p.Planned.Definition)
	return nil
}

// planLog fills in what the configuration leaves open.
func planLog(p *tf.Plan[machine]) {
	if p.Config.Log == nil && !p.Given("log") { // as a whole
		p.Planned.LogGroupName = types.StringUnknown()
		p.Set("log_group_name", p.Planned.LogGroupName)
		return
	}
	l := log{}
	if p.Planned.Log != nil {
		l = *p.Planned.Log
	}
	if l.Level.IsNull() || l.Level.IsUnknown() && (p.Config.Log == nil || p.Config.Log.Level.IsNull()) {
		l.Level = types.StringValue("ERROR")
	}
	if l.IncludeData.IsNull() || l.IncludeData.IsUnknown() && (p.Config.Log == nil || p.Config.Log.IncludeData.IsNull()) {
		l.IncludeData = types.BoolValue(false)
	}
	if l.KMSKeyARN.IsUnknown() && (p.Config.Log == nil || p.Config.Log.KMSKeyARN.IsNull()) {
		l.KMSKeyARN = types.StringNull()
	}
	switch {
	case l.off() || !l.Group.IsNull():
		l.RetentionDays = types.Int64Null()
	case l.RetentionDays.IsNull() || l.RetentionDays.IsUnknown() && (p.Config.Log == nil || p.Config.Log.RetentionDays.IsNull()):
		l.RetentionDays = types.Int64Value(30)
	}
	p.Planned.Log = &l
	p.Set("log", l.object())
	p.Planned.LogGroupName = groupName(p.Planned)
	p.Set("log_group_name", p.Planned.LogGroupName)
}

// groupName is the name of the log group that the model asks for.
func groupName(m *machine) types.String {
	switch {
	case m.Log.off():
		return types.StringNull()
	case m.Log.Level.IsUnknown():
		return types.StringUnknown()
	case !m.Log.Group.IsNull():
		return m.Log.Group
	case m.MachineName.IsUnknown():
		return types.StringUnknown()
	}
	return types.StringValue(ownLogGroup(m.MachineName.ValueString()))
}

func ownLogGroup(machine string) string { return "/aws/vendedlogs/states/" + machine }

func (l *log) object() types.Object {
	values := map[string]attr.Value{
		"level": l.Level, "include_data": l.IncludeData, "retention_days": l.RetentionDays, "kms_key_arn": l.KMSKeyARN, "group": l.Group,
	}
	return types.ObjectValueMust(map[string]attr.Type{
		"level": types.StringType, "include_data": types.BoolType, "retention_days": types.Int64Type, "kms_key_arn": types.StringType, "group": types.StringType,
	}, values)
}

// changed reports whether the plan changes what a version consists of.
func changed(p *tf.Plan[machine]) bool {
	for _, name := range []string{"definition", "role_arn", "log", "tracing", "encryption"} {
		if !p.Known(name) {
			return true
		}
	}
	scope := arnScope(p.Prior)
	return tf.KeepChanged(settings(scope, p.Prior), settings(scope, p.Planned))
}

// arnScope is the beginning of ARNs of Step Functions where a machine is.
func arnScope(m *machine) string {
	return strings.TrimSuffix(m.ARN.ValueString(), ":stateMachine:"+m.MachineName.ValueString())
}

// planRole plans the policy of the machine's own role.
func planRole(p *tf.Plan[machine]) error {
	if p.Config.RoleARN.IsNull() && p.Known("definition") && p.Known("policies") && p.Known("policy_arns") && p.Known("links") {
		warnUninferred(p)
	}
	known := p.Prior != nil && awsarn.IsARN(p.Prior.ARN.ValueString()) && !p.Planned.LogGroupName.IsUnknown()
	for _, name := range []string{"definition", "links", "policies", "encryption", "log", "tracing", "type", "state_machine_name", "region"} {
		known = known && p.Known(name)
	}
	return parts.PlanRole(p, "state machine", (*machine).owner, known, func() (string, error) { return rolePolicy(p.Planned, arnScope(p.Prior)) })
}

// warnUninferred says which calls the role's policy cannot follow from, unless
// further policies are given, which are meant to allow them.
func warnUninferred(p *tf.Plan[machine]) {
	if p.Planned.Policies != nil || p.Planned.PolicyARNs != nil || p.Planned.Links != nil {
		return
	}
	at := path.Root("definition")
	if !p.Config.DefinitionFile.IsNull() {
		at = path.Root("definition_file")
	}
	if missing := needsOf(p.Planned, "arn:aws:states:region:account").missing; len(missing) > 0 {
		p.Warn(at, "Rights that cannot be inferred",
			"The state machine's role is not allowed everything that its definition calls, because that is only known while an execution runs:\n  - "+
				strings.Join(missing, "\n  - ")+"\nGive links, policies or policy_arns with what is needed, or role_arn.")
	}
}
