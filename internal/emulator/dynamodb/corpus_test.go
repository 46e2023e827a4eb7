package dynamodb_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// recordings is what real AWS answered.
const recordings = "../../../../shared/corpus/aws/"

// differs lists recordings that are not met, each with why.
var differs = map[string]string{}

type recording struct {
	Op       string
	Service  string
	Request  any
	Path     string
	Recorded any
	TestID   string `json:"test_id"`
	Step     int
	Setup    []struct {
		I      int
		Op     string
		Svc    string
		Params any
	}
}

func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"dynamodb", "dynamodbstreams"} {
		t.Run(service, func(t *testing.T) { replayAll(t, service) })
	}
}

func replayAll(t *testing.T, service string) {
	f, err := os.Open(recordings + service + ".jsonl")
	if err != nil {
		t.Skipf("the corpus is not here: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%d/%s/%s/%d", n, r.Op, r.TestID[strings.LastIndex(r.TestID, ":")+1:], r.Step)
		t.Run(name, func(t *testing.T) {
			if why, ok := differs[name]; ok {
				t.Skip(why)
			}
			r.replay(t)
		})
	}
}

// served are the operations that the service has, by boto3's names.
func served(svc wire.Service) map[string]string {
	names := map[string]string{}
	for _, op := range svc.Operations {
		snake := regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(op.Name, "${1}_$2")
		names[strings.ToLower(snake)] = op.Name
	}
	return names
}

func (r *recording) replay(t *testing.T) {
	f := start(t, "")
	services := []wire.Service{f.Wire(), f.Streams().Wire()}
	ops := map[string]map[string]string{"dynamodb": served(services[0]), "dynamodbstreams": served(services[1])}
	h, err := wire.New(wire.Config{Services: services, AnyCredentials: true, Clock: f.clock})
	if err != nil {
		t.Fatal(err)
	}
	answers := map[int]any{}
	for _, s := range r.Setup {
		if ops[s.Svc] == nil {
			continue
		}
		if ops[s.Svc][s.Op] == "" {
			t.Skipf("the setup calls %s, which is not emulated", s.Op)
		}
		_, answers[s.I] = send(t, h, ops[s.Svc][s.Op], resolve(t, s.Params, answers))
	}
	if ops[r.Service][r.Op] == "" {
		t.Skipf("%s is not emulated", r.Op)
	}
	_, got := send(t, h, ops[r.Service][r.Op], resolve(t, r.Request, answers))
	want := r.Recorded
	if text, ok := want.(string); ok { // an error as boto3 words it
		m, ok := got.(map[string]any)
		if !ok || !strings.HasSuffix(text, fmt.Sprint(": ", m["message"])) && !strings.HasSuffix(text, fmt.Sprint(": ", m["Message"])) {
			t.Fatalf("got  %v\nwant %s", got, text)
		}
		return
	}
	if m, ok := want.(map[string]any); ok {
		delete(m, "ResponseMetadata")
		if e, ok := m["Error"].(map[string]any); ok {
			g := got.(map[string]any)
			kind := fmt.Sprint(g["__type"])
			want = map[string]any{"Code": e["Code"], "Message": e["Message"]}
			got = map[string]any{"Code": kind[strings.LastIndex(kind, "#")+1:], "Message": g["message"]}
		}
	}
	for _, part := range strings.Split(strings.TrimPrefix(r.Path, "."), ".") {
		if part != "" {
			m, ok := got.(map[string]any)
			if !ok {
				t.Fatalf("%s of %v", r.Path, got)
			}
			got = m[part]
		}
	}
	compare(t, "", got, want)
}

// resolve fills in references to earlier answers, and binary values.
func resolve(t *testing.T, v any, answers map[int]any) any {
	switch v := v.(type) {
	case map[string]any:
		if b, ok := v["$bytes"].(string); ok {
			return base64.StdEncoding.EncodeToString([]byte(b))
		}
		if b, ok := v["$b64"].(string); ok {
			return b
		}
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
		path, ok := strings.CutPrefix(v, "$REF{")
		if !ok {
			return v
		}
		parts := strings.Split(strings.TrimSuffix(path, "}"), ".")
		n, err := strconv.Atoi(parts[0])
		if err != nil {
			t.Skipf("the reference %s is not to an answer", v)
		}
		at := answers[n]
		for _, p := range parts[1:] {
			switch in := at.(type) {
			case map[string]any:
				at = in[p]
				continue
			case []any:
				if i, err := strconv.Atoi(p); err == nil && i < len(in) {
					at = in[i]
					continue
				}
			}
			t.Fatalf("the reference %s leads nowhere", v)
		}
		return at
	}
	return v
}

// streamOps are the operations that the streams' service has.
var streamOps = map[string]bool{"DescribeStream": true, "GetRecords": true, "GetShardIterator": true, "ListStreams": true}

// send makes one call as boto3 does.
func send(t *testing.T, h http.Handler, op string, in any) (int, any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	target := "DynamoDB_20120810."
	if streamOps[op] {
		target = "DynamoDBStreams_20120810."
	}
	r.Header.Set("X-Amz-Target", target+op)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260102/eu-north-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var out any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s answered %q: %v", op, w.Body, err)
	}
	return w.Code, out
}

// varies are the words that a recording has in place of what varies.
var varies = regexp.MustCompile(`<[^>]*>`)

func compare(t *testing.T, at string, got, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s: got %v, want %v", at, got, want)
			return
		}
		for k, w := range want {
			v, ok := g[k]
			if !ok {
				t.Errorf("%s.%s is missing, want %v", at, k, w)
				continue
			}
			compare(t, at+"."+k, v, w)
		}
		for k, v := range g {
			if _, ok := want[k]; !ok {
				t.Errorf("%s.%s: got %v, want none", at, k, v)
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			t.Errorf("%s: got %v, want %v", at, got, want)
			return
		}
		for i, w := range want {
			compare(t, fmt.Sprintf("%s[%d]", at, i), g[i], w)
		}
	case string:
		if bytes, ok := strings.CutPrefix(want, "b'"); ok {
			want = base64.StdEncoding.EncodeToString([]byte(strings.TrimSuffix(bytes, "'")))
		}
		if strings.Trim(want, "<>") == "datetime" {
			if _, ok := got.(float64); !ok {
				t.Errorf("%s: got %v, want a time", at, got)
			}
			return
		}
		if want == "starting-sequence-number" {
			want = "<number>"
		}
		pattern := varies.ReplaceAllString(regexp.QuoteMeta(want), `.+`)
		pattern = strings.ReplaceAll(pattern, "111111111111", `\d{12}`)
		if s, ok := got.(string); !ok || !regexp.MustCompile(`^(?s:`+pattern+`)$`).MatchString(s) {
			t.Errorf("%s: got %v, want %s", at, got, want)
		}
	default:
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", at, got, want)
		}
	}
}
