package secretsmanager

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// The recovery window, in days.
const (
	minWindow   = 7
	maxWindow   = 30
	usualWindow = 30
)

// DeleteSecret marks a secret for deletion at the end of a recovery window, or deletes
// it at once, which is no error where there is none.
func (s *Service) DeleteSecret(ctx context.Context, in *secretsmanager.DeleteSecretInput) (*secretsmanager.DeleteSecretOutput, error) {
	force, window := value(in.ForceDeleteWithoutRecovery), int64(usualWindow)
	if in.RecoveryWindowInDays != nil {
		window = *in.RecoveryWindowInDays
	}
	switch {
	case force && in.RecoveryWindowInDays != nil:
		return nil, invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	case window < minWindow || window > maxWindow:
		return nil, invalidParameter("The RecoveryWindowInDays value must be between %d and %d days (inclusive).", minWindow, maxWindow)
	}
	now := s.env.Clock.Now()
	out := &secretsmanager.DeleteSecretOutput{}
	key := ""
	err := s.env.Store.Update(func(tx *store.Tx) error {
		x, err := s.open(ctx, tx, "DeleteSecret", in.SecretId)
		if missing := (*types.ResourceNotFoundException)(nil); force && errors.As(err, &missing) {
			out.DeletionDate, out.Name, out.ARN = &now, in.SecretId, in.SecretId
			if !strings.HasPrefix(*in.SecretId, "arn:") {
				out.ARN = ptr(env.ScopeOf(ctx).ARN("secretsmanager", "secret:"+*in.SecretId+"-"+suffix()))
			}
			return nil
		}
		if err != nil {
			return err
		}
		key, out.ARN, out.Name = x.key(), &x.ARN, &x.Name
		switch {
		case force:
			out.DeletionDate = &now
			s.secrets.Delete(tx, key)
			return nil
		case !x.Ends.IsZero():
			return marked()
		}
		x.Ends = now.Add(time.Duration(window) * 24 * time.Hour)
		if x.Rotation != nil {
			r := *x.Rotation
			r.Next, x.Rotation = time.Time{}, &r
		}
		out.DeletionDate = &x.Ends
		s.secrets.Put(tx, key, x)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if key != "" {
		s.schedule(key, time.Time{})
	}
	return out, nil
}

// RestoreSecret takes the mark of deletion from a secret.
func (s *Service) RestoreSecret(ctx context.Context, in *secretsmanager.RestoreSecretInput) (*secretsmanager.RestoreSecretOutput, error) {
	out := &secretsmanager.RestoreSecretOutput{}
	var x secret
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if x, err = s.open(ctx, tx, "RestoreSecret", in.SecretId); err != nil {
			return err
		}
		out.ARN, out.Name, x.Ends = &x.ARN, &x.Name, time.Time{}
		if x.Rotation != nil {
			r := *x.Rotation
			r.Next, x.Rotation = r.after(s.env.Clock.Now()), &r
		}
		s.secrets.Put(tx, x.key(), x)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if x.Rotation != nil {
		s.schedule(x.key(), x.Rotation.Next)
	}
	return out, nil
}
