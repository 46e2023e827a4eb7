package wire

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbschemas "github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
)

// TestNew refuses lists of services that cannot be meant.
func TestNew(t *testing.T) {
	t.Parallel()
	op := func(opts ...Option) Operation {
		return Op(dynamodbschemas.CreateTable, none[dynamodb.CreateTableInput, dynamodb.CreateTableOutput], opts...)
	}
	for want, svc := range map[string]Service{
		"":                                       {Name: "dynamodb", Protocol: AWSJSON10, Schema: dynamodbschemas.DynamoDB_20120810, Operations: []Operation{op(Refuse("GlobalSecondaryIndexes.WarmThroughput.ReadUnitsPerSecond"))}},
		"the service dynamodb names no protocol": {Name: "dynamodb"},
		"the service dynamodb has no schema":     {Name: "dynamodb", Protocol: AWSJSON10},
		"the service dynamodb lists CreateTable twice": {
			Name: "dynamodb", Protocol: AWSJSON10, Schema: dynamodbschemas.DynamoDB_20120810, Operations: []Operation{op(), op()},
		},
		"CreateTable of the service dynamodb names a member GlobalSecondaryIndexes.Color that its input does not have": {
			Name: "dynamodb", Protocol: AWSJSON10, Schema: dynamodbschemas.DynamoDB_20120810, Operations: []Operation{op(Refuse("GlobalSecondaryIndexes.Color"))},
		},
	} {
		got := ""
		if _, err := New(Config{Services: []Service{svc}}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestRoutes has the route that asks for more win.
func TestRoutes(t *testing.T) {
	t.Parallel()
	ops := map[string]*operation{}
	for _, uri := range []string{"/a/{x}", "/a/b", "/a/{x}?List=ALL", "/a/{x+}", "/a/{x+}/end", "/c/d/"} {
		schema := smithy.NewSchema(smithy.ShapeID{Name: uri}, smithy.ShapeTypeOperation, 0, &traits.HTTP{Method: http.MethodGet, URI: uri})
		ops[uri] = &operation{Operation: Operation{Name: uri, schema: schema}}
	}
	s := &server{services: []*service{{Service: Service{Protocol: RESTJSON}, routes: routesOf(ops)}}}
	for path, want := range map[string]string{
		"/a/b": "/a/b", "/a/c": "/a/{x} x=c", "/a/c?List=ALL": "/a/{x}?List=ALL x=c", "/a/c?List=x": "/a/{x} x=c",
		"/a/c/d": "/a/{x+} x=c/d", "/a/c/d/end": "/a/{x+}/end x=c/d", "/a/c/": "/a/{x} x=c", "/a/b/": "/a/b",
		"/a/%2Fb%20": "/a/{x} x=/b ", "/c/d": "/c/d/", "/c/d/": "/c/d/", "/a/": "", "/b": "", "/": "", "": "",
	} {
		u, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		c := &call{r: &http.Request{Method: http.MethodGet, URL: u}}
		got := ""
		if s.byPath(c, "") == nil {
			got = c.op.Name
			for k, v := range c.labels {
				got += " " + k + "=" + v
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}
