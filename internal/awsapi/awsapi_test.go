package awsapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

// counted is an emulator in this process that counts its calls, and notes the
// access keys that it sees.
type counted struct {
	*emulator.Emulator
	calls   atomic.Int64
	foreign atomic.Bool
}

func (c *counted) Do(r *http.Request) (*http.Response, error) {
	c.calls.Add(1)
	key, _ := c.Credentials()
	if !strings.Contains(r.Header.Get("Authorization"), "Credential="+key+"/") {
		c.foreign.Store(true)
	}
	return c.Emulator.Do(r)
}

func emulated(t *testing.T) *counted {
	t.Helper()
	e, err := emulator.New(emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return &counted{Emulator: e}
}

func backend(t *testing.T, c Config) *Backend {
	t.Helper()
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestIdentityIsAskedOnce(t *testing.T) {
	e := emulated(t)
	b := backend(t, Config{Emulator: e})
	for range 3 {
		partition, account, err := b.Identity(t.Context(), "eu-north-1")
		if err != nil || partition != "aws" || account != "000000000000" {
			t.Fatalf("got %s, %s, %v", partition, account, err)
		}
	}
	if n := e.calls.Load(); n != 1 {
		t.Errorf("got %d calls, want 1", n)
	}
}

// TestIdentityAfterCancel demands that a canceled call does not spoil later ones.
func TestIdentityAfterCancel(t *testing.T) {
	b := backend(t, Config{Emulator: emulated(t)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := b.Identity(ctx, "eu-north-1"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if _, _, err := b.Identity(t.Context(), "eu-north-1"); err != nil {
		t.Error(err)
	}
}

// TestIdentityOfNobody demands that who has no credentials, or ones that AWS does not
// know, reads what to do.
func TestIdentityOfNobody(t *testing.T) {
	nobody(t)
	f := newFront(t, httptest.NewServer)
	for name, c := range map[string]Config{
		"none":    {Endpoint: f.URL, Region: "eu-north-1"},
		"unknown": {Endpoint: f.URL, Region: "eu-north-1", AccessKey: "AKIAOTHER", SecretKey: "other"},
	} {
		_, _, err := backend(t, c).Identity(t.Context(), "eu-north-1")
		if err == nil || !strings.Contains(err.Error(), "AWS_PROFILE") {
			t.Errorf("%s: got %v, want what to do", name, err)
		}
	}
}

// TestNoRealCredentials demands that the emulator sees its own key only, and that
// a broken AWS configuration does not matter to it.
func TestNoRealCredentials(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(broken, []byte("[profile x\nnot a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", broken)
	t.Setenv("AWS_PROFILE", "nobody")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "real")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	e := emulated(t)
	b := backend(t, Config{Emulator: e, AccessKey: "AKIAOTHER", SecretKey: "other", Profile: "nobody"})
	c, err := b.DynamoDB(t.Context(), "eu-north-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
		t.Fatal(err)
	}
	if e.foreign.Load() {
		t.Error("the emulator saw another key than its own")
	}
}

func TestClientsAreSharedPerRegion(t *testing.T) {
	b := backend(t, Config{Emulator: emulated(t)})
	client := func(region string) *dynamodb.Client {
		c, err := b.DynamoDB(t.Context(), region)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	north := client("eu-north-1")
	if again := client("eu-north-1"); again != north {
		t.Error("one region has two clients")
	}
	if west := client("eu-west-1"); west == north {
		t.Error("two regions have one client")
	}
}

func TestEndpoints(t *testing.T) {
	b := backend(t, Config{Endpoint: "http://127.0.0.1:1", Endpoints: map[string]string{"dynamodb": "http://127.0.0.1:2"}, AccessKey: "k", SecretKey: "s", Region: "eu-north-1"})
	d, err := b.DynamoDB(t.Context(), "eu-north-1")
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.STS(t.Context(), "eu-north-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, got, want string }{
		{"dynamodb", aws.ToString(d.Options().BaseEndpoint), "http://127.0.0.1:2"},
		{"sts", aws.ToString(s.Options().BaseEndpoint), "http://127.0.0.1:1"},
		{"where", b.Where(), "http://127.0.0.1:1"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, c.got, c.want)
		}
	}
	all, err := b.Endpoints(t.Context())
	if err != nil || len(all) != len(Services) || all["dynamodb"] != "http://127.0.0.1:2" || all["iam"] != "http://127.0.0.1:1" {
		t.Errorf("got %v, %v", all, err)
	}
	if _, err := New(Config{Endpoints: map[string]string{"s4": "x"}}); err == nil || !strings.Contains(err.Error(), `"s4"`) || !strings.Contains(err.Error(), "dynamodb") {
		t.Errorf("an unknown service: %v", err)
	}
}

// TestHostOfStartSync: of the hosts that StartSyncExecution calls, only AWS's own have
// the prefix that the SDK gives them.
func TestHostOfStartSync(t *testing.T) {
	t.Parallel()
	var got atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Store(r.Host)
		http.Error(w, "{}", http.StatusBadRequest)
	}))
	t.Cleanup(server.Close)
	c, err := backend(t, Config{Endpoint: server.URL, AccessKey: "k", SecretKey: "s", Region: "eu-north-1"}).SFN(t.Context(), "eu-north-1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.StartSyncExecution(t.Context(), &sfn.StartSyncExecutionInput{StateMachineArn: aws.String("arn:aws:states:eu-north-1:1:stateMachine:m")})
	if want := strings.TrimPrefix(server.URL, "http://"); got.Load() != want {
		t.Errorf("called %v, want %s: %v", got.Load(), want, err)
	}
	for address, want := range map[string]bool{
		"https://states.eu-north-1.amazonaws.com": true, "https://states.cn-north-1.amazonaws.com.cn": true, "http://amazonaws.com.example": false, ":": false,
	} {
		if got := amazons(address); got != want {
			t.Errorf("%s: got %v", address, got)
		}
	}
}

// TestDataDir joins an emulator by its folder, says so when there is none that
// it could start, and finds it again when it was away.
func TestDataDir(t *testing.T) {
	dir := t.TempDir()
	if _, err := backend(t, Config{DataDir: dir}).DynamoDB(t.Context(), "eu-north-1"); !errors.Is(err, process.ErrNotRunning) {
		t.Errorf("no emulator: got %v, want %v", err, process.ErrNotRunning)
	}
	stop := run(t, dir)
	b := backend(t, Config{DataDir: dir})
	c, err := b.DynamoDB(t.Context(), "eu-north-1")
	if err != nil {
		t.Fatal(err)
	}
	list := func() error {
		_, err := c.ListTables(t.Context(), &dynamodb.ListTablesInput{})
		return err
	}
	if err := list(); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := list(); err == nil || !strings.Contains(err.Error(), "starting it again") {
		t.Errorf("while it is away: %v", err)
	}
	defer run(t, dir)()
	if err := list(); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}

// interrupting cancels the run while a call is under way.
type interrupting struct {
	*emulator.Emulator
	cancel context.CancelFunc
}

func (i *interrupting) Do(r *http.Request) (*http.Response, error) {
	i.cancel()
	return i.Emulator.Do(r)
}

// TestCanceledWrites demands that a write is heard to its end, and a read is not.
func TestCanceledWrites(t *testing.T) {
	e := &interrupting{Emulator: emulated(t).Emulator}
	c, err := backend(t, Config{Emulator: e}).DynamoDB(t.Context(), "eu-north-1")
	if err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, e.cancel = context.WithCancel(t.Context())
	if _, err := c.ListTables(ctx, &dynamodb.ListTablesInput{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a read: got %v, want %v", err, context.Canceled)
	}
	ctx, e.cancel = context.WithCancel(t.Context())
	_, err = c.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("notes"),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	if err != nil {
		t.Errorf("a write: %v", err)
	}
	if _, err := c.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("notes")}); !errors.Is(err, context.Canceled) {
		t.Errorf("a write after the end: got %v, want %v", err, context.Canceled)
	}
}

// run runs the emulator of a folder until stop is called.
func run(t *testing.T, dir string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- process.Run(ctx, process.Config{DataDir: dir, Ready: func(*process.Address) { close(ready) }})
	}()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("the emulator ended: %v", err)
	}
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the emulator ended: %v", err)
		}
	}
}
