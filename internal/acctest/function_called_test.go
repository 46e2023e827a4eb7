package acctest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestDestroyedWhileCalled: what a function logs while it is being destroyed leaves no
// log group behind, whether its role lets it make one or not.
func TestDestroyedWhileCalled(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not on PATH")
	}
	const mayMake = `policy_arns = ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]` + "\n"
	for name, config := range map[string]string{
		"its own role":                      aFunction(called),
		"its own role, which may make some": aFunction(called + mayMake),
		"a role of the user's, which may": aFunction(called+"role_arn = serverless_role.r.arn\n") +
			"resource \"serverless_role\" \"r\" {\n  name = \"worker\"\n  services = [\"lambda.amazonaws.com\"]\n" + mayMake + "}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			destroyedWhileCalled(t, settings+config)
		})
	}
}

// called is a function that logs when a call of it may end.
const called = `source = { inline = { "index.mjs" = "export const handler = async (url) => { await fetch(url); console.log('bye') }" } }
timeout = 60
`

func destroyedWhileCalled(t *testing.T, config string) {
	begun, may, dropped := make(chan struct{}), make(chan struct{}), make(warned, 1)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(begun)
		<-may
	}))
	defer server.Close()
	e, err := emulator.New(emulator.Config{Log: slog.New(dropped)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	w := &Wire{Emulator: e}
	m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(w) }}
	if _, err := m.Apply(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	clients := providertest.Clients(e, "eu-north-1")
	ended := make(chan error, 1)
	go func() {
		_, err := lambda.NewFromConfig(clients).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("hello"), Payload: []byte(`"` + server.URL + `"`)})
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("the call ended early: %v", err)
	case <-begun:
	}
	// The call ends between the deletion of the log group and the next one.
	deleted := false
	w.Spoil = func(_ int, operation string) Fault {
		if !deleted {
			deleted = operation == "DeleteLogGroup"
			return Fault{}
		}
		w.Spoil = nil
		close(may)
		if err := <-ended; err != nil {
			t.Errorf("the call: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := tf.Poll(ctx, "what the call logged to arrive", func(ctx context.Context) (bool, error) {
			out, err := cloudwatchlogs.NewFromConfig(clients).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
			return err == nil && len(out.LogGroups) > 0 || len(dropped) > 0, err
		})
		if err != nil {
			t.Error(err)
		}
		return Fault{}
	}
	if err := m.Destroy(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if w.Spoil != nil {
		t.Fatal("nothing was deleted after the log group")
	}
	if n, err := e.Deployed(); n != 0 || err != nil {
		t.Errorf("after the destroy the emulator holds %d things, %v, want 0", n, err)
	}
}

// warned is a log that tells once that the lines of a function were dropped.
type warned chan struct{}

func (warned) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (w warned) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "the log of a function is dropped") {
		select {
		case w <- struct{}{}:
		default:
		}
	}
	return nil
}

// WithAttrs implements [slog.Handler].
func (w warned) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup implements [slog.Handler].
func (w warned) WithGroup(string) slog.Handler { return w }
