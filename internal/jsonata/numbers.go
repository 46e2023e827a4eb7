package jsonata

import (
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

var numberFunctions = map[string]builtin{
	"number":        {"<(nsb)-:n>", 1, toNumber},
	"abs":           {"<n-:n>", 1, someNumber(func(f float64) any { return math.Abs(f) })},
	"floor":         {"<n-:n>", 1, someNumber(func(f float64) any { return math.Floor(f) })},
	"ceil":          {"<n-:n>", 1, someNumber(func(f float64) any { return math.Ceil(f) })},
	"round":         {"<n-n?:n>", 2, roundOf},
	"power":         {"<n-n:n>", 2, power},
	"sqrt":          {"<n-:n>", 1, someNumber(sqrt)},
	"random":        {"<:n>", 0, random},
	"formatNumber":  {"<n-so?:s>", 3, formatNumber},
	"formatBase":    {"<n-n?:s>", 2, formatBase},
	"formatInteger": {"<n-s:s>", 2, formatIntegerOf},
	"parseInteger":  {"<s-s:n>", 2, parseIntegerOf},
	"sum":           {"<a<n>:n>", 1, overNumbers(func(all []float64) any { return total(all) }, true)},
	"max": {"<a<n>:n>", 1, overNumbers(func(all []float64) any {
		out := all[0]
		for _, f := range all {
			out = math.Max(out, f)
		}
		return out
	}, false)},
	"min": {"<a<n>:n>", 1, overNumbers(func(all []float64) any {
		out := all[0]
		for _, f := range all {
			out = math.Min(out, f)
		}
		return out
	}, false)},
	"average": {"<a<n>:n>", 1, overNumbers(func(all []float64) any { return total(all) / float64(len(all)) }, false)},
}

func total(all []float64) float64 {
	out := 0.0
	for _, f := range all {
		out += f
	}
	return out
}

// overNumbers is a function of many numbers; of none it is nothing, unless empty.
func overNumbers(do func([]float64) any, empty bool) func(*run, []any, any) any {
	return func(_ *run, args []any, _ any) any {
		items, ok := asItems(args[0])
		if !ok || len(items) == 0 && !empty {
			return nil
		}
		all := make([]float64, len(items))
		for i, item := range items {
			all[i], _ = jsonvalue.Float(item)
		}
		return do(all)
	}
}

var decimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?$`)

func toNumber(_ *run, args []any, _ any) any {
	switch v := args[0].(type) {
	case nil:
		return nil
	case bool:
		if v {
			return 1.0
		}
		return 0.0
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil && decimal.MatchString(v) {
			return f
		}
		if len(v) > 2 && v[0] == '0' && strings.IndexByte("xXoObB", v[1]) >= 0 && !strings.Contains(v, "_") {
			if n, ok := new(big.Int).SetString(v, 0); ok {
				f, _ := new(big.Float).SetInt(n).Float64()
				return f
			}
		}
		throw("D3030", "value", v, "index", 1)
	}
	return args[0]
}

func roundOf(_ *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	precision := 0.0
	if p := arg(args, 1); p != nil {
		precision = mustNumber(p)
	}
	return round(mustNumber(args[0]), precision)
}

// round rounds to a number of decimal places, halves to the even neighbor.
func round(f, precision float64) float64 {
	f = shift(f, precision)
	out := math.Floor(f)
	if f-out >= 0.5 {
		out++
	}
	if math.Abs(out-f) == 0.5 && math.Abs(math.Mod(out, 2)) == 1 {
		out--
	}
	if out = shift(out, -precision); out == 0 {
		return 0
	}
	return out
}

// shift moves the decimal point of f by way of its text, which adds no error.
func shift(f, places float64) float64 {
	if places == 0 || f == 0 {
		return f
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	e, _ := strconv.Atoi(exponent)
	out, _ := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(e+int(places)), 64)
	return out
}

func power(_ *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	base, exponent := mustNumber(args[0]), math.NaN()
	if args[1] != nil {
		exponent = mustNumber(args[1])
	}
	out := pow(base, exponent)
	if math.IsInf(out, 0) || math.IsNaN(out) {
		throw("D3061", "value", base, "index", 1, "exp", exponent)
	}
	return out
}

// pow is exact to the last digit for small whole exponents, which math.Pow is not.
func pow(base, exponent float64) float64 {
	n := int(exponent)
	if float64(n) != exponent || n == 0 || n > 64 || n < -64 || base == 0 {
		return math.Pow(base, exponent)
	}
	exact := new(big.Float).SetPrec(4096).SetFloat64(base)
	out := new(big.Float).SetPrec(4096).SetInt64(1)
	for range max(n, -n) {
		out.Mul(out, exact)
	}
	if n < 0 {
		out.Quo(big.NewFloat(1).SetPrec(4096), out)
	}
	f, _ := out.Float64()
	return f
}

func sqrt(f float64) any {
	if f < 0 {
		throw("D3060", "value", f, "index", 1)
	}
	return math.Sqrt(f)
}

func random(r *run, _ []any, _ any) any {
	if r.random != nil {
		return r.random.Float64()
	}
	return rand.Float64()
}

func formatBase(_ *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	f, radix := round(mustNumber(args[0]), 0), 10.0
	if given := arg(args, 1); given != nil {
		radix = round(mustNumber(given), 0)
	}
	if radix < 2 || radix > 36 {
		throw("D3100", "value", radix)
	}
	if math.Abs(f) >= 1e21 && radix == 10 {
		return jsonvalue.FormatNumber(f)
	}
	n, _ := big.NewFloat(f).Int(nil)
	return n.Text(int(radix))
}
