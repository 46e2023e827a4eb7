package function

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// A statement of a function's policy, as it is added; members are empty where it
// says nothing.
type statement struct {
	ID, Action, Principal           string
	SourceARN, SourceAccount, OrgID string
	EventSourceToken, URLAuth       string
	ViaURL                          bool
}

// hash is an id for the statement made of what it says.
func (s statement) hash() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %q %q %t", s.Action, s.Principal, s.SourceARN, s.SourceAccount, s.OrgID, s.EventSourceToken, s.URLAuth, s.ViaURL))
	return "serverless-" + hex.EncodeToString(sum[:8])
}

// add puts the statement into the policy of a function or alias; the same one that
// is there already is left.
func (s statement) add(ctx context.Context, c *Clients, r reference) error {
	defer parts.LockPolicy(*r.name)()
	in := &lambda.AddPermissionInput{
		FunctionName: r.name, Qualifier: r.qualifier, StatementId: &s.ID, Action: &s.Action, Principal: &s.Principal,
		SourceArn: given(s.SourceARN), SourceAccount: given(s.SourceAccount), PrincipalOrgID: given(s.OrgID),
		EventSourceToken: given(s.EventSourceToken), FunctionUrlAuthType: types.FunctionUrlAuthType(s.URLAuth),
	}
	if s.ViaURL {
		in.InvokedViaFunctionUrl = aws.Bool(true)
	}
	err := tf.Retry(ctx, unknownPrincipal, func(ctx context.Context) error {
		_, err := c.Lambda.AddPermission(ctx, in)
		return err
	})
	if !exists(err) {
		return err
	}
	have, again := statements(ctx, c, r)
	if again == nil && have[s.ID] == s {
		return nil
	}
	return errors.Join(err, again)
}

// unknownPrincipal reports whether the change may succeed later: another one is
// under way, or the role that is named is too new.
func unknownPrincipal(err error) bool {
	return parts.InProgress(err) || tf.Says(err, "InvalidParameterValueException", "The provided principal was invalid")
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// removeStatement takes a statement away; one that is not there is no error.
func removeStatement(ctx context.Context, c *Clients, r reference, id string) error {
	defer parts.LockPolicy(*r.name)()
	err := tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: r.name, Qualifier: r.qualifier, StatementId: &id})
		return err
	})
	if tf.Is[*types.ResourceNotFoundException](err) {
		return nil
	}
	return err
}

// statements returns those of a function's or alias's policy by id; none if there
// is no policy.
func statements(ctx context.Context, c *Clients, r reference) (map[string]statement, error) {
	all, err := policyOf(ctx, c, r)
	if tf.Is[*types.ResourceNotFoundException](err) {
		return nil, nil
	}
	return all, err
}

// policyOf is statements, with AWS's error if there is no policy.
func policyOf(ctx context.Context, c *Clients, r reference) (map[string]statement, error) {
	return tf.Shared(ctx, "policy of "+*r.name+":"+aws.ToString(r.qualifier), func() (map[string]statement, error) {
		out, err := c.Lambda.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: r.name, Qualifier: r.qualifier})
		if err != nil {
			return nil, err
		}
		all, err := parsePolicy(aws.ToString(out.Policy))
		if err != nil {
			return nil, fmt.Errorf("reading the policy of %s: %w", r.id(), err)
		}
		return all, nil
	})
}

// parsePolicy reads a policy as Lambda writes it: one principal and one action in
// each statement, and conditions by fixed keys.
func parsePolicy(document string) (map[string]statement, error) {
	var policy struct {
		Statement []struct {
			Sid       string
			Action    string
			Principal json.RawMessage
			Condition map[string]map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return nil, err
	}
	all := map[string]statement{}
	for _, p := range policy.Statement {
		s := statement{ID: p.Sid, Action: p.Action}
		var who map[string]string
		if json.Unmarshal(p.Principal, &s.Principal) != nil && json.Unmarshal(p.Principal, &who) == nil {
			for _, s.Principal = range who { // Service, AWS or Federated
			}
		}
		for _, of := range p.Condition {
			for key, raw := range of {
				to := map[string]*string{
					"AWS:SourceArn": &s.SourceARN, "aws:SourceArn": &s.SourceARN, "AWS:SourceAccount": &s.SourceAccount, "aws:SourceAccount": &s.SourceAccount,
					"aws:PrincipalOrgID": &s.OrgID, "lambda:EventSourceToken": &s.EventSourceToken, "lambda:FunctionUrlAuthType": &s.URLAuth,
				}[key]
				switch {
				case to != nil:
					if err := json.Unmarshal(raw, to); err != nil {
						return nil, fmt.Errorf("the condition %s of the statement %s: %w", key, p.Sid, err)
					}
				case key == "lambda:InvokedViaFunctionUrl":
					s.ViaURL = string(raw) == `"true"` || string(raw) == "true"
				}
			}
		}
		all[s.ID] = s
	}
	return all, nil
}
