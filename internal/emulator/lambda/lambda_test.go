package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const (
	node   = types.RuntimeNodejs20x
	python = types.RuntimePython311
	role   = "arn:aws:iam::000000000000:role/r"
)

// world is a Lambda with the services it needs.
type world struct {
	*Service
	ctx   context.Context
	clock *clock.Fake // nil with the system's clock

	mu   sync.Mutex
	logs []string
}

func (w *world) Append(_ context.Context, group, stream string, _ time.Time, mayMake func() bool, lines ...string) error {
	if !mayMake() {
		group = "not made: " + group
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range lines {
		w.logs = append(w.logs, group+" "+stream[:strings.Index(stream, "]")+1]+" "+l)
	}
	return nil
}

func (*world) CanAssume(_ context.Context, arn, _ string) error {
	if arn != role {
		return errors.New("no such role")
	}
	return nil
}

func (*world) AssumeForService(context.Context, string, string, string) (string, string, string, time.Time, error) {
	return "ASIAKEY", "secret", "token", time.Now().Add(time.Hour), nil
}

func newWorld(t testing.TB, c clock.Clock) *world {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{ctx: env.WithScope(context.Background(), env.Scope{Account: "000000000000", Region: "eu-north-1"})}
	w.clock, _ = c.(*clock.Fake)
	w.Service, err = New(&env.Env{
		Clock: c, Store: st, Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		URL: func() (string, error) { return "http://127.0.0.1:4566", nil },
	}, w, w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// newFakeWorld is a Lambda whose time stands still.
func newFakeWorld(t testing.TB) *world {
	return newWorld(t, clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
}

// packageOf zips files; a name that ends with * is executable.
func packageOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text := files[name]
		name, executable := strings.CutSuffix(name, "*")
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o644)
		if executable {
			h.SetMode(0o755)
		}
		f, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// create makes a function, after change has changed the request, and waits until
// it is active.
func (w *world) create(t testing.TB, r types.Runtime, handler string, files map[string]string, change func(*lambda.CreateFunctionInput)) *lambda.CreateFunctionOutput {
	t.Helper()
	if _, err := runtime.Interpreter(string(r)); err != nil {
		t.Skip(err)
	}
	in := &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String(role), Runtime: r, Handler: aws.String(handler),
		Code:    &types.FunctionCode{ZipFile: packageOf(t, files)},
		Timeout: aws.Int32(60), // for what answers, on any machine
	}
	if change != nil {
		change(in)
	}
	out, err := w.CreateFunction(w.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	w.settle(t)
	return out
}

// settle lets the time pass that changes take.
func (w *world) settle(t testing.TB) {
	t.Helper()
	if w.clock != nil {
		w.clock.Advance(settling)
		return
	}
	if err := clock.Wait(w.ctx, clock.Real, settling); err != nil {
		t.Fatal(err)
	}
}

func (w *world) call(t testing.TB, payload string) *lambda.InvokeOutput {
	t.Helper()
	out, err := w.Invoke(w.ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(payload), LogType: types.LogTypeTail})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// goFunction builds a program over the official runtime client for Go.
func goFunction(t testing.TB, source string) string {
	t.Helper()
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the program go is not on PATH")
	}
	dir := t.TempDir()
	main := filepath.Join(dir, "main.go")
	if err := os.WriteFile(main, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(goTool, "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bootstrap"), main)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("building the function: %v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const goEcho = `package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func main() {
	lambda.Start(func(ctx context.Context, in map[string]any) (map[string]any, error) {
		c, _ := lambdacontext.FromContext(ctx)
		fmt.Println("hello")
		return map[string]any{"in": in, "arn": c.InvokedFunctionArn, "endpoint": os.Getenv("AWS_ENDPOINT_URL"), "key": os.Getenv("AWS_ACCESS_KEY_ID"), "home": os.Getenv("HOME")}, nil
	})
}
`

func TestGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	w.create(t, types.RuntimeProvidedal2023, "bootstrap", map[string]string{"bootstrap*": goFunction(t, goEcho)}, nil)
	got := string(w.call(t, `{"a":1}`).Payload)
	want := `{"arn":"arn:aws:lambda:eu-north-1:000000000000:function:f","endpoint":"http://127.0.0.1:4566","home":"","in":{"a":1},"key":"ASIAKEY"}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	files := map[string]string{"index.mjs": `export const handler = async (e) => { console.log("hi\nyou"); return process.env.A + e }`}
	begun := time.Now()
	w.create(t, node, "index.handler", files, func(in *lambda.CreateFunctionInput) {
		in.Environment = &types.Environment{Variables: map[string]string{"A": "a"}}
	})
	out := w.call(t, `"b"`)
	if got, want := string(out.Payload), `"ab"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	log, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(log), "\n"), "\n")
	starts := []string{"START RequestId: ", "2", "END RequestId: ", "REPORT RequestId: "}
	if len(lines) != len(starts) {
		t.Fatalf("got %d lines, want %d:\n%s", len(lines), len(starts), log)
	}
	for i, want := range starts {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d is %q, want it to begin with %q", i, lines[i], want)
		}
	}
	if want := "\tINFO\thi\ryou"; !strings.HasSuffix(lines[1], want) {
		t.Errorf("got %q, want it to end with %q", lines[1], want)
	}
	if err := w.Close(); err != nil { // the log is delivered behind the answer
		t.Fatal(err)
	}
	var streams []string
	for _, day := range []time.Time{begun, time.Now()} { // between which it may be midnight
		streams = append(streams, "/aws/lambda/f "+day.UTC().Format("2006/01/02")+"/[$LATEST] ")
	}
	if len(w.logs) != 5 || !strings.HasPrefix(w.logs[0], streams[0]) && !strings.HasPrefix(w.logs[0], streams[1]) {
		t.Errorf("got %q, want 5 lines for one of %q, INIT_START among them", w.logs, streams)
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	w := newFakeWorld(t)
	zip := packageOf(t, map[string]string{"bootstrap*": "#!/bin/sh"})
	created, err := w.CreateFunction(w.ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String(role), Runtime: types.RuntimeProvidedal2, Handler: aws.String("h"),
		Code: &types.FunctionCode{ZipFile: zip},
	})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(zip)
	if got, want := aws.ToString(created.CodeSha256), base64.StdEncoding.EncodeToString(sum[:]); got != want {
		t.Errorf("CodeSha256 is %s, want %s", got, want)
	}
	state := func() string {
		t.Helper()
		c, err := w.GetFunctionConfiguration(w.ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("f")})
		if err != nil {
			t.Fatal(err)
		}
		return string(c.State) + " " + string(c.LastUpdateStatus)
	}
	update := func() error {
		_, err := w.UpdateFunctionConfiguration(w.ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Timeout: aws.Int32(9)})
		return err
	}
	if got := state(); got != "Pending " {
		t.Errorf("a new function is %q", got)
	}
	checkError(t, update(), "ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending")
	w.settle(t)
	if got := state(); got != "Active Successful" {
		t.Errorf("a function is %q later", got)
	}
	if err := update(); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != "Active InProgress" {
		t.Errorf("a changed function is %q", got)
	}
	checkError(t, update(), "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:eu-north-1:000000000000:function:f")
	w.settle(t)
	if got := state(); got != "Active Successful" {
		t.Errorf("a changed function is %q later", got)
	}
}

// checkError compares an error with AWS's code and message.
func checkError(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Errorf("got %v, want %s: %s", err, code, message)
		return
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("got %s: %s\nwant %s: %s", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}
