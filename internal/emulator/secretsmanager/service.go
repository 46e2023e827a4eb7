// Package secretsmanager is AWS Secrets Manager: secrets, their versions and staging
// labels, deletion with a recovery window, resource policies, random passwords, and
// rotation, which a function carries out. It must not know what functions are, nor who
// reads secrets. Nothing is encrypted by a key of KMS, and secrets are not replicated to
// other regions; the policies of secrets decide about other services and accounts, and
// about nobody else.
package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/schemas"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Functions rotate secrets.
type Functions interface {
	// Admits returns an error unless the service that the context names may call the
	// function.
	Admits(ctx context.Context, functionARN string) error
	// InvokeFor calls a function for the service that the context names, and waits for
	// its result. functionError is not empty when the function failed.
	InvokeFor(ctx context.Context, functionARN string, payload []byte) (result []byte, functionError string, err error)
}

// A Service is Secrets Manager.
type Service struct {
	env       *env.Env
	functions Functions
	secrets   *store.Set[secret] // by scope and name

	mu     sync.Mutex
	timers map[string]clock.Timer // of the next rotations, by key
	busy   map[string]bool        // by key: secrets that are being rotated, and whether they are to be again

	alive context.Context
	end   context.CancelFunc
	work  sync.WaitGroup
}

// New returns the service over the environment's store.
func New(e *env.Env, functions Functions) (*Service, error) {
	secrets, err := store.NewSet[secret](e.Store, "secretsmanager.secret")
	if err != nil {
		return nil, fmt.Errorf("opening the secrets of Secrets Manager: %w", err)
	}
	s := &Service{env: e, functions: functions, secrets: secrets, timers: map[string]clock.Timer{}, busy: map[string]bool{}}
	s.alive, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Close ends the rotations that are under way; they begin again with Resume.
func (s *Service) Close() error {
	s.mu.Lock()
	s.end()
	for _, t := range s.timers {
		t.Stop()
	}
	s.mu.Unlock()
	s.work.Wait()
	return nil
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "secretsmanager",
		Protocol: wire.AWSJSON11,
		Schema:   schemas.Secretsmanager,
		Operations: []wire.Operation{
			wire.Op(schemas.BatchGetSecretValue, s.BatchGetSecretValue),
			wire.Op(schemas.CancelRotateSecret, s.CancelRotateSecret),
			wire.Op(schemas.CreateSecret, s.CreateSecret, wire.Refuse("AddReplicaRegions", "ForceOverwriteReplicaSecret", "Type")),
			wire.Op(schemas.DeleteResourcePolicy, s.DeleteResourcePolicy),
			wire.Op(schemas.DeleteSecret, s.DeleteSecret),
			wire.Op(schemas.DescribeSecret, s.DescribeSecret),
			wire.Op(schemas.GetRandomPassword, s.GetRandomPassword),
			wire.Op(schemas.GetResourcePolicy, s.GetResourcePolicy),
			wire.Op(schemas.GetSecretValue, s.GetSecretValue),
			wire.Op(schemas.ListSecretVersionIds, s.ListSecretVersionIDs),
			wire.Op(schemas.ListSecrets, s.ListSecrets),
			wire.Op(schemas.PutResourcePolicy, s.PutResourcePolicy),
			wire.Op(schemas.PutSecretValue, s.PutSecretValue, wire.Refuse("RotationToken")),
			wire.Op(schemas.RestoreSecret, s.RestoreSecret),
			wire.Op(schemas.RotateSecret, s.RotateSecret, wire.Refuse("ExternalSecretRotationMetadata", "ExternalSecretRotationRoleArn")),
			wire.Op(schemas.TagResource, s.TagResource),
			wire.Op(schemas.UntagResource, s.UntagResource),
			wire.Op(schemas.UpdateSecret, s.UpdateSecret, wire.Refuse("Type")),
			wire.Op(schemas.UpdateSecretVersionStage, s.UpdateSecretVersionStage),
			wire.Op(schemas.ValidateResourcePolicy, s.ValidateResourcePolicy),
		},
	}
}

// notFound is the answer where there is no such secret.
func notFound() error {
	return &types.ResourceNotFoundException{Message: ptr("Secrets Manager can't find the specified secret.")}
}

// marked is the answer where the secret is to be deleted.
func marked() error {
	return invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
}

func invalidRequest(format string, args ...any) error {
	return &types.InvalidRequestException{Message: ptr(fmt.Sprintf(format, args...))}
}

func invalidParameter(format string, args ...any) error {
	return &types.InvalidParameterException{Message: ptr(fmt.Sprintf(format, args...))}
}

// errUnchanged is an error that ends a transaction without a change and without an error.
var errUnchanged = errors.New("nothing has changed")

// day is the day of a time: AWS tells no more of when secrets were read.
func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// moment is nil for a time that has not come.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// optional is nil for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// value is *p, or the zero value where p is nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func ptr[T any](v T) *T { return &v }
