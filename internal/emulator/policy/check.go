package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Check refuses, in words, what is no policy of a resource: another member than those
// of policies, a statement without an effect, a principal or an action, an operator of
// conditions that is not known.
func Check(document string) error {
	d := json.NewDecoder(strings.NewReader(document))
	var p struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return plain(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	if p.Version != "" && p.Version != "2012-10-17" && p.Version != "2008-10-17" {
		return fmt.Errorf("the version %s, where 2012-10-17 and 2008-10-17 are known", p.Version)
	}
	raw := bytes.TrimSpace(p.Statement)
	if len(raw) == 0 {
		return errors.New("no Statement")
	}
	if raw[0] == '{' {
		raw = append(append([]byte("["), raw...), ']')
	}
	d = json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var all []struct {
		Sid string
		statement
	}
	if err := d.Decode(&all); err != nil {
		return plain(err)
	}
	for i, s := range all {
		switch {
		case s.Effect != "Allow" && s.Effect != "Deny":
			return fmt.Errorf("statement %d: its Effect is neither Allow nor Deny", i+1)
		case (s.Principal == nil) == (s.NotPrincipal == nil):
			return fmt.Errorf("statement %d needs Principal, or NotPrincipal", i+1)
		case (len(s.Action) == 0) == (len(s.NotAction) == 0):
			return fmt.Errorf("statement %d needs Action, or NotAction", i+1)
		}
		if !s.Principal.possible() || !s.NotPrincipal.possible() {
			return fmt.Errorf("statement %d: its principal is neither * nor lists by AWS, Service, Federated or CanonicalUser", i+1)
		}
		if _, err := s.Condition.Hold(nil); err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	if len(all) == 0 {
		return errors.New("no Statement")
	}
	return nil
}

// possible tells whether the principals, if there are some, are of known kinds.
func (p *principals) possible() bool {
	if p == nil || p.everybody {
		return true
	}
	for kind, who := range p.by {
		if len(who) == 0 || !slices.Contains([]string{"AWS", "Service", "Federated", "CanonicalUser"}, kind) {
			return false
		}
	}
	return len(p.by) > 0
}

// plain is an error of JSON in words that name no Go type.
func plain(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("JSON of the kind %s stands where it cannot", kind.Value)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// Public tells whether a policy allows something to everybody, without a condition.
func Public(document string) bool {
	var p struct{ Statement statements }
	if json.Unmarshal([]byte(document), &p) != nil {
		return false
	}
	for _, s := range p.Statement {
		if s.Effect == "Allow" && len(s.Condition) == 0 && (s.NotPrincipal != nil || s.Principal.open()) {
			return true
		}
	}
	return false
}

// open tells whether the principals are everybody.
func (p *principals) open() bool {
	if p == nil {
		return false
	}
	for _, who := range p.by["AWS"] {
		if who == "*" {
			return true
		}
	}
	return p.everybody
}
