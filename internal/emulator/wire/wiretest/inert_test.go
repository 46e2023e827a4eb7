package wiretest

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/schemas"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

func stub(context.Context, *lambda.CreateAliasInput) (*lambda.CreateAliasOutput, error) {
	return nil, nil
}

// TestIgnored runs the search over testdata/alias, which reads some members of
// CreateAlias, writes one, and refuses none.
func TestIgnored(t *testing.T) {
	t.Parallel()
	svc := func(opts ...wire.Option) wire.Service {
		return wire.Service{Name: "lambda", Protocol: wire.RESTJSON, Schema: schemas.AWSGirApiService, Operations: []wire.Operation{
			wire.Op(schemas.CreateAlias, stub, opts...),
		}}
	}
	for name, c := range map[string]struct {
		svc    wire.Service
		except []string
		want   []string
	}{
		"nothing refused": {svc(), nil, []string{"CreateAlias.Description", "CreateAlias.FunctionVersion"}},
		"one refused":     {svc(wire.Refuse("Description")), nil, []string{"CreateAlias.FunctionVersion"}},
		"an exception":    {svc(wire.Refuse("Description")), []string{"CreateAlias.FunctionVersion"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ignored(t, "testdata/alias", c.svc, c.except); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
