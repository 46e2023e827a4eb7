package acctest

import (
	"reflect"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/resources/api"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
	"github.com/tfserverless/terraform-provider-serverless/resources/table"
)

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
	services := map[string]string{"DynamoDB": "dynamodb", "Gateway": "apigateway", "IAM": "iam", "Lambda": "lambda", "Logs": "logs", "Scaling": "application-autoscaling"}
	served := map[string]bool{}
	for _, s := range e.Services() {
		for _, op := range s.Operations {
			served[s.Name+"."+op.Name] = true
		}
	}
	called := 0
	for _, clients := range []any{api.Clients{}, function.Clients{}, table.Clients{}} {
		c := reflect.TypeOf(clients)
		for i := range c.NumField() {
			operations, service := c.Field(i).Type, services[c.Field(i).Name]
			if operations.Kind() != reflect.Interface {
				continue // the way to the same operations in another region
			}
			for j := range operations.NumMethod() {
				called++
				if name := service + "." + operations.Method(j).Name; !served[name] {
					t.Errorf("%s calls %s, which the emulator does not serve", c.PkgPath(), name)
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
