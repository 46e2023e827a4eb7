package functions

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/policytemplate"
)

// call runs a function as the framework does, and returns its result and its error.
func call(f function.Function, arguments ...attr.Value) (attr.Value, *function.FuncError) {
	ctx := context.Background()
	var d function.DefinitionResponse
	f.Definition(ctx, function.DefinitionRequest{}, &d)
	result, err := d.Definition.Return.NewResultData(ctx)
	if err != nil {
		return nil, err
	}
	resp := function.RunResponse{Result: result}
	f.Run(ctx, function.RunRequest{Arguments: function.NewArgumentsData(arguments)}, &resp)
	if resp.Error != nil {
		return nil, resp.Error
	}
	return resp.Result.Value(), nil
}

func text(s string) attr.Value { return types.StringValue(s) }

// FuzzARN: what is taken apart is put together as it was, and the other way.
func FuzzARN(f *testing.F) {
	for _, arn := range []string{"arn:aws:s3:::b", "arn:aws:logs:eu-north-1:123456789012:log-group:/a:*", "arn::::", "arn:aws:iam", ""} {
		f.Add(arn)
	}
	f.Fuzz(func(t *testing.T, arn string) {
		parsed, err := call(arnParse{}, text(arn))
		if err != nil {
			return
		}
		of := parsed.(types.Object).Attributes()
		var parts []attr.Value
		for _, name := range []string{"partition", "service", "region", "account_id", "resource"} {
			parts = append(parts, of[name])
		}
		built, err := call(arnBuild{}, parts...)
		if err != nil || built.(types.String).ValueString() != arn {
			t.Errorf("%q: got %v, %v", arn, built, err)
		}
	})
}

// FuzzParts: what is put together is taken apart as it was.
func FuzzParts(f *testing.F) {
	f.Add("aws", "iam", "", "123456789012", "role/reader")
	f.Add("aws", "logs", "eu-north-1", "1", "log-group:/a:*")
	f.Fuzz(func(t *testing.T, partition, service, region, account, resource string) {
		given := []string{partition, service, region, account, resource}
		built, err := call(arnBuild{}, text(partition), text(service), text(region), text(account), text(resource))
		if err != nil {
			return
		}
		parsed, err := call(arnParse{}, built)
		if err != nil {
			t.Fatalf("%q: %v", built, err)
		}
		for i, name := range []string{"partition", "service", "region", "account_id", "resource"} {
			if got := parsed.(types.Object).Attributes()[name].(types.String).ValueString(); got != given[i] {
				t.Errorf("%s is %q, want %q", name, got, given[i])
			}
		}
	})
}

// FuzzCron: the times that a schedule comes follow one another.
func FuzzCron(f *testing.F) {
	f.Add("cron(0 2 * * ? *)", "Europe/Stockholm", "2026-01-31T00:00:00Z", int64(3))
	f.Add("cron(0/5 8-17 ? * MON-FRI *)", "UTC", "2026-03-29T00:00:00Z", int64(9))
	f.Add("rate(5 minutes)", "America/New_York", "2026-11-01T00:00:00-04:00", int64(2))
	f.Add("at(2030-01-01T00:00:00)", "UTC", "2026-01-01T00:00:00Z", int64(2))
	f.Add("cron(0 0 L * ? *)", "UTC", "9999-12-31T23:59:59Z", int64(1000))
	f.Fuzz(func(t *testing.T, expression, zone, from string, n int64) {
		all, err := call(cronNext{}, text(expression), text(zone), text(from), types.Int64Value(n%20))
		if err != nil {
			return
		}
		last, bad := time.Parse(time.RFC3339, from)
		if bad != nil {
			t.Fatalf("%q is accepted as a time", from)
		}
		times := all.(types.List).Elements()
		if int64(len(times)) > n%20 {
			t.Errorf("%d times, want %d at most", len(times), n%20)
		}
		for _, v := range times {
			next, bad := time.Parse(time.RFC3339, v.(types.String).ValueString())
			if bad != nil || !next.After(last) {
				t.Errorf("%s in %s after %s: %s does not follow %s: %v", expression, zone, from, v, last, bad)
			}
			last = next
		}
	})
}

// FuzzEvent: a pattern and an event are matched, or it is said which of them is wrong;
// an object says the same as its JSON.
func FuzzEvent(f *testing.F) {
	f.Add(`{"source":["shop"]}`, `{"source":"shop"}`)
	f.Add(`{"detail":{"n":[{"numeric":[">",1]}]}}`, `{"detail":{"n":2}}`)
	f.Add(`{"a":[{"prefix":"x"},{"exists":false}],"$or":[{"b":[1]},{"c":[null]}]}`, `{"a":null,"b":1}`)
	f.Add(`{`, ``)
	f.Fuzz(func(t *testing.T, pattern, event string) {
		got, err := call(eventMatch{}, types.DynamicValue(text(pattern)), types.DynamicValue(text(event)))
		switch {
		case err != nil && err.FunctionArgument == nil:
			t.Errorf("%q, %q: the error names no argument: %v", pattern, event, err)
		case err == nil && (!json.Valid([]byte(pattern)) || !json.Valid([]byte(event)) || got.IsNull() || got.IsUnknown()):
			t.Errorf("%q, %q: got %v", pattern, event, got)
		}
	})
}

// FuzzTemplate: a template makes JSON with nothing left in braces, or it is said what is
// wrong.
func FuzzTemplate(f *testing.F) {
	f.Add("SQSSendMessagePolicy", "QueueName", "mail", "123456789012", "eu-north-1")
	f.Add("EFSWriteAccessPolicy", "FileSystem", "fs-1", "1", "r")
	f.Add("EC2DescribePolicy", "", "", "", "")
	f.Add("LambdaInvokePolicy", "FunctionName", "{region}\"", "1", "r")
	names := policytemplate.Names()
	f.Fuzz(func(t *testing.T, name, parameter, value, account, region string) {
		if len(name) == 1 { // reaches them all
			name = names[int(name[0])%len(names)]
		}
		args := map[string]attr.Value{}
		if parameter != "" {
			args[parameter] = text(value)
		}
		scope := types.ObjectValueMust(map[string]attr.Type{"account_id": types.StringType, "region": types.StringType}, map[string]attr.Value{"account_id": text(account), "region": text(region)})
		got, err := call(policyTemplate{}, text(name), types.MapValueMust(types.StringType, args),
			types.TupleValueMust([]attr.Type{types.DynamicType}, []attr.Value{types.DynamicValue(scope)}))
		if err != nil {
			if err.FunctionArgument == nil {
				t.Errorf("%s: the error names no argument: %v", name, err)
			}
			return
		}
		var policy struct {
			Version   string
			Statement []struct{ Action, Resource []string }
		}
		if bad := json.Unmarshal([]byte(got.(types.String).ValueString()), &policy); bad != nil || policy.Version == "" || len(policy.Statement) == 0 {
			t.Fatalf("%s: got %v, %v", name, got, bad)
		}
		given := strings.ContainsAny(value+account+region, "{}")
		for _, s := range policy.Statement {
			if len(s.Action) == 0 || !given && slices.ContainsFunc(s.Resource, func(r string) bool { return strings.ContainsAny(r, "{}") }) {
				t.Errorf("%s: the statement %v", name, s)
			}
		}
	})
}

// TestNullArguments: a null within an argument is told apart from nothing at all.
func TestNullArguments(t *testing.T) {
	args := types.MapValueMust(types.StringType, map[string]attr.Value{"QueueName": types.StringNull()})
	none := types.TupleValueMust([]attr.Type{}, []attr.Value{})
	if _, err := call(policyTemplate{}, text("SQSSendMessagePolicy"), args, none); err == nil || !strings.Contains(err.Text, "account_id and region") {
		t.Errorf("without a scope: %v", err)
	}
	here := types.TupleValueMust([]attr.Type{types.DynamicType}, []attr.Value{types.DynamicValue(types.ObjectValueMust(
		map[string]attr.Type{"account_id": types.StringType, "region": types.StringType, "partition": types.StringType},
		map[string]attr.Value{"account_id": text("1"), "region": text("r"), "partition": types.StringNull()},
	))})
	if _, err := call(policyTemplate{}, text("SQSSendMessagePolicy"), args, here); err == nil || !strings.Contains(err.Text, "QueueName of SQSSendMessagePolicy is empty") {
		t.Errorf("a parameter that is null: %v", err)
	}
	event := types.DynamicValue(types.ObjectValueMust(map[string]attr.Type{"a": types.StringType}, map[string]attr.Value{"a": types.StringNull()}))
	got, err := call(eventMatch{}, types.DynamicValue(text(`{"a":[null]}`)), event)
	if err != nil || !got.(types.Bool).ValueBool() {
		t.Errorf("a null in an event: %v, %v", got, err)
	}
}
