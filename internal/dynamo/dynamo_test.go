package dynamo_test

import (
	"context"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

func num(t *testing.T, s string) types.Number {
	t.Helper()
	f, _, err := big.ParseFloat(s, 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return types.NumberValue(f)
}

func object(all map[string]attr.Value) types.Object {
	kinds := map[string]attr.Type{}
	for name, v := range all {
		kinds[name] = v.Type(context.Background())
	}
	return types.ObjectValueMust(kinds, all)
}

func set(kind attr.Type, all ...attr.Value) types.Set { return types.SetValueMust(kind, all) }

// TestBothWays demands for each value its JSON, and that it is the same again when
// it comes back as a plain value, as JSON and as a value in the form of JSON.
func TestBothWays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value attr.Value
		want  string
	}{
		{types.StringValue("a<b"), `{"S":"a<b"}`},
		{types.StringValue(""), `{"S":""}`},
		{num(t, "1.50"), `{"N":"1.5"}`},
		{num(t, "0.1"), `{"N":"0.1"}`},
		{num(t, "12345678901234567890123456789012345678"), `{"N":"12345678901234567890123456789012345678"}`},
		{num(t, "-9.9999999999999999999999999999999999999e-100"), `{"N":"-0.` + strings.Repeat("0", 99) + `99999999999999999999999999999999999999"}`},
		{types.BoolValue(false), `{"BOOL":false}`},
		{types.DynamicNull(), `{"NULL":true}`},
		{types.StringNull(), `{"NULL":true}`},
		{types.TupleValueMust([]attr.Type{types.StringType, types.BoolType}, []attr.Value{types.StringValue("a"), types.BoolValue(true)}), `{"L":[{"S":"a"},{"BOOL":true}]}`},
		{types.ListValueMust(types.StringType, []attr.Value{}), `{"L":[]}`},
		{object(map[string]attr.Value{"b": types.StringValue("x"), "a": object(nil)}), `{"M":{"a":{"M":{}},"b":{"S":"x"}}}`},
		{set(types.StringType, types.StringValue("b"), types.StringValue("a")), `{"SS":["a","b"]}`},
		{set(types.NumberType, num(t, "10"), num(t, "9")), `{"NS":["9","10"]}`},
		{types.DynamicValue(types.StringValue("d")), `{"S":"d"}`},
	} {
		item, err := dynamo.Item(object(map[string]attr.Value{"v": c.value}))
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		want := `{"v":` + c.want + `}`
		if got := dynamo.JSON(item); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		for name, again := range map[string]func() (expr.Item, error){
			"plain":    func() (expr.Item, error) { return dynamo.Item(dynamo.Plain(item)) },
			"JSON":     func() (expr.Item, error) { return dynamo.ParseItem(want) },
			"typed":    func() (expr.Item, error) { return dynamo.TypedItem(dynamo.Typed(item)) },
			"its text": func() (expr.Item, error) { return dynamo.TypedItem(types.StringValue(want)) },
		} {
			if back, err := again(); err != nil || !expr.Equal(back, item) {
				t.Errorf("%s by %s: got %v, %v", want, name, back, err)
			}
		}
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	item, err := dynamo.ParseItem(`{"b":{"B":"AQI="},"bs":{"BS":["/w==","AA=="]}}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := dynamo.JSON(item), `{"b":{"B":"AQI="},"bs":{"BS":["AA==","/w=="]}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if dynamo.Lossless(item) {
		t.Error("bytes are said to come through a plain value")
	}
	if again, err := dynamo.TypedItem(dynamo.Typed(item)); err != nil || !expr.Equal(again, item) {
		t.Errorf("got %v, %v", again, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value attr.Value
		want  string
	}{
		{types.StringValue("a"), "An item is an object"},
		{object(map[string]attr.Value{"a": types.TupleValueMust([]attr.Type{types.SetType{ElemType: types.StringType}}, []attr.Value{set(types.StringType)})}), ".a[0]: DynamoDB has no empty sets"},
		{object(map[string]attr.Value{"a": set(types.BoolType, types.BoolValue(true))}), ".a: DynamoDB has sets of text and of numbers"},
		{object(map[string]attr.Value{"a": num(t, "123456789012345678901234567890123456789")}), ".a: Attempting to store more than 38 significant digits"},
		{object(map[string]attr.Value{"a": types.StringUnknown()}), ".a: The value is not known yet"},
	} {
		if _, err := dynamo.Item(c.value); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	for text, want := range map[string]string{
		`{`:                             "The text is no JSON document",
		`{} {}`:                         "There is text behind",
		`[]`:                            "An item in DynamoDB's JSON is an object",
		`{"a":"b"}`:                     ".a: A value in DynamoDB's JSON is an object with one member",
		`{"a":{"S":"b","N":"1"}}`:       ".a: A value in DynamoDB's JSON",
		`{"a":{"L":[{"X":"b"}]}}`:       `.a[0]: "X" is no type`,
		`{"a":{"M":{"b":{"S":1}}}}`:     ".a.b: S is text",
		`{"a":{"N":"one"}}`:             ".a: The parameter cannot be converted to a numeric value: one",
		`{"a":{"N":true}}`:              ".a: N is a number",
		`{"a":{"B":"#"}}`:               ".a: B is bytes in base64",
		`{"a":{"BOOL":"true"}}`:         ".a: BOOL is true or false",
		`{"a":{"NULL":false}}`:          ".a: NULL is true",
		`{"a":{"L":{}}}`:                ".a: L is a list",
		`{"a":{"M":[]}}`:                ".a: M is an object",
		`{"a":{"SS":[]}}`:               ".a: A set is a list of at least one",
		`{"a":{"NS":["1","x"]}}`:        ".a: The parameter cannot",
		`{"a":{"BS":"AA=="}}`:           ".a: A set is a list",
		`{"a":{"SS":[{"S":"nested"}]}}`: ".a: an element of SS is text",
	} {
		if _, err := dynamo.ParseItem(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// FuzzParseItem demands that no text panics, and that what is read comes back.
func FuzzParseItem(f *testing.F) {
	f.Add(`{"a":{"L":[{"M":{"b":{"NS":["1"]}}}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		item, err := dynamo.ParseItem(text)
		if err != nil {
			return
		}
		again, err := dynamo.ParseItem(dynamo.JSON(item))
		if err != nil || dynamo.JSON(again) != dynamo.JSON(item) {
			t.Errorf("%s became %s (%v)", dynamo.JSON(item), dynamo.JSON(again), err)
		}
	})
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value attr.Value
		want  string
	}{
		{types.StringValue("a"), "item: An item is an object"},
		{object(map[string]attr.Value{"a": types.TupleValueMust([]attr.Type{types.StringType}, []attr.Value{types.StringUnknown()})}), "item.a[0]: The value is not known yet."},
	} {
		_, err := dynamo.Item(c.value)
		if got := dynamo.Within("item", err); !strings.HasPrefix(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
