package acctest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// functions is Lambda's client on e.
func functions(_ *testing.T, e provider.Emulator) *lambda.Client {
	return lambda.NewFromConfig(providertest.Clients(e, "eu-north-1"))
}

// A stage is a machine on an emulator whose calls are seen and can be spoiled.
type stage struct {
	*Machine
	t    *testing.T
	wire *Wire
}

func onStage(t *testing.T) *stage {
	w := &Wire{Emulator: providertest.Emulator(t)}
	return &stage{&Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(w) }}, t, w}
}

const settings = "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"

func (s *stage) apply(config string) {
	s.t.Helper()
	if _, err := s.Apply(s.t.Context(), settings+config); err != nil {
		s.t.Fatal(err)
	}
}

// planned is what a plan does to an object.
func (s *stage) planned(config, address string) Change {
	s.t.Helper()
	changes, err := s.Plan(s.t.Context(), settings+config)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range changes {
		if c.Address == address {
			return c
		}
	}
	return Change{Action: "none"}
}

func (s *stage) text(address, attribute string) string {
	s.t.Helper()
	v := s.Value(address).GetAttr(attribute)
	if v.IsNull() {
		return ""
	}
	return v.AsString()
}

// aFunction is a function of these arguments.
func aFunction(arguments string) string {
	return "resource \"serverless_function\" \"f\" {\n  name = \"hello\"\n  runtime = \"nodejs22.x\"\n  handler = \"index.handler\"\n" + arguments + "\n}\n"
}

// TestCodeIsPlannedByItsContents is about packaging: times of files are no change,
// an edited byte is one whose hash the plan knows and AWS has afterwards, and code
// that could not be deployed is planned again.
func TestCodeIsPlannedByItsContents(t *testing.T) {
	t.Parallel()
	s, dir := onStage(t), t.TempDir()
	file := filepath.Join(dir, "index.mjs")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := aFunction("source = { dir = \"" + dir + "\" }")
	write("export const handler = async () => 1\n")
	s.apply(config)
	if err := os.Chtimes(file, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if c := s.planned(config, "serverless_function.f"); c.Action != "no-op" {
		t.Errorf("the plan after a touch: %s of %v", c.Action, c.Changed)
	}
	before := s.text("serverless_function.f", "code_sha256")
	write("export const handler = async () => 2\n")
	s.wire.Spoil = func(_ int, operation string) Fault {
		if operation == "UpdateFunctionCode" {
			return Fault{Kind: Answer, Code: "InvalidParameterValueException", Message: "Not today."}
		}
		return Fault{}
	}
	if _, err := s.Apply(t.Context(), settings+config); err == nil || !strings.Contains(err.Error(), "Not today.") {
		t.Errorf("the apply that AWS refuses: %v", err)
	}
	s.wire.Spoil = nil
	if got := s.text("serverless_function.f", "code_sha256"); got != before {
		t.Errorf("after a deployment that failed the state has the hash %s, want the old one", got)
	}
	if c := s.planned(config, "serverless_function.f"); c.Action != "update" || !slices.Contains(c.Changed, "code_sha256") {
		t.Errorf("the plan after it failed: %s of %v", c.Action, c.Changed)
	}
	s.apply(config)
	out, err := functions(t, s.wire).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("hello")})
	if err != nil || aws.ToString(out.CodeSha256) != s.text("serverless_function.f", "code_sha256") || aws.ToString(out.CodeSha256) == before {
		t.Errorf("AWS has %v, %v", out, err)
	}
}

// TestBuildsAreMadeOnce: the same inputs are neither built nor planned again, and
// nothing is built while planning.
func TestBuildsAreMadeOnce(t *testing.T) {
	t.Parallel()
	s, dir := onStage(t), t.TempDir()
	runs := filepath.Join(t.TempDir(), "runs")
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("build.sh", "#!/bin/sh\nset -e\nmkdir -p dist\ncp in.mjs dist/index.mjs\necho ran >> "+runs+"\n", 0o700)
	write("in.mjs", "export const handler = async () => 1\n", 0o600)
	config := aFunction("source = { dir = \"" + dir + "\", build = { command = [\"./build.sh\"], output = \"dist\" } }")
	built := func() int {
		data, _ := os.ReadFile(runs)
		return strings.Count(string(data), "ran")
	}
	if c := s.planned(config, "serverless_function.f"); c.Action != "create" || built() != 0 {
		t.Errorf("the first plan: %s, built %d times", c.Action, built())
	}
	s.apply(config)
	s.apply(config)
	if c := s.planned(config, "serverless_function.f"); c.Action != "no-op" || built() != 1 {
		t.Errorf("the plan of the same inputs: %s of %v, built %d times, want once", c.Action, c.Changed, built())
	}
	write("in.mjs", "export const handler = async () => 2\n", 0o600)
	if c := s.planned(config, "serverless_function.f"); c.Action != "update" || !slices.Contains(c.Changed, "code_sha256") || built() != 1 {
		t.Errorf("the plan of other inputs: %s of %v, built %d times", c.Action, c.Changed, built())
	}
	s.apply(config)
	if built() != 2 {
		t.Errorf("built %d times, want twice", built())
	}
}

// TestPermissionsAreNeverMissing: a permission changes only after its successor is
// there, and one that somebody removed comes back with the next apply.
func TestPermissionsAreNeverMissing(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	config := func(rule string) string {
		return aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }`) + `
resource "serverless_function_permission" "p" {
  function   = serverless_function.f.arn
  principal  = "events.amazonaws.com"
  source_arn = "arn:aws:events:eu-north-1:000000000000:rule/` + rule + `"
}
`
	}
	s.apply(config("a"))
	s.wire.Calls()
	s.apply(config("b"))
	standing := 1
	for _, call := range s.wire.Calls() {
		switch call {
		case "AddPermission":
			standing++
		case "RemovePermission":
			standing--
		}
		if standing < 1 {
			t.Fatal("the function was without a permission for a moment")
		}
	}
	id := s.text("serverless_function_permission.p", "statement_id")
	if _, err := functions(t, s.wire).RemovePermission(t.Context(), &lambda.RemovePermissionInput{FunctionName: aws.String("hello"), StatementId: &id}); err != nil {
		t.Fatal(err)
	}
	if c := s.planned(config("b"), "serverless_function_permission.p"); c.Action != "create" {
		t.Errorf("the plan after somebody removed it: %s", c.Action)
	}
	s.apply(config("b"))
	if c := s.planned(config("b"), "serverless_function_permission.p"); c.Action != "no-op" {
		t.Errorf("the plan after it is back: %s", c.Action)
	}
}

// TestNothingWaitsForTheClock: each wait asks AWS at once, and ends with the first
// answer that says done. An emulator that is done at once is asked once.
func TestNothingWaitsForTheClock(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	config := aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }`)
	s.apply(config)
	s.wire.Calls()
	s.apply(aFunction("memory = 1024\n" + `source = { inline = { "index.mjs" = "export const handler = async () => 2" } }`))
	polls := 0
	for _, call := range s.wire.Calls() {
		if call == "GetFunctionConfiguration" {
			polls++
		}
	}
	if polls < 2 || polls > 8 { // one for each of two changes, and what the emulator takes to settle
		t.Errorf("two changes were waited for with %d calls", polls)
	}
}

// TestQueuesWaitForNothing: a queue is asked for once when it is made, and not at all
// when it is deleted.
func TestQueuesWaitForNothing(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	config := "resource \"serverless_queue\" \"q\" {\n  name = \"work\"\n}\n"
	s.apply(config)
	if calls := s.wire.Calls(); len(calls) > 8 {
		t.Errorf("a queue was made by %v", calls)
	}
	if err := s.Destroy(t.Context(), settings+config); err != nil {
		t.Fatal(err)
	}
	if calls := slices.DeleteFunc(s.wire.Calls(), reads); !slices.Equal(calls, []string{"DeleteQueue"}) {
		t.Errorf("a queue was deleted by %v", calls)
	}
}

// TestRefreshAsksForNoVersions: a function costs as many calls as it has parts.
func TestRefreshAsksForNoVersions(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	code := `source = { inline = { "index.mjs" = "export const handler = async () => 1" } }`
	s.apply(aFunction(code))
	s.wire.Calls()
	s.planned(aFunction(code), "serverless_function.f")
	want := []string{"DescribeLogGroups", "GetFunction", "GetFunctionRecursionConfig", "GetRolePolicy", "ListAttachedRolePolicies"}
	got := slices.DeleteFunc(s.wire.Calls(), func(c string) bool { return c == "GetCallerIdentity" })
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("a refresh calls %v, want %v", got, want)
	}
}

// TestAliasNeverLags: one apply changes the function, publishes it and moves the
// alias; a version that failed is published by the next apply; old versions go.
func TestAliasNeverLags(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	config := func(memory string) string {
		return aFunction("memory = " + memory + "\npublish = { alias = \"live\", keep_versions = 2 }\n" + `source = { inline = { "index.mjs" = "export const handler = async () => process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE" } }`)
	}
	c := functions(t, s.wire)
	live := func() int32 {
		t.Helper()
		out, err := c.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("hello"), Qualifier: aws.String("live")})
		if err != nil {
			t.Fatal(err)
		}
		return *out.MemorySize
	}
	s.apply(config("128"))
	s.apply(config("256"))
	if got := live(); got != 256 {
		t.Errorf("the alias leads to %d MB, want 256", got)
	}
	s.wire.Spoil = func(_ int, operation string) Fault {
		if operation == "PublishVersion" {
			return Fault{Kind: Answer, Code: "InvalidParameterValueException", Message: "Not today."}
		}
		return Fault{}
	}
	if _, err := s.Apply(t.Context(), settings+config("512")); err == nil {
		t.Error("the apply succeeded without its version")
	}
	s.wire.Spoil = nil
	if got := live(); got != 256 {
		t.Errorf("after a version that failed the alias leads to %d MB, want 256", got)
	}
	if c := s.planned(config("512"), "serverless_function.f"); c.Action != "update" || !slices.Contains(c.Changed, "version") {
		t.Errorf("the plan after it: %s of %v", c.Action, c.Changed)
	}
	for _, memory := range []string{"512", "1024", "2048"} {
		s.apply(config(memory))
	}
	if got := live(); got != 2048 {
		t.Errorf("the alias leads to %d MB, want 2048", got)
	}
	out, err := c.ListVersionsByFunction(t.Context(), &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("hello")})
	if err != nil || len(out.Versions) != 3 { // $LATEST among them
		t.Errorf("there are %d versions, %v, want 2 and $LATEST", len(out.Versions), err)
	}
	if c := s.planned(config("2048"), "serverless_function.f"); c.Action != "no-op" {
		t.Errorf("the last plan: %s of %v", c.Action, c.Changed)
	}
}

// TestLeavingSubnets: a function is taken out of its subnets before it is deleted,
// and nobody waits for their interfaces.
func TestLeavingSubnets(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	config := aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }
  vpc = { subnet_ids = ["subnet-a"], security_group_ids = ["sg-a"] }`)
	s.apply(config)
	s.wire.Calls()
	if err := s.Destroy(t.Context(), settings+config); err != nil {
		t.Fatal(err)
	}
	calls := s.wire.Calls()
	left, deleted := slices.Index(calls, "UpdateFunctionConfiguration"), slices.Index(calls, "DeleteFunction")
	if left < 0 || deleted < left {
		t.Errorf("destroyed by %v", calls)
	}
	if !slices.ContainsFunc(s.warnings, func(w string) bool {
		return strings.Contains(w, "network interfaces") && strings.Contains(w, "subnet-a") && strings.Contains(w, "45 minutes")
	}) {
		t.Errorf("destroyed with the warnings %q", s.warnings)
	}
}

// TestLogGroupLeftBehind: a group that a late call made anew is taken over, and the
// function's role may not make one.
func TestLogGroupLeftBehind(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	id, secret := s.wire.Credentials()
	url, err := s.wire.URL()
	if err != nil {
		t.Fatal(err)
	}
	logs := cloudwatchlogs.New(cloudwatchlogs.Options{Region: "eu-north-1", BaseEndpoint: &url, HTTPClient: s.wire, Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
	if _, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/aws/lambda/hello")}); err != nil {
		t.Fatal(err)
	}
	config := aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }`)
	s.apply(config)
	if policy := s.text("serverless_function.f", "role_policy"); strings.Contains(policy, "CreateLogGroup") {
		t.Errorf("the role's policy is %s", policy)
	}
	if c := s.planned(config, "serverless_function.f"); c.Action != "no-op" {
		t.Errorf("the plan after it: %s of %v", c.Action, c.Changed)
	}
}

// TestLogGroupOfAnother: a group whose tags tell of another owner stays as it is,
// and what was made for the function goes.
func TestLogGroupOfAnother(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	id, secret := s.wire.Credentials()
	url, err := s.wire.URL()
	if err != nil {
		t.Fatal(err)
	}
	logs := cloudwatchlogs.New(cloudwatchlogs.Options{Region: "eu-north-1", BaseEndpoint: &url, HTTPClient: s.wire, Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
	group, tags := aws.String("/aws/lambda/hello"), map[string]string{"aws-owner": "billing"}
	if _, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group, Tags: tags}); err != nil {
		t.Fatal(err)
	}
	config := aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }`)
	_, err = s.Apply(t.Context(), settings+config)
	for _, says := range []string{"/aws/lambda/hello", "another owner", "aws-owner", "group"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Fatalf("the apply does not say %q: %v", says, err)
		}
	}
	out, err := logs.ListTagsForResource(t.Context(), &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:logs:eu-north-1:000000000000:log-group:/aws/lambda/hello")})
	if err != nil || !maps.Equal(out.Tags, tags) {
		t.Errorf("its tags are %v, %v, want %v", out, err, tags)
	}
	s.wire.Calls()
	s.apply(aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }
  log = { group = "/aws/lambda/hello" }`))
	if calls := s.wire.Calls(); !slices.Contains(calls, "CreateRole") || slices.Contains(calls, "CreateLogGroup") {
		t.Errorf("with the group given it was made by %v", calls)
	}
}

// TestSharedPolicies: the statements of one policy are read by one call.
func TestSharedPolicies(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	config := aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }`) + `
resource "serverless_function_permission" "of" {
  count      = 20
  function   = serverless_function.f.arn
  principal  = "events.amazonaws.com"
  source_arn = "arn:aws:events:eu-north-1:000000000000:rule/r${count.index}"
}
resource "serverless_layer" "words" {
  name   = "words"
  source = { inline = { "nodejs/words.mjs" = "export const word = 1" } }
}
resource "serverless_layer_permission" "of" {
  count        = 5
  layer_name   = serverless_layer.words.layer_name
  version      = serverless_layer.words.version
  statement_id = "s${count.index}"
  principal    = "00000000000${count.index}"
}
`
	s.apply(config)
	s.wire.Calls()
	if c := s.planned(config, "serverless_function_permission.of[0]"); c.Action != "no-op" {
		t.Errorf("the plan after it: %s of %v", c.Action, c.Changed)
	}
	calls := map[string]int{}
	for _, c := range s.wire.Calls() {
		calls[c]++
	}
	if calls["GetPolicy"] != 1 || calls["GetLayerVersionPolicy"] != 1 {
		t.Errorf("the refresh made the calls %v, want one of GetPolicy and one of GetLayerVersionPolicy", calls)
	}
}

// TestNoCycles: a function may know what calls it, because what calls it is a
// resource of its own.
func TestNoCycles(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	config := `
resource "serverless_http_api" "shop" {
  name = "shop"
}
` + aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => process.env.URL" } }
  environment = { URL = serverless_http_api.shop.url, QUEUE = serverless_queue.q.url }`) + `
resource "serverless_route" "all" {
  api      = serverless_http_api.shop.id
  route    = "$default"
  function = serverless_function.f.target_arn
}
resource "serverless_queue" "q" {
  name = "work"
}
resource "serverless_event_source" "work" {
  function = serverless_function.f.target_arn
  sqs      = { queue_arn = serverless_queue.q.arn }
}
`
	s.apply(config)
	for _, address := range []string{"serverless_function.f", "serverless_route.all", "serverless_event_source.work"} {
		if c := s.planned(config, address); c.Action != "no-op" {
			t.Errorf("%s: %s of %v", address, c.Action, c.Changed)
		}
	}
}

// TestSecretsAreKeptNowhere: write-only variables reach the function and neither
// the state, its private part, nor a plan; one that somebody removed comes back.
func TestSecretsAreKeptNowhere(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	config := func(secret, version string) string {
		return aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => process.env.PASSWORD + process.env.STAGE" } }
  environment            = { STAGE = "dev" }
  environment_wo         = { PASSWORD = "` + secret + `" }
  environment_wo_version = ` + version)
	}
	answers := func(want string) {
		t.Helper()
		out, err := functions(t, s.wire).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("hello")})
		if err != nil || string(out.Payload) != want {
			t.Errorf("the function answers %s, %v, want %s", out.Payload, err, want)
		}
	}
	s.apply(config("hunter2", "1"))
	answers(`"hunter2dev"`)
	data, err := (&state.File{State: s.state}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "hunter2") || strings.Contains(s.Value("serverless_function.f").GoString(), "hunter2") {
		t.Error("the secret is in the state")
	}
	if c := s.planned(config("other", "1"), "serverless_function.f"); c.Action != "no-op" {
		t.Errorf("the plan of another secret of the same version: %s of %v", c.Action, c.Changed)
	}
	s.apply(config("other", "2"))
	answers(`"otherdev"`)
	_, err = functions(t, s.wire).UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("hello"), Environment: environmentOf(map[string]string{"STAGE": "dev"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := s.planned(config("other", "2"), "serverless_function.f"); c.Action != "update" {
		t.Errorf("the plan after somebody removed it: %s", c.Action)
	}
	s.apply(config("other", "2"))
	answers(`"otherdev"`)
}
