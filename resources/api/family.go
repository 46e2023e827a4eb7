// Package api has the resource types of HTTP and WebSocket APIs: routes, what they
// lead to, stages, authorizers and domains, all that turns a request into a call.
// It must not know the other families: a route knows a function by its ARN alone.
// REST APIs, which API Gateway keeps elsewhere, are to be a family of their own.
package api

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Types lists the resource types of this family.
var Types = []tf.Entry[*Clients]{
	Authorizer,
	Domain,
	DomainMapping,
	HTTPAPI,
	Integration,
	Route,
	RoutingRule,
	Stage,
	VPCLink,
	WebSocketAPI,
}

// Actions lists the family's actions.
var Actions = []tf.ActionEntry[*Clients]{
	Request,
}

// Clients are the AWS operations that this family calls.
type Clients struct {
	Gateway  Gateway
	Lambda   parts.Permissions
	Logs     parts.Logs
	Siblings *Siblings
	// Credentials are those by which the operations are called, and requests signed.
	Credentials func(context.Context) (aws.Credentials, error)
}

// Gateway has the operations of API Gateway that HTTP APIs are made with.
type Gateway interface {
	CreateApi(context.Context, *apigatewayv2.CreateApiInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateApiOutput, error)
	CreateApiMapping(context.Context, *apigatewayv2.CreateApiMappingInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateApiMappingOutput, error)
	CreateAuthorizer(context.Context, *apigatewayv2.CreateAuthorizerInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateAuthorizerOutput, error)
	CreateDomainName(context.Context, *apigatewayv2.CreateDomainNameInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateDomainNameOutput, error)
	CreateIntegration(context.Context, *apigatewayv2.CreateIntegrationInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateIntegrationOutput, error)
	CreateIntegrationResponse(context.Context, *apigatewayv2.CreateIntegrationResponseInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateIntegrationResponseOutput, error)
	CreateRoute(context.Context, *apigatewayv2.CreateRouteInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateRouteOutput, error)
	CreateRouteResponse(context.Context, *apigatewayv2.CreateRouteResponseInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateRouteResponseOutput, error)
	CreateRoutingRule(context.Context, *apigatewayv2.CreateRoutingRuleInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateRoutingRuleOutput, error)
	CreateStage(context.Context, *apigatewayv2.CreateStageInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateStageOutput, error)
	CreateVpcLink(context.Context, *apigatewayv2.CreateVpcLinkInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.CreateVpcLinkOutput, error)
	DeleteAccessLogSettings(context.Context, *apigatewayv2.DeleteAccessLogSettingsInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteAccessLogSettingsOutput, error)
	DeleteApi(context.Context, *apigatewayv2.DeleteApiInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteApiOutput, error)
	DeleteApiMapping(context.Context, *apigatewayv2.DeleteApiMappingInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteApiMappingOutput, error)
	DeleteAuthorizer(context.Context, *apigatewayv2.DeleteAuthorizerInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteAuthorizerOutput, error)
	DeleteCorsConfiguration(context.Context, *apigatewayv2.DeleteCorsConfigurationInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteCorsConfigurationOutput, error)
	DeleteDomainName(context.Context, *apigatewayv2.DeleteDomainNameInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteDomainNameOutput, error)
	DeleteIntegration(context.Context, *apigatewayv2.DeleteIntegrationInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteIntegrationOutput, error)
	DeleteIntegrationResponse(context.Context, *apigatewayv2.DeleteIntegrationResponseInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteIntegrationResponseOutput, error)
	DeleteRoute(context.Context, *apigatewayv2.DeleteRouteInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteRouteOutput, error)
	DeleteRouteResponse(context.Context, *apigatewayv2.DeleteRouteResponseInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteRouteResponseOutput, error)
	DeleteRouteSettings(context.Context, *apigatewayv2.DeleteRouteSettingsInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteRouteSettingsOutput, error)
	DeleteRoutingRule(context.Context, *apigatewayv2.DeleteRoutingRuleInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteRoutingRuleOutput, error)
	DeleteStage(context.Context, *apigatewayv2.DeleteStageInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteStageOutput, error)
	DeleteVpcLink(context.Context, *apigatewayv2.DeleteVpcLinkInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteVpcLinkOutput, error)
	GetApi(context.Context, *apigatewayv2.GetApiInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetApiOutput, error)
	GetApiMapping(context.Context, *apigatewayv2.GetApiMappingInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetApiMappingOutput, error)
	GetApiMappings(context.Context, *apigatewayv2.GetApiMappingsInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetApiMappingsOutput, error)
	GetApis(context.Context, *apigatewayv2.GetApisInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetApisOutput, error)
	GetAuthorizer(context.Context, *apigatewayv2.GetAuthorizerInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetAuthorizerOutput, error)
	GetAuthorizers(context.Context, *apigatewayv2.GetAuthorizersInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetAuthorizersOutput, error)
	GetDomainName(context.Context, *apigatewayv2.GetDomainNameInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetDomainNameOutput, error)
	GetDomainNames(context.Context, *apigatewayv2.GetDomainNamesInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetDomainNamesOutput, error)
	GetIntegration(context.Context, *apigatewayv2.GetIntegrationInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetIntegrationOutput, error)
	GetIntegrationResponses(context.Context, *apigatewayv2.GetIntegrationResponsesInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetIntegrationResponsesOutput, error)
	GetIntegrations(context.Context, *apigatewayv2.GetIntegrationsInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetIntegrationsOutput, error)
	GetRoute(context.Context, *apigatewayv2.GetRouteInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetRouteOutput, error)
	GetRouteResponses(context.Context, *apigatewayv2.GetRouteResponsesInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetRouteResponsesOutput, error)
	GetRoutes(context.Context, *apigatewayv2.GetRoutesInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetRoutesOutput, error)
	GetRoutingRule(context.Context, *apigatewayv2.GetRoutingRuleInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetRoutingRuleOutput, error)
	GetStage(context.Context, *apigatewayv2.GetStageInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetStageOutput, error)
	GetStages(context.Context, *apigatewayv2.GetStagesInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetStagesOutput, error)
	GetVpcLink(context.Context, *apigatewayv2.GetVpcLinkInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetVpcLinkOutput, error)
	GetVpcLinks(context.Context, *apigatewayv2.GetVpcLinksInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetVpcLinksOutput, error)
	ListRoutingRules(context.Context, *apigatewayv2.ListRoutingRulesInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.ListRoutingRulesOutput, error)
	PutRoutingRule(context.Context, *apigatewayv2.PutRoutingRuleInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.PutRoutingRuleOutput, error)
	ReimportApi(context.Context, *apigatewayv2.ReimportApiInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.ReimportApiOutput, error)
	TagResource(context.Context, *apigatewayv2.TagResourceInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.TagResourceOutput, error)
	UntagResource(context.Context, *apigatewayv2.UntagResourceInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.UntagResourceOutput, error)
	UpdateApi(context.Context, *apigatewayv2.UpdateApiInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateApiOutput, error)
	UpdateApiMapping(context.Context, *apigatewayv2.UpdateApiMappingInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateApiMappingOutput, error)
	UpdateAuthorizer(context.Context, *apigatewayv2.UpdateAuthorizerInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateAuthorizerOutput, error)
	UpdateDomainName(context.Context, *apigatewayv2.UpdateDomainNameInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateDomainNameOutput, error)
	UpdateIntegration(context.Context, *apigatewayv2.UpdateIntegrationInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateIntegrationOutput, error)
	UpdateIntegrationResponse(context.Context, *apigatewayv2.UpdateIntegrationResponseInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateIntegrationResponseOutput, error)
	UpdateRoute(context.Context, *apigatewayv2.UpdateRouteInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateRouteOutput, error)
	UpdateStage(context.Context, *apigatewayv2.UpdateStageInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateStageOutput, error)
	UpdateVpcLink(context.Context, *apigatewayv2.UpdateVpcLinkInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.UpdateVpcLinkOutput, error)
}

// once keeps the SDK from repeating a call whose answer was lost: objects without
// a unique name would be made twice. The caller looks whether it was carried out.
func once(o *apigatewayv2.Options) { o.Retryer = tf.Unrepeated(o.Retryer) }

// all collects a list that comes in pages.
func all[T any](page func(token *string) ([]T, *string, error)) ([]T, error) {
	var items []T
	var token *string
	for {
		more, next, err := page(token)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
		if aws.ToString(next) == "" {
			return items, nil
		}
		token = next
	}
}

// each calls found for each of a list that was read: a copy of in that fill has filled in.
func each[M, T any](in *M, list []T, err error, fill func(*M, T), found func(*M) error) error {
	for _, item := range list {
		m := *in
		fill(&m, item)
		if err := found(&m); err != nil {
			return err
		}
	}
	return err
}
