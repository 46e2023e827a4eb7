// Package lambda emulates AWS Lambda: functions, their configuration, permissions
// and tags, and their invocation, which the package runtime carries out.
//
// It must not know any other emulated service: logs and roles come in through the
// interfaces [Logs] and [Roles].
package lambda

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/schemas"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Principal is how Lambda calls itself when it assumes a role.
const Principal = "lambda.amazonaws.com"

// Logs takes what functions write.
type Logs interface {
	// Append adds lines of one moment to a stream, and makes the stream where it is
	// missing, and the group if it may. Of a group that is not there the lines are dropped.
	Append(ctx context.Context, group, stream string, at time.Time, mayMake func() bool, lines ...string) error
}

// Roles lends the roles of functions.
type Roles interface {
	// CanAssume returns nil when the role exists and trusts the service.
	CanAssume(ctx context.Context, roleARN, service string) error
	AssumeForService(ctx context.Context, roleARN, service, session string) (accessKey, secretKey, sessionToken string, expires time.Time, err error)
}

// Service is AWS Lambda in one emulator.
type Service struct {
	// Objects is where packages in S3 are read; without it they are refused.
	Objects Objects
	// Identities is asked about callers of function URLs who sign; without it only
	// the functions' own policies count.
	Identities Identities

	// Queues and Streams are what event source mappings read; without them mappings
	// are refused. Queues, Topics, Buses and Buckets take what asynchronous
	// invocations and streams lead to.
	Queues  Queues
	Streams Streams
	Topics  Topics
	Buses   Buses
	Buckets Buckets

	env        *env.Env
	roles      Roles
	functions  *store.Set[function]
	versions   *store.Set[version]
	aliases    *store.Set[alias]
	layers     *store.Set[layer]
	urls       *store.Set[functionURL]
	provisions *store.Set[provisioned]
	signings   *store.Set[signing]
	// layerVersions of layers that have been deleted are not here.
	layerVersions *store.Set[layerVersion]
	code          codeStore
	host          *runtime.Host
	running       running
	mappings      *mappings
	backlog       *backlog
	// token is part of the addresses of packages, which need no signature.
	token string
}

// New returns Lambda over what the store holds.
func New(e *env.Env, logs Logs, roles Roles) (*Service, error) {
	s := &Service{env: e, roles: roles, token: uuid.NewString()}
	var errs [8]error
	s.functions, errs[0] = store.NewSet[function](e.Store, "lambda.function")
	s.versions, errs[1] = store.NewSet[version](e.Store, "lambda.version")
	s.aliases, errs[2] = store.NewSet[alias](e.Store, "lambda.alias")
	s.layers, errs[3] = store.NewSet[layer](e.Store, "lambda.layer")
	s.layerVersions, errs[4] = store.NewSet[layerVersion](e.Store, "lambda.layerVersion")
	s.urls, errs[5] = store.NewSet[functionURL](e.Store, "lambda.url")
	s.provisions, errs[6] = store.NewSet[provisioned](e.Store, "lambda.provisioned")
	s.signings, errs[7] = store.NewSet[signing](e.Store, "lambda.signing")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening the sets of Lambda: %w", err)
	}
	s.layers.Uncounted() // the numbers of versions outlive the versions
	if err := errors.Join(s.openMappings(), s.openEvents()); err != nil {
		return nil, fmt.Errorf("opening the sets of Lambda's events: %w", err)
	}
	var err error
	dir := filepath.Join(e.Dir, "lambda")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making a folder for functions: %w", err)
	}
	s.code = codeStore{filepath.Join(dir, "functions")}
	if err := s.prune(); err != nil {
		return nil, err
	}
	s.host, err = runtime.New(runtime.Options{
		Clock: e.Clock, Log: e.Log, Dir: filepath.Join(dir, "runtime"), Main: e.Main,
		Sink: func(f *runtime.Function, stream string, at time.Time, lines []string) {
			ctx := env.WithScope(context.Background(), env.Scope{Account: f.Account, Region: f.Region})
			mayMake := func() bool { return s.mayMake(ctx, f) }
			if err := logs.Append(ctx, f.Log.Group, stream, at, mayMake, lines...); err != nil {
				e.Log.Warn("writing the log of a function", "function", f.Name, "error", err)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// mayMake reports whether the role of a function lets it make its log group. Lambda
// writes logs as the function's role: what is logged late, when the role is gone or may
// not make groups, does not bring back a group that has been deleted.
func (s *Service) mayMake(ctx context.Context, f *runtime.Function) bool {
	is, err := s.view(name{Scope: env.ScopeOf(ctx), function: f.Name})
	if err != nil {
		return false
	}
	if s.Identities == nil {
		return true
	}
	group := env.ScopeOf(ctx).ARN("logs", "log-group:"+f.Log.Group)
	session := env.SessionARN(aws.ToString(is.Configuration.Role), f.Name)
	for _, resource := range []string{group, group + ":log-stream:"} { // IAM's reference has the one, AWS's errors the other
		if ok, err := s.Identities.AllowsWith(ctx, session, "logs:CreateLogGroup", resource, nil); ok && err == nil {
			return true
		}
	}
	s.env.Log.Warn("the log of a function is dropped: its log group is missing, and its role may not make it (logs:CreateLogGroup)", "function", f.Name, "group", f.Log.Group)
	return false
}

// Resume goes on with the event source mappings and the events that the store
// holds, and starts the environments that are to be ahead. It is called once, when the services that they need are linked.
func (s *Service) Resume() error {
	return errors.Join(s.reprovision(), s.mappings.resume(), s.backlog.resume())
}

// Close ends every process of every function. What has not been handled stays in the
// store.
func (s *Service) Close() error {
	s.mappings.end()
	s.backlog.end()
	err := s.host.Close()
	s.mappings.close()
	s.backlog.close()
	return err
}

// prune removes packages that no function has.
func (s *Service) prune() error {
	used := map[string]bool{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		keep := func(v *version) {
			used[v.digest()] = true
			for _, l := range v.Layers {
				used[digestOf(l.Sha256)] = true
			}
		}
		for _, f := range s.functions.From(tx, "") {
			keep(&f.version)
		}
		for _, v := range s.versions.From(tx, "") {
			keep(&v)
		}
		for _, v := range s.layerVersions.From(tx, "") {
			used[digestOf(v.Sha256)] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.code.prune(used)
}

// notEmulated are members of a function's configuration that no operation carries out.
var notEmulated = []string{
	"CapacityProviderConfig", "DurableConfig", "FileSystemConfigs", "ImageConfig",
}

// Wire lists what is served.
func (s *Service) Wire() wire.Service {
	create := append([]string{
		"Code.ImageUri", "PublishTo", "TenancyConfig",
	}, notEmulated...)
	return wire.Service{
		Name:     "lambda",
		Protocol: wire.RESTJSON,
		Schema:   schemas.AWSGirApiService,
		Unions: []wire.Union{wire.UnionOf[types.InvokeWithResponseStreamResponseEvent](
			&types.InvokeWithResponseStreamResponseEventMemberInvokeComplete{}, &types.InvokeWithResponseStreamResponseEventMemberPayloadChunk{},
		)},
		Operations: []wire.Operation{
			wire.Op(schemas.AddLayerVersionPermission, s.AddLayerVersionPermission),
			wire.Op(schemas.AddPermission, s.AddPermission),
			wire.Op(schemas.CreateAlias, s.CreateAlias),
			wire.Op(schemas.CreateCodeSigningConfig, s.CreateCodeSigningConfig),
			wire.Op(schemas.CreateEventSourceMapping, s.CreateEventSourceMapping, wire.Refuse(append(
				[]string{"Queues", "SelfManagedKafkaEventSourceConfig", "Topics"}, mappingNotEmulated...)...)),
			wire.Op(schemas.CreateFunction, s.CreateFunction, wire.Refuse(create...), wire.Unchecked("Runtime")),
			wire.Op(schemas.CreateFunctionUrlConfig, s.CreateFunctionUrlConfig),
			wire.Op(schemas.DeleteAlias, s.DeleteAlias),
			wire.Op(schemas.DeleteCodeSigningConfig, s.DeleteCodeSigningConfig),
			wire.Op(schemas.DeleteEventSourceMapping, s.DeleteEventSourceMapping),
			wire.Op(schemas.DeleteFunction, s.DeleteFunction),
			wire.Op(schemas.DeleteFunctionCodeSigningConfig, s.DeleteFunctionCodeSigningConfig),
			wire.Op(schemas.DeleteFunctionConcurrency, s.DeleteFunctionConcurrency),
			wire.Op(schemas.DeleteFunctionUrlConfig, s.DeleteFunctionUrlConfig),
			wire.Op(schemas.DeleteFunctionEventInvokeConfig, s.DeleteFunctionEventInvokeConfig),
			wire.Op(schemas.DeleteLayerVersion, s.DeleteLayerVersion),
			wire.Op(schemas.DeleteProvisionedConcurrencyConfig, s.DeleteProvisionedConcurrencyConfig),
			wire.Op(schemas.DeleteResourcePolicy, s.DeleteResourcePolicy),
			wire.Op(schemas.GetAccountSettings, s.GetAccountSettings),
			wire.Op(schemas.GetAlias, s.GetAlias),
			wire.Op(schemas.GetCodeSigningConfig, s.GetCodeSigningConfig),
			wire.Op(schemas.GetEventSourceMapping, s.GetEventSourceMapping),
			wire.Op(schemas.GetFunction, s.GetFunction),
			wire.Op(schemas.GetFunctionCodeSigningConfig, s.GetFunctionCodeSigningConfig),
			wire.Op(schemas.GetFunctionConcurrency, s.GetFunctionConcurrency),
			wire.Op(schemas.GetFunctionConfiguration, s.GetFunctionConfiguration),
			wire.Op(schemas.GetFunctionEventInvokeConfig, s.GetFunctionEventInvokeConfig),
			wire.Op(schemas.GetFunctionRecursionConfig, s.GetFunctionRecursionConfig),
			wire.Op(schemas.GetFunctionUrlConfig, s.GetFunctionUrlConfig),
			wire.Op(schemas.GetLayerVersion, s.GetLayerVersion),
			wire.Op(schemas.GetLayerVersionByArn, s.GetLayerVersionByArn),
			wire.Op(schemas.GetLayerVersionPolicy, s.GetLayerVersionPolicy),
			wire.Op(schemas.GetPolicy, s.GetPolicy),
			wire.Op(schemas.GetProvisionedConcurrencyConfig, s.GetProvisionedConcurrencyConfig),
			wire.Op(schemas.GetResourcePolicy, s.GetResourcePolicy),
			wire.Op(schemas.GetRuntimeManagementConfig, s.GetRuntimeManagementConfig),
			wire.Op(schemas.Invoke, s.Invoke, wire.Refuse("DurableExecutionName", "TenantId")),
			wire.Stream(schemas.InvokeWithResponseStream, s.InvokeWithResponseStream, wire.Refuse("TenantId")),
			wire.Op(schemas.ListAliases, s.ListAliases),
			wire.Op(schemas.ListFunctionUrlConfigs, s.ListFunctionUrlConfigs),
			wire.Op(schemas.ListCodeSigningConfigs, s.ListCodeSigningConfigs),
			wire.Op(schemas.ListEventSourceMappings, s.ListEventSourceMappings),
			wire.Op(schemas.ListFunctionEventInvokeConfigs, s.ListFunctionEventInvokeConfigs),
			wire.Op(schemas.ListFunctions, s.ListFunctions, wire.Refuse("MasterRegion")),
			wire.Op(schemas.ListFunctionsByCodeSigningConfig, s.ListFunctionsByCodeSigningConfig),
			wire.Op(schemas.ListLayerVersions, s.ListLayerVersions),
			wire.Op(schemas.ListLayers, s.ListLayers),
			wire.Op(schemas.ListProvisionedConcurrencyConfigs, s.ListProvisionedConcurrencyConfigs),
			wire.Op(schemas.ListTags, s.ListTags),
			wire.Op(schemas.ListVersionsByFunction, s.ListVersionsByFunction),
			wire.Op(schemas.PublishLayerVersion, s.PublishLayerVersion, wire.Unchecked("CompatibleArchitectures")),
			wire.Op(schemas.PublishVersion, s.PublishVersion, wire.Refuse("PublishTo")),
			wire.Op(schemas.PutFunctionCodeSigningConfig, s.PutFunctionCodeSigningConfig),
			wire.Op(schemas.PutFunctionConcurrency, s.PutFunctionConcurrency),
			wire.Op(schemas.PutFunctionEventInvokeConfig, s.PutFunctionEventInvokeConfig),
			wire.Op(schemas.PutFunctionRecursionConfig, s.PutFunctionRecursionConfig),
			wire.Op(schemas.PutProvisionedConcurrencyConfig, s.PutProvisionedConcurrencyConfig),
			wire.Op(schemas.PutResourcePolicy, s.PutResourcePolicy),
			wire.Op(schemas.PutRuntimeManagementConfig, s.PutRuntimeManagementConfig),
			wire.Op(schemas.RemoveLayerVersionPermission, s.RemoveLayerVersionPermission),
			wire.Op(schemas.RemovePermission, s.RemovePermission),
			wire.Op(schemas.TagResource, s.TagResource),
			wire.Op(schemas.UntagResource, s.UntagResource),
			wire.Op(schemas.UpdateAlias, s.UpdateAlias),
			wire.Op(schemas.UpdateCodeSigningConfig, s.UpdateCodeSigningConfig),
			wire.Op(schemas.UpdateEventSourceMapping, s.UpdateEventSourceMapping, wire.Refuse(append(
				[]string{"SelfManagedKafkaEventSourceConfig"}, mappingNotEmulated...)...)),
			wire.Op(schemas.UpdateFunctionCode, s.UpdateFunctionCode, wire.Refuse("ImageUri", "PublishTo")),
			wire.Op(schemas.UpdateFunctionConfiguration, s.UpdateFunctionConfiguration, wire.Refuse(notEmulated...), wire.Unchecked("Runtime")),
			wire.Op(schemas.UpdateFunctionEventInvokeConfig, s.UpdateFunctionEventInvokeConfig),
			wire.Op(schemas.UpdateFunctionUrlConfig, s.UpdateFunctionUrlConfig),
		},
	}
}
