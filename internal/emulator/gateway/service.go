package gateway

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Service is an operation of an AWS service that an integration calls.
type Service struct {
	// Package is the name of the service's SDK package, Operation that of the operation.
	Package, Operation string
	// Action is what the role must be allowed, such as sqs:SendMessage.
	Action string
	// XML operations answer as they do in AWS's query protocol.
	XML bool
	// Small operations have parameters and results that begin small.
	Small bool

	parameters map[string]kind // that a subtype takes, by name
	required   []string
	resource   string // the parameter that names what is called
	member     string // of requests that are lists of one entry: the list
}

// kind is how a parameter's text becomes JSON.
type kind int

const (
	plain  kind = iota // a text
	number             // a whole number
	raw                // JSON, as it is
	list               // JSON, or a comma-separated list
	// setting is a parameter of the integration itself.
	setting
)

// subtypes are the operations that HTTP APIs can call, by the name of the integration's
// subtype.
var subtypes = map[string]*Service{
	"EventBridge-PutEvents": {
		Package: "eventbridge", Operation: "PutEvents", Action: "events:PutEvents", member: "Entries", resource: "EventBusName",
		required:   []string{"Detail", "DetailType", "Source"},
		parameters: map[string]kind{"Detail": plain, "DetailType": plain, "Source": plain, "Time": plain, "EventBusName": plain, "Resources": list, "Region": setting, "TraceHeader": plain},
	},
	"SQS-SendMessage": {
		Package: "sqs", Operation: "SendMessage", Action: "sqs:SendMessage", XML: true, resource: "QueueUrl",
		required: []string{"QueueUrl", "MessageBody"},
		parameters: map[string]kind{
			"QueueUrl": plain, "MessageBody": plain, "DelaySeconds": number, "MessageAttributes": raw, "MessageDeduplicationId": plain,
			"MessageGroupId": plain, "MessageSystemAttributes": raw, "Region": setting,
		},
	},
	"SQS-ReceiveMessage": {
		Package: "sqs", Operation: "ReceiveMessage", Action: "sqs:ReceiveMessage", XML: true, resource: "QueueUrl",
		required: []string{"QueueUrl"},
		parameters: map[string]kind{
			"QueueUrl": plain, "AttributeNames": list, "MaxNumberOfMessages": number, "MessageAttributeNames": list,
			"ReceiveRequestAttemptId": plain, "VisibilityTimeout": number, "WaitTimeSeconds": number, "Region": setting,
		},
	},
	"SQS-DeleteMessage": {
		Package: "sqs", Operation: "DeleteMessage", Action: "sqs:DeleteMessage", XML: true, resource: "QueueUrl",
		required:   []string{"QueueUrl", "ReceiptHandle"},
		parameters: map[string]kind{"QueueUrl": plain, "ReceiptHandle": plain, "Region": setting},
	},
	"SQS-PurgeQueue": {
		Package: "sqs", Operation: "PurgeQueue", Action: "sqs:PurgeQueue", XML: true, resource: "QueueUrl",
		required:   []string{"QueueUrl"},
		parameters: map[string]kind{"QueueUrl": plain, "Region": setting},
	},
	"StepFunctions-StartExecution": {
		Package: "sfn", Operation: "StartExecution", Action: "states:StartExecution", Small: true, resource: "StateMachineArn",
		required:   []string{"StateMachineArn"},
		parameters: map[string]kind{"StateMachineArn": plain, "Name": plain, "Input": plain, "TraceHeader": plain, "Region": setting},
	},
	"StepFunctions-StartSyncExecution": {
		Package: "sfn", Operation: "StartSyncExecution", Action: "states:StartSyncExecution", Small: true, resource: "StateMachineArn",
		required:   []string{"StateMachineArn"},
		parameters: map[string]kind{"StateMachineArn": plain, "Name": plain, "Input": plain, "TraceHeader": plain, "Region": setting},
	},
	"StepFunctions-StopExecution": {
		Package: "sfn", Operation: "StopExecution", Action: "states:StopExecution", Small: true, resource: "ExecutionArn",
		required:   []string{"ExecutionArn"},
		parameters: map[string]kind{"ExecutionArn": plain, "Cause": plain, "Error": plain, "Region": setting},
	},
}

// unserved are AWS's other subtypes, whose services are not emulated.
var unserved = []string{"AppConfig-GetConfiguration", "Kinesis-PutRecord"}

// ParseService reads the subtype and the request parameters of an HTTP API's integration
// with an AWS service.
func ParseService(subtype string, parameters map[string]string) (*Service, Mapping, error) {
	s, ok := subtypes[subtype]
	switch {
	case slices.Contains(unserved, subtype):
		return nil, nil, fmt.Errorf("the emulator does not implement the IntegrationSubtype %s: it does not have the service", subtype)
	case !ok:
		return nil, nil, fmt.Errorf("Invalid integration subtype specified: %s", subtype) //nolint:revive,staticcheck // AWS's text
	}
	for _, name := range s.required {
		if parameters[name] == "" {
			return nil, nil, fmt.Errorf("Parameter: %s is required for integration subtype: %s", name, subtype) //nolint:revive,staticcheck // AWS's text
		}
	}
	var m Mapping
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if _, ok := s.parameters[name]; !ok {
			return nil, nil, fmt.Errorf("Parameter: %s does not fit schema for Operation: %s", name, subtype) //nolint:revive,staticcheck // AWS's text
		}
		x, err := parseExpression(parameters[name], "request")
		if err != nil {
			return nil, nil, err
		}
		m = append(m, change{name: name, value: x})
	}
	return s, m, nil
}

// actions are the services that integrations of WebSocket APIs can call with a body that
// a template makes: AWS's names, and those of their SDK packages.
var actions = map[string]Service{
	"dynamodb": {Package: "dynamodb", Action: "dynamodb:"},
	"events":   {Package: "eventbridge", Action: "events:"},
	"sqs":      {Package: "sqs", Action: "sqs:"},
	"states":   {Package: "sfn", Action: "states:", Small: true},
}

// ActionOf returns an operation of a service that integrations of WebSocket APIs can
// call.
func ActionOf(service, action string) (*Service, bool) {
	s, ok := actions[service]
	if !ok || action == "" || strings.ToUpper(action[:1]) != action[:1] {
		return nil, false
	}
	s.Operation = action
	s.Action += action
	return &s, true
}
