// Package quota knows how often AWS lets an account call the operations that
// deploy things: the published limits as a table, and the token bucket by which
// they are kept.
//
// It must not know who calls, nor the clock: times are given to it. What the
// table leaves out is either not limited by a number that AWS publishes, or is no
// operation that deploys anything, such as Invoke.
package quota

// A Limit is one that AWS publishes, for each account and region.
type Limit struct {
	// Class names what shares the limit: one operation, or many.
	Class string
	// Rate is in calls per second; Burst is how many calls may come at once after
	// a pause, at least 1.
	Rate, Burst float64
}

// Of returns the limits that a call falls under: none, one, or an operation's own
// and its service's. The service is named as in credential scopes: "states".
func Of(service, operation string) []Limit {
	s, ok := services[service]
	if !ok {
		return nil
	}
	var all []Limit
	if l, ok := s.operations[operation]; ok {
		all = append(all, l.of(service+"."+operation))
		if !s.whole {
			return all
		}
	}
	if s.rest.rate > 0 && !s.free[operation] {
		all = append(all, s.rest.of(service))
	}
	return all
}

// Throttled is the error code and the message by which a service says that a
// limit is reached, and the status.
func Throttled(service string) (code, message string, status int) {
	switch service {
	case "apigateway":
		return "TooManyRequestsException", "Too Many Requests", 429
	case "lambda":
		return "TooManyRequestsException", "Rate exceeded", 429
	}
	return "ThrottlingException", "Rate exceeded", 400
}

// amount is a rate and a burst; no burst is that of one second, or one call.
type amount struct{ rate, burst float64 }

func (a amount) of(class string) Limit {
	return Limit{Class: class, Rate: a.rate, Burst: max(a.burst, a.rate, 1)}
}

// every is one call in that many seconds.
func every(seconds float64) amount { return amount{rate: 1 / seconds} }

// A service has limits of single operations and one of all others.
type service struct {
	operations map[string]amount
	rest       amount
	whole      bool            // the rest is of all operations, those of a limit of their own too
	free       map[string]bool // operations that are not part of the rest: those that use what is deployed
}

// services is AWS's table of default quotas as it was in 2026. Where regions
// differ it has the lower one.
var services = map[string]service{
	// docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
	"apigateway": {
		operations: map[string]amount{
			"CreateDeployment": every(5),
			"CreateDomainName": every(30),
			"CreateVpcLink":    every(15),
			"DeleteDomainName": every(30),
			"DeleteVpcLink":    every(30),
			"UpdateDomainName": every(30),
		},
		rest:  amount{10, 40},
		whole: true,
	},
	// docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	"lambda": {
		operations: map[string]amount{
			"GetFunction": {rate: 100},
			"GetPolicy":   {rate: 15},
		},
		rest: amount{rate: 15},
		free: map[string]bool{
			"Invoke": true, "InvokeAsync": true, "InvokeWithResponseStream": true,
			"CheckpointDurableExecution": true, "GetDurableExecution": true, "GetDurableExecutionHistory": true, "GetDurableExecutionState": true,
			"SendDurableExecutionCallbackFailure": true, "SendDurableExecutionCallbackHeartbeat": true, "SendDurableExecutionCallbackSuccess": true,
		},
	},
	// docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
	"logs": {
		operations: map[string]amount{
			"CreateLogGroup":     {rate: 10},
			"DescribeLogGroups":  {rate: 10},
			"DescribeLogStreams": {rate: 25},
			"PutRetentionPolicy": {rate: 5},
		},
	},
	// docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
	"states": {
		operations: map[string]amount{
			"CreateActivity":                 {1, 100},
			"CreateStateMachine":             {1, 100},
			"CreateStateMachineAlias":        {1, 100},
			"DeleteActivity":                 {1, 100},
			"DeleteStateMachine":             {1, 100},
			"DeleteStateMachineAlias":        {1, 100},
			"DeleteStateMachineVersion":      {1, 100},
			"DescribeActivity":               {1, 200},
			"DescribeExecution":              {10, 250},
			"DescribeStateMachine":           {20, 200},
			"DescribeStateMachineAlias":      {1, 200},
			"GetExecutionHistory":            {20, 400},
			"ListActivities":                 {5, 100},
			"ListExecutions":                 {2, 100},
			"ListStateMachineAliases":        {1, 100},
			"ListStateMachineVersions":       {1, 100},
			"ListStateMachines":              {5, 100},
			"ListTagsForResource":            {1, 100},
			"PublishStateMachineVersion":     {1, 100},
			"RedriveExecution":               {150, 800},
			"StartExecution":                 {150, 800},
			"StopExecution":                  {25, 500},
			"TagResource":                    {1, 200},
			"TestState":                      {10, 50},
			"UntagResource":                  {1, 200},
			"UpdateStateMachine":             {1, 100},
			"UpdateStateMachineAlias":        {1, 100},
			"ValidateStateMachineDefinition": {1, 100},
		},
	},
}
