package intrinsic

import (
	"crypto/md5"  //nolint:gosec // named by the caller
	"crypto/sha1" //nolint:gosec // named by the caller
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonpath"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// function is an intrinsic function: how many arguments it takes (most is -1 for
// any number) and what it does with them.
type function struct {
	least, most int
	do          func(args []any, random *rand.Rand) (any, error)
}

// The 18 functions. Format gets its first argument as it was written, with the
// backslashes before braces.
var functions = map[string]function{
	"States.Array":          {0, -1, func(args []any, _ *rand.Rand) (any, error) { return args, nil }},
	"States.ArrayContains":  {2, 2, arrayContains},
	"States.ArrayGetItem":   {2, 2, arrayGetItem},
	"States.ArrayLength":    {1, 1, arrayLength},
	"States.ArrayPartition": {2, 2, func(args []any, _ *rand.Rand) (any, error) { return partition(args[0], args[1]) }},
	"States.ArrayRange":     {3, 3, arrayRange},
	"States.ArrayUnique":    {1, 1, arrayUnique},
	"States.Base64Decode":   {1, 1, base64Decode},
	"States.Base64Encode":   {1, 1, base64Encode},
	"States.Format":         {1, -1, format},
	"States.Hash":           {2, 2, func(args []any, _ *rand.Rand) (any, error) { return hash(args[0], args[1]) }},
	"States.JsonMerge":      {3, 3, jsonMerge},
	"States.JsonToString":   {1, 1, func(args []any, _ *rand.Rand) (any, error) { return string(jsonvalue.Marshal(args[0])), nil }},
	"States.MathAdd":        {2, 2, mathAdd},
	"States.MathRandom":     {2, 3, mathRandom},
	"States.StringSplit":    {2, 2, stringSplit},
	"States.StringToJson":   {1, 1, stringToJSON},
	"States.UUID":           {0, 0, func(_ []any, random *rand.Rand) (any, error) { return uuid(random), nil }},
}

// Error is a call that went wrong.
type Error struct {
	Call   string // as it is written
	Reason string
}

// Error is the sentence that AWS puts into causes.
func (e *Error) Error() string {
	return fmt.Sprintf("The function '%s' had the following error: %s", e.Call, e.Reason)
}

// Eval calls the function. Paths are looked up by get, whose errors come back as
// they are; errors of functions are of type *Error.
func (c *Call) Eval(get func(*jsonpath.Path) (any, error), random *rand.Rand) (any, error) {
	args := make([]any, len(c.args))
	for i, a := range c.args {
		var err error
		switch {
		case a.path != nil:
			args[i], err = get(a.path)
		case a.call != nil:
			args[i], err = a.call.Eval(get, random)
		default:
			args[i] = a.literal
			if s, isText := a.literal.(string); isText && (i > 0 || c.name != "States.Format") {
				args[i] = unescaped(s)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	out, err := functions[c.name].do(args, random)
	if err != nil {
		return nil, &Error{Call: c.text, Reason: err.Error()}
	}
	return out, nil
}

// reason is why a call went wrong, as users read it.
type reason string

// Error is the reason.
func (r reason) Error() string { return string(r) }

func floor(f float64) float64 { return math.Floor(f) }

// MaxItems is how many items a range or a partition may have.
const MaxItems = 1000

func list(v any, which string) ([]any, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, reason(fmt.Sprintf("The %s argument of the function must be an array", which))
	}
	return items, nil
}

func arrayContains(args []any, _ *rand.Rand) (any, error) {
	items, err := list(args[0], "first")
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if jsonvalue.Equal(item, args[1]) {
			return true, nil
		}
	}
	return false, nil
}

func arrayGetItem(args []any, _ *rand.Rand) (any, error) {
	items, err := list(args[0], "first")
	if err != nil {
		return nil, err
	}
	i, ok := whole(args[1])
	if !ok {
		return nil, reason("The second argument of the function must be an integer")
	}
	if i < 0 || i >= len(items) {
		return nil, reason("The index is out of the bounds of the array")
	}
	return items[i], nil
}

func arrayLength(args []any, _ *rand.Rand) (any, error) {
	items, err := list(args[0], "first")
	return float64(len(items)), err
}

func arrayRange(args []any, _ *rand.Rand) (any, error) {
	var ends [3]int64
	for i, arg := range args {
		n, ok := rounded(arg)
		if !ok {
			return nil, reason("The arguments of the function must be integers")
		}
		ends[i] = n
	}
	return numbers(ends[0], ends[1], ends[2])
}

// numbers are the integers from one to another, both included, in steps.
func numbers(from, to, step int64) ([]any, error) {
	if step == 0 {
		return nil, reason("The step of the range must not be zero")
	}
	out := []any{}
	for n := from; step > 0 && n <= to || step < 0 && n >= to; n += step {
		if len(out) == MaxItems {
			return nil, reason(fmt.Sprintf("The range must not have more than %d items", MaxItems))
		}
		out = append(out, float64(n))
	}
	return out, nil
}

// partition cuts an array into arrays of a size.
func partition(array, size any) ([]any, error) {
	items, err := list(array, "first")
	if err != nil {
		return nil, err
	}
	n, ok := rounded(size)
	if !ok || n <= 0 {
		return nil, reason("The second argument of the function must be a positive integer")
	}
	out := []any{}
	for len(items) > 0 {
		n := min(int(n), len(items))
		out = append(out, items[:n:n])
		items = items[n:]
	}
	return out, nil
}

func arrayUnique(args []any, _ *rand.Rand) (any, error) {
	items, err := list(args[0], "first")
	if err != nil {
		return nil, err
	}
	out := []any{}
	known := map[string]bool{}
	for _, item := range items {
		if key := string(canonical(nil, item)); !known[key] {
			known[key] = true
			out = append(out, item)
		}
	}
	return out, nil
}

// canonical appends a text that two values have in common only if they are equal.
func canonical(b []byte, v any) []byte {
	switch v := v.(type) {
	case float64, jsonvalue.Number:
		f, _ := jsonvalue.Float(v)
		return strconv.AppendFloat(b, f+0, 'g', -1, 64) // of the two zeros the one
	case []any:
		b = append(b, '[')
		for _, item := range v {
			b = append(canonical(b, item), ',')
		}
		return append(b, ']')
	case *jsonvalue.Object:
		b = append(b, '{')
		for _, k := range slices.Sorted(slices.Values(v.Keys())) {
			b = append(canonical(append(jsonvalue.Append(b, k), ':'), v.Get(k)), ',')
		}
		return append(b, '}')
	}
	return jsonvalue.Append(b, v)
}

// maxText is how long the argument of the functions of text may be, in characters.
const maxText = 10_000

func text(v any, which string) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", reason(fmt.Sprintf("The %s argument of the function must be a string", which))
	}
	if utf8.RuneCountInString(s) > maxText {
		return "", reason(fmt.Sprintf("The %s argument of the function must not be longer than %d characters", which, maxText))
	}
	return s, nil
}

func base64Encode(args []any, _ *rand.Rand) (any, error) {
	s, err := text(args[0], "first")
	return base64.StdEncoding.EncodeToString([]byte(s)), err
}

func base64Decode(args []any, _ *rand.Rand) (any, error) {
	s, err := text(args[0], "first")
	if err != nil {
		return nil, err
	}
	out, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, reason("The first argument of the function is not valid Base64")
	}
	return strings.ToValidUTF8(string(out), "\uFFFD"), nil
}

// format puts the arguments in place of {} in the first one.
func format(args []any, _ *rand.Rand) (any, error) {
	pattern, ok := args[0].(string)
	if !ok {
		return nil, reason("The first argument of the function must be a string")
	}
	var b strings.Builder
	rest := args[1:]
	for i := 0; i < len(pattern); i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			i++
			b.WriteByte(pattern[i])
		case strings.HasPrefix(pattern[i:], "{}"):
			if len(rest) == 0 {
				return nil, reason("The number of arguments does not match the occurrences of {}")
			}
			b.WriteString(shown(rest[0]))
			rest = rest[1:]
			i++
		default:
			b.WriteByte(pattern[i])
		}
	}
	if len(rest) > 0 {
		return nil, reason("The number of arguments does not match the occurrences of {}")
	}
	return b.String(), nil
}

// shown is a value as AWS puts it into text: strings bare, objects and arrays as
// Java shows maps and lists ({Arg1=1, Arg2=[]}, known from recordings).
func shown(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = shown(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *jsonvalue.Object:
		parts := make([]string, 0, v.Len())
		for k, member := range v.All() {
			parts = append(parts, k+"="+shown(member))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return string(jsonvalue.Marshal(v))
}

// hash is the hexadecimal digest of a text; values that are no text are hashed as
// their JSON.
func hash(data, algorithm any) (string, error) {
	s, ok := data.(string)
	if !ok {
		s = string(jsonvalue.Marshal(data))
	}
	if utf8.RuneCountInString(s) > maxText {
		return "", reason(fmt.Sprintf("The first argument of the function must not be longer than %d characters", maxText))
	}
	var sum []byte
	switch algorithm {
	case "MD5":
		d := md5.Sum([]byte(s)) //nolint:gosec // named by the caller
		sum = d[:]
	case "SHA-1":
		d := sha1.Sum([]byte(s)) //nolint:gosec // named by the caller
		sum = d[:]
	case "SHA-256":
		d := sha256.Sum256([]byte(s))
		sum = d[:]
	case "SHA-384":
		d := sha512.Sum384([]byte(s))
		sum = d[:]
	case "SHA-512":
		d := sha512.Sum512([]byte(s))
		sum = d[:]
	default:
		return "", reason("The algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512")
	}
	return hex.EncodeToString(sum), nil
}

func jsonMerge(args []any, _ *rand.Rand) (any, error) {
	first, ok := args[0].(*jsonvalue.Object)
	second, also := args[1].(*jsonvalue.Object)
	if !ok || !also {
		return nil, reason("The first and second arguments of the function must be objects")
	}
	if deep, isBool := args[2].(bool); !isBool || deep { // AWS: only shallow merging is supported
		return nil, reason("The third argument of the function must be false, deep merging is not supported")
	}
	out := first.Clone()
	for k, v := range second.All() {
		out.Set(k, v)
	}
	return out, nil
}

func mathAdd(args []any, _ *rand.Rand) (any, error) {
	a, ok := rounded(args[0])
	b, also := rounded(args[1])
	if !ok || !also {
		return nil, reason("The arguments of the function must be integers")
	}
	sum := a + b
	if (sum < a) != (b < 0) { // beyond 64 bits
		return nil, reason("The sum is too large")
	}
	if math.Abs(float64(sum)) > 1<<53 {
		return jsonvalue.Number(strconv.FormatInt(sum, 10)), nil
	}
	return float64(sum), nil
}

func mathRandom(args []any, random *rand.Rand) (any, error) {
	var n [3]int64
	for i, arg := range args {
		var ok bool
		if n[i], ok = rounded(arg); !ok {
			return nil, reason("The arguments of the function must be integers")
		}
	}
	if n[1] <= n[0] {
		return nil, reason("The end number must be greater than the start number")
	}
	if n[1]-n[0] < 0 { // beyond 64 bits
		return nil, reason("The numbers are too far apart")
	}
	if len(args) == 3 {
		return float64(n[0] + seeded(n[2]).below(n[1]-n[0])), nil
	}
	return float64(n[0] + random.Int64N(n[1]-n[0])), nil
}

// stringSplit cuts at any of the characters of the second argument; parts that
// would be empty are left out.
func stringSplit(args []any, _ *rand.Rand) (any, error) {
	s, err := text(args[0], "first")
	if err != nil {
		return nil, err
	}
	at, err := text(args[1], "second")
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(at, r) }) {
		out = append(out, part)
	}
	return out, nil
}

func stringToJSON(args []any, _ *rand.Rand) (any, error) {
	s, ok := args[0].(string)
	if !ok {
		return nil, reason("The first argument of the function must be a string")
	}
	v, err := jsonvalue.Parse([]byte(s))
	if err != nil {
		return nil, reason("The first argument of the function is not valid JSON")
	}
	return v, nil
}

// uuid is a random version 4 UUID.
func uuid(random *rand.Rand) string {
	a, b := random.Uint64(), random.Uint64()
	a = a&^0xF000 | 0x4000
	b = b&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xFFFF, a&0xFFFF, b>>48, b&0xFFFFFFFFFFFF)
}
