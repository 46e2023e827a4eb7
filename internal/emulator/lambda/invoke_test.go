package lambda

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

func TestReservedConcurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	w.create(t, node, "index.handler", map[string]string{"index.js": nodeEcho}, nil)
	reserve := func(n int32) error {
		_, err := w.PutFunctionConcurrency(w.ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(n)})
		return err
	}
	invoke := func() error {
		_, err := w.Invoke(w.ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`1`)})
		return err
	}
	checkError(t, reserve(901), "InvalidParameterValueException", "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].")
	if err := reserve(0); err != nil {
		t.Fatal(err)
	}
	checkError(t, invoke(), "TooManyRequestsException", "Rate Exceeded.")
	if err := reserve(1); err != nil {
		t.Fatal(err)
	}
	leave, err := w.running.enter(name{Scope: env.ScopeOf(w.ctx), function: "f"}, share{reserved: aws.Int32(1)})
	if err != nil {
		t.Fatal(err)
	}
	checkError(t, invoke(), "TooManyRequestsException", "Rate Exceeded.")
	leave()
	if len(w.running.functions) != 0 {
		t.Errorf("%v still run", w.running.functions)
	}
	got, err := w.GetAccountSettings(w.ctx, &lambda.GetAccountSettingsInput{})
	if err != nil || *got.AccountLimit.UnreservedConcurrentExecutions != 999 || got.AccountUsage.FunctionCount != 1 {
		t.Errorf("got %+v, %+v, %v", got.AccountLimit, got.AccountUsage, err)
	}
}

// TestDeletedMeanwhile demands that a call goes on when its function is deleted, and
// that what it logs then makes no log group.
func TestDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	w.create(t, node, "index.handler", map[string]string{"index.js": `
const fs = require("fs")
exports.handler = async (e) => {
  fs.writeFileSync(e + "/begun", "")
  while (!fs.existsSync(e + "/end")) await new Promise((r) => setTimeout(r, 5))
  console.log("bye")
}`}, func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(60) })
	dir := t.TempDir()
	ended := make(chan error, 1)
	go func() {
		_, err := w.Invoke(w.ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(strconv.Quote(dir))})
		ended <- err
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for begun := false; !begun; {
		select {
		case err := <-ended:
			t.Fatalf("the call ended early: %v", err)
		case <-tick.C:
			_, err := os.Stat(filepath.Join(dir, "begun"))
			begun = err == nil
		}
	}
	if _, err := w.DeleteFunction(w.ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "end"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil { // the log is delivered behind the answer
		t.Fatal(err)
	}
	if !slices.ContainsFunc(w.logs, func(l string) bool { return strings.HasPrefix(l, "not made: ") && strings.Contains(l, "bye") }) {
		t.Errorf("got the log %q, want a line with bye that makes no group", w.logs)
	}
}

func TestInvokeKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	w.create(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async (e, c) => c.clientContext ?? e`}, nil)
	in := func(change func(*lambda.InvokeInput)) *lambda.InvokeInput {
		in := &lambda.InvokeInput{FunctionName: aws.String(fARN + ":$LATEST"), Payload: []byte(`1`)}
		change(in)
		return in
	}
	tests := []struct {
		name string
		in   *lambda.InvokeInput
		want string // "status payload" or the error's message
	}{
		{"plain", in(func(*lambda.InvokeInput) {}), "200 1"},
		{"no payload", in(func(in *lambda.InvokeInput) { in.Payload = nil }), "200 {}"},
		{"dry run", in(func(in *lambda.InvokeInput) { in.InvocationType = types.InvocationTypeDryRun }), "204 "},
		{"client context", in(func(in *lambda.InvokeInput) { in.ClientContext = aws.String("eyJhIjoxfQ==") }), `200 {"a":1}`},
		{"bad client context", in(func(in *lambda.InvokeInput) { in.ClientContext = aws.String("e") }), "Client context must be a valid Base64-encoded JSON object."},
		{"event", in(func(in *lambda.InvokeInput) { in.InvocationType = types.InvocationTypeEvent }), "202 "},
		{"version", in(func(in *lambda.InvokeInput) { in.FunctionName, in.Qualifier = aws.String("f"), aws.String("1") }), "Function not found: " + fARN + ":1"},
		{"missing", in(func(in *lambda.InvokeInput) { in.FunctionName = aws.String("g") }), "Function not found: arn:aws:lambda:eu-north-1:000000000000:function:g:$LATEST"},
	}
	for _, tt := range tests {
		out, err := w.Invoke(w.ctx, tt.in)
		var got string
		if err != nil {
			got = messageOf(err)
		} else {
			got = fmt.Sprintf("%d %s", out.StatusCode, out.Payload)
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func messageOf(err error) string {
	if e, ok := err.(interface{ ErrorMessage() string }); ok { //nolint:errorlint // as the service returns it
		return e.ErrorMessage()
	}
	return err.Error()
}

// New code and new settings reach the next event.
func TestUpdatesReachTheFunction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	w.create(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => "one" + process.env.A`}, nil)
	if got := string(w.call(t, `1`).Payload); got != `"oneundefined"` {
		t.Fatalf("got %s", got)
	}
	if _, err := w.UpdateFunctionCode(w.ctx, &lambda.UpdateFunctionCodeInput{
		FunctionName: aws.String("f"), ZipFile: packageOf(t, map[string]string{"index.js": `exports.handler = async () => "two" + process.env.A`}),
	}); err != nil {
		t.Fatal(err)
	}
	if got := string(w.call(t, `1`).Payload); got != `"twoundefined"` {
		t.Errorf("after new code, got %s", got)
	}
	w.settle(t)
	if _, err := w.UpdateFunctionConfiguration(w.ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), Environment: &types.Environment{Variables: map[string]string{"A": "!"}},
	}); err != nil {
		t.Fatal(err)
	}
	if got := string(w.call(t, `1`).Payload); got != `"two!"` {
		t.Errorf("after new variables, got %s", got)
	}
	w.settle(t)
	if _, err := w.DeleteFunction(w.ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	_, err := w.GetFunction(w.ctx, &lambda.GetFunctionInput{FunctionName: aws.String("f")})
	checkError(t, err, "ResourceNotFoundException", "Function not found: "+fARN)
}

// Functions, their permissions and their packages are there after a restart, and
// packages that no function has are not.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func() (*world, func()) {
		st, err := store.Open(filepath.Join(dir, "db"))
		if err != nil {
			t.Fatal(err)
		}
		w := &world{ctx: env.WithScope(t.Context(), env.Scope{Account: "000000000000", Region: "eu-north-1"})}
		w.Service, err = New(&env.Env{
			Clock: clock.Real, Store: st, Dir: dir, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
			URL: func() (string, error) { return "http://127.0.0.1:4566", nil },
		}, w, w)
		if err != nil {
			t.Fatal(err)
		}
		return w, func() {
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	w, stop := open()
	w.create(t, node, "index.handler", map[string]string{"index.js": nodeEcho}, nil)
	if _, err := w.AddPermission(w.ctx, &lambda.AddPermissionInput{
		FunctionName: aws.String("f"), StatementId: aws.String("s"), Principal: aws.String(gateway), Action: aws.String("lambda:InvokeFunction"),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.UpdateFunctionCode(w.ctx, &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: packageOf(t, map[string]string{"index.js": nodeEcho, "x": ""})}); err != nil {
		t.Fatal(err)
	}
	stop()
	w, stop = open()
	defer stop()
	ctx := env.WithCaller(w.ctx, env.Caller{Service: gateway})
	if got, _, err := w.InvokeFor(ctx, fARN, []byte(`7`)); err != nil || string(got) != "7" {
		t.Errorf("got %s, %v", got, err)
	}
	if left, err := filepath.Glob(filepath.Join(w.code.dir, "*", "code")); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v, want one package", left, err)
	}
}
