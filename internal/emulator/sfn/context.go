package sfn

import (
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// contextFields are the members of the context object that TestState takes, and
// what each must be: "" for anything.
var contextFields = map[string]map[string]string{
	"Execution":    {"Id": "a string", "Input": "", "Name": "a string", "RoleArn": "a string", "StartTime": "a string", "RedriveCount": "a number", "RedriveTime": "a string"},
	"State":        {"EnteredTime": "a string", "Name": "a string", "RetryCount": "a number"},
	"StateMachine": {"Id": "a string", "Name": "a string"},
	"Task":         {"Token": "a string"},
}

// checkContext refuses a context object that no execution in a state could have.
func checkContext(context *jsonvalue.Object, st *asl.State) error {
	refuse := func(format string, args ...any) error {
		return invalid("Invalid Context object provided: %s", fmt.Sprintf(format, args...))
	}
	if context == nil {
		return nil
	}
	for part, v := range context.All() {
		fields, known := contextFields[part]
		o, isObject := v.(*jsonvalue.Object)
		switch {
		case part == "Map":
			return refuse("'Map' field is not supported when mocking a Context object")
		case !known:
			return refuse("Field '%s' is not allowed", part)
		case part == "Task" && (st.Task == nil || st.Task.Resource.Kind == asl.Integration && st.Task.Resource.Pattern == asl.RequestResponse || st.Task.Resource.Kind == asl.Function):
			return refuse("Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern")
		case !isObject:
			return refuse("%s must be an object", part)
		}
		for name, member := range o.All() {
			kind, known := fields[name]
			if !known {
				return refuse("Field '%s' is not allowed", name)
			}
			_, text := member.(string)
			_, number := jsonvalue.Float(member)
			if kind == "a string" && !text || kind == "a number" && !number {
				return refuse("%s.%s must be %s", part, name, kind)
			}
		}
	}
	return nil
}
