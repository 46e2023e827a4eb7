package statemachine

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// A roundTrip answers requests in the place of AWS.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) Do(r *http.Request) (*http.Response, error) { return f(r) }

// TestStartExpress: an EXPRESS execution whose answer is lost is not started again,
// and one that takes too long is told of in words.
func TestStartExpress(t *testing.T) {
	t.Parallel()
	const arn = here + ":stateMachine:m"
	for name, row := range map[string]struct {
		timeout, want string
		start         func(*http.Request) error
	}{
		"lost": {"1m", "unexpected EOF", func(*http.Request) error { return io.ErrUnexpectedEOF }},
		"late": {"1ms", "The execution took too long", func(r *http.Request) error { <-r.Context().Done(); return r.Context().Err() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			starts := 0
			c := &Clients{SFN: sfn.New(sfn.Options{Region: "eu-north-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: roundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeStateMachine") {
					body := `{"stateMachineArn":"` + arn + `","type":"EXPRESS"}`
					return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
				}
				starts++
				return nil, row.start(r)
			})})}
			m := &startModel{Machine: tftypes.StringValue(arn), Timeout: tftypes.StringValue(row.timeout)}
			err := Start.Invoke(t.Context(), c, m, func(string, ...any) {})
			if err == nil || !strings.Contains(text(err), row.want) || starts > 1 {
				t.Errorf("got %d starts, %v, want one and %s", starts, err, row.want)
			}
		})
	}
}

// text is an error with its summary.
func text(err error) string {
	var p *tf.Problem
	if errors.As(err, &p) {
		return p.Summary + ": " + p.Detail
	}
	return err.Error()
}

// TestEnded: how to look at an execution depends on its kind.
func TestEnded(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]string{
		here + ":execution:m:x": "tfserverless execution " + here + ":execution:m:x",
		here + ":express:m:x:y": "in the state machine's log group",
	} {
		if got := text(ended(arn, "FAILED", nil, nil, nil, true, func(string, ...any) {})); !strings.HasSuffix(strings.TrimSuffix(got, "."), want) {
			t.Errorf("%s: got %s, want %s at its end", arn, got, want)
		}
	}
}
