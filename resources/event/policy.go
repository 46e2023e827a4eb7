package event

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// lostKey is where it is remembered that the role lacks the policy that it had.
const lostKey = "lost"

// reads are the actions that read a source, by the service of its ARN.
var reads = map[string][]string{
	"dynamodb": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
	"kafka":    {"kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"},
	"kinesis":  {"kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:SubscribeToShard"},
	"mq":       {"mq:DescribeBroker"},
	"rds":      {"rds:DescribeDBClusterParameters", "rds:DescribeDBClusters", "rds:DescribeDBSubnetGroups"},
	"sqs":      {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
}

// sends are the actions that deliver what was given up.
var sends = map[string][]string{"s3": {"s3:PutObject"}, "sns": {"sns:Publish"}, "sqs": {"sqs:SendMessage"}}

// interfaces are the actions that reach brokers in subnets; none of them can be
// limited to some interfaces.
var interfaces = []string{
	"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
}

// policy is what the function's role must be allowed.
func (m *model) policy() (string, error) {
	var all []parts.Statement
	if arn := m.sourceARN().ValueString(); arn != "" {
		resource := arn
		if service := serviceOf(arn); service == "kinesis" {
			resource, _, _ = strings.Cut(arn, "/consumer/")
			all = append(all, parts.Allow(reads[service], []string{resource}))
			if resource != arn {
				all = append(all, parts.Allow([]string{"kinesis:SubscribeToShard"}, []string{arn}))
			}
		} else {
			all = append(all, parts.Allow(reads[service], []string{resource}))
		}
	}
	if m.DynamoDB != nil { // which streams there are cannot be limited to one
		all = append(all, parts.Allow([]string{"dynamodb:ListStreams"}, []string{"*"}))
	}
	in := m.settings()
	for _, a := range in.SourceAccessConfigurations {
		if uri := aws.ToString(a.URI); strings.Contains(uri, ":secretsmanager:") {
			all = append(all, parts.Allow([]string{"secretsmanager:GetSecretValue"}, []string{uri}))
		}
	}
	switch {
	case m.MSK != nil:
		topics := strings.Replace(m.MSK.ARN.ValueString(), ":cluster/", ":topic/", 1) + "/" + m.MSK.Topic.ValueString()
		groups := strings.Replace(m.MSK.ARN.ValueString(), ":cluster/", ":group/", 1) + "/*"
		all = append(all, parts.Allow([]string{"kafka-cluster:Connect", "kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup", "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData", "kafka-cluster:DescribeClusterDynamicConfiguration"}, []string{m.MSK.ARN.ValueString(), topics, groups}),
			parts.Allow(interfaces, []string{"*"}))
	case m.MQ != nil, m.DocumentDB != nil, m.Kafka != nil && len(m.Kafka.Subnets) > 0:
		all = append(all, parts.Allow(interfaces, []string{"*"}))
	}
	if d := in.DestinationConfig; d != nil && d.OnFailure != nil {
		switch arn := aws.ToString(d.OnFailure.Destination); serviceOf(arn) {
		case "s3":
			all = append(all, parts.Allow([]string{"s3:ListBucket"}, []string{arn}), parts.Allow(sends["s3"], []string{arn + "/*"}))
		case "sns", "sqs":
			all = append(all, parts.Allow(sends[serviceOf(arn)], []string{arn}))
		}
	}
	if len(all) == 0 {
		return "", nil
	}
	return parts.Policy(all, nil)
}

func serviceOf(arn string) string { return strings.SplitN(arn+":::", ":", 4)[2] }

// extra is the policy of the role of the model's function; none if this provider
// did not make the role.
func (m *model) extra(ctx context.Context, c *Clients) (*parts.Extra, error) {
	out, err := c.Lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: m.Function.ValueStringPointer()})
	if tf.Is[*types.ResourceNotFoundException](err) {
		return nil, nil // with its role
	}
	if err != nil {
		return nil, err
	}
	role, err := parts.OwnRole(ctx, c.IAM, aws.ToString(out.Role))
	if err != nil || role == "" {
		return nil, err
	}
	source := m.sourceARN().ValueString()
	if m.Kafka != nil {
		source = strings.Join(sorted(m.Kafka.Servers), ",") + "/" + m.Kafka.Topic.ValueString()
	}
	return &parts.Extra{Role: role, Name: parts.PollPolicy + hash(m.Function.ValueString(), source)}, nil
}

// allow lets the function's own role read the source, before it has to.
func allow(ctx context.Context, c *Clients, prior, m *model) error {
	policy, err := m.policy()
	if err != nil || policy == "" {
		return err
	}
	if prior != nil && prior.Function.Equal(m.Function) && !m.RolePolicy.IsUnknown() {
		if was, err := prior.policy(); err != nil || was == policy {
			return err
		}
	}
	e, err := m.extra(ctx, c)
	if err != nil || e == nil {
		return err
	}
	return e.Put(ctx, c.IAM, policy)
}

// disallow takes that away.
func disallow(ctx context.Context, c *Clients, m *model) error {
	e, err := m.extra(ctx, c)
	if err != nil || e == nil {
		return err
	}
	return e.Remove(ctx, c.IAM)
}

// readPolicy looks whether the function's own role has what it must have, and
// notes if it lacks it.
func (m *model) readPolicy(ctx context.Context, c *Clients) error {
	m.RolePolicy = tftypes.StringNull()
	want, err := m.policy()
	if err != nil || want == "" {
		return err
	}
	e, err := m.extra(ctx, c)
	if err != nil {
		return err
	}
	lost := false
	if e != nil {
		have, err := e.Get(ctx, c.IAM)
		if err != nil {
			return err
		}
		if lost = !tf.SameJSON(have, want); !lost {
			m.RolePolicy = tftypes.StringValue(e.Name)
		}
	}
	return tf.Remember(ctx, lostKey, lost)
}
