// Package jsonata runs JSONata 2.0.6, the version that Step Functions runs: it
// compiles an expression once and evaluates it over ordered JSON values, within
// limits of steps, depth and time.
//
// It must not know Step Functions: what differs there (variables, more functions,
// no $eval) is given to it. Values are those of package jsonvalue.
package jsonata

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"time"
)

// Expression is a compiled expression. Any number of evaluations may run at once.
type Expression struct {
	source string
	root   *node
}

// Limits bound one evaluation. Zero fields stand for those of DefaultLimits.
type Limits struct {
	Depth int           // how deep evaluations may be nested
	Steps int           // how many nodes may be evaluated
	Bytes int           // how large a text, an array or the result may be
	Time  time.Duration // of the clock on the wall
}

// DefaultLimits let any honest expression through.
var DefaultLimits = Limits{Depth: 20_000, Steps: 50_000_000, Bytes: 1 << 30, Time: 10 * time.Second}

// Function is a function that is bound to a variable. Arguments and result are
// values of package jsonvalue, nil for nothing; arguments are checked against
// Signature first, when it is not empty. An error ends the evaluation: an *Error
// as it is, any other under the code D3137.
type Function struct {
	Signature string // in JSONata's notation, such as <s-n?:s>
	Arity     int
	Call      func(c Call, args []any) (any, error)
}

// Call is what a Function may know of the evaluation that calls it.
type Call struct {
	Now    time.Time
	Random *rand.Rand
}

// Options are what an evaluation sees besides the expression.
type Options struct {
	Input     any            // what $ and $$ are; nil for nothing
	Variables map[string]any // by name without the dollar sign
	Library   *Library       // nil for the functions of the language
	Now       time.Time      // for $now and $millis; the zero time is the present
	Random    *rand.Rand
	Limits    Limits
}

// Library is a set of functions: those of the language and others. It does not
// change.
type Library struct{ table map[string]any }

// NewLibrary is the functions of the language but those named by without, and the
// given ones, by name without the dollar sign.
func NewLibrary(functions map[string]Function, without ...string) *Library {
	l := &Library{table: maps.Clone(builtins())}
	for _, name := range without {
		delete(l.table, name)
	}
	for name, f := range functions {
		l.table[name] = bound(name, f)
	}
	return l
}

// Compile reads an expression. The error is an *Error.
func Compile(source string) (x *Expression, err error) {
	defer caught(&err, nil)
	return &Expression{source: source, root: parse(source)}, nil
}

// String is the text of the expression.
func (x *Expression) String() string { return x.source }

// ErrFunction is the error of an evaluation whose result is a function.
var ErrFunction = errors.New("the result is a function")

// Eval evaluates the expression: a value of package jsonvalue, or nil for
// nothing. Functions within the result are empty strings; a result that is itself
// one is ErrFunction. Any other error is an *Error.
func (x *Expression) Eval(ctx context.Context, o Options) (out any, err error) {
	r := &run{ctx: ctx, limits: o.Limits, now: o.Now, random: o.Random}
	defer caught(&err, r)
	if r.limits.Depth <= 0 {
		r.limits.Depth = DefaultLimits.Depth
	}
	if r.limits.Steps <= 0 {
		r.limits.Steps = DefaultLimits.Steps
	}
	if r.limits.Bytes <= 0 {
		r.limits.Bytes = DefaultLimits.Bytes
	}
	if r.limits.Time <= 0 {
		r.limits.Time = DefaultLimits.Time
	}
	r.ends = time.Now().Add(r.limits.Time)
	if r.now.IsZero() {
		r.now = time.Now()
	}
	r.globals = globals(o)
	v := r.eval(x.root, wrapped(o.Input), r.globals)
	if v == nil {
		return nil, nil
	}
	if _, is := v.(*function); is {
		return nil, ErrFunction
	}
	r.bound(v)
	return plain(v), nil
}

// wrapped keeps an input that is an array together.
func wrapped(input any) any {
	if items, ok := input.([]any); ok {
		return &array{items: []any{items}, sequence: true, outer: true}
	}
	return input
}

func globals(o Options) *frame {
	env := &frame{table: builtins()}
	if o.Library != nil {
		env.table = o.Library.table
	}
	env = &frame{outer: env}
	for name, v := range o.Variables {
		env.bind(name, v)
	}
	env.bind("$", wrapped(o.Input))
	return env
}

func bound(name string, f Function) *function {
	out := &function{name: name, arity: f.Arity, native: func(r *run, args []any, _ any) any {
		given := make([]any, len(args))
		for i, arg := range args {
			if given[i] = arg; arg != nil {
				given[i] = plain(arg)
			}
		}
		v, err := f.Call(Call{Now: r.now, Random: r.random}, given)
		if err == nil {
			return v
		}
		e := (*Error)(nil)
		if !errors.As(err, &e) {
			e = problem("D3137", "message", err.Error())
		}
		if e.Position == 0 {
			e.Position, e.Token = r.pos, r.token
		}
		panic(e)
	}}
	if f.Signature != "" {
		out.signature = parseSignature(f.Signature)
	}
	return out
}
