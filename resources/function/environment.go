package function

import (
	"context"
	"maps"
	"slices"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// secrets is what is remembered of write-only variables: their names, never a
// value.
type secrets struct{ Names []string }

const secretsKey = "secrets"

func rememberSecrets(ctx context.Context, m *function) error {
	return tf.Remember(ctx, secretsKey, secrets{slices.Sorted(maps.Keys(m.Secrets))})
}

// environment is all variables that the function gets.
func environment(ctx context.Context, m *function) (map[string]string, error) {
	all, err := effectiveEnvironment(ctx, m, nil)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, m.Secrets.values())
	return all, nil
}

// environmentChange returns all variables if they are to be sent; nil if not.
func environmentChange(ctx context.Context, prior, m *function) (map[string]string, error) {
	open, err := effectiveEnvironment(ctx, m, slices.Collect(maps.Keys(m.Secrets)))
	if err != nil {
		return nil, err
	}
	if (!m.resumed() || m.Secrets == nil) && maps.Equal(open, prior.EnvironmentEffective.values()) && m.SecretsVersion.Equal(prior.SecretsVersion) {
		return nil, nil
	}
	return environment(ctx, m)
}
