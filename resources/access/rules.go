package access

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var (
	roleName   = tf.Pattern(`^[\w+=,.@-]{1,64}$`, "a role's name has 1 to 64 letters, digits and characters of +=,.@_-")
	policyName = tf.Pattern(`^[\w+=,.@-]{1,128}$`, "a policy's name has 1 to 128 letters, digits and characters of +=,.@_-")
	roleRef    = tf.Pattern(`^(arn:[^:]+:iam::[0-9]{12}:role/.*)?[\w+=,.@-]{1,64}$`, "write a role's name or ARN")
	policyARN  = tf.Pattern(`^arn:[^:]+:iam::(aws|[0-9]{12}):policy/.+$`, "write the ARN of a managed policy, such as arn:aws:iam::aws:policy/ReadOnlyAccess")
	keyARN     = tf.Pattern(`^arn:[^:]+:kms:[^:]+:[0-9]{12}:(key|alias)/.+$`, "write the ARN of a key")
)

// sameRole keeps a role's name in the plan where its ARN is written, and the other way.
var sameRole = tf.Keep("a role's name and its ARN are the same", func(a, b string) bool {
	return a == b || lastPart(a) == lastPart(b) && (!strings.HasPrefix(a, "arn:") || !strings.HasPrefix(b, "arn:"))
})

// lastPart is the name of a role in its ARN, or the name itself.
func lastPart(role string) string { return role[strings.LastIndex(role, "/")+1:] }

// patience is how often, for some 6 seconds, a role may not be seen yet that was just
// made.
const patience = 10

// soon makes a call about a role that may be new.
func soon(ctx context.Context, call func(context.Context) error) error {
	missed := 0
	return tf.Retry(ctx, func(err error) bool {
		missed++
		return missed < patience && tf.Is[*types.NoSuchEntityException](err)
	}, call)
}

// known makes a call as a role that STS hears of later than IAM, some 18 seconds, if this
// run may have made it. STS refuses a role that it does not know as one that is not
// allowed.
func known(ctx context.Context, call func(context.Context) error) error {
	const patience = 17
	refused := 0
	return tf.Retry(ctx, func(err error) bool {
		refused++
		return refused < patience && tf.Wrote(ctx) && tf.Says(err, "AccessDenied", "")
	}, call)
}

// unmarked is the error of a call that makes something without a mark: one without an
// answer may have been carried out.
func unmarked(err error) error {
	if tf.Refused(err) {
		return err
	}
	return &tf.Unmarked{Err: err}
}

// checkPolicy refuses what is JSON and no policy.
func checkPolicy(v *tf.Check, at path.Path, policy tf.JSON) {
	if policy.IsNull() || policy.IsUnknown() || !json.Valid([]byte(policy.ValueString())) {
		return
	}
	all, err := statementsOf(policy.ValueString())
	switch {
	case err != nil:
		v.Error(at, "Not a policy", fmt.Sprintf("%s: %v. Write an object with Version and Statement.", at, err))
	case len(all) == 0:
		v.Error(at, "An empty policy", fmt.Sprintf("%s has no statement. Add one, or leave it out.", at))
	}
}

// statementsOf are the statements of a policy as they are written.
func statementsOf(policy string) ([]json.RawMessage, error) {
	var d struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(policy), &d); err != nil {
		return nil, fmt.Errorf("it is no policy document: %w", err)
	}
	if bytes.HasPrefix(d.Statement, []byte("{")) {
		return []json.RawMessage{d.Statement}, nil
	}
	var all []json.RawMessage
	if err := json.Unmarshal(d.Statement, &all); err != nil {
		return nil, fmt.Errorf("its Statement is neither an object nor a list")
	}
	return all, nil
}
