package wire_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// notAsRecorded are recorded answers that are not the constraint table's to give.
var notAsRecorded = map[string]string{
	"lambda.create_event_source_mapping": "the service itself demands a starting position, with a full stop",
	"lambda.list_layers":                 "the value set has runtimes that AWS has not published",
	"lambda.publish_layer_version":       "the value set is another one than the model's",
	"logs.put_delivery_destination":      "operations of deliveries answer another code than the service's others",
	"logs.put_metric_filter":             "the members of a structure come in another order than the model's",
}

// TestCorpus compares the constraint errors that AWS was recorded to answer.
func TestCorpus(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "..", "..", "shared", "corpus", "aws")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the corpus of recorded answers is absent: %v", err)
	}
	ran := 0
	for _, c := range clients() {
		if c.service.Name == "apigateway" {
			continue // the recorded answers are those of version 1
		}
		f, err := os.Open(filepath.Join(dir, c.service.Name+".jsonl"))
		if err != nil {
			continue
		}
		defer f.Close()
		svc := c.service
		svc.Operations = c.operations(t)
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var r struct {
				Op       string          `json:"op"`
				Request  json.RawMessage `json:"request"`
				Recorded json.RawMessage `json:"recorded"`
			}
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			want := recordedError(r.Recorded)
			name := svc.Name + "." + r.Op
			if !strings.Contains(want, "detected: Value") || strings.Contains(want, "<") || notAsRecorded[name] != "" {
				continue
			}
			op := operationNamed(t, svc, r.Op)
			in, _ := op.Types()
			v := reflect.New(in)
			if err := json.Unmarshal(concrete(t, r.Request), v.Interface()); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			ran++
			got := ""
			if err := wire.Constrain(svc, op.Name, v.Interface()); err != nil {
				got = strings.TrimPrefix(err.Error(), "api error ")
			}
			if got != want {
				t.Errorf("%s %s\n got %s\nwant %s", name, r.Request, got, want)
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if ran < 10 {
		t.Errorf("only %d recorded answers were compared", ran)
	}
}

func recordedError(raw json.RawMessage) string {
	var r struct {
		Error struct{ Code, Message string }
	} // "error" as well
	if json.Unmarshal(raw, &r) != nil {
		return ""
	}
	return r.Error.Code + ": " + r.Error.Message
}

// operationNamed finds create_function by CreateFunction.
func operationNamed(t *testing.T, svc wire.Service, snake string) wire.Operation {
	t.Helper()
	want := strings.ReplaceAll(snake, "_", "")
	for _, op := range svc.Operations {
		if strings.EqualFold(op.Name, want) {
			return op
		}
	}
	t.Fatalf("%s has no operation %s", svc.Name, snake)
	return wire.Operation{}
}

// concrete puts values in the places of what the corpus refers to.
func concrete(t *testing.T, raw json.RawMessage) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(replace(v))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func replace(v any) any {
	switch v := v.(type) {
	case string:
		switch {
		case strings.Contains(v, "Role.Arn}"):
			return "arn:aws:iam::111111111111:role/r"
		case strings.Contains(v, "CredentialId}"):
			return "ACCAEXAMPLE1234567890"
		}
	case []any:
		for i := range v {
			v[i] = replace(v[i])
		}
	case map[string]any:
		for k, x := range v {
			if k == "$zip" || k == "$bytes" || k == "$b64" {
				return ""
			}
			v[k] = replace(x)
		}
	}
	return v
}
