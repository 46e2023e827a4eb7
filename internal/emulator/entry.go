package emulator

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/functionurl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sns"
)

// Account is the number of the only account that the emulator has, and Region the
// one of requests that name none.
const (
	Account = "000000000000"
	Region  = "us-east-1"
)

// Paths below Reserved are the emulator's own: no AWS API has them, and no bucket
// can be called like that.
const (
	Reserved    = "/_aws/"
	HealthPath  = Reserved + "health"
	ControlPath = Reserved + "control/"
	codePath    = Reserved + "lambda/code/"
)

// ServeHTTP decides whose request it is: the emulator's own, a deployed API's,
// or that of an AWS API.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	foreign := r.Context().Value(inProcess{}) == nil && !ours(r.Host)
	if foreign && !e.serves(r.Host) {
		refuse(w, "the Host header does not name this machine's loopback interface; call the emulator at 127.0.0.1 or localhost")
		return
	}
	switch path := r.URL.Path; {
	case foreign: // the name of deployed APIs: nothing else is there
	case path == HealthPath:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"status": "ok"}) // a caller that went away needs no answer
		return
	case strings.HasPrefix(path, ControlPath) && e.config.Control != nil:
		if fromPage(r) {
			refuse(w, "a web page must not control the emulator")
			return
		}
		e.config.Control.ServeHTTP(w, r)
		return
	}
	defer e.activity.begin()()
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.services == nil {
		http.Error(w, errClosed.Error(), http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(e.services.alive, cancel)()
	b := &body{ReadCloser: r.Body}
	b.ended.Store(r.Body == nil || r.Body == http.NoBody)
	defer attend(e.services.alive, w, b)()
	// Until a signature names another region, a request is for this one.
	ctx = env.WithScope(ctx, env.Scope{Account: Account, Region: Region})
	if trace := r.Header.Get("X-Amzn-Trace-Id"); trace != "" {
		ctx = env.WithTrace(ctx, trace)
	}
	r = r.WithContext(ctx)
	r.Body = b
	e.services.serve(w, r)
}

// leaveTime is how long the client of a request that is cut off may take its answer.
const leaveTime = time.Second

// attend has a request end that waits for its client once ctx is done: for more of its body
// at once, and for its taking the answer soon. leave is to be called when it has ended.
func attend(ctx context.Context, w http.ResponseWriter, b *body) (leave func()) {
	c, done := http.NewResponseController(w), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		now := time.Now() // deadlines are the network's, not those of the emulator's clock
		if !b.ended.Load() {
			_ = c.SetReadDeadline(now) // a connection without deadlines is one that does not block
		}
		_ = c.SetWriteDeadline(now.Add(leaveTime))
	})
	return func() {
		if stop() {
			return
		}
		<-done
		w.Header().Set("Connection", "close") // what is left of the body is no request
		_ = c.SetWriteDeadline(time.Time{})
	}
}

// body is a request's body that tells whether it has been read.
type body struct {
	io.ReadCloser
	ended atomic.Bool
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.ended.Store(true)
	}
	return n, err
}

// serve answers requests to deployed APIs and function URLs, for packages of functions, and to the
// AWS APIs.
func (s *services) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.routes.Serves(r):
		s.routes.ServeHTTP(w, r)
	case functionurl.Serves(r):
		s.urls.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, codePath):
		s.code.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, sns.Path):
		s.cert.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, Reserved):
		http.Error(w, "the emulator has no page "+strconv.Quote(r.URL.Path), http.StatusNotFound)
	default:
		s.api.ServeHTTP(w, r)
	}
}

// serves reports whether a host is the custom domain name of deployed APIs. Pages that
// are not theirs can send it, too, and get what the APIs answer anyone.
func (e *Emulator) serves(host string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.services != nil && e.services.routes.ServesHost(host)
}

func refuse(w http.ResponseWriter, why string) { http.Error(w, why, http.StatusForbidden) }

// ours reports whether a Host header is a name of this machine that no foreign
// DNS server can give: a page of another site cannot send it.
func ours(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	host = strings.TrimPrefix(host, "sync-") // what AWS's clients put before the host of StartSyncExecution; a number is no one's domain
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

// fromPage reports whether a browser says that a page made the request.
func fromPage(r *http.Request) bool {
	return r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != ""
}
