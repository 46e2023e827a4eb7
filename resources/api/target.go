package api

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var functionARN = tf.Pattern(`^arn:[^:]+:lambda:[^:]+:\d{12}:function:[0-9A-Za-z_-]+(:[0-9A-Za-z_$-]+)?$`,
	"write the ARN of a function or of an alias, such as the attribute target_arn of serverless_function")

const (
	invocations = ":lambda:path/2015-03-31/functions/"
	invoked     = "/invocations"
)

// invokeARN is the address by which WebSocket APIs and authorizers call a function.
func invokeARN(ctx context.Context, function string) string {
	scope := tf.ScopeOf(ctx)
	return fmt.Sprintf("arn:%s:apigateway:%s%s%s%s", scope.Partition, scope.Region, invocations, function, invoked)
}

// functionOf is the ARN of the function that an integration or an authorizer calls,
// in either form; what is no function is returned as it is.
func functionOf(uri string) string {
	if _, rest, ok := strings.Cut(uri, invocations); ok {
		return strings.TrimSuffix(rest, invoked)
	}
	return uri
}

// callsFunction reports whether an integration's address is that of a function.
func callsFunction(uri string) bool { return strings.Contains(functionOf(uri), ":function:") }

// mark is the description of the integration that belongs to a route: integrations
// have no names, and one whose making was cut off is found again by it.
func (m *route) mark() string { return "serverless_route " + m.Route.ValueString() }

// integration is the route's own integration as it should be.
func (m *route) integration(ctx context.Context, kind types.ProtocolType) *apigatewayv2.CreateIntegrationInput {
	in := &apigatewayv2.CreateIntegrationInput{
		ApiId:              m.API.ValueStringPointer(),
		Description:        aws.String(m.mark()),
		RequestParameters:  textsOf(m.RequestParameters),
		ResponseParameters: textMaps(m.ResponseParameters),
		TimeoutInMillis:    millis(m.Timeout),
	}
	switch {
	case m.HTTP != nil:
		in.IntegrationType = types.IntegrationTypeHttpProxy
		in.IntegrationUri, in.IntegrationMethod = m.HTTP.URL.ValueStringPointer(), m.HTTP.Method.ValueStringPointer()
		in.ConnectionType = types.ConnectionTypeInternet
		if !m.HTTP.VPCLink.IsNull() {
			in.ConnectionType, in.ConnectionId = types.ConnectionTypeVpcLink, m.HTTP.VPCLink.ValueStringPointer()
		}
		if !m.HTTP.ServerName.IsNull() {
			in.TlsConfig = &types.TlsConfigInput{ServerNameToVerify: m.HTTP.ServerName.ValueStringPointer()}
		}
		in.PayloadFormatVersion = aws.String("1.0")
	case m.Mock != nil:
		in.IntegrationType = types.IntegrationTypeMock
		in.RequestTemplates = map[string]string{mockKey: m.Mock.request()}
		in.TemplateSelectionExpression = aws.String(mockKey)
	case m.Service != nil:
		in.IntegrationType = types.IntegrationTypeAwsProxy
		in.IntegrationSubtype, in.CredentialsArn = m.Service.Action.ValueStringPointer(), m.Service.RoleARN.ValueStringPointer()
		in.RequestParameters = textsOf(m.Service.Params)
		in.PayloadFormatVersion = aws.String("1.0")
	default:
		in.IntegrationType, in.IntegrationMethod = types.IntegrationTypeAwsProxy, aws.String("POST")
		in.IntegrationUri = m.Function.ValueStringPointer()
		if kind == types.ProtocolTypeWebsocket { // takes no other address and no version
			in.IntegrationUri = aws.String(invokeARN(ctx, m.Function.ValueString()))
			break
		}
		in.PayloadFormatVersion, in.ConnectionType = m.PayloadVersion.ValueStringPointer(), types.ConnectionTypeInternet
	}
	return in
}

// goesTo fills in what an integration leads to.
func (m *route) goesTo(i types.Integration) {
	m.Function, m.HTTP, m.Service, m.Mock = tftypes.StringNull(), nil, nil, nil
	m.PayloadVersion = tftypes.StringNull()
	m.RequestParameters, m.ResponseParameters = stringsOf(i.RequestParameters, m.RequestParameters), stringMaps(i.ResponseParameters, m.ResponseParameters)
	m.Timeout = tftypes.Int64Value(int64(aws.ToInt32(i.TimeoutInMillis)))
	uri := aws.ToString(i.IntegrationUri)
	switch {
	case i.IntegrationSubtype != nil:
		m.Service = &serviceTarget{
			Action: tftypes.StringPointerValue(i.IntegrationSubtype), RoleARN: tftypes.StringPointerValue(i.CredentialsArn),
			Params: stringsOf(i.RequestParameters, map[string]tftypes.String{}),
		}
		m.RequestParameters = nil
	case i.IntegrationType == types.IntegrationTypeMock:
		m.Mock = mockOf(i)
	case i.IntegrationType == types.IntegrationTypeAwsProxy && callsFunction(uri):
		m.Function = tftypes.StringValue(functionOf(uri))
		m.PayloadVersion = tftypes.StringPointerValue(i.PayloadFormatVersion)
		if i.PayloadFormatVersion == nil {
			m.PayloadVersion = tftypes.StringValue(payloadVersion(true))
		}
	case i.IntegrationType == types.IntegrationTypeHttpProxy:
		m.HTTP = &httpTarget{URL: tftypes.StringValue(uri), Method: tftypes.StringPointerValue(i.IntegrationMethod)}
		if i.ConnectionType == types.ConnectionTypeVpcLink {
			m.HTTP.VPCLink = tftypes.StringPointerValue(i.ConnectionId)
		}
		if i.TlsConfig != nil {
			m.HTTP.ServerName = tf.NonEmpty(i.TlsConfig.ServerNameToVerify)
		}
	}
}

// goesElsewhere says that the route's integration is not its own.
func (m *route) goesElsewhere() {
	m.Function, m.HTTP, m.Service, m.Mock = tftypes.StringNull(), nil, nil, nil
	m.RequestParameters, m.ResponseParameters = nil, nil
	m.PayloadVersion, m.Timeout = tftypes.StringNull(), tftypes.Int64Null()
}

func millis(v tftypes.Int64) *int32 {
	if v.IsNull() || v.IsUnknown() {
		return nil
	}
	return aws.Int32(int32(v.ValueInt64()))
}

// textsOf returns the strings of a map of a model; nil for none.
func textsOf(m map[string]tftypes.String) map[string]string {
	var all map[string]string
	for k, v := range m {
		if all == nil {
			all = map[string]string{}
		}
		all[k] = v.ValueString()
	}
	return all
}

func textMaps(m map[string]map[string]tftypes.String) map[string]map[string]string {
	var all map[string]map[string]string
	for k, v := range m {
		if all == nil {
			all = map[string]map[string]string{}
		}
		all[k] = textsOf(v)
	}
	return all
}

// stringsOf returns a map of a model. Nothing is null, unless it was there as an
// empty map.
func stringsOf(m map[string]string, was map[string]tftypes.String) map[string]tftypes.String {
	if len(m) == 0 && was == nil {
		return nil
	}
	all := map[string]tftypes.String{}
	for k, v := range m {
		all[k] = tftypes.StringValue(v)
	}
	return all
}

func stringMaps(m map[string]map[string]string, was map[string]map[string]tftypes.String) map[string]map[string]tftypes.String {
	if len(m) == 0 && was == nil {
		return nil
	}
	all := map[string]map[string]tftypes.String{}
	for k, v := range m {
		all[k] = stringsOf(v, map[string]tftypes.String{})
	}
	return all
}

// emptied is what is told to AWS so that a map becomes is: AWS merges, and an empty
// text removes.
func emptied(was, is map[string]string) map[string]string {
	if maps.Equal(was, is) {
		return nil
	}
	all := map[string]string{}
	maps.Copy(all, is)
	for k := range was {
		if _, ok := is[k]; !ok {
			all[k] = ""
		}
	}
	return all
}

// listOf is a list of a model.
func listOf(all []string) tftypes.List {
	elements := []attr.Value{}
	for _, s := range all {
		elements = append(elements, tftypes.StringValue(s))
	}
	return tftypes.ListValueMust(tftypes.StringType, elements)
}
