package sfn

import (
	"io"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// promised are the members that answers must have. The SDK's types do not tell
// them, so that those of the aws-sdk integrations are not missed.
var promised = map[string][]string{"states:startExecution": {"ExecutionArn", "StartDate"}}

// answered is what the answers of requests look like; a body can be anything.
type answered struct {
	Headers    map[string][]string
	StatusCode int
	StatusText string
}

// checkMock refuses a mocked result that the service could not have answered.
func (s *Service) checkMock(in *types.MockInput, st *asl.State, result any) error {
	if in.FieldValidationMode == types.MockResponseValidationModeNone || result == nil || st.Task == nil {
		return nil
	}
	r := st.Task.Resource
	if r.Kind != asl.Integration || r.Pattern != asl.RequestResponse {
		return nil // it is what a function, a worker or the end of the work gives
	}
	t, operation, known := targetOf(r)
	var out reflect.Type
	if r.Service == "http" || r.Service == "apigateway" {
		out = reflect.TypeFor[answered]()
	} else if known && s.Calls != nil {
		out = s.Calls.Output(t.pkg, operation)
	}
	if out == nil {
		return invalid("the emulator has no model of the answers of %s: set fieldValidationMode to NONE", r.ARN)
	}
	o, ok := result.(*jsonvalue.Object)
	if !ok {
		return invalid("Mocked result must be a JSON object.")
	}
	if in.FieldValidationMode != types.MockResponseValidationModePresent {
		for _, name := range promised[r.Service+":"+r.Action] {
			if !o.Has(name) {
				return invalid("Mock result schema validation error: Required field '%s' is missing", name)
			}
		}
	}
	if field, why := misfit(o, out, ""); why != "" && field != "Payload" { // which is JSON of any kind
		return invalid("Mock result schema validation error: Field '%s' %s", field, why)
	}
	return nil
}

// misfit tells which member of a value does not fit a type of the SDK, and why;
// nothing when all do. Members that the type does not have are let be.
func misfit(v any, t reflect.Type, field string) (where, why string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	must := func(ok bool, kind string) (string, string) {
		if ok {
			return "", ""
		}
		return field, "must be " + kind
	}
	text, isText := v.(string)
	switch {
	case t == reflect.TypeFor[time.Time](), t == reflect.TypeFor[[]byte](), t.Implements(reflect.TypeFor[io.Reader]()):
		return must(isText, "a string")
	case t.Kind() == reflect.Interface: // a union, of which the SDK has a type for each variant
		_, ok := v.(*jsonvalue.Object)
		return must(ok, "an object")
	}
	switch t.Kind() {
	case reflect.String:
		if values, ok := t.MethodByName("Values"); ok && isText {
			all, known := values.Func.Call([]reflect.Value{reflect.Zero(t)})[0], false
			for i := range all.Len() {
				known = known || all.Index(i).String() == text
			}
			if !known {
				return field, "is not an expected value"
			}
		}
		return must(isText, "a string")
	case reflect.Bool:
		_, ok := v.(bool)
		return must(ok, "a boolean")
	case reflect.Slice:
		items, ok := v.([]any)
		for _, item := range items {
			if where, why = misfit(item, t.Elem(), field); why != "" {
				return where, why
			}
		}
		return must(ok, "an array")
	case reflect.Map, reflect.Struct:
		o, ok := v.(*jsonvalue.Object)
		if !ok {
			return field, "must be an object"
		}
		for name, member := range o.All() {
			var inner reflect.Type
			if t.Kind() == reflect.Map {
				inner = t.Elem()
			} else if f, has := t.FieldByName(name); has && f.IsExported() {
				inner = f.Type
			} else {
				continue
			}
			if where, why = misfit(member, inner, name); why != "" {
				return where, why
			}
		}
		return "", ""
	}
	_, ok := jsonvalue.Float(v)
	return must(ok, "a number")
}
