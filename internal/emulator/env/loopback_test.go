package env

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestLoopback reaches a server of this machine by its address and by a name, and
// refuses others by theirs.
func TestLoopback(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) }))
	t.Cleanup(server.Close)
	away := Loopback()
	t.Cleanup(away.CloseIdleConnections)
	port := server.URL[strings.LastIndexByte(server.URL, ':'):]
	for _, host := range []string{"127.0.0.1", "localhost", "shop.localhost", "example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+port, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := away.RoundTrip(r)
		var foreign *ForeignError
		switch {
		case err == nil:
			_ = resp.Body.Close()
			if !IsLoopback(host) {
				t.Errorf("%s was reached", host)
			}
		case IsLoopback(host) || !errors.As(err, &foreign) || foreign.Host != host:
			t.Errorf("%s: got %v", host, err)
		}
	}
}
