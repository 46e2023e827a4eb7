package asl

import "strings"

// Kind is what a resource is.
type Kind byte

// The kinds of resources.
const (
	Unknown     Kind = iota
	Function         // a Lambda function by its ARN
	Activity         // an activity by its ARN
	Integration      // arn:aws:states:::service:action
)

// Pattern is how a task waits for what it started.
type Pattern string

// The patterns of integrations.
const (
	RequestResponse  Pattern = ""
	Sync             Pattern = ".sync"
	Sync2            Pattern = ".sync:2"
	WaitForTaskToken Pattern = ".waitForTaskToken"
)

// Resource is the resource of a task, reader or writer.
type Resource struct {
	ARN     string
	Kind    Kind
	Service string // of an integration, such as sqs or aws-sdk:dynamodb
	Action  string // of an integration, such as sendMessage, without the pattern
	Pattern Pattern
}

// parseResource reads an ARN; the kind is Unknown when it is none of a resource.
func parseResource(arn string) Resource {
	r := Resource{ARN: arn}
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) < 6 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") {
		return r
	}
	switch {
	case parts[2] == "lambda" && parts[5] == "function" && len(parts) == 7 && parts[6] != "":
		r.Kind = Function
	case parts[2] == "states" && parts[5] == "activity" && parts[3] != "" && len(parts) == 7 && parts[6] != "":
		r.Kind = Activity
	case parts[2] == "states" && parts[3] == "" && parts[4] == "" && len(parts) == 7:
		r.Kind = Integration
		r.Service, r.Action = parts[5], parts[6]
		if r.Service == "aws-sdk" {
			service, action, ok := strings.Cut(r.Action, ":")
			if !ok {
				r.Kind = Unknown
				return r
			}
			r.Service, r.Action = "aws-sdk:"+service, action
		}
		for _, p := range []Pattern{Sync2, Sync, WaitForTaskToken} {
			if action, has := strings.CutSuffix(r.Action, string(p)); has {
				r.Action, r.Pattern = action, p
				break
			}
		}
		if r.Service == "" || r.Action == "" {
			r.Kind = Unknown
		}
	}
	return r
}
