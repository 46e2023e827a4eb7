package apigatewayv2

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// aim makes an integration one with that target: a function's ARN, or a URL.
func aim(i *types.Integration, target string) {
	i.IntegrationUri = &target
	if strings.HasPrefix(target, "arn:") {
		i.IntegrationType, i.PayloadFormatVersion, i.IntegrationMethod = types.IntegrationTypeAwsProxy, ptr("2.0"), nil
	} else {
		i.IntegrationType, i.PayloadFormatVersion, i.IntegrationMethod = types.IntegrationTypeHttpProxy, nil, ptr("ANY")
	}
}

// quickCreate makes what CreateApi makes for a target: an integration, a route,
// and the $default stage that deploys automatically.
func (s *Service) quickCreate(tx *store.Tx, a api, target, routeKey string, role *string) error {
	i := types.Integration{ApiGatewayManaged: ptr(true), CredentialsArn: orNil(role)}
	aim(&i, target)
	if err := s.putNewIntegration(tx, a, &i); err != nil {
		return err
	}
	if routeKey == "" {
		routeKey = routekey.Default
	}
	err := s.putNewRoute(tx, a, &types.Route{
		ApiGatewayManaged: ptr(true),
		ApiKeyRequired:    ptr(false),
		AuthorizationType: types.AuthorizationTypeNone,
		RouteKey:          &routeKey,
		Target:            ptr(targetPrefix + *i.IntegrationId),
	})
	if err != nil {
		return err
	}
	st := s.newStage(a, gateway.DefaultStage)
	st.ApiGatewayManaged, st.AutoDeploy = ptr(true), ptr(true)
	s.stages.Put(tx, key(*a.ApiId, gateway.DefaultStage), st)
	return s.autoDeploy(tx, *a.ApiId)
}

// quickUpdate changes what quickCreate has made.
func (s *Service) quickUpdate(tx *store.Tx, a api, target, routeKey, role *string) error {
	done := false
	for _, r := range s.routes.all(tx, *a.ApiId) {
		if !value(r.ApiGatewayManaged) {
			continue
		}
		done = true
		set(&r.RouteKey, routeKey)
		if err := s.putRoute(tx, a, &r); err != nil {
			return err
		}
		i, ok := s.integrations.Get(tx, key(*a.ApiId, strings.TrimPrefix(value(r.Target), targetPrefix)))
		if !ok || !value(i.ApiGatewayManaged) {
			continue
		}
		setText(&i.CredentialsArn, role)
		if target != nil {
			aim(&i, *target)
		}
		if err := s.putIntegration(tx, a, &i); err != nil {
			return err
		}
	}
	if !done {
		return badRequest("Target, RouteKey and CredentialsArn can be updated only for APIs that quick create made")
	}
	return nil
}
