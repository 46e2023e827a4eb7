package tf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// private is the framework's store for what a provider remembers about an object
// beside its state.
type private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// Remember keeps v, as JSON, beside the object's state; people do not see it. It
// works in Create, Read, Update and Plan; an object that is read for a list or a
// data source has no state, and nothing is kept of it.
func Remember(ctx context.Context, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("remembering %s: %w", key, err)
	}
	kept := operationOf(ctx).private
	if kept == nil {
		return nil
	}
	return first(kept.SetKey(ctx, key, data))
}

// Recall fills v with what was remembered under key, and reports whether
// there was anything.
func Recall(ctx context.Context, key string, v any) (bool, error) {
	kept := operationOf(ctx).private
	if kept == nil {
		return false, nil
	}
	data, ds := kept.GetKey(ctx, key)
	if err := first(ds); err != nil || len(data) == 0 {
		return false, err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return false, fmt.Errorf("recalling %s: %w", key, err)
	}
	return true, nil
}

// first is the first error of ds.
func first(ds diag.Diagnostics) error {
	for _, d := range ds.Errors() {
		return errors.New(d.Summary() + ": " + d.Detail())
	}
	return nil
}
