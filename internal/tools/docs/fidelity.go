package main

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// clients are the SDK's clients by their packages, for the operations that AWS has.
var clients = map[string]reflect.Type{
	"apigateway":             reflect.TypeFor[*apigateway.Client](),
	"apigatewayv2":           reflect.TypeFor[*apigatewayv2.Client](),
	"applicationautoscaling": reflect.TypeFor[*applicationautoscaling.Client](),
	"dynamodb":               reflect.TypeFor[*dynamodb.Client](),
	"dynamodbstreams":        reflect.TypeFor[*dynamodbstreams.Client](),
	"eventbridge":            reflect.TypeFor[*eventbridge.Client](),
	"iam":                    reflect.TypeFor[*iam.Client](),
	"lambda":                 reflect.TypeFor[*lambda.Client](),
	"cloudwatchlogs":         reflect.TypeFor[*cloudwatchlogs.Client](),
	"s3":                     reflect.TypeFor[*s3.Client](),
	"secretsmanager":         reflect.TypeFor[*secretsmanager.Client](),
	"sfn":                    reflect.TypeFor[*sfn.Client](),
	"sns":                    reflect.TypeFor[*sns.Client](),
	"sqs":                    reflect.TypeFor[*sqs.Client](),
	"ssm":                    reflect.TypeFor[*ssm.Client](),
	"sts":                    reflect.TypeFor[*sts.Client](),
}

// remarks say of a service what its table cannot: which facts are kept and given back
// and change nothing here.
var remarks = map[string]string{
	"secretsmanager": `Nothing is encrypted by a key of KMS: KmsKeyId is kept and given back. Rotation is carried
out by its function, at once and by the schedule: of days, or of a rate expression. The
policy of a secret decides about other services and accounts, and about nobody else.

`,
	"ssm": `Nothing is encrypted by a key of KMS: KeyId is kept and given back, and a SecureString
that is not decrypted is a text that nobody can open. Of parameter policies Expiration is
carried out, and the others are refused by name, as are the data types of images and
integrations. A secret is read by its name below ` + "`/aws/reference/secretsmanager/`" + `. Changes send
no events.

`,
	"apigateway": `API keys and usage plans are what WebSocket APIs use of this service; REST APIs are not
emulated. A key lets its caller in where a usage plan has the API's stage; the plan's
throttle and quota are carried out. CustomerId is kept and given back.

`,
	"apigatewayv2": `APIs answer below ` + "`/_aws/execute-api/ID/`" + ` and at ` + "`ID.execute-api.localhost`" + `, custom domain names by
their Host header and below ` + "`/_aws/execute-api/NAME/`" + `. Routing rules are obeyed, but lead to REST
APIs, as on AWS, so that a request that meets one is answered with 404. An open WebSocket
keeps the emulator from stopping when it is idle.

These are kept and given back, and change nothing here: of APIs Version, Description and
IpAddressType; of integrations Description; of domain names CertificateArn, CertificateName,
OwnershipVerificationCertificateArn, SecurityPolicy and IpAddressType, because there is no TLS
here; VPC links; of stages Description. Of WebSocket APIs also models, ModelSelectionExpression,
ResponseModels and DisableSchemaValidation, because no message is checked against a model; and
RequestParameters of routes that are not required, because what they name can be mapped without them.
DetailedMetricsEnabled, execution logs, Firehose as a destination of access logs, integrations in a VPC
(VPC_LINK), RequestParameters of integrations of WebSocket APIs that have no URL, and ResponseParameters
of integration responses are refused by name. Of the variables of access
logs, those of Cognito, client certificates, WAF and X-Ray, and the ids that Lambda gives requests, are a dash.
The policies of authorizers are asked with the condition keys aws:CurrentTime, aws:EpochTime,
aws:Referer, aws:RequestedRegion, aws:SecureTransport, aws:SourceIp and aws:UserAgent.

`,
	"iam": `What policies let a role do is asked where requests are signed for a route or a function
URL, of integrations that work with a role, and of functions whose log group is missing:
without logs:CreateLogGroup it is not made, and the lines are dropped with a warning. Of
condition keys a request has aws:CurrentTime, aws:EpochTime, aws:PrincipalAccount, aws:PrincipalArn,
aws:PrincipalTag, aws:PrincipalType, aws:RequestedRegion, aws:SecureTransport and
aws:userid, and at a function URL lambda:FunctionUrlAuthType; conditions on others see
that they are missing.

`,
	"lambda": `The VpcConfig of a function is kept and given back, but there are no networks here: a
function reaches what this machine reaches, and one VPC stands for all of a region's.
Nothing is encrypted with the keys of KMSKeyArn and SourceKMSKeyArn. No package is
signed, so that a code signing configuration that enforces signatures refuses each.
Each runtime has one version, this machine's. Container images are refused. SnapStart
takes no snapshots: the environments of a version that has one are initialized as
others are. The policies of functions are decided by all of IAM's operators; of condition
keys a call has aws:CurrentTime, aws:EpochTime, aws:PrincipalAccount, aws:PrincipalArn,
aws:PrincipalIsAWSService, aws:PrincipalServiceName, aws:SecureTransport, aws:SourceAccount,
aws:SourceArn and aws:SourceIp, and at a function URL lambda:FunctionUrlAuthType and
lambda:InvokedViaFunctionUrl. Function URLs answer below ` + "`/_aws/lambda-url/ID/`" + ` and at ` + "`ID.lambda-url.REGION.localhost`" + `.

`,
}

const head = `---
page_title: "What the emulator serves"
subcategory: ""
description: |-
  Every operation of AWS that the emulator serves, and the parameters that it refuses by name.
---

# What the emulator serves

This page is made from the lists that the emulator itself works by. An operation
that is not here is answered with ` + "`UnknownOperationException`" + `, which names it; a
request that uses a parameter in the column "refused" with an error that names the
parameter. Nothing is accepted and ignored: a test demands that every other
parameter is read.

`

// fidelity writes the guide of what is emulated.
func fidelity() ([]byte, error) {
	e, err := emulator.New(emulator.Config{})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	var b bytes.Buffer
	b.WriteString(head)
	services := e.Services()
	slices.SortStableFunc(services, func(a, b wire.Service) int { return strings.Compare(a.Name, b.Name) })
	for i, s := range services {
		in, _ := s.Operations[0].Types()
		from := path.Base(in.PkgPath())
		client, ok := clients[from]
		if !ok {
			return nil, fmt.Errorf("the service %s is not in the table of clients in internal/tools/docs", from)
		}
		name := s.Name
		if i > 0 && services[i-1].Name == name {
			name = from // two services share the name that signatures have
		}
		known := operations(client)
		fmt.Fprintf(&b, "## %s\n\n%s%d of AWS's %d operations.\n\n| operation | refused |\n|---|---|\n", name, remarks[from], len(s.Operations), len(known))
		for _, op := range s.Operations {
			fmt.Fprintf(&b, "| %s | %s |\n", op.Name, codes(op.Refused))
		}
		b.WriteString("\n")
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func codes(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = "`" + n + "`"
	}
	slices.Sort(quoted)
	return strings.Join(quoted, ", ")
}

// operations are the names of a client's methods that call AWS.
func operations(client reflect.Type) []string {
	var names []string
	for i := range client.NumMethod() {
		m := client.Method(i)
		if m.Type.NumIn() == 4 && m.Type.In(1) == reflect.TypeFor[context.Context]() && m.Type.In(2).Kind() == reflect.Pointer &&
			m.Type.In(2).Elem().Name() == m.Name+"Input" {
			names = append(names, m.Name)
		}
	}
	return names
}
