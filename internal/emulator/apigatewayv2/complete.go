package apigatewayv2

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
)

// What an integration may take, in milliseconds.
const (
	maxTimeout          = 30000
	maxTimeoutWebSocket = 29000
)

// complete fills in AWS's defaults and refuses what an API of that protocol cannot
// have, or the emulator does not carry out.
func complete(a api, i *types.Integration) error {
	if i.ConnectionType == "" {
		i.ConnectionType = types.ConnectionTypeInternet
	}
	if i.ConnectionType != types.ConnectionTypeInternet {
		return badRequest("ConnectionType %s is not emulated: there is no VPC here; INTERNET is", i.ConnectionType)
	}
	websocket, limit := a.ProtocolType == types.ProtocolTypeWebsocket, maxTimeout
	check := completeHTTP
	if websocket {
		check, limit = completeWebSocket, maxTimeoutWebSocket
	}
	if i.PayloadFormatVersion == nil {
		i.PayloadFormatVersion = ptr("1.0")
	}
	if err := check(i); err != nil {
		return err
	}
	if i.TimeoutInMillis == nil {
		i.TimeoutInMillis = ptr(int32(limit))
	}
	if t := int(*i.TimeoutInMillis); t < 50 || t > limit {
		return badRequest("Timeout should be between 50 ms and %d ms", limit)
	}
	if _, err := integrationOf(*i, websocket); err != nil {
		return badRequest("%s", err)
	}
	return nil
}

func completeHTTP(i *types.Integration) error {
	version := *i.PayloadFormatVersion
	switch i.IntegrationType {
	case types.IntegrationTypeAwsProxy:
		if i.IntegrationSubtype != nil {
			if err := completeService(i); err != nil {
				return err
			}
			break
		}
		if err := completeFunction(i); err != nil {
			return err
		}
		if version != "1.0" && version != "2.0" {
			return badRequest("PayloadFormatVersion %q is not supported for %s integrations", version, i.IntegrationType)
		}
	case types.IntegrationTypeHttpProxy:
		if err := completeURL(i); err != nil {
			return err
		}
		if i.CredentialsArn != nil {
			return badRequest("CredentialsArn is not supported for HTTP_PROXY integrations")
		}
		if version != "1.0" {
			return badRequest("PayloadFormatVersion %q is not supported for %s integrations", version, i.IntegrationType)
		}
	default:
		return badRequest("Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)")
	}
	if len(i.RequestTemplates) > 0 || i.TemplateSelectionExpression != nil {
		return badRequest("RequestTemplates and TemplateSelectionExpression are supported only for WebSocket APIs")
	}
	// terraform-provider-aws always sends this default of WebSocket APIs; an HTTP
	// API takes it and does not show it.
	if i.PassthroughBehavior != "" && i.PassthroughBehavior != types.PassthroughBehaviorWhenNoMatch {
		return badRequest("PassthroughBehavior is supported only for WebSocket APIs")
	}
	i.PassthroughBehavior = ""
	return nil
}

// completeService checks an integration with an operation of an AWS service.
func completeService(i *types.Integration) error {
	switch {
	case value(i.IntegrationUri) != "", value(i.IntegrationMethod) != "":
		return badRequest("IntegrationUri and IntegrationMethod are not supported for integrations with an IntegrationSubtype")
	case i.CredentialsArn == nil:
		return badRequest("CredentialsArn is required for integrations with an IntegrationSubtype")
	case *i.PayloadFormatVersion != "1.0":
		return badRequest("PayloadFormatVersion %q is not supported for integrations with an IntegrationSubtype", *i.PayloadFormatVersion)
	}
	return nil
}

func completeFunction(i *types.Integration) error {
	if _, ok := functionOf(value(i.IntegrationUri)); !ok {
		return badRequest("IntegrationUri %q is not emulated; AWS_PROXY takes the ARN of a Lambda function or its invoke ARN", value(i.IntegrationUri))
	}
	if method := value(i.IntegrationMethod); method != "" && method != "POST" {
		return badRequest("IntegrationMethod must be POST for %s integrations with Lambda functions", i.IntegrationType)
	}
	i.IntegrationMethod = ptr("POST")
	return nil
}

func completeURL(i *types.Integration) error {
	if err := checkURL(value(i.IntegrationUri)); err != nil {
		return err
	}
	if !slices.Contains(proxyMethods, value(i.IntegrationMethod)) {
		return badRequest("Invalid HTTP method specified. Must be one of %s", strings.Join(proxyMethods, ", "))
	}
	return nil
}

func completeWebSocket(i *types.Integration) error {
	if i.IntegrationSubtype != nil || len(i.ResponseParameters) > 0 {
		return badRequest("IntegrationSubtype and ResponseParameters are supported only for HTTP APIs")
	}
	if *i.PayloadFormatVersion != "1.0" {
		return badRequest("PayloadFormatVersion %q is not supported for WebSocket APIs", *i.PayloadFormatVersion)
	}
	if i.PassthroughBehavior == "" {
		i.PassthroughBehavior = types.PassthroughBehaviorWhenNoMatch
	}
	i.IntegrationResponseSelectionExpression = ptr("${integration.response.statuscode}")
	switch i.IntegrationType {
	case types.IntegrationTypeAwsProxy:
		return completeFunction(i)
	case types.IntegrationTypeAws:
		if _, ok := actionOf(value(i.IntegrationUri)); ok {
			return nil
		}
		return completeFunction(i)
	case types.IntegrationTypeHttp, types.IntegrationTypeHttpProxy:
		return completeURL(i)
	}
	return nil // MOCK
}

var proxyMethods = []string{"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// functionARN is a function's ARN, maybe with a version or alias, and maybe with
// stage variables in it.
var functionARN = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^arn:aws:lambda:[^:]+:[0-9]{12}:function:[^:/]+(:[^:/]+)?$`)
})

// functionOf returns the function's ARN of an integration's URI, which is that
// ARN or arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations.
func functionOf(uri string) (string, bool) {
	if strings.HasPrefix(uri, "arn:aws:apigateway:") {
		_, rest, _ := strings.Cut(uri, ":lambda:path/2015-03-31/functions/")
		uri = strings.TrimSuffix(rest, "/invocations")
	}
	return uri, functionARN().MatchString(uri)
}

// actionOf returns the operation of an AWS service of an integration's URI, such as
// arn:aws:apigateway:eu-north-1:dynamodb:action/PutItem.
func actionOf(uri string) (*gateway.Service, bool) {
	parts := strings.Split(uri, ":")
	if len(parts) != 6 || !strings.HasPrefix(uri, "arn:aws:apigateway:") {
		return nil, false
	}
	action, ok := strings.CutPrefix(parts[5], "action/")
	if !ok {
		return nil, false
	}
	return gateway.ActionOf(parts[4], action)
}

// checkURL refuses an address that is not one of an HTTP server. A variable in the
// host is no URL: a client cannot choose the server.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return badRequest("Invalid HTTP endpoint specified for URI")
	}
	return nil
}
