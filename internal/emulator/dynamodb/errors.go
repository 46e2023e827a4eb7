package dynamodb

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// invalid is the ValidationException, which the SDK does not model.
func invalid(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

// parameter is the ValidationException of most bad values.
func parameter(format string, args ...any) error {
	return invalid("One or more parameter values were invalid: "+format, args...)
}

// invalidErr turns an error of the package expr, whose text is AWS's, into a
// ValidationException.
func invalidErr(err error) error {
	var api smithy.APIError
	if err == nil || errors.As(err, &api) {
		return err
	}
	return invalid("%s", err)
}

// detected words what is wrong with the request of an item's write by itself, before
// the table is looked at, as the operations on single items do.
func detected(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "ValidationException" {
		return invalid("1 validation error detected: %s", api.ErrorMessage())
	}
	return err
}

// noTable is what the operations on tables answer.
func noTable(name string) error {
	return &types.ResourceNotFoundException{Message: aws.String("Requested resource not found: Table: " + name + " not found")}
}

// noResource is what the operations on items answer.
func noResource() error {
	return &types.ResourceNotFoundException{Message: aws.String("Requested resource not found")}
}

func inUse(format string, args ...any) error {
	return &types.ResourceInUseException{Message: aws.String(fmt.Sprintf(format, args...))}
}

// A valueFault is what is wrong with a value. AWS words it anew in most operations;
// those on several items by writes, and Scan, have the older text still.
type valueFault struct {
	smithy.GenericAPIError
	older string
}

func faulty(text, older string) error {
	return &valueFault{smithy.GenericAPIError{Code: "ValidationException", Message: text, Fault: smithy.FaultClient}, older}
}

// inOlder words an error as the operations do that have the older texts.
func inOlder(err error) error {
	var f *valueFault
	if errors.As(err, &f) {
		return invalid("%s", f.older)
	}
	return err
}
