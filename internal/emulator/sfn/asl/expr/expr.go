// Package expr compiles and evaluates what a state machine computes with: paths
// and intrinsic functions of JSONPath states, {% … %} of JSONata states, and the
// payload templates made of them.
//
// It must not know states, their fields or executions: what $, $$, $states and
// variables are is given to it, and errors carry AWS's name and text without the
// sentence that says which state was at work.
package expr

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/intrinsic"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonata"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonpath"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// Language is a query language.
type Language byte

// The query languages.
const (
	JSONPath Language = iota
	JSONata
)

// String is the name as it is written in definitions.
func (l Language) String() string {
	if l == JSONata {
		return "JSONata"
	}
	return "JSONPath"
}

// Names of errors that evaluations end with.
const (
	Runtime         = "States.Runtime"
	QueryEvaluation = "States.QueryEvaluationError"
	Intrinsic       = "States.IntrinsicFailure"
)

// Env is what an evaluation sees. The functions may be nil where there is nothing.
type Env struct {
	Input    any                      // $ of a path
	Context  func() *jsonvalue.Object // $$ of a path, $states.context
	Variable func(name string) any    // nil for one that is not assigned
	States   func() []any             // members of $states but context: names and values in turn
	Now      func() time.Time         // of $now and $millis
	Random   *rand.Rand
}

// Error is an evaluation that failed.
type Error struct {
	Name     string // such as States.Runtime
	Cause    string // without the sentence about the state
	Location string // the field, of JSONata expressions
}

// Error is the name and the cause.
func (e *Error) Error() string { return e.Name + ": " + e.Cause }

// Problem is what is wrong with an expression, as validation reports it.
type Problem struct {
	Code    string // SCHEMA_VALIDATION_FAILED and the like
	Message string
	At      string // the place below the field, such as "" or "/a/b"
}

// Expr is a value that is computed: by a path, a call or a query. It does not
// change.
type Expr struct {
	Field   string // as causes name it, such as Output/a
	Text    string // as it is written, without {% %}
	path    *jsonpath.Path
	call    *intrinsic.Call
	query   *jsonata.Expression
	reads   []string // the variables of a query
	states  bool     // a query reads $states
	context bool     // a query reads $states.context, or $states as a whole
}

// IsQuery tells that a text is meant to be JSONata: it stands between {% and %}.
func IsQuery(text string) bool {
	return len(text) >= 4 && strings.HasPrefix(text, "{%") && strings.HasSuffix(text, "%}")
}

// CompilePath compiles a path, or a call when calls are allowed.
func CompilePath(field, text string, calls bool) (*Expr, error) {
	e := &Expr{Field: field, Text: text}
	var err error
	if calls && intrinsic.Is(text) {
		e.call, err = intrinsic.Parse(text)
	} else {
		e.path, err = jsonpath.Parse(text)
	}
	return e, err
}

// Path is the path, or nil for a call or query.
func (e *Expr) Path() *jsonpath.Path { return e.path }

// Query is the JSONata expression, or nil.
func (e *Expr) Query() *jsonata.Expression { return e.query }

// CompileQuery compiles the text between {% and %}; catcher tells that there is
// an error to read.
func CompileQuery(field, text string, place Place) (*Expr, []Problem) {
	source := strings.TrimSpace(text[2 : len(text)-2])
	e := &Expr{Field: field, Text: source}
	query, err := jsonata.Compile(source)
	if err != nil {
		return e, []Problem{{Code: "INVALID_JSONATA_EXPRESSION", Message: err.Error()}}
	}
	e.query = query
	return e, e.check(place)
}

// Place says what a JSONata expression may read besides $states.input and
// $states.context.
type Place byte

// Places of expressions.
const (
	Plain   Place = iota
	Result        // $states.result: Output and Assign of Task, Parallel and Map
	Failure       // $states.errorOutput: Output and Assign of a catcher
)

// check refuses what AWS does not offer, and notes what the query reads.
func (e *Expr) check(place Place) []Problem {
	var out []Problem
	refuse := func(format string, args ...any) {
		p := Problem{Code: "UNSUPPORTED_JSONATA_EXPRESSION", Message: fmt.Sprintf(format, args...)}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	for _, ref := range e.query.References() {
		switch {
		case !ref.Variable && ref.Top:
			refuse("Reference to '%s' at the top level is not supported.", ref.Name)
		case !ref.Variable:
		case ref.Name == "":
			if ref.Top {
				refuse("Reference to '$' at the top level is not supported.")
			}
		case ref.Name == "$":
			refuse("Reference to '$$' is not supported.")
		case ref.Name == "states":
			e.states = true
			if len(ref.Members) == 0 {
				e.context = true
				continue
			}
			switch m := ref.Members[0]; m {
			case "context":
				e.context = true
			case "input":
			case "result":
				if place != Result {
					refuse("Reference to '$states.%s' is not supported here.", m)
				}
			case "errorOutput":
				if place != Failure {
					refuse("Reference to '$states.%s' is not supported here.", m)
				}
			default:
				refuse("Reference to '$states.%s' is not supported.", m)
			}
		case !slices.Contains(e.reads, ref.Name):
			e.reads = append(e.reads, ref.Name)
		}
	}
	return out
}

// Eval is the value of the expression. The error is an *Error.
func (e *Expr) Eval(env *Env) (any, error) {
	switch {
	case e.query != nil:
		return e.ask(env)
	case e.call != nil:
		v, err := e.call.Eval(func(p *jsonpath.Path) (any, error) {
			v, err := e.get(p, env)
			if err != nil {
				return nil, &Error{Name: Runtime, Cause: fmt.Sprintf("The function '%s' had the following error: The JsonPath argument for the field '%s' could not be found in the input '%s'", e.Text, p, jsonvalue.Marshal(env.Input))}
			}
			return v, nil
		}, env.Random)
		var failed *Error
		if err != nil && !errors.As(err, &failed) {
			return nil, &Error{Name: Intrinsic, Cause: err.Error()}
		}
		return v, err
	}
	v, err := e.get(e.path, env)
	var missing *jsonpath.NotFoundError
	if errors.As(err, &missing) && missing.Beyond { // AWS gives null, known from reports
		return jsonvalue.Null{}, nil
	}
	if err != nil {
		return nil, &Error{Name: Runtime, Cause: fmt.Sprintf("The JSONPath '%s' specified for the field '%s' could not be found in the input '%s'", e.Text, e.Field, jsonvalue.Marshal(env.Input))}
	}
	return v, nil
}

// Find is the value of a path as it is; the error is that of package jsonpath.
func (e *Expr) Find(env *Env) (any, error) { return e.get(e.path, env) }

func (e *Expr) get(p *jsonpath.Path, env *Env) (any, error) {
	switch root := p.Root(); root {
	case "":
		return p.Get(env.Input)
	case "$":
		if env.Context == nil {
			return nil, &jsonpath.NotFoundError{Path: p.String(), Segment: "$$"}
		}
		return p.Get(env.Context())
	default:
		var v any
		if env.Variable != nil {
			v = env.Variable(root)
		}
		if v == nil {
			return nil, &jsonpath.NotFoundError{Path: p.String(), Segment: "$" + root}
		}
		return p.Get(v)
	}
}

var library = intrinsic.JSONata

// limits are AWS's, known from reports of where evaluations are cut off.
var limits = jsonata.Limits{Depth: 100, Steps: 20_000_000, Bytes: 6_990_256, Time: 5 * time.Second}

// ask evaluates a query.
func (e *Expr) ask(env *Env) (any, error) {
	o := jsonata.Options{Library: library, Random: env.Random, Limits: limits, Variables: make(map[string]any, len(e.reads)+1)}
	if env.Now != nil {
		o.Now = env.Now()
	}
	if env.Variable != nil {
		for _, name := range e.reads {
			if v := env.Variable(name); v != nil {
				o.Variables[name] = v
			}
		}
	}
	if e.states {
		states := jsonvalue.NewObject(4)
		if env.States != nil {
			members := env.States()
			for i := 0; i+1 < len(members); i += 2 {
				states.Set(members[i].(string), members[i+1])
			}
		}
		if e.context && env.Context != nil {
			states.Set("context", env.Context())
		}
		o.Variables["states"] = states
	}
	v, err := e.query.Eval(context.Background(), o)
	var failed *jsonata.Error
	switch {
	case errors.Is(err, jsonata.ErrFunction):
		return nil, e.failed(" returned an unsupported result type.")
	case errors.As(err, &failed) && (failed.Code == "" || failed.Cut()): // of AWS's own functions and limits
		return nil, e.failed(" threw an error during evaluation: " + failed.Message)
	case errors.As(err, &failed):
		return nil, e.failed(" threw an error during evaluation. " + failed.Code + ": " + failed.Message)
	case err != nil:
		return nil, e.failed(" threw an error during evaluation: " + err.Error())
	case v == nil:
		return nil, e.failed(" returned nothing (undefined).")
	}
	return v, nil
}

func (e *Expr) failed(how string) error {
	return &Error{Name: QueryEvaluation, Location: e.Field, Cause: fmt.Sprintf("The JSONata expression '%s' specified for the field '%s'%s", e.Text, e.Field, how)}
}

// Unexpected is the error of a query whose result is of another type than the
// field wants.
func (e *Expr) Unexpected(want string, v any) error {
	return e.failed(fmt.Sprintf(" returned an unexpected result type. Expected '%s', but was '%s' for value: %s", want, TypeOf(v), jsonvalue.Marshal(v)))
}

// TypeOf is the name of the JSON type of v.
func TypeOf(v any) string {
	switch v.(type) {
	case jsonvalue.Null:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case *jsonvalue.Object:
		return "object"
	}
	return "number"
}
