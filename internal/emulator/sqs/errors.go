package sqs

import (
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// plain is an error that the SDK has no type for. AWS gives it two codes: one for
// those who speak JSON, and one, in a header, for those who know the query
// protocol.
func plain(code, query, format string, args ...any) error {
	return &wire.Error{
		Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest,
		Header: http.Header{"X-Amzn-Query-Error": {query + ";Sender"}},
	}
}

func badValue(format string, args ...any) error {
	return plain("InvalidParameterValueException", "InvalidParameterValue", format, args...)
}

func missing(name string) error {
	return plain("MissingRequiredParameterException", "MissingParameter", "The request must contain the parameter %s.", name)
}

func badAttributeName(format string, args ...any) error {
	return &types.InvalidAttributeName{Message: ptr(fmt.Sprintf(format, args...))}
}

func badAttribute(name string) error {
	return &types.InvalidAttributeValue{Message: ptr("Invalid value for the parameter " + name + ".")}
}
