package emulator_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	emulatedapigateway "github.com/tfserverless/terraform-provider-serverless/internal/emulator/apigateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	emulatediam "github.com/tfserverless/terraform-provider-serverless/internal/emulator/iam"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/logs"
	emulatedsqs "github.com/tfserverless/terraform-provider-serverless/internal/emulator/sqs"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	emulatedsts "github.com/tfserverless/terraform-provider-serverless/internal/emulator/sts"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// recordings are calls to real AWS, in a folder beside the repository.
const recordings = "../../../shared/corpus/aws/"

// recordedAt is when the recordings' log events were written.
var recordedAt = time.UnixMilli(1795388746958)

// A recording is one call, those made before it, and what AWS answered.
type recording struct {
	Service, Op string
	Request     any
	Setup       []struct {
		I       int
		Svc, Op string
		Params  any
	}
	Path     string
	Recorded any
	TestID   string `json:"test_id"`
	Step     int
}

// TestRecordings replays recordings of the services that only a whole emulator can
// replay, with the SDK's clients. Those that need what is not emulated are skipped
// by name.
func TestRecordings(t *testing.T) {
	t.Parallel()
	served := servedOperations(t)
	for _, name := range []string{"apigateway", "iam", "logs", "sts"} {
		raw, err := os.ReadFile(recordings + name + ".jsonl")
		if err != nil {
			t.Skipf("the recordings of AWS's answers are not there: %v", err)
		}
		lines := bufio.NewScanner(bytes.NewReader(raw))
		lines.Buffer(nil, 1<<20)
		for n := 1; lines.Scan(); n++ {
			var r recording
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			test := r.TestID[strings.LastIndex(r.TestID, ":")+1:]
			t.Run(fmt.Sprintf("%s/%d/%s/%s", name, n, test, r.Op), func(t *testing.T) {
				t.Parallel()
				r.needs(t, served)
				r.replay(t)
			})
		}
	}
}

// servedOperations is the set of service.Operation that are emulated.
func servedOperations(t *testing.T) map[string]bool {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	e := &env.Env{Store: st, Clock: clock.Real}
	roles, err := emulatediam.New(e)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := logs.New(e)
	if err != nil {
		t.Fatal(err)
	}
	queues, err := emulatedsqs.New(e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = queues.Close() })
	keys, err := emulatedapigateway.New(e, nil)
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, svc := range []wire.Service{keys.Wire(), roles.Wire(), groups.Wire(), queues.Wire(), emulatedsts.New(e, roles, "", "").Wire()} {
		for _, op := range svc.Operations {
			served[svc.Name+"."+op.Name] = true
		}
	}
	return served
}

// goName is the SDK's name for boto3's, such as GetRole for get_role.
func goName(snake string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(snake, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// needs skips a recording that needs what is not emulated.
func (r recording) needs(t *testing.T, served map[string]bool) {
	t.Helper()
	calls := []string{r.Service + "." + goName(r.Op)}
	for _, s := range r.Setup {
		calls = append(calls, s.Svc+"."+goName(s.Op))
	}
	for _, call := range calls {
		if !served[call] {
			t.Skipf("%s is not emulated", call)
		}
	}
	if strings.Contains(fmt.Sprint(r.Request), "service-role:") {
		t.Skip("service-linked roles are not emulated")
	}
}

func (r recording) replay(t *testing.T) {
	e := start(t, emulator.Config{Clock: clock.NewFake(recordedAt), AnyCredentials: true})
	c := config(e)
	answers := map[int]any{}
	for _, s := range r.Setup {
		if s.Op == "delete_api_key" {
			continue // of those that the recorder's account had before
		}
		answers[s.I], _ = call(t, c, s.Svc, s.Op, resolve(t, s.Params, answers))
	}
	got, err := call(t, c, r.Service, r.Op, resolve(t, r.Request, answers))
	want := r.Recorded
	if m, ok := want.(map[string]any); ok {
		delete(m, "ResponseMetadata")
		if e, ok := m["Error"].(map[string]any); ok {
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != e["Code"] || api.ErrorMessage() != e["Message"] {
				t.Errorf("got  %v\nwant %v: %v", err, e["Code"], e["Message"])
			}
			return
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if r.Path != "" {
		got = at(t, got, strings.Split(r.Path[1:], "."))
	}
	compare(t, "$", got, want)
}

// call makes one call and returns its output as plain JSON.
func call(t *testing.T, c aws.Config, service, op string, params any) (any, error) {
	t.Helper()
	var client any
	switch service {
	case "apigateway":
		client = apigateway.NewFromConfig(c)
	case "iam":
		client = iam.NewFromConfig(c)
	case "logs":
		client = cloudwatchlogs.NewFromConfig(c)
	case "events":
		client = eventbridge.NewFromConfig(c)
	case "sns":
		client = sns.NewFromConfig(c)
	case "sqs":
		client = sqs.NewFromConfig(c)
	case "sts":
		client = sts.NewFromConfig(c)
	}
	method := reflect.ValueOf(client).MethodByName(goName(op))
	in := reflect.New(method.Type().In(1).Elem())
	raw, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(in.Interface()); err != nil {
		t.Skipf("the SDK has no such input: %v", err)
	}
	out := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, err
	}
	if raw, err = json.Marshal(out[0].Interface()); err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		t.Fatal(err)
	}
	return boto(plain), nil
}

// boto is an output as boto3 shows it: without members that have no value, and
// with policies decoded. Names keep the SDK's capitals; see [folded].
func boto(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if tags, ok := e.(map[string]any); ok && k == "Tags" {
				out[folded(k)] = tags // a tag may be empty
				continue
			}
			if e != nil && e != "" && k != "ResultMetadata" {
				out[folded(k)] = boto(e)
			}
			if s, ok := e.(string); ok && strings.HasPrefix(s, "%7B") {
				text, _ := url.QueryUnescape(s)
				var policy any
				_ = json.Unmarshal([]byte(text), &policy) // it was valid JSON when it was sent
				out[folded(k)] = policy
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = boto(v[i])
		}
	}
	return v
}

// folded is a member's name with a small letter first: the SDK writes LogGroupName
// for what boto3 calls logGroupName.
func folded(name string) string {
	r := []rune(name)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

// at walks into v.
func at(t *testing.T, v any, path []string) any {
	t.Helper()
	for _, p := range path {
		switch in := v.(type) {
		case map[string]any:
			v = in[folded(p)]
		case []any:
			i, err := strconv.Atoi(p)
			if err != nil || i >= len(in) {
				t.Skipf("nothing is at %v", path)
			}
			v = in[i]
		default:
			t.Skipf("nothing is at %v", path)
		}
	}
	return v
}

var reference = regexp.MustCompile(`\$REF\{(\d+)\.([^}|]*)\}`)

// resolve fills in the values of earlier answers.
func resolve(t *testing.T, v any, answers map[int]any) any {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = resolve(t, e, answers)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = resolve(t, e, answers)
		}
		return out
	case string:
		text := reference.ReplaceAllStringFunc(v, func(ref string) string {
			m := reference.FindStringSubmatch(ref)
			i, _ := strconv.Atoi(m[1])
			return fmt.Sprint(at(t, answers[i], strings.Split(m[2], ".")))
		})
		// The recordings' account has another number, and region.
		text = strings.ReplaceAll(text, "111111111111", emulator.Account)
		return strings.ReplaceAll(text, ":us-east-1:", ":eu-north-1:")
	}
	return v
}

// unrecorded are members that some recordings leave out: AWS has returned the one
// only since 2025, and the recorder dropped the other because it varies.
var unrecorded = map[string]bool{"deletionProtectionEnabled": true, "storedBytes": true}

// compare demands that all that was recorded is there, and nothing else.
func compare(t *testing.T, where string, got, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s: got %v, want an object", where, got)
			return
		}
		known := map[string]bool{}
		for k, w := range want {
			known[folded(k)] = true
			e, ok := g[folded(k)]
			if !ok {
				e, ok = g[k] // a key of a map or of a policy
			}
			if !ok {
				t.Errorf("%s.%s is missing", where, k)
				continue
			}
			compare(t, where+"."+k, e, w)
		}
		for k, e := range g {
			if !known[folded(k)] && !unrecorded[k] {
				t.Errorf("%s.%s: got %v; AWS returned none", where, k, e)
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			t.Errorf("%s: got %v, want %v", where, got, want)
			return
		}
		for i := range want {
			compare(t, fmt.Sprintf("%s[%d]", where, i), g[i], want[i])
		}
	case string:
		pattern := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(regexp.QuoteMeta(want), ".+")
		if _, ok := got.(string); !ok || strings.HasSuffix(want, "-index") || want == "timestamp" || want == "datetime" {
			pattern = ".+"
		}
		pattern = strings.ReplaceAll(pattern, "111111111111", emulator.Account)
		if !regexp.MustCompile("^(?s:" + pattern + ")$").MatchString(fmt.Sprint(got)) {
			t.Errorf("%s: got %v, want %s", where, got, want)
		}
	default:
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", where, got, want)
		}
	}
}
