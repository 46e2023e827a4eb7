package emulator_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// tableClients are clients of an emulator with the bucket "lake".
func tableClients(t *testing.T) (*dynamodb.Client, *s3.Client) {
	t.Helper()
	c := config(start(t, emulator.Config{}))
	files := s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })
	_, err := files.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("lake"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(c.Region)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return dynamodb.NewFromConfig(c), files
}

// parameters are those of a table with the key "id".
func parameters(name string) *ddb.TableCreationParameters {
	return &ddb.TableCreationParameters{
		TableName: &name, BillingMode: ddb.BillingModePayPerRequest,
		AttributeDefinitions: []ddb.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddb.ScalarAttributeTypeN}},
		KeySchema:            []ddb.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddb.KeyTypeHash}},
	}
}

// What a table has goes through S3 into another one, whatever its type.
func TestExportImport(t *testing.T) {
	t.Parallel()
	tables, files := tableClients(t)
	ctx := t.Context()
	p := parameters("from")
	made, err := tables.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: p.TableName, BillingMode: p.BillingMode, AttributeDefinitions: p.AttributeDefinitions, KeySchema: p.KeySchema})
	if err != nil {
		t.Fatal(err)
	}
	item := map[string]ddb.AttributeValue{
		"id": &ddb.AttributeValueMemberN{Value: "123456789012345678901234567890.12345678"}, "s": &ddb.AttributeValueMemberS{Value: "å\n\""},
		"b": &ddb.AttributeValueMemberB{Value: []byte{0, 255}}, "t": &ddb.AttributeValueMemberBOOL{Value: true}, "null": &ddb.AttributeValueMemberNULL{Value: true},
		"ss": &ddb.AttributeValueMemberSS{Value: []string{"a", "b"}}, "ns": &ddb.AttributeValueMemberNS{Value: []string{"1", "2.5"}},
		"bs": &ddb.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}},
		"m":  &ddb.AttributeValueMemberM{Value: map[string]ddb.AttributeValue{"l": &ddb.AttributeValueMemberL{Value: []ddb.AttributeValue{&ddb.AttributeValueMemberN{Value: "0"}}}}},
	}
	if _, err := tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: p.TableName, Item: item}); err != nil {
		t.Fatal(err)
	}
	export := &dynamodb.ExportTableToPointInTimeInput{TableArn: made.TableDescription.TableArn, S3Bucket: aws.String("lake"), S3Prefix: aws.String("out")}
	if got, want := code(tables.ExportTableToPointInTime(ctx, export)), "PointInTimeRecoveryUnavailableException"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, err = tables.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
		TableName: p.TableName, PointInTimeRecoverySpecification: &ddb.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	begun, err := tables.ExportTableToPointInTime(ctx, export)
	if err != nil {
		t.Fatal(err)
	}
	done, err := tables.DescribeExport(ctx, &dynamodb.DescribeExportInput{ExportArn: begun.ExportDescription.ExportArn})
	if err != nil || begun.ExportDescription.ExportStatus != "IN_PROGRESS" || done.ExportDescription.ExportStatus != "COMPLETED" || *done.ExportDescription.ItemCount != 1 {
		t.Fatalf("got %v, %+v", err, done)
	}
	data := strings.TrimSuffix(*done.ExportDescription.ExportManifest, "manifest-summary.json") + "data/"
	imported, err := tables.ImportTable(ctx, &dynamodb.ImportTableInput{
		InputFormat: ddb.InputFormatDynamodbJson, InputCompressionType: ddb.InputCompressionTypeGzip,
		S3BucketSource: &ddb.S3BucketSource{S3Bucket: aws.String("lake"), S3KeyPrefix: &data}, TableCreationParameters: parameters("copy"),
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := tables.ListImports(ctx, &dynamodb.ListImportsInput{})
	if err != nil || len(list.ImportSummaryList) != 1 || *list.ImportSummaryList[0].ImportArn != *imported.ImportTableDescription.ImportArn {
		t.Errorf("got %v, %+v", err, list)
	}
	got, err := tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("copy"), Key: map[string]ddb.AttributeValue{"id": item["id"]}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(item, got.Item, cmpopts.IgnoreUnexported(
		ddb.AttributeValueMemberN{}, ddb.AttributeValueMemberS{}, ddb.AttributeValueMemberB{}, ddb.AttributeValueMemberBOOL{}, ddb.AttributeValueMemberNULL{},
		ddb.AttributeValueMemberSS{}, ddb.AttributeValueMemberNS{}, ddb.AttributeValueMemberBS{}, ddb.AttributeValueMemberM{}, ddb.AttributeValueMemberL{},
	)); d != "" {
		t.Error(d)
	}
	if objects, err := files.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("lake"), Prefix: aws.String("out/AWSDynamoDB/")}); err != nil || *objects.KeyCount != 6 {
		t.Errorf("got %v, %+v", err, objects)
	}
}

// An import counts what it could not take, and says why it could not begin.
func TestImport(t *testing.T) {
	t.Parallel()
	tables, files := tableClients(t)
	ctx := t.Context()
	put := func(key, body string) {
		t.Helper()
		if _, err := files.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("lake"), Key: &key, Body: strings.NewReader(body)}); err != nil {
			t.Fatal(err)
		}
	}
	put("json/a", `{"Item":{"id":{"N":"1"}}}`+"\n\n"+`{"Item":{"id":{"S":"1"}}}`+"\nnonsense\n")
	put("json/b", `{"Item":{"id":{"N":"2"}}}`)
	put("csv/a", "id,name\n1,one\n2,\nx,bad\n")
	put("bare/a", "1;one\n")
	for i, tt := range []struct {
		bucket, prefix            string
		format                    ddb.InputFormat
		options                   *ddb.InputFormatOptions
		status                    ddb.ImportStatus
		processed, imported, errs int64
	}{
		{"lake", "json/", "DYNAMODB_JSON", nil, "COMPLETED", 4, 2, 2},
		{"lake", "csv/", "CSV", nil, "COMPLETED", 3, 2, 1},
		{"lake", "bare/", "CSV", &ddb.InputFormatOptions{Csv: &ddb.CsvOptions{Delimiter: aws.String(";"), HeaderList: []string{"id", "name"}}}, "COMPLETED", 1, 1, 0},
		{"none", "", "DYNAMODB_JSON", nil, "FAILED", 0, 0, 0},
	} {
		begun, err := tables.ImportTable(ctx, &dynamodb.ImportTableInput{
			InputFormat: tt.format, InputFormatOptions: tt.options, TableCreationParameters: parameters("table" + string(rune('a'+i))),
			S3BucketSource: &ddb.S3BucketSource{S3Bucket: &tt.bucket, S3KeyPrefix: &tt.prefix},
		})
		if err != nil {
			t.Fatal(err)
		}
		out, err := tables.DescribeImport(ctx, &dynamodb.DescribeImportInput{ImportArn: begun.ImportTableDescription.ImportArn})
		if err != nil {
			t.Fatal(err)
		}
		d := out.ImportTableDescription
		if d.ImportStatus != tt.status || d.ProcessedItemCount != tt.processed || d.ImportedItemCount != tt.imported || d.ErrorCount != tt.errs {
			t.Errorf("%s%s: got %s, %d processed, %d imported, %d errors", tt.bucket, tt.prefix, d.ImportStatus, d.ProcessedItemCount, d.ImportedItemCount, d.ErrorCount)
		}
	}
}

// wantTables is what every client of tables must see.
var wantTables = map[string]any{
	"deep": map[string]any{"list": []any{true, nil, 1.5}}, "tags": []any{"x", "y"}, "found": []any{2.0, 3.0}, "odd": 2.0, "updated": 2.0,
	"refused": "ConditionalCheckFailedException", "cancelled": []any{"None", "ConditionalCheckFailed"}, "partiql": []any{map[string]any{"n": 3.0}}, "pages": 2.0, //nolint:misspell // AWS's spelling
}

func TestTablesJavaScript(t *testing.T) {
	t.Parallel()
	path := clients(t, "js", "node")
	if _, err := os.Stat(filepath.Join(path, "node_modules", "@aws-sdk", "lib-dynamodb")); err != nil {
		t.Skip("@aws-sdk/lib-dynamodb is missing: make clients")
	}
	cmd := exec.Command("node", filepath.Join("testdata", "clients", "tables.mjs"))
	cmd.Env = environment(t, start(t, emulator.Config{}), "CLIENTS="+path)
	scenario(t, cmd, wantTables)
}

func TestTablesBoto3(t *testing.T) {
	t.Parallel()
	path := clients(t, "boto3-new", "python3")
	cmd := exec.Command("python3", filepath.Join("testdata", "clients", "tables.py"))
	cmd.Env = environment(t, start(t, emulator.Config{}), "PYTHONPATH="+path)
	scenario(t, cmd, wantTables)
}

func TestTablesAWSCLI(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("aws", "--version").CombinedOutput(); err != nil {
		t.Skipf("aws is missing: %v %s", err, out)
	}
	env := environment(t, start(t, emulator.Config{}))
	for _, c := range []struct {
		args []string
		want string // a part of what is printed
	}{
		{[]string{"create-table", "--table-name", "notes", "--billing-mode", "PAY_PER_REQUEST", "--attribute-definitions", "AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH"}, `"TableName": "notes"`},
		{[]string{"wait", "table-exists", "--table-name", "notes"}, ""},
		{[]string{"put-item", "--table-name", "notes", "--item", `{"id":{"S":"å"},"n":{"N":"1.50"}}`}, ""},
		{[]string{"get-item", "--table-name", "notes", "--key", `{"id":{"S":"å"}}`, "--query", "Item.n.N"}, `"1.5"`},
		{[]string{"put-item", "--table-name", "notes", "--item", `{"id":{"S":"å"}}`, "--condition-expression", "attribute_not_exists(id)"}, "(ConditionalCheckFailedException)"},
		{[]string{"execute-statement", "--statement", `SELECT * FROM "notes" WHERE id = 'å'`, "--query", "Items[0].n.N"}, `"1.5"`},
		{[]string{"create-backup", "--table-name", "notes", "--backup-name", "daily", "--query", "BackupDetails.BackupStatus"}, `"CREATING"`},
		{[]string{"list-backups", "--query", "length(BackupSummaries)"}, "1"},
		{[]string{"delete-table", "--table-name", "notes", "--query", "TableDescription.TableStatus"}, `"DELETING"`},
		{[]string{"describe-table", "--table-name", "notes"}, "(ResourceNotFoundException)"},
	} {
		cmd := exec.Command("aws", append([]string{"dynamodb"}, c.args...)...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if failed := strings.HasSuffix(c.want, "Exception)"); (err != nil) != failed || !strings.Contains(string(out), c.want) {
			t.Errorf("aws dynamodb %s: got %v: %s, want %s", c.args, err, out, c.want)
		}
	}
}
