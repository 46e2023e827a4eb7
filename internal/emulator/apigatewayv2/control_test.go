package apigatewayv2

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
)

// same compares AWS's structs by their members.
var same = cmp.Options{
	cmpopts.IgnoreUnexported(types.Route{}, types.Integration{}, types.Stage{}, types.RouteSettings{}, types.Api{}, types.Cors{}),
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api("GET /a")
	now := r.clock.Now()
	got := must(r, r.GetApi, &apigatewayv2.GetApiInput{ApiId: a.ApiId})
	if len(*a.ApiId) != 10 || *a.ApiId != strings.ToLower(*a.ApiId) {
		t.Errorf("got API id %q, want 10 lower-case letters and digits", *a.ApiId)
	}
	want := types.Api{
		ApiEndpoint: ptr(r.url + gateway.PathPrefix + *a.ApiId), ApiId: a.ApiId, ApiKeySelectionExpression: ptr("$request.header.x-api-key"),
		CreatedDate: &now, DisableExecuteApiEndpoint: ptr(false), IpAddressType: "ipv4", Name: ptr("notes"), ProtocolType: "HTTP",
		RouteSelectionExpression: ptr("$request.method $request.path"), Tags: map[string]string{},
	}
	if diff := cmp.Diff(want, *as[types.Api](*got), same); diff != "" {
		t.Errorf("the API (-want +got)\n%s", diff)
	}
	integrations := must(r, r.GetIntegrations, &apigatewayv2.GetIntegrationsInput{ApiId: a.ApiId}).Items
	wantIntegration := types.Integration{
		ConnectionType: "INTERNET", IntegrationId: integrations[0].IntegrationId, IntegrationMethod: ptr("POST"), IntegrationType: "AWS_PROXY",
		IntegrationUri: ptr(functionF), PayloadFormatVersion: ptr("2.0"), TimeoutInMillis: ptr(int32(30000)),
	}
	if diff := cmp.Diff([]types.Integration{wantIntegration}, integrations, same); diff != "" {
		t.Errorf("the integration (-want +got)\n%s", diff)
	}
	routes := must(r, r.GetRoutes, &apigatewayv2.GetRoutesInput{ApiId: a.ApiId}).Items
	wantRoute := types.Route{
		ApiKeyRequired: ptr(false), AuthorizationType: "NONE", RouteId: routes[0].RouteId, RouteKey: ptr("GET /a"),
		Target: ptr("integrations/" + *integrations[0].IntegrationId),
	}
	if diff := cmp.Diff([]types.Route{wantRoute}, routes, same); diff != "" {
		t.Errorf("the route (-want +got)\n%s", diff)
	}
	stages := must(r, r.GetStages, &apigatewayv2.GetStagesInput{ApiId: a.ApiId}).Items
	wantStage := types.Stage{
		AutoDeploy: ptr(true), CreatedDate: &now, LastUpdatedDate: &now, StageName: ptr("$default"),
		DefaultRouteSettings: &types.RouteSettings{DetailedMetricsEnabled: ptr(false)}, DeploymentId: stages[0].DeploymentId,
		LastDeploymentStatusMessage: ptr("Successfully deployed stage with deployment ID '" + value(stages[0].DeploymentId) + "'"),
		RouteSettings:               map[string]types.RouteSettings{}, StageVariables: map[string]string{}, Tags: map[string]string{},
	}
	if diff := cmp.Diff([]types.Stage{wantStage}, stages, same); diff != "" {
		t.Errorf("the stage (-want +got)\n%s", diff)
	}
	d := must(r, r.GetDeployment, &apigatewayv2.GetDeploymentInput{ApiId: a.ApiId, DeploymentId: stages[0].DeploymentId})
	if d.DeploymentStatus != types.DeploymentStatusDeployed || !*d.AutoDeployed {
		t.Errorf("got a deployment %s, automatic %v", d.DeploymentStatus, *d.AutoDeployed)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api("GET /a/{x}").ApiId
	i := must(r, r.GetIntegrations, &apigatewayv2.GetIntegrationsInput{ApiId: a}).Items[0].IntegrationId
	route := must(r, r.GetRoutes, &apigatewayv2.GetRoutesInput{ApiId: a}).Items[0].RouteId
	none, target := ptr("none"), ptr("integrations/"+*i)
	stage := must(r, r.GetStage, &apigatewayv2.GetStageInput{ApiId: a, StageName: ptr("$default")})
	const noAPI = "NotFoundException: Invalid API identifier specified 000000000000:none"
	for name, row := range map[string]struct {
		err  error
		want string
	}{
		"no API":          {second(r.GetApi(r.ctx, &apigatewayv2.GetApiInput{ApiId: none})), noAPI},
		"no id":           {second(r.GetApi(r.ctx, &apigatewayv2.GetApiInput{})), "NotFoundException: Invalid API identifier specified 000000000000:"},
		"routes of none":  {second(r.GetRoutes(r.ctx, &apigatewayv2.GetRoutesInput{ApiId: none})), noAPI},
		"delete none":     {second(r.DeleteApi(r.ctx, &apigatewayv2.DeleteApiInput{ApiId: none})), noAPI},
		"no route":        {second(r.GetRoute(r.ctx, &apigatewayv2.GetRouteInput{ApiId: a, RouteId: none})), "NotFoundException: Invalid Route identifier specified"},
		"no integration":  {second(r.GetIntegration(r.ctx, &apigatewayv2.GetIntegrationInput{ApiId: a, IntegrationId: none})), "NotFoundException: Invalid Integration identifier specified"},
		"no stage":        {second(r.GetStage(r.ctx, &apigatewayv2.GetStageInput{ApiId: a, StageName: none})), "NotFoundException: Invalid stage identifier specified"},
		"no deployment":   {second(r.GetDeployment(r.ctx, &apigatewayv2.GetDeploymentInput{ApiId: a, DeploymentId: none})), "NotFoundException: Invalid Deployment identifier specified"},
		"websocket":       {second(r.CreateApi(r.ctx, &apigatewayv2.CreateApiInput{ProtocolType: "WEBSOCKET"})), "BadRequestException: Route selection expression is required for WebSocket protocol"},
		"selection":       {second(r.CreateApi(r.ctx, &apigatewayv2.CreateApiInput{ProtocolType: "HTTP", RouteSelectionExpression: ptr("x")})), `BadRequestException: Route selection expression for HTTP protocol must be "$request.method $request.path"`},
		"CORS":            {second(r.UpdateApi(r.ctx, &apigatewayv2.UpdateApiInput{ApiId: a, CorsConfiguration: &types.Cors{AllowCredentials: ptr(true), AllowOrigins: []string{"*"}}})), "BadRequestException: allowCredentials is not supported when allowOrigins is *"},
		"same key":        {second(r.CreateRoute(r.ctx, &apigatewayv2.CreateRouteInput{ApiId: a, RouteKey: ptr("GET /a/{x}")})), "ConflictException: Route with key GET /a/{x} already exists for this API"},
		"same shape":      {second(r.CreateRoute(r.ctx, &apigatewayv2.CreateRouteInput{ApiId: a, RouteKey: ptr("GET /a/{y}")})), `ConflictException: The provided route key "GET /a/{y}" has a conflicting variable on the same hierarchical level as "GET /a/{x}"`},
		"bad key":         {second(r.CreateRoute(r.ctx, &apigatewayv2.CreateRouteInput{ApiId: a, RouteKey: ptr("GET a")})), `BadRequestException: the path "a" of the route key "GET a" must begin with a slash`},
		"bad target":      {second(r.CreateRoute(r.ctx, &apigatewayv2.CreateRouteInput{ApiId: a, RouteKey: ptr("GET /b"), Target: i})), `BadRequestException: The target "` + *i + `" must be integrations/ and an integration's id`},
		"no target":       {second(r.UpdateRoute(r.ctx, &apigatewayv2.UpdateRouteInput{ApiId: a, RouteId: route, Target: ptr("integrations/none")})), "NotFoundException: Invalid Integration identifier specified"},
		"authorizer":      {second(r.CreateRoute(r.ctx, &apigatewayv2.CreateRouteInput{ApiId: a, RouteKey: ptr("GET /b"), AuthorizationType: "JWT", AuthorizerId: none})), "BadRequestException: Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer."},
		"API key":         {second(r.CreateRoute(r.ctx, &apigatewayv2.CreateRouteInput{ApiId: a, RouteKey: ptr("GET /b"), ApiKeyRequired: ptr(true)})), "BadRequestException: ApiKeyRequired is supported only for WebSocket APIs"},
		"used":            {second(r.DeleteIntegration(r.ctx, &apigatewayv2.DeleteIntegrationInput{ApiId: a, IntegrationId: i})), "ConflictException: Cannot delete Integration because it is referenced by the following Routes with Ids: [" + *route + "]"},
		"AWS integration": {second(r.CreateIntegration(r.ctx, &apigatewayv2.CreateIntegrationInput{ApiId: a, IntegrationType: "AWS"})), "BadRequestException: Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)"},
		"queue":           {second(r.CreateIntegration(r.ctx, &apigatewayv2.CreateIntegrationInput{ApiId: a, IntegrationType: "AWS_PROXY", IntegrationUri: ptr("arn:aws:sqs:eu-north-1:000000000000:q")})), `BadRequestException: IntegrationUri "arn:aws:sqs:eu-north-1:000000000000:q" is not emulated; AWS_PROXY takes the ARN of a Lambda function or its invoke ARN`},
		"VPC":             {second(r.UpdateIntegration(r.ctx, &apigatewayv2.UpdateIntegrationInput{ApiId: a, IntegrationId: i, ConnectionType: "VPC_LINK"})), "BadRequestException: ConnectionType VPC_LINK is not emulated: there is no VPC here; INTERNET is"},
		"timeout":         {second(r.UpdateIntegration(r.ctx, &apigatewayv2.UpdateIntegrationInput{ApiId: a, IntegrationId: i, TimeoutInMillis: ptr(int32(49))})), "BadRequestException: Timeout should be between 50 ms and 30000 ms"},
		"format":          {second(r.UpdateIntegration(r.ctx, &apigatewayv2.UpdateIntegrationInput{ApiId: a, IntegrationId: i, PayloadFormatVersion: ptr("3.0")})), `BadRequestException: PayloadFormatVersion "3.0" is not supported for AWS_PROXY integrations`},
		"host variable":   {second(r.CreateIntegration(r.ctx, &apigatewayv2.CreateIntegrationInput{ApiId: a, IntegrationType: "HTTP_PROXY", IntegrationMethod: ptr("GET"), IntegrationUri: ptr("http://{x}/")})), "BadRequestException: Invalid HTTP endpoint specified for URI"},
		"file":            {second(r.CreateIntegration(r.ctx, &apigatewayv2.CreateIntegrationInput{ApiId: a, IntegrationType: "HTTP_PROXY", IntegrationMethod: ptr("GET"), IntegrationUri: ptr("file:///etc/passwd")})), "BadRequestException: Invalid HTTP endpoint specified for URI"},
		"same stage":      {second(r.CreateStage(r.ctx, &apigatewayv2.CreateStageInput{ApiId: a, StageName: ptr("$default")})), "ConflictException: Stage already exists"},
		"stage name":      {second(r.CreateStage(r.ctx, &apigatewayv2.CreateStageInput{ApiId: a, StageName: ptr("a/b")})), "BadRequestException: Stage name only allows a-zA-Z0-9_-, or $default"},
		"both":            {second(r.UpdateStage(r.ctx, &apigatewayv2.UpdateStageInput{ApiId: a, StageName: ptr("$default"), DeploymentId: stage.DeploymentId})), "BadRequestException: Deployment ID cannot be set on a stage that has AutoDeploy enabled"},
		"settings":        {second(r.UpdateStage(r.ctx, &apigatewayv2.UpdateStageInput{ApiId: a, StageName: ptr("$default"), RouteSettings: map[string]types.RouteSettings{"GET /b": {}}})), "NotFoundException: Unable to find Route by key GET /b within the provided RouteSettings"},
		"logging":         {second(r.UpdateStage(r.ctx, &apigatewayv2.UpdateStageInput{ApiId: a, StageName: ptr("$default"), DefaultRouteSettings: &types.RouteSettings{LoggingLevel: "INFO"}})), "BadRequestException: Execution logs are not supported on protocolType HTTP"},
		"metrics":         {second(r.UpdateStage(r.ctx, &apigatewayv2.UpdateStageInput{ApiId: a, StageName: ptr("$default"), DefaultRouteSettings: &types.RouteSettings{DetailedMetricsEnabled: ptr(true)}})), "BadRequestException: DetailedMetricsEnabled is not emulated"},
		"no settings":     {second(r.DeleteRouteSettings(r.ctx, &apigatewayv2.DeleteRouteSettingsInput{ApiId: a, StageName: ptr("$default"), RouteKey: ptr("GET /b")})), "NotFoundException: Unable to find Route by key GET /b within the provided RouteSettings"},
		"in use":          {second(r.DeleteDeployment(r.ctx, &apigatewayv2.DeleteDeploymentInput{ApiId: a, DeploymentId: stage.DeploymentId})), "BadRequestException: Active stages pointing to this deployment must be moved or deleted"},
		"tag ARN":         {second(r.GetTags(r.ctx, &apigatewayv2.GetTagsInput{ResourceArn: ptr("arn:aws:apigateway:eu-north-1::/restapis/x")})), "BadRequestException: Invalid resource ARN specified: arn:aws:apigateway:eu-north-1::/restapis/x"},
		"page":            {second(r.GetApis(r.ctx, &apigatewayv2.GetApisInput{MaxResults: ptr("many")})), "BadRequestException: Invalid maxResults value specified"},
		"token":           {second(r.GetRoutes(r.ctx, &apigatewayv2.GetRoutesInput{ApiId: a, NextToken: ptr("!")})), "BadRequestException: Invalid nextToken value specified"},
	} {
		if got := errorOf(row.err); got != row.want {
			t.Errorf("%s: got  %s\nwant %s", name, got, row.want)
		}
	}
	if got := must(r, r.GetRoute, &apigatewayv2.GetRouteInput{ApiId: a, RouteId: route}); *got.Target != *target {
		t.Errorf("a refused update changed the target to %s", *got.Target)
	}
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }

func TestDeployments(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api("GET /a")
	id := a.ApiId
	must(r, r.CreateStage, &apigatewayv2.CreateStageInput{ApiId: id, StageName: ptr("dev")})
	want := func(path string, status int) {
		t.Helper()
		if got, body := r.call("GET", *a.ApiEndpoint+path, ""); got != status {
			t.Errorf("%s: got %d %s, want %d", path, got, body, status)
		}
	}
	want("/dev/a", 404) // nothing is deployed there: the default stage takes the path
	d := must(r, r.CreateDeployment, &apigatewayv2.CreateDeploymentInput{ApiId: id, StageName: ptr("dev"), Description: ptr("first")})
	want("/dev/a", 201)
	i := must(r, r.GetIntegrations, &apigatewayv2.GetIntegrationsInput{ApiId: id}).Items[0].IntegrationId
	must(r, r.CreateRoute, &apigatewayv2.CreateRouteInput{ApiId: id, RouteKey: ptr("GET /b"), Target: ptr("integrations/" + *i)})
	want("/b", 201)     // the default stage deploys automatically
	want("/dev/b", 404) // dev does not
	must(r, r.UpdateStage, &apigatewayv2.UpdateStageInput{ApiId: id, StageName: ptr("dev"), AutoDeploy: ptr(true)})
	want("/dev/b", 201)
	if n := len(must(r, r.GetDeployments, &apigatewayv2.GetDeploymentsInput{ApiId: id}).Items); n != 2 {
		t.Errorf("got %d deployments, want the first and the one that both stages have", n)
	}
	must(r, r.UpdateStage, &apigatewayv2.UpdateStageInput{ApiId: id, StageName: ptr("dev"), AutoDeploy: ptr(false), DeploymentId: d.DeploymentId})
	want("/dev/b", 404)
	must(r, r.DeleteStage, &apigatewayv2.DeleteStageInput{ApiId: id, StageName: ptr("dev")})
	must(r, r.DeleteDeployment, &apigatewayv2.DeleteDeploymentInput{ApiId: id, DeploymentId: d.DeploymentId})
	want("/dev/a", 404)
}

func TestEmptyAPIDoesNotDeploy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api()
	st := must(r, r.GetStage, &apigatewayv2.GetStageInput{ApiId: a.ApiId, StageName: ptr("$default")})
	if st.DeploymentId != nil || *st.LastDeploymentStatusMessage != "Deployment attempt failed: Unable to deploy API because no routes exist in this API" {
		t.Errorf("got deployment %v, %s", st.DeploymentId, *st.LastDeploymentStatusMessage)
	}
	_, err := r.CreateDeployment(r.ctx, &apigatewayv2.CreateDeploymentInput{ApiId: a.ApiId})
	if got, want := errorOf(err), "BadRequestException: Unable to deploy API because no routes exist in this API"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestStageSettings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api("GET /a")
	name := ptr("$default")
	must(r, r.UpdateStage, &apigatewayv2.UpdateStageInput{
		ApiId: a.ApiId, StageName: name, Description: ptr("d"), StageVariables: map[string]string{"x": "1", "y": "2"},
		DefaultRouteSettings: &types.RouteSettings{ThrottlingBurstLimit: ptr(int32(1)), ThrottlingRateLimit: ptr(1.0)},
		RouteSettings:        map[string]types.RouteSettings{"GET /a": {ThrottlingBurstLimit: ptr(int32(0))}},
	})
	if got, _ := r.call("GET", *a.ApiEndpoint+"/a", ""); got != 429 {
		t.Errorf("a limit of 0: got %d, want 429", got)
	}
	must(r, r.DeleteRouteSettings, &apigatewayv2.DeleteRouteSettingsInput{ApiId: a.ApiId, StageName: name, RouteKey: ptr("GET /a")})
	for _, want := range []int{201, 429} {
		if got, _ := r.call("GET", *a.ApiEndpoint+"/a", ""); got != want {
			t.Errorf("a limit of 1: got %d, want %d", got, want)
		}
	}
	st := must(r, r.UpdateStage, &apigatewayv2.UpdateStageInput{ApiId: a.ApiId, StageName: name, Description: ptr(""), StageVariables: map[string]string{"x": ""}})
	if st.Description != nil || len(st.StageVariables) != 1 || st.StageVariables["y"] != "2" {
		t.Errorf("got description %v, variables %v; want none, and y alone", st.Description, st.StageVariables)
	}
}

func TestQuickCreate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := must(r, r.CreateApi, &apigatewayv2.CreateApiInput{Name: ptr("q"), ProtocolType: "HTTP", Target: ptr(functionF)})
	if status, body := r.call("POST", *a.ApiEndpoint+"/any", ""); status != 201 {
		t.Errorf("got %d %s", status, body)
	}
	if got := r.function.event["version"]; got != "2.0" {
		t.Errorf("got payload format %v, want 2.0", got)
	}
	if _, err := r.CreateApi(r.ctx, &apigatewayv2.CreateApiInput{ProtocolType: "HTTP", Target: ptr("nonsense")}); err == nil {
		t.Error("a nonsense target was taken")
	}
	if n := len(must(r, r.GetApis, &apigatewayv2.GetApisInput{}).Items); n != 1 {
		t.Errorf("got %d APIs, want 1: a refused quick create must leave nothing", n)
	}
}

func TestCORSRoundTrip(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api("GET /a")
	cors := &types.Cors{AllowOrigins: []string{"https://a.test"}, AllowMethods: []string{"GET"}, MaxAge: ptr(int32(5))}
	must(r, r.UpdateApi, &apigatewayv2.UpdateApiInput{ApiId: a.ApiId, CorsConfiguration: cors})
	if diff := cmp.Diff(cors, must(r, r.GetApi, &apigatewayv2.GetApiInput{ApiId: a.ApiId}).CorsConfiguration, same); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	snapshot, _ := r.API(*a.ApiId)
	if got := snapshot.Stages["$default"].CORS; got == nil || got.AllowOrigins[0] != "https://a.test" {
		t.Errorf("got CORS %v in what is served", got)
	}
	must(r, r.DeleteCorsConfiguration, &apigatewayv2.DeleteCorsConfigurationInput{ApiId: a.ApiId})
	if got := must(r, r.GetApi, &apigatewayv2.GetApiInput{ApiId: a.ApiId}).CorsConfiguration; got != nil {
		t.Errorf("got %v after deletion", got)
	}
	snapshot, _ = r.API(*a.ApiId)
	if got := snapshot.Stages["$default"].CORS; got != nil {
		t.Errorf("got CORS %v served after deletion", got)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api("GET /a")
	for _, arn := range []string{"arn:aws:apigateway:eu-north-1::/apis/" + *a.ApiId, "arn:aws:apigateway:eu-north-1::/apis/" + *a.ApiId + "/stages/$default"} {
		must(r, r.TagResource, &apigatewayv2.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2"}})
		must(r, r.UntagResource, &apigatewayv2.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a", "none"}})
		if diff := cmp.Diff(map[string]string{"b": "2"}, must(r, r.GetTags, &apigatewayv2.GetTagsInput{ResourceArn: &arn}).Tags); diff != "" {
			t.Errorf("%s (-want +got)\n%s", arn, diff)
		}
	}
	if got := must(r, r.GetApi, &apigatewayv2.GetApiInput{ApiId: a.ApiId}).Tags; got["b"] != "2" {
		t.Errorf("got tags %v in GetApi", got)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api("GET /a", "GET /b", "GET /c")
	got := map[string]bool{}
	var token *string
	for range 3 {
		out := must(r, r.GetRoutes, &apigatewayv2.GetRoutesInput{ApiId: a.ApiId, MaxResults: ptr("1"), NextToken: token})
		for _, route := range out.Items {
			got[*route.RouteKey] = true
		}
		token = out.NextToken
	}
	if len(got) != 3 || token != nil {
		t.Errorf("got %v and token %v, want three routes and none", got, token)
	}
}

func TestDeleteCascades(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api("GET /a")
	if status, _ := r.call("GET", *a.ApiEndpoint+"/a", ""); status != 201 {
		t.Fatalf("got %d before", status)
	}
	must(r, r.DeleteApi, &apigatewayv2.DeleteApiInput{ApiId: a.ApiId})
	if status, body := r.call("GET", *a.ApiEndpoint+"/a", ""); status != 404 {
		t.Errorf("got %d %s after", status, body)
	}
	left := 0
	r.served.Range(func(any, any) bool { left++; return true })
	for _, set := range []int{count(r, r.routes.Set), count(r, r.integrations.Set), count(r, r.stages.Set), count(r, r.deployments.Set), count(r, r.apis), left} {
		if set != 0 {
			t.Errorf("got %d things left, want none", set)
		}
	}
}
