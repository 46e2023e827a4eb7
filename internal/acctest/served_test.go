package acctest

import (
	"go/types"
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

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

// operations finds the operations that packages can call: those whose inputs they
// name.
func operations(t *testing.T, patterns []string) map[string]bool {
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
	found := map[string]bool{}
	for _, p := range loaded {
		for _, e := range p.Errors {
			t.Fatalf("reading the provider's code: %v", e)
		}
		for _, used := range p.TypesInfo.Uses {
			name, ok := used.(*types.TypeName)
			if !ok || name.Pkg() == nil {
				continue
			}
			operation, is := strings.CutSuffix(name.Name(), "Input")
			folder, service := path.Split(name.Pkg().Path())
			if !is || folder != "github.com/aws/aws-sdk-go-v2/service/" {
				continue
			}
			if scope, ok := scopes[service]; ok {
				service = scope
			}
			found[service+"."+operation] = true
		}
	}
	return found
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
		if !called[name] {
			t.Errorf("%s was not found in the code", name)
		}
	}
	for name := range elsewhere {
		if !called[name] {
			t.Errorf("%s is listed as refused, and nobody calls it", name)
		}
	}
	t.Logf("the provider calls %d operations", len(called))
}
