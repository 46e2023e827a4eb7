package state

import (
	"testing"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// TestDecode compares with ctyjson, of which decode is a faster form.
func TestDecode(t *testing.T) {
	ty := cty.Object(map[string]cty.Type{
		"s": cty.String, "n": cty.Number, "b": cty.Bool, "any": cty.DynamicPseudoType,
		"l": cty.List(cty.String), "set": cty.Set(cty.Number), "m": cty.Map(cty.List(cty.Bool)),
		"o":  cty.List(cty.Object(map[string]cty.Type{"x": cty.String})),
		"la": cty.List(cty.DynamicPseudoType), "tu": cty.Tuple([]cty.Type{cty.String, cty.Number}),
	})
	for _, text := range []string{
		`{}`, `null`, `[]`, ``, `{"s":"a\u00e9\n","n":12345678901234567890.5,"b":true}`,
		`{"s":1}`, `{"s":true}`, `{"n":"5"}`, `{"n":"x"}`, `{"b":"true"}`, `{"b":"no"}`, `{"n":1e400}`, `{"n":-0}`,
		`{"l":[],"set":[],"m":{}}`, `{"l":["a",null],"set":[2,1,2],"m":{"k":[true,null],"j":null}}`,
		`{"o":[{"x":"1"},{"x":null},null,{}]}`, `{"o":[{"y":1}]}`, `{"zz":1}`, `{"l":{}}`, `{"m":[]}`, `{"o":{}}`,
		`{"any":{"type":"string","value":"v"}}`, `{"any":null}`, `{"any":"v"}`, `{"la":[{"type":"number","value":1}]}`, `{"la":[]}`, `{"tu":["a",1]}`, `{"tu":["a"]}`,
		` { "s" : "a" , "l" : [ "b" ] } `, `{"s":"a"} x`, `{"s":"a"`, `{"s":"a","s":"b"}`,
	} {
		want, wantErr := ctyjson.Unmarshal([]byte(text), ty)
		got, err := decode([]byte(text), ty)
		if (err == nil) != (wantErr == nil) || err == nil && !got.RawEquals(want) {
			t.Errorf("%s: got %#v, %v, want %#v, %v", text, got, err, want, wantErr)
		}
	}
}
