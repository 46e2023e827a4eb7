// Package registry speaks the protocols of registries: which services a host
// offers, which versions there are of a provider or a module, and where their
// packages are.
//
// It must not choose versions or store packages. A token goes to its own host
// only, and is in no message.
package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Client asks registries. It may be used by many goroutines.
type Client struct {
	// Tokens are those of the user, by host.
	Tokens map[string]string

	// Hosts hold the services of hosts that are not to be asked, each a URL.
	Hosts map[string]map[string]any

	// HTTP makes the requests; nil is a client with limits of its own.
	HTTP *http.Client

	mu       sync.Mutex   // held while a host is asked
	found    sync.RWMutex // guards services
	services map[string]services
}

// services are what a host offers: by name such as "providers.v1", its URL.
type services struct {
	base *url.URL
	by   map[string]any
	err  error
}

// ErrNotFound tells that the registry does not know what was asked for.
var ErrNotFound = errors.New("the registry does not have it")

// answerLimit is the largest document that is read, in bytes.
const answerLimit = 16 << 20

// timeout is that of one request for a document.
const timeout = 10 * time.Second

func (c *Client) client() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	return http.DefaultClient
}

// service is the base URL of one service of a host, ending in a slash.
func (c *Client) service(ctx context.Context, host, name string) (*url.URL, error) {
	s := c.discover(ctx, host)
	if s.err != nil {
		return nil, s.err
	}
	text, ok := s.by[name].(string)
	if !ok {
		what := map[string]string{"providers.v1": "providers", "modules.v1": "modules"}[name]
		return nil, fmt.Errorf("the host %s is no registry of %s: it offers %s", host, what, offers(s.by))
	}
	at, err := s.base.Parse(text)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" {
		return nil, fmt.Errorf("the host %s gives %q as its service %s, which is no URL", host, text, name)
	}
	if !strings.HasSuffix(at.Path, "/") {
		at.Path += "/"
	}
	return at, nil
}

func offers(by map[string]any) string {
	if len(by) == 0 {
		return "nothing"
	}
	return strings.Join(slices.Sorted(maps.Keys(by)), ", ")
}

// known are the services of a host as far as it was asked for them.
func (c *Client) known(host string) map[string]any {
	if fixed, ok := c.Hosts[host]; ok {
		return fixed
	}
	c.found.RLock()
	defer c.found.RUnlock()
	return c.services[host].by
}

// discover asks a host once for its services.
func (c *Client) discover(ctx context.Context, host string) services {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found.RLock()
	s, ok := c.services[host]
	c.found.RUnlock()
	if ok {
		return s
	}
	s = services{base: &url.URL{Scheme: "https", Host: host, Path: "/.well-known/terraform.json"}}
	if fixed, ok := c.Hosts[host]; ok {
		s.by = fixed
	} else if s.base, s.err = c.get(ctx, s.base, host, &s.by); s.err != nil {
		if errors.Is(s.err, ErrNotFound) {
			s.by, s.err = nil, nil // a host that is no registry at all
		} else {
			s.err = fmt.Errorf("asking the host %s for its services: %w", host, s.err)
		}
	}
	c.found.Lock()
	defer c.found.Unlock()
	if c.services == nil {
		c.services = map[string]services{}
	}
	if ctx.Err() == nil {
		c.services[host] = s
	}
	return s
}

// get reads a JSON document, and returns where it was found after redirects.
func (c *Client) get(ctx context.Context, at *url.URL, host string, into any) (*url.URL, error) {
	resp, err := c.do(ctx, at, host)
	if err != nil {
		return at, err
	}
	defer resp.Body.Close()
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return at, fmt.Errorf("%s answered with content of the type %q instead of JSON", at.Redacted(), resp.Header.Get("Content-Type"))
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, answerLimit)).Decode(into); err != nil {
		return at, fmt.Errorf("%s answered with bad JSON: %w", at.Redacted(), err)
	}
	return resp.Request.URL, nil
}

// Document reads the JSON document at a URL that no service has named.
func (c *Client) Document(ctx context.Context, at *url.URL, into any) error {
	_, err := c.get(ctx, at, at.Host, into)
	return err
}

// do makes a request, a second time if the first one got no answer or an answer
// that the server is in trouble. The token of host goes to no other.
func (c *Client) do(ctx context.Context, at *url.URL, host string) (*http.Response, error) {
	resp, err := c.once(ctx, at, host)
	if ctx.Err() == nil && (err != nil || resp.StatusCode >= 500) {
		if err == nil {
			resp.Body.Close()
		}
		resp, err = c.once(ctx, at, host)
	}
	if err != nil {
		return nil, err
	}
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return resp, nil
	case code == http.StatusNotFound:
		err = fmt.Errorf("%s: %w", at.Redacted(), ErrNotFound)
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		err = fmt.Errorf("%s refused the request with %s: give a token for the host %s in a credentials block of the CLI configuration", at.Redacted(), resp.Status, host)
	default:
		err = fmt.Errorf("%s answered with %s", at.Redacted(), resp.Status)
	}
	resp.Body.Close()
	return nil, err
}

func (c *Client) once(ctx context.Context, at *url.URL, host string) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		cancel()
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if token := c.Tokens[host]; token != "" && c.trusts(host, at) {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.client().Do(req)
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = body{resp.Body, cancel}
	return resp, nil
}

// trusts tells whether a URL is of the host itself or of one of its services,
// and nobody can listen on the way.
func (c *Client) trusts(host string, at *url.URL) bool {
	if name := at.Hostname(); at.Scheme != "https" && name != "localhost" && !net.ParseIP(name).IsLoopback() {
		return false
	}
	if at.Host == host {
		return true
	}
	for _, s := range c.known(host) {
		text, _ := s.(string)
		if service, err := url.Parse(text); err == nil && service.Host == at.Host {
			return true
		}
	}
	return false
}

// body ends the time limit of its request when it is closed.
type body struct {
	io.ReadCloser
	cancel func()
}

func (b body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// Open begins to read what is at a URL, with its header. No token is sent, and
// there is no time limit but that of ctx.
func (c *Client) Open(ctx context.Context, at string) (io.ReadCloser, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, nil, err
	}
	resp, err := c.client().Do(req)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		resp.Body.Close()
		return nil, nil, fmt.Errorf("%s answered with %s", req.URL.Redacted(), resp.Status)
	}
	return resp.Body, resp.Header, nil
}

// text reads a whole document of any kind.
func (c *Client) text(ctx context.Context, at *url.URL, host string) ([]byte, error) {
	resp, err := c.do(ctx, at, host)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(io.LimitReader(resp.Body, answerLimit))
}
