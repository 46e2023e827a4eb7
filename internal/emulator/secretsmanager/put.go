package secretsmanager

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxStages is how many labels a secret's versions may have.
const maxStages = 20

var nameText = regexp.MustCompile(`^[a-zA-Z0-9/_+=.@!-]+$`)

// CreateSecret makes a secret, with or without a first version.
func (s *Service) CreateSecret(ctx context.Context, in *secretsmanager.CreateSecretInput) (*secretsmanager.CreateSecretOutput, error) {
	name, scope := value(in.Name), env.ScopeOf(ctx)
	if !nameText.MatchString(name) {
		return nil, &smithy.GenericAPIError{Code: "ValidationException", Message: "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!", Fault: smithy.FaultClient}
	}
	v, err := s.made(ctx, in.ClientRequestToken, in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	tags, err := tagged(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	var x secret
	err = s.env.Store.Update(func(tx *store.Tx) error {
		old, ok := s.secrets.Get(tx, scope.Key(name))
		switch {
		case !ok || s.ended(&old):
		case !old.Ends.IsZero():
			return invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.")
		case v != nil && old.byID(v.ID) != nil && same(old.byID(v.ID), v):
			x = old // the request has been made before
			return nil
		default:
			return &types.ResourceExistsException{Message: ptr(fmt.Sprintf("The operation failed because the secret %s already exists.", name))}
		}
		now := s.env.Clock.Now()
		x = secret{
			Scope: scope, Name: name, ARN: scope.ARN("secretsmanager", "secret:"+name+"-"+suffix()),
			Description: value(in.Description), Key: value(in.KmsKeyId), Tags: tags, Created: now, Changed: now,
		}
		if v != nil {
			v.Stages, v.Key = []string{current}, x.Key
			x.add(*v)
		}
		s.secrets.Put(tx, x.key(), x)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.CreateSecretOutput{ARN: &x.ARN, Name: &x.Name}
	if v != nil {
		out.VersionId = &v.ID
	}
	return out, nil
}

// token is the id of a new version: what the client has sent, which AWS demands of
// clients. Other services' clients are not seen here, which draw one.
func token(ctx context.Context, sent *string) (string, error) {
	switch {
	case value(sent) != "":
		return *sent, nil
	case env.CallerOf(ctx).AccessKey == "":
		return uuid.NewString(), nil
	}
	return "", invalidRequest("You must provide a ClientRequestToken value. We recommend a UUID-type value.")
}

// made is the version that a request has the value of; nil where it has none.
func (s *Service) made(ctx context.Context, sent, text *string, binary []byte) (*version, error) {
	switch {
	case text != nil && binary != nil:
		return nil, invalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.")
	case text == nil && binary == nil:
		return nil, nil
	}
	id, err := token(ctx, sent)
	if err != nil {
		return nil, err
	}
	return &version{ID: id, Text: text, Binary: binary, Created: s.env.Clock.Now()}, nil
}

// same tells whether two versions have one value.
func same(a, b *version) bool {
	return (a.Text == nil) == (b.Text == nil) && value(a.Text) == value(b.Text) && bytes.Equal(a.Binary, b.Binary)
}

// store adds a version to a secret, or gives one that a rotation has begun its value.
// A version that is there with this value is left as it is: errUnchanged.
func (x *secret) store(v version) error {
	v.Key = x.Key
	switch old := x.byID(v.ID); {
	case old == nil:
		x.add(v)
	case old.empty():
		old.Text, old.Binary, old.Key, old.Created = v.Text, v.Binary, v.Key, v.Created
	case same(old, &v):
		return errUnchanged
	default:
		return &types.ResourceExistsException{Message: ptr(fmt.Sprintf("You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", v.ID, x.ARN))}
	}
	return nil
}

// PutSecretValue makes a new version, and puts labels on it.
func (s *Service) PutSecretValue(ctx context.Context, in *secretsmanager.PutSecretValueInput) (*secretsmanager.PutSecretValueOutput, error) {
	v, err := s.made(ctx, in.ClientRequestToken, in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, invalidRequest("You must provide either SecretString or SecretBinary.")
	}
	labels := in.VersionStages
	if len(labels) == 0 {
		labels = []string{current}
	}
	out := &secretsmanager.PutSecretValueOutput{VersionId: &v.ID}
	err = s.update(ctx, "PutSecretValue", in.SecretId, func(x *secret) error {
		out.ARN, out.Name = &x.ARN, &x.Name
		err := x.store(*v)
		if err != nil && !errors.Is(err, errUnchanged) {
			return err
		}
		if err == nil {
			if len(x.Versions) == 1 && !slices.Contains(labels, current) {
				labels = append(slices.Clone(labels), current) // the first version is the current one
			}
			for _, l := range labels {
				x.move(l, v.ID)
			}
		}
		out.VersionStages = x.byID(v.ID).Stages
		return errors.Join(err, x.checkStages())
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return nil, err
	}
	return out, nil
}

func (x *secret) checkStages() error {
	n := 0
	for _, v := range x.Versions {
		n += len(v.Stages)
	}
	if n > maxStages {
		return &types.LimitExceededException{Message: ptr(fmt.Sprintf("You can't have more than %d staging labels on the versions of a secret.", maxStages))}
	}
	return nil
}

// UpdateSecret changes what is said of a secret, and its value.
func (s *Service) UpdateSecret(ctx context.Context, in *secretsmanager.UpdateSecretInput) (*secretsmanager.UpdateSecretOutput, error) {
	v, err := s.made(ctx, in.ClientRequestToken, in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.UpdateSecretOutput{}
	err = s.update(ctx, "UpdateSecret", in.SecretId, func(x *secret) error {
		out.ARN, out.Name = &x.ARN, &x.Name
		if in.Description != nil {
			x.Description = *in.Description
		}
		if in.KmsKeyId != nil {
			x.Key = *in.KmsKeyId
		}
		if v == nil {
			return nil
		}
		out.VersionId = &v.ID
		if err := x.store(*v); err != nil {
			if errors.Is(err, errUnchanged) {
				return nil // the rest may have changed
			}
			return err
		}
		x.move(current, v.ID)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateSecretVersionStage moves a label from one version to another, puts it on one or
// takes it away.
func (s *Service) UpdateSecretVersionStage(ctx context.Context, in *secretsmanager.UpdateSecretVersionStageInput) (*secretsmanager.UpdateSecretVersionStageOutput, error) {
	label := value(in.VersionStage)
	out := &secretsmanager.UpdateSecretVersionStageOutput{}
	if in.MoveToVersionId == nil && in.RemoveFromVersionId == nil {
		return nil, invalidParameter("You must specify MoveToVersionId, RemoveFromVersionId or both.")
	}
	err := s.update(ctx, "UpdateSecretVersionStage", in.SecretId, func(x *secret) error {
		out.ARN, out.Name = &x.ARN, &x.Name
		for _, id := range []*string{in.RemoveFromVersionId, in.MoveToVersionId} {
			if id != nil && x.byID(*id) == nil {
				return &types.ResourceNotFoundException{Message: ptr("Secrets Manager can't find the specified secret version: " + *id + ".")}
			}
		}
		switch has := x.staged(label); {
		case has != nil && in.RemoveFromVersionId == nil && has.ID != *in.MoveToVersionId:
			return invalidParameter("The parameter RemoveFromVersionId can't be empty. Staging label %s is currently attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.", label, has.ID)
		case in.RemoveFromVersionId != nil && (has == nil || has.ID != *in.RemoveFromVersionId):
			return invalidParameter("When you move staging label %s, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label %s.", label, label)
		case in.MoveToVersionId == nil && label == current:
			return invalidParameter("You can't remove staging label %s from a version without moving it to another one.", label)
		}
		x.move(label, value(in.MoveToVersionId))
		return x.checkStages()
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
