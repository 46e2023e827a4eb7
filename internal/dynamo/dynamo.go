// Package dynamo turns values of a configuration into DynamoDB's and back, and
// reads and writes DynamoDB's JSON, {"id": {"S": "a"}}. The values in between are
// those of the package expr, whose numbers are exact.
//
// It must not know AWS's SDK nor what the values are for.
package dynamo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// An Error says what is wrong with which part of a value.
type Error struct {
	At   string // such as `.tags[2]`; empty for the whole
	What string // a sentence with what to do
}

func (e *Error) Error() string {
	if e.At == "" {
		return e.What
	}
	return e.At + ": " + e.What
}

// Within words an error in the value of that name: "items[1].id: …".
func Within(name string, err error) string {
	if e := (*Error)(nil); errors.As(err, &e) && e.At != "" {
		return name + err.Error()
	}
	return name + ": " + err.Error()
}

// Item turns an object or a map into an item.
func Item(v attr.Value) (expr.Item, error) {
	e, err := Value(v)
	if err != nil {
		return nil, err
	}
	m, ok := e.(expr.Map)
	if !ok {
		return nil, &Error{What: "An item is an object, such as { id = \"a\" }, and not " + kindOf(e) + "."}
	}
	return m, nil
}

// Value turns a known value into DynamoDB's: text into S, numbers into N, true and
// false into BOOL, null into NULL, lists and tuples into L, objects and maps into
// M, sets of text into SS and sets of numbers into NS.
func Value(v attr.Value) (expr.Value, error) { return encode(v, "") }

func encode(v attr.Value, at string) (expr.Value, error) {
	if d, ok := v.(types.Dynamic); ok {
		if d.IsNull() || d.IsUnderlyingValueNull() {
			return expr.Null{}, nil
		}
		if d.IsUnknown() {
			return nil, &Error{at, "The value is not known yet."}
		}
		return encode(d.UnderlyingValue(), at)
	}
	switch {
	case v == nil || v.IsNull():
		return expr.Null{}, nil
	case v.IsUnknown():
		return nil, &Error{at, "The value is not known yet."}
	}
	switch v := v.(type) {
	case types.String:
		return expr.String(v.ValueString()), nil
	case types.Bool:
		return expr.Bool(v.ValueBool()), nil
	case types.Number:
		n, err := expr.ParseNumber(v.ValueBigFloat().Text('g', -1))
		if err != nil {
			return nil, &Error{at, err.Error() + "."}
		}
		return n, nil
	case types.Object:
		return encodeMap(v.Attributes(), at)
	case types.Map:
		return encodeMap(v.Elements(), at)
	case types.List:
		return encodeList(v.Elements(), at)
	case types.Tuple:
		return encodeList(v.Elements(), at)
	case types.Set:
		return encodeSet(v, at)
	}
	return nil, &Error{at, fmt.Sprintf("DynamoDB has no form for a value of type %s.", v.Type(context.Background()))}
}

func encodeMap(elements map[string]attr.Value, at string) (expr.Value, error) {
	m := expr.Map{}
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		e, err := encode(elements[name], at+"."+name)
		if err != nil {
			return nil, err
		}
		m[name] = e
	}
	return m, nil
}

func encodeList(elements []attr.Value, at string) (expr.Value, error) {
	l := expr.List{}
	for i, v := range elements {
		e, err := encode(v, fmt.Sprintf("%s[%d]", at, i))
		if err != nil {
			return nil, err
		}
		l = append(l, e)
	}
	return l, nil
}

func encodeSet(set types.Set, at string) (expr.Value, error) {
	var texts expr.StringSet
	var numbers expr.NumberSet
	for _, v := range set.Elements() {
		e, err := encode(v, at)
		if err != nil {
			return nil, err
		}
		switch e := e.(type) {
		case expr.String:
			texts = append(texts, string(e))
		case expr.Number:
			numbers = append(numbers, e)
		default:
			return nil, &Error{at, "DynamoDB has sets of text and of numbers, and none of " + kindOf(e) + "; tolist() makes it a list."}
		}
	}
	switch {
	case len(texts) > 0:
		slices.Sort(texts)
		return texts, nil
	case len(numbers) > 0:
		return numbers, nil
	}
	return nil, &Error{at, "DynamoDB has no empty sets; leave the attribute out, or make it a list with tolist()."}
}

func kindOf(v expr.Value) string {
	switch v.(type) {
	case expr.String:
		return "text"
	case expr.Number:
		return "a number"
	case expr.Bool:
		return "true or false"
	case expr.Null:
		return "null"
	case expr.List:
		return "a list"
	case expr.Map:
		return "an object"
	}
	return "a set"
}

// Plain turns DynamoDB's value into a configuration's: what [Value] makes of it is
// the same again, but for bytes, which become text in base64.
func Plain(v expr.Value) attr.Value {
	switch v := v.(type) {
	case expr.String:
		return types.StringValue(string(v))
	case expr.Number:
		return types.NumberValue(number(v))
	case expr.Bool:
		return types.BoolValue(bool(v))
	case expr.Binary:
		return types.StringValue(base64.StdEncoding.EncodeToString([]byte(v)))
	case expr.List:
		var all []attr.Value
		for _, e := range v {
			all = append(all, Plain(e))
		}
		return tuple(all)
	case expr.Map:
		all := map[string]attr.Value{}
		for name, e := range v {
			all[name] = Plain(e)
		}
		return object(all)
	case expr.StringSet:
		var all []attr.Value
		for _, s := range v {
			all = append(all, types.StringValue(s))
		}
		return types.SetValueMust(types.StringType, all)
	case expr.NumberSet:
		var all []attr.Value
		for _, n := range v {
			all = append(all, types.NumberValue(number(n)))
		}
		return types.SetValueMust(types.NumberType, all)
	case expr.BinarySet:
		var all []attr.Value
		for _, b := range v {
			all = append(all, types.StringValue(base64.StdEncoding.EncodeToString([]byte(b))))
		}
		return types.SetValueMust(types.StringType, all)
	}
	return types.DynamicNull()
}

// precision is that of numbers in configurations, in bits.
const precision = 512

func number(n expr.Number) *big.Float {
	f, _, err := big.ParseFloat(n.String(), 10, precision, big.ToNearestEven)
	if err != nil {
		panic(err) // a Number is written as a decimal
	}
	return f
}

// Lossless reports whether Plain keeps all of v: it holds no bytes.
func Lossless(v expr.Value) bool {
	switch v := v.(type) {
	case expr.Binary, expr.BinarySet:
		return false
	case expr.List:
		return !slices.ContainsFunc(v, func(e expr.Value) bool { return !Lossless(e) })
	case expr.Map:
		for _, e := range v {
			if !Lossless(e) {
				return false
			}
		}
	}
	return true
}

func object(all map[string]attr.Value) attr.Value {
	kinds := map[string]attr.Type{}
	for name, v := range all {
		kinds[name] = v.Type(context.Background())
	}
	return types.ObjectValueMust(kinds, all)
}

func tuple(all []attr.Value) attr.Value {
	kinds := []attr.Type{}
	for _, v := range all {
		kinds = append(kinds, v.Type(context.Background()))
	}
	return types.TupleValueMust(kinds, all)
}
