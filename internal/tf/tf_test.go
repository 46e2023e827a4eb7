package tf

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type missing struct{}

func (*missing) Error() string                 { return "missing" }
func (*missing) ErrorCode() string             { return "Missing" }
func (*missing) ErrorMessage() string          { return "There is no such thing" }
func (*missing) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

func TestGone(t *testing.T) {
	gone := Gone[*missing]("GetThing", "DeleteThing")
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"its own get", &smithy.OperationError{OperationName: "GetThing", Err: &missing{}}, true},
		{"its own delete, wrapped", fmt.Errorf("x: %w", &smithy.OperationError{OperationName: "DeleteThing", Err: &missing{}}), true},
		{"a part of it", &smithy.OperationError{OperationName: "GetPart", Err: &missing{}}, false},
		{"another error", &smithy.OperationError{OperationName: "GetThing", Err: errors.New("404 Not Found")}, false},
		{"no operation", &missing{}, false},
		{"being deleted", ErrGone, true},
		{"nothing", nil, false},
	} {
		if got := gone(c.err); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestImportID(t *testing.T) {
	table := &instance[any, any]{Type: Type[any, any]{Name: "table", Import: []string{"table_name"}, ARN: "dynamodb:table/{table_name}"}}
	alias := &instance[any, any]{Type: Type[any, any]{Name: "alias", Import: []string{"function_name", "name"}, ARN: "lambda:function:{function_name}:{name}"}}
	route := &instance[any, any]{Type: Type[any, any]{Name: "route", Import: []string{"api", "route"}}}
	for _, c := range []struct {
		r        *instance[any, any]
		id, want string // attributes in order of name; an error begins with "!"
	}{
		{table, "orders", "table_name=orders"},
		{table, "orders@eu-west-1", "region=eu-west-1 table_name=orders"},
		{table, "arn:aws:dynamodb:eu-north-1:123456789012:table/orders", "account_id=123456789012 region=eu-north-1 table_name=orders"},
		{table, "arn:aws:lambda:eu-north-1:123456789012:function:f", "!does not name one"},
		{table, "arn:aws:dynamodb:eu-north-1:123456789012:table/", "!does not name one"},
		{table, "arn:aws:dynamodb:eu-north-1:123456789012:backup/x", "!does not name one"},
		{table, "arn:aws:dynamodb", "!does not name one"},
		{alias, "f/live", "function_name=f name=live"},
		{alias, "f", "!function_name/name or arn:aws:lambda:<region>:<account>:function:{function_name}:{name}"},
		{alias, "/live", "!does not name one"},
		{alias, "arn:aws:lambda:eu-north-1:123456789012:function:f:live", "account_id=123456789012 function_name=f name=live region=eu-north-1"},
		{alias, "arn:aws:lambda:eu-north-1:123456789012:function:f", "!does not name one"},
		{route, "a1b2/GET /x/{id}", "api=a1b2 route=GET /x/{id}"},
		{route, "a1b2/GET /x/a@b/c", "api=a1b2 route=GET /x/a@b/c"},
		{route, "arn:aws:x:y:z:w", "!Give api/route"},
	} {
		got := ""
		values, err := c.r.imported(resource.ImportStateRequest{ID: c.id})
		if err != nil {
			got = "!" + err.Error()
		} else {
			for _, k := range []string{"account_id", "api", "function_name", "name", "region", "route", "table_name"} {
				if v, ok := values[k]; ok {
					got += " " + k + "=" + v
				}
			}
			got = strings.TrimSpace(got)
		}
		refused, says := strings.CutPrefix(c.want, "!")
		if says && (err == nil || !strings.Contains(got, refused)) || !says && got != c.want {
			t.Errorf("%s: got %q, want %q", c.id, got, c.want)
		}
	}
}

func TestImportIdentity(t *testing.T) {
	r := &instance[any, any]{Type: Type[any, any]{Name: "alias", Import: []string{"function_name", "name"}}}
	id := raw(map[string]any{"account_id": "123456789012", "region": nil, "function_name": "f", "name": "live"})
	got, err := r.imported(resource.ImportStateRequest{Identity: &tfsdk.ResourceIdentity{Raw: id}})
	want := map[string]string{"account_id": "123456789012", "region": "", "function_name": "f", "name": "live"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, calls := time.Now(), 0
		err := Poll(t.Context(), "the thing", func(context.Context) (bool, error) {
			calls++
			return calls == 1, nil
		})
		if err != nil || time.Since(start) != 0 {
			t.Errorf("ready at once: %v after %v", err, time.Since(start))
		}
		calls = 0
		err = Poll(t.Context(), "the thing", func(context.Context) (bool, error) { calls++; return calls == 4, nil })
		// 50 + 75 + 112.5 ms, each up to a fifth off.
		if took := time.Since(start); err != nil || took < 190*time.Millisecond || took > 285*time.Millisecond {
			t.Errorf("ready at the fourth call: %v after %v", err, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err = Poll(ctx, "the thing", func(context.Context) (bool, error) { return false, nil })
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "waiting for the thing") {
			t.Errorf("never ready: %v", err)
		}
	})
}

func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := errors.New("later")
		again := func(err error) bool { return errors.Is(err, later) }
		calls := 0
		err := Retry(t.Context(), again, func(context.Context) error {
			if calls++; calls < 3 {
				return later
			}
			return nil
		})
		if err != nil || calls != 3 {
			t.Errorf("got %v after %d calls, want none after 3", err, calls)
		}
		other := errors.New("no")
		if err := Retry(t.Context(), again, func(context.Context) error { return other }); !errors.Is(err, other) {
			t.Errorf("got %v, want %v", err, other)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := Retry(ctx, again, func(context.Context) error { return later }); !errors.Is(err, later) {
			t.Errorf("at the end of time: got %v, want %v", err, later)
		}
	})
}

func TestUndo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	first := errors.New("first")
	err := Undo(ctx, first, func(ctx context.Context) error { return ctx.Err() })
	if !errors.Is(err, first) || errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want only the first error: undoing must outlive the cancellation", err)
	}
}

// object and its kin write raw values shortly: nil is null, unknown is unknown.
type unknown struct{}

func raw(v any) tftypes.Value {
	switch v := v.(type) {
	case nil:
		return tftypes.NewValue(tftypes.String, nil)
	case unknown:
		return tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	case string:
		return stringValue(v)
	case map[string]any:
		attributes, kinds := map[string]tftypes.Value{}, map[string]tftypes.Type{}
		for name, a := range v {
			attributes[name] = raw(a)
			kinds[name] = attributes[name].Type()
		}
		return tftypes.NewValue(tftypes.Object{AttributeTypes: kinds}, attributes)
	case []string:
		var l []tftypes.Value
		for _, s := range v {
			l = append(l, stringValue(s))
		}
		return tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, l)
	}
	panic(fmt.Sprintf("raw value of %T", v))
}

func TestKeepStable(t *testing.T) {
	type o = map[string]any
	prior := o{"name": "a", "code": "1", "arn": "arn-a", "version": "1", "modified": "monday", "nested": o{"in": "x", "out": "y"}}
	for _, c := range []struct {
		name         string
		config, plan o
		settled      string // attributes that were planned on purpose
		want         o
	}{
		{
			"nothing of interest changed",
			o{"name": "b", "code": "1", "nested": o{"in": "x", "out": nil}},
			o{"name": "b", "code": "1", "arn": unknown{}, "version": unknown{}, "modified": unknown{}, "nested": o{"in": "x", "out": unknown{}}},
			"",
			o{"name": "b", "code": "1", "arn": "arn-a", "version": "1", "modified": unknown{}, "nested": o{"in": "x", "out": "y"}},
		},
		{
			"the code changed",
			o{"name": "a", "code": "2", "nested": o{"in": "x", "out": nil}},
			o{"name": "a", "code": "2", "arn": unknown{}, "version": unknown{}, "modified": unknown{}, "nested": o{"in": "x", "out": unknown{}}},
			"",
			o{"name": "a", "code": "2", "arn": "arn-a", "version": unknown{}, "modified": unknown{}, "nested": o{"in": "x", "out": "y"}},
		},
		{
			"the code is not known",
			o{"name": "a", "code": unknown{}, "nested": o{"in": "x", "out": nil}},
			o{"name": "a", "code": unknown{}, "arn": unknown{}, "version": unknown{}, "modified": unknown{}, "nested": o{"in": "x", "out": unknown{}}},
			"",
			o{"name": "a", "code": unknown{}, "arn": "arn-a", "version": unknown{}, "modified": unknown{}, "nested": o{"in": "x", "out": "y"}},
		},
		{
			"a part changed",
			o{"name": "a", "code": "1", "nested": o{"in": "z", "out": nil}},
			o{"name": "a", "code": "1", "arn": unknown{}, "version": unknown{}, "modified": unknown{}, "nested": o{"in": "z", "out": unknown{}}},
			"",
			o{"name": "a", "code": "1", "arn": "arn-a", "version": "1", "modified": unknown{}, "nested": o{"in": "z", "out": unknown{}}},
		},
		{
			"the framework saw no change, but one was planned",
			o{"name": "a", "code": nil, "nested": o{"in": "x", "out": nil}},
			o{"name": "a", "code": "3", "arn": "arn-a", "version": "1", "modified": "monday", "nested": o{"in": "x", "out": "y"}},
			"code",
			o{"name": "a", "code": "3", "arn": "arn-a", "version": unknown{}, "modified": unknown{}, "nested": o{"in": "x", "out": "y"}},
		},
		{
			"a default took the place of what was written",
			o{"name": "a", "code": nil, "nested": o{"in": "x", "out": nil}},
			o{"name": "a", "code": "0", "arn": unknown{}, "version": unknown{}, "modified": unknown{}, "nested": o{"in": "x", "out": unknown{}}},
			"",
			o{"name": "a", "code": "0", "arn": "arn-a", "version": unknown{}, "modified": unknown{}, "nested": o{"in": "x", "out": "y"}},
		},
		{
			"nothing changed",
			o{"name": "a", "code": "1", "nested": o{"in": "x", "out": nil}},
			o{"name": "a", "code": "1", "arn": unknown{}, "version": unknown{}, "modified": unknown{}, "nested": o{"in": "x", "out": unknown{}}},
			"",
			prior,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := maps.Clone(c.config)
			for _, name := range []string{"arn", "version", "modified"} {
				config[name] = nil
			}
			r := &instance[any, any]{Type: Type[any, any]{Changes: map[string][]string{
				"version": {"code"}, "modified": {"*"}, "nested.out": {"nested"},
			}}}
			r.codec = newCodec[any](sample)
			p := &planning{config: fields(raw(config)), plan: fields(raw(c.plan)), prior: fields(raw(prior)), settled: map[string]bool{c.settled: true}}
			r.keepStable(p)
			got, want := tftypes.NewValue(raw(c.want).Type(), p.plan), raw(c.want)
			if !got.Equal(want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

var sample = schema.Schema{Attributes: map[string]schema.Attribute{
	"name":     schema.StringAttribute{Required: true},
	"code":     schema.StringAttribute{Optional: true, Computed: true},
	"arn":      schema.StringAttribute{Computed: true},
	"version":  schema.StringAttribute{Computed: true},
	"modified": schema.StringAttribute{Computed: true},
	"nested": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
		"in":  schema.StringAttribute{Optional: true},
		"out": schema.StringAttribute{Computed: true},
	}},
}}

func TestShows(t *testing.T) {
	type o = map[string]any
	for _, c := range []struct {
		name        string
		plan, state any
		want        bool
	}{
		{"equal", o{"a": "1"}, o{"a": "1"}, true},
		{"not yet", o{"a": "1"}, o{"a": "0"}, false},
		{"not known", o{"a": unknown{}}, o{"a": "0"}, true},
		{"gone", o{"a": nil}, o{"a": "0"}, false},
		{"a document laid out otherwise", o{"a": `{"b":1,"c":2}`}, o{"a": `{ "c": 2, "b": 1 }`}, true},
		{"another document", o{"a": `{"b":12345678901234567890}`}, o{"a": `{"b":12345678901234567891}`}, false},
		{"a longer list", o{"a": []string{"x"}}, o{"a": []string{"x", "y"}}, false},
	} {
		if got := shows(raw(c.plan), raw(c.state)); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSetTags(t *testing.T) {
	strings := func(kv ...string) types.Map {
		m := types.MapNull(types.StringType)
		for i := 0; i < len(kv); i += 2 {
			all := maps.Clone(m.Elements())
			if all == nil {
				all = map[string]attr.Value{}
			}
			all[kv[i]] = types.StringValue(kv[i+1])
			m = types.MapValueMust(types.StringType, all)
		}
		return m
	}
	ctx := context.WithValue(t.Context(), operationKey{}, &operation{provider: &Provider{Tags: strings("stack", "s", "team", "all")}})
	for _, c := range []struct {
		name              string
		tags              types.Map
		actual            map[string]string
		wantTags, wantAll types.Map
	}{
		{"as it should be", strings("team", "mine"), map[string]string{"stack": "s", "team": "mine"}, strings("team", "mine"), strings("stack", "s", "team", "mine")},
		{"none of its own", strings(), map[string]string{"stack": "s", "team": "all"}, strings(), strings("stack", "s", "team", "all")},
		{"one of its own is like the provider's", strings("stack", "s"), map[string]string{"stack": "s"}, strings("stack", "s"), strings("stack", "s")},
		{"somebody added one", strings(), map[string]string{"stack": "s", "x": "1"}, strings("x", "1"), strings("stack", "s", "x", "1")},
		{"somebody changed the provider's", strings(), map[string]string{"stack": "t"}, strings("stack", "t"), strings("stack", "t")},
		{"AWS's and ours are not shown", strings(), map[string]string{"aws:x": "1", MarkerKey: "1", "stack": "s"}, strings(), strings("stack", "s")},
	} {
		got := Tagged{Tags: c.tags}
		SetTags(ctx, &got, c.actual)
		if !got.Tags.Equal(c.wantTags) || !got.TagsAll.Equal(c.wantAll) {
			t.Errorf("%s: got %s and %s, want %s and %s", c.name, got.Tags, got.TagsAll, c.wantTags, c.wantAll)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[1,2]}`, "{\n  \"b\": [1, 2],\n  \"a\": 1\n}", true},
		{`{"a":[1,2]}`, `{"a":[2,1]}`, false},
		{`{"a":1}`, `{"a":1.0}`, false},
		{`{"a":1}`, `{"a":1} {}`, false},
		{`not JSON`, `not JSON`, true},
		{`not JSON`, `not  JSON`, false},
	} {
		got, _ := JSONValue(c.a).StringSemanticEquals(t.Context(), JSONValue(c.b))
		if got != c.want {
			t.Errorf("%s and %s: got %v, want %v", c.a, c.b, got, c.want)
		}
		req := planmodifier.StringRequest{StateValue: types.StringValue(c.a), PlanValue: types.StringValue(c.b)}
		resp := planmodifier.StringResponse{PlanValue: req.PlanValue}
		KeepJSON[0].PlanModifyString(t.Context(), req, &resp)
		if kept := resp.PlanValue.ValueString() == c.a; kept != c.want {
			t.Errorf("plan of %s over %s: kept %v, want %v", c.b, c.a, kept, c.want)
		}
	}
	for _, c := range []struct {
		v    JSON
		want string // part of the message, "" for none
	}{
		{JSONValue(`{"a":1}`), ""},
		{JSONNull(), ""},
		{JSON{basetypes.NewStringUnknown()}, ""},
		{JSONValue(`{"a":}`), "invalid character '}'"},
		{JSONValue(`{} x`), "behind the document"},
	} {
		resp := &xattr.ValidateAttributeResponse{}
		c.v.ValidateAttribute(t.Context(), xattr.ValidateAttributeRequest{Path: path.Root("definition")}, resp)
		got := ""
		if resp.Diagnostics.HasError() {
			got = resp.Diagnostics[0].Detail()
		}
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) || got != "" && !strings.Contains(got, "definition") {
			t.Errorf("%s: got %q, want %q", c.v, got, c.want)
		}
	}
}

func TestReport(t *testing.T) {
	answered := &smithy.OperationError{ServiceID: "Things", OperationName: "GetThing", Err: &missing{}}
	for _, c := range []struct {
		name    string
		err     error
		summary string
		detail  string
	}{
		{"AWS's answer", answered, "Cannot read serverless_thing a", "Things GetThing answered Missing: There is no such thing."},
		{"in a context", fmt.Errorf("reading the parts: %w", answered), "Cannot read serverless_thing a", "Reading the parts: Things GetThing answered Missing: There is no such thing."},
		{"a problem", fmt.Errorf("x: %w", &Problem{"Too much", "Use less."}), "Too much", "Use less."},
		{"about an attribute", At(path.Root("size"), errors.New("too large")), "Cannot read serverless_thing a", "Size: too large."},
		{"too late", fmt.Errorf("waiting for it: %w", context.DeadlineExceeded), "Cannot read serverless_thing a", "Waiting for it: context deadline exceeded. The operation took longer than its limit; raise it in the attribute timeouts, or look at the object on AWS for what holds it up."},
	} {
		var ds diag.Diagnostics
		report(&ds, "read serverless_thing a", c.err)
		if len(ds) != 1 || ds[0].Summary() != c.summary || ds[0].Detail() != c.detail {
			t.Errorf("%s: got %v", c.name, ds)
		}
	}
}

// TestSeek: a data source looks again for what its run may have written, and only for
// that.
func TestSeek(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		writes, seen, looks int
	}{{0, 3, 1}, {1, 1, 1}, {1, 3, 3}} {
		p := &Provider{}
		p.writes.Add(int64(row.writes))
		ctx := context.WithValue(t.Context(), operationKey{}, &operation{provider: p})
		looks := 0
		err := Seek(ctx, func(context.Context) (bool, error) {
			looks++
			return looks == row.seen, nil
		})
		if err != nil || looks != row.looks {
			t.Errorf("%+v: got %d looks, %v", row, looks, err)
		}
	}
}

// TestUnrepeated: of a call that must not be carried out twice, only what was throttled
// is tried again.
func TestUnrepeated(t *testing.T) {
	t.Parallel()
	r := Unrepeated(retry.NewStandard())
	for code, want := range map[string]bool{"TooManyRequestsException": true, "ThrottlingException": true, "RequestTimeout": false, "InternalError": false} {
		if got := r.IsErrorRetryable(&smithy.GenericAPIError{Code: code}); got != want {
			t.Errorf("%s: tried again: %v, want %v", code, got, want)
		}
	}
	if lost := (&aws.RequestCanceledError{Err: errors.New("reset")}); r.IsErrorRetryable(lost) {
		t.Error("what was canceled is tried again")
	}
}
