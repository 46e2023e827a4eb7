package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// endpoint is where an emulator is called: over listeners of the loopback
// interface, and over pipes of this process. Both end in the same HTTP server,
// so that the same bytes go over either.
type endpoint struct {
	server *http.Server
	pipes  *pipes
	client *http.Transport // dials pipes

	mu      sync.Mutex
	url     string // where it listens; "" until it does
	serving sync.WaitGroup
	closed  bool
}

func newEndpoint(h http.Handler, log *slog.Logger) *endpoint {
	p := &endpoint{pipes: &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	p.server = &http.Server{
		Handler:   h,
		Protocols: &protocols,
		// Whoever keeps a connection without asking for anything loses it.
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if _, ok := c.(pipe); ok {
				return context.WithValue(ctx, inProcess{}, true)
			}
			return ctx
		},
	}
	p.client = &http.Transport{
		DialContext:        p.pipes.dial,
		DisableCompression: true,
		MaxIdleConns:       16,
	}
	p.serving.Go(func() { _ = p.server.Serve(p.pipes) }) // ends with the server
	return p
}

// inProcess is the context key of requests that came over a pipe.
type inProcess struct{}

// listenAt claims l as the address that is handed out, unless there is one.
func (p *endpoint) listenAt(l net.Listener) error {
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return fmt.Errorf("the emulator runs programs, so it answers on loopback addresses only, not on %s", l.Addr())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	if p.url == "" {
		p.url = "http://" + l.Addr().String()
	}
	return nil
}

// serve answers on l until the endpoint is closed, and closes l.
func (p *endpoint) serve(l net.Listener) error {
	if err := p.listenAt(l); err != nil {
		return errors.Join(err, l.Close())
	}
	if err := p.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving on %s: %w", l.Addr(), err)
	}
	return nil
}

// address returns the endpoint's URL, and begins to listen when it does not yet.
func (p *endpoint) address() (string, error) {
	p.mu.Lock()
	url, closed := p.url, p.closed
	p.mu.Unlock()
	if closed {
		return "", errClosed
	}
	if url != "" {
		return url, nil
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return "", fmt.Errorf("listening for the emulator: %w", err)
	}
	if err := p.listenAt(l); err != nil {
		return "", errors.Join(err, l.Close())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.url != "http://"+l.Addr().String() { // another caller was first
		return p.url, l.Close()
	}
	p.serving.Go(func() { _ = p.server.Serve(l) }) // ends with the server
	return p.url, nil
}

// drain refuses new connections and waits for running requests until ctx is done.
func (p *endpoint) drain(ctx context.Context) error { return p.server.Shutdown(ctx) }

func (p *endpoint) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	err := p.server.Close()
	p.client.CloseIdleConnections()
	p.serving.Wait()
	return err
}

// Serve answers on l, which must be of the loopback interface, until Close.
func (e *Emulator) Serve(l net.Listener) error { return e.endpoint.serve(l) }

// URL returns where the emulator answers, such as "http://127.0.0.1:28014". One
// that does not serve a listener yet opens one now.
func (e *Emulator) URL() (string, error) { return e.endpoint.address() }

// Do sends a request to the emulator within this process, over a pipe that never
// holds more than one write. Scheme and port of the URL do not matter; the host
// is what the request was signed for. It makes an Emulator an aws.HTTPClient.
func (e *Emulator) Do(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = "http"
	if r.Body != nil && r.ContentLength > 0 {
		r.Body = exactBody{io.LimitReader(r.Body, r.ContentLength), r.Body}
	}
	return e.endpoint.client.RoundTrip(r)
}

// exactBody ends where it says, without another look at what it reads from: over a
// pipe the answer may be here before the client has seen that its request is sent,
// and the caller has closed its body then.
type exactBody struct {
	io.Reader
	io.Closer
}

// pipes is the listener of a network within this process.
type pipes struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

// pipe is the server's end of a connection within this process.
type pipe struct{ net.Conn }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- pipe{theirs}:
		return ours, nil
	case <-p.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements [net.Listener].
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr implements [net.Listener].
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "in process", Net: "pipe"} }
