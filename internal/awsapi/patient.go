package awsapi

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
)

// grace is how long a write may still take when the run was canceled.
const grace = 30 * time.Second

// patient hears every write to its end although the run was canceled meanwhile:
// a create whose answer nobody waits for leaves an object that nobody knows.
// Between calls a canceled run ends at once.
type patient struct{ next aws.HTTPClient }

func (p patient) Do(r *http.Request) (*http.Response, error) {
	outer := r.Context()
	if outer.Err() != nil || readsOnly(middleware.GetOperationName(outer)) {
		return p.next.Do(r)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(outer))
	stop := context.AfterFunc(outer, func() { time.AfterFunc(grace, cancel) })
	resp, err := p.next.Do(r.WithContext(ctx))
	if err != nil {
		stop()
		cancel()
		return nil, err
	}
	resp.Body = &heard{resp.Body, func() { stop(); cancel() }}
	return resp, nil
}

// heard is the body of an answer; end is called when it is closed.
type heard struct {
	io.ReadCloser
	end func()
}

func (h *heard) Close() error {
	defer h.end()
	return h.ReadCloser.Close()
}

func readsOnly(operation string) bool {
	for _, verb := range []string{"BatchGet", "Describe", "Get", "List", "Query", "Scan"} {
		if strings.HasPrefix(operation, verb) {
			return true
		}
	}
	return false
}
