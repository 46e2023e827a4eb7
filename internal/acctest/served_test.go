package acctest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/types"
	"io"
	"maps"
	"net"
	"net/http"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/tools/go/packages"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// elsewhere are the operations that the emulator refuses by name, each behind an
// attribute of its own, so that a configuration which needs it fails there and
// works on AWS.
var elsewhere = map[string]bool{
	"ecr.DescribeImages":              true, // source.image
	"lambda.GetFunctionScalingConfig": true, // capacity_provider
	"lambda.PutFunctionScalingConfig": true,
	"logs.AssociateKmsKey":            true, // log.kms_key_arn
	"logs.DisassociateKmsKey":         true,
	"monitoring.DescribeAlarms":       true, // publish.rollout.alarms
}

// provided are the packages in which the provider calls AWS.
var provided = []string{"datasources/...", "internal/awsapi", "internal/executions", "internal/parts", "internal/tf", "provider/...", "resources/..."}

// scopes are the names of services in credential scopes where the SDK's packages are
// called otherwise.
var scopes = map[string]string{
	"apigatewayv2": "apigateway", "applicationautoscaling": "application-autoscaling", "cloudwatch": "monitoring", "cloudwatchlogs": "logs",
	"eventbridge": "events", "sfn": "states",
}

// A call is an operation that the provider can call.
type call struct {
	input *types.Struct
	sets  map[string]bool // the members of the input that literals give
}

// operations finds the operations that packages can call: those whose inputs they
// name.
func operations(t *testing.T, patterns []string) map[string]*call {
	t.Helper()
	var paths []string
	for _, p := range patterns {
		paths = append(paths, "github.com/tfserverless/terraform-provider-serverless/"+p)
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the program go is not on PATH")
	}
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedExportFile,
	}, paths...)
	if err != nil {
		t.Fatalf("reading the provider's code with go: %v", err)
	}
	found := map[string]*call{}
	for _, p := range loaded {
		for _, e := range p.Errors {
			t.Fatalf("reading the provider's code: %v", e)
		}
		for _, used := range p.TypesInfo.Uses {
			name, operation := operationOf(used)
			if operation == "" {
				continue
			}
			if input, ok := name.Type().Underlying().(*types.Struct); ok && found[operation] == nil {
				found[operation] = &call{input, map[string]bool{}}
			}
		}
		for _, file := range p.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				l, ok := n.(*ast.CompositeLit)
				if !ok {
					return true
				}
				named, ok := p.TypesInfo.TypeOf(l).(*types.Named)
				if !ok {
					return true
				}
				_, operation := operationOf(named.Obj())
				c := found[operation]
				for _, e := range l.Elts {
					if member, ok := e.(*ast.KeyValueExpr); ok && c != nil {
						c.sets[member.Key.(*ast.Ident).Name] = true
					}
				}
				return true
			})
		}
	}
	return found
}

// operationOf is the operation whose input a name of the SDK stands for; "" for other
// names.
func operationOf(used types.Object) (*types.TypeName, string) {
	name, ok := used.(*types.TypeName)
	if !ok || name.Pkg() == nil {
		return nil, ""
	}
	operation, is := strings.CutSuffix(name.Name(), "Input")
	folder, service := path.Split(name.Pkg().Path())
	if !is || folder != "github.com/aws/aws-sdk-go-v2/service/" {
		return nil, ""
	}
	if scope, ok := scopes[service]; ok {
		service = scope
	}
	return name, service + "." + operation
}

// TestServed demands that the emulator serves every operation of AWS that the
// provider can call.
func TestServed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reading the provider's code takes seconds")
	}
	served := map[string]bool{}
	for _, s := range providertest.Emulator(t).Services() {
		for _, op := range s.Operations {
			served[s.Name+"."+op.Name] = true
		}
	}
	called := operations(t, provided)
	for _, name := range slices.Sorted(maps.Keys(called)) {
		if served[name] == elsewhere[name] {
			t.Errorf("the provider calls %s: served by the emulator %t, listed as refused by it %t", name, served[name], elsewhere[name])
		}
	}
	for _, name := range []string{"apigateway.GetRoutes", "dynamodb.CreateTable", "iam.PutRolePolicy", "lambda.GetFunction", "states.CreateStateMachine", "sts.GetCallerIdentity"} {
		if called[name] == nil {
			t.Errorf("%s was not found in the code", name)
		}
	}
	for name := range elsewhere {
		if called[name] == nil {
			t.Errorf("%s is listed as refused, and nobody calls it", name)
		}
	}
	checkTokens(t, called)
	t.Logf("the provider calls %d operations", len(called))
}

// tokens are the members by which AWS knows a repeated call.
var tokens = []string{"ClientIdempotencyToken", "ClientRequestToken", "ClientToken", "CreatorRequestId", "IdempotencyToken"}

// filled are the operations with a token that the SDK gives them: a new one for each
// call, because AWS would do nothing for hours for one that it has seen. What a killed
// run has made is found by its name.
var filled = map[string]func(t *testing.T, c aws.Config) error{
	"dynamodb.ImportTable": func(t *testing.T, c aws.Config) error {
		_, err := dynamodb.NewFromConfig(c).ImportTable(t.Context(), &dynamodb.ImportTableInput{
			InputFormat: dynamodbtypes.InputFormatCsv, S3BucketSource: &dynamodbtypes.S3BucketSource{S3Bucket: aws.String("b")},
			TableCreationParameters: &dynamodbtypes.TableCreationParameters{
				TableName: aws.String("t"), AttributeDefinitions: []dynamodbtypes.AttributeDefinition{}, KeySchema: []dynamodbtypes.KeySchemaElement{},
			},
		})
		return err
	},
}

// checkTokens demands that each call which AWS knows again by a token has one, and the
// same when it is repeated because its answer was lost.
func checkTokens(t *testing.T, called map[string]*call) {
	t.Helper()
	seen := 0
	for _, name := range slices.Sorted(maps.Keys(called)) {
		c := called[name]
		for field := range c.input.Fields() {
			if !slices.Contains(tokens, field.Name()) {
				continue
			}
			seen++
			fill, byTheSDK := filled[name]
			switch {
			case c.sets[field.Name()] == byTheSDK:
				t.Errorf("%s: %s is given by the provider: %t, listed as the SDK's: %t", name, field.Name(), c.sets[field.Name()], byTheSDK)
			case byTheSDK:
				r := &repeated{member: field.Name()}
				err := fill(t, aws.Config{
					Region: "eu-north-1", HTTPClient: r, RetryMaxAttempts: 2, BaseEndpoint: aws.String("http://127.0.0.1"),
					Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
				})
				if err == nil || len(r.tokens) != 2 || r.tokens[0] == "" || r.tokens[0] != r.tokens[1] {
					t.Errorf("%s: the calls had the tokens %q, %v, want the same twice", name, r.tokens, err)
				}
			}
		}
	}
	if seen < 2 {
		t.Errorf("%d operations with tokens were found", seen)
	}
}

// repeated loses each answer, and keeps the tokens of the requests.
type repeated struct {
	member string
	tokens []string
}

func (r *repeated) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&members); err != nil {
		return nil, err
	}
	token, _ := members[r.member].(string)
	r.tokens = append(r.tokens, token)
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
}
