package dynamodb_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func def(name string, typ types.ScalarAttributeType) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: &name, AttributeType: typ}
}

func hash(name string) types.KeySchemaElement {
	return types.KeySchemaElement{AttributeName: &name, KeyType: types.KeyTypeHash}
}

func sorted(name string) types.KeySchemaElement {
	return types.KeySchemaElement{AttributeName: &name, KeyType: types.KeyTypeRange}
}

// simple is a valid CreateTable request, which rows of tables below spoil.
func simple() *sdk.CreateTableInput {
	return &sdk.CreateTableInput{
		TableName:            aws.String("t1"),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{def("id", "S")},
		KeySchema:            []types.KeySchemaElement{hash("id")},
	}
}

func all() *types.Projection { return &types.Projection{ProjectionType: types.ProjectionTypeAll} }

func TestCreateTableErrors(t *testing.T) {
	t.Parallel()
	const one = "One or more parameter values were invalid: "
	for _, row := range []struct {
		name, want string
		spoil      func(*sdk.CreateTableInput)
	}{
		{"no capacity", one + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
			func(in *sdk.CreateTableInput) { in.BillingMode = "" }},
		{"undefined", one + "Some index key attributes are not defined in AttributeDefinitions. Keys: [x], AttributeDefinitions: [id]",
			func(in *sdk.CreateTableInput) { in.KeySchema = []types.KeySchemaElement{hash("x")} }},
		{"undefined pair", "Invalid KeySchema: Some index key attribute have no definition",
			func(in *sdk.CreateTableInput) { in.KeySchema = append(in.KeySchema, sorted("x")) }},
		{"sort first", "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
			func(in *sdk.CreateTableInput) { in.KeySchema = []types.KeySchemaElement{sorted("id")} }},
		{"same twice", "Both the Hash Key and the Range Key element in the KeySchema have the same name",
			func(in *sdk.CreateTableInput) { in.KeySchema = append(in.KeySchema, sorted("id")) }},
		{"two hashes", "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
			func(in *sdk.CreateTableInput) {
				in.KeySchema = append(in.KeySchema, hash("b"))
				in.AttributeDefinitions = append(in.AttributeDefinitions, def("b", "S"))
			}},
		{"one too many", one + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
			func(in *sdk.CreateTableInput) {
				in.AttributeDefinitions = append(in.AttributeDefinitions, def("b", "S"))
			}},
		{"unused", one + "Some AttributeDefinitions are not used. AttributeDefinitions: [id, b], keys used: [id]",
			func(in *sdk.CreateTableInput) {
				in.AttributeDefinitions = append(in.AttributeDefinitions, def("b", "S"))
				in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{{IndexName: aws.String("by"), KeySchema: in.KeySchema, Projection: all()}}
			}},
		{"local without sort", one + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
			func(in *sdk.CreateTableInput) {
				in.LocalSecondaryIndexes = []types.LocalSecondaryIndex{{IndexName: aws.String("by"), KeySchema: in.KeySchema, Projection: all()}}
			}},
		{"index with capacity", one + "ProvisionedThroughput should not be specified for index: by when BillingMode is PAY_PER_REQUEST",
			func(in *sdk.CreateTableInput) {
				in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{{IndexName: aws.String("by"), KeySchema: in.KeySchema, Projection: all(),
					ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)}}}
			}},
		{"index twice", one + "Duplicate index name: by",
			func(in *sdk.CreateTableInput) {
				g := types.GlobalSecondaryIndex{IndexName: aws.String("by"), KeySchema: in.KeySchema, Projection: all()}
				in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{g, g}
			}},
		{"projection", one + "ProjectionType is ALL, but NonKeyAttributes is specified",
			func(in *sdk.CreateTableInput) {
				in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{{IndexName: aws.String("by"), KeySchema: in.KeySchema,
					Projection: &types.Projection{ProjectionType: "ALL", NonKeyAttributes: []string{"x"}}}}
			}},
	} {
		f := start(t, "")
		in := simple()
		row.spoil(in)
		_, err := f.CreateTable(f.ctx, in)
		t.Run(row.name, func(t *testing.T) { wantError(t, err, "ValidationException", row.want) })
	}
	f := start(t, "")
	must[*sdk.CreateTableOutput](t)(f.CreateTable(f.ctx, simple()))
	_, err := f.CreateTable(f.ctx, simple())
	wantError(t, err, "ResourceInUseException", "Table already exists: t1")
}

// TestSettle follows a table through its passing states by the clock.
func TestSettle(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.Settle = time.Second
	name := aws.String("t1")
	status := func(want types.TableStatus) {
		t.Helper()
		out := must[*sdk.DescribeTableOutput](t)(f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: name}))
		if out.Table.TableStatus != want {
			t.Fatalf("status: got %s, want %s", out.Table.TableStatus, want)
		}
	}
	must[*sdk.CreateTableOutput](t)(f.CreateTable(f.ctx, simple()))
	status("CREATING")
	_, err := f.GetItem(f.ctx, &sdk.GetItemInput{TableName: name, Key: item{"id": str("a")}})
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found")
	_, err = f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: name})
	wantError(t, err, "ResourceInUseException", "Attempt to change a resource which is still in use: Table is being created: t1")
	f.clock.Advance(time.Second)
	status("ACTIVE")

	update := &sdk.UpdateTableInput{TableName: name, DeletionProtectionEnabled: aws.Bool(true)}
	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, update))
	status("UPDATING")
	f.clock.Advance(time.Second)
	_, err = f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: name})
	wantError(t, err, "ValidationException", "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	update.DeletionProtectionEnabled = aws.Bool(false)
	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, update))
	f.clock.Advance(time.Second)

	must[*sdk.DeleteTableOutput](t)(f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: name}))
	status("DELETING")
	f.clock.Advance(time.Second)
	_, err = f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: name})
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found: Table: t1 not found")
	if out := must[*sdk.ListTablesOutput](t)(f.ListTables(f.ctx, &sdk.ListTablesInput{})); len(out.TableNames) > 0 {
		t.Fatalf("tables: got %v, want none", out.TableNames)
	}
	if n := f.env.Store.Len(); n != 0 {
		t.Fatalf("the store holds %d values, want none", n)
	}
}

// TestDeletedMeanwhile: a deletion that a process did not see the end of goes on in the
// next one.
func TestDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.db")
	f := start(t, file)
	f.Settle = time.Second
	must[*sdk.CreateTableOutput](t)(f.CreateTable(f.ctx, simple()))
	f.clock.Advance(time.Second)
	must[*sdk.DeleteTableOutput](t)(f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: aws.String("t1")}))
	if err := f.env.Store.Close(); err != nil {
		t.Fatal(err)
	}
	f = start(t, file)
	if n := f.env.Store.Len(); n == 0 {
		t.Fatal("the table is gone before its time")
	}
	f.clock.Advance(2 * time.Second)
	if n := f.env.Store.Len(); n != 0 {
		t.Fatalf("the store holds %d values, want none", n)
	}
}

// TestIndexChanges makes an index over items that are there, and deletes it.
func TestIndexChanges(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	name := aws.String("notes")
	for i, kind := range []string{"x", "y", "x"} {
		f.put("notes", item{"pk": str("a"), "sk": str(string(rune('1' + i))), "kind": str(kind), "v": num("1")})
	}
	f.put("notes", item{"pk": str("a"), "sk": str("4")})
	out := must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{
		TableName:            name,
		AttributeDefinitions: []types.AttributeDefinition{def("pk", "S"), def("kind", "S")},
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: aws.String("by_kind"), KeySchema: []types.KeySchemaElement{hash("kind"), sorted("pk")},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}}},
	}))
	if got := out.TableDescription.GlobalSecondaryIndexes[0].IndexStatus; got != types.IndexStatusCreating {
		t.Errorf("index status: got %s, want CREATING", got)
	}
	d := must[*sdk.DescribeTableOutput](t)(f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: name})).Table
	g := d.GlobalSecondaryIndexes[0]
	if g.IndexStatus != types.IndexStatusActive || aws.ToInt64(g.WarmThroughput.ReadUnitsPerSecond) != 12000 || len(d.AttributeDefinitions) != 3 {
		t.Errorf("index: got %+v", g)
	}
	query := &sdk.QueryInput{
		TableName: name, IndexName: aws.String("by_kind"), KeyConditionExpression: aws.String("kind = :k"),
		ExpressionAttributeValues: item{":k": str("x")},
	}
	q := must[*sdk.QueryOutput](t)(f.Query(f.ctx, query))
	if q.Count != 2 || len(q.Items[0]) != 3 {
		t.Errorf("got %v, want two entries with three attributes", q.Items)
	}
	query.ConsistentRead = aws.Bool(true)
	_, err := f.Query(f.ctx, query)
	wantError(t, err, "ValidationException", "Consistent reads are not supported on global secondary indexes")
	query.ConsistentRead = nil

	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{
		TableName:                   name,
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: aws.String("by_kind")}}},
	}))
	_, err = f.Query(f.ctx, query)
	wantError(t, err, "ValidationException", "The table does not have the specified index: by_kind")
	d = must[*sdk.DescribeTableOutput](t)(f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: name})).Table
	if len(d.GlobalSecondaryIndexes) != 0 || len(d.AttributeDefinitions) != 2 {
		t.Errorf("got %v %v, want no index and two attributes", d.GlobalSecondaryIndexes, d.AttributeDefinitions)
	}
}

func TestBilling(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	name := aws.String("notes")
	five := &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(5)}
	_, err := f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: name, BillingMode: types.BillingModeProvisioned})
	wantError(t, err, "ValidationException", "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: name, BillingMode: types.BillingModeProvisioned, ProvisionedThroughput: five}))
	d := must[*sdk.DescribeTableOutput](t)(f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: name})).Table
	if d.BillingModeSummary.BillingMode != types.BillingModeProvisioned || d.BillingModeSummary.LastUpdateToPayPerRequestDateTime == nil || *d.ProvisionedThroughput.ReadCapacityUnits != 5 {
		t.Errorf("got %+v %+v", d.BillingModeSummary, d.ProvisionedThroughput)
	}
	_, err = f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: name, ProvisionedThroughput: five})
	wantError(t, err, "ValidationException", "The provisioned throughput for the table will not change. The requested value equals the current value. "+
		"Current ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5. Current WriteCapacityUnits provisioned for the table: 5. Requested WriteCapacityUnits: 5. "+
		"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.")
	_, err = f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: name})
	wantError(t, err, "ValidationException", "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required")
}

// TestSettings sets each of a table's settings and reads it back, also by ARN and
// after the file has been opened anew.
func TestSettings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.db")
	f := start(t, file)
	f.notes()
	name, arn := aws.String("notes"), aws.String("arn:aws:dynamodb:eu-north-1:000000000000:table/notes")

	must[*sdk.TagResourceOutput](t)(f.TagResource(f.ctx, &sdk.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}}))
	must[*sdk.UntagResourceOutput](t)(f.UntagResource(f.ctx, &sdk.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}))
	must[*sdk.UpdateTimeToLiveOutput](t)(f.UpdateTimeToLive(f.ctx, &sdk.UpdateTimeToLiveInput{TableName: name, TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("until"), Enabled: aws.Bool(true)}}))
	must[*sdk.UpdateContinuousBackupsOutput](t)(f.UpdateContinuousBackups(f.ctx, &sdk.UpdateContinuousBackupsInput{TableName: name, PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true), RecoveryPeriodInDays: aws.Int32(7)}}))
	_, err := f.GetResourcePolicy(f.ctx, &sdk.GetResourcePolicyInput{ResourceArn: arn})
	wantError(t, err, "PolicyNotFoundException", "Resource-based policy not found for the provided ResourceArn: "+*arn)
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}`
	must[*sdk.PutResourcePolicyOutput](t)(f.PutResourcePolicy(f.ctx, &sdk.PutResourcePolicyInput{ResourceArn: arn, Policy: aws.String(policy)}))
	stream := must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: name, StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage}})).TableDescription.LatestStreamArn
	f.put("notes", item{"pk": str("a"), "sk": str("1"), "set": &types.AttributeValueMemberNS{Value: []string{"3", "1.10"}}, "raw": &types.AttributeValueMemberB{Value: []byte{0, 255}}})
	if err := f.env.Store.Close(); err != nil {
		t.Fatal(err)
	}

	f = start(t, file)
	d := must[*sdk.DescribeTableOutput](t)(f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: arn})).Table
	if aws.ToString(d.LatestStreamArn) != *stream || !strings.HasPrefix(*stream, *arn+"/stream/2026-01-02T03:04:05") {
		t.Errorf("stream: got %s, want %s", aws.ToString(d.LatestStreamArn), *stream)
	}
	tags := must[*sdk.ListTagsOfResourceOutput](t)(f.ListTagsOfResource(f.ctx, &sdk.ListTagsOfResourceInput{ResourceArn: arn})).Tags
	if len(tags) != 1 || *tags[0].Key != "b" || *tags[0].Value != "2" {
		t.Errorf("tags: got %v", tags)
	}
	ttl := must[*sdk.DescribeTimeToLiveOutput](t)(f.DescribeTimeToLive(f.ctx, &sdk.DescribeTimeToLiveInput{TableName: name})).TimeToLiveDescription
	if ttl.TimeToLiveStatus != types.TimeToLiveStatusEnabled || *ttl.AttributeName != "until" {
		t.Errorf("time to live: got %+v", ttl)
	}
	pitr := must[*sdk.DescribeContinuousBackupsOutput](t)(f.DescribeContinuousBackups(f.ctx, &sdk.DescribeContinuousBackupsInput{TableName: name})).ContinuousBackupsDescription.PointInTimeRecoveryDescription
	if pitr.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusEnabled || *pitr.RecoveryPeriodInDays != 7 {
		t.Errorf("recovery: got %+v", pitr)
	}
	if got := must[*sdk.GetResourcePolicyOutput](t)(f.GetResourcePolicy(f.ctx, &sdk.GetResourcePolicyInput{ResourceArn: arn})); *got.Policy != policy {
		t.Errorf("policy: got %s", *got.Policy)
	}
	got := must[*sdk.GetItemOutput](t)(f.GetItem(f.ctx, &sdk.GetItemInput{TableName: arn, Key: item{"pk": str("a"), "sk": str("1")}})).Item
	if set := got["set"].(*types.AttributeValueMemberNS).Value; len(set) != 2 || set[1] != "1.1" {
		t.Errorf("set: got %v", set)
	}
	if raw := got["raw"].(*types.AttributeValueMemberB).Value; string(raw) != "\x00\xff" {
		t.Errorf("raw: got %v", raw)
	}
	// The items are counted every six hours.
	if *d.ItemCount != 0 {
		t.Errorf("items: got %d, want 0", *d.ItemCount)
	}
	f.clock.Advance(6 * time.Hour)
	d = must[*sdk.DescribeTableOutput](t)(f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: name})).Table
	if *d.ItemCount != 1 || *d.TableSizeBytes == 0 {
		t.Errorf("items: got %d of %d bytes, want 1", *d.ItemCount, *d.TableSizeBytes)
	}
}
