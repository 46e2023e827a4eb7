package events

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// maxTargets is how many targets a rule has at most.
const maxTargets = 5

// kind is the service of a target.
func kind(arn string) string {
	p := strings.SplitN(arn, ":", 6)
	if len(p) < 6 || p[0] != "arn" {
		return ""
	}
	return p[2]
}

// check refuses a target that EventBridge would refuse, or that is not emulated.
func (s *Service) check(t *types.Target) error {
	arn, id := value(t.Arn), value(t.Id)
	known := map[string]bool{
		"sqs": s.Targets.Queues != nil, "lambda": s.Targets.Functions != nil, "sns": s.Targets.Topics != nil,
		"states": s.Targets.Machines != nil, "events": strings.Contains(arn, ":event-bus/"),
	}
	inputs := 0
	for _, set := range []bool{t.Input != nil, t.InputPath != nil, t.InputTransformer != nil} {
		if set {
			inputs++
		}
	}
	switch {
	case kind(arn) == "":
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", arn)
	case !known[kind(arn)]:
		return invalid("Targets.Arn: %s is not emulated as a target", kind(arn))
	case inputs > 1:
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", id)
	case strings.HasSuffix(arn, ".fifo") && kind(arn) == "sqs" && (t.SqsParameters == nil || value(t.SqsParameters.MessageGroupId) == ""):
		return invalid("Parameter(s) SqsParameters must be specified for target: %s.", id)
	case kind(arn) == "states" && value(t.RoleArn) == "":
		return invalid("Parameter(s) RoleArn must be specified for target: %s.", id)
	case t.DeadLetterConfig != nil && value(t.DeadLetterConfig.Arn) != "" && kind(*t.DeadLetterConfig.Arn) != "sqs":
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", *t.DeadLetterConfig.Arn)
	case t.Input != nil && !isJSON(*t.Input):
		return invalid("Invalid input for target %s.", id)
	}
	if t.InputPath != nil {
		if _, err := steps(*t.InputPath); err != nil {
			return invalid("Invalid InputPath for target %s: %s.", id, err)
		}
	}
	return checkTransformer(t)
}

var variable = regexp.MustCompile(`<([^<>\s]+)>`)

// checkTransformer refuses a template with names that the paths do not define.
func checkTransformer(t *types.Target) error {
	x := t.InputTransformer
	if x == nil {
		return nil
	}
	for name, path := range x.InputPathsMap {
		if strings.HasPrefix(strings.ToUpper(name), "AWS") {
			return invalid("Invalid InputTransformer for target %s : Cannot use AWS as prefix of InputPathsMap key.", value(t.Id))
		}
		if _, err := steps(path); err != nil {
			return invalid("Invalid InputTransformer for target %s : Invalid path %s: %s.", value(t.Id), path, err)
		}
	}
	for _, m := range variable.FindAllStringSubmatch(value(x.InputTemplate), -1) {
		if _, ok := x.InputPathsMap[m[1]]; !ok && !slices.Contains(reserved, m[1]) {
			return invalid("InputTemplate for target %s contains invalid placeholder %s.", value(t.Id), m[1])
		}
	}
	return nil
}

// PutTargets gives targets to a rule, in place of those of the same ids.
func (s *Service) PutTargets(ctx context.Context, in *eventbridge.PutTargetsInput) (*eventbridge.PutTargetsOutput, error) {
	err := s.changeRule(ctx, "PutTargets", in.EventBusName, in.Rule, func(r *rule) error {
		after := slices.Clone(r.Targets)
		for _, t := range in.Targets {
			if err := s.check(&t); err != nil {
				return err
			}
			i := slices.IndexFunc(after, func(o types.Target) bool { return value(o.Id) == value(t.Id) })
			if i < 0 {
				after = append(after, t)
			} else {
				after[i] = t
			}
		}
		if len(after) > maxTargets {
			return &types.LimitExceededException{Message: ptr("The requested resource exceeds the maximum number allowed.")}
		}
		r.Targets = after
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &eventbridge.PutTargetsOutput{FailedEntries: []types.PutTargetsResultEntry{}}, nil
}

// RemoveTargets takes targets from a rule. Ids that it has not are no error. Force is
// for rules that AWS's services make, of which there are none.
func (s *Service) RemoveTargets(ctx context.Context, in *eventbridge.RemoveTargetsInput) (*eventbridge.RemoveTargetsOutput, error) {
	err := s.changeRule(ctx, "RemoveTargets", in.EventBusName, in.Rule, func(r *rule) error {
		r.Targets = slices.DeleteFunc(slices.Clone(r.Targets), func(t types.Target) bool { return slices.Contains(in.Ids, value(t.Id)) })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &eventbridge.RemoveTargetsOutput{FailedEntries: []types.RemoveTargetsResultEntry{}}, nil
}

// ListTargetsByRule lists the targets of a rule.
func (s *Service) ListTargetsByRule(ctx context.Context, in *eventbridge.ListTargetsByRuleInput) (*eventbridge.ListTargetsByRuleOutput, error) {
	out := &eventbridge.ListTargetsByRuleOutput{}
	err := s.viewRule(ctx, "ListTargetsByRule", in.EventBusName, in.Rule, func(r *rule) (err error) {
		out.Targets, out.NextToken, err = page(append([]types.Target{}, r.Targets...), in.Limit, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
