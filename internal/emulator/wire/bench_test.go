package wire

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

const benchItem = `{"TableName":"notes","Item":{"pk":{"S":"user#0001"},"sk":{"S":"note#2026-01-02T03:04:05Z"},` +
	`"text":{"S":"a note of some length, with a few words in it"},"done":{"BOOL":false},"n":{"N":"42"},` +
	`"tags":{"L":[{"S":"one"},{"S":"two"}]},"meta":{"M":{"by":{"S":"me"},"at":{"N":"1767323045"}}}}}`

// BenchmarkPutItem is one call through routing, codec, checks and a handler that
// returns the item, both ways, without the network.
func BenchmarkPutItem(b *testing.B) {
	h, err := New(Config{Services: stubs{}.services(), AnyCredentials: true, Clock: clock.Real})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, "/", strings.NewReader(benchItem))
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810.PutItem")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkCodec is the codec alone: the item read and written.
func BenchmarkCodec(b *testing.B) {
	s := putItem(b)
	raw := []byte(benchItem)
	b.ReportAllocs()
	for b.Loop() {
		v, err := parseJSON(raw)
		if err != nil {
			b.Fatal(err)
		}
		in := reflect.New(reflect.TypeFor[dynamodb.PutItemInput]())
		if err := (reader{}).object(v, s, in.Elem()); err != nil {
			b.Fatal(err)
		}
		var out jsonBody
		writer{sink: &out}.write(in, s)
		if len(out.b) < 100 || bytes.IndexByte(out.b, '{') != 0 {
			b.Fatal(string(out.b))
		}
	}
}

// BenchmarkStart is the making of a server of five services.
func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(Config{Services: stubs{}.services(), Clock: clock.Real}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstCall is the reading of the largest model, which the first call of
// a service does.
func BenchmarkFirstCall(b *testing.B) {
	for b.Loop() {
		s := &service{Service: Service{Name: "lambda"}}
		if len(s.readModel().Operations) == 0 {
			b.Fatal("no model")
		}
	}
}
