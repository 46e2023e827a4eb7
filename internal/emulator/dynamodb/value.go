package dynamodb

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// maxNesting is how deep a value may stand, the attribute itself being the first
// level.
const maxNesting = 32

// itemOf reads a request's attributes. The error is AWS's ValidationException.
func itemOf(attributes map[string]types.AttributeValue) (expr.Item, error) {
	item, err := mapOf(attributes, 0)
	return item, invalidErr(err)
}

func mapOf(attributes map[string]types.AttributeValue, depth int) (expr.Map, error) {
	m := make(expr.Map, len(attributes))
	for name, a := range attributes {
		if _, ok := attributes[""]; ok {
			return nil, faulty("One or more parameter values were invalid: An attribute name may not be empty", "Empty attribute name")
		}
		v, err := valueOf(a, depth)
		if err != nil {
			return nil, err
		}
		m[name] = v
	}
	return m, nil
}

func valueOf(a types.AttributeValue, depth int) (expr.Value, error) {
	if depth >= maxNesting {
		return nil, invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
	}
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		return expr.String(a.Value), nil
	case *types.AttributeValueMemberN:
		return number(a.Value)
	case *types.AttributeValueMemberB:
		return expr.Binary(a.Value), nil
	case *types.AttributeValueMemberBOOL:
		return expr.Bool(a.Value), nil
	case *types.AttributeValueMemberNULL:
		if !a.Value {
			return nil, parameter("Null attribute value types must have the value of true")
		}
		return expr.Null{}, nil
	case *types.AttributeValueMemberL:
		list := make(expr.List, len(a.Value))
		for i, e := range a.Value {
			v, err := valueOf(e, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case *types.AttributeValueMemberM:
		return mapOf(a.Value, depth+1)
	case *types.AttributeValueMemberSS:
		if len(a.Value) == 0 {
			return nil, parameter("An string set  may not be empty")
		}
		if repeated(a.Value) {
			return nil, duplicate(a.Value, func(t string) string { return strconv.Quote(t) }, ", ", " contains duplicates.")
		}
		return expr.StringSet(slices.Clone(a.Value)), nil
	case *types.AttributeValueMemberNS:
		return numberSet(a.Value)
	case *types.AttributeValueMemberBS:
		return binarySet(a.Value)
	}
	return nil, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
}

// number reads a number, whose text the older operations read as Java does: the
// largest exponent of all wraps around there.
func number(text string) (expr.Value, error) {
	n, err := expr.ParseNumber(text)
	if err == nil {
		return n, nil
	}
	now, then := err.Error(), err.Error()
	switch {
	case text == "":
		now += ": "
	case strings.HasSuffix(strings.ToLower(text), "e2147483647"):
		_, smallest := expr.ParseNumber("1e-131")
		then = smallest.Error()
	case wide(text):
		_, unread := expr.ParseNumber("")
		then = unread.Error() + ": " + text
	}
	return nil, faulty(now, then)
}

// wide reports whether a number's exponent is one that 32 bits do not hold.
func wide(text string) bool {
	_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	_, err := strconv.ParseInt(exponent, 10, 32)
	return errors.Is(err, strconv.ErrRange)
}

// duplicate is the error for a set that has an element twice. The new text has the
// elements in order up to the one that is repeated, and quoted.
func duplicate[T ~string](set []T, quoted func(T) string, between, behind string) error {
	const text = "One or more parameter values were invalid: Input collection ["
	n := 0
	for seen := map[T]bool{}; !seen[set[n]]; n++ {
		seen[set[n]] = true
	}
	now, then := make([]string, len(set)), make([]string, len(set))
	for i, e := range slices.Concat(slices.Sorted(slices.Values(set[:n])), set[n:]) {
		now[i] = quoted(e)
	}
	for i, e := range set {
		then[i] = strings.Trim(quoted(e), `"`)
	}
	return faulty(text+strings.Join(now, between)+"]"+behind, text+strings.Join(then, ", ")+"]"+behind)
}

func numberSet(texts []string) (expr.Value, error) {
	if len(texts) == 0 {
		return nil, parameter("An number set  may not be empty")
	}
	set := make(expr.NumberSet, len(texts))
	for i, text := range texts {
		n, err := number(text)
		if err != nil {
			return nil, err
		}
		set[i] = n.(expr.Number)
	}
	if repeated(set) {
		return nil, faulty("One or more parameter values were invalid: Input collection contains duplicates.", "Input collection contains duplicates")
	}
	return set, nil
}

func binarySet(blobs [][]byte) (expr.Value, error) {
	if len(blobs) == 0 {
		return nil, parameter("Binary sets should not be empty")
	}
	set := make(expr.BinarySet, len(blobs))
	for i, b := range blobs {
		set[i] = string(b)
	}
	if repeated(set) {
		return nil, duplicate(set, func(b string) string { return strconv.Quote(base64.StdEncoding.EncodeToString([]byte(b))) }, ",", "of type BS contains duplicates.")
	}
	return set, nil
}

func repeated[T comparable](set []T) bool {
	seen := make(map[T]bool, len(set))
	for _, e := range set {
		if seen[e] {
			return true
		}
		seen[e] = true
	}
	return false
}

// attributesOf is the inverse of itemOf; nil for no item.
func attributesOf(item expr.Item) map[string]types.AttributeValue {
	if item == nil {
		return nil
	}
	attributes := make(map[string]types.AttributeValue, len(item))
	for name, v := range item {
		attributes[name] = attributeOf(v)
	}
	return attributes
}

func attributeOf(v expr.Value) types.AttributeValue {
	switch v := v.(type) {
	case expr.String:
		return &types.AttributeValueMemberS{Value: string(v)}
	case expr.Number:
		return &types.AttributeValueMemberN{Value: v.String()}
	case expr.Binary:
		return &types.AttributeValueMemberB{Value: []byte(v)}
	case expr.Bool:
		return &types.AttributeValueMemberBOOL{Value: bool(v)}
	case expr.Null:
		return &types.AttributeValueMemberNULL{Value: true}
	case expr.List:
		list := make([]types.AttributeValue, len(v))
		for i, e := range v {
			list[i] = attributeOf(e)
		}
		return &types.AttributeValueMemberL{Value: list}
	case expr.Map:
		return &types.AttributeValueMemberM{Value: attributesOf(v)}
	case expr.StringSet:
		return &types.AttributeValueMemberSS{Value: v}
	case expr.NumberSet:
		set := make([]string, len(v))
		for i, n := range v {
			set[i] = n.String()
		}
		return &types.AttributeValueMemberNS{Value: set}
	case expr.BinarySet:
		set := make([][]byte, len(v))
		for i, b := range v {
			set[i] = []byte(b)
		}
		return &types.AttributeValueMemberBS{Value: set}
	}
	panic(fmt.Sprintf("dynamodb: a value of type %T", v))
}
