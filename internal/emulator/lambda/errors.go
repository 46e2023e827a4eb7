package lambda

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
)

// Lambda's errors say in a member of their own whose fault they are.
var user = aws.String("User")

func invalid(format string, args ...any) error {
	return &types.InvalidParameterValueException{Message: aws.String(fmt.Sprintf(format, args...)), Type: user}
}

func notFound(format string, args ...any) error {
	return &types.ResourceNotFoundException{Message: aws.String(fmt.Sprintf(format, args...)), Type: user}
}

func conflict(format string, args ...any) error {
	return &types.ResourceConflictException{Message: aws.String(fmt.Sprintf(format, args...)), Type: user}
}

var (
	errNoResource = notFound("The resource you requested does not exist.")
	errNoPolicy   = notFound("No policy is associated with the given resource.")
	errPolicySize = &types.PolicyLengthExceededException{Message: aws.String("The final policy size is bigger than the limit (20480)."), Type: user}
)

// stale is the answer to a RevisionId that is not the current one; get names the
// operation that returns it.
func stale(get string) error {
	return &types.PreconditionFailedException{
		Message: aws.String("The Revision Id provided does not match the latest Revision Id. Call the " + get + " API to retrieve the latest Revision Id"),
		Type:    user,
	}
}

// denied is an error that Lambda's model does not have, but Lambda answers.
func denied(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}
