package wire

import (
	"net/http"
	"reflect"
)

// What sets one service's wire form apart from the others', as data. Each line
// is what AWS is known to answer.

// errorNamespaces are the namespaces that awsJson 1.0 services put before the
// code in "__type", where it is not that of their model.
var errorNamespaces = map[string]string{
	"com.amazonaws.dynamodb":        "com.amazonaws.dynamodb.v20120810",
	"com.amazonaws.dynamodbstreams": "com.amazonaws.dynamodb.v20120810",
}

// frameworkNamespaces are those of the errors that AWS's service framework makes
// before a service sees the request.
var frameworkNamespaces = map[string]string{
	"ValidationException": "com.amazon.coral.validate",
}

const frameworkNamespace = "com.amazon.coral.service"

// validationCodes are the codes of constraint and refusal errors by the service's
// name in credential scopes; all others answer ValidationException.
var validationCodes = map[string]string{
	"iam":  "ValidationError",
	"sts":  "ValidationError",
	"sns":  "ValidationError",
	"logs": "InvalidParameterException",
}

// namespaceValidationCodes are those of services that share a scope's name.
var namespaceValidationCodes = map[string]string{
	"com.amazonaws.apigatewayv2": "BadRequestException",
}

// statuses are the HTTP statuses of client errors that no model describes, on
// restJson1 and awsQuery; awsJson answers 400 for each.
var statuses = map[string]int{
	"AccessDenied":                        http.StatusForbidden,
	"AccessDeniedException":               http.StatusForbidden,
	"ExpiredToken":                        http.StatusForbidden,
	"ExpiredTokenException":               http.StatusForbidden,
	"IncompleteSignature":                 http.StatusForbidden,
	"IncompleteSignatureException":        http.StatusForbidden,
	"InvalidClientTokenId":                http.StatusForbidden,
	"InvalidSignatureException":           http.StatusForbidden,
	"MissingAuthenticationToken":          http.StatusForbidden,
	"MissingAuthenticationTokenException": http.StatusForbidden,
	"RequestEntityTooLargeException":      http.StatusRequestEntityTooLarge,
	"SignatureDoesNotMatch":               http.StatusForbidden,
	"UnrecognizedClientException":         http.StatusForbidden,
}

// checksummed are the services that send X-Amz-Crc32.
var checksummed = map[string]bool{"dynamodb": true}

// omitted are the numbers and booleans, by shape and member, that AWS leaves out
// when they are zero, although the SDK's field is not a pointer.
var omitted = map[string]bool{}

// hidden reports whether AWS leaves out f, which is zero, of a structure.
func (m *member) hidden(s *shape, f reflect.Value) bool {
	return len(omitted) > 0 && f.IsZero() && omitted[s.name+"."+m.name]
}

// asked for an operation that nothing serves.
const unknownOperation = "UnknownOperationException"
