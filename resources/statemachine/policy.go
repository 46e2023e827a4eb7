package statemachine

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// needs are the rights that a machine needs, and the calls whose rights cannot be
// told before they are made.
type needs struct {
	place      place
	actions    map[string]map[string]bool // by resource
	statements []parts.Statement          // others
	missing    []string                   // a phrase each
}

// A place is where a machine is, for the ARNs of what it calls.
type place struct{ partition, region, account, machine string }

func (p place) arn(service, resource string) string {
	return "arn:" + p.partition + ":" + service + ":" + p.region + ":" + p.account + ":" + resource
}

func (n *needs) allow(resource string, actions ...string) {
	if n.actions[resource] == nil {
		n.actions[resource] = map[string]bool{}
	}
	for _, a := range actions {
		n.actions[resource][a] = true
	}
}

func (n *needs) lacks(phrase string) {
	if !slices.Contains(n.missing, phrase) {
		n.missing = append(n.missing, phrase)
	}
}

// needsOf finds out what the machine needs. The scope is the beginning of ARNs of
// its account and region, "arn:aws:states:eu-north-1:123456789012". A definition
// that AWS would refuse needs nothing.
func needsOf(m *machine, scope string) needs {
	at := strings.Split(scope, ":")
	n := needs{
		place:   place{partition: at[1], region: at[3], account: at[4], machine: m.MachineName.ValueString()},
		actions: map[string]map[string]bool{},
	}
	if d, _ := asl.Parse(m.Definition.ValueString(), asl.Workflow(m.Kind.ValueString())); d != nil {
		n.scope(d.Scope)
	}
	if !m.Log.off() { // log deliveries have no ARNs
		n.statements = append(n.statements, parts.Allow([]string{
			"logs:CreateLogDelivery", "logs:CreateLogStream", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
			"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutLogEvents", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
		}, []string{"*"}))
	}
	if m.Tracing.ValueBool() {
		n.statements = append(n.statements, parts.Allow([]string{
			"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
		}, []string{"*"}))
	}
	if m.Encryption != nil {
		n.statements = append(n.statements, parts.Allow([]string{"kms:Decrypt", "kms:GenerateDataKey"}, []string{m.Encryption.KMSKeyARN.ValueString()}))
	}
	return n
}

// list are the statements: one for each set of actions, with all resources of it.
func (n *needs) list() []parts.Statement {
	resources := map[string][]string{}
	for r, actions := range n.actions {
		key := strings.Join(slices.Sorted(maps.Keys(actions)), "\n")
		resources[key] = append(resources[key], r)
	}
	var all []parts.Statement
	for _, actions := range slices.Sorted(maps.Keys(resources)) {
		slices.Sort(resources[actions])
		all = append(all, parts.Allow(strings.Split(actions, "\n"), resources[actions]))
	}
	return append(all, n.statements...)
}

// rolePolicy is what the machine's own role may do.
func rolePolicy(m *machine, scope string) (string, error) {
	n := needsOf(m, scope)
	linked, err := parts.Linked(m.Links)
	if err != nil {
		return "", err
	}
	statements := append(n.list(), linked...)
	if len(statements) == 0 && len(m.Policies) == 0 { // IAM wants a statement; this action does not exist
		statements = append(statements, parts.Allow([]string{"none:null"}, []string{"*"}))
	}
	policy, err := parts.Policy(statements, m.Documents())
	if err != nil {
		return "", tf.At(path.Root("policies"), err)
	}
	return policy, nil
}
