package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	decide "github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
)

// parsePolicy reads a whole policy for the resource. What the emulator could keep but
// not go by, such as operators of conditions that IAM does not have, is refused by name.
func parsePolicy(document, resource string) ([]statement, error) {
	var p struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := strict([]byte(document), &p); err != nil || len(p.Statement) == 0 {
		return nil, invalid("The policy is not valid: it must be a JSON object with Version and Statement")
	}
	if p.Statement[0] == '{' {
		p.Statement = append(append([]byte("["), p.Statement...), ']')
	}
	var statements []statement
	if err := strict(p.Statement, &statements); err != nil {
		return nil, invalid("The policy is not valid, or has elements that the emulator does not implement: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	for _, s := range statements {
		if s.Effect != "Allow" && s.Effect != "Deny" || len(s.Action) == 0 || len(s.Principal.AWS)+len(s.Principal.Service) == 0 {
			return nil, invalid("The policy is not valid: each statement needs Effect, Principal and Action")
		}
		if _, err := decide.Conditions(s.Condition).Hold(nil); err != nil {
			return nil, invalid("The policy is not valid: %s", err)
		}
		for _, r := range s.Resource {
			if !decide.Glob(r, resource) {
				return nil, invalid("The policy is not valid: its resource %s is not %s", r, resource)
			}
		}
	}
	return statements, nil
}

// strict reads JSON that has no other members than v.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// PutResourcePolicy replaces the whole policy of a function, a version or an alias.
func (s *Service) PutResourcePolicy(ctx context.Context, in *lambda.PutResourcePolicyInput) (*lambda.PutResourcePolicyOutput, error) {
	n, err := parse(ctx, in.ResourceArn, nil)
	if err != nil {
		return nil, err
	}
	if n.qualifier == latest {
		return nil, invalid("We currently do not support adding policies for $LATEST.")
	}
	statements, err := parsePolicy(aws.ToString(in.Policy), n.qualified())
	if err != nil {
		return nil, err
	}
	if err := s.replacePolicy(n, in.RevisionId, statements); err != nil {
		return nil, err
	}
	out, err := s.GetResourcePolicy(ctx, &lambda.GetResourcePolicyInput{ResourceArn: in.ResourceArn})
	if err != nil {
		return nil, err
	}
	return &lambda.PutResourcePolicyOutput{Policy: out.Policy, RevisionId: out.RevisionId}, nil
}

func (s *Service) replacePolicy(n name, revision *string, statements []statement) error {
	return s.editPolicy(n, func(_ []statement, now string) ([]statement, error) {
		if revision != nil && *revision != now {
			return nil, stale("GetResourcePolicy")
		}
		whole, err := policyOf(statements)
		if err == nil && len(whole) > maxPolicy {
			err = errPolicySize
		}
		return statements, err
	})
}

// GetResourcePolicy returns the policy of a function, a version or an alias.
func (s *Service) GetResourcePolicy(ctx context.Context, in *lambda.GetResourcePolicyInput) (*lambda.GetResourcePolicyOutput, error) {
	out, err := s.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: in.ResourceArn})
	if err != nil {
		return nil, err
	}
	return &lambda.GetResourcePolicyOutput{Policy: out.Policy, RevisionId: out.RevisionId}, nil
}

// DeleteResourcePolicy removes the policy of a function, a version or an alias.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *lambda.DeleteResourcePolicyInput) (*lambda.DeleteResourcePolicyOutput, error) {
	n, err := parse(ctx, in.ResourceArn, nil)
	if err != nil {
		return nil, err
	}
	if _, err := s.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: in.ResourceArn}); err != nil {
		return nil, err
	}
	if err := s.replacePolicy(n, in.RevisionId, nil); err != nil {
		return nil, err
	}
	return &lambda.DeleteResourcePolicyOutput{}, nil
}
