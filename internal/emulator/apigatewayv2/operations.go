package apigatewayv2

import (
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/schemas"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "apigateway",
		Protocol: wire.RESTJSON,
		Schema:   schemas.ApiGatewayV2,
		Operations: []wire.Operation{
			wire.Op(schemas.CreateApi, s.CreateApi),
			wire.Op(schemas.CreateApiMapping, s.CreateApiMapping),
			wire.Op(schemas.CreateAuthorizer, s.CreateAuthorizer),
			wire.Op(schemas.CreateDeployment, s.CreateDeployment),
			wire.Op(schemas.CreateDomainName, s.CreateDomainName, wire.Refuse("MutualTlsAuthentication")),
			wire.Op(schemas.CreateIntegration, s.CreateIntegration, refusedOfIntegrations),
			wire.Op(schemas.CreateIntegrationResponse, s.CreateIntegrationResponse, wire.Refuse("ContentHandlingStrategy")),
			wire.Op(schemas.CreateModel, s.CreateModel),
			wire.Op(schemas.CreateRoute, s.CreateRoute, wire.Refuse("RequestModels")),
			wire.Op(schemas.CreateRouteResponse, s.CreateRouteResponse, wire.Refuse("ResponseParameters")),
			wire.Op(schemas.CreateRoutingRule, s.CreateRoutingRule, wire.Refuse("DomainNameId")),
			wire.Op(schemas.CreateStage, s.CreateStage, wire.Refuse("ClientCertificateId")),
			wire.Op(schemas.CreateVpcLink, s.CreateVpcLink),
			wire.Op(schemas.DeleteAccessLogSettings, s.DeleteAccessLogSettings),
			wire.Op(schemas.DeleteApi, s.DeleteApi),
			wire.Op(schemas.DeleteApiMapping, s.DeleteApiMapping),
			wire.Op(schemas.DeleteAuthorizer, s.DeleteAuthorizer),
			wire.Op(schemas.DeleteCorsConfiguration, s.DeleteCorsConfiguration),
			wire.Op(schemas.DeleteDeployment, s.DeleteDeployment),
			wire.Op(schemas.DeleteDomainName, s.DeleteDomainName),
			wire.Op(schemas.DeleteIntegration, s.DeleteIntegration),
			wire.Op(schemas.DeleteIntegrationResponse, s.DeleteIntegrationResponse),
			wire.Op(schemas.DeleteModel, s.DeleteModel),
			wire.Op(schemas.DeleteRoute, s.DeleteRoute),
			wire.Op(schemas.DeleteRouteRequestParameter, s.DeleteRouteRequestParameter),
			wire.Op(schemas.DeleteRouteResponse, s.DeleteRouteResponse),
			wire.Op(schemas.DeleteRouteSettings, s.DeleteRouteSettings),
			wire.Op(schemas.DeleteRoutingRule, s.DeleteRoutingRule, wire.Refuse("DomainNameId")),
			wire.Op(schemas.DeleteStage, s.DeleteStage),
			wire.Op(schemas.DeleteVpcLink, s.DeleteVpcLink),
			wire.Op(schemas.ExportApi, s.ExportApi),
			wire.Op(schemas.GetApi, s.GetApi),
			wire.Op(schemas.GetApiMapping, s.GetApiMapping),
			wire.Op(schemas.GetApiMappings, s.GetApiMappings),
			wire.Op(schemas.GetApis, s.GetApis),
			wire.Op(schemas.GetAuthorizer, s.GetAuthorizer),
			wire.Op(schemas.GetAuthorizers, s.GetAuthorizers),
			wire.Op(schemas.GetDeployment, s.GetDeployment),
			wire.Op(schemas.GetDeployments, s.GetDeployments),
			wire.Op(schemas.GetDomainName, s.GetDomainName),
			wire.Op(schemas.GetDomainNames, s.GetDomainNames),
			wire.Op(schemas.GetIntegration, s.GetIntegration),
			wire.Op(schemas.GetIntegrationResponse, s.GetIntegrationResponse),
			wire.Op(schemas.GetIntegrationResponses, s.GetIntegrationResponses),
			wire.Op(schemas.GetIntegrations, s.GetIntegrations),
			wire.Op(schemas.GetModel, s.GetModel),
			wire.Op(schemas.GetModels, s.GetModels),
			wire.Op(schemas.GetRoute, s.GetRoute),
			wire.Op(schemas.GetRouteResponse, s.GetRouteResponse),
			wire.Op(schemas.GetRouteResponses, s.GetRouteResponses),
			wire.Op(schemas.GetRoutes, s.GetRoutes),
			wire.Op(schemas.GetRoutingRule, s.GetRoutingRule, wire.Refuse("DomainNameId")),
			wire.Op(schemas.GetStage, s.GetStage),
			wire.Op(schemas.GetStages, s.GetStages),
			wire.Op(schemas.GetTags, s.GetTags),
			wire.Op(schemas.GetVpcLink, s.GetVpcLink),
			wire.Op(schemas.GetVpcLinks, s.GetVpcLinks),
			wire.Op(schemas.ImportApi, s.ImportApi),
			wire.Op(schemas.ListRoutingRules, s.ListRoutingRules, wire.Refuse("DomainNameId")),
			wire.Op(schemas.PutRoutingRule, s.PutRoutingRule, wire.Refuse("DomainNameId")),
			wire.Op(schemas.ReimportApi, s.ReimportApi),
			wire.Op(schemas.ResetAuthorizersCache, s.ResetAuthorizersCache),
			wire.Op(schemas.TagResource, s.TagResource),
			wire.Op(schemas.UntagResource, s.UntagResource),
			wire.Op(schemas.UpdateApi, s.UpdateApi),
			wire.Op(schemas.UpdateApiMapping, s.UpdateApiMapping),
			wire.Op(schemas.UpdateAuthorizer, s.UpdateAuthorizer),
			wire.Op(schemas.UpdateDeployment, s.UpdateDeployment),
			wire.Op(schemas.UpdateDomainName, s.UpdateDomainName, wire.Refuse("MutualTlsAuthentication")),
			wire.Op(schemas.UpdateIntegration, s.UpdateIntegration, refusedOfIntegrations),
			wire.Op(schemas.UpdateIntegrationResponse, s.UpdateIntegrationResponse, wire.Refuse("ContentHandlingStrategy")),
			wire.Op(schemas.UpdateModel, s.UpdateModel),
			wire.Op(schemas.UpdateRoute, s.UpdateRoute, wire.Refuse("RequestModels")),
			wire.Op(schemas.UpdateRouteResponse, s.UpdateRouteResponse, wire.Refuse("ResponseParameters")),
			wire.Op(schemas.UpdateStage, s.UpdateStage, wire.Refuse("ClientCertificateId")),
			wire.Op(schemas.UpdateVpcLink, s.UpdateVpcLink),
		},
		Unserved: unserved(),
		Unrouted: unrouted,
	}
}

// unrouted are the operations that are not served: those of portals, and one of models.
var unrouted = []*smithy.Schema{
	schemas.CreatePortal,
	schemas.CreatePortalProduct,
	schemas.CreateProductPage,
	schemas.CreateProductRestEndpointPage,
	schemas.DeletePortal,
	schemas.DeletePortalProduct,
	schemas.DeletePortalProductSharingPolicy,
	schemas.DeleteProductPage,
	schemas.DeleteProductRestEndpointPage,
	schemas.DisablePortal,
	schemas.GetModelTemplate,
	schemas.GetPortal,
	schemas.GetPortalProduct,
	schemas.GetPortalProductSharingPolicy,
	schemas.GetProductPage,
	schemas.GetProductRestEndpointPage,
	schemas.ListPortalProducts,
	schemas.ListPortals,
	schemas.ListProductPages,
	schemas.ListProductRestEndpointPages,
	schemas.PreviewPortal,
	schemas.PublishPortal,
	schemas.PutPortalProductSharingPolicy,
	schemas.UpdatePortal,
	schemas.UpdatePortalProduct,
	schemas.UpdateProductPage,
	schemas.UpdateProductRestEndpointPage,
}

// unserved says why operations are not served.
func unserved() map[string]string {
	out := map[string]string{}
	for _, schema := range unrouted {
		out[schema.ID().Name] = "portals show REST APIs, which are not emulated"
	}
	out[schemas.GetModelTemplate.ID().Name] = "no template is made of a model"
	return out
}

// refusedOfIntegrations are members that need a VPC, or change bodies in a way that is
// not carried out.
var refusedOfIntegrations = wire.Refuse("ConnectionId", "ContentHandlingStrategy", "TlsConfig")
