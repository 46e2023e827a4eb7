package asl

import (
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

var types = []string{"Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"}

// support says which states a field is of.
type support struct {
	types    []Type
	language string // "" for both
}

var (
	allTypes  = []Type{Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map}
	butFail   = []Type{Task, Wait, Pass, Succeed, Choice, Parallel, Map}
	moveOn    = []Type{Task, Wait, Pass, Parallel, Map}
	working   = []Type{Task, Parallel, Map}
	producing = []Type{Task, Pass, Parallel, Map}
	assigning = []Type{Task, Wait, Pass, Choice, Parallel, Map}
	onlyTask  = []Type{Task}
	onlyMap   = []Type{Map}
)

// fields are the fields of states and which states have them.
var fields = map[string]support{
	"Type":          {allTypes, ""},
	"Comment":       {allTypes, ""},
	"QueryLanguage": {allTypes, ""},
	"Next":          {moveOn, ""},
	"End":           {moveOn, ""},
	"Assign":        {assigning, ""},
	"Retry":         {working, ""},
	"Catch":         {working, ""},

	"InputPath":      {butFail, "JSONPath"},
	"OutputPath":     {butFail, "JSONPath"},
	"ResultPath":     {producing, "JSONPath"},
	"Parameters":     {producing, "JSONPath"},
	"ResultSelector": {working, "JSONPath"},
	"Arguments":      {[]Type{Task, Parallel}, "JSONata"},
	"Output":         {butFail, "JSONata"},

	"Result": {[]Type{Pass}, "JSONPath"},

	"Resource":             {onlyTask, ""},
	"Credentials":          {onlyTask, ""},
	"TimeoutSeconds":       {onlyTask, ""},
	"HeartbeatSeconds":     {onlyTask, ""},
	"TimeoutSecondsPath":   {onlyTask, "JSONPath"},
	"HeartbeatSecondsPath": {onlyTask, "JSONPath"},

	"Choices": {[]Type{Choice}, ""},
	"Default": {[]Type{Choice}, ""},

	"Seconds":       {[]Type{Wait}, ""},
	"Timestamp":     {[]Type{Wait}, ""},
	"SecondsPath":   {[]Type{Wait}, "JSONPath"},
	"TimestampPath": {[]Type{Wait}, "JSONPath"},

	"Error":     {[]Type{Fail}, ""},
	"Cause":     {[]Type{Fail}, ""},
	"ErrorPath": {[]Type{Fail}, "JSONPath"},
	"CausePath": {[]Type{Fail}, "JSONPath"},

	"Branches": {[]Type{Parallel}, ""},

	"ItemProcessor":                  {onlyMap, ""},
	"Iterator":                       {onlyMap, ""},
	"ItemsPath":                      {onlyMap, "JSONPath"},
	"Items":                          {onlyMap, "JSONata"},
	"ItemSelector":                   {onlyMap, ""},
	"ItemReader":                     {onlyMap, ""},
	"ItemBatcher":                    {onlyMap, ""},
	"ResultWriter":                   {onlyMap, ""},
	"MaxConcurrency":                 {onlyMap, ""},
	"MaxConcurrencyPath":             {onlyMap, "JSONPath"},
	"ToleratedFailureCount":          {onlyMap, ""},
	"ToleratedFailureCountPath":      {onlyMap, "JSONPath"},
	"ToleratedFailurePercentage":     {onlyMap, ""},
	"ToleratedFailurePercentagePath": {onlyMap, "JSONPath"},
	"Label":                          {onlyMap, ""},
}

// state reads one state.
func (p *parser) state(name, at string, v *jsonvalue.Object) *State {
	o := object{v, p, at, ""}
	s := &State{Name: name, Location: at, Language: o.language(p.machine.Language)}
	if !o.required("Type") {
		return s
	}
	s.Type = Type(o.oneOf("Type", types...))
	if s.Type == "" {
		return s
	}
	for _, k := range o.Keys() {
		f, known := fields[k]
		switch {
		case !known || !slices.Contains(f.types, s.Type):
			p.wrong(at, "Field '%s' is not supported", k)
		case f.language != "" && f.language != s.Language.String():
			p.wrong(at, "The QueryLanguage is set to '%s', but field '%s' is only supported for the '%s' QueryLanguage", s.Language, k, f.language)
		}
	}
	s.Comment = o.text("Comment")
	p.transition(o, s)
	p.dataflow(o, s)
	switch s.Type {
	case Task:
		p.task(o, s)
	case Wait:
		s.Wait = p.wait(o, s.Language)
	case Fail:
		s.Error = o.stringField(s.Language, "Error", "ErrorPath")
		s.Cause = o.stringField(s.Language, "Cause", "CausePath")
	case Choice:
		p.choice(o, s)
	case Parallel:
		o.required("Branches")
		for _, b := range o.children("Branches", false) {
			b.only("Comment", "StartAt", "States", "QueryLanguage")
			if b.Has("QueryLanguage") {
				p.wrong(b.at, "Field 'QueryLanguage' is not supported")
			}
			s.Branches = append(s.Branches, p.scope(b))
		}
	case Map:
		p.mapState(o, s)
	case Pass:
		if r := o.Get("Result"); r != nil {
			s.Result = expr.Literal(r)
			p.staticResult(r, at+"/Result")
		}
	}
	s.Retry = p.retriers(o)
	s.Catch = p.catchers(o, s)
	return s
}

// transition reads Next and End.
func (p *parser) transition(o object, s *State) {
	if !slices.Contains(moveOn, s.Type) {
		return
	}
	s.Next, s.End = o.name("Next"), o.flag("End")
	switch {
	case o.Has("Next") && s.End:
		p.wrong(o.at, "There should only be one of the following fields: [Next, End]")
	case !o.Has("Next") && !s.End:
		p.wrong(o.at, "These fields are required: [Next]")
	}
}

// dataflow reads the fields that shape input and output.
func (p *parser) dataflow(o object, s *State) {
	place := expr.Plain
	if slices.Contains(working, s.Type) {
		place = expr.Result
	}
	if s.Language == expr.JSONPath {
		s.InputPath, s.OutputPath = o.path("InputPath", false), o.path("OutputPath", false)
		s.ResultPath = o.path("ResultPath", true)
		if s.Type != Map {
			s.Parameters = o.template("Parameters", s.Language, expr.Plain, s.Type == Task)
		}
		s.ResultSelector = o.template("ResultSelector", s.Language, expr.Plain, true)
	} else {
		s.Arguments = o.template("Arguments", s.Language, expr.Plain, false)
		s.Output = o.template("Output", s.Language, place, false)
	}
	s.Assign = o.assign(s.Language, place)
}

// task reads the fields of a Task state.
func (p *parser) task(o object, s *State) {
	t := &TaskFields{}
	s.Task = t
	o.required("Resource")
	if arn := o.name("Resource"); arn != "" {
		t.Resource = p.resource(arn, o.at+"/Resource")
	}
	t.Credentials = o.template("Credentials", s.Language, expr.Plain, true)
	t.Timeout = o.numberField(s.Language, "TimeoutSeconds", 1, 99_999_999)
	t.Heartbeat = o.numberField(s.Language, "HeartbeatSeconds", 1, 99_999_999)
	if t.Timeout != nil && t.Heartbeat != nil && t.Timeout.Value != nil && t.Heartbeat.Value != nil {
		timeout, _ := jsonvalue.Float(t.Timeout.Value)
		heartbeat, _ := jsonvalue.Float(t.Heartbeat.Value)
		if heartbeat >= timeout {
			p.wrong(o.at, "HeartbeatSeconds must be smaller than TimeoutSeconds")
		}
	}
}

// resource reads the ARN of what a task calls, and refuses what EXPRESS machines
// cannot wait for.
func (p *parser) resource(arn, at string) Resource {
	r := parseResource(arn)
	switch {
	case r.Kind == Unknown:
		p.wrong(at, "Value is not a valid resource ARN")
	case r.Kind == Integration && !known(r):
		p.wrong(at, "The resource provided %s is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.", arn)
	case p.workflow != Express:
	case r.Kind == Activity:
		p.wrong(at, "Express state machine does not support Activity ARN")
	case r.Pattern == WaitForTaskToken: // AWS's text has two blanks before "at"
		p.wrong(at, "Express state machine does not support '%s' service integration ", r.Pattern)
	case r.Pattern != RequestResponse:
		p.wrong(at, "Express state machine does not support '%s' service integration", r.Pattern)
	}
	return r
}

// wait reads which of the five forms a Wait state has.
func (p *parser) wait(o object, l expr.Language) *Field {
	names := []string{"Seconds", "Timestamp", "SecondsPath", "TimestampPath"}
	if l == expr.JSONata {
		names = names[:2]
	}
	var there []string
	for _, n := range names {
		if o.Has(n) {
			there = append(there, n)
		}
	}
	if len(there) != 1 {
		p.wrong(o.at, "Exactly one of these fields must be set: [%s]", strings.Join(names, ", "))
		return nil
	}
	switch n := there[0]; n {
	case "Seconds":
		return o.numberField(l, "Seconds", 0, 99_999_999)
	case "Timestamp":
		f := o.stringField(l, "Timestamp", "")
		if s, ok := f.Value.(string); ok {
			if _, err := ParseTimestamp(s); err != nil {
				p.wrong(o.at+"/Timestamp", "Value must be a valid ISO-8601 extended offset date-time format string")
			}
		}
		return f
	default:
		return &Field{Name: n, Expr: o.reference(n, false)}
	}
}
