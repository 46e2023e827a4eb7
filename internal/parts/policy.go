// Package parts makes what composite resources of several families own beside
// their main object: an execution role with its policy, a log group, and the
// permission for another service to call a function. It must not know any
// resource type.
package parts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Document is an IAM policy: identity-based, or a role's trust policy.
type Document struct {
	Version   string
	Statement []Statement
}

// A Statement is one statement of a [Document].
type Statement struct {
	Sid       string                         `json:",omitempty"`
	Effect    string                         // Allow or Deny
	Principal map[string]Strings             `json:",omitempty"`
	Action    Strings                        `json:",omitempty"`
	Resource  Strings                        `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

// Strings is one string or a list of them in JSON, as IAM writes and reads them.
type Strings []string

// MarshalJSON writes a single string without a list.
func (s Strings) MarshalJSON() ([]byte, error) {
	if len(s) == 1 {
		return json.Marshal(s[0])
	}
	return json.Marshal([]string(s))
}

// Allow returns a statement that allows the actions on the resources.
func Allow(actions, resources []string) Statement {
	return Statement{Effect: "Allow", Action: actions, Resource: resources}
}

// Trust returns the trust policy of a role for services such as
// "lambda.amazonaws.com".
func Trust(services ...string) string {
	return mustJSON(Document{version, []Statement{{
		Effect:    "Allow",
		Principal: map[string]Strings{"Service": services},
		Action:    Strings{"sts:AssumeRole"},
	}}})
}

const version = "2012-10-17"

// Policy returns one policy of the statements and of those of the documents,
// which are JSON as users write it and kept as they are. An error names the
// document by its index.
func Policy(statements []Statement, documents []string) (string, error) {
	all := make([]json.RawMessage, 0, len(statements)+len(documents))
	for _, s := range statements {
		all = append(all, json.RawMessage(mustJSON(s)))
	}
	for i, d := range documents {
		more, err := statementsOf(d)
		if err != nil {
			return "", &DocumentError{Index: i, Err: err}
		}
		all = append(all, more...)
	}
	return mustJSON(struct {
		Version   string
		Statement []json.RawMessage
	}{version, all}), nil
}

// A DocumentError says which of a list of policy documents is wrong.
type DocumentError struct {
	Index int
	Err   error
}

func (e *DocumentError) Error() string { return fmt.Sprintf("policy document %d: %v", e.Index, e.Err) }

// Unwrap returns what is wrong.
func (e *DocumentError) Unwrap() error { return e.Err }

// statementsOf returns the statements of a document as they were written.
func statementsOf(document string) ([]json.RawMessage, error) {
	var d struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	dec := json.NewDecoder(strings.NewReader(document))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("it is not a policy document: %w", err)
	}
	if d.Version != version {
		return nil, fmt.Errorf("its Version is %q; write %q, which the other statements of the role have", d.Version, version)
	}
	var list []json.RawMessage
	if len(d.Statement) > 0 && d.Statement[0] == '{' {
		list = []json.RawMessage{d.Statement}
	} else if err := json.Unmarshal(d.Statement, &list); err != nil {
		return nil, fmt.Errorf("its Statement is neither an object nor a list of objects")
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("it has no statement")
	}
	return list, nil
}

// Both returns a policy with the statements of both, those of b that a has too
// left out. While a change is under way a role has both, so that neither the old
// nor the new code is without its rights.
func Both(a, b string) (string, error) {
	old, err := statementsOf(a)
	if err != nil {
		return "", err
	}
	fresh, err := statementsOf(b)
	if err != nil {
		return "", err
	}
	have := map[string]bool{}
	all := slices.Clone(old)
	for _, s := range old {
		have[string(s)] = true
	}
	for _, s := range fresh {
		if !have[string(s)] {
			all = append(all, s)
		}
	}
	return mustJSON(struct {
		Version   string
		Statement []json.RawMessage
	}{version, all}), nil
}

// mustJSON encodes what always can be.
func mustJSON(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
