// Package wiretest holds the tests that every emulated service passes, over the
// list of its operations: that the wire form of each is the SDK's, and that no
// member of an input is ignored. It must not know any service.
package wiretest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Fixtures runs the requests and responses that the SDK's module ships for each of
// the service's operations: a request must be read so that the SDK would send it
// again, and a response must be written so that the SDK, and anyone who reads it
// as plain JSON, finds the same in it.
func Fixtures(t *testing.T, svc wire.Service) {
	t.Helper()
	dir := ModuleDir(t, svc)
	ran := 0
	for _, op := range svc.Operations {
		if raw, err := os.ReadFile(filepath.Join(dir, "request_snapshot", op.Name+".request.snap")); err == nil {
			ran++
			t.Run("request/"+op.Name, func(t *testing.T) { request(t, svc, op, raw) })
		}
		if raw, err := os.ReadFile(filepath.Join(dir, "response_snapshot", op.Name+".response.snap")); err == nil && svc.Schema != nil {
			t.Run("response/"+op.Name, func(t *testing.T) { response(t, svc, op, raw) })
		}
	}
	if ran == 0 {
		t.Errorf("the module in %s has no fixture of any operation", dir)
	}
}

// ModuleDir is where the module of the service's SDK package lies.
func ModuleDir(t testing.TB, svc wire.Service) string {
	t.Helper()
	if len(svc.Operations) == 0 {
		t.Fatalf("%s has no operations", svc.Name)
	}
	in, _ := svc.Operations[0].Types()
	if dir, ok := dirs.Load(in.PkgPath()); ok {
		return dir.(string)
	}
	out, err := exec.CommandContext(context.Background(), "go", "list", "-f", "{{.Dir}}", in.PkgPath()).Output()
	if err != nil {
		t.Skipf("finding the SDK's module with go: %v", err)
	}
	dir := strings.TrimSpace(string(out))
	dirs.Store(in.PkgPath(), dir)
	return dir
}

// dirs are the folders of modules by package, which cost a run of go each.
var dirs sync.Map

// Parse reads a frozen request: a line, headers, a body.
func Parse(t testing.TB, raw []byte) (*http.Request, []byte) {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(raw))
	line, _ := r.ReadString('\n')
	method, target, _ := strings.Cut(strings.TrimSpace(line), " ")
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatalf("the fixture has no headers: %v", err)
	}
	h := http.Header{}
	for {
		l, err := r.ReadString('\n')
		if l = strings.TrimSpace(l); l == "" {
			break
		}
		k, v, _ := strings.Cut(l, ": ")
		h.Add(k, v)
		if err != nil {
			break
		}
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Request{Method: method, URL: u, Header: h, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}, body
}

func request(t *testing.T, svc wire.Service, op wire.Operation, raw []byte) {
	r, body := Parse(t, raw)
	_, out := op.Types()
	in, answer, err := wire.Exchange(svc, op.Name, r, reflect.New(out).Interface())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if svc.Protocol == wire.RESTXML {
		t.Fatalf("%s has no schemas; use Again", svc.Name)
	}
	if svc.Schema == nil {
		want, _ := url.ParseQuery(strings.TrimSpace(string(body)))
		got := url.Values{"Action": want["Action"], "Version": want["Version"]}
		form(got, "", reflect.ValueOf(in))
		if got, want := capitals(got), capitals(want); !reflect.DeepEqual(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
		return
	}
	again := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	if err := Protocol(svc).SerializeRequest(context.Background(), schema(op), in.(smithy.Serializable), again); err != nil {
		t.Fatal(err)
	}
	var sent []byte
	if s := again.GetStream(); s != nil {
		if sent, err = io.ReadAll(s); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := plain(sent), plain(body); !reflect.DeepEqual(got, want) {
		t.Errorf("body\n got %s\nwant %s", sent, body)
	}
	if got, want := again.URL.EscapedPath(), r.URL.EscapedPath(); got != want {
		t.Errorf("path: got %s, want %s", got, want)
	}
	if got, want := again.URL.Query().Encode(), r.URL.Query().Encode(); got != want {
		t.Errorf("query: got %s, want %s", got, want)
	}
	for k := range r.Header {
		if got, want := again.Header.Get(k), r.Header.Get(k); got != want && k != "Accept" {
			t.Errorf("header %s: got %q, want %q", k, got, want)
		}
	}
}

func response(t *testing.T, svc wire.Service, op wire.Operation, raw []byte) {
	head, body, _ := strings.Cut(string(raw), "\n\n")
	status, head, _ := strings.Cut(head, "\n")
	h := http.Header{}
	for l := range strings.SplitSeq(head, "\n") {
		if k, v, ok := strings.Cut(l, ": "); ok {
			h.Add(k, v)
		}
	}
	code, err := strconv.Atoi(strings.TrimSpace(status))
	if err != nil {
		t.Fatal(err)
	}
	_, typ := op.Types()
	read := func(r *http.Response) any {
		out := reflect.New(typ).Interface()
		err := Protocol(svc).DeserializeResponse(context.Background(), schema(op), &smithy.TypeRegistry{}, &smithyhttp.Response{Response: r}, out.(smithy.Deserializable))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := read(&http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))})
	_, answer, err := wire.Exchange(svc, op.Name, anyRequest(t, svc, op), want)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	written, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(written))
	if got := read(answer); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v\nbody %s\nwant %s", got, want, written, body)
	}
	if missing := lacks(plain(written), inBody(op, plain([]byte(body))), "$"); missing != "" {
		t.Errorf("read as plain JSON, %s\n got %s\nwant %s", missing, written, body)
	}
}

// inBody leaves out of a fixture's body what is the status of the response.
func inBody(op wire.Operation, body any) any {
	_, _, out := op.Schemas()
	if out == nil {
		return body
	}
	for name, m := range out.Members() {
		if _, ok := smithy.SchemaTrait[*traits.HTTPResponseCode](m); ok {
			if b, ok := body.(map[string]any); ok {
				delete(b, name)
			}
		}
	}
	return body
}

// anyRequest is a request that is routed to op.
func anyRequest(t *testing.T, svc wire.Service, op wire.Operation) *http.Request {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(ModuleDir(t, svc), "request_snapshot", op.Name+".request.snap"))
	if err != nil {
		t.Skip(err)
	}
	r, _ := Parse(t, raw)
	return r
}

// Protocol is the SDK's own side of the service's protocol.
func Protocol(svc wire.Service) smithyhttp.ClientProtocol {
	switch svc.Protocol {
	case wire.AWSJSON10:
		return awsjson.New10(svc.Schema)
	case wire.AWSJSON11:
		return awsjson.New11(svc.Schema)
	}
	return restjson1.New(svc.Schema)
}

func schema(op wire.Operation) *smithy.OperationSchema {
	o, in, out := op.Schemas()
	return smithy.NewOperationSchema(o, in, out)
}

// plain reads JSON without a schema; other bodies are texts. A body that is not
// there says as much as an empty object.
func plain(b []byte) any {
	var v any
	if len(b) == 0 {
		return map[string]any{}
	}
	if json.Unmarshal(b, &v) != nil {
		return string(b)
	}
	return v
}

// lacks says in words what want has and got has not, or has otherwise. That got
// has more zeros is right: see package wire.
func lacks(got, want any, at string) string {
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v, not an object", at, got)
		}
		for k, w := range want {
			x, ok := g[k]
			if !ok {
				return at + "." + k + " is missing"
			}
			if s := lacks(x, w, at+"."+k); s != "" {
				return s
			}
		}
		for k, x := range g {
			if _, ok := want[k]; !ok && x != 0.0 && x != false {
				return fmt.Sprintf("%s.%s is %v, which nobody put there", at, k, x)
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			return fmt.Sprintf("%s is %v, not a list of %d", at, got, len(want))
		}
		for i := range want {
			if s := lacks(g[i], want[i], fmt.Sprintf("%s[%d]", at, i)); s != "" {
				return s
			}
		}
		return ""
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("%s is %v, not %v", at, got, want)
	}
	return ""
}
