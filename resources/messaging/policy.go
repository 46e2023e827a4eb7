package messaging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// The policy of a queue is one document: of a statement for each of tls_only and
// allow_from, known by its Sid, and of those of the attribute policy.

const tlsSid, fromSid = "TLSOnly", "AllowFrom"

type document struct {
	Version   string          `json:"Version,omitempty"`
	ID        string          `json:"Id,omitempty"`
	Statement json.RawMessage `json:"Statement"`
}

type statement struct {
	Sid       string
	Effect    string
	Principal any
	Action    string
	Resource  string
	Condition map[string]any
}

// statements are those of a document, which may have one without a list.
func (d document) statements() ([]json.RawMessage, error) {
	if bytes.HasPrefix(bytes.TrimSpace(d.Statement), []byte("{")) {
		return []json.RawMessage{d.Statement}, nil
	}
	var all []json.RawMessage
	if err := json.Unmarshal(d.Statement, &all); err != nil {
		return nil, fmt.Errorf("the member Statement is neither an object nor a list")
	}
	return all, nil
}

func parsePolicy(text string) (document, []json.RawMessage, error) {
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return d, nil, fmt.Errorf("it is no policy document: %w", err)
	}
	all, err := d.statements()
	return d, all, err
}

func checkPolicy(v *tf.Check, at path.Path, policy tf.JSON) {
	if policy.IsNull() || policy.IsUnknown() || !json.Valid([]byte(policy.ValueString())) {
		return
	}
	if _, all, err := parsePolicy(policy.ValueString()); err != nil {
		v.Error(at, "Not a policy", fmt.Sprintf("%s: %v. Write an object with Version and Statement.", at, err))
	} else if len(all) == 0 {
		v.Error(at, "An empty policy", fmt.Sprintf("%s has no statement. Add one, or leave the attribute out.", at))
	}
}

func tlsStatement(arn string) statement {
	return statement{
		Sid: tlsSid, Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: arn,
		Condition: map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}},
	}
}

// fromStatement lets the services of some things send messages on their behalf.
func fromStatement(arn string, from []string) statement {
	var services []string
	for _, source := range from {
		services = append(services, strings.SplitN(source+":::", ":", 4)[2]+".amazonaws.com")
	}
	slices.Sort(services)
	return statement{
		Sid: fromSid, Effect: "Allow", Principal: map[string][]string{"Service": slices.Compact(services)}, Action: "sqs:SendMessage", Resource: arn,
		Condition: map[string]any{"ArnEquals": map[string][]string{"aws:SourceArn": from}},
	}
}

// policyText is the policy of a queue of that ARN; empty for none.
func (m *queue) policyText(arn string) (string, error) {
	out := document{Version: "2012-10-17"}
	all := []any{}
	if m.TLSOnly.ValueBool() {
		all = append(all, tlsStatement(arn))
	}
	if from := setOf(m.AllowFrom); len(from) > 0 {
		all = append(all, fromStatement(arn, from))
	}
	if !m.Policy.IsNull() {
		d, more, err := parsePolicy(m.Policy.ValueString())
		if err != nil {
			return "", tf.At(path.Root("policy"), err)
		}
		if out.ID = d.ID; d.Version != "" {
			out.Version = d.Version
		}
		for _, s := range more {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return "", nil
	}
	return out.with(all)
}

func (d document) with(statements any) (string, error) {
	var err error
	if d.Statement, err = json.Marshal(statements); err != nil {
		return "", err
	}
	text, err := json.Marshal(d)
	return string(text), err
}

// readPolicy takes a queue's policy apart. One that is as the model says leaves that
// as it is; without anything said of it the policy is somebody else's.
func (m *queue) readPolicy(arn, found string, fresh bool) error {
	if want, err := m.policyText(arn); err == nil && samePolicy(want, found) {
		return nil
	} else if want == "" && !fresh && err == nil {
		return nil
	}
	tls, from, rest := false, basetypes.SetNull(basetypes.StringType), tf.JSONNull()
	if found != "" {
		d, all, err := parsePolicy(found)
		if err != nil {
			return fmt.Errorf("reading the policy of the queue: %w", err)
		}
		var more []json.RawMessage
		for _, raw := range all {
			switch sources := allowed(raw, arn); {
			case same(raw, tlsStatement(arn)):
				tls = true
			case sources != nil:
				from = textSet(sources)
			default:
				more = append(more, raw)
			}
		}
		if more != nil {
			text, err := d.with(more)
			if err != nil {
				return err
			}
			rest = tf.JSONValue(text)
			if samePolicy(text, m.Policy.ValueString()) {
				rest = m.Policy
			}
		}
	}
	m.TLSOnly, m.AllowFrom, m.Policy = basetypes.BoolValue(tls), from, rest
	return nil
}

// allowed are the sources of a statement of allow_from; nil for another one.
func allowed(raw json.RawMessage, arn string) []string {
	var s struct {
		Sid       string
		Condition struct {
			ArnEquals map[string]json.RawMessage
		}
	}
	if json.Unmarshal(raw, &s) != nil || s.Sid != fromSid {
		return nil
	}
	var sources []string
	if text := s.Condition.ArnEquals["aws:SourceArn"]; json.Unmarshal(text, &sources) != nil {
		var one string // AWS gives a list of one as it likes
		if json.Unmarshal(text, &one) != nil {
			return nil
		}
		sources = []string{one}
	}
	slices.Sort(sources)
	for _, source := range sources {
		if strings.Count(source, ":") < 3 {
			return nil
		}
	}
	if !same(raw, fromStatement(arn, sources)) {
		return nil
	}
	return sources
}

// same reports whether a statement is s.
func same(raw json.RawMessage, s statement) bool {
	text, err := json.Marshal(s)
	return err == nil && samePolicy(string(raw), string(text))
}

// samePolicy reports whether two policies, or parts of them, are the same however SQS
// writes them.
func samePolicy(a, b string) bool {
	if a == b {
		return true
	}
	var v, w any
	if json.Unmarshal([]byte(a), &v) != nil || json.Unmarshal([]byte(b), &w) != nil {
		return false
	}
	return reflect.DeepEqual(usual("", v), usual("", w))
}

// account is a principal that is an account; SQS gives its number back as an ARN.
var account = regexp.MustCompile(`^arn:[a-z-]+:iam::([0-9]{12}):root$`)

// usual is a value of the member key as every way of writing it comes to: lists of
// one are what is in them, and accounts are numbers.
func usual(key string, v any) any {
	switch v := v.(type) {
	case []any:
		if len(v) == 1 {
			return usual(key, v[0])
		}
		for i := range v {
			v[i] = usual(key, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = usual(k, v[k])
		}
	case string:
		if key == "AWS" {
			return account.ReplaceAllString(v, "$1")
		}
	}
	return v
}

func textSet(all []string) basetypes.Set {
	values := []attr.Value{}
	for _, s := range all {
		values = append(values, basetypes.StringValue(s))
	}
	return basetypes.SetValueMust(basetypes.StringType, values)
}
