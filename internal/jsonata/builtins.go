package jsonata

import "sync"

// builtin is a function of the language: how its arguments are checked, how many
// of them functions such as $map hand it, and what it does.
type builtin struct {
	signature string
	arity     int
	native    func(r *run, args []any, input any) any
}

// builtins are the functions of the language by name.
var builtins = sync.OnceValue(func() map[string]any {
	out := map[string]any{}
	for _, table := range []map[string]builtin{stringFunctions, numberFunctions, arrayFunctions, objectFunctions, dateFunctions} {
		for name, b := range table {
			out[name] = &function{name: name, arity: b.arity, native: b.native, signature: parseSignature(b.signature)}
		}
	}
	return out
})

// arg is the argument at i, or nothing.
func arg(args []any, i int) any {
	if i < len(args) {
		return args[i]
	}
	return nil
}

// someText is a function of one string; nothing stays nothing.
func someText(do func(s string) any) func(*run, []any, any) any {
	return func(_ *run, args []any, _ any) any {
		if s, ok := arg(args, 0).(string); ok {
			return do(s)
		}
		return nil
	}
}

// someNumber is a function of one number; nothing stays nothing.
func someNumber(do func(f float64) any) func(*run, []any, any) any {
	return func(_ *run, args []any, _ any) any {
		if args[0] == nil {
			return nil
		}
		return do(mustNumber(args[0]))
	}
}

// mustNumber is the value of what the signature says is a number.
func mustNumber(v any) float64 {
	f, ok := number(v)
	if !ok {
		throw("D1001", "value", v)
	}
	return f
}

// limitOf is a count that may be missing; it must not be negative.
func limitOf(v any, code string, index int) (limit int, given bool) {
	if v == nil {
		return 0, false
	}
	f := mustNumber(v)
	if f < 0 {
		throw(code, "value", f, "index", index)
	}
	limit = int(min(f, 1<<31))
	if float64(limit) < f { // half a match more is one more
		limit++
	}
	return limit, true
}
