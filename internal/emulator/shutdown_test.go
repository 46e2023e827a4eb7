package emulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// An emulator that is told to end lets a function finish that is running, and the
// function can still call home.
func TestShutdownLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	python(t)
	e := start(t, emulator.Config{})
	d := deploy(t, config(e))

	arrived, release := make(chan struct{}), make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	defer gate.Close()
	type result struct {
		out *lambda.InvokeOutput
		err error
	}
	invoked := make(chan result, 1)
	go func() {
		out, err := lambda.NewFromConfig(d.c).Invoke(context.Background(), &lambda.InvokeInput{
			FunctionName: &d.function, Payload: []byte(`{"gate":"` + gate.URL + `"}`),
		})
		invoked <- result{out, err}
	}()
	<-arrived
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		ended <- e.Shutdown(ctx)
	}()
	close(release)
	if r := <-invoked; r.err != nil || string(r.out.Payload) != `{"health": 200}` {
		t.Errorf("got %+v, want the function's answer", r)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// One that may not wait ends at once, and the functions with it.
func TestShutdownCutsOff(t *testing.T) {
	t.Parallel()
	python(t)
	e := start(t, emulator.Config{})
	d := deploy(t, config(e))
	hung := make(chan error, 1)
	go func() {
		_, err := lambda.NewFromConfig(d.c).Invoke(context.Background(), &lambda.InvokeInput{FunctionName: &d.function, Payload: []byte(`{"hang":true}`)})
		hung <- err
	}()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-hung; err == nil { // it would take 300 seconds
		t.Error("the call of a function that hangs succeeded")
	}
}
