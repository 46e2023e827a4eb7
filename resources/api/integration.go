package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var functionARN = tf.Pattern(`^arn:[^:]+:lambda:[^:]+:\d{12}:function:[0-9A-Za-z_-]+(:[0-9A-Za-z_$-]+)?$`,
	"write the ARN of a function or of an alias, such as the attribute target_arn of serverless_function")

// description marks the integration that belongs to a route: integrations have no
// names, and one whose making was cut off is found again by it.
func (m *route) description() string { return "serverless_route " + m.Route.ValueString() }

// makeIntegration makes the route's integration and returns its id. One that this
// route made before, in a run that was cut off, is used: no route leads to it.
func makeIntegration(ctx context.Context, c *Clients, m *route) (string, error) {
	if id, err := leftover(ctx, c, m); err != nil || id != "" {
		return id, err
	}
	var id string
	err := settled(ctx, func(ctx context.Context) error {
		out, err := c.Gateway.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{
			ApiId:                m.API.ValueStringPointer(),
			Description:          aws.String(m.description()),
			IntegrationType:      types.IntegrationTypeAwsProxy,
			IntegrationUri:       m.Function.ValueStringPointer(),
			IntegrationMethod:    aws.String("POST"),
			PayloadFormatVersion: m.PayloadVersion.ValueStringPointer(),
			TimeoutInMillis:      aws.Int32(int32(m.Timeout.ValueInt64())),
		}, once)
		if err == nil {
			id = aws.ToString(out.IntegrationId)
		}
		return err
	})
	if err == nil || refused(err) {
		return id, err
	}
	ctx, cancel := afterwards(ctx)
	defer cancel()
	id, again := leftover(ctx, c, m)
	if again != nil || id == "" {
		return "", errors.Join(err, again)
	}
	return id, nil
}

// leftover finds an integration with this route's mark that no route leads to.
func leftover(ctx context.Context, c *Clients, m *route) (string, error) {
	found, err := integrations(ctx, c, m)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(found, func(i types.Integration) bool {
		return aws.ToString(i.Description) == m.description() && aws.ToString(i.IntegrationUri) == m.Function.ValueString()
	})
	if i < 0 {
		return "", nil
	}
	return aws.ToString(found[i].IntegrationId), nil
}

func integrations(ctx context.Context, c *Clients, m *route) ([]types.Integration, error) {
	return all(func(token *string) ([]types.Integration, *string, error) {
		out, err := c.Gateway.GetIntegrations(ctx, &apigatewayv2.GetIntegrationsInput{ApiId: m.API.ValueStringPointer(), NextToken: token})
		if err != nil {
			return nil, nil, fmt.Errorf("listing the API's integrations: %w", err)
		}
		return out.Items, out.NextToken, nil
	})
}

// readIntegration fills in what the route's requests go to; null if the
// integration is not there or does not call a function.
func readIntegration(ctx context.Context, c *Clients, m *route) error {
	out, err := c.Gateway.GetIntegration(ctx, &apigatewayv2.GetIntegrationInput{ApiId: m.API.ValueStringPointer(), IntegrationId: m.IntegrationID.ValueStringPointer()})
	switch {
	case tf.Is[*types.NotFoundException](err):
		m.IntegrationID, m.Function = tftypes.StringNull(), tftypes.StringNull()
		return nil
	case err != nil:
		return fmt.Errorf("reading the route's integration: %w", err)
	}
	m.Function = tftypes.StringNull()
	if out.IntegrationType == types.IntegrationTypeAwsProxy && out.IntegrationSubtype == nil {
		m.Function = tftypes.StringPointerValue(out.IntegrationUri)
	}
	m.PayloadVersion = tftypes.StringPointerValue(out.PayloadFormatVersion)
	m.Timeout = tftypes.Int64Value(int64(aws.ToInt32(out.TimeoutInMillis)))
	return nil
}

func changeIntegration(ctx context.Context, c *Clients, prior, m *route) error {
	in := &apigatewayv2.UpdateIntegrationInput{ApiId: m.API.ValueStringPointer(), IntegrationId: prior.IntegrationID.ValueStringPointer()}
	changed := false
	if !m.Function.Equal(prior.Function) {
		in.IntegrationUri, changed = m.Function.ValueStringPointer(), true
	}
	if !m.PayloadVersion.Equal(prior.PayloadVersion) {
		in.PayloadFormatVersion, changed = m.PayloadVersion.ValueStringPointer(), true
	}
	if !m.Timeout.Equal(prior.Timeout) {
		in.TimeoutInMillis, changed = aws.Int32(int32(m.Timeout.ValueInt64())), true
	}
	if !m.Route.Equal(prior.Route) {
		in.Description, changed = aws.String(m.description()), true
	}
	if !changed {
		return nil
	}
	return settled(ctx, func(ctx context.Context) error {
		_, err := c.Gateway.UpdateIntegration(ctx, in)
		return err
	})
}

func deleteIntegration(ctx context.Context, c *Clients, m *route) error {
	if m.IntegrationID.ValueString() == "" {
		return nil
	}
	err := settled(ctx, func(ctx context.Context) error {
		_, err := c.Gateway.DeleteIntegration(ctx, &apigatewayv2.DeleteIntegrationInput{ApiId: m.API.ValueStringPointer(), IntegrationId: m.IntegrationID.ValueStringPointer()})
		return err
	})
	if tf.Is[*types.NotFoundException](err) {
		return nil
	}
	return err
}
