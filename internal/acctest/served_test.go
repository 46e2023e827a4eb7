package acctest

import (
	"reflect"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/resources/access"
	"github.com/tfserverless/terraform-provider-serverless/resources/api"
	"github.com/tfserverless/terraform-provider-serverless/resources/event"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
	"github.com/tfserverless/terraform-provider-serverless/resources/messaging"
	"github.com/tfserverless/terraform-provider-serverless/resources/table"
)

// elsewhere are the operations that the emulator refuses by name, each behind an
// attribute of its own, so that a configuration which needs it fails there and
// works on AWS.
var elsewhere = map[string]bool{
	"ecr.DescribeImages":              true, // source.image
	"lambda.GetFunctionScalingConfig": true, // capacity_provider
	"lambda.PutFunctionScalingConfig": true,
	"logs.AssociateKmsKey":            true, // log.kms_key_arn
	"logs.DisassociateKmsKey":         true,
	"monitoring.DescribeAlarms":       true, // publish.rollout.alarms
}

// TestServed demands that the emulator serves every operation of AWS that the
// provider can call: those of the interfaces that the families declare.
func TestServed(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	services := map[string]string{"Alarms": "monitoring", "DynamoDB": "dynamodb", "Events": "logs", "Gateway": "apigateway", "IAM": "iam", "Images": "ecr", "Lambda": "lambda", "Logs": "logs", "Parameters": "ssm", "S3": "s3", "SFN": "states", "SQS": "sqs", "STS": "sts", "Secrets": "secretsmanager", "Scaling": "application-autoscaling"}
	served := map[string]bool{}
	for _, s := range e.Services() {
		for _, op := range s.Operations {
			served[s.Name+"."+op.Name] = true
		}
	}
	called := 0
	for _, clients := range []any{access.Clients{}, api.Clients{}, event.Clients{}, function.Clients{}, messaging.Clients{}, table.Clients{}} {
		c := reflect.TypeOf(clients)
		for i := range c.NumField() {
			operations, service := c.Field(i).Type, services[c.Field(i).Name]
			if operations.Kind() != reflect.Interface {
				continue // the way to the same operations in another region
			}
			for j := range operations.NumMethod() {
				called++
				name := service + "." + operations.Method(j).Name
				if served[name] == elsewhere[name] {
					t.Errorf("%s calls %s: served by the emulator %t, listed as refused by it %t", c.PkgPath(), name, served[name], elsewhere[name])
				}
			}
		}
	}
	if called == 0 {
		t.Error("the families declare no operations")
	}
	if !served["sts.GetCallerIdentity"] { // what internal/awsapi asks
		t.Error("the emulator does not serve GetCallerIdentity")
	}
}
