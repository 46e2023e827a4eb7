package wiretest

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Again runs the frozen requests of a service whose SDK module has no schemas: what
// is read of each must make the SDK's client send it again. The send function calls
// the client's method of that name and returns the request that it would send; host
// is that of requests for an input.
func Again(t *testing.T, svc wire.Service, host func(in reflect.Type) string, send func(t *testing.T, op string, in any) (*http.Request, []byte)) {
	t.Helper()
	dir := ModuleDir(t, svc)
	ran := 0
	for _, op := range svc.Operations {
		raw, err := os.ReadFile(filepath.Join(dir, "request_snapshot", op.Name+".request.snap"))
		if err != nil {
			continue
		}
		ran++
		t.Run("request/"+op.Name, func(t *testing.T) {
			r, body := Parse(t, raw)
			input, out := op.Types()
			r.Host = host(input)
			in, answer, err := wire.Exchange(svc, op.Name, r, reflect.New(out).Interface())
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			again, sent := send(t, op.Name, in)
			if !bytes.Equal(sent, body) {
				t.Errorf("body\n got %s\nwant %s", sent, body)
			}
			if got, want := again.URL.EscapedPath(), r.URL.EscapedPath(); got != want {
				t.Errorf("path: got %s, want %s", got, want)
			}
			if got, want := again.URL.Query().Encode(), r.URL.Query().Encode(); got != want {
				t.Errorf("query: got %s, want %s", got, want)
			}
			for k := range r.Header {
				if got, want := again.Header.Values(k), r.Header.Values(k); !reflect.DeepEqual(got, want) {
					t.Errorf("header %s: got %q, want %q", k, got, want)
				}
			}
		})
	}
	if ran == 0 {
		t.Errorf("the module in %s has no fixture of any operation", dir)
	}
}
