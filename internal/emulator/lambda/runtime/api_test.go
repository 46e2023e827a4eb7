package runtime

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// What a page in somebody's browser asks for is refused, whatever it is.
func TestPagesAreRefused(t *testing.T) {
	t.Parallel()
	e := &environment{telemetry: newTelemetry(clock.Real)}
	for _, row := range []struct {
		host, header string
		want         int
	}{
		{"127.0.0.1:5000", "", http.StatusOK},
		{"localhost:5000", "", http.StatusOK},
		{"127.0.0.1", "", http.StatusOK},
		{"127.0.0.1:5000", "Origin", http.StatusForbidden},
		{"127.0.0.1:5000", "Sec-Fetch-Site", http.StatusForbidden},
		{"rebound.example:5000", "", http.StatusForbidden},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/2018-06-01/ping", nil)
		r.Host = row.host
		if row.header != "" {
			r.Header.Set(row.header, "https://page.example")
		}
		w := httptest.NewRecorder()
		e.api().ServeHTTP(w, r)
		if w.Code != row.want {
			t.Errorf("%s with %q: got %d, want %d", row.host, row.header, w.Code, row.want)
		}
	}
}

// What a function logs stays on this machine, whatever an extension answers.
func TestTelemetryIsNotRedirected(t *testing.T) {
	t.Parallel()
	away := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the batch was sent elsewhere") }))
	defer away.Close()
	asked := 0
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, away.URL, http.StatusTemporaryRedirect)
	}))
	defer listener.Close()
	if err := sendHTTP(http.MethodPost, listener.URL)(t.Context(), []message{{Type: "function"}}); err != nil || asked != 1 {
		t.Errorf("got %v after %d requests", err, asked)
	}
}
