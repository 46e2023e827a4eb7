package acctest

import (
	"reflect"
	"testing"

	emulatedapis "github.com/tfserverless/terraform-provider-serverless/internal/emulator/apigatewayv2"
	emulatedtables "github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb"
	emulatedroles "github.com/tfserverless/terraform-provider-serverless/internal/emulator/iam"
	emulatedfunctions "github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda"
	emulatedlogs "github.com/tfserverless/terraform-provider-serverless/internal/emulator/logs"
	"github.com/tfserverless/terraform-provider-serverless/resources/api"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
	"github.com/tfserverless/terraform-provider-serverless/resources/table"
)

// TestServed demands that the emulator has every operation that the resource
// types may call.
func TestServed(t *testing.T) {
	served := map[string]reflect.Type{
		"DynamoDB": reflect.TypeFor[*emulatedtables.Service](),
		"Gateway":  reflect.TypeFor[*emulatedapis.Service](),
		"IAM":      reflect.TypeFor[*emulatedroles.Service](),
		"Lambda":   reflect.TypeFor[*emulatedfunctions.Service](),
		"Logs":     reflect.TypeFor[*emulatedlogs.Service](),
	}
	for _, clients := range []reflect.Type{reflect.TypeFor[api.Clients](), reflect.TypeFor[function.Clients](), reflect.TypeFor[table.Clients]()} {
		for i := range clients.NumField() {
			f := clients.Field(i)
			service, ok := served[f.Name]
			if !ok || f.Type.Kind() != reflect.Interface {
				t.Errorf("%s.%s: it is not known which emulated service that is", clients, f.Name)
				continue
			}
			for j := range f.Type.NumMethod() {
				if name := f.Type.Method(j).Name; !has(service, name) {
					t.Errorf("%s calls %s, which %s does not serve", clients, name, service)
				}
			}
		}
	}
}

func has(t reflect.Type, method string) bool {
	_, ok := t.MethodByName(method)
	return ok
}
