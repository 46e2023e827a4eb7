package secretsmanager

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

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// world is a service with what it needs.
type world struct {
	*Service
	clock *clock.Fake
	ctx   context.Context
	calls *functions
}

func newWorld(t *testing.T) *world {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		clock: clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
		ctx:   env.WithScope(context.Background(), env.Scope{Account: "000000000000", Region: "eu-north-1"}),
		calls: &functions{made: make(chan string, 16)},
	}
	w.Service, err = New(&env.Env{Clock: w.clock, Store: st, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, w.calls)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// errorOf is the code and the message of an AWS error, or "".
func errorOf(err error) string {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

// id is a version's, by a digit.
func id(n string) *string { return ptr(strings.Repeat(n, 32)) }

func (w *world) create(t *testing.T, name, text string) *secretsmanager.CreateSecretOutput {
	t.Helper()
	out, err := w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: &name, SecretString: &text, ClientRequestToken: id("1")})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// versions are those of a secret, as "1 AWSCURRENT".
func (w *world) versions(t *testing.T, name string) []string {
	t.Helper()
	out, err := w.ListSecretVersionIDs(w.ctx, &secretsmanager.ListSecretVersionIdsInput{SecretId: &name})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range out.Versions {
		got = append(got, fmt.Sprint((*v.VersionId)[:1], " ", strings.Join(v.VersionStages, " ")))
	}
	return got
}

func TestStages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.create(t, "s", "one")
	put := func(n string, labels ...string) {
		t.Helper()
		out, err := w.PutSecretValue(w.ctx, &secretsmanager.PutSecretValueInput{SecretId: ptr("s"), SecretString: ptr("v" + n), ClientRequestToken: id(n), VersionStages: labels})
		if err != nil {
			t.Fatal(err)
		}
		if *out.ARN != *made.ARN {
			t.Errorf("got %s, want %s", *out.ARN, *made.ARN)
		}
	}
	expect := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.versions(t, "s")); diff != "" {
			t.Errorf("the versions (-want +got):\n%s", diff)
		}
	}
	put("2", "AWSPENDING", "PUT1")
	expect("1 AWSCURRENT", "2 AWSPENDING PUT1")
	if _, err := w.UpdateSecretVersionStage(w.ctx, &secretsmanager.UpdateSecretVersionStageInput{SecretId: ptr("s"), VersionStage: ptr(current), MoveToVersionId: id("2"), RemoveFromVersionId: id("1")}); err != nil {
		t.Fatal(err)
	}
	expect("1 AWSPREVIOUS", "2 AWSCURRENT AWSPENDING PUT1")
	put("3")
	expect("2 AWSPENDING AWSPREVIOUS PUT1", "3 AWSCURRENT")
	put("3") // again: the same value and token
	expect("2 AWSPENDING AWSPREVIOUS PUT1", "3 AWSCURRENT")
	for want, in := range map[string]*secretsmanager.UpdateSecretVersionStageInput{
		"InvalidParameterException: The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version " + *id("3") + ", so you must explicitly reference that version in RemoveFromVersionId.": {MoveToVersionId: id("2")},
		"InvalidParameterException: When you move staging label AWSCURRENT, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label AWSCURRENT.":                                          {MoveToVersionId: id("3"), RemoveFromVersionId: id("2")},
		"InvalidParameterException: You can't remove staging label AWSCURRENT from a version without moving it to another one.":                                                                                                          {RemoveFromVersionId: id("3")},
		"ResourceNotFoundException: Secrets Manager can't find the specified secret version: " + *id("9") + ".":                                                                                                                          {MoveToVersionId: id("9")},
	} {
		in.SecretId, in.VersionStage = ptr("s"), ptr(current)
		_, err := w.UpdateSecretVersionStage(w.ctx, in)
		if got := errorOf(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, c := range []struct {
		in   secretsmanager.GetSecretValueInput
		want string
	}{
		{secretsmanager.GetSecretValueInput{}, "v3"},
		{secretsmanager.GetSecretValueInput{SecretId: made.ARN}, "v3"},
		{secretsmanager.GetSecretValueInput{SecretId: ptr((*made.ARN)[:len(*made.ARN)-7])}, "v3"},
		{secretsmanager.GetSecretValueInput{VersionStage: ptr("PUT1")}, "v2"},
		{secretsmanager.GetSecretValueInput{VersionId: id("1")}, "one"},
		{secretsmanager.GetSecretValueInput{VersionStage: ptr("none")}, "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: none"},
		{secretsmanager.GetSecretValueInput{VersionId: id("8")}, "ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: " + *id("8")},
		{secretsmanager.GetSecretValueInput{VersionId: id("2"), VersionStage: ptr(current)}, "InvalidRequestException: You provided a VersionStage that is not associated to the provided VersionId."},
		{secretsmanager.GetSecretValueInput{SecretId: ptr("none")}, "ResourceNotFoundException: Secrets Manager can't find the specified secret."},
	} {
		if c.in.SecretId == nil {
			c.in.SecretId = ptr("s")
		}
		out, err := w.GetSecretValue(w.ctx, &c.in)
		got := errorOf(err)
		if err == nil {
			got = *out.SecretString
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.create(t, "s", "secretvalue")
	if again := w.create(t, "s", "secretvalue"); *again.ARN != *first.ARN {
		t.Errorf("got %s for the same request, want %s", *again.ARN, *first.ARN)
	}
	clients := env.WithCaller(w.ctx, env.Caller{AccessKey: "AKIA"})
	for want, err := range map[string]error{
		"ResourceExistsException: The operation failed because the secret s already exists.":                                                                          second(w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: ptr("s"), SecretString: ptr("other"), ClientRequestToken: id("1")})),
		"ResourceExistsException: You can't use ClientRequestToken " + *id("1") + " because that value is already in use for a version of secret " + *first.ARN + ".": second(w.PutSecretValue(w.ctx, &secretsmanager.PutSecretValueInput{SecretId: ptr("s"), SecretString: ptr("other"), ClientRequestToken: id("1")})),
		"InvalidRequestException: You must provide a ClientRequestToken value. We recommend a UUID-type value.":                                                       second(w.PutSecretValue(clients, &secretsmanager.PutSecretValueInput{SecretId: ptr("s"), SecretString: ptr("other")})),
		"InvalidRequestException: You must provide either SecretString or SecretBinary.":                                                                              second(w.PutSecretValue(w.ctx, &secretsmanager.PutSecretValueInput{SecretId: ptr("s")})),
		"InvalidParameterException: You can't specify both a binary secret value and a string secret value in the same secret.":                                       second(w.PutSecretValue(w.ctx, &secretsmanager.PutSecretValueInput{SecretId: ptr("s"), SecretString: ptr("a"), SecretBinary: []byte("b")})),
		"ValidationException: Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!":                               second(w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: ptr("a b")})),
	} {
		if got := errorOf(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		} else if strings.Contains(got, "other") || strings.Contains(got, "secretvalue") {
			t.Errorf("a value is in %q", got)
		}
	}
	// Another service's clients draw tokens, which are not seen here.
	out, err := w.PutSecretValue(w.ctx, &secretsmanager.PutSecretValueInput{SecretId: ptr("s"), SecretBinary: []byte{0, 1}})
	if err != nil || len(*out.VersionId) != 36 {
		t.Errorf("got %v, %v, want a version with an id", out, err)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	empty, err := w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: ptr("empty"), Tags: []types.Tag{{Key: ptr("a"), Value: ptr("b")}}})
	if err != nil {
		t.Fatal(err)
	}
	if empty.VersionId != nil {
		t.Errorf("got the version %s of a secret without a value", *empty.VersionId)
	}
	now := w.clock.Now()
	got, err := w.DescribeSecret(w.ctx, &secretsmanager.DescribeSecretInput{SecretId: ptr("empty")})
	if err != nil {
		t.Fatal(err)
	}
	want := &secretsmanager.DescribeSecretOutput{ARN: empty.ARN, Name: ptr("empty"), CreatedDate: &now, LastChangedDate: &now, Tags: []types.Tag{{Key: ptr("a"), Value: ptr("b")}}}
	if got.ARN == nil || *got.ARN != *want.ARN || got.VersionIdsToStages != nil || got.LastAccessedDate != nil || got.RotationEnabled != nil || len(got.Tags) != 1 || got.Description != nil || got.KmsKeyId != nil {
		t.Errorf("got %+v, want %+v", got, want)
	}
	w.create(t, "s", "v")
	if _, err := w.GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: ptr("s")}); err != nil {
		t.Fatal(err)
	}
	if got, err = w.DescribeSecret(w.ctx, &secretsmanager.DescribeSecretInput{SecretId: ptr("s")}); err != nil {
		t.Fatal(err)
	}
	if day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC); !got.LastAccessedDate.Equal(day) {
		t.Errorf("got %s as the last access, want the day %s", got.LastAccessedDate, day)
	}
}

func TestDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.create(t, "s", "v")
	remove := func(in secretsmanager.DeleteSecretInput) string {
		in.SecretId = ptr("s")
		_, err := w.DeleteSecret(w.ctx, &in)
		return errorOf(err)
	}
	get := func() string {
		_, err := w.GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: ptr("s")})
		return errorOf(err)
	}
	const deleted = "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion."
	for i, c := range []struct{ got, want string }{
		{remove(secretsmanager.DeleteSecretInput{RecoveryWindowInDays: ptr(int64(6))}), "InvalidParameterException: The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."},
		{remove(secretsmanager.DeleteSecretInput{RecoveryWindowInDays: ptr(int64(7)), ForceDeleteWithoutRecovery: ptr(true)}), "InvalidParameterException: You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."},
		{remove(secretsmanager.DeleteSecretInput{RecoveryWindowInDays: ptr(int64(7))}), ""},
		{get(), deleted},
		{remove(secretsmanager.DeleteSecretInput{}), deleted},
		{errorOf(second(w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: ptr("s")}))), "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion."},
		{errorOf(second(w.RestoreSecret(w.ctx, &secretsmanager.RestoreSecretInput{SecretId: ptr("s")}))), ""},
		{get(), ""},
		{remove(secretsmanager.DeleteSecretInput{RecoveryWindowInDays: ptr(int64(7))}), ""},
	} {
		if c.got != c.want {
			t.Errorf("%d: got %q, want %q", i, c.got, c.want)
		}
	}
	w.clock.Advance(7*24*time.Hour - time.Second)
	if got := get(); got != deleted {
		t.Errorf("got %q before the end of the window", got)
	}
	w.clock.Advance(time.Second)
	if got, want := get(), "ResourceNotFoundException: Secrets Manager can't find the specified secret."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if again := w.create(t, "s", "v"); *again.ARN == *first.ARN {
		t.Error("the new secret has the ARN of the old one")
	}
	if got := remove(secretsmanager.DeleteSecretInput{ForceDeleteWithoutRecovery: ptr(true)}); got != "" {
		t.Error(got)
	}
	if got := remove(secretsmanager.DeleteSecretInput{ForceDeleteWithoutRecovery: ptr(true)}); got != "" {
		t.Errorf("got %q for one that is deleted", got)
	}
	if got, want := remove(secretsmanager.DeleteSecretInput{}), "ResourceNotFoundException: Secrets Manager can't find the specified secret."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	w.create(t, "s", "v") // at once
}

func TestListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"app/b", "app/a", "Other"} {
		w.create(t, name, "v-"+name)
		w.clock.Advance(time.Minute)
	}
	if _, err := w.TagResource(w.ctx, &secretsmanager.TagResourceInput{SecretId: ptr("app/a"), Tags: []types.Tag{{Key: ptr("team"), Value: ptr("Blue")}}}); err != nil {
		t.Fatal(err)
	}
	filter := func(key types.FilterNameStringType, values ...string) []types.Filter {
		return []types.Filter{{Key: key, Values: values}}
	}
	for _, c := range []struct {
		in   secretsmanager.ListSecretsInput
		want []string
	}{
		{secretsmanager.ListSecretsInput{MaxResults: ptr(int32(2))}, []string{"app/b", "app/a", "Other"}},
		{secretsmanager.ListSecretsInput{SortOrder: types.SortOrderTypeDesc}, []string{"Other", "app/a", "app/b"}},
		{secretsmanager.ListSecretsInput{SortBy: types.SortByTypeName}, []string{"Other", "app/a", "app/b"}},
		{secretsmanager.ListSecretsInput{Filters: filter("name", "app/")}, []string{"app/b", "app/a"}},
		{secretsmanager.ListSecretsInput{Filters: filter("name", "!app/")}, []string{"Other"}},
		{secretsmanager.ListSecretsInput{Filters: filter("tag-key", "te")}, []string{"app/a"}},
		{secretsmanager.ListSecretsInput{Filters: filter("tag-value", "blue")}, nil},
		{secretsmanager.ListSecretsInput{Filters: filter("all", "blue app")}, []string{"app/a"}},
	} {
		var got []string
		pages := secretsmanager.NewListSecretsPaginator(pager{w}, &c.in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(w.ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range page.SecretList {
				got = append(got, *x.Name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v, want %v", c.in.Filters, got, c.want)
		}
	}
	batch, err := w.BatchGetSecretValue(w.ctx, &secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{"app/a", "none"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(batch.SecretValues) != 1 || *batch.SecretValues[0].SecretString != "v-app/a" || len(batch.Errors) != 1 || *batch.Errors[0].SecretId != "none" || *batch.Errors[0].ErrorCode != "ResourceNotFoundException" {
		t.Errorf("got %+v, want one value and one error", batch)
	}
}

type pager struct{ *world }

func (p pager) ListSecrets(ctx context.Context, in *secretsmanager.ListSecretsInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.ListSecretsOutput, error) {
	return p.Service.ListSecrets(ctx, in)
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		in      secretsmanager.GetRandomPasswordInput
		length  int
		letters string // that it is made of
		want    string // an error
	}{
		{secretsmanager.GetRandomPasswordInput{}, 32, lowers + uppers + digits + punctuation, ""},
		{secretsmanager.GetRandomPasswordInput{PasswordLength: ptr(int64(4))}, 4, lowers + uppers + digits + punctuation, ""},
		{secretsmanager.GetRandomPasswordInput{PasswordLength: ptr(int64(50)), ExcludePunctuation: ptr(true), ExcludeUppercase: ptr(true), ExcludeCharacters: ptr("abc123")}, 50, "defghijklmnopqrstuvwxyz0456789", ""},
		{secretsmanager.GetRandomPasswordInput{PasswordLength: ptr(int64(3))}, 0, "", "InvalidParameterException: The password length 3 is too short to include each of the 4 required types of characters."},
		{secretsmanager.GetRandomPasswordInput{PasswordLength: ptr(int64(3)), RequireEachIncludedType: ptr(false)}, 3, lowers + uppers + digits + punctuation, ""},
		{secretsmanager.GetRandomPasswordInput{ExcludeCharacters: ptr(lowers + uppers + digits + punctuation)}, 0, "", "InvalidParameterException: The password has no characters: all of them are excluded."},
	} {
		out, err := w.GetRandomPassword(w.ctx, &c.in)
		if got := errorOf(err); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
		if err != nil {
			continue
		}
		got := *out.RandomPassword
		if len(got) != c.length || strings.Trim(got, c.letters) != "" {
			t.Errorf("got a password of %d characters, want %d of %s", len(got), c.length, c.letters)
		}
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.create(t, "s", "v")
	other := env.WithCaller(env.WithScope(w.ctx, env.Scope{Account: "111111111111", Region: "eu-north-1"}), env.Caller{ARN: "arn:aws:iam::111111111111:role/r", AccessKey: "k"})
	read := func() string {
		_, err := w.GetSecretValue(other, &secretsmanager.GetSecretValueInput{SecretId: made.ARN})
		return errorOf(err)
	}
	if got, want := read(), "AccessDeniedException: User: arn:aws:iam::111111111111:role/r is not authorized to perform: secretsmanager:GetSecretValue on resource: "+*made.ARN+" because no resource-based policy allows the secretsmanager:GetSecretValue action"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"secretsmanager:Get*","Resource":"*"}}`
	if _, err := w.PutResourcePolicy(w.ctx, &secretsmanager.PutResourcePolicyInput{SecretId: ptr("s"), ResourcePolicy: &policy}); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != "" {
		t.Errorf("got %q, want that the policy lets the account in", got)
	}
	everybody := strings.Replace(policy, `{"AWS":"111111111111"}`, `"*"`, 1)
	for document, want := range map[string]string{
		policy:    "true ",
		everybody: "false PUBLIC_ACCESS",
		`{`:       "false POLICY_SYNTAX",
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"StringIs":{"a":"b"}}}]}`: "false POLICY_SYNTAX",
	} {
		out, err := w.ValidateResourcePolicy(w.ctx, &secretsmanager.ValidateResourcePolicyInput{ResourcePolicy: &document})
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(out.PolicyValidationPassed, " ")
		for _, e := range out.ValidationErrors {
			got += *e.CheckName
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", document, got, want)
		}
	}
	_, err := w.PutResourcePolicy(w.ctx, &secretsmanager.PutResourcePolicyInput{SecretId: ptr("s"), ResourcePolicy: &everybody, BlockPublicPolicy: ptr(true)})
	if got := errorOf(err); !strings.HasPrefix(got, "PublicPolicyException: ") {
		t.Errorf("got %q, want PublicPolicyException", got)
	}
	if _, err := w.DeleteResourcePolicy(w.ctx, &secretsmanager.DeleteResourcePolicyInput{SecretId: ptr("s")}); err != nil {
		t.Fatal(err)
	}
	got, err := w.GetResourcePolicy(w.ctx, &secretsmanager.GetResourcePolicyInput{SecretId: ptr("s")})
	if err != nil || got.ResourcePolicy != nil {
		t.Errorf("got %v, %v, want no policy", got, err)
	}
}

func second[T any](_ T, err error) error { return err }
