package emulator_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// start returns an emulator that ends with the test.
func start(t *testing.T, c emulator.Config) *emulator.Emulator {
	t.Helper()
	e, err := emulator.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("closing the emulator: %v", err)
		}
	})
	return e
}

func urlOf(t *testing.T, e *emulator.Emulator) string {
	t.Helper()
	u, err := e.URL()
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// doer sends a request: in process, or over TCP.
type doer interface {
	Do(*http.Request) (*http.Response, error)
}

func status(t *testing.T, via doer, req *http.Request) (int, string) {
	t.Helper()
	resp, err := via.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	control := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "control") })
	e := start(t, emulator.Config{AnyCredentials: true, Control: control})
	base := urlOf(t, e)
	for _, c := range []struct {
		name, path, host, origin, fetch string
		want                            int
		says                            string
	}{
		{name: "health", path: "/_aws/health", want: 200, says: "ok"},
		{name: "by name", path: "/_aws/health", host: "localhost:1", want: 200},
		{name: "below localhost", path: "/_aws/health", host: "abc.execute-api.localhost", want: 200},
		{name: "IPv6", path: "/_aws/health", host: "[::1]:4566", want: 200},
		{name: "a foreign name for this machine", path: "/_aws/health", host: "evil.example:4566", want: 403, says: "Host header"},
		{name: "a name that begins like ours", path: "/_aws/health", host: "localhost.evil.example", want: 403, says: "Host header"},
		{name: "another address", path: "/_aws/health", host: "192.0.2.1", want: 403, says: "Host header"},
		{name: "control", path: "/_aws/control/stop", want: 200, says: "control"},
		{name: "control by a page", path: "/_aws/control/stop", origin: "http://evil.example", want: 403, says: "web page"},
		{name: "control by a page of ours", path: "/_aws/control/stop", fetch: "same-origin", want: 403, says: "web page"},
		{name: "AWS by a page", path: "/2015-03-31/functions/", origin: "null", want: 403, says: "web pages"},
		{name: "AWS by a page of ours", path: "/2015-03-31/functions/", fetch: "same-origin", want: 403, says: "web pages"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodGet, base+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = c.host
			if c.origin != "" {
				req.Header.Set("Origin", c.origin)
			}
			if c.fetch != "" {
				req.Header.Set("Sec-Fetch-Site", c.fetch)
			}
			got, body := status(t, http.DefaultClient, req)
			if got != c.want || !strings.Contains(body, c.says) {
				t.Errorf("got %d %q, want %d and %q", got, body, c.want, c.says)
			}
		})
	}
}

// In process the host is what the request is signed for, such as AWS's own.
func TestInProcess(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	for _, host := range []string{"http://127.0.0.1", "https://dynamodb.eu-north-1.amazonaws.com"} {
		req, err := http.NewRequest(http.MethodGet, host+"/_aws/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, body := status(t, e, req); got != 200 {
			t.Errorf("%s: got %d %s, want 200", host, got, body)
		}
	}
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	tr := &http.Transport{Protocols: &p}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Get(urlOf(t, e) + "/_aws/health")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 {
		t.Errorf("got %s over %s, want 200 over HTTP/2", resp.Status, resp.Proto)
	}
}

func TestServeRefusesOtherInterfaces(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serve(l); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("got %v, want an error that names loopback", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is still open")
	}
}

// The address that is handed out is the one that the emulator serves.
func TestURLOfServed(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- e.Serve(l) }()
	resp, err := http.Get("http://" + l.Addr().String() + "/_aws/health")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	u, err := url.Parse(urlOf(t, e))
	if err != nil || u.Host != l.Addr().String() {
		t.Errorf("got %v (%v), want host %s", u, err, l.Addr())
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve after Close: got %v, want nil", err)
	}
	if _, err := e.URL(); err == nil {
		t.Error("URL after Close: got no error")
	}
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://x/_aws/health", nil)
	if _, err := e.Do(req); err == nil {
		t.Error("Do after Close: got no error")
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	id, secret := start(t, emulator.Config{}).Credentials()
	if len(id) != 20 || len(secret) != 40 {
		t.Errorf("got an id of %d and a secret of %d characters, want 20 and 40", len(id), len(secret))
	}
	e := start(t, emulator.Config{DataDir: dir})
	kept, keptSecret := e.Credentials()
	if kept == id {
		t.Error("two emulators have one key")
	}
	file := filepath.Join(dir, "credentials.json")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("%s has mode %o, want 600", file, got)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again, againSecret := start(t, emulator.Config{DataDir: dir}).Credentials()
	if again != kept || againSecret != keptSecret {
		t.Error("the key changed although the folder stayed")
	}
}

// A file in the place of the folder, and one in the place of the keys.
func TestUnusableFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := emulator.New(emulator.Config{DataDir: file}); err == nil {
		t.Error("a file as the folder: got no error")
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "credentials.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := emulator.New(emulator.Config{DataDir: dir}); err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("a folder as the key file: got %v, want an error that names the credentials", err)
	}
}
