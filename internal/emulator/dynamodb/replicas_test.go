package dynamodb_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func (f *fixture) regroup(u types.ReplicationGroupUpdate) error {
	_, err := f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: aws.String("notes"), ReplicaUpdates: []types.ReplicationGroupUpdate{u}})
	return err
}

func addTo(region string) types.ReplicationGroupUpdate {
	return types.ReplicationGroupUpdate{Create: &types.CreateReplicationGroupMemberAction{RegionName: &region}}
}

func dropFrom(region string) types.ReplicationGroupUpdate {
	return types.ReplicationGroupUpdate{Delete: &types.DeleteReplicationGroupMemberAction{RegionName: &region}}
}

func TestReplicas(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	there := f.in("us-west-2")
	f.put("notes", key("a", "1"))
	if err := f.regroup(addTo("us-west-2")); err != nil {
		t.Fatal(err)
	}
	f.put("notes", key("a", "2"))
	must[*sdk.PutItemOutput](t)(f.PutItem(there, &sdk.PutItemInput{TableName: aws.String("notes"), Item: key("a", "3")}))
	must[*sdk.DeleteItemOutput](t)(f.DeleteItem(there, &sdk.DeleteItemInput{TableName: aws.String("notes"), Key: key("a", "1")}))
	if here, there := f.count(f.ctx, "notes"), f.count(there, "notes"); here != 2 || there != 2 {
		t.Fatalf("got %d items here and %d there", here, there)
	}
	d := must[*sdk.DescribeTableOutput](t)(f.DescribeTable(there, &sdk.DescribeTableInput{TableName: aws.String("notes")})).Table
	if len(d.Replicas) != 1 || *d.Replicas[0].RegionName != "eu-north-1" || *d.TableArn != "arn:aws:dynamodb:us-west-2:000000000000:table/notes" || !aws.ToBool(d.StreamSpecification.StreamEnabled) {
		t.Fatalf("got %+v", d)
	}

	// An index is made everywhere, and lists what is there.
	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{
		TableName: aws.String("notes"), AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("sk"), AttributeType: "S"}},
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: aws.String("bySk"), KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("sk"), KeyType: "HASH"}}, Projection: &types.Projection{ProjectionType: "ALL"},
		}}},
	}))
	out := must[*sdk.ScanOutput](t)(f.Scan(there, &sdk.ScanInput{TableName: aws.String("notes"), IndexName: aws.String("bySk")}))
	if out.Count != 2 {
		t.Fatalf("got %d entries there", out.Count)
	}
	if err := f.regroup(dropFrom("us-west-2")); err != nil {
		t.Fatal(err)
	}
	_, err := f.DescribeTable(there, &sdk.DescribeTableInput{TableName: aws.String("notes")})
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found: Table: notes not found")
	d = must[*sdk.DescribeTableOutput](t)(f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: aws.String("notes")})).Table
	if d.Replicas != nil || d.GlobalTableVersion != nil {
		t.Fatalf("got %+v", d.Replicas)
	}
	must[*sdk.DeleteTableOutput](t)(f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: aws.String("notes")}))
	if n := f.env.Store.Len(); n != 0 {
		t.Errorf("%d values are left", n)
	}
}

func TestReplicaErrors(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	const v = "ValidationException"
	wantError(t, f.regroup(types.ReplicationGroupUpdate{}), v, "There are no actions specified in the Replica Update Action of the request.")
	wantError(t, f.regroup(addTo("eu-north-1")), v, "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.")
	wantError(t, f.regroup(addTo("nowhere")), v, "Region nowhere is not supported.")
	wantError(t, f.regroup(dropFrom("us-west-2")), v, "Update global table operation failed because one or more replicas were not part of the global table. Please retry the request without these replicas: [us-west-2].")
	if err := f.regroup(addTo("us-west-2")); err != nil {
		t.Fatal(err)
	}
	wantError(t, f.regroup(addTo("us-west-2")), v, "Failed to create a the new replica of table with name: ‘notes’ because one or more replicas already existed as tables.")
	_, err := f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: aws.String("notes")})
	wantError(t, err, v, "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table in the last 24 hours.")
	_, err = f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: aws.String("notes"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)}})
	wantError(t, err, v, "One or more parameter values were invalid: Disabling Stream is not allowed for a Global Table replica.")
	_, err = f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: aws.String("notes"), TableClass: types.TableClassStandard, ReplicaUpdates: []types.ReplicationGroupUpdate{addTo("us-east-1")}})
	wantError(t, err, v, "One or more parameter values were invalid: Replica modification must be the only operation in the request")
	// A region's table goes by itself, too.
	must[*sdk.DeleteTableOutput](t)(f.DeleteTable(f.in("us-west-2"), &sdk.DeleteTableInput{TableName: aws.String("notes")}))
	must[*sdk.DeleteTableOutput](t)(f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: aws.String("notes")}))
}

// regions are where a table is, each with what it says of the others.
func (f *fixture) described(region string) *types.TableDescription {
	f.t.Helper()
	return must[*sdk.DescribeTableOutput](f.t)(f.DescribeTable(f.in(region), &sdk.DescribeTableInput{TableName: aws.String("notes")})).Table
}

// TestReplicaOverrides demands that every region's list has what one region has of
// its own, and that updates of all regions leave it alone.
func TestReplicaOverrides(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{
		TableName: aws.String("notes"), AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("sk"), AttributeType: "S"}},
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: aws.String("bySk"), KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("sk"), KeyType: "HASH"}}, Projection: &types.Projection{ProjectionType: "ALL"},
		}}},
	}))
	for _, region := range []string{"us-west-2", "eu-west-1"} {
		if err := f.regroup(addTo(region)); err != nil {
			t.Fatal(err)
		}
	}
	limit := func(n int64) *types.OnDemandThroughputOverride {
		return &types.OnDemandThroughputOverride{MaxReadRequestUnits: &n}
	}
	update := func(a types.UpdateReplicationGroupMemberAction) error {
		a.RegionName = aws.String("us-west-2")
		return f.regroup(types.ReplicationGroupUpdate{Update: &a})
	}
	err := update(types.UpdateReplicationGroupMemberAction{
		TableClassOverride: types.TableClassStandardInfrequentAccess, OnDemandThroughputOverride: limit(7),
		GlobalSecondaryIndexes: []types.ReplicaGlobalSecondaryIndex{{IndexName: aws.String("bySk"), OnDemandThroughputOverride: limit(5)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: aws.String("notes"), OnDemandThroughput: &types.OnDemandThroughput{MaxReadRequestUnits: aws.Int64(100), MaxWriteRequestUnits: aws.Int64(9)}}))
	for _, from := range []string{"eu-north-1", "eu-west-1"} {
		found := false
		for _, r := range f.described(from).Replicas {
			if *r.RegionName != "us-west-2" {
				continue
			}
			found = true
			if r.ReplicaTableClassSummary == nil || r.ReplicaTableClassSummary.TableClass != "STANDARD_INFREQUENT_ACCESS" ||
				r.OnDemandThroughputOverride == nil || *r.OnDemandThroughputOverride.MaxReadRequestUnits != 7 ||
				len(r.GlobalSecondaryIndexes) != 1 || *r.GlobalSecondaryIndexes[0].OnDemandThroughputOverride.MaxReadRequestUnits != 5 {
				t.Errorf("in %s: got %+v", from, r)
			}
		}
		if !found {
			t.Errorf("%s lists no us-west-2", from)
		}
	}
	d := f.described("us-west-2")
	if o := d.OnDemandThroughput; o == nil || *o.MaxReadRequestUnits != 7 || *o.MaxWriteRequestUnits != 9 || *d.GlobalSecondaryIndexes[0].OnDemandThroughput.MaxReadRequestUnits != 5 {
		t.Errorf("there: got %+v and %+v", o, d.GlobalSecondaryIndexes[0].OnDemandThroughput)
	}
	if o := f.described("eu-west-1").OnDemandThroughput; o == nil || *o.MaxReadRequestUnits != 100 {
		t.Errorf("in the third region: got %+v", o)
	}
	// The table's own limit removes the override.
	if err := update(types.UpdateReplicationGroupMemberAction{OnDemandThroughputOverride: limit(100)}); err != nil {
		t.Fatal(err)
	}
	for _, r := range f.described("eu-west-1").Replicas {
		if r.OnDemandThroughputOverride != nil {
			t.Errorf("the override is still there: %+v", r)
		}
	}
	const v = "ValidationException"
	wantError(t, update(types.UpdateReplicationGroupMemberAction{}), v, "There are no actions specified in the Replica Update Action of the request.")
	wantError(t, update(types.UpdateReplicationGroupMemberAction{GlobalSecondaryIndexes: []types.ReplicaGlobalSecondaryIndex{{IndexName: aws.String("bySk")}}}), v, "There are no actions specified in the Replica Update Action of the request.")
	wantError(t, update(types.UpdateReplicationGroupMemberAction{KMSMasterKeyId: aws.String("k")}), v, "One or more parameter values were invalid: KMSMasterKeyId must be specified for each replica.")
}

func TestKinesisDestination(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	name, arn := aws.String("notes"), aws.String("arn:aws:kinesis:eu-north-1:000000000000:stream/changes")
	enable := func() error {
		_, err := f.EnableKinesisStreamingDestination(f.ctx, &sdk.EnableKinesisStreamingDestinationInput{TableName: name, StreamArn: arn})
		return err
	}
	if err := enable(); err != nil {
		t.Fatal(err)
	}
	const bad = "Table is not in a valid state to enable Kinesis Streaming Destination: "
	wantError(t, enable(), "ValidationException", bad+"EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.")
	must[*sdk.UpdateKinesisStreamingDestinationOutput](t)(f.UpdateKinesisStreamingDestination(f.ctx, &sdk.UpdateKinesisStreamingDestinationInput{
		TableName: name, StreamArn: arn, UpdateKinesisStreamingConfiguration: &types.UpdateKinesisStreamingConfiguration{ApproximateCreationDateTimePrecision: "MICROSECOND"},
	}))
	out := must[*sdk.DescribeKinesisStreamingDestinationOutput](t)(f.DescribeKinesisStreamingDestination(f.ctx, &sdk.DescribeKinesisStreamingDestinationInput{TableName: name}))
	if d := out.KinesisDataStreamDestinations; len(d) != 1 || d[0].DestinationStatus != "ACTIVE" || d[0].ApproximateCreationDateTimePrecision != "MICROSECOND" {
		t.Fatalf("got %+v", d)
	}
	disable := func() error {
		_, err := f.DisableKinesisStreamingDestination(f.ctx, &sdk.DisableKinesisStreamingDestinationInput{TableName: name, StreamArn: arn})
		return err
	}
	if err := disable(); err != nil {
		t.Fatal(err)
	}
	wantError(t, disable(), "ValidationException", bad+"KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
	if err := enable(); err != nil {
		t.Fatal(err)
	}
}

func TestContributorInsights(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	name := aws.String("notes")
	update := func(action types.ContributorInsightsAction, mode types.ContributorInsightsMode) types.ContributorInsightsStatus {
		return must[*sdk.UpdateContributorInsightsOutput](t)(f.UpdateContributorInsights(f.ctx, &sdk.UpdateContributorInsightsInput{
			TableName: name, ContributorInsightsAction: action, ContributorInsightsMode: mode,
		})).ContributorInsightsStatus
	}
	describe := func() *sdk.DescribeContributorInsightsOutput {
		return must[*sdk.DescribeContributorInsightsOutput](t)(f.DescribeContributorInsights(f.ctx, &sdk.DescribeContributorInsightsInput{TableName: name}))
	}
	for _, tt := range []struct {
		action      types.ContributorInsightsAction
		mode        types.ContributorInsightsMode
		want, state types.ContributorInsightsStatus
		rules       int
	}{
		{"ENABLE", "", "ENABLING", "ENABLED", 4},
		{"ENABLE", "ACCESSED_AND_THROTTLED_KEYS", "ENABLED", "ENABLED", 4},
		{"ENABLE", "THROTTLED_KEYS", "ENABLING", "ENABLED", 2},
		{"DISABLE", "", "DISABLING", "DISABLED", 0},
	} {
		if got := update(tt.action, tt.mode); got != tt.want {
			t.Errorf("%s %s: got %s, want %s", tt.action, tt.mode, got, tt.want)
		}
		if d := describe(); d.ContributorInsightsStatus != tt.state || len(d.ContributorInsightsRuleList) != tt.rules {
			t.Errorf("%s %s: got %s with %v", tt.action, tt.mode, d.ContributorInsightsStatus, d.ContributorInsightsRuleList)
		}
	}
	_, err := f.DescribeContributorInsights(f.ctx, &sdk.DescribeContributorInsightsInput{TableName: name, IndexName: aws.String("ghost")})
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found: Index: ghost not found for table: notes")
	update("ENABLE", "")
	list := must[*sdk.ListContributorInsightsOutput](t)(f.ListContributorInsights(f.ctx, &sdk.ListContributorInsightsInput{}))
	if s := list.ContributorInsightsSummaries; len(s) != 1 || *s[0].TableName != "notes" {
		t.Fatalf("got %+v", s)
	}
}
