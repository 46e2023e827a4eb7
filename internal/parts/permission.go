package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Permissions is what permissions to call functions are made with.
type Permissions interface {
	AddPermission(context.Context, *lambda.AddPermissionInput, ...func(*lambda.Options)) (*lambda.AddPermissionOutput, error)
	GetPolicy(context.Context, *lambda.GetPolicyInput, ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error)
	RemovePermission(context.Context, *lambda.RemovePermissionInput, ...func(*lambda.Options)) (*lambda.RemovePermissionOutput, error)
}

// A Permission lets a service call a function on behalf of one source. All that
// the same source needs of the same function is one statement, however many
// routes or rules share it, because a function's policy has room for few.
type Permission struct {
	Function  string // ARN, of an alias where there is one
	Principal string // such as "apigateway.amazonaws.com"
	SourceARN string // may hold wildcards
}

// policies serializes changes of the policies of a function and its aliases: AWS
// loses statements that are added at the same time.
var policies sync.Map // name -> *sync.Mutex

// LockPolicy waits for the other changes of a function's policy; the caller calls
// unlock when its own is done. The function is a name or an ARN, its own or that
// of an alias.
func LockPolicy(function string) (unlock func()) {
	if _, name, ok := strings.Cut(function, ":function:"); ok {
		function = name
	}
	name, _, _ := strings.Cut(function, ":")
	mu, _ := policies.LoadOrStore(name, &sync.Mutex{})
	mu.(*sync.Mutex).Lock()
	return mu.(*sync.Mutex).Unlock
}

// ID names the statement after what it says, so that it is found again without
// being remembered, and adding it twice is no harm.
func (p Permission) ID() string {
	sum := sha256.Sum256([]byte(p.Principal + " " + p.SourceARN))
	return "serverless-" + hex.EncodeToString(sum[:8])
}

// Add puts the statement into the function's policy. One that is there is left.
func (p Permission) Add(ctx context.Context, c Permissions) error {
	defer LockPolicy(p.Function)()
	err := tf.Retry(ctx, InProgress, func(ctx context.Context) error {
		_, err := c.AddPermission(ctx, &lambda.AddPermissionInput{
			FunctionName: &p.Function,
			StatementId:  aws.String(p.ID()),
			Action:       aws.String("lambda:InvokeFunction"),
			Principal:    &p.Principal,
			SourceArn:    &p.SourceARN,
		})
		return err
	})
	if err == nil || tf.Says(err, "ResourceConflictException", "already exists") {
		return nil
	}
	return fmt.Errorf("allowing %s to call %s: %w", p.Principal, p.Function, err)
}

// Statements returns the names of the statements in a function's policy; none if
// there is no policy or no function.
func Statements(ctx context.Context, c Permissions, function string) ([]string, error) {
	out, err := c.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &function})
	switch {
	case tf.Is[*types.ResourceNotFoundException](err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the policy of %s: %w", function, err)
	}
	var policy struct{ Statement []struct{ Sid string } }
	if err := json.Unmarshal([]byte(aws.ToString(out.Policy)), &policy); err != nil {
		return nil, fmt.Errorf("reading the policy of %s: %w", function, err)
	}
	var all []string
	for _, s := range policy.Statement {
		all = append(all, s.Sid)
	}
	return all, nil
}

// Remove takes the statement out of the function's policy. One that is not there
// is no error, nor is a function that is not there.
func (p Permission) Remove(ctx context.Context, c Permissions) error {
	defer LockPolicy(p.Function)()
	err := tf.Retry(ctx, InProgress, func(ctx context.Context) error {
		_, err := c.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: &p.Function, StatementId: aws.String(p.ID())})
		return err
	})
	if err == nil || tf.Is[*types.ResourceNotFoundException](err) {
		return nil
	}
	return fmt.Errorf("no longer allowing %s to call %s: %w", p.Principal, p.Function, err)
}

// InProgress reports whether a change of a function was refused because another
// one is under way.
func InProgress(err error) bool {
	return tf.Says(err, "ResourceConflictException", "in progress") ||
		tf.Says(err, "ResourceConflictException", "Pending") ||
		tf.Says(err, "PreconditionFailedException", "")
}
