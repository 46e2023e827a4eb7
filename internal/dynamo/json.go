package dynamo

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// ParseItem reads an item in DynamoDB's JSON.
func ParseItem(text string) (expr.Item, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, &Error{What: "The text is no JSON document: " + err.Error() + "."}
	}
	if d.More() {
		return nil, &Error{What: fmt.Sprintf("There is text behind the JSON document, at byte %d.", d.InputOffset())}
	}
	return itemOf(tree)
}

func itemOf(tree any) (expr.Item, error) {
	m, ok := tree.(map[string]any)
	if !ok {
		return nil, &Error{What: `An item in DynamoDB's JSON is an object of typed values, such as {"id": {"S": "a"}}.`}
	}
	v, err := mapOf(m, "")
	if err != nil {
		return nil, err
	}
	return v, nil
}

func mapOf(m map[string]any, at string) (expr.Map, error) {
	out := expr.Map{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		v, err := typed(m[name], at+"."+name)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, nil
}

// typed reads a value with its type, {"S": "a"}.
func typed(tree any, at string) (expr.Value, error) {
	m, ok := tree.(map[string]any)
	if !ok || len(m) != 1 {
		return nil, &Error{at, `A value in DynamoDB's JSON is an object with one member, its type: {"S": "text"}, {"N": "1.5"}, {"BOOL": true}.`}
	}
	for kind, v := range m {
		return as(kind, v, at)
	}
	return nil, nil // unreachable: m has one member
}

// as reads what follows a type.
func as(kind string, v any, at string) (expr.Value, error) {
	switch kind {
	case "S":
		s, err := textOf(v, at, "S")
		return expr.String(s), err
	case "N":
		return numberOf(v, at)
	case "B":
		return bytesOf(v, at)
	case "BOOL":
		b, ok := v.(bool)
		if !ok {
			return nil, &Error{at, "BOOL is true or false."}
		}
		return expr.Bool(b), nil
	case "NULL":
		if v != true {
			return nil, &Error{at, "NULL is true."}
		}
		return expr.Null{}, nil
	case "L":
		return listOf(v, at)
	case "M":
		m, ok := v.(map[string]any)
		if !ok {
			return nil, &Error{at, "M is an object of typed values."}
		}
		return mapOf(m, at)
	case "SS":
		all, err := setOf(v, at, func(v any) (string, error) { return textOf(v, at, "an element of SS") })
		slices.Sort(all)
		return expr.StringSet(all), err
	case "NS":
		all, err := setOf(v, at, func(v any) (expr.Number, error) { return numberOf(v, at) })
		return expr.NumberSet(all), err
	case "BS":
		all, err := setOf(v, at, func(v any) (string, error) {
			b, err := bytesOf(v, at)
			return string(b), err
		})
		return expr.BinarySet(all), err
	}
	return nil, &Error{at, fmt.Sprintf("%q is no type of DynamoDB; the types are S, N, B, BOOL, NULL, L, M, SS, NS and BS.", kind)}
}

func textOf(v any, at, what string) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", &Error{at, what + " is text."}
	}
	return s, nil
}

func numberOf(v any, at string) (expr.Number, error) {
	text, ok := v.(string)
	if n, plain := v.(json.Number); plain {
		text, ok = n.String(), true
	}
	if !ok {
		return "", &Error{at, `N is a number written as text, such as "1.5".`}
	}
	n, err := expr.ParseNumber(text)
	if err != nil {
		return "", &Error{at, err.Error() + "."}
	}
	return n, nil
}

func bytesOf(v any, at string) (expr.Binary, error) {
	s, err := textOf(v, at, "B")
	if err != nil {
		return "", err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", &Error{at, "B is bytes in base64: " + err.Error() + "."}
	}
	return expr.Binary(b), nil
}

func listOf(v any, at string) (expr.Value, error) {
	l, ok := v.([]any)
	if !ok {
		return nil, &Error{at, "L is a list of typed values."}
	}
	out := expr.List{}
	for i, e := range l {
		v, err := typed(e, fmt.Sprintf("%s[%d]", at, i))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func setOf[T any](v any, at string, read func(any) (T, error)) ([]T, error) {
	l, ok := v.([]any)
	if !ok || len(l) == 0 {
		return nil, &Error{at, "A set is a list of at least one element; DynamoDB has no empty sets."}
	}
	var all []T
	for _, e := range l {
		v, err := read(e)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// JSON writes an item in DynamoDB's JSON, the same text for the same item.
func JSON(item expr.Item) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(tree(item)["M"]); err != nil {
		panic(err) // a tree of strings and booleans can be written
	}
	return strings.TrimSpace(b.String())
}

// tree is a value with its type as encoding/json writes it.
func tree(v expr.Value) map[string]any {
	var w any
	switch v := v.(type) {
	case expr.String:
		w = string(v)
	case expr.Number:
		w = v.String()
	case expr.Binary:
		w = []byte(v)
	case expr.Bool:
		w = bool(v)
	case expr.List:
		l := []any{}
		for _, e := range v {
			l = append(l, tree(e))
		}
		w = l
	case expr.Map:
		m := map[string]any{}
		for name, e := range v {
			m[name] = tree(e)
		}
		w = m
	case expr.StringSet:
		w = slices.Sorted(slices.Values(v))
	case expr.NumberSet:
		var all []string
		for _, n := range slices.Sorted(slices.Values(v)) {
			all = append(all, n.String())
		}
		w = all
	case expr.BinarySet:
		var all [][]byte
		for _, s := range slices.Sorted(slices.Values(v)) {
			all = append(all, []byte(s))
		}
		w = all
	default:
		return map[string]any{"NULL": true}
	}
	return map[string]any{v.Type(): w}
}

// Typed is an item in the form of DynamoDB's JSON as a configuration's value.
func Typed(item expr.Item) attr.Value { return valueOf(tree(item)["M"]) }

func valueOf(tree any) attr.Value {
	switch v := tree.(type) {
	case string:
		return types.StringValue(v)
	case bool:
		return types.BoolValue(v)
	case []byte:
		return types.StringValue(base64.StdEncoding.EncodeToString(v))
	case map[string]any:
		all := map[string]attr.Value{}
		for name, e := range v {
			all[name] = valueOf(e)
		}
		return object(all)
	case []any:
		var all []attr.Value
		for _, e := range v {
			all = append(all, valueOf(e))
		}
		return tuple(all)
	case []string:
		var all []attr.Value
		for _, s := range v {
			all = append(all, types.StringValue(s))
		}
		return tuple(all)
	case [][]byte:
		var all []attr.Value
		for _, b := range v {
			all = append(all, valueOf(b))
		}
		return tuple(all)
	}
	return types.DynamicNull()
}

// TypedItem reads an item from a configuration's value in the form of DynamoDB's
// JSON: an object, or the text of the document.
func TypedItem(v attr.Value) (expr.Item, error) {
	plain, err := Value(v)
	if err != nil {
		return nil, err
	}
	if s, ok := plain.(expr.String); ok {
		return ParseItem(string(s))
	}
	return itemOf(untyped(plain))
}

// untyped is a plain value as encoding/json reads it.
func untyped(v expr.Value) any {
	switch v := v.(type) {
	case expr.String:
		return string(v)
	case expr.Number:
		return json.Number(v.String())
	case expr.Bool:
		return bool(v)
	case expr.List:
		l := []any{}
		for _, e := range v {
			l = append(l, untyped(e))
		}
		return l
	case expr.StringSet:
		l := []any{}
		for _, s := range v {
			l = append(l, s)
		}
		return l
	case expr.NumberSet:
		l := []any{}
		for _, n := range v {
			l = append(l, json.Number(n.String()))
		}
		return l
	case expr.Map:
		m := map[string]any{}
		for name, e := range v {
			m[name] = untyped(e)
		}
		return m
	}
	return nil
}

// FromJSON is the item of an object as encoding/json reads it with UseNumber, of
// plain values.
func FromJSON(object map[string]any) (expr.Item, error) {
	v, err := fromJSON(object, "")
	if err != nil {
		return nil, err
	}
	return v.(expr.Item), nil
}

func fromJSON(v any, at string) (expr.Value, error) {
	switch v := v.(type) {
	case string:
		return expr.String(v), nil
	case bool:
		return expr.Bool(v), nil
	case json.Number:
		return numberOf(v, at)
	case []any:
		l := expr.List{}
		for i, e := range v {
			w, err := fromJSON(e, fmt.Sprintf("%s[%d]", at, i))
			if err != nil {
				return nil, err
			}
			l = append(l, w)
		}
		return l, nil
	case map[string]any:
		m := expr.Map{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			w, err := fromJSON(v[name], at+"."+name)
			if err != nil {
				return nil, err
			}
			m[name] = w
		}
		return m, nil
	}
	return expr.Null{}, nil
}
