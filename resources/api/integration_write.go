package api

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// makeIntegration makes an integration and returns its id. Integrations have no
// names, so one whose answer was lost is the one that was not there before.
func makeIntegration(ctx context.Context, c *Clients, in *apigatewayv2.CreateIntegrationInput) (string, error) {
	api := aws.ToString(in.ApiId)
	before, err := c.integrations(ctx, api, forWrites)
	if err != nil {
		return "", err
	}
	var made types.Integration
	err = settled(ctx, func(ctx context.Context) error {
		out, err := c.Gateway.CreateIntegration(ctx, in, once)
		if err == nil {
			tf.CopyGiven(&made, out)
		}
		return err
	})
	if err != nil && !tf.Refused(err) {
		ctx, cancel := tf.Afterwards(ctx)
		defer cancel()
		id := ""
		again := tf.Look(ctx, func(ctx context.Context) (bool, error) {
			now, err := c.integrations(ctx, api, 0)
			i := slices.IndexFunc(now, func(i types.Integration) bool { return like(i, in) && !contains(before, i.IntegrationId) })
			if i >= 0 {
				id = aws.ToString(now[i].IntegrationId)
			}
			return i >= 0, err
		})
		if id == "" {
			return "", errors.Join(err, again)
		}
		return id, nil
	}
	if err != nil {
		return "", err
	}
	c.Siblings.of(api).integrations.put(made)
	return aws.ToString(made.IntegrationId), nil
}

// like reports whether an integration is what in asks for, as far as both say.
func like(i types.Integration, in *apigatewayv2.CreateIntegrationInput) bool {
	return aws.ToString(i.Description) == aws.ToString(in.Description) && aws.ToString(i.IntegrationUri) == aws.ToString(in.IntegrationUri) &&
		aws.ToString(i.IntegrationSubtype) == aws.ToString(in.IntegrationSubtype) && i.IntegrationType == in.IntegrationType
}

// leads reports whether a route leads to an integration.
func leads(routes []types.Route, integration string) bool {
	return slices.ContainsFunc(routes, func(r types.Route) bool { return aws.ToString(r.Target) == targetOf(integration) })
}

func contains(all []types.Integration, id *string) bool {
	return slices.ContainsFunc(all, func(i types.Integration) bool { return aws.ToString(i.IntegrationId) == aws.ToString(id) })
}

// changeIntegration changes an integration from was to is.
func changeIntegration(ctx context.Context, c *Clients, id string, was, is *apigatewayv2.CreateIntegrationInput) error {
	in := &apigatewayv2.UpdateIntegrationInput{}
	abandons, says := leftBy(was, is), aws.ToString(is.Description)
	if abandons != "" {
		with := *is
		with.Description = aws.String(leaving(says, abandons))
		is = &with
	}
	changed := *is
	if !tf.KeepChanged(was, &changed) {
		return nil
	}
	tf.CopyGiven(in, &changed)
	in.ApiId, in.IntegrationId = is.ApiId, &id
	in.RequestParameters, in.RequestTemplates = emptied(was.RequestParameters, is.RequestParameters), emptied(was.RequestTemplates, is.RequestTemplates)
	cleared, filled := responses(was.ResponseParameters, is.ResponseParameters)
	in.ResponseParameters = filled
	for _, text := range []struct {
		was, is *string
		to      **string
	}{
		{was.Description, is.Description, &in.Description},
		{was.CredentialsArn, is.CredentialsArn, &in.CredentialsArn},
		{was.TemplateSelectionExpression, is.TemplateSelectionExpression, &in.TemplateSelectionExpression},
	} {
		if aws.ToString(text.was) != "" && aws.ToString(text.is) == "" {
			*text.to = aws.String("")
		}
	}
	if was.TlsConfig != nil && is.TlsConfig == nil {
		in.TlsConfig = &types.TlsConfigInput{ServerNameToVerify: aws.String("")}
	}
	if cleared != nil {
		if err := putIntegration(ctx, c, &apigatewayv2.UpdateIntegrationInput{ApiId: in.ApiId, IntegrationId: &id, ResponseParameters: cleared}); err != nil {
			return err
		}
	}
	err := putIntegration(ctx, c, in)
	if err != nil || abandons == "" {
		return err
	}
	return arrive(ctx, c, aws.ToString(is.ApiId), id, says, abandons)
}

// An integration that is to call another function keeps the one before in its
// description until the permission to call that is gone, so that one who comes after
// a run that was cut off finds it.
const leaves = "\nleaving "

func leaving(description, function string) string {
	const longest = 1024
	note := leaves + function
	return description[:min(len(description), longest-len(note))] + note
}

// left splits a description into what it says and the function that is being left,
// "" for none.
func left(description *string) (says, function string) {
	says, function, _ = strings.Cut(aws.ToString(description), leaves)
	return says, function
}

// leftBy is the function whose permission a change makes superfluous; "" for none.
func leftBy(was, is *apigatewayv2.CreateIntegrationInput) string {
	before := functionOf(aws.ToString(was.IntegrationUri))
	if was.CredentialsArn != nil || !callsFunction(before) || is.CredentialsArn == nil && functionOf(aws.ToString(is.IntegrationUri)) == before {
		return ""
	}
	return before
}

// abandoned is what the description of an integration says, and the function that it
// is leaving.
func abandoned(ctx context.Context, c *Clients, api, id string) (says, function string, err error) {
	list, err := c.integrations(ctx, api, forWrites)
	if err != nil && !tf.Is[*types.NotFoundException](err) { // with the whole API
		return "", "", err
	}
	for _, i := range list {
		if aws.ToString(i.IntegrationId) == id {
			says, function = left(i.Description)
		}
	}
	return says, function, nil
}

// unfinished reports whether a change to this function, "" for none, was cut off, as
// far as the permission tells that was read.
func unfinished(function string, permission basetypes.String) bool {
	return permission.IsNull() == (function != "")
}

// arriveAfter ends what a run that was cut off left of such a change.
func arriveAfter(ctx context.Context, c *Clients, api, id string) error {
	c.Siblings.of(api).integrations.forget()
	says, function, err := abandoned(ctx, c, api, id)
	if err != nil || function == "" {
		return err
	}
	return arrive(ctx, c, api, id, says, function)
}

// arrive ends a change of an integration's function: it takes away the permission to
// call the one before. The description is what it says, then.
func arrive(ctx context.Context, c *Clients, api, id, says, function string) error {
	if err := c.disallow(ctx, api, function, id); err != nil {
		return err
	}
	return describe(ctx, c, api, id, says)
}

// describe changes an integration's description.
func describe(ctx context.Context, c *Clients, api, id, says string) error {
	return putIntegration(ctx, c, &apigatewayv2.UpdateIntegrationInput{ApiId: &api, IntegrationId: &id, Description: &says})
}

// putIntegration changes an integration and keeps what AWS has then.
func putIntegration(ctx context.Context, c *Clients, in *apigatewayv2.UpdateIntegrationInput) error {
	list := &c.Siblings.of(aws.ToString(in.ApiId)).integrations
	err := settled(ctx, func(ctx context.Context) error {
		out, err := c.Gateway.UpdateIntegration(ctx, in)
		if err == nil {
			var changed types.Integration
			tf.CopyGiven(&changed, out)
			list.put(changed)
		}
		return err
	})
	if err != nil {
		list.forget(aws.ToString(in.IntegrationId))
	}
	return err
}

// responses is what is told to AWS so that the changes of answers become is: an
// empty map removes all that is said of a status. Where a status loses one of its
// changes and keeps others, all are removed first.
func responses(was, is map[string]map[string]string) (first, then map[string]map[string]string) {
	set := func(to *map[string]map[string]string, status string, changes map[string]string) {
		if *to == nil {
			*to = map[string]map[string]string{}
		}
		(*to)[status] = changes
	}
	for status, changes := range is {
		if !maps.Equal(was[status], changes) {
			set(&then, status, changes)
		}
	}
	for status, changes := range was {
		if _, stays := is[status]; !stays {
			set(&then, status, map[string]string{})
			continue
		}
		for name := range changes {
			if _, stays := is[status][name]; !stays {
				set(&first, status, map[string]string{})
			}
		}
	}
	return first, then
}

// deleteIntegration removes a route's integration. One that is not there is no
// error, nor is one that other routes use, whose it is then.
func deleteIntegration(ctx context.Context, c *Clients, api, id string) error {
	if id == "" {
		return nil
	}
	err := removeIntegration(ctx, c, api, id)
	if tf.Says(err, "ConflictException", "referenced by the following Routes") || tf.Is[*types.NotFoundException](err) {
		return nil
	}
	return err
}

func removeIntegration(ctx context.Context, c *Clients, api, id string) error {
	err := settled(ctx, func(ctx context.Context) error {
		_, err := c.Gateway.DeleteIntegration(ctx, &apigatewayv2.DeleteIntegrationInput{ApiId: &api, IntegrationId: &id})
		return err
	})
	list := &c.Siblings.of(api).integrations
	if err != nil && !tf.Is[*types.NotFoundException](err) {
		list.forget(id)
		return err
	}
	list.drop(id)
	return err
}
