package wire

import "net/http"

// What sets one service's wire form apart from the others', as data. Each line
// is what AWS is known to answer.

// flatForms are, by model and member, the lists and maps that a service which
// speaks awsQuery too writes flat there. An entry without a name has that of its
// shape.
var flatForms = map[string]map[string]flatForm{
	"sqs": {
		"AWSAccountIds":               {item: "AWSAccountId"},
		"Actions":                     {item: "ActionName"},
		"AttributeNames":              {item: "AttributeName"},
		"Attributes":                  {"Attribute", "Name", "Value"},
		"BinaryListValues":            {item: "BinaryListValue"},
		"Entries":                     {},
		"Failed":                      {},
		"MessageAttributeNames":       {item: "MessageAttributeName"},
		"MessageAttributes":           {"MessageAttribute", "Name", "Value"},
		"MessageSystemAttributeNames": {item: "MessageSystemAttributeName"},
		"MessageSystemAttributes":     {"MessageSystemAttribute", "Name", "Value"},
		"Messages":                    {},
		"QueueUrls":                   {item: "QueueUrl"},
		"Results":                     {},
		"StringListValues":            {item: "StringListValue"},
		"Successful":                  {},
		"TagKeys":                     {item: "TagKey"},
		"Tags":                        {"Tag", "Key", "Value"},
		"queueUrls":                   {item: "QueueUrl"},
		"tags":                        {"Tag", "Key", "Value"},
	},
}

// queryTexts are the messages, by code, that differ on awsQuery.
var queryTexts = map[string]string{
	"AWS.SimpleQueueService.NonExistentQueue": "The specified queue does not exist for this wsdl version.",
}

// errorNamespaces are the namespaces that awsJson 1.0 services put before the
// code in "__type", where it is not that of their model.
var errorNamespaces = map[string]string{
	"com.amazonaws.dynamodb":        "com.amazonaws.dynamodb.v20120810",
	"com.amazonaws.dynamodbstreams": "com.amazonaws.dynamodb.v20120810",
	"states":                        "com.amazonaws.swf.service.v2.model", // has no schema: by its name
}

// frameworkNamespaces are those of the errors that AWS's service framework makes
// before a service sees the request.
var frameworkNamespaces = map[string]string{
	"ValidationException": "com.amazon.coral.validate",
}

const frameworkNamespace = "com.amazon.coral.service"

// earlierFramework are the models of services whose errors are worded by AWS's
// earlier framework; see mistyped.
var earlierFramework = map[string]bool{"apigateway": true, "apigatewayv2": true, "lambda": true}

// validationCodes are the codes of constraint and refusal errors by the service's
// name in credential scopes; all others answer ValidationException.
var validationCodes = map[string]string{
	"iam":  "ValidationError",
	"sts":  "ValidationError",
	"sns":  "ValidationError",
	"logs": "InvalidParameterException",
	"s3":   "NotImplemented",
}

// namespaceValidationCodes are those of services that share a scope's name.
var namespaceValidationCodes = map[string]string{
	"com.amazonaws.apigateway":   "BadRequestException",
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
	"NotImplemented":                      http.StatusNotImplemented,
	"RequestEntityTooLargeException":      http.StatusRequestEntityTooLarge,
	"SignatureDoesNotMatch":               http.StatusForbidden,
	"UnrecognizedClientException":         http.StatusForbidden,
}

// checksummed are the services that send X-Amz-Crc32.
var checksummed = map[string]bool{"dynamodb": true}

// unknownOperation is the code for an operation that nothing serves.
const unknownOperation = "UnknownOperationException"

// valueless are the services whose validation errors show no values.
var valueless = map[string]bool{"iam": true}

// uncheckedShapes are those, by model and shape, that the service checks itself,
// with other texts.
var uncheckedShapes = map[string]bool{
	"dynamodb.AttributeValue": true,
	// "Value x at 'runtime' failed to satisfy constraint: Member must satisfy enum
	// value set: [...] or be a valid ARN", and other values than the model's.
	"lambda.Runtime": true,
}

// enumOrders are the values of enums in the order in which AWS was seen to print
// them; elsewhere the model's order stands.
var enumOrders = map[string]string{
	"cloudwatchlogs.OutputFormat":  "w3c, raw, json, plain, parquet",
	"dynamodb.ComparisonOperator":  "IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS",
	"dynamodb.ConditionalOperator": "OR, AND",
	"dynamodb.ProjectionType":      "ALL, INCLUDE, KEYS_ONLY",
	"dynamodb.ReturnValue":         "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW",
	"dynamodb.ScalarAttributeType": "B, N, S",
	"dynamodb.Select":              "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES",
	"lambda.EventSourcePosition":   "LATEST, AT_TIMESTAMP, TRIM_HORIZON",
	"lambda.InvokeMode":            "RESPONSE_STREAM, BUFFERED",
	"lambda.RecursiveLoop":         "Terminate, Allow",
}

// printedPatterns are the patterns that AWS prints otherwise than its model has
// them.
var printedPatterns = map[string]string{
	`((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))`: //
	`(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)`,
}

// lookarounds are the patterns with lookarounds, which Go does not have: what a
// text must match, and what it must not.
var lookarounds = map[string][2]string{
	`(?!((^[ ]+.*)|(.*([\u0000-\u001f]|[\u007f-\u009f]|[:/|])+.*)|(.*[ ]+$))).+`: {`.+`, `( +.*)|(.*[\x00-\x1f\x7f-\x9f:/|].*)|(.* +)`},
	`(?!^[0-9]+$)([a-zA-Z0-9-_]+)`:              {`[a-zA-Z0-9-_]+`, `[0-9]+`},
	`((?!^\d+$)^[0-9a-zA-Z-_]+$)`:               {`[0-9a-zA-Z-_]+`, `\d+`},
	`(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)`: {`[_a-zA-Z0-9][^$]*`, `system\x2e[\s\S]*`},
	`^(?!\s*$).+`:                               {`.+`, `\s*`},
	`^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$`:    {`[a-zA-Z0-9_\-\.]+`, `[0-9]+`},
	`[0-9A-Za-z\.\-_]*(?<!\.)`:                  {`[0-9A-Za-z\.\-_]*`, `.*\.`},
	`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`: {`[a-z0-9]([a-z0-9]|-){1,61}[a-z0-9]`, `.*--.*`},
	`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?`: {
		`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]{1,64})(:([0-9a-zA-Z-_]+))?`,
		`(.*:)?(function:)?[a-zA-Z0-9-_]{1,64}:\d+`,
	},
}

// xmlRoots are the root elements of S3's answers that are not called after their
// operation.
var xmlRoots = map[string]string{
	"CreateMultipartUpload": "InitiateMultipartUploadResult",
	"DeleteObjects":         "DeleteResult",
	"GetBucketAcl":          "AccessControlPolicy",
	"GetBucketTagging":      "Tagging",
	"GetBucketVersioning":   "VersioningConfiguration",
	"GetObjectAcl":          "AccessControlPolicy",
	"GetObjectAttributes":   "GetObjectAttributesResponse",
	"GetObjectTagging":      "Tagging",
	"ListBuckets":           "ListAllMyBucketsResult",
	"ListObjectVersions":    "ListVersionsResult",
	"ListObjects":           "ListBucketResult",
	"ListObjectsV2":         "ListBucketResult",
	"ListParts":             "ListPartsResult",
}

// xmlTextRoots are S3's answers whose root element holds their only member's text.
var xmlTextRoots = map[string]bool{"GetBucketLocation": true}

// s3Denials are S3's words for what is wrong with a request's signature.
var s3Denials = map[string]struct {
	code, message string
	status        int
}{
	"ExpiredToken":               {"ExpiredToken", "The provided token has expired.", http.StatusBadRequest},
	"IncompleteSignature":        {"AuthorizationHeaderMalformed", "", http.StatusBadRequest},
	"InvalidClientTokenId":       {"InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", http.StatusForbidden},
	"MissingAuthenticationToken": {"AccessDenied", "Access Denied", http.StatusForbidden},
	"SignatureDoesNotMatch":      {"SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.", http.StatusForbidden},
	"RequestExpired":             {"AccessDenied", "Request has expired", http.StatusForbidden},
	"RequestTimeTooSkewed":       {"RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", http.StatusForbidden},
}
