package iam

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	access "github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
)

// document is a policy as far as IAM checks it.
type document struct {
	Version   string     `json:"Version"`
	ID        string     `json:"Id"`
	Statement statements `json:"Statement"`
}

// statements may be written as one object or as a list of them.
type statements []statement

func (s *statements) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		*s = make(statements, 1)
		return json.Unmarshal(b, &(*s)[0])
	}
	return json.Unmarshal(b, (*[]statement)(s))
}

type statement struct {
	Sid          string            `json:"Sid"`
	Effect       string            `json:"Effect"`
	Principal    json.RawMessage   `json:"Principal"`
	NotPrincipal json.RawMessage   `json:"NotPrincipal"`
	Action       texts             `json:"Action"`
	NotAction    texts             `json:"NotAction"`
	Resource     texts             `json:"Resource"`
	NotResource  texts             `json:"NotResource"`
	Condition    access.Conditions `json:"Condition"`
}

// texts may be written as one text or as a list of them.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*t = make(texts, 1)
		return json.Unmarshal(b, &(*t)[0])
	}
	return json.Unmarshal(b, (*[]string)(t))
}

func malformed(message string) error {
	return &types.MalformedPolicyDocumentException{Message: &message}
}

// parse reads a document and checks what all policies have in common.
func parse(text string) (*document, error) {
	if !json.Valid([]byte(text)) {
		return nil, malformed("This policy contains invalid Json")
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	var d document
	if err := dec.Decode(&d); err != nil || len(d.Statement) == 0 {
		return nil, malformed("Syntax errors in policy.")
	}
	if d.Version != "" && d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		return nil, malformed("The policy failed legacy parsing")
	}
	sids := map[string]bool{}
	for _, st := range d.Statement {
		switch {
		case st.Effect != "Allow" && st.Effect != "Deny":
			return nil, malformed("Syntax errors in policy.")
		case st.Sid != "" && sids[st.Sid]:
			return nil, malformed("Statement IDs (SID) in a single policy must be unique.")
		case st.Action == nil && st.NotAction == nil:
			return nil, malformed("Policy statement must contain actions.")
		case st.Action != nil && st.NotAction != nil, st.Resource != nil && st.NotResource != nil, st.Principal != nil && st.NotPrincipal != nil:
			return nil, malformed("Syntax errors in policy.")
		}
		if _, err := st.Condition.Hold(nil); err != nil {
			return nil, malformed("Syntax errors in policy.")
		}
		sids[st.Sid] = true
		for _, action := range slices.Concat(st.Action, st.NotAction) {
			if action != "*" && !strings.Contains(action, ":") {
				return nil, malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
			}
		}
	}
	return &d, nil
}

var resource = regexp.MustCompile(`^(\*|arn:.*|\$\{.*)$`)

// checkPolicy checks an identity policy.
func checkPolicy(text string) error {
	d, err := parse(text)
	if err != nil {
		return err
	}
	if d.Version != "2012-10-17" {
		return malformed("Policy document must be version 2012-10-17 or greater.")
	}
	for _, st := range d.Statement {
		switch {
		case st.Principal != nil || st.NotPrincipal != nil:
			return malformed("Policy document should not specify a principal.")
		case st.Resource == nil && st.NotResource == nil:
			return malformed("Policy statement must contain resources.")
		}
		for _, r := range slices.Concat(st.Resource, st.NotResource) {
			if !resource.MatchString(r) {
				return malformed(`Resource ` + r + ` must be in ARN format or "*".`)
			}
		}
	}
	return nil
}

// assumeActions are the actions that a trust policy may name.
var assumeActions = []string{
	"sts:*", "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity",
	"sts:SetContext", "sts:SetSourceIdentity", "sts:TagSession",
}

// checkTrust checks a role's trust policy.
func checkTrust(text string) error {
	d, err := parse(text)
	if err != nil {
		return err
	}
	for _, st := range d.Statement {
		for _, action := range st.Action {
			if !slices.ContainsFunc(assumeActions, func(a string) bool { return strings.EqualFold(a, action) }) {
				return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
			}
		}
		switch {
		case st.Resource != nil || st.NotResource != nil:
			return malformed("Has prohibited field Resource")
		case st.Principal == nil && st.NotPrincipal == nil:
			return malformed("Missing required field Principal")
		}
	}
	return nil
}

// size is what counts of a document towards its limit: all but white space.
func size(text string) int {
	n := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}
