package lambda

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// publish makes a version with that environment variable and returns its number.
func (w *world) publish(t *testing.T, value string) string {
	t.Helper()
	if _, err := w.UpdateFunctionConfiguration(w.ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), Environment: &types.Environment{Variables: map[string]string{"A": value}},
	}); err != nil {
		t.Fatal(err)
	}
	w.settle(t)
	out, err := w.PublishVersion(w.ctx, &lambda.PublishVersionInput{FunctionName: aws.String("f")})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Version
}

// ask invokes a version or an alias and returns the payload and the version that ran.
func (w *world) ask(t *testing.T, qualifier string) (payload, version string) {
	t.Helper()
	out, err := w.Invoke(w.ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Qualifier: aws.String(qualifier), Payload: []byte(`1`)})
	if err != nil {
		t.Fatal(err)
	}
	return string(out.Payload), aws.ToString(out.ExecutedVersion)
}

const nodeVersion = `exports.handler = async (e, c) => [process.env.A, c.functionVersion, c.invokedFunctionArn.split(":")[7]].join(" ")`

// TestSnapStart publishes versions that say that they have a snapshot.
func TestSnapStart(t *testing.T) {
	t.Parallel()
	w := newFakeWorld(t)
	name := aws.String("f")
	w.create(t, types.RuntimePython312, "main.handler", map[string]string{"main.py": "def handler(e, c):\n  return e\n"}, nil)
	out, err := w.UpdateFunctionConfiguration(w.ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: name, SnapStart: &types.SnapStart{ApplyOn: types.SnapStartApplyOnPublishedVersions}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *out.SnapStart, (types.SnapStartResponse{ApplyOn: "PublishedVersions", OptimizationStatus: "Off"}); got != want {
		t.Errorf("$LATEST: got %v, want %v", got, want)
	}
	w.clock.Advance(settling)
	v, err := w.PublishVersion(w.ctx, &lambda.PublishVersionInput{FunctionName: name})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *v.SnapStart, (types.SnapStartResponse{ApplyOn: "PublishedVersions", OptimizationStatus: "On"}); got != want || v.State != types.StatePending {
		t.Errorf("version 1: got %v, %s, want %v, Pending", got, v.State, want)
	}
	w.clock.Advance(settling)
	now, err := w.GetFunctionConfiguration(w.ctx, &lambda.GetFunctionConfigurationInput{FunctionName: name, Qualifier: v.Version})
	if err != nil || now.State != types.StateActive {
		t.Errorf("version 1 is %v, %v, want Active", now, err)
	}
	_, err = w.PutProvisionedConcurrencyConfig(w.ctx, &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: name, Qualifier: v.Version, ProvisionedConcurrentExecutions: aws.Int32(1)})
	checkError(t, err, "InvalidParameterValueException", "Provisioned Concurrency is not supported for SnapStart enabled functions.")
	_, err = w.UpdateFunctionConfiguration(w.ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: name, EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(1024)}})
	checkError(t, err, "InvalidParameterValueException", "EphemeralStorage of more than 512 MB is not supported for SnapStart enabled functions.")
}

// Versions keep their configuration, their aliases route to them, and weights are
// what they say.
func TestVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	w.create(t, node, "index.handler", map[string]string{"index.js": nodeVersion}, nil)
	one := w.publish(t, "one")
	two := w.publish(t, "two")
	if again := w.publish(t, "two"); one != "1" || two != "2" || again != two {
		t.Fatalf("published %s, %s and once more %s", one, two, again)
	}
	_, err := w.PublishVersion(w.ctx, &lambda.PublishVersionInput{FunctionName: aws.String("f"), RevisionId: aws.String("x")})
	checkError(t, err, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	_, err = w.PublishVersion(w.ctx, &lambda.PublishVersionInput{FunctionName: aws.String("f"), CodeSha256: aws.String("x")})
	if err == nil || !strings.HasPrefix(messageOf(err), "CodeSHA256 (x) is different from current CodeSHA256 in $LATEST (") {
		t.Errorf("another package: got %v", err)
	}
	if _, err := w.CreateAlias(w.ctx, &lambda.CreateAliasInput{FunctionName: aws.String("f"), Name: aws.String("live"), FunctionVersion: aws.String("1")}); err != nil {
		t.Fatal(err)
	}
	for qualifier, want := range map[string]string{"1": `"one 1 1"`, "2": `"two 2 2"`, "live": `"one 1 live"`, "$LATEST": `"two $LATEST $LATEST"`} {
		if got, _ := w.ask(t, qualifier); got != want {
			t.Errorf("%s: got %s, want %s", qualifier, got, want)
		}
	}
	// No other way to write the number of a version stands for it.
	if _, err := w.DeleteFunction(w.ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f"), Qualifier: aws.String("01")}); err != nil {
		t.Fatal(err)
	}
	if got, _ := w.ask(t, "live"); got != `"one 1 live"` {
		t.Errorf("behind the deletion of version 01: got %s", got)
	}
	route := func(weights map[string]float64) error {
		_, err := w.UpdateAlias(w.ctx, &lambda.UpdateAliasInput{
			FunctionName: aws.String("f"), Name: aws.String("live"), RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
		})
		return err
	}
	checkError(t, route(map[string]float64{"1": 0.5}), "InvalidParameterValueException", "Invalid function version 1. Function version 1 is already included in routing configuration.")
	checkError(t, route(map[string]float64{"9": 0.5}), "ResourceNotFoundException", "Function not found: "+fARN+":9")
	if err := route(map[string]float64{"2": 1}); err != nil {
		t.Fatal(err)
	}
	if _, version := w.ask(t, "live"); version != "2" {
		t.Errorf("with all weight on version 2, version %s ran", version)
	}
	_, err = w.DeleteFunction(w.ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f"), Qualifier: aws.String("2")})
	checkError(t, err, "ResourceConflictException", "Version 2 cannot be deleted because of the following aliases: ["+fARN+":live]. An alias should not be pointing to that version to be deleted")
	if err := route(map[string]float64{}); err != nil {
		t.Fatal(err)
	}
	a, err := w.GetAlias(w.ctx, &lambda.GetAliasInput{FunctionName: aws.String("f"), Name: aws.String("live")})
	if err != nil || a.RoutingConfig != nil {
		t.Errorf("got %+v, %v, want no weights", a, err)
	}
	if _, err := w.DeleteFunction(w.ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f"), Qualifier: aws.String("2")}); err != nil {
		t.Fatal(err)
	}
	if next := w.publish(t, "three"); next != "3" {
		t.Errorf("the number of a deleted version came back: %s", next)
	}
	list, err := w.ListVersionsByFunction(w.ctx, &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("f"), MaxItems: aws.Int32(2)})
	if err != nil || len(list.Versions) != 2 || *list.Versions[1].FunctionArn != fARN+":1" || list.NextMarker == nil {
		t.Fatalf("got %+v, %v", list, err)
	}
	rest, err := w.ListVersionsByFunction(w.ctx, &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("f"), Marker: list.NextMarker})
	if err != nil || len(rest.Versions) != 1 || *rest.Versions[0].Version != "3" || rest.NextMarker != nil {
		t.Errorf("got %+v, %v", rest, err)
	}
}

func TestDraw(t *testing.T) {
	t.Parallel()
	a := alias{Version: "1", Weights: map[string]float64{"2": 0.25}}
	for lot, want := range map[float64]string{0: "2", 0.2499: "2", 0.25: "1", 0.99: "1"} {
		if got := a.draw(lot); got != want {
			t.Errorf("with the lot %v got version %s, want %s", lot, got, want)
		}
	}
}

// Each version and each alias has a policy of its own.
func TestPoliciesOfQualifiers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	w.create(t, node, "index.handler", map[string]string{"index.js": nodeEcho}, nil)
	w.publish(t, "one")
	if _, err := w.CreateAlias(w.ctx, &lambda.CreateAliasInput{FunctionName: aws.String("f"), Name: aws.String("live"), FunctionVersion: aws.String("1")}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddPermission(w.ctx, &lambda.AddPermissionInput{
		FunctionName: aws.String(fARN + ":live"), StatementId: aws.String("s"), Principal: aws.String(gateway), Action: aws.String("lambda:InvokeFunction"),
	}); err != nil {
		t.Fatal(err)
	}
	ctx := env.WithCaller(w.ctx, env.Caller{Service: gateway})
	for _, arn := range []string{fARN, fARN + ":1"} {
		_, _, err := w.InvokeFor(ctx, arn, []byte(`1`))
		if err == nil || !strings.Contains(err.Error(), "not authorized to perform: lambda:InvokeFunction on resource: "+arn) {
			t.Errorf("%s: got %v, want a refusal", arn, err)
		}
	}
	if _, _, err := w.InvokeFor(ctx, fARN+":live", []byte(`1`)); err != nil {
		t.Error(err)
	}
	_, err := w.GetPolicy(w.ctx, &lambda.GetPolicyInput{FunctionName: aws.String("f")})
	checkError(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
	got, err := w.GetPolicy(w.ctx, &lambda.GetPolicyInput{FunctionName: aws.String("f"), Qualifier: aws.String("live")})
	if err != nil || !strings.Contains(*got.Policy, `"Resource":"`+fARN+`:live"`) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Environments that are ahead are really started, and say so.
func TestProvisionedConcurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	w.create(t, node, "index.handler", map[string]string{"index.js": `
		if (process.env.A === "bad") throw new Error("no")
		exports.handler = async () => process.env.AWS_LAMBDA_INITIALIZATION_TYPE`}, nil)
	put := func(qualifier string, n int32) error {
		_, err := w.PutProvisionedConcurrencyConfig(w.ctx, &lambda.PutProvisionedConcurrencyConfigInput{
			FunctionName: aws.String("f"), Qualifier: aws.String(qualifier), ProvisionedConcurrentExecutions: aws.Int32(n),
		})
		return err
	}
	status := func(qualifier string) *lambda.GetProvisionedConcurrencyConfigOutput {
		t.Helper()
		in := &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: aws.String(qualifier)}
		for {
			target, err := w.find(name{env.ScopeOf(w.ctx), "f", qualifier})
			if err != nil {
				t.Fatal(err)
			}
			changed := w.host.Provisioned(target.version.environmentKey(target.function.ID)).Changed
			out, err := w.GetProvisionedConcurrencyConfig(w.ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			if out.Status != types.ProvisionedConcurrencyStatusEnumInProgress {
				return out
			}
			<-changed
		}
	}
	w.publish(t, "good")
	w.publish(t, "bad")
	checkError(t, put("$LATEST", 1), "InvalidParameterValueException", "Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
	checkError(t, put("1", 901), "InvalidParameterValueException", "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].")
	if err := put("1", 2); err != nil {
		t.Fatal(err)
	}
	if got := status("1"); got.Status != types.ProvisionedConcurrencyStatusEnumReady || *got.AllocatedProvisionedConcurrentExecutions != 2 {
		t.Errorf("got %+v", got)
	}
	if got, _ := w.ask(t, "1"); got != `"provisioned-concurrency"` {
		t.Errorf("got %s", got)
	}
	if err := put("2", 1); err != nil {
		t.Fatal(err)
	}
	if got := status("2"); got.Status != types.ProvisionedConcurrencyStatusEnumFailed || aws.ToString(got.StatusReason) != "FUNCTION_ERROR_INIT_FAILURE" {
		t.Errorf("got %+v", got)
	}
	_, err := w.PutFunctionConcurrency(w.ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(1)})
	checkError(t, err, "InvalidParameterValueException", " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [3].")
	settings, err := w.GetAccountSettings(w.ctx, &lambda.GetAccountSettingsInput{})
	if err != nil || *settings.AccountLimit.UnreservedConcurrentExecutions != 997 {
		t.Errorf("got %+v, %v", settings.AccountLimit, err)
	}
	if _, err := w.DeleteProvisionedConcurrencyConfig(w.ctx, &lambda.DeleteProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: aws.String("1")}); err != nil {
		t.Fatal(err)
	}
	_, err = w.GetProvisionedConcurrencyConfig(w.ctx, &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: aws.String("1")})
	checkError(t, err, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function")
}

// A function that calls itself is stopped, unless it may.
func TestLoops(t *testing.T) {
	t.Parallel()
	f := function{RecursiveLoop: types.RecursiveLoopTerminate}
	c := types.FunctionConfiguration{FunctionArn: aws.String(fARN)}
	other := types.FunctionConfiguration{FunctionArn: aws.String(fARN + "2")}
	header, err := "", error(nil)
	for i := range maxLoop {
		if header, err = follow(header, &f, c, clock.Real.Now()); err != nil {
			t.Fatalf("round %d: %v", i+1, err)
		}
		if header, err = follow(header, &f, other, clock.Real.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := follow(header, &f, c, clock.Real.Now()); err == nil {
		t.Errorf("round %d was not stopped: %s", maxLoop+1, header)
	}
	f.RecursiveLoop = types.RecursiveLoopAllow
	next, err := follow(header, &f, c, clock.Real.Now())
	if err != nil || !strings.Contains(next, ":17") || strings.Split(next, ";")[0] != strings.Split(header, ";")[0] {
		t.Errorf("got %s, %v", next, err)
	}
	for _, broken := range []string{"Lineage=x", "Lineage=1:", "Lineage=::|||", "=;;=", "Root"} {
		if _, err := follow(broken, &f, c, clock.Real.Now()); err != nil {
			t.Errorf("%s: %v", broken, err)
		}
	}
}

// A configuration that enforces signatures lets no package in: none is signed here.
func TestCodeSigning(t *testing.T) {
	t.Parallel()
	w := newFakeWorld(t)
	made, err := w.CreateCodeSigningConfig(w.ctx, &lambda.CreateCodeSigningConfigInput{
		AllowedPublishers: &types.AllowedPublishers{SigningProfileVersionArns: []string{"arn:aws:signer:eu-north-1:000000000000:/signing-profiles/p/1"}},
	})
	if err != nil || made.CodeSigningConfig.CodeSigningPolicies.UntrustedArtifactOnDeployment != types.CodeSigningPolicyWarn {
		t.Fatalf("got %+v, %v", made, err)
	}
	arn := made.CodeSigningConfig.CodeSigningConfigArn
	zip := packageOf(t, map[string]string{"bootstrap*": "#!/bin/sh"})
	create := func(name string) error {
		_, err := w.CreateFunction(w.ctx, &lambda.CreateFunctionInput{
			FunctionName: aws.String(name), Role: aws.String(role), Runtime: types.RuntimeProvidedal2, Handler: aws.String("h"),
			Code: &types.FunctionCode{ZipFile: zip}, CodeSigningConfigArn: arn,
		})
		return err
	}
	if err := create("f"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.UpdateCodeSigningConfig(w.ctx, &lambda.UpdateCodeSigningConfigInput{
		CodeSigningConfigArn: arn, CodeSigningPolicies: &types.CodeSigningPolicies{UntrustedArtifactOnDeployment: types.CodeSigningPolicyEnforce},
	}); err != nil {
		t.Fatal(err)
	}
	checkError(t, create("g"), "CodeVerificationFailedException", "Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not configured to accept. Check the provided signature for g.")
	_, err = w.DeleteCodeSigningConfig(w.ctx, &lambda.DeleteCodeSigningConfigInput{CodeSigningConfigArn: arn})
	checkError(t, err, "ResourceConflictException", "You can delete the code signing configuration only if no function is using it.")
	got, err := w.GetFunctionCodeSigningConfig(w.ctx, &lambda.GetFunctionCodeSigningConfigInput{FunctionName: aws.String("f")})
	if err != nil || aws.ToString(got.CodeSigningConfigArn) != *arn {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := w.DeleteFunctionCodeSigningConfig(w.ctx, &lambda.DeleteFunctionCodeSigningConfigInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.TagResource(w.ctx, &lambda.TagResourceInput{Resource: arn, Tags: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	tags, err := w.ListTags(w.ctx, &lambda.ListTagsInput{Resource: arn})
	if err != nil || tags.Tags["a"] != "b" {
		t.Errorf("got %v, %v", tags, err)
	}
	if _, err := w.DeleteCodeSigningConfig(w.ctx, &lambda.DeleteCodeSigningConfigInput{CodeSigningConfigArn: arn}); err != nil {
		t.Error(err)
	}
	_, err = w.PutFunctionCodeSigningConfig(w.ctx, &lambda.PutFunctionCodeSigningConfigInput{FunctionName: aws.String("f"), CodeSigningConfigArn: arn})
	checkError(t, err, "CodeSigningConfigNotFoundException", "The code signing configuration cannot be found. Check that the provided configuration is not deleted: "+*arn+".")
}

// during is roles that are asked while something else is done.
type during struct {
	Roles
	do func()
}

func (d during) CanAssume(ctx context.Context, arn, service string) error {
	d.do()
	return d.Roles.CanAssume(ctx, arn, service)
}

// What is set of a function while it is updated stays.
func TestSetDuringUpdate(t *testing.T) {
	t.Parallel()
	w := newFakeWorld(t)
	w.create(t, types.RuntimeProvidedal2023, "h", map[string]string{"bootstrap*": "x"}, nil)
	w.roles = during{w.roles, func() {
		if _, err := w.PutRuntimeManagementConfig(w.ctx, &lambda.PutRuntimeManagementConfigInput{
			FunctionName: aws.String("f"), UpdateRuntimeOn: types.UpdateRuntimeOnFunctionUpdate,
		}); err != nil {
			t.Error(err)
		}
	}}
	if _, err := w.UpdateFunctionConfiguration(w.ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Role: aws.String(role)}); err != nil {
		t.Fatal(err)
	}
	got, err := w.GetRuntimeManagementConfig(w.ctx, &lambda.GetRuntimeManagementConfigInput{FunctionName: aws.String("f")})
	if err != nil || got.UpdateRuntimeOn != types.UpdateRuntimeOnFunctionUpdate {
		t.Errorf("got %v, %v", got, err)
	}
}
