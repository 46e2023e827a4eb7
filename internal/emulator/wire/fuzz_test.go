package wire

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/fxamacker/cbor/v2"
)

// FuzzJSON compares the parser with the standard library's: both take the same
// texts and find the same in them.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `[1,-2.5e+3,true,false,null]`, `{"a":{"b":["\u00e9\ud83d\ude00\ud83d\"\n"]}}`, `"\ud800"`, `01`, `-`, `1.`, `{"a"}`, `[1,]`, "\"\x80\"", ` 1 `, `"\q"`, "\"\t\"", `{"a":1,"a":2}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseJSON(b)
		var want any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		wantErr := json.Unmarshal(b, &want)
		if wantErr == nil {
			wantErr = d.Decode(&want)
		}
		if deep := err != nil && strings.Contains(err.Error(), "levels of nesting"); (err == nil) != (wantErr == nil) && !deep {
			t.Fatalf("%q: got %v, encoding/json says %v", b, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(standard(got), want) {
			t.Errorf("%q: got %#v, want %#v", b, standard(got), want)
		}
	})
}

// standard gives a tree the types of encoding/json.
func standard(v any) any {
	switch v := v.(type) {
	case number:
		return json.Number(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = standard(v[i])
		}
		return out
	case *object:
		out := map[string]any{}
		for i, k := range v.keys {
			out[k] = standard(v.values[i])
		}
		return out
	}
	return v
}

// TestPlain looks for each byte at each place of a text.
func TestPlain(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 20 {
			text := strings.Repeat("~", at) + string([]byte{byte(c)}) + strings.Repeat(" ", 17)
			want := at
			if c >= ' ' && c < 0x80 && c != '"' && c != '\\' {
				want = len(text)
			}
			if got := plain(text, 0); got != want {
				t.Errorf("byte %#x at %d: got %d, want %d", c, at, got, want)
			}
		}
	}
}

// FuzzText has every text written as JSON and CBOR read again.
func FuzzText(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\"\\\u2028\x7f\xff\xed\xa0\x80é😀")
	f.Fuzz(func(t *testing.T, s string) {
		want := valid(s)
		j := &jsonBody{}
		j.text(s)
		if got, err := parseJSON(j.b); err != nil || got != want {
			t.Errorf("JSON: got %q, %v, want %q", got, err, want)
		}
		c := &cborBody{}
		c.text(s)
		if got, err := parseCBOR(c.b); err != nil || got != want {
			t.Errorf("CBOR: got %q, %v, want %q", got, err, want)
		}
	})
}

// FuzzCBOR has any bytes read without harm.
func FuzzCBOR(f *testing.F) {
	for _, v := range []any{map[string]any{"TableName": "t", "Item": map[string]any{"a": map[string]any{"N": "1"}}}, []any{1, -1, 1.5, nil, true, []byte("b")}} {
		b, err := cbor.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	in := putItem(f)
	f.Fuzz(func(_ *testing.T, b []byte) {
		v, err := parseCBOR(b)
		if err != nil {
			return
		}
		_ = reader{}.object(v, in, reflect.New(reflect.TypeFor[dynamodb.PutItemInput]()).Elem())
	})
}

// FuzzInput has what is read as an input written again, and read again as the same.
func FuzzInput(f *testing.F) {
	f.Add([]byte(`{"TableName":"t","Item":{"a":{"S":"x"},"b":{"L":[{"N":"1"},{"M":{"c":{"NULL":true}}}]},"d":{"B":"AAEC"},"e":{"SS":["a","b"]}}}`))
	f.Add([]byte(`{"Expected":{"a":{"Exists":false,"AttributeValueList":[{"BOOL":true}]}},"ReturnValues":"NONE"}`))
	s := putItem(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parseJSON(b)
		if err != nil {
			return
		}
		in := reflect.New(reflect.TypeFor[dynamodb.PutItemInput]())
		if err := (reader{}).object(v, s, in.Elem()); err != nil {
			return
		}
		for _, out := range []interface {
			sink
			parse() (any, error)
		}{&jsonAgain{}, &cborAgain{}} {
			writer{sink: out}.write(in, s)
			v, err := out.parse()
			if err != nil {
				t.Fatal(err)
			}
			again := reflect.New(in.Type().Elem())
			if err := (reader{}).object(v, s, again.Elem()); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(in.Interface(), again.Interface()) {
				t.Errorf("%T: got %+v, want %+v", out, again.Elem(), in.Elem())
			}
		}
	})
}

type jsonAgain struct{ jsonBody }

func (j *jsonAgain) parse() (any, error) { return parseJSON(j.b) }

type cborAgain struct{ cborBody }

func (c *cborAgain) parse() (any, error) { return parseCBOR(c.b) }

func putItem(t testing.TB) *shape {
	t.Helper()
	typ := reflect.TypeFor[dynamodb.PutItemInput]()
	s, err := newShapes([]Union{attributeValue}).of(schemaOf(typ), typ)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzForm has any form read without harm.
func FuzzForm(f *testing.F) {
	f.Add("RoleName=r&Tags.member.1.Key=k&Tags.member.1.Value=&MaxSessionDuration=3600")
	f.Add("Tags.member.2.Key=k&Tags=&Tags.member=&.=&..=x&RoleName.x=y")
	typ := reflect.TypeFor[iam.CreateRoleInput]()
	s, err := newShapes(nil).of(nil, typ)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		form, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		_ = formReader{}.read(formTree(form), s, reflect.New(typ).Elem())
	})
}

// FuzzRoute has any path, query and credential routed without harm.
func FuzzRoute(f *testing.F) {
	f.Add("/2015-03-31/functions/f/versions", "MaxItems=1", "AWS4-HMAC-SHA256 Credential=a/b/c/lambda/aws4_request, SignedHeaders=host, Signature=x")
	f.Add("//%2F/..", "X-Amz-Credential=x/y&X-Amz-SignedHeaders=", "AWS4-HMAC-SHA256")
	s := &server{}
	for _, svc := range (stubs{}).services() {
		served, err := serve(svc)
		if err != nil {
			f.Fatal(err)
		}
		s.services = append(s.services, served)
	}
	f.Fuzz(func(_ *testing.T, path, query, authorization string) {
		u := &url.URL{Path: path, RawQuery: query}
		r := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{"Authorization": {authorization}}}
		c := &call{r: r}
		_ = s.route(c, nil)
		_ = canonical(r, emptySum, credentialOf(r))
	})
}
