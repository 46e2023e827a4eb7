package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/apigatewayv2"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// services is everything that one emulator emulates, from one reset to the next.
type services struct {
	store     *store.Store
	api       http.Handler // the AWS APIs
	alive     context.Context
	interrupt context.CancelFunc // ends every request that is running
	closers   []func() error
}

// compose makes the services and links them. Each is told what it needs of the
// others here, and nowhere else.
func (e *Emulator) compose() (_ *services, err error) {
	dir := e.stateDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the emulator's folder: %w", err)
	}
	file := ""
	if e.config.DataDir != "" {
		file = filepath.Join(dir, "store.db")
	}
	s := &services{}
	if s.store, err = store.Open(file); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, s.store.Close)
	s.alive, s.interrupt = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	around := &env.Env{
		Clock: e.config.Clock, Store: s.store, Log: e.config.Log, Dir: dir, URL: e.URL, Main: e.config.Main,
	}
	apis, err := apigatewayv2.New(around)
	if err != nil {
		return nil, err
	}
	tables, err := dynamodb.New(around)
	if err != nil {
		return nil, err
	}
	s.api, err = wire.New(wire.Config{
		Services: []wire.Service{
			apis.Wire(),
			tables.Wire(),
		},
		Keys:           keys{root: e.key},
		AnyCredentials: e.config.AnyCredentials,
		Clock:          e.config.Clock,
		Log:            e.config.Log,
	})
	return s, err
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
