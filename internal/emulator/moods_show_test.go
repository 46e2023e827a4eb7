package emulator

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// answered is what the nth answer to a call shows.
func answered(m *moods, r wire.Request, n int) string {
	w := httptest.NewRecorder()
	m.Show(r, w, func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusOK)
		_, _ = fmt.Fprint(w, n)
	})
	b, _ := io.ReadAll(w.Body)
	return string(b)
}

// TestShow: which operations show the past after a write.
func TestShow(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		service, operation, body string
		past                     bool
	}{
		{"dynamodb", "GetItem", `{"TableName":"t"}`, true},
		{"dynamodb", "GetItem", `{"ConsistentRead":false}`, true},
		{"dynamodb", "GetItem", `{"ConsistentRead":true}`, false},
		{"dynamodb", "GetItem", `{"ConsistentRead": true}`, false}, // as Python writes it
		{"dynamodb", "GetItem", "{\"ConsistentRead\"\n\t: true}", false},
		{"states", "DescribeExecution", `{}`, true},
		{"states", "GetActivityTask", `{}`, false},
		{"s3", "GetObject", ``, false},
		{"sqs", "ReceiveMessage", `{}`, false},
	} {
		m := newMoods(Config{Lag: 1})
		r := wire.Request{Service: row.service, Operation: row.operation, Region: "eu-north-1", Body: []byte(row.body)}
		answered(m, r, 1)
		answered(m, wire.Request{Service: row.service, Operation: "PutItem", Region: r.Region}, 0)
		want := "2"
		if row.past {
			want = "1"
		}
		if got := answered(m, r, 2); got != want {
			t.Errorf("%s %s: got answer %s, want %s", row.operation, row.body, got, want)
		}
	}
}

// TestShowForgets: answers are not kept without an end.
func TestShowForgets(t *testing.T) {
	t.Parallel()
	m := newMoods(Config{Lag: 1})
	for i := range maxShown + 10 {
		answered(m, wire.Request{Service: "dynamodb", Operation: "GetItem", Body: fmt.Append(nil, i)}, i)
	}
	if n := len(m.shown); n == 0 || n > maxShown {
		t.Errorf("%d answers are kept, want at most %d", n, maxShown)
	}
}
