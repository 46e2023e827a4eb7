package eventpattern_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/eventpattern"
)

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, event string
		want           bool
	}{
		{`{"a":["x"]}`, `{"a":"x","b":1}`, true},
		{`{"a":["x"]}`, `{"a":"y"}`, false},
		{`{"a":["x"]}`, `{"a":["y","x"]}`, true},
		{`{"a":["x"]}`, `{}`, false},
		{`{"a":["x"]}`, `{"a":{"x":"x"}}`, false},
		{`{"a":["x"]}`, `plain`, false},
		{`{"a":["x"],"b":["y"]}`, `{"a":"x","b":"z"}`, false},
		{`{"a":["x","y"],"b":["y"]}`, `{"a":"y","b":"y"}`, true},
		{`{"a":{"b":{"c":[1]}}}`, `{"a":{"b":{"c":1}}}`, true},
		{`{"a":{"b":{"c":[1]}}}`, `{"a":{"b":1}}`, false},
		{`{"a":[null]}`, `{"a":null}`, true},
		{`{"a":[null]}`, `{}`, false},
		{`{"a":[true]}`, `{"a":true}`, true},
		{`{"a":[true]}`, `{"a":"true"}`, false},
		{`{"a":[""]}`, `{"a":""}`, true},
		{`{"a":[300]}`, `{"a":300.0}`, true},
		{`{"a":[300]}`, `{"a":3e2}`, true},
		{`{"a":[300]}`, `{"a":"300"}`, false},
		{`{"a":[123456789012345678901]}`, `{"a":123456789012345678901}`, true},
		{`{"a":["300"]}`, `{"a":300}`, false},
		// Of an array of objects one has all of it.
		{`{"a":{"b":[1],"c":[2]}}`, `{"a":[{"b":1,"c":2},{"b":3}]}`, true},
		{`{"a":{"b":[1],"c":[4]}}`, `{"a":[{"b":1,"c":2},{"b":3,"c":4}]}`, false},
		{`{"a":{"b":[1]}}`, `{"a":[[{"b":1}]]}`, true},

		{`{"a":[{"prefix":"ab"}]}`, `{"a":"abc"}`, true},
		{`{"a":[{"prefix":"ab"}]}`, `{"a":"cab"}`, false},
		{`{"a":[{"prefix":{"equals-ignore-case":"AB"}}]}`, `{"a":"aBc"}`, true},
		{`{"a":[{"suffix":".png"}]}`, `{"a":"x.png"}`, true},
		{`{"a":[{"suffix":{"equals-ignore-case":".PNG"}}]}`, `{"a":"x.png"}`, true},
		{`{"a":[{"suffix":".png"}]}`, `{"a":1}`, false},
		{`{"a":[{"equals-ignore-case":"alice"}]}`, `{"a":"ALICE"}`, true},
		{`{"a":[{"exact":"alice"}]}`, `{"a":"alice"}`, true},
		{`{"a":[{"wildcard":"dir/*.png"}]}`, `{"a":"dir/x/y.png"}`, true},
		{`{"a":[{"wildcard":"dir/*.png"}]}`, `{"a":"dir.png"}`, false},
		{`{"a":[{"wildcard":"*ab*ab*"}]}`, `{"a":"abab"}`, true},
		{`{"a":[{"wildcard":"*ab*ab*"}]}`, `{"a":"aba"}`, false},
		{`{"a":[{"wildcard":"a*a"}]}`, `{"a":"a"}`, false},
		{`{"a":[{"wildcard":"a\\*b"}]}`, `{"a":"a*b"}`, true},
		{`{"a":[{"wildcard":"a\\*b"}]}`, `{"a":"axb"}`, false},

		{`{"a":[{"numeric":["=",5]}]}`, `{"a":5.0}`, true},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":5}`, true},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":0}`, false},
		{`{"a":[{"numeric":[">=",0,"<",5]}]}`, `{"a":5}`, false},
		{`{"a":[{"numeric":["<",-1.5]}]}`, `{"a":-2}`, true},
		{`{"a":[{"numeric":["<",100]}]}`, `{"a":"5"}`, false},
		{`{"a":[{"numeric":["<",1e3]}]}`, `{"a":1e999999999}`, false},

		{`{"a":[{"exists":true}]}`, `{"a":null}`, true},
		{`{"a":[{"exists":true}]}`, `{"a":{"b":1}}`, false},
		{`{"a":[{"exists":true}]}`, `{"a":[]}`, false},
		{`{"a":[{"exists":false}]}`, `{}`, true},
		{`{"a":[{"exists":false}]}`, `{"a":1}`, false},
		{`{"a":[{"exists":false},"x"]}`, `{"a":"x"}`, true},
		{`{"a":{"b":[{"exists":false}]}}`, `{}`, true},
		{`{"a":{"b":[{"exists":false}]}}`, `{"a":[{"b":1},{"c":1}]}`, false},
		{`{"a":{"b":[{"exists":false}]}}`, `{"a":[{"d":1},{"c":1}]}`, true},

		{`{"a":[{"cidr":"10.0.0.0/24"}]}`, `{"a":"10.0.0.9"}`, true},
		{`{"a":[{"cidr":"10.0.0.0/24"}]}`, `{"a":"10.0.1.9"}`, false},
		{`{"a":[{"cidr":"2001:db8::/32"}]}`, `{"a":"2001:db8:1::1"}`, true},
		{`{"a":["::1"]}`, `{"a":"0:0:0:0:0:0:0:1"}`, true},

		{`{"a":[{"anything-but":"x"}]}`, `{"a":"y"}`, true},
		{`{"a":[{"anything-but":"x"}]}`, `{"a":"x"}`, false},
		{`{"a":[{"anything-but":"x"}]}`, `{}`, false},
		{`{"a":[{"anything-but":["x","y"]}]}`, `{"a":"y"}`, false},
		{`{"a":[{"anything-but":["x"]}]}`, `{"a":["x","z"]}`, true},
		{`{"a":[{"anything-but":[1,2]}]}`, `{"a":2.0}`, false},
		{`{"a":[{"anything-but":5}]}`, `{"a":"5"}`, true},
		{`{"a":[{"anything-but":{"prefix":"i"}}]}`, `{"a":"init"}`, false},
		{`{"a":[{"anything-but":{"prefix":["a","b"]}}]}`, `{"a":"c"}`, true},
		{`{"a":[{"anything-but":{"suffix":".txt"}}]}`, `{"a":"x.txt"}`, false},
		{`{"a":[{"anything-but":{"equals-ignore-case":["ab"]}}]}`, `{"a":"AB"}`, false},
		{`{"a":[{"anything-but":{"wildcard":"*/bin/*"}}]}`, `{"a":"/x/bin/y"}`, false},
		{`{"a":[{"anything-but":{"wildcard":"*/bin/*"}}]}`, `{"a":"/x/lib/y"}`, true},

		{`{"$or":[{"a":[1]},{"b":[2]}]}`, `{"b":2}`, true},
		{`{"$or":[{"a":[1]},{"b":[2]}]}`, `{"b":1}`, false},
		{`{"c":[3],"$or":[{"a":[1]},{"b":[2]}]}`, `{"a":1}`, false},
		{`{"x":{"$or":[{"a":[1]},{"b":[2],"$or":[{"c":[1]},{"d":[1]}]}]}}`, `{"x":{"b":2,"d":1}}`, true},
		{`{"$or":[{"prefix":"x"},{"prefix":"y"}]}`, `{"$or":"yes"}`, true},
		{`{"a":[1],"a":[2]}`, `{"a":1}`, false},
		{`{"a.b":[1],"a":{"c":[2]}}`, `{"a":{"b":1,"c":2}}`, true},
		{`{"a.b":[1],"a":{"c":[2]}}`, `{"a":{"b":1}}`, false},
		{`{"a":{"b":[1],"c":[2]}}`, `{"a.b":1,"a":{"c":2}}`, true},
		{`{"a.b":[1]}`, `{"a.b":2,"a":{"b":1}}`, true},
	} {
		p, err := eventpattern.Parse(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := p.Matches([]byte(c.event)); got != c.want {
			t.Errorf("%s on %s: got %v", c.pattern, c.event, got)
		}
	}
}

// TestLong matches a long list against what must not be in it: with a look at the
// whole list for each of its elements it would not end for many minutes.
func TestLong(t *testing.T) {
	t.Parallel()
	p, err := eventpattern.Parse(`{"a":{"b":[{"exists":false}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Repeat(`{"c":1},`, 200_000)
	if p.Matches([]byte(`{"a":[` + list + `{"b":1}]}`)) {
		t.Error("a list whose last element has the member matches")
	}
	if !p.Matches([]byte(`{"a":[` + list + `{"c":1}]}`)) {
		t.Error("a list without the member does not match")
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, want string }{
		{`[]`, "Filter is not an object\n at [Source: (String)\"[]\"; line: 1, column: 2]"},
		{`"x"`, "Filter is not an object"},
		{`{`, "Unexpected end-of-input"},
		{``, "Unexpected end-of-input"},
		{`{} x`, "Unexpected content"},
		{`{}`, "Empty objects are not allowed"},
		{`{"a":{}}`, "Empty objects are not allowed"},
		{`{"a":[]}`, "Empty arrays are not allowed"},
		{`{"a":"x"}`, `"a" must be an object or an array`},
		{`{"a":[[1]]}`, "Match value must be String, number, true, false, or null"},
		{`{"a":[{}]}`, "Match expression name not found"},
		{`{"a":[{"nope":1}]}`, "Unrecognized match type nope"},
		{`{"a":[{"prefix":1}]}`, "prefix match pattern must be a string"},
		{`{"a":[{"prefix":{"x":"y"}}]}`, "Unsupported prefix pattern: x"},
		{`{"a":[{"suffix":{"equals-ignore-case":1}}]}`, "equals-ignore-case match pattern must be a string"},
		{`{"a":[{"wildcard":"a**b"}]}`, "Consecutive wildcard characters at pos 2"},
		{`{"a":[{"wildcard":"a\\b"}]}`, "Invalid escape character at pos 2"},
		{`{"a":[{"cidr":"10.0.0.0"}]}`, "Malformed CIDR, one '/' required"},
		{`{"a":[{"cidr":"10.0.0.0/99"}]}`, "Malformed CIDR, the mask bits are out of range"},
		{`{"a":[{"numeric":">"}]}`, "Value of numeric must be an array."},
		{`{"a":[{"anything-but":true}]}`, "Value of anything-but must be an array or single string/number value."},
		{`{"a":[{"anything-but":[]}]}`, "Inside anything but list, either all values are number or string, mixed type is not supported"},
		{`{"a":[{"anything-but":[1,"x"]}]}`, "Inside anything but list, either all values are number or string, mixed type is not supported"},
		{`{"a":[{"anything-but":[null]}]}`, "Inside anything but list, start|null|boolean is not supported."},
		{`{"a":[{"anything-but":{"prefix":""}}]}`, "Null prefix/suffix not allowed"},
		{`{"a":[{"anything-but":{"numeric":1}}]}`, "Unsupported anything-but pattern: numeric"},
		{`{"$or":[{"a":[1]},{"prefix":["x"],"b":[1]}]}`, "Unrecognized"},
		{`{"$or":[{"a":[1]},{"b":[1],"$or":[{"c":[1]}]}]}`, "There must have at least 2 Objects in $or relationship."},
		{`{"$or":[{"a":[1]},{"b":[1],"prefix":["x"]}]}`, "prefix is Ruler reserved fieldName which cannot be used inside $or."},
		{strings.Repeat(`{"a":`, 5000), "Unexpected content"},
	} {
		_, err := eventpattern.Parse(c.pattern)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.80s: got %v, want %s", c.pattern, err, c.want)
		}
	}
}

func TestShape(t *testing.T) {
	t.Parallel()
	p, err := eventpattern.Parse(`{"a":{"b":["x","y"]},"c":[1,2,3],"$or":[{"d":[1]},{"e":[1,2]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Names(), " "); got != "a.b c d e" {
		t.Errorf("names: %s", got)
	}
	if !p.Nested() {
		t.Error("not nested")
	}
	if got, want := p.Combinations(), 2*2*3*(1+2); got != want {
		t.Errorf("combinations: got %d, want %d", got, want)
	}
}

// corpus yields the recorded calls of a service's operation.
func corpus(t *testing.T, service, op string, f func(request map[string]any, answer map[string]any)) {
	t.Helper()
	raw, err := os.ReadFile("../../../../shared/corpus/aws/" + service + ".jsonl")
	if err != nil {
		t.Skipf("the corpus is not here: %v", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r struct {
			Op       string
			Request  map[string]any
			Recorded map[string]any
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err == nil && r.Op == op {
			f(r.Request, r.Recorded)
		}
	}
}

// TestRecorded compares with what EventBridge and SNS answered.
func TestRecorded(t *testing.T) {
	t.Parallel()
	n := 0
	corpus(t, "events", "test_event_pattern", func(request, answer map[string]any) {
		want, ok := answer["Result"].(bool)
		if !ok {
			return // the event is refused before any matching
		}
		n++
		p, err := eventpattern.Parse(request["EventPattern"].(string))
		if err != nil {
			t.Error(err)
			return
		}
		if got := p.Matches([]byte(request["Event"].(string))); got != want {
			t.Errorf("%v: got %v", request, got)
		}
	})
	corpus(t, "sns", "subscribe", func(request, answer map[string]any) {
		attributes, _ := request["Attributes"].(map[string]any)
		source, _ := attributes["FilterPolicy"].(string)
		wrong, _ := answer["Error"].(map[string]any)
		message, _ := wrong["Message"].(string)
		want, ok := strings.CutPrefix(message, "Invalid parameter: Attributes Reason: FilterPolicy: ")
		if source == "" || !ok || !strings.Contains(want, "at [Source") {
			return
		}
		n++
		var compact bytes.Buffer // SNS reads what it has written anew
		if err := json.Compact(&compact, []byte(source)); err != nil {
			t.Error(err)
		}
		_, err := eventpattern.Parse(compact.String())
		if err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", source, err, want)
		}
	})
	if n < 20 {
		t.Errorf("only %d recordings were found", n)
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`{"a":[{"anything-but":{"wildcard":["a*b","\\*"]}}],"$or":[{"x":[1]},{"y":{"z":[null]}}]}`, `{"a":["x",{"y":[1]}],"y":{"z":null}}`)
	f.Add(`{"a":[{"numeric":[">",1e400,"<=",5]},{"cidr":"::/0"}]}`, `{"a":1e-400}`)
	f.Fuzz(func(_ *testing.T, pattern, event string) {
		p, err := eventpattern.Parse(pattern)
		if err != nil {
			return
		}
		p.Matches([]byte(event))
		p.Names()
		p.Combinations()
	})
}
