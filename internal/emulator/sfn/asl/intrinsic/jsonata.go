package intrinsic

import (
	"fmt"
	"math/rand/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonata"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// JSONata is JSONata 2.0.6 as Step Functions has it: with functions of its own and
// without $eval.
var JSONata = jsonata.NewLibrary(map[string]jsonata.Function{
	"partition": {Signature: "<an:a>", Arity: 2, Call: func(_ jsonata.Call, args []any) (any, error) {
		if args[0] == nil || args[1] == nil {
			return nil, nil
		}
		out, err := partition(args[0], args[1])
		return out, bare(err)
	}},
	"range": {Signature: "<nnn:a>", Arity: 3, Call: jsonataRange},
	"hash":  {Signature: "<xs:s>", Arity: 2, Call: jsonataHash},
	"random": {Signature: "<n?:n>", Arity: 1, Call: func(c jsonata.Call, args []any) (any, error) {
		if len(args) > 0 && args[0] != nil {
			f, _ := jsonvalue.Float(args[0])
			return seeded(int64(f)).float(), nil
		}
		return source(c.Random).Float64(), nil
	}},
	"uuid": {Signature: "<:s>", Call: func(c jsonata.Call, _ []any) (any, error) { return uuid(source(c.Random)), nil }},
	"parse": {Signature: "<s:x>", Arity: 1, Call: func(_ jsonata.Call, args []any) (any, error) {
		s, ok := args[0].(string)
		if !ok {
			return nil, nil
		}
		v, err := jsonvalue.Parse([]byte(s))
		if err != nil {
			return nil, bare(reason("the argument of $parse is no JSON"))
		}
		return v, nil
	}},
}, "eval")

func source(r *rand.Rand) *rand.Rand {
	if r == nil {
		r = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // not for secrets
	}
	return r
}

func jsonataRange(_ jsonata.Call, args []any) (any, error) {
	var ends [3]float64
	for i := range ends {
		f, ok := jsonvalue.Float(args[i])
		if !ok {
			return nil, nil
		}
		ends[i] = f
	}
	if ends[2] == 0 {
		return nil, bare(reason("the step of $range must not be zero"))
	}
	out := []any{}
	for n := ends[0]; ends[2] > 0 && n <= ends[1] || ends[2] < 0 && n >= ends[1]; n += ends[2] {
		if len(out) == maxRange {
			return nil, bare(reason(fmt.Sprintf("$range must not make more than %d items", maxRange)))
		}
		out = append(out, n)
	}
	return out, nil
}

// maxRange bounds $range by what a payload could hold.
const maxRange = 250_000

func jsonataHash(_ jsonata.Call, args []any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	out, err := hash(args[0], args[1])
	return out, bare(err)
}

// bare is an error as AWS reports those of its own functions: without a code.
func bare(err error) error {
	if err == nil {
		return nil
	}
	return &jsonata.Error{Message: err.Error()}
}
