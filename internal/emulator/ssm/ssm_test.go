package ssm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

func newService(t *testing.T) (*Service, *clock.Fake, context.Context) {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	c := clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	s, err := New(&env.Env{Clock: c, Store: st, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s, c, env.WithScope(context.Background(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
}

// errorOf is the code and the message of an AWS error, or "".
func errorOf(err error) string {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

// put makes a String, or changes what the options say.
func put(t *testing.T, s *Service, ctx context.Context, name, text string, change ...func(*ssm.PutParameterInput)) *ssm.PutParameterOutput {
	t.Helper()
	in := &ssm.PutParameterInput{Name: &name, Value: &text, Type: types.ParameterTypeString}
	for _, f := range change {
		f(in)
	}
	out, err := s.PutParameter(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func overwrite(in *ssm.PutParameterInput) { in.Overwrite, in.Type = ptr(true), "" }

func TestVersionsAndLabels(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	put(t, s, ctx, "/app/db", "one", func(in *ssm.PutParameterInput) { in.Description = ptr("d"); in.AllowedPattern = ptr("^[a-z]+$") })
	if got := put(t, s, ctx, "/app/db", "two", overwrite); got.Version != 2 || got.Tier != types.ParameterTierStandard {
		t.Errorf("got version %d of tier %s, want 2 of Standard", got.Version, got.Tier)
	}
	labeled, err := s.LabelParameterVersion(ctx, &ssm.LabelParameterVersionInput{Name: ptr("/app/db"), ParameterVersion: ptr(int64(1)), Labels: []string{"prod", "1st", "awsome"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1st", "awsome"}, labeled.InvalidLabels); diff != "" {
		t.Errorf("invalid labels (-want +got):\n%s", diff)
	}
	for reference, want := range map[string]string{
		"/app/db": "two", "/app/db:1": "one", "/app/db:prod": "one", "/app/db:2": "two",
		"arn:aws:ssm:eu-north-1:000000000000:parameter/app/db":      "two",
		"arn:aws:ssm:eu-north-1:000000000000:parameter/app/db:prod": "one",
		"/app/db:3":   "ParameterVersionNotFound: Systems Manager could not find version 3 of /app/db. Verify the version and try again.",
		"/app/db:a:b": "ParameterNotFound: ", "/app/none": "ParameterNotFound: ",
	} {
		got := ""
		out, err := s.GetParameter(ctx, &ssm.GetParameterInput{Name: &reference})
		if got = errorOf(err); err == nil {
			got = *out.Parameter.Value
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", reference, got, want)
		}
	}
	if _, err := s.LabelParameterVersion(ctx, &ssm.LabelParameterVersionInput{Name: ptr("/app/db"), Labels: []string{"prod"}}); err != nil {
		t.Fatal(err)
	}
	history, err := s.GetParameterHistory(ctx, &ssm.GetParameterHistoryInput{Name: ptr("/app/db")})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, h := range history.Parameters {
		got = append(got, fmt.Sprintf("%d %s %s %s %v", h.Version, *h.Value, *h.Description, *h.AllowedPattern, h.Labels))
	}
	if diff := cmp.Diff([]string{"1 one d ^[a-z]+$ []", "2 two d ^[a-z]+$ [prod]"}, got); diff != "" {
		t.Errorf("the history (-want +got):\n%s", diff)
	}
	gone, err := s.UnlabelParameterVersion(ctx, &ssm.UnlabelParameterVersionInput{Name: ptr("/app/db"), ParameterVersion: ptr(int64(2)), Labels: []string{"prod", "x"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"prod"}, {"x"}}, [][]string{gone.RemovedLabels, gone.InvalidLabels}); diff != "" {
		t.Errorf("removed and invalid (-want +got):\n%s", diff)
	}
}

func TestOldVersionsGo(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	put(t, s, ctx, "p", "1")
	for range maxVersions {
		put(t, s, ctx, "p", "x", overwrite)
	}
	page, err := s.GetParameterHistory(ctx, &ssm.GetParameterHistoryInput{Name: ptr("p")})
	if err != nil {
		t.Fatal(err)
	}
	rest, err := s.GetParameterHistory(ctx, &ssm.GetParameterHistoryInput{Name: ptr("p"), NextToken: page.NextToken})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(page.Parameters) + len(rest.Parameters); n != maxVersions || page.Parameters[0].Version != 2 || rest.NextToken != nil {
		t.Errorf("got %d versions from %d on, want %d from 2 on", n, page.Parameters[0].Version, maxVersions)
	}
	if _, err := s.LabelParameterVersion(ctx, &ssm.LabelParameterVersionInput{Name: ptr("p"), ParameterVersion: ptr(int64(2)), Labels: []string{"keep"}}); err != nil {
		t.Fatal(err)
	}
	_, err = s.PutParameter(ctx, &ssm.PutParameterInput{Name: ptr("p"), Value: ptr("y"), Overwrite: ptr(true)})
	if got, want := errorOf(err), "ParameterMaxVersionLimitExceeded: You attempted to create a new version of p by calling the PutParameter API with the overwrite flag. Version 2, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSecureString(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	put(t, s, ctx, "/s", "hunter2hunter2", func(in *ssm.PutParameterInput) { in.Type = types.ParameterTypeSecureString })
	var got []string
	for _, decrypt := range []bool{false, false, true} {
		out, err := s.GetParameter(ctx, &ssm.GetParameterInput{Name: ptr("/s"), WithDecryption: &decrypt})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, *out.Parameter.Value)
	}
	if !strings.HasPrefix(got[0], "AQICAH") || strings.Contains(got[0], "hunter2") || got[0] != got[1] || got[2] != "hunter2hunter2" {
		t.Errorf("got %q, want a text that begins with AQICAH twice, then the value", got)
	}
	all, err := s.DescribeParameters(ctx, &ssm.DescribeParametersInput{})
	if err != nil {
		t.Fatal(err)
	}
	if got := *all.Parameters[0].KeyId; got != defaultKey {
		t.Errorf("got the key %s, want %s", got, defaultKey)
	}
}

func TestRefusedParameters(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	put(t, s, ctx, "there", "v")
	put(t, s, ctx, "big", "v", func(in *ssm.PutParameterInput) { in.Tier = types.ParameterTierAdvanced })
	for _, c := range []struct {
		in   ssm.PutParameterInput
		want string
	}{
		{ssm.PutParameterInput{Name: ptr("there")}, "ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option in the request to true."},
		{ssm.PutParameterInput{Name: ptr("there"), Overwrite: ptr(true), Type: types.ParameterTypeSecureString}, "HierarchyTypeMismatchException: Parameter Store does not support changing a parameter type"},
		{ssm.PutParameterInput{Name: ptr("new"), Type: "-"}, "ValidationException: A parameter type is required when you create a parameter."},
		{ssm.PutParameterInput{Name: ptr("new"), Value: ptr("")}, "ValidationException: 1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1."},
		{ssm.PutParameterInput{Name: ptr("new"), Overwrite: ptr(true), Tags: []types.Tag{{Key: ptr("k"), Value: ptr("v")}}}, "ValidationException: Invalid request: tags and overwrite can't be used together."},
		{ssm.PutParameterInput{Name: ptr("new"), Value: ptr(strings.Repeat("x", 4097))}, "ValidationException: Standard tier parameters support a maximum parameter value of 4096 characters."},
		{ssm.PutParameterInput{Name: ptr("new"), Tier: types.ParameterTierAdvanced, Value: ptr(strings.Repeat("x", 8193))}, "ValidationException: Advanced tier parameters support a maximum parameter value of 8192 characters."},
		{ssm.PutParameterInput{Name: ptr("big"), Tier: types.ParameterTierStandard, Overwrite: ptr(true)}, "ValidationException: This parameter uses the advanced-parameter tier."},
		{ssm.PutParameterInput{Name: ptr("new"), KeyId: ptr("alias/k")}, "ValidationException: KeyId is required for SecureString type parameter only."},
		{ssm.PutParameterInput{Name: ptr("new"), DataType: ptr("aws:ec2:image")}, "ValidationException: The data type aws:ec2:image is not emulated; text is"},
		{ssm.PutParameterInput{Name: ptr("new"), DataType: ptr("Text")}, "ValidationException: The following data type is not supported: Text (Data type names are all lowercase.)"},
		{ssm.PutParameterInput{Name: ptr("new"), AllowedPattern: ptr("^[0-9]+$"), Value: ptr("topsecret")}, "ParameterPatternMismatchException: Parameter value, cannot be validated against allowedPattern: ^[0-9]+$"},
		{ssm.PutParameterInput{Name: ptr("new"), AllowedPattern: ptr("(?=a)")}, "InvalidAllowedPatternException: The allowed pattern is not a regular expression that is emulated"},
		{ssm.PutParameterInput{Name: ptr("new"), Policies: ptr(`[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2030-01-01T00:00:00Z"}}]`)}, "ValidationException: Parameter policies are only supported for advanced parameters."},
		{ssm.PutParameterInput{Name: ptr("new"), Tier: types.ParameterTierAdvanced, Policies: ptr(`[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"1","Unit":"Days"}}]`)}, "InvalidPolicyTypeException: The policy type NoChangeNotification is not emulated; Expiration is"},
		{ssm.PutParameterInput{Name: ptr("new"), Tier: types.ParameterTierAdvanced, Policies: ptr(`[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"soon"}}]`)}, "InvalidPolicyAttributeException: "},
		{ssm.PutParameterInput{Name: ptr("new"), Tier: types.ParameterTierAdvanced, Policies: ptr(`{`)}, "ValidationException: The policies are not a list in JSON."},
		{ssm.PutParameterInput{Name: ptr("a//b")}, "ValidationException: " + badName},
		{ssm.PutParameterInput{Name: ptr("/a/b/")}, "ValidationException: " + badName},
		{ssm.PutParameterInput{Name: ptr("a/b")}, "ValidationException: Parameter name must be a fully qualified name."},
		{ssm.PutParameterInput{Name: ptr("awsome")}, `ValidationException: Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive).`},
		{ssm.PutParameterInput{Name: ptr("/AWS/x")}, "AccessDeniedException: No access to reserved parameter name: /AWS/x."},
		{ssm.PutParameterInput{Name: ptr("/ssm/x")}, "ValidationException: " + badPrefix},
		{ssm.PutParameterInput{Name: ptr(strings.Repeat("/a", 16))}, "HierarchyLevelLimitExceededException: A hierarchy can have a maximum of 15 levels."},
	} {
		in := c.in
		if in.Value == nil {
			in.Value = ptr("v")
		}
		switch in.Type {
		case "":
			if !value(in.Overwrite) {
				in.Type = types.ParameterTypeString
			}
		case "-":
			in.Type = ""
		}
		_, err := s.PutParameter(ctx, &in)
		if got := errorOf(err); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", *in.Name, got, c.want)
		} else if strings.Contains(got, "topsecret") {
			t.Errorf("the value is in %q", got)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	for _, name := range []string{"/a/x", "/a/y", "/a/b/z", "/ab/x", "root"} {
		put(t, s, ctx, name, "v", func(in *ssm.PutParameterInput) {
			in.Tags = []types.Tag{{Key: ptr("n"), Value: &name}}
			if name == "/a/y" {
				in.Type = types.ParameterTypeStringList
			}
		})
	}
	for _, c := range []struct {
		in   ssm.GetParametersByPathInput
		want []string
	}{
		{ssm.GetParametersByPathInput{Path: ptr("/a")}, []string{"/a/x", "/a/y"}},
		{ssm.GetParametersByPathInput{Path: ptr("/a/"), Recursive: ptr(true)}, []string{"/a/b/z", "/a/x", "/a/y"}},
		{ssm.GetParametersByPathInput{Path: ptr("/"), Recursive: ptr(true), MaxResults: ptr(int32(2))}, []string{"/a/b/z", "/a/x", "/a/y", "/ab/x", "root"}},
		{ssm.GetParametersByPathInput{Path: ptr("/")}, []string{"root"}},
		{ssm.GetParametersByPathInput{Path: ptr("/a"), ParameterFilters: []types.ParameterStringFilter{{Key: ptr("Type"), Values: []string{"StringList"}}}}, []string{"/a/y"}},
		{ssm.GetParametersByPathInput{Path: ptr("/none")}, nil},
	} {
		var got []string
		pages := ssm.NewGetParametersByPathPaginator(pager{s}, &c.in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.Parameters {
				got = append(got, *p.Name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", *c.in.Path, got, c.want)
		}
	}
	for _, c := range []struct {
		filter types.ParameterStringFilter
		want   string // names, or an error
	}{
		{types.ParameterStringFilter{Key: ptr("Name"), Values: []string{"a/x"}}, "[/a/x]"},
		{types.ParameterStringFilter{Key: ptr("Name"), Option: ptr("BeginsWith"), Values: []string{"/a"}}, "[/a/b/z /a/x /a/y /ab/x]"},
		{types.ParameterStringFilter{Key: ptr("Name"), Option: ptr("Contains"), Values: []string{"oo"}}, "[root]"},
		{types.ParameterStringFilter{Key: ptr("Path"), Values: []string{"/a"}}, "[/a/x /a/y]"},
		{types.ParameterStringFilter{Key: ptr("Path"), Option: ptr("Recursive"), Values: []string{"/a"}}, "[/a/b/z /a/x /a/y]"},
		{types.ParameterStringFilter{Key: ptr("tag:n"), Values: []string{"root"}}, "[root]"},
		{types.ParameterStringFilter{Key: ptr("tag:m")}, "[]"},
		{types.ParameterStringFilter{Key: ptr("Name"), Option: ptr("Like"), Values: []string{"x"}}, "InvalidFilterOption: The following filter option is not valid: Like. Valid options include: [Equals, BeginsWith, Contains]."},
		{types.ParameterStringFilter{Key: ptr("Type"), Values: []string{"Blob"}}, "InvalidFilterOption: The following filter value is not valid: Blob. Valid values include: [String, StringList, SecureString]"},
		{types.ParameterStringFilter{Key: ptr("Name")}, "InvalidFilterValue: The following filter values are missing : null for filter key Name"},
	} {
		out, err := s.DescribeParameters(ctx, &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{c.filter}})
		got := errorOf(err)
		if err == nil {
			names := []string{}
			for _, p := range out.Parameters {
				names = append(names, *p.Name)
			}
			got = fmt.Sprint(names)
		}
		if got != c.want {
			t.Errorf("%s %v: got %q, want %q", *c.filter.Key, c.filter.Values, got, c.want)
		}
	}
}

// pager is a client for the SDK's paginators.
type pager struct{ s *Service }

func (p pager) GetParametersByPath(ctx context.Context, in *ssm.GetParametersByPathInput, _ ...func(*ssm.Options)) (*ssm.GetParametersByPathOutput, error) {
	return p.s.GetParametersByPath(ctx, in)
}

func TestExpiration(t *testing.T) {
	t.Parallel()
	s, c, ctx := newService(t)
	put(t, s, ctx, "p", "v", func(in *ssm.PutParameterInput) {
		in.Tier = types.ParameterTierIntelligentTiering
		in.Policies = ptr(`[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2026-01-03T00:00:00.000Z"}}]`)
	})
	out, err := s.DescribeParameters(ctx, &ssm.DescribeParametersInput{})
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Parameters[0]; len(got.Policies) != 1 || *got.Policies[0].PolicyType != "Expiration" || got.Tier != types.ParameterTierAdvanced {
		t.Errorf("got %+v, want an advanced parameter with a policy", got)
	}
	c.Advance(24 * time.Hour)
	if _, err := s.GetParameter(ctx, &ssm.GetParameterInput{Name: ptr("p")}); errorOf(err) != "ParameterNotFound: " {
		t.Errorf("got %v, want that the parameter has expired", err)
	}
	if got := put(t, s, ctx, "p", "again"); got.Version != 1 {
		t.Errorf("got version %d, want a new parameter", got.Version)
	}
}

func TestTagsAndDeletion(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	put(t, s, ctx, "/p", "v", func(in *ssm.PutParameterInput) { in.Tags = []types.Tag{{Key: ptr("a"), Value: ptr("1")}} })
	if _, err := s.AddTagsToResource(ctx, &ssm.AddTagsToResourceInput{ResourceType: "Parameter", ResourceId: ptr("/p"), Tags: []types.Tag{{Key: ptr("b"), Value: ptr("2")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RemoveTagsFromResource(ctx, &ssm.RemoveTagsFromResourceInput{ResourceType: "Parameter", ResourceId: ptr("/p"), TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	list := &ssm.ListTagsForResourceInput{ResourceType: "Parameter", ResourceId: ptr("/p")}
	out, err := s.ListTagsForResource(ctx, list)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.TagList) != 1 || *out.TagList[0].Key != "b" || *out.TagList[0].Value != "2" {
		t.Errorf("got %v, want b=2", out.TagList)
	}
	gone, err := s.DeleteParameters(ctx, &ssm.DeleteParametersInput{Names: []string{"/p", "/q"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"/p"}, {"/q"}}, [][]string{gone.DeletedParameters, gone.InvalidParameters}); diff != "" {
		t.Errorf("deleted and invalid (-want +got):\n%s", diff)
	}
	for name, err := range map[string]error{
		"InvalidResourceId: ": second(s.ListTagsForResource(ctx, list)),
		"ParameterNotFound: ": second(s.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: ptr("/p")})),
		"ValidationException: ResourceType Document is not emulated; Parameter is": second(s.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{ResourceType: "Document", ResourceId: ptr("d")})),
	} {
		if got := errorOf(err); got != name {
			t.Errorf("got %q, want %q", got, name)
		}
	}
	many, err := s.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{"/p", "/p"}})
	if err != nil || len(many.Parameters) != 0 || !slices.Equal(many.InvalidParameters, []string{"/p"}) {
		t.Errorf("got %+v, %v, want that /p is invalid", many, err)
	}
}

func second[T any](_ T, err error) error { return err }
