package apigatewayv2

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gorilla/websocket"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
)

// socketAPI makes a WebSocket API with one route, and its stage.
func (r *rig) socketAPI() *string {
	r.t.Helper()
	a := must(r, r.CreateApi, &apigatewayv2.CreateApiInput{Name: ptr("chat"), ProtocolType: types.ProtocolTypeWebsocket, RouteSelectionExpression: ptr("$request.body.action")})
	if !strings.HasPrefix(*a.ApiEndpoint, "ws://127.0.0.1:") {
		r.t.Errorf("got endpoint %s", *a.ApiEndpoint)
	}
	return a.ApiId
}

func TestSocketDefaults(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.socketAPI()
	i := must(r, r.CreateIntegration, &apigatewayv2.CreateIntegrationInput{ApiId: id, IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: ptr(functionF)})
	want := types.Integration{
		ConnectionType: "INTERNET", IntegrationId: i.IntegrationId, IntegrationMethod: ptr("POST"), IntegrationType: "AWS_PROXY", IntegrationUri: ptr(functionF),
		IntegrationResponseSelectionExpression: ptr("${integration.response.statuscode}"), PassthroughBehavior: "WHEN_NO_MATCH",
		PayloadFormatVersion: ptr("1.0"), TimeoutInMillis: ptr(int32(29000)),
	}
	if diff := cmp.Diff(want, *as[types.Integration](*i), same); diff != "" {
		t.Errorf("the integration (-want +got)\n%s", diff)
	}
	route := must(r, r.CreateRoute, &apigatewayv2.CreateRouteInput{ApiId: id, RouteKey: ptr("$connect"), Target: ptr("integrations/" + *i.IntegrationId), ApiKeyRequired: ptr(true)})
	if !*route.ApiKeyRequired || route.AuthorizationType != types.AuthorizationTypeNone {
		t.Errorf("got %+v", route)
	}
	st := must(r, r.CreateStage, &apigatewayv2.CreateStageInput{ApiId: id, StageName: ptr("dev"), AutoDeploy: ptr(true)})
	if d := st.DefaultRouteSettings; d.LoggingLevel != types.LoggingLevelOff || *d.DataTraceEnabled || st.DeploymentId == nil {
		t.Errorf("got %+v, deployment %v", d, st.DeploymentId)
	}
	// Responses belong to their route and integration, and go with them.
	must(r, r.CreateRouteResponse, &apigatewayv2.CreateRouteResponseInput{ApiId: id, RouteId: route.RouteId, RouteResponseKey: ptr("$default")})
	m := must(r, r.CreateIntegration, &apigatewayv2.CreateIntegrationInput{ApiId: id, IntegrationType: types.IntegrationTypeMock})
	ir := must(r, r.CreateIntegrationResponse, &apigatewayv2.CreateIntegrationResponseInput{ApiId: id, IntegrationId: m.IntegrationId, IntegrationResponseKey: ptr("/200/"), ResponseTemplates: map[string]string{"a": "x"}})
	updated := must(r, r.UpdateIntegrationResponse, &apigatewayv2.UpdateIntegrationResponseInput{ApiId: id, IntegrationId: m.IntegrationId, IntegrationResponseId: ir.IntegrationResponseId, ResponseTemplates: map[string]string{"a": "", "b": "y"}})
	if diff := cmp.Diff(map[string]string{"b": "y"}, updated.ResponseTemplates); diff != "" {
		t.Errorf("templates (-want +got)\n%s", diff)
	}
	must(r, r.DeleteRoute, &apigatewayv2.DeleteRouteInput{ApiId: id, RouteId: route.RouteId})
	must(r, r.DeleteIntegration, &apigatewayv2.DeleteIntegrationInput{ApiId: id, IntegrationId: m.IntegrationId})
	if n := count(r, r.routeResponses.Set) + count(r, r.integrationResponses.Set); n != 0 {
		t.Errorf("got %d responses left", n)
	}
}

func TestPartErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	h, ws := r.api("GET /a").ApiId, r.socketAPI()
	none := ptr("none")
	model := must(r, r.CreateModel, &apigatewayv2.CreateModelInput{ApiId: ws, Name: ptr("M"), Schema: ptr("{}")})
	if *model.ContentType != "application/json" {
		t.Errorf("got content type %s", *model.ContentType)
	}
	mock := must(r, r.CreateIntegration, &apigatewayv2.CreateIntegrationInput{ApiId: ws, IntegrationType: "MOCK"}).IntegrationId
	proxy := must(r, r.CreateIntegration, &apigatewayv2.CreateIntegrationInput{ApiId: ws, IntegrationType: "AWS_PROXY", IntegrationUri: ptr(functionF)}).IntegrationId
	route := must(r, r.CreateRoute, &apigatewayv2.CreateRouteInput{ApiId: ws, RouteKey: ptr("x")}).RouteId
	integrate := func(in apigatewayv2.CreateIntegrationInput) error {
		if in.ApiId == nil {
			in.ApiId = h
		}
		return second(r.CreateIntegration(r.ctx, &in))
	}
	authorize := func(in apigatewayv2.CreateAuthorizerInput) error {
		in.ApiId, in.Name = h, ptr("a")
		return second(r.CreateAuthorizer(r.ctx, &in))
	}
	stage := func(api *string, in apigatewayv2.CreateStageInput) error {
		in.ApiId, in.StageName = api, ptr("new")
		return second(r.CreateStage(r.ctx, &in))
	}
	source := []string{"$request.header.Authorization"}
	for name, row := range map[string]struct {
		err  error
		want string
	}{
		"model of HTTP":        {second(r.CreateModel(r.ctx, &apigatewayv2.CreateModelInput{ApiId: h, Name: none, Schema: ptr("{}")})), "Models are supported only for WebSocket APIs"},
		"model twice":          {second(r.CreateModel(r.ctx, &apigatewayv2.CreateModelInput{ApiId: ws, Name: ptr("M"), Schema: ptr("{}")})), "Model with name M already exists"},
		"model's schema":       {second(r.CreateModel(r.ctx, &apigatewayv2.CreateModelInput{ApiId: ws, Name: ptr("N"), Schema: ptr("x")})), "Unable to parse json"},
		"no model":             {second(r.GetModel(r.ctx, &apigatewayv2.GetModelInput{ApiId: ws, ModelId: none})), "Invalid Model identifier specified"},
		"response of a proxy":  {second(r.CreateIntegrationResponse(r.ctx, &apigatewayv2.CreateIntegrationResponseInput{ApiId: ws, IntegrationId: proxy, IntegrationResponseKey: ptr("$default")})), "not supported for AWS_PROXY"},
		"response's key":       {second(r.CreateIntegrationResponse(r.ctx, &apigatewayv2.CreateIntegrationResponseInput{ApiId: ws, IntegrationId: mock, IntegrationResponseKey: none})), "Invalid integration response key"},
		"response's template":  {second(r.CreateIntegrationResponse(r.ctx, &apigatewayv2.CreateIntegrationResponseInput{ApiId: ws, IntegrationId: mock, IntegrationResponseKey: ptr("$default"), ResponseTemplates: map[string]string{"x": "#macro"}})), "#macro is not carried out"},
		"route response's key": {second(r.CreateRouteResponse(r.ctx, &apigatewayv2.CreateRouteResponseInput{ApiId: ws, RouteId: route, RouteResponseKey: none})), "Must be $default"},
		"route of HTTP":        {second(r.CreateRoute(r.ctx, &apigatewayv2.CreateRouteInput{ApiId: h, RouteKey: ptr("GET /r"), RouteResponseSelectionExpression: ptr("$default")})), "supported only for WebSocket APIs"},
		"a key with $":         {second(r.CreateRoute(r.ctx, &apigatewayv2.CreateRouteInput{ApiId: ws, RouteKey: ptr("$other")})), "does not begin with $"},
		"route twice":          {second(r.CreateRoute(r.ctx, &apigatewayv2.CreateRouteInput{ApiId: ws, RouteKey: ptr("x")})), "Route with key x already exists"},
		"IAM behind $connect":  {second(r.UpdateRoute(r.ctx, &apigatewayv2.UpdateRouteInput{ApiId: ws, RouteId: route, AuthorizationType: "AWS_IAM"})), "restricted to the $connect route"},
		"selection":            {second(r.UpdateApi(r.ctx, &apigatewayv2.UpdateApiInput{ApiId: ws, RouteSelectionExpression: ptr("$request.cookie.x")})), "Invalid selection expression"},
		"selection of nothing": {second(r.UpdateApi(r.ctx, &apigatewayv2.UpdateApiInput{ApiId: ws, RouteSelectionExpression: ptr("x")})), "must refer to the message"},
		"CORS of sockets":      {second(r.UpdateApi(r.ctx, &apigatewayv2.UpdateApiInput{ApiId: ws, CorsConfiguration: &types.Cors{}})), "supported only for HTTP APIs"},
		"quick update":         {second(r.UpdateApi(r.ctx, &apigatewayv2.UpdateApiInput{ApiId: h, Target: ptr(functionF)})), "that quick create made"},

		"subtype without role":  {integrate(apigatewayv2.CreateIntegrationInput{IntegrationType: "AWS_PROXY", IntegrationSubtype: ptr("SQS-SendMessage")}), "CredentialsArn is required"},
		"subtype's parameter":   {integrate(apigatewayv2.CreateIntegrationInput{IntegrationType: "AWS_PROXY", IntegrationSubtype: ptr("SQS-SendMessage"), CredentialsArn: ptr("arn:aws:iam::000000000000:role/r"), RequestParameters: map[string]string{"QueueUrl": "u"}}), "Parameter: MessageBody is required"},
		"subtype not here":      {integrate(apigatewayv2.CreateIntegrationInput{IntegrationType: "AWS_PROXY", IntegrationSubtype: ptr("Kinesis-PutRecord"), CredentialsArn: ptr("arn:aws:iam::000000000000:role/r")}), "does not implement the IntegrationSubtype Kinesis-PutRecord"},
		"reserved header":       {integrate(apigatewayv2.CreateIntegrationInput{IntegrationType: "HTTP_PROXY", IntegrationMethod: ptr("GET"), IntegrationUri: ptr("http://127.0.0.1"), RequestParameters: map[string]string{"overwrite:header.authorization": "x"}}), "Operations on header authorization are restricted"},
		"socket's template":     {integrate(apigatewayv2.CreateIntegrationInput{ApiId: ws, IntegrationType: "MOCK", RequestTemplates: map[string]string{"x": "#if(true)"}}), "#if does not end"},
		"socket's parameters":   {integrate(apigatewayv2.CreateIntegrationInput{ApiId: ws, IntegrationType: "AWS_PROXY", IntegrationUri: ptr(functionF), RequestParameters: map[string]string{"integration.request.header.a": "'x'"}}), "does not implement RequestParameters"},
		"socket's service":      {integrate(apigatewayv2.CreateIntegrationInput{ApiId: ws, IntegrationType: "AWS", IntegrationUri: ptr("arn:aws:apigateway:eu-north-1:s3:action/PutObject")}), "is not emulated"},
		"templates of HTTP":     {integrate(apigatewayv2.CreateIntegrationInput{IntegrationType: "HTTP_PROXY", IntegrationMethod: ptr("GET"), IntegrationUri: ptr("http://127.0.0.1"), RequestTemplates: map[string]string{"a": "b"}}), "supported only for WebSocket APIs"},
		"JWT without issuer":    {authorize(apigatewayv2.CreateAuthorizerInput{AuthorizerType: "JWT", IdentitySource: source}), "Issuer is a required parameter"},
		"JWT without audience":  {authorize(apigatewayv2.CreateAuthorizerInput{AuthorizerType: "JWT", IdentitySource: source, JwtConfiguration: &types.JWTConfiguration{Issuer: ptr("https://x.test")}}), "Audience is a required parameter"},
		"JWT of plain HTTP":     {authorize(apigatewayv2.CreateAuthorizerInput{AuthorizerType: "JWT", IdentitySource: source, JwtConfiguration: &types.JWTConfiguration{Issuer: ptr("http://x.test"), Audience: []string{"a"}}}), "Invalid issuer: http://x.test"},
		"REQUEST without form":  {authorize(apigatewayv2.CreateAuthorizerInput{AuthorizerType: "REQUEST", IdentitySource: source, AuthorizerUri: ptr(functionF)}), "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer"},
		"REQUEST without URI":   {authorize(apigatewayv2.CreateAuthorizerInput{AuthorizerType: "REQUEST", IdentitySource: source}), "Invalid Authorizer URI"},
		"simple in 1.0":         {authorize(apigatewayv2.CreateAuthorizerInput{AuthorizerType: "REQUEST", IdentitySource: source, AuthorizerUri: ptr(functionF), AuthorizerPayloadFormatVersion: ptr("1.0"), EnableSimpleResponses: ptr(true)}), "only for AuthorizerPayloadFormatVersion 2.0"},
		"kept without identity": {authorize(apigatewayv2.CreateAuthorizerInput{AuthorizerType: "REQUEST", AuthorizerUri: ptr(functionF), AuthorizerPayloadFormatVersion: ptr("2.0")}), "IdentitySource is required when caching is enabled"},
		"identity source":       {authorize(apigatewayv2.CreateAuthorizerInput{AuthorizerType: "REQUEST", IdentitySource: []string{"$request.body.x"}, AuthorizerUri: ptr(functionF), AuthorizerPayloadFormatVersion: ptr("2.0")}), "Invalid identity source"},
		"no authorizer":         {second(r.GetAuthorizer(r.ctx, &apigatewayv2.GetAuthorizerInput{ApiId: h, AuthorizerId: none})), "Invalid Authorizer identifier specified"},

		"log without id":   {stage(h, apigatewayv2.CreateStageInput{AccessLogSettings: &types.AccessLogSettings{DestinationArn: ptr("arn:aws:logs:eu-north-1:000000000000:log-group:g"), Format: ptr("$context.status")}}), "must contain at least $context.requestId"},
		"log to a stream":  {stage(h, apigatewayv2.CreateStageInput{AccessLogSettings: &types.AccessLogSettings{DestinationArn: ptr("arn:aws:firehose:eu-north-1:000000000000:deliverystream/amazon-apigateway-x"), Format: ptr("$context.requestId")}}), "there is no Firehose here"},
		"log to nothing":   {stage(h, apigatewayv2.CreateStageInput{AccessLogSettings: &types.AccessLogSettings{DestinationArn: none, Format: ptr("$context.requestId")}}), "Invalid ARN specified"},
		"execution logs":   {stage(ws, apigatewayv2.CreateStageInput{DefaultRouteSettings: &types.RouteSettings{LoggingLevel: "INFO"}}), "does not implement execution logs"},
		"stage of sockets": {second(r.CreateStage(r.ctx, &apigatewayv2.CreateStageInput{ApiId: ws, StageName: ptr("$default")})), "Stage name only allows"},
	} {
		if got := errorOf(row.err); !strings.Contains(got, row.want) {
			t.Errorf("%s: got  %s\nwant %s", name, got, row.want)
		}
	}
}

func TestDomains(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api("GET /a").ApiId
	name := ptr("api.example.com")
	config := []types.DomainNameConfiguration{{CertificateArn: ptr("arn:aws:acm:eu-north-1:000000000000:certificate/1"), EndpointType: "REGIONAL", SecurityPolicy: "TLS_1_2"}}
	d := must(r, r.CreateDomainName, &apigatewayv2.CreateDomainNameInput{DomainName: name, DomainNameConfigurations: config, Tags: map[string]string{"a": "b"}})
	got := d.DomainNameConfigurations[0]
	want := types.DomainNameConfiguration{
		ApiGatewayDomainName: got.ApiGatewayDomainName, CertificateArn: config[0].CertificateArn, DomainNameStatus: "AVAILABLE", EndpointType: "REGIONAL",
		HostedZoneId: got.HostedZoneId, IpAddressType: "ipv4", SecurityPolicy: "TLS_1_2",
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(want)); diff != "" || d.RoutingMode != types.RoutingModeApiMappingOnly {
		t.Errorf("got mode %s (-want +got)\n%s", d.RoutingMode, diff)
	}
	m := must(r, r.CreateApiMapping, &apigatewayv2.CreateApiMappingInput{ApiId: a, DomainName: name, Stage: ptr("$default"), ApiMappingKey: ptr("v1/x")})
	rule := must(r, r.CreateRoutingRule, &apigatewayv2.CreateRoutingRuleInput{DomainName: name, Priority: ptr(int32(1)), Conditions: []types.RoutingRuleCondition{},
		Actions: []types.RoutingRuleAction{{InvokeApi: &types.RoutingRuleActionInvokeApi{ApiId: ptr("rest"), Stage: ptr("s")}}}})
	if served, ok := r.Domain("api.example.com"); !ok || len(served.Rules) != 0 || served.Mappings[0].Key != "v1/x" {
		t.Errorf("got %+v", served)
	}
	must(r, r.UpdateDomainName, &apigatewayv2.UpdateDomainNameInput{DomainName: name, RoutingMode: types.RoutingModeRoutingRuleThenApiMapping})
	if served, _ := r.Domain("api.example.com"); len(served.Rules) != 1 || len(served.Mappings) != 1 {
		t.Errorf("got %+v", served)
	}
	l := must(r, r.CreateVpcLink, &apigatewayv2.CreateVpcLinkInput{Name: ptr("l"), SubnetIds: []string{"subnet-1"}})
	must(r, r.TagResource, &apigatewayv2.TagResourceInput{ResourceArn: ptr("arn:aws:apigateway:eu-north-1::/vpclinks/" + *l.VpcLinkId), Tags: map[string]string{"x": "y"}})
	if got := must(r, r.GetVpcLink, &apigatewayv2.GetVpcLinkInput{VpcLinkId: l.VpcLinkId}); got.Tags["x"] != "y" || got.VpcLinkStatus != types.VpcLinkStatusAvailable {
		t.Errorf("got %+v", got)
	}
	invoke := func(id *string) []types.RoutingRuleAction {
		return []types.RoutingRuleAction{{InvokeApi: &types.RoutingRuleActionInvokeApi{ApiId: id, Stage: ptr("s")}}}
	}
	for what, row := range map[string]struct {
		err  error
		want string
	}{
		"twice":          {second(r.CreateDomainName(r.ctx, &apigatewayv2.CreateDomainNameInput{DomainName: name, DomainNameConfigurations: config})), "already exists"},
		"bad name":       {second(r.CreateDomainName(r.ctx, &apigatewayv2.CreateDomainNameInput{DomainName: ptr("a b"), DomainNameConfigurations: config})), "Invalid domain name"},
		"no certificate": {second(r.CreateDomainName(r.ctx, &apigatewayv2.CreateDomainNameInput{DomainName: ptr("b.test"), DomainNameConfigurations: []types.DomainNameConfiguration{{}}})), "CertificateArn is required"},
		"same key":       {second(r.CreateApiMapping(r.ctx, &apigatewayv2.CreateApiMappingInput{ApiId: a, DomainName: name, Stage: ptr("$default"), ApiMappingKey: ptr("v1/x")})), "ApiMapping key already exists"},
		"bad key":        {second(r.CreateApiMapping(r.ctx, &apigatewayv2.CreateApiMappingInput{ApiId: a, DomainName: name, Stage: ptr("$default"), ApiMappingKey: ptr("/v1")})), "API mapping key should only contain"},
		"no stage":       {second(r.CreateApiMapping(r.ctx, &apigatewayv2.CreateApiMappingInput{ApiId: a, DomainName: name, Stage: ptr("x")})), "Invalid stage identifier"},
		"mapped stage":   {second(r.DeleteStage(r.ctx, &apigatewayv2.DeleteStageInput{ApiId: a, StageName: ptr("$default")})), "Please remove all base path mappings"},
		"mapped API":     {second(r.DeleteApi(r.ctx, &apigatewayv2.DeleteApiInput{ApiId: a})), "Please remove all base path mappings"},
		"rule to HTTP":   {second(r.CreateRoutingRule(r.ctx, &apigatewayv2.CreateRoutingRuleInput{DomainName: name, Priority: ptr(int32(2)), Actions: invoke(a)})), "HTTP APIs are not supported as target APIs"},
		"same priority":  {second(r.CreateRoutingRule(r.ctx, &apigatewayv2.CreateRoutingRuleInput{DomainName: name, Priority: ptr(int32(1)), Actions: invoke(ptr("rest"))})), "priority 1 already exists"},
		"no rule":        {second(r.GetRoutingRule(r.ctx, &apigatewayv2.GetRoutingRuleInput{DomainName: name, RoutingRuleId: ptr("x")})), "Invalid RoutingRule identifier"},
		"no link":        {second(r.GetVpcLink(r.ctx, &apigatewayv2.GetVpcLinkInput{VpcLinkId: ptr("x")})), "Invalid VpcLink identifier"},
	} {
		if got := errorOf(row.err); !strings.Contains(got, row.want) {
			t.Errorf("%s: got  %s\nwant %s", what, got, row.want)
		}
	}
	must(r, r.PutRoutingRule, &apigatewayv2.PutRoutingRuleInput{DomainName: name, RoutingRuleId: rule.RoutingRuleId, Priority: ptr(int32(9)), Actions: invoke(ptr("rest")), Conditions: []types.RoutingRuleCondition{}})
	must(r, r.UpdateApiMapping, &apigatewayv2.UpdateApiMappingInput{ApiId: a, DomainName: name, ApiMappingId: m.ApiMappingId, ApiMappingKey: ptr("")})
	must(r, r.DeleteDomainName, &apigatewayv2.DeleteDomainNameInput{DomainName: name})
	if n := count(r, r.mappings.Set) + count(r, r.rules.Set); n != 0 {
		t.Errorf("got %d mappings and rules left", n)
	}
	must(r, r.DeleteApi, &apigatewayv2.DeleteApiInput{ApiId: a})
}

// TestRequiredParameters has a route of a WebSocket API ask for what it requires.
func TestRequiredParameters(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := must(r, r.CreateApi, &apigatewayv2.CreateApiInput{Name: ptr("w"), ProtocolType: types.ProtocolTypeWebsocket, RouteSelectionExpression: ptr("$request.body.action")})
	i := must(r, r.CreateIntegration, &apigatewayv2.CreateIntegrationInput{ApiId: a.ApiId, IntegrationType: types.IntegrationTypeMock, RequestTemplates: map[string]string{"$default": `{"statusCode":200}`}})
	required := func(name string) map[string]types.ParameterConstraints {
		return map[string]types.ParameterConstraints{name: {Required: ptr(true)}, "route.request.header.free": {Required: ptr(false)}}
	}
	for key, name := range map[string]string{"$connect": "route.request.querystring.", "$default": "route.request.querystring.q", "x": "route.request.body.q"} {
		if _, err := r.CreateRoute(r.ctx, &apigatewayv2.CreateRouteInput{ApiId: a.ApiId, RouteKey: &key, RequestParameters: required(name)}); err == nil {
			t.Errorf("%s of %s: got no error", name, key)
		}
	}
	must(r, r.CreateRoute, &apigatewayv2.CreateRouteInput{ApiId: a.ApiId, RouteKey: ptr("$connect"), Target: ptr("integrations/" + *i.IntegrationId), RequestParameters: required("route.request.querystring.q")})
	must(r, r.CreateStage, &apigatewayv2.CreateStageInput{ApiId: a.ApiId, StageName: ptr("dev"), AutoDeploy: ptr(true)})
	for query, want := range map[string]int{"": 400, "?q=1": 101} {
		c, res, err := websocket.DefaultDialer.Dial(strings.Replace(r.url, "http", "ws", 1)+gateway.PathPrefix+*a.ApiId+"/dev"+query, nil)
		if res == nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if c != nil {
			_ = c.Close()
		}
		if res.StatusCode != want {
			t.Errorf("%q: got %s, want %d", query, res.Status, want)
		}
	}
}

// TestHasStage: only WebSocket APIs have stages for API keys.
func TestHasStage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	http := r.api("GET /")
	socket := must(r, r.CreateApi, &apigatewayv2.CreateApiInput{Name: ptr("w"), ProtocolType: types.ProtocolTypeWebsocket, RouteSelectionExpression: ptr("$request.body.action")})
	must(r, r.CreateStage, &apigatewayv2.CreateStageInput{ApiId: socket.ApiId, StageName: ptr("dev")})
	for _, row := range []struct {
		api, stage string
		want       bool
	}{{*socket.ApiId, "dev", true}, {*socket.ApiId, "prod", false}, {*http.ApiId, "$default", false}, {"none", "dev", false}} {
		if got := r.HasStage(r.ctx, row.api, row.stage); got != row.want {
			t.Errorf("%s/%s: got %v, want %v", row.api, row.stage, got, row.want)
		}
	}
}
