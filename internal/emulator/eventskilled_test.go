package emulator_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

const killedEvents = "EMULATOR_TEST_EVENTS"

// leaveEvents leaves a message that nobody has taken and an event that has failed
// once, says so, and waits to be killed.
func leaveEvents(t *testing.T, dir string) {
	c := config(start(t, emulator.Config{DataDir: dir}))
	f := deployRecorder(t, c, "killed")
	url, arn := queueOf(t, c, "q", nil)
	functions := lambda.NewFromConfig(c)
	m, err := functions.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: &f.arn, EventSourceArn: &arn, Enabled: aws.Bool(false)})
	must(t, err)
	_, err = sqs.NewFromConfig(c).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("waiting")})
	must(t, err)
	_, err = functions.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &f.arn, InvocationType: lambdatypes.InvocationTypeEvent, Payload: []byte(`{"n":"boom"}`)})
	must(t, err)
	until(t, "the event has failed once", func() bool { return len(f.got(t)) == 1 })
	fmt.Printf("left %s %s\n", *m.UUID, f.arn)
	<-context.Background().Done()
}

// TestKilledEvents kills an emulator: the messages in its queues and the events that
// wait for their functions are there after a restart, and are delivered.
func TestKilledEvents(t *testing.T) {
	if dir := os.Getenv(killedEvents); dir != "" {
		leaveEvents(t, dir)
	}
	t.Parallel()
	python(t)
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledEvents$")
	child.Env = append(os.Environ(), killedEvents+"="+dir)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	var id, arn string
	lines := bufio.NewScanner(out)
	for id == "" && lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "left "); ok {
			id, arn, _ = strings.Cut(text, " ")
		} else {
			t.Log(lines.Text())
		}
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if id == "" {
		t.Fatal("the child has left nothing")
	}
	// The second attempt is due a minute after the first.
	c := config(start(t, emulator.Config{DataDir: dir, Clock: clock.NewFake(time.Now().Add(2 * time.Minute))}))
	f := recorded{c, arn}
	_, err = lambda.NewFromConfig(c).UpdateEventSourceMapping(t.Context(), &lambda.UpdateEventSourceMappingInput{UUID: &id, Enabled: aws.Bool(true)})
	must(t, err)
	until(t, "the event is tried again and the message delivered", func() bool {
		again, delivered := 0, false
		for _, e := range f.got(t) {
			if e["n"] == "boom" {
				again++
			}
			for _, r := range records([]map[string]any{e}) {
				delivered = delivered || r["body"] == "waiting"
			}
		}
		return again == 2 && delivered
	})
}

const killedInvocations = "EMULATOR_TEST_INVOCATIONS"

// gated asks an address what to do with each event, by what the event carries.
const gated = `
import json, time, urllib.request
def handler(event, context):
    what = "message" if "Records" in event else "event"
    if urllib.request.urlopen("%s/" + what).read() == b"hang":
        time.sleep(600)
`

// leaveInvocations has a function hold a message and an event, until it is killed.
func leaveInvocations(t *testing.T, dir, gate string) {
	c := config(start(t, emulator.Config{DataDir: dir}))
	f := deployCode(t, c, "held", fmt.Sprintf(gated, gate))
	functions := lambda.NewFromConfig(c)
	_, err := functions.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &f.arn, Timeout: aws.Int32(60)})
	must(t, err)
	until(t, "the function is updated", func() bool {
		now, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &f.arn})
		return err == nil && now.LastUpdateStatus == lambdatypes.LastUpdateStatusSuccessful
	})
	url, arn := queueOf(t, c, "q", map[string]string{"VisibilityTimeout": "60"})
	_, err = functions.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: &f.arn, EventSourceArn: &arn})
	must(t, err)
	_, err = sqs.NewFromConfig(c).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("held")})
	must(t, err)
	_, err = functions.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &f.arn, InvocationType: lambdatypes.InvocationTypeEvent, Payload: []byte(`{}`)})
	must(t, err)
	<-context.Background().Done()
}

// TestKilledInvocations kills an emulator while a function has a message and an event:
// both come again after a restart.
func TestKilledInvocations(t *testing.T) {
	if dir, gate, ok := strings.Cut(os.Getenv(killedInvocations), "|"); ok {
		leaveInvocations(t, dir, gate)
	}
	t.Parallel()
	python(t)
	var released atomic.Bool
	calls := make(chan string, 16)
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !released.Load() {
			_, _ = io.WriteString(w, "hang")
		}
		calls <- r.URL.Path
	}))
	defer gate.Close()
	both := func() {
		t.Helper()
		seen := map[string]bool{}
		for len(seen) < 2 {
			select {
			case path := <-calls:
				seen[path] = true
			case <-time.After(5 * time.Minute):
				t.Fatalf("the function had %v, want a message and an event", seen)
			}
		}
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledInvocations$")
	child.Env = append(os.Environ(), killedInvocations+"="+dir+"|"+gate.URL)
	must(t, child.Start())
	both()
	_ = child.Process.Kill()
	_ = child.Wait()
	released.Store(true)
	start(t, emulator.Config{DataDir: dir, Clock: clock.NewFake(time.Now().Add(2 * time.Minute))})
	both()
}
