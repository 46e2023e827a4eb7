package emulator_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
)

// placeholders is what stands in recordings for what varies: within a text, or alone.
var placeholders = regexp.MustCompile(`<[a-zA-Z_:0-9-]+>|\b(?:activity_arn|activity_name|state_machine_alias_name|snf_role_arn|lambda_function_name|map_run_arn|sqs_queue_url|log_group_name)(?:_t?[0-9])?\b|^(\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT|[a-z_]+_arn(:\*)?|timestamp|date|datetime|start-date|stop-date|start-time|entered-time|a_task_token|a_message_id|x-amzn-RequestId|RequestId|x-amz-crc32|X-Amzn-Trace-Id|stateExitedEventDetails.output|executionSucceededEventDetails.output|"?RandomNumberGenerated"?)$`)

// later are members that AWS answers since some recordings were made, or that a
// recorder dropped.
var later = map[string]bool{"encryptionConfiguration": true, "redriveCount": true, "RedriveCount": true, "redriveStatus": true, "redriveStatusReason": true, "revisionId": true}

// fits compares an answer with a recorded one, in which placeholders stand for
// anything and texts of JSON are decoded.
func fits(got, want any) bool {
	if s, ok := got.(string); ok {
		if _, text := want.(string); !text {
			var v any
			if json.Unmarshal([]byte(s), &v) == nil {
				got = v
			}
		}
	}
	switch want := want.(type) {
	case string:
		return fitsText(got, want)
	case []any:
		g, ok := got.([]any)
		ok = ok && len(g) == len(want)
		for i := 0; ok && i < len(want); i++ {
			ok = fits(g[i], want[i])
		}
		return ok
	case map[string]any:
		g, ok := got.(map[string]any)
		for k, w := range want {
			v, has := g[k]
			if !has {
				v, has = g[folded(k)]
			}
			ok = ok && (has && fits(v, w) || !has && empty(w))
		}
		for k, v := range g {
			_, wanted := want[k]
			_, capital := want[strings.ToUpper(k[:min(1, len(k))])+k[min(1, len(k)):]]
			ok = ok && (wanted || capital || later[k] || empty(v))
		}
		return ok
	}
	return reflect.DeepEqual(got, want)
}

// empty tells whether a member says nothing: the SDK's types cannot leave it out.
func empty(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return v == nil || v == "" || v == false || v == 0.0
}

func fitsText(got any, want string) bool {
	s, text := got.(string)
	if !text || s == want {
		return text || placeholders.FindString(want) == want && got != nil
	}
	var g, w any
	if strings.ContainsAny(want[:min(1, len(want))], "[{") && json.Unmarshal([]byte(s), &g) == nil && json.Unmarshal([]byte(want), &w) == nil {
		return fits(g, w)
	}
	if placeholders.FindString(want) == want {
		return true
	}
	var pattern strings.Builder
	rest := want
	for at := placeholders.FindStringIndex(rest); at != nil; at = placeholders.FindStringIndex(rest) {
		pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]) + `.+?`)
		rest = rest[at[1]:]
	}
	pattern.WriteString(regexp.QuoteMeta(rest))
	ok, _ := regexp.MatchString("(?s)^"+strings.ReplaceAll(pattern.String(), "111111111111", "[01]{12}")+"$", s)
	return ok
}

// packageOf is a package of one file, in base64.
func packageOf(name, text string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.Create(name) // a buffer has room
	_, _ = w.Write([]byte(text))
	_ = z.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}
