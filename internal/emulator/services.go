package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/apigateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/apigatewayv2"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/applicationautoscaling"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/events"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/iam"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/functionurl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/logs"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/s3"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/secretsmanager"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sns"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sqs"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/ssm"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sts"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// services is everything that one emulator emulates, from one reset to the next.
type services struct {
	store     *store.Store
	api       http.Handler // the AWS APIs
	moods     *moods
	served    []wire.Service
	routes    *gateway.Gateway // deployed APIs
	urls      *functionurl.Server
	code      http.Handler // packages of functions, below codePath
	cert      http.Handler // that notifications are signed with, below sns.Path
	alive     context.Context
	interrupt context.CancelFunc // ends every request that is running
	closers   []func() error
}

// compose makes the services and links them. What one is told of the others is
// told here, and nowhere else.
func (e *Emulator) compose() (_ *services, err error) {
	s := &services{moods: newMoods(e.config)}
	s.alive, s.interrupt = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	around, err := e.surroundings(s)
	if err != nil {
		return nil, err
	}
	apis, err := apigatewayv2.New(around)
	if err != nil {
		return nil, err
	}
	keys, err := apigateway.New(around, apis)
	if err != nil {
		return nil, err
	}
	tables, err := dynamodb.New(around)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, tables.Close)
	tables.Throttle = e.config.Throttle
	switch {
	case e.config.Waits:
		tables.Settle, tables.ExpiryRest, tables.RecoveryLag = 5*time.Second, time.Hour, 5*time.Minute
	case e.config.Lag > 0:
		tables.Settle = moment
	}
	scaling, err := applicationautoscaling.New(around, tables)
	if err != nil {
		return nil, err
	}
	tables.Scaling = scaling
	roles, err := iam.New(around)
	if err != nil {
		return nil, err
	}
	groups, err := logs.New(around)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, groups.Close)
	files, err := s3.New(around)
	if err != nil {
		return nil, err
	}
	tables.Objects = files
	queues, err := sqs.New(around)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, queues.Close)
	switch {
	case e.config.Waits:
		queues.Rest = time.Minute
	case e.config.Lag > 0:
		queues.Rest = moment
	}
	tokens := sts.New(around, &newRoles{roles: roles, lag: e.config.Lag}, e.key.ID, e.key.Secret)
	functions, err := lambda.New(around, groups, tokens)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, functions.Close)
	functions.Queues, functions.Streams, functions.Buckets = queues, streamFeeds{tables.Streams()}, files
	functions.Objects, functions.Identities = files, roles

	topics, err := sns.New(around, queues, functions)
	if err != nil {
		return nil, err
	}
	secrets, err := secretsmanager.New(around, functions)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, secrets.Close)
	parameters, err := ssm.New(around)
	if err != nil {
		return nil, err
	}
	parameters.Secrets = secrets
	buses, err := events.New(around)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, buses.Close)
	machines, err := sfn.New(around)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, machines.Close)
	machines.Objects, machines.Roles, machines.Connections = files, tokens, buses
	buses.Targets = events.Targets{Queues: queues, Functions: functions, Topics: topics, Machines: machines}
	functions.Topics, functions.Buses = topics, buses

	s.urls = functionurl.New(around, functions, functions, wire.NewVerifier("lambda", tokens, e.config.AnyCredentials, e.config.Clock))
	s.code, s.cert = functions.Code(), topics.Certificate()
	s.served = []wire.Service{
		keys.Wire(),
		apis.Wire(),
		scaling.Wire(),
		tables.Wire(),
		tables.Streams().Wire(),
		buses.Wire(),
		roles.Wire(),
		functions.Wire(),
		groups.Wire(),
		files.Wire(),
		secrets.Wire(),
		machines.Wire(),
		topics.Wire(),
		queues.Wire(),
		parameters.Wire(),
		tokens.Wire(),
	}
	local, err := wire.NewLocal(s.served)
	if err != nil {
		return nil, err
	}
	machines.Calls = local
	s.routes = gateway.New(around, apis, gateway.Links{
		Functions: functions, Calls: localCalls{local}, Roles: tokens, Identities: roles, Logs: groups, Keys: keys,
		Signatures: wire.NewVerifier("execute-api", tokens, e.config.AnyCredentials, e.config.Clock),
		Connected:  e.activity.connect,
	})
	s.closers = append(s.closers, s.routes.Close)
	machines.APIs = s.routes
	if err := functions.Resume(); err != nil { // what it goes on with may start machines
		return nil, err
	}
	if err := secrets.Resume(); err != nil {
		return nil, err
	}
	if err := machines.Resume(); err != nil {
		return nil, err
	}
	buses.Resume()
	s.api, err = wire.New(wire.Config{
		Services:       s.served,
		Keys:           tokens,
		AnyCredentials: e.config.AnyCredentials,
		Clock:          e.config.Clock,
		Log:            e.config.Log,
		Between:        s.moods.between(),
	})
	return s, err
}

// surroundings opens what the services keep things in.
func (e *Emulator) surroundings(s *services) (*env.Env, error) {
	dir := e.stateDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the emulator's folder: %w", err)
	}
	file := ""
	if e.config.DataDir != "" {
		file = filepath.Join(dir, "store.db")
	}
	var err error
	if s.store, err = store.Open(file); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, s.store.Close)
	return &env.Env{
		Clock: e.config.Clock, Store: s.store, Log: e.config.Log, Dir: dir, URL: e.URL, Main: e.config.Main,
	}, nil
}

// close ends the services, last made first.
func (s *services) close() error {
	s.interrupt()
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}

// Services lists what is emulated, for the documentation and for tests.
func (e *Emulator) Services() []wire.Service {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.services.served
}
