package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

func TestWire(t *testing.T) {
	t.Parallel()
	svc := newWorld(t).svc.Wire()
	wiretest.Again(t, svc, func(in reflect.Type) string {
		if _, ok := in.FieldByName("Bucket"); ok {
			return "__Bucket__.s3.amazonaws.com"
		}
		return "s3.amazonaws.com"
	}, send)
	// Package wire compares a document with its checksum.
	wiretest.Inert(t, svc, "PutBucketTagging.ContentMD5", "PutBucketVersioning.ContentMD5", "PutObjectTagging.ContentMD5")
}

// errSent stops the client when its request is made.
var errSent = errors.New("the request is made")

type fixed struct{}

func (fixed) ResolveEndpoint(context.Context, s3.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return smithyendpoints.Endpoint{URI: url.URL{Scheme: "https", Host: "test.example.com"}}, nil
}

func send(t *testing.T, op string, in any) (r *http.Request, body []byte) {
	t.Helper()
	client := s3.New(s3.Options{Region: "us-east-1", EndpointResolverV2: fixed{}, APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
		_, _ = stack.Initialize.Remove("OperationInputValidation")
		return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("capture", func(ctx context.Context, f middleware.FinalizeInput, _ middleware.FinalizeHandler) (out middleware.FinalizeOutput, md middleware.Metadata, err error) {
			r = f.Request.(*smithyhttp.Request).Build(ctx)
			if r.Body != nil {
				body, err = io.ReadAll(r.Body)
			}
			return out, md, errors.Join(err, errSent)
		}), middleware.Before)
	}}})
	results := reflect.ValueOf(client).MethodByName(op).Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.ValueOf(in)})
	if err, _ := results[1].Interface().(error); !errors.Is(err, errSent) {
		t.Fatal(err)
	}
	return r, body
}
