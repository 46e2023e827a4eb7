package awsapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// server answers every call by h, in this process.
type server struct{ h http.HandlerFunc }

func (s server) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.h(w, r)
	return w.Result(), nil
}

func (server) Credentials() (string, string) { return "key", "secret" }
func (server) URL() (string, error)          { return "http://127.0.0.1", nil }

// awake is a backend that keeps the quotas from the start, as for AWS.
func awake(t *testing.T, h http.HandlerFunc) *Backend {
	t.Helper()
	b := backend(t, Config{Emulator: server{h}})
	b.pace.asleep = false
	return b
}

func empty(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{}"))
}

// TestPace makes calls as fast as they are let, on a clock that waits for nothing.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		name  string
		calls int
		burst bool
		make  func(context.Context, *Backend) error
		want  time.Duration
	}{
		{"the total of a service, behind its burst", 140, false, func(ctx context.Context, b *Backend) error {
			c, err := b.APIGatewayV2(ctx, "eu-north-1")
			if err == nil {
				_, err = c.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: aws.String("a")})
			}
			return err
		}, 10 * time.Second},
		{"an operation of its own and its service", 3, false, func(ctx context.Context, b *Backend) error {
			c, err := b.APIGatewayV2(ctx, "eu-north-1")
			if err == nil {
				_, err = c.DeleteVpcLink(ctx, &apigatewayv2.DeleteVpcLinkInput{VpcLinkId: aws.String("a")})
			}
			return err
		}, time.Minute},
		{"using what is deployed", 1000, false, func(ctx context.Context, b *Backend) error {
			c, err := b.Lambda(ctx, "eu-north-1")
			if err == nil {
				_, err = c.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("a")})
			}
			return err
		}, 0},
		{"not held back", 140, true, func(ctx context.Context, b *Backend) error {
			c, err := b.APIGatewayV2(ctx, "eu-north-1")
			if err == nil {
				_, err = c.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: aws.String("a")})
			}
			return err
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := awake(t, empty)
				b.burst = c.burst
				start := time.Now()
				for range c.calls {
					if err := c.make(t.Context(), b); err != nil {
						t.Fatal(err)
					}
				}
				if got := time.Since(start).Round(10 * time.Millisecond); got != c.want {
					t.Errorf("%d calls took %s, want %s", c.calls, got, c.want)
				}
			})
		})
	}
}

// TestPaceOfRegions: each region has quotas of its own.
func TestPaceOfRegions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := awake(t, empty)
		start := time.Now()
		for _, region := range []string{"eu-north-1", "eu-west-1"} {
			c, err := b.APIGatewayV2(t.Context(), region)
			if err != nil {
				t.Fatal(err)
			}
			for range 40 {
				if _, err := c.GetApis(t.Context(), &apigatewayv2.GetApisInput{}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := time.Since(start); got != 0 {
			t.Errorf("took %s", got)
		}
	})
}

// TestPaceLearns: AWS throttles what no table knows; after a few refusals calls come
// no faster than it takes them.
func TestPaceLearns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refused atomic.Int64
		level, at := 5.0, time.Now()
		b := awake(t, func(w http.ResponseWriter, _ *http.Request) { // five calls a second
			level, at = min(5, level+5*time.Since(at).Seconds()), time.Now()
			w.Header().Set("Content-Type", "text/xml")
			if level < 1 {
				refused.Add(1)
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`))
				return
			}
			level--
			_, _ = w.Write([]byte(`<GetRoleResponse><GetRoleResult></GetRoleResult></GetRoleResponse>`))
		})
		c, err := b.IAM(t.Context(), "eu-north-1")
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for range 300 {
			if _, err := c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("r")}); err != nil {
				t.Fatal(err)
			}
		}
		took, n := time.Since(start), refused.Load()
		t.Logf("300 calls took %s, %d were refused", took, n)
		if n == 0 || n > 60 || took > 90*time.Second {
			t.Errorf("300 calls at 5 a second took %s, and %d were refused", took, n)
		}
	})
}

// TestPaceCanceled: a run that is canceled does not wait for its turn.
func TestPaceCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := awake(t, empty)
		c, err := b.APIGatewayV2(t.Context(), "eu-north-1")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		for err == nil {
			_, err = c.CreateVpcLink(ctx, &apigatewayv2.CreateVpcLinkInput{Name: aws.String("l"), SubnetIds: []string{"s"}})
		}
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}
