package tf

import "context"

// Configured is the provider's configuration in the operation that ctx belongs to.
func Configured(ctx context.Context) *Provider { return operationOf(ctx).provider }
