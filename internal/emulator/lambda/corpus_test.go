package lambda

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// recordings are real calls and what AWS answered.
const recordings = "../../../../shared/corpus/aws/lambda.jsonl"

type recording struct {
	Op       string         `json:"op"`
	Request  map[string]any `json:"request"`
	Path     string         `json:"path"`
	Recorded any            `json:"recorded"`
	Error    *struct{ Code, Message string }
	Setup    []struct {
		I      int            `json:"i"`
		Svc    string         `json:"svc"`
		Op     string         `json:"op"`
		Params map[string]any `json:"params"`
	} `json:"setup"`
	Test string `json:"test_id"`
	Step int    `json:"step"`
}

// accidents are recordings that cannot be met, with the reason.
var accidents = map[string]string{
	"test_uploading_to_s3": "S3",
	"test_lambda_provisioned_concurrency_moves_with_alias/get_provisioned_concurrency_config/21": "what AWS shows while it moves is not stable",
	"test_provisioned_concurrency_init_failure/get_provisioned_concurrency_config/9":             "the recorded program is not included",
	"test_runtime_introspection":                                      "the recorded program is not included",
	"test_introspection_invoke":                                       "the recorded program is not included",
	"test_uncaught_exception":                                         "the recorded program is not included",
	"test_oversized_request":                                          "the request's real size is not recorded",
	"test_large_lambda":                                               "the request's real size is not recorded",
	"test_update_function_during":                                     "the recorded program is not included",
	"test_permission_exceptions/remove_permission":                    "its set-up has a call that the wire layer refuses",
	"test_layer_function_exceptions/update_function_configuration/11": "the name of the layer that does not exist is not recorded",
	"test_lambda_eventinvokeconfig_exceptions/put_function_event_invoke_config/15": "the ARN that is no function's is not recorded",
	"test_layer_function_exceptions/create_function/15":                            "the other region's client is not recorded",
	"test_lambda_concurrent_config_updates":                                        "the recorder did not wait for the update before",
}

// TestCorpus replays the recordings whose operations and set-up are emulated, and
// counts the others by reason (go test -v shows them).
func TestCorpus(t *testing.T) {
	f, err := os.Open(recordings)
	if err != nil {
		t.Skipf("the corpus is not here: %v", err)
	}
	defer func() { _ = f.Close() }()
	skipped := map[string]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		test := r.Test[strings.LastIndex(r.Test, "::")+2:]
		t.Run(fmt.Sprintf("%s/%s/%d", r.Op, test, r.Step), func(t *testing.T) {
			w := newFakeWorld(t)
			w.ctx = env.WithScope(w.ctx, env.Scope{Account: "111111111111", Region: "us-east-1"})
			if why := r.replay(t, w); why != "" {
				skipped[why]++
				t.Skip(why)
			}
		})
	}
	for why, n := range skipped {
		t.Logf("%3d skipped: %s", n, why)
	}
}

// replay makes the calls and compares the last one's answer; it returns why it
// could not.
func (r *recording) replay(t *testing.T, w *world) (skip string) {
	for part, why := range accidents {
		if strings.Contains(fmt.Sprintf("%s/%s/%d", r.Test, r.Op, r.Step), part) {
			return why
		}
	}
	if r.Error != nil && r.Error.Code == "ValidationException" {
		return "checked by the wire layer before the service"
	}
	if r.Op == "invoke" && r.Error == nil {
		return "the recorded program is not included"
	}
	answers := map[string]any{}
	for _, s := range r.Setup {
		var answer any
		switch {
		case s.Op == "invoke" && s.Svc == "lambda":
			continue // it changes nothing
		case s.Svc == "iam":
			answer = map[string]any{"Role": map[string]any{"Arn": role}}
		case s.Svc == "lambda":
			out, why, err := w.play(s.Op, s.Params, answers)
			if why != "" {
				return "set-up: " + why
			}
			if err == nil {
				answer = out
			}
			w.settle(t)
		default:
			return "set-up: needs " + s.Svc
		}
		answers[fmt.Sprint(s.I)] = answer
	}
	if want, ok := r.Recorded.(map[string]any); ok && r.Op == "get_provisioned_concurrency_config" && want["Status"] != "IN_PROGRESS" {
		w.provisioned() // the recorder waited
	}
	got, why, err := w.play(r.Op, r.Request, answers)
	if why != "" {
		return why
	}
	if err != nil && strings.Contains(err.Error(), "not emulated") {
		return "needs another service"
	}
	if r.Error != nil {
		var api smithy.APIError
		if !errors.As(err, &api) {
			t.Errorf("%v: got %v, %v, want %s: %s", r.Request, got, err, r.Error.Code, r.Error.Message)
		} else if api.ErrorCode() != r.Error.Code || !like(r.Error.Message, api.ErrorMessage()) {
			t.Errorf("%v:\ngot  %s: %s\nwant %s: %s", r.Request, api.ErrorCode(), api.ErrorMessage(), r.Error.Code, r.Error.Message)
		}
		return ""
	}
	if err != nil {
		t.Errorf("%v: %v", r.Request, err)
		return ""
	}
	if r.Path != "" {
		return "only a part of the answer is recorded"
	}
	want := r.Recorded.(map[string]any)
	delete(want, "ResponseMetadata")
	compare(t, "", want, got)
	return ""
}

// provisioned waits until no environment is being started.
func (w *world) provisioned() {
	_ = w.env.Store.View(func(tx *store.Tx) error {
		for _, p := range w.provisions.From(tx, "") {
			t, _ := w.target(tx, p.name())
			key := t.version.environmentKey(t.function.ID)
			for now := w.host.Provisioned(key); now.Failure == "" && now.Ready < now.Requested; now = w.host.Provisioned(key) {
				<-now.Changed
			}
		}
		return nil
	})
}

// play makes one call with boto3's names.
func (w *world) play(op string, params map[string]any, answers map[string]any) (out any, skip string, err error) {
	words := strings.Split(op, "_")
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	method := reflect.ValueOf(w.Service).MethodByName(strings.Join(words, ""))
	if !method.IsValid() {
		return nil, op + " is not emulated", nil
	}
	text, err := json.Marshal(resolve(params, answers))
	if err != nil {
		return nil, "", err
	}
	if strings.Contains(string(text), "$REF") {
		return nil, "a reference cannot be resolved", nil
	}
	in := reflect.New(method.Type().In(1).Elem())
	if json.Unmarshal(text, in.Interface()) != nil {
		return nil, op + " has members of other types", nil //nolint:nilerr // the reason is the result
	}
	for _, o := range w.Wire().Operations {
		if o.Name != strings.Join(words, "") {
			continue
		}
		for _, member := range o.Refused {
			if isSet(in.Elem(), strings.Split(member, ".")) {
				return nil, op + " with " + member + " is refused", nil
			}
		}
	}
	if f := in.Elem().FieldByName("Runtime"); f.IsValid() {
		name := f.String()
		if _, err := runtime.Interpreter(name); err != nil && refusedRuntime.MatchString(name) {
			return nil, name + " is refused", nil
		}
	}
	if f := in.Elem().FieldByName("InvocationType"); f.IsValid() && f.String() == "Event" {
		return nil, "InvocationType Event is refused", nil
	}
	if s := in.Elem().FieldByName("SnapStart"); s.IsValid() && !s.IsNil() && s.Elem().FieldByName("ApplyOn").String() == "PublishedVersions" {
		return nil, "SnapStart is refused", nil
	}
	res := method.Call([]reflect.Value{reflect.ValueOf(w.ctx), in})
	if e, ok := res[1].Interface().(error); ok {
		return nil, "", e
	}
	text, err = json.Marshal(res[0].Interface())
	if err != nil {
		return nil, "", err
	}
	return out, "", json.Unmarshal(text, &out)
}

func isSet(v reflect.Value, path []string) bool {
	f := v.FieldByName(path[0])
	if !f.IsValid() || f.IsZero() || f.Kind() == reflect.Slice && f.Len() == 0 {
		return false
	}
	if len(path) == 1 {
		return f.Kind() != reflect.Pointer || f.Elem().Kind() != reflect.String || f.Elem().String() != ""
	}
	return isSet(f.Elem(), path[1:])
}

var reference = regexp.MustCompile(`\$REF\{(\d+)\.([\w.]+)\}`)

// resolve fills in what the recorder wrote for values of other calls and for
// programs; those get one of our own.
func resolve(v any, answers map[string]any) any {
	switch v := v.(type) {
	case string:
		return reference.ReplaceAllStringFunc(v, func(ref string) string {
			m := reference.FindStringSubmatch(ref)
			if strings.HasSuffix(m[2], "Role.Arn") {
				return role
			}
			value := answers[m[1]]
			for _, k := range strings.Split(m[2], ".") {
				o, _ := value.(map[string]any)
				value = o[k]
			}
			if value == nil {
				return ref
			}
			return fmt.Sprint(value)
		})
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = resolve(v[i], answers)
		}
		return out
	case map[string]any:
		if zip, ok := v["$zip"]; ok {
			return program(zip)
		}
		if s, ok := v["$bytes"].(string); ok {
			return base64.StdEncoding.EncodeToString([]byte(s))
		}
		if s, ok := v["$b64"].(string); ok {
			return s
		}
		out := map[string]any{}
		for k := range v {
			out[k] = resolve(v[k], answers)
		}
		if s, ok := out["Payload"].(string); ok && v["Payload"] != nil {
			if _, plain := v["Payload"].(string); plain {
				out["Payload"] = base64.StdEncoding.EncodeToString([]byte(s))
			}
		}
		return out
	}
	return v
}

// program stands for a package of the recordings, in base64: one of ours, and for
// each of theirs another.
func program(recorded any) string {
	return base64.StdEncoding.EncodeToString(packageOf(new(testing.T), map[string]string{
		"handler.py": "def handler(e, c): return e", "recorded": fmt.Sprint(recorded),
	}))
}

// compare reports where got differs from what AWS answered. Members that are empty
// here and absent there are the wire layer's to leave out.
func compare(t *testing.T, at string, want, got any) {
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
			compare(t, at+"."+k, v, g[k])
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
			compare(t, fmt.Sprintf("%s[%d]", at, i), want[i], g[i])
		}
	case string:
		if !like(want, fmt.Sprint(got)) {
			t.Errorf("%s is %v, want %v", at, got, want)
		}
	default:
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s is %v, want %v", at, got, want)
		}
	}
}

var placeholder = regexp.MustCompile(`<[^<>]*>|111111111111`)

// like compares a text with a recorded one, in which placeholders stand for what varies.
func like(want, got string) bool {
	switch want { // placeholders without brackets
	case "code-sha256", "date", "datetime", "function-url", "lambda-url":
		return got != ""
	}
	parts := placeholder.Split(want, -1)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("(?s)^" + strings.Join(parts, ".*") + "$").MatchString(got)
}

// refusedRuntime matches the runtimes that AWS has and that do not run here.
var refusedRuntime = regexp.MustCompile(`^(java(8\.al2|\d\d)|dotnet\d+|ruby3\.\d|python3\.(8|9|1\d)|nodejs(16|18|2\d)\.x)$`)
