package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// A Call is one HTTP request.
type Call struct {
	Method, URL string
	Headers     map[string]string
	Body        string
	// Sign signs the request with the provider's credentials, for Service.
	Sign    bool
	Service string
	Timeout time.Duration // of the whole request
}

// An Answer is what came back.
type Answer struct {
	Status  int
	Headers map[string]string // by lower-case name; several values are joined by ", "
	Body    []byte
}

// longestBody is how much of an answer is taken, in bytes.
const longestBody = 10 << 20

// Do makes the call. A redirect is an answer; it is not followed.
func (q Call) Do(ctx context.Context, c *Clients) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	where := q.Method + " " + bare(q.URL)
	r, err := http.NewRequestWithContext(ctx, q.Method, q.URL, strings.NewReader(q.Body))
	if err != nil {
		return nil, fmt.Errorf("the request %s cannot be made: %w", where, hidden(err))
	}
	for name, value := range q.Headers {
		r.Header.Set(name, value)
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	if q.Sign {
		credentials, err := c.Credentials(ctx)
		if err != nil {
			return nil, fmt.Errorf("finding the credentials to sign %s: %w", where, err)
		}
		sum := sha256.Sum256([]byte(q.Body))
		if err := v4.NewSigner().SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), q.Service, tf.ScopeOf(ctx).Region, time.Now()); err != nil {
			return nil, fmt.Errorf("signing %s: %w", where, err)
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s got no answer: %w", where, hidden(err))
	}
	defer func() { _ = resp.Body.Close() }()
	var body bytes.Buffer
	n, err := io.Copy(&body, io.LimitReader(resp.Body, longestBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: reading the answer: %w", where, err)
	case n > longestBody:
		return nil, fmt.Errorf("%s answered with more than %d MB, which is more than is taken", where, longestBody>>20)
	}
	a := &Answer{Status: resp.StatusCode, Headers: map[string]string{}, Body: body.Bytes()}
	for name, values := range resp.Header {
		a.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return a, nil
}

// bare is a URL without what may be secret: its query and who asks.
func bare(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "a URL that cannot be read"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// hidden is an error without the URL that the HTTP client puts into it.
func hidden(err error) error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // the outermost one has the URL
		return e.Err
	}
	return err
}
