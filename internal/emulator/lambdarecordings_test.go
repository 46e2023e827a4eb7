package emulator_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// outOfReach are recordings of Lambda that cannot be met, as parts of test/operation/step,
// and why.
var outOfReach = map[string]string{
	"test_lambda_provisioned_concurrency_moves_with_alias/get_provisioned_concurrency_config/21": "what AWS shows while it moves is not stable",
	"test_provisioned_concurrency_init_failure/get_provisioned_concurrency_config/9":             "the recorded program is not included",
	"test_lambda_provisioned_concurrency_moves_with_alias/get_function":                          "the recorded answer is of another runtime than the recorded request",
	"test_lambda_provisioned_concurrency_moves_with_alias/publish_version":                       "the recorded answer is of another runtime than the recorded request",
	"test_lambda_eventinvokeconfig_exceptions/put_function_event_invoke_config/18":               "the ARN that is no function's is not recorded",
	"not_existing_kinesis_stream":           "Kinesis is not emulated",
	"test_runtime_introspection":            "it tells what AWS's machines look like inside",
	"test_lambda_init_environment":          "it tells what AWS's machines look like inside",
	"test_lambda_host_prefix":               "the recorded program calls services that are not emulated",
	"test_lambda_runtime_exit_segfault":     "AWS waits 30 seconds after a crash, by an accident of its own",
	"test_oversized":                        "the package's real size is not recorded",
	"test_large_lambda":                     "the package's real size is not recorded",
	"test_lambda_concurrent_config_updates": "the recorder did not wait for the update before",
	"test_lambda_eventinvokeconfig_exceptions/put_function_event_invoke_config/15": "the ARN that is no function's is not recorded",
	"test_layer_function_exceptions/update_function_configuration/11":              "the name of the layer that does not exist is not recorded",
}

// notHere are AWS's runtimes that may be missing on this machine.
var notHere = regexp.MustCompile(`the runtime \S+ is not emulated|needs? .* on PATH|is not installed|is missing`)

// TestLambdaRecordings replays the recordings of Lambda, those of each test in an
// emulator whose time stands still, as long as each goes on from the one before; go test
// -v counts those that cannot be replayed, by reason.
func TestLambdaRecordings(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(recordings + "lambda.jsonl")
	if err != nil {
		t.Skipf("the recordings of AWS's answers are not there: %v", err)
	}
	byTest := map[string][]*lambdaRecording{}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		r := &lambdaRecording{}
		if err := json.Unmarshal(lines.Bytes(), r); err != nil {
			t.Fatal(err)
		}
		byTest[r.TestID] = append(byTest[r.TestID], r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	skipped, met, emulators := map[string]int{}, 0, 0
	t.Run("all", func(t *testing.T) {
		for id, all := range byTest {
			slices.SortFunc(all, func(a, b *lambdaRecording) int { return a.Step - b.Step })
			test := id[strings.LastIndex(id, "::")+2:]
			t.Run(test, func(t *testing.T) {
				t.Parallel()
				var at *lambdaReplay
				for _, r := range all {
					name := fmt.Sprintf("%s/%d", r.Op, r.Step)
					why := r.outOfReach(test + "/" + name)
					if why == "" && (at == nil || !at.leadsTo(r)) {
						at = newLambdaReplay(t)
						mu.Lock()
						emulators++
						mu.Unlock()
					}
					t.Run(name, func(t *testing.T) {
						if why == "" {
							why = at.replay(t, r)
						}
						mu.Lock()
						if why != "" {
							skipped[why]++
						} else {
							met++
						}
						mu.Unlock()
						if why != "" {
							t.Skip(why)
						}
					})
				}
			})
		}
	})
	t.Logf("%3d replayed by %d emulators", met, emulators)
	for why, n := range skipped {
		t.Logf("%3d skipped: %s", n, why)
	}
}

// A lambdaRecording is a [recording] that tells the clients of its set-up.
type lambdaRecording struct {
	Op       string
	Request  any
	Path     string
	Recorded any
	TestID   string `json:"test_id"`
	Step     int
	Setup    []struct {
		I               int
		Svc, Op, Client string
		Params          any
	}
}

// failed is the error that AWS answered, or nil.
func (r *lambdaRecording) failed() map[string]any {
	want, _ := r.Recorded.(map[string]any)
	failed, _ := want["Error"].(map[string]any)
	return failed
}

// outOfReach is why the recording of that name cannot be met, if so.
func (r *lambdaRecording) outOfReach(name string) string {
	for part, why := range outOfReach {
		if strings.Contains(name, part) {
			return why
		}
	}
	want, whole := r.Recorded.(map[string]any)
	switch {
	case r.Op == "invoke" && r.failed() == nil && want["StatusCode"] != 202. && !r.played():
		return "the recorded program must be compiled"
	case r.Path != "" && r.Op != "invoke" && !strings.HasPrefix(r.Path, ".DeadLetterConfig"):
		return "only what the recorded program answered is recorded"
	case !whole:
		return "the answer is not recorded"
	case (r.Op == "invoke" || strings.Contains(r.Op, "provisioned")) && r.missing():
		return "a runtime that is not on this machine"
	}
	return ""
}

// needs tells whether a call of the set-up must be made: where nothing is invoked,
// invocations change nothing.
func (r *lambdaRecording) needs(service, op string) bool {
	return service != "lambda" || op != "invoke" || r.Op == "invoke" && r.failed() == nil
}

// lambdaReplay is recordings of one test being replayed.
type lambdaReplay struct {
	e       *emulator.Emulator
	clock   *clock.Fake
	answers map[string]any
	made    []int // the calls that may have changed something, in order
}

func newLambdaReplay(t *testing.T) *lambdaReplay {
	t.Helper()
	r := &lambdaReplay{clock: clock.NewFake(time.Now()), answers: map[string]any{}}
	r.e = start(t, emulator.Config{Clock: r.clock, AnyCredentials: true})
	if _, err := iam.NewFromConfig(r.config("us-east-1")).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("any"), AssumeRolePolicyDocument: aws.String(trust),
	}); err != nil {
		t.Fatal(err)
	}
	return r
}

// leadsTo tells whether the calls that were made are those that a recording's set-up
// begins with.
func (r *lambdaReplay) leadsTo(next *lambdaRecording) bool {
	var setup []int
	for _, s := range next.Setup {
		if slices.Contains(r.made, s.I) || next.needs(s.Svc, s.Op) {
			setup = append(setup, s.I)
		}
	}
	return len(setup) >= len(r.made) && slices.Equal(setup[:len(r.made)], r.made)
}

// replay makes the calls that are missing and compares the last one's answer; it returns
// why it could not.
func (r *lambdaReplay) replay(t *testing.T, rec *lambdaRecording) (skip string) {
	failed := rec.failed()
	want, _ := rec.Recorded.(map[string]any)
	for _, s := range rec.Setup {
		if slices.Contains(r.made, s.I) || !rec.needs(s.Svc, s.Op) {
			continue
		}
		answer, why, _ := r.call(t, s.Client, s.Svc, s.Op, s.Params)
		if why != "" {
			return "set-up: " + why
		}
		r.answered(t, s.I, answer)
	}
	if rec.Op == "get_provisioned_concurrency_config" && want["Status"] != "IN_PROGRESS" {
		r.provisioned(t)
	}
	got, why, err := r.call(t, "", "lambda", rec.Op, rec.Request)
	if why != "" {
		return why
	}
	if err == nil && !strings.HasPrefix(rec.Op, "get_") && !strings.HasPrefix(rec.Op, "list_") {
		r.answered(t, rec.Step, got)
	}
	if failed != nil {
		var api smithy.APIError
		if !errors.As(err, &api) {
			t.Errorf("%v:\ngot  %v, %v\nwant %s: %s", rec.Request, got, err, failed["Code"], failed["Message"])
		} else if api.ErrorCode() != failed["Code"] || !alike(upToPattern(fmt.Sprint(failed["Message"])), upToPattern(api.ErrorMessage())) {
			t.Errorf("%v:\ngot  %s: %s\nwant %s: %s", rec.Request, api.ErrorCode(), api.ErrorMessage(), failed["Code"], failed["Message"])
		}
		return ""
	}
	if err != nil {
		t.Errorf("%v: %v", rec.Request, err)
		return ""
	}
	delete(want, "ResponseMetadata")
	if answer, ok := got.(map[string]any); ok && rec.Op == "invoke" {
		got = payloadOf(t, maps.Clone(answer), rec.Path)
		portable(want)
		portable(want["Payload"])
	} else if rec.Path != "" {
		got, _ = got.(map[string]any)[rec.Path[1:]].(map[string]any)
	}
	contrast(t, "", want, got)
	return ""
}

// payloadOf is the answer of an invocation with its payload decoded, or the part of it
// that is recorded.
func payloadOf(t *testing.T, answer map[string]any, path string) any {
	t.Helper()
	text, _ := answer["Payload"].(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	var payload any
	if json.Unmarshal(raw, &payload) != nil || payload == nil {
		payload = string(raw)
	}
	portable(payload)
	if path != "" {
		return payload
	}
	answer["Payload"] = payload
	return answer
}

func (r *lambdaReplay) config(region string) aws.Config {
	c := config(r.e)
	c.Region = region
	return c
}

// answered takes a note of a call that was made, and lets the time pass that changes
// take; the recorder waited for them, too.
func (r *lambdaReplay) answered(t *testing.T, step int, answer any) {
	t.Helper()
	r.answers[strconv.Itoa(step)] = answer
	r.made = append(r.made, step)
	r.clock.Advance(50 * time.Millisecond)
}

// provisioned waits until environments that are to be ahead are started.
func (r *lambdaReplay) provisioned(t *testing.T) {
	t.Helper()
	functions := lambda.NewFromConfig(r.config("us-east-1"))
	list, err := functions.ListFunctions(t.Context(), &lambda.ListFunctionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list.Functions {
		until(t, "the environments are started", func() bool {
			all, err := functions.ListProvisionedConcurrencyConfigs(t.Context(), &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: f.FunctionName})
			return err == nil && !slices.ContainsFunc(all.ProvisionedConcurrencyConfigs, func(c types.ProvisionedConcurrencyConfigListItem) bool {
				return c.Status == types.ProvisionedConcurrencyStatusEnumInProgress
			})
		})
	}
}

// call makes one call with boto3's names and returns its output as plain JSON.
func (r *lambdaReplay) call(t *testing.T, how, service, op string, params any) (out any, skip string, err error) {
	t.Helper()
	var client any
	region := "us-east-1"
	if _, other, ok := strings.Cut(how, "region="); ok {
		region = other
	}
	c := r.config(region)
	switch service {
	case "dynamodb":
		client = dynamodb.NewFromConfig(c)
	case "iam":
		client = iam.NewFromConfig(c)
	case "lambda":
		client = lambda.NewFromConfig(c)
	case "logs":
		client = cloudwatchlogs.NewFromConfig(c)
	case "s3":
		client = s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })
	case "sqs":
		client = sqs.NewFromConfig(c)
	case "sns":
		client = sns.NewFromConfig(c)
	case "sts":
		client = sts.NewFromConfig(c)
	case "ec2":
		return networks, "", nil
	default:
		return nil, "needs " + service, nil
	}
	method := reflect.ValueOf(client).MethodByName(goName(op))
	if !method.IsValid() {
		return nil, "the SDK has no " + op, nil
	}
	resolved := r.resolve(params)
	if o, ok := resolved.(map[string]any); ok && service == "s3" {
		delete(o, "Body") // see below
	}
	text, err := json.Marshal(resolved)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "$REF") {
		return nil, "a reference cannot be resolved", nil
	}
	in := reflect.New(method.Type().In(1).Elem())
	if json.Unmarshal(text, in.Interface()) != nil {
		return nil, op + " has members of other types", nil //nolint:nilerr // the reason is the result
	}
	if put, ok := in.Interface().(*s3.PutObjectInput); ok {
		put.Body = bytes.NewReader(packageFor("object", nil))
	}
	res := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
	if err, _ := res[1].Interface().(error); err != nil {
		if notHere.MatchString(err.Error()) {
			return nil, "a runtime that is not on this machine", nil
		}
		return nil, "", err
	}
	if text, err = json.Marshal(res[0].Interface()); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out, "", nil
}

// networks is what stands for the answers of EC2.
var networks = map[string]any{
	"GroupId": "sg-0a1b2c3d4e5f60718", "Subnet": map[string]any{"SubnetId": "subnet-0a1b2c3d4e5f60718"}, "Vpc": map[string]any{"VpcId": "vpc-0a1b2c3d4e5f60718"},
}

// resolve fills in the values of earlier answers, and a package of ours for each of
// theirs.
func (r *lambdaReplay) resolve(v any) any {
	switch v := v.(type) {
	case string:
		if m := reference.FindStringSubmatch(v); m != nil && m[0] == v {
			if n, ok := r.find(m).(float64); ok {
				return n
			}
		}
		text := reference.ReplaceAllStringFunc(v, func(ref string) string {
			m := reference.FindStringSubmatch(ref)
			switch value := r.find(m); {
			case value != nil:
				return fmt.Sprint(value)
			case strings.HasSuffix(m[2], "Role.Arn"):
				return "arn:aws:iam::" + emulator.Account + ":role/any"
			}
			return ref
		})
		return strings.ReplaceAll(text, "111111111111", emulator.Account)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = r.resolve(v[i])
		}
		return out
	case map[string]any:
		if recorded, ok := v["$zip"]; ok {
			return base64.StdEncoding.EncodeToString(packageFor(fmt.Sprint(recorded), recorded))
		}
		if s, ok := v["$bytes"].(string); ok {
			return base64.StdEncoding.EncodeToString([]byte(s))
		}
		if s, ok := v["$b64"].(string); ok {
			return s
		}
		out := map[string]any{}
		for k := range v {
			out[k] = r.resolve(v[k])
			if s, ok := v[k].(string); ok && k == "Payload" {
				out[k] = base64.StdEncoding.EncodeToString([]byte(s))
			}
		}
		return out
	}
	return v
}

// find returns the value of an earlier answer that a reference is to.
func (r *lambdaReplay) find(reference []string) any {
	value := r.answers[reference[1]]
	for key := range strings.SplitSeq(reference[2], ".") {
		o, _ := value.(map[string]any)
		value = o[key]
	}
	return value
}

// contrast reports where got differs from what AWS answered. Members that have no
// value here are not on the wire.
func contrast(t *testing.T, at string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if s, isText := got.(string); !ok && isText {
			ok = json.Unmarshal([]byte(s), &g) == nil // JSON in a text is recorded decoded
		}
		if !ok {
			t.Errorf("%s is %v, want %v", at, got, want)
			return
		}
		for k, v := range want {
			contrast(t, at+"."+k, v, g[k])
		}
		for k, v := range g {
			if _, ok := want[k]; !ok && v != nil && v != "" && k != "ResultMetadata" {
				t.Errorf("%s.%s is %v, and AWS has no such member", at, k, v)
			}
		}
	case []any:
		g, _ := got.([]any)
		if len(g) != len(want) {
			t.Errorf("%s is %v, want %v", at, got, want)
			return
		}
		for i := range want {
			contrast(t, fmt.Sprintf("%s[%d]", at, i), want[i], g[i])
		}
	case string:
		if !alike(want, fmt.Sprint(got)) {
			t.Errorf("%s is %v, want %v", at, got, want)
		}
	default:
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s is %v, want %v", at, got, want)
		}
	}
}

// nested are placeholders in placeholders.
var nested = regexp.MustCompile(`<<[^<>]*>[^<>]*>`)

var varies = regexp.MustCompile(`<[^<>]*>|111111111111`)

// alike compares a text with a recorded one, in which placeholders stand for what
// varies.
func alike(want, got string) bool {
	switch want { // placeholders without brackets
	case "code-sha256", "date", "datetime", "function-url", "lambda-url", "maximum-batching-window-in-seconds", "timestamp":
		return got != ""
	}
	parts := varies.Split(nested.ReplaceAllString(want, "<x>"), -1)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("(?s)^" + strings.Join(parts, ".*") + "$").MatchString(got)
}
