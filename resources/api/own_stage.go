package api

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// ownStage is the description of a stage that came with its API, by which it is
// told apart from those that others make.
const ownStage = "It came with the API, of which it is the stage."

// A stageSettings is what a stage says of routes: of all, and of some by their keys.
type stageSettings struct {
	all  types.RouteSettings
	some map[string]types.RouteSettings
}

// settings are those of the stage that both kinds of APIs have.
func (m *common) settings() stageSettings {
	s := stageSettings{all: m.Throttle.settings()}
	if m.Metrics.ValueBool() {
		s.all.DetailedMetricsEnabled = aws.Bool(true)
	}
	return s
}

// makeServed makes what serves a new API: its stage, and its domain.
func (m *common) makeServed(ctx context.Context, c *Clients, settings stageSettings) error {
	if err := m.makeStage(ctx, c, nil, settings); err != nil {
		return err
	}
	if m.Domain == nil {
		return nil
	}
	return m.putDomain(ctx, c, &common{})
}

// makeStage makes the stage that an API comes with.
func (m *common) makeStage(ctx context.Context, c *Clients, prior *common, settings stageSettings) error {
	defer c.Siblings.of(m.ID.ValueString()).stages.forget()
	logs, err := m.logSettings(ctx, c, prior)
	if err != nil {
		return err
	}
	in := &apigatewayv2.CreateStageInput{
		ApiId: m.ID.ValueStringPointer(), StageName: m.Stage.ValueStringPointer(), AutoDeploy: aws.Bool(true), Description: aws.String(ownStage),
		StageVariables: textsOf(m.StageVariables), AccessLogSettings: logs, RouteSettings: settings.some, Tags: m.All(),
	}
	if !tf.Silent(&settings.all) {
		in.DefaultRouteSettings = &settings.all
	}
	_, err = c.Gateway.CreateStage(ctx, in)
	if tf.Is[*types.ConflictException](err) {
		err = takeStage(ctx, c, in, settings)
	}
	if err != nil {
		return fmt.Errorf("creating the stage %s: %w", m.Stage.ValueString(), err)
	}
	return nil
}

// takeStage makes the stage that is there what in says if it came with the API, in a
// run that was cut off. Any other stage is somebody else's.
func takeStage(ctx context.Context, c *Clients, in *apigatewayv2.CreateStageInput, settings stageSettings) error {
	is, err := c.Gateway.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: in.ApiId, StageName: in.StageName})
	if err != nil {
		return err
	}
	if aws.ToString(is.Description) != ownStage {
		return foreign(ctx, in, is, settings.all)
	}
	_, err = c.Gateway.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{
		ApiId: in.ApiId, StageName: in.StageName, AutoDeploy: in.AutoDeploy, DefaultRouteSettings: &settings.all, RouteSettings: settings.some,
		StageVariables: emptied(is.StageVariables, in.StageVariables), AccessLogSettings: in.AccessLogSettings,
	})
	if err != nil || in.AccessLogSettings != nil || is.AccessLogSettings == nil {
		return err
	}
	return dropAccessLog(ctx, c, aws.ToString(in.ApiId), aws.ToString(in.StageName))
}

// foreign is the error about a stage that did not come with the API.
func foreign(ctx context.Context, in *apigatewayv2.CreateStageInput, is *apigatewayv2.GetStageOutput, settings types.RouteSettings) error {
	var names []string
	if is.DefaultRouteSettings == nil {
		is.DefaultRouteSettings = &types.RouteSettings{}
	}
	if !sameSettings(*is.DefaultRouteSettings, settings) {
		names = append(names, "throttle")
	}
	if is, want := is.AccessLogSettings, in.AccessLogSettings; (is == nil) != (want == nil) || is != nil && (aws.ToString(is.DestinationArn) != aws.ToString(want.DestinationArn) || aws.ToString(is.Format) != aws.ToString(want.Format)) {
		names = append(names, "access_log")
	}
	if len(is.StageVariables)+len(in.StageVariables) > 0 && !maps.Equal(is.StageVariables, in.StageVariables) {
		names = append(names, "stage_variables")
	}
	detail := " It is as this API's own should be."
	if len(names) > 0 {
		detail = " It differs from what this API's own should be in " + strings.Join(names, ", ") + "."
	}
	name := aws.ToString(in.StageName)
	return &tf.Problem{
		Summary: "The API has a stage " + name + " already",
		Detail: "It did not come with the API: a serverless_stage or somebody else made it." + detail + " Give the API's own stage another name, remove that one, " +
			tf.TakeOver("stage", tf.ImportID(ctx, aws.ToString(in.ApiId)+"/"+name)),
	}
}

// updateStage changes the API's stage and the domain that leads to it. It makes a new
// stage before it removes the old one, so that the API answers at one of both at any
// time.
func (m *common) updateStage(ctx context.Context, c *Clients, prior *common, was, is stageSettings) error {
	api := m.ID.ValueString()
	defer c.Siblings.of(api).stages.forget()
	if !m.Stage.Equal(prior.Stage) {
		if err := m.makeStage(ctx, c, prior, is); err != nil {
			return err
		}
		if err := m.changeDomain(ctx, c, prior); err != nil { // AWS keeps a stage that a domain leads to
			return err
		}
		if prior.Stage.ValueString() != "" {
			_, err := c.Gateway.DeleteStage(ctx, &apigatewayv2.DeleteStageInput{ApiId: &api, StageName: prior.Stage.ValueStringPointer()})
			if err != nil && !tf.Is[*types.NotFoundException](err) {
				return err
			}
		}
		return m.leaveLogs(ctx, c, prior)
	}
	in := &apigatewayv2.UpdateStageInput{ApiId: &api, StageName: m.Stage.ValueStringPointer()}
	changed := false
	if to := emptied(textsOf(prior.StageVariables), textsOf(m.StageVariables)); to != nil {
		in.StageVariables, changed = to, true
	}
	if !sameSettings(was.all, is.all) {
		if aws.ToBool(was.all.DetailedMetricsEnabled) && is.all.DetailedMetricsEnabled == nil {
			is.all.DetailedMetricsEnabled = aws.Bool(false)
		}
		in.DefaultRouteSettings, changed = &is.all, true
	}
	if in.RouteSettings = otherSettings(was.some, is.some); in.RouteSettings != nil {
		changed = true
	}
	logs, err := m.logSettings(ctx, c, prior)
	if err != nil {
		return err
	}
	if logs != nil && !prior.logsTo(ctx, logs) {
		in.AccessLogSettings, changed = logs, true
	}
	if changed {
		if _, err := c.Gateway.UpdateStage(ctx, in); err != nil {
			return err
		}
	}
	for key := range was.some {
		if _, stays := is.some[key]; stays {
			continue
		}
		if err := dropSettings(ctx, c, api, m.Stage.ValueString(), key); err != nil {
			return err
		}
	}
	if logs == nil && prior.AccessLog != nil {
		if err := dropAccessLog(ctx, c, api, m.Stage.ValueString()); err != nil {
			return err
		}
	}
	if err := m.changeDomain(ctx, c, prior); err != nil {
		return err
	}
	return m.leaveLogs(ctx, c, prior)
}

// leaveLogs removes the API's own group when nothing goes there any more.
func (m *common) leaveLogs(ctx context.Context, c *Clients, prior *common) error {
	if m.ownsLogs() {
		return nil
	}
	return prior.deleteLogs(ctx, c)
}

// logsTo reports whether the API logs as settings say.
func (m *common) logsTo(ctx context.Context, settings *types.AccessLogSettings) bool {
	if m.AccessLog == nil {
		return false
	}
	destination := m.AccessLog.Group.ValueString()
	if m.ownsLogs() {
		destination = tf.ScopeOf(ctx).ARN("logs", "log-group:"+m.logs().Name)
	}
	return destination == aws.ToString(settings.DestinationArn) && m.AccessLog.Format.ValueString() == aws.ToString(settings.Format)
}

// otherSettings are those of is that was has not so; nil for none.
func otherSettings(was, is map[string]types.RouteSettings) map[string]types.RouteSettings {
	var all map[string]types.RouteSettings
	for key, s := range is {
		if before, there := was[key]; there && sameSettings(before, s) {
			continue
		}
		if all == nil {
			all = map[string]types.RouteSettings{}
		}
		all[key] = s
	}
	return all
}

func sameSettings(a, b types.RouteSettings) bool {
	return aws.ToFloat64(a.ThrottlingRateLimit) == aws.ToFloat64(b.ThrottlingRateLimit) && aws.ToInt32(a.ThrottlingBurstLimit) == aws.ToInt32(b.ThrottlingBurstLimit) &&
		(a.ThrottlingRateLimit == nil) == (b.ThrottlingRateLimit == nil) && (a.ThrottlingBurstLimit == nil) == (b.ThrottlingBurstLimit == nil) &&
		aws.ToBool(a.DataTraceEnabled) == aws.ToBool(b.DataTraceEnabled) && aws.ToBool(a.DetailedMetricsEnabled) == aws.ToBool(b.DetailedMetricsEnabled) &&
		level(a.LoggingLevel) == level(b.LoggingLevel)
}

// level is a logging level; none is OFF.
func level(l types.LoggingLevel) types.LoggingLevel {
	if l == "" {
		return types.LoggingLevelOff
	}
	return l
}

// readStage finds the stage that the API came with; on import it is the API's
// $default stage, or its only one. A stage that is not there is null, which a plan
// shows.
func (m *common) readStage(ctx context.Context, c *Clients, endpoint string) (*types.Stage, error) {
	stages, err := c.stages(ctx, m.ID.ValueString(), 0)
	if err != nil {
		return nil, err
	}
	want := m.Stage.ValueString()
	if want == "" && len(stages) == 1 {
		want = aws.ToString(stages[0].StageName)
	}
	was := m.Throttle
	m.Stage, m.URL, m.Throttle, m.Metrics = tftypes.StringNull(), tftypes.StringNull(), nil, tftypes.BoolValue(false)
	for _, s := range stages {
		name := aws.ToString(s.StageName)
		if name != want && (want != "" || name != defaultStage) {
			continue
		}
		m.Stage = tftypes.StringValue(name)
		m.URL = tftypes.StringValue(stageURL(endpoint, name))
		m.StageVariables = stringsOf(maps.Clone(s.StageVariables), m.StageVariables)
		m.Throttle = throttleOf(s.DefaultRouteSettings, was)
		m.Metrics = tftypes.BoolValue(s.DefaultRouteSettings != nil && aws.ToBool(s.DefaultRouteSettings.DetailedMetricsEnabled))
		return &s, nil
	}
	return nil, nil
}

// defaultStage is the stage at the root of an HTTP API's URL.
const defaultStage = "$default"

// stageURL is where a stage answers.
func stageURL(endpoint, stage string) string {
	if stage == defaultStage {
		return endpoint
	}
	return endpoint + "/" + stage
}
