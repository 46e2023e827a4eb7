package jsonvalue

import (
	"errors"
	"strings"
	"testing"
)

// TestRoundTrip reads texts and writes them again: what JSON means stays, and so
// does the order of members.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want string }{
		{` { "b" : 1 , "a" : [ true , false , null , { } , [ ] ] } `, `{"b":1,"a":[true,false,null,{},[]]}`},
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{`[0,-1,1.5,1e21,1e-7,12345678901234567890,1.0,1E2,-0]`, `[0,-1,1.5,1e21,1e-7,12345678901234567890,1.0,1E2,-0]`},
		{`"\u0041\n\"\\\/\u00e9\ud83d\ude00"`, "\"A\\n\\\"\\\\/é😀\""},
		{`"\ud800x\udfff"`, `"\ud800x\udfff"`},
		{`"\u0001"`, `"\u0001"`},
	} {
		v, err := Parse([]byte(row.text))
		if err != nil {
			t.Errorf("%s: %v", row.text, err)
			continue
		}
		if got := string(Marshal(v)); got != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.text, got, row.want)
		}
	}
}

func TestSyntax(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want string }{
		{``, "invalid JSON at byte 0: unexpected end"},
		{`{"a" 1}`, "invalid JSON at byte 5: expected a colon"},
		{`[1,]`, "invalid JSON at byte 3: expected a value"},
		{`01`, "invalid JSON at byte 1: there is more after the end of the value"},
		{`1.`, "invalid JSON at byte 2: expected a digit after the decimal point"},
		{`"a`, "invalid JSON at byte 2: the string has no end"},
		{"\"\n\"", "invalid JSON at byte 1: a control character in a string must be escaped"},
		{`"\x"`, "invalid JSON at byte 2: unknown escape sequence"},
		{`nul`, "invalid JSON at byte 0: expected a value"},
		{strings.Repeat("[", MaxDepth+2), "nested deeper"},
	} {
		_, err := Parse([]byte(row.text))
		var e *SyntaxError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%.40s\ngot  %v\nwant %s", row.text, err, row.want)
		}
	}
}

// TestFormatNumber has what ECMAScript writes.
func TestFormatNumber(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		f    float64
		want string
	}{{1e20, "100000000000000000000"}, {1e21, "1e+21"}, {1e-6, "0.000001"}, {1e-7, "1e-7"}, {1.5e-10, "1.5e-10"}, {-2.5, "-2.5"}, {1e300, "1e+300"}} {
		if got := FormatNumber(row.f); got != row.want {
			t.Errorf("got %s, want %s", got, row.want)
		}
	}
}

// TestObject adds, changes and removes more members than are searched one by one.
func TestObject(t *testing.T) {
	t.Parallel()
	o := NewObject(0)
	for i := range 3 * many {
		o.Set(string(rune('a'+i)), float64(i))
	}
	o.Set("b", "new")
	o.Delete("a")
	o.Delete("none")
	if o.Len() != 3*many-1 || o.Get("b") != "new" || o.Has("a") || o.Get(string(rune('a'+3*many-1))) != float64(3*many-1) || o.Keys()[0] != "b" {
		t.Errorf("got %s", Marshal(o))
	}
	if !Equal(ObjectOf("a", 1.0, "b", Null{}), ObjectOf("b", Null{}, "a", Number("1.0"))) || Equal(ObjectOf("a", 1.0), ObjectOf("a", "1")) {
		t.Error("objects do not compare by their members")
	}
}
