package dynamodb_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestUpdateTableErrors has what must stand alone in a request, what cannot be
// combined, and what would change nothing.
func TestUpdateTableErrors(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	on, off := aws.Bool(true), aws.Bool(false)
	five := &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(5)}
	stream := &types.StreamSpecification{StreamEnabled: on, StreamViewType: types.StreamViewTypeKeysOnly}
	ghost := []types.GlobalSecondaryIndexUpdate{{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: aws.String("ghost")}}}
	warm := &types.WarmThroughput{ReadUnitsPerSecond: aws.Int64(20000)}
	for _, tt := range []struct {
		in   sdk.UpdateTableInput
		want string
	}{
		{sdk.UpdateTableInput{SSESpecification: &types.SSESpecification{Enabled: on}, DeletionProtectionEnabled: on}, "?Server-Side Encryption modification must be the only operation in the request"},
		{sdk.UpdateTableInput{TableClass: types.TableClassStandard, BillingMode: types.BillingModePayPerRequest}, "?TableClass modification must be the only operation in the request"},
		{sdk.UpdateTableInput{DeletionProtectionEnabled: on, StreamSpecification: stream}, "?DeletionProtection modification must be the only operation in the request"},
		{sdk.UpdateTableInput{WarmThroughput: warm, StreamSpecification: stream}, "?WarmThroughput must be the only operation in the request"},
		{sdk.UpdateTableInput{OnDemandThroughput: &types.OnDemandThroughput{}, StreamSpecification: stream}, "?OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"},
		{sdk.UpdateTableInput{BillingMode: types.BillingModeProvisioned, ProvisionedThroughput: five, StreamSpecification: stream}, "?You cannot modify stream status while updating table IOPS"},
		{sdk.UpdateTableInput{ProvisionedThroughput: five, GlobalSecondaryIndexUpdates: ghost}, "?You cannot create or delete index while updating table IOPS"},
		{sdk.UpdateTableInput{StreamSpecification: stream, GlobalSecondaryIndexUpdates: ghost}, "?You cannot create or delete index while changing stream status"},
		{sdk.UpdateTableInput{StreamSpecification: &types.StreamSpecification{StreamEnabled: on}}, "?If stream is being enabled then UpdateViewType is required"},
		{sdk.UpdateTableInput{StreamSpecification: &types.StreamSpecification{StreamEnabled: off, StreamViewType: "KEYS_ONLY"}}, "?If stream is being disabled, then UpdateViewType must not be specified"},
		{sdk.UpdateTableInput{StreamSpecification: &types.StreamSpecification{StreamEnabled: off}}, "Table has no stream to disable: TableName: notes"},
		{sdk.UpdateTableInput{SSESpecification: &types.SSESpecification{}}, "?Table is already encrypted by default"},
		{sdk.UpdateTableInput{SSESpecification: &types.SSESpecification{Enabled: off, SSEType: "KMS"}}, "?SSEType can not be specified if Enabled is false"},
		{sdk.UpdateTableInput{SSESpecification: &types.SSESpecification{Enabled: off, KMSMasterKeyId: aws.String("k")}}, "?KMSMasterKeyId can not be specified if Enabled is false"},
		{sdk.UpdateTableInput{SSESpecification: &types.SSESpecification{Enabled: on, KMSMasterKeyId: aws.String("k")}}, "?SSEType KMS is required if KMSMasterKeyId is specified"},
		{sdk.UpdateTableInput{SSESpecification: &types.SSESpecification{Enabled: on, SSEType: "AES256"}}, "?SSEType AES256 is not supported"},
		{sdk.UpdateTableInput{GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{}}}, "?One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null"},
	} {
		tt.in.TableName = aws.String("notes")
		_, err := f.UpdateTable(f.ctx, &tt.in)
		wantError(t, err, "ValidationException", strings.Replace(tt.want, "?", "One or more parameter values were invalid: ", 1))
	}
	_, err := f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: aws.String("notes"), GlobalSecondaryIndexUpdates: ghost})
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found: Index ghost for table notes")
}

func TestTagErrors(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	const arn = "arn:aws:dynamodb:eu-north-1:000000000000:table/"
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	many := make([]types.Tag, 51)
	for i := range many {
		many[i] = tag(strings.Repeat("k", i+1), "")
	}
	for _, tt := range []struct {
		arn        string
		tags       []types.Tag
		code, want string
	}{
		{"notes", []types.Tag{tag("a", "")}, "", "?ARNs must start with 'arn:': notes"},
		{"arn:aws:s3:::bucket", []types.Tag{tag("a", "")}, "", "?Provided Arn is not a DynamoDB resource arn: arn:aws:s3:::bucket"},
		{arn + "notes/index/i", []types.Tag{tag("a", "")}, "", "?Invalid resource arn provided, only table or stream is accepted. Provided resource arn: " + arn + "notes/index/i"},
		{arn + "none", []types.Tag{tag("a", "")}, "ResourceNotFoundException", "Requested resource not found: ResourceArn: " + arn + "none not found"},
		{arn + "notes", nil, "", "Atleast one Tag needs to be provided as Input."},
		{arn + "notes", []types.Tag{tag("aws:a", "")}, "", "Tag Key cannot be prefixed with aws:, Key: aws:a"},
		{arn + "notes", []types.Tag{tag("a", ""), tag("a", "1")}, "", "Duplicate Tag Keys provided as input: Duplicate Tag Key found a"},
		{arn + "notes", many, "", "Number of Tags exceed the current limit for the provided ResourceArn"},
	} {
		_, err := f.TagResource(f.ctx, &sdk.TagResourceInput{ResourceArn: &tt.arn, Tags: tt.tags})
		if tt.code == "" {
			tt.code = "ValidationException"
		}
		wantError(t, err, tt.code, strings.Replace(tt.want, "?", "One or more parameter values were invalid: ", 1))
	}
}

// A stream has a policy of its own.
func TestStreamPolicy(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	arn := must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{
		TableName: aws.String("notes"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"},
	})).TableDescription.LatestStreamArn
	get := func() (*sdk.GetResourcePolicyOutput, error) {
		return f.GetResourcePolicy(f.ctx, &sdk.GetResourcePolicyInput{ResourceArn: arn})
	}
	_, err := get()
	wantError(t, err, "PolicyNotFoundException", "Resource-based policy not found for the provided ResourceArn: "+*arn)
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}`
	must[*sdk.PutResourcePolicyOutput](t)(f.PutResourcePolicy(f.ctx, &sdk.PutResourcePolicyInput{ResourceArn: arn, Policy: aws.String(policy)}))
	if out := must[*sdk.GetResourcePolicyOutput](t)(get()); *out.Policy != policy {
		t.Errorf("got %s", *out.Policy)
	}
	must[*sdk.DeleteResourcePolicyOutput](t)(f.DeleteResourcePolicy(f.ctx, &sdk.DeleteResourcePolicyInput{ResourceArn: arn}))
	_, err = get()
	wantError(t, err, "PolicyNotFoundException", "Resource-based policy not found for the provided ResourceArn: "+*arn)
	_, err = f.PutResourcePolicy(f.ctx, &sdk.PutResourcePolicyInput{ResourceArn: arn, Policy: aws.String("{")})
	wantError(t, err, "ValidationException", "One or more parameter values were invalid: Invalid policy document: This policy contains invalid Json")
	*arn += "x"
	_, err = get()
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found: Stream: 2026-01-02T03:04:05.000x not found for Table: notes")
}
