package dynamodb

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// values draws values of every type, nested up to depth.
func values(depth int) *rapid.Generator[expr.Value] {
	text := rapid.StringN(0, 8, -1)
	number := rapid.Custom(func(t *rapid.T) expr.Number { return expr.Int(rapid.Int64().Draw(t, "n")) })
	return rapid.Custom(func(t *rapid.T) expr.Value {
		kinds := 8
		if depth > 0 {
			kinds = 10
		}
		switch rapid.IntRange(1, kinds).Draw(t, "kind") {
		case 1:
			return expr.String(text.Draw(t, "s"))
		case 2:
			return number.Draw(t, "n")
		case 3:
			return expr.Binary(text.Draw(t, "b"))
		case 4:
			return expr.Bool(rapid.Bool().Draw(t, "bool"))
		case 5:
			return expr.Null{}
		case 6:
			return expr.StringSet(rapid.SliceOfNDistinct(text, 1, 4, rapid.ID).Draw(t, "ss"))
		case 7:
			return expr.NumberSet(rapid.SliceOfNDistinct(number, 1, 4, rapid.ID).Draw(t, "ns"))
		case 8:
			return expr.BinarySet(rapid.SliceOfNDistinct(text, 1, 4, rapid.ID).Draw(t, "bs"))
		case 9:
			return expr.List(rapid.SliceOfN(values(depth-1), 0, 4).Draw(t, "l"))
		default:
			return expr.Map(rapid.MapOfN(rapid.StringN(1, 8, -1), values(depth-1), 0, 4).Draw(t, "m"))
		}
	})
}

// TestRecords writes and reads items back, also through the SDK's types.
func TestRecords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		item := expr.Item(rapid.MapOfN(rapid.StringN(1, 8, -1), values(3), 0, 6).Draw(t, "item"))
		got, err := decodeItem(encodeItem(item))
		if err != nil || !expr.Equal(got, item) {
			t.Fatalf("got %v %v, want %v", got, err, item)
		}
		again, err := itemOf(attributesOf(item))
		if err != nil || !expr.Equal(again, item) {
			t.Fatalf("through the SDK's types: got %v %v, want %v", again, err, item)
		}
	})
}

func FuzzRecord(f *testing.F) {
	f.Add(encodeItem(expr.Item{"a": expr.List{expr.Map{"b": expr.Int(1)}}, "s": expr.StringSet{"x"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		item, err := decodeItem(b)
		if err != nil {
			return
		}
		if again, err := decodeItem(encodeItem(item)); err != nil || len(again) != len(item) {
			t.Errorf("%v came back as %v %v", item, again, err)
		}
	})
}
