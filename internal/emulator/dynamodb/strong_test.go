package dynamodb_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// strong changes a table's regions: "+region" and "-region" are replicas, "+~region"
// and "-~region" witnesses.
func (f *fixture) strong(mode types.MultiRegionConsistency, changes ...string) error {
	in := &sdk.UpdateTableInput{TableName: aws.String("notes"), MultiRegionConsistency: mode}
	for _, c := range changes {
		add, region := c[0] == '+', c[1:]
		switch witness := region[0] == '~'; {
		case witness && add:
			in.GlobalTableWitnessUpdates = append(in.GlobalTableWitnessUpdates, types.GlobalTableWitnessGroupUpdate{Create: &types.CreateGlobalTableWitnessGroupMemberAction{RegionName: aws.String(region[1:])}})
		case witness:
			in.GlobalTableWitnessUpdates = append(in.GlobalTableWitnessUpdates, types.GlobalTableWitnessGroupUpdate{Delete: &types.DeleteGlobalTableWitnessGroupMemberAction{RegionName: aws.String(region[1:])}})
		case add:
			in.ReplicaUpdates = append(in.ReplicaUpdates, addTo(region))
		default:
			in.ReplicaUpdates = append(in.ReplicaUpdates, dropFrom(region))
		}
	}
	_, err := f.UpdateTable(f.ctx, in)
	return err
}

// startIn is start in another region.
func startIn(t *testing.T, region string) *fixture {
	f := start(t, "")
	f.ctx = env.WithScope(t.Context(), env.Scope{Account: "000000000000", Region: region})
	return f
}

// TestStrongConsistency demands the answers that AWS was seen to give.
func TestStrongConsistency(t *testing.T) {
	t.Parallel()
	const (
		count   = "Unsupported replica count for global tables with MultiRegionConsistency set to STRONG."
		needs   = "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present."
		no      = "Unsupported Region(s) specified for global tables with MultiRegionConsistency set to STRONG: [us-west-1]."
		two     = "Deletion of only one table replica is not supported for global tables with MultiRegionConsistency set to STRONG."
		atLeast = "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"
	)
	f := startIn(t, "us-west-2")
	f.notes()
	for _, tt := range []struct {
		mode    types.MultiRegionConsistency
		changes []string
		want    string
	}{
		{"STRONG", []string{"+us-east-1"}, count},
		{"STRONG", []string{"+~us-east-1"}, atLeast},
		{"STRONG", nil, atLeast},
		{"", []string{"+us-east-1", "+~us-east-2"}, needs},
		{"EVENTUAL", []string{"+us-east-1", "+~us-east-2"}, needs},
		{"STRONG", []string{"+us-east-1", "+~us-east-1"}, "Cannot target multiple regions with the same action"},
		{"STRONG", []string{"+us-east-1", "+~us-west-2"}, "Cannot add a witness in the same region as an existing replica when creating a global table with MultiRegionConsistency set to STRONG."},
		{"STRONG", []string{"+us-west-1", "+~us-east-1"}, no},
		{"STRONG", []string{"+us-east-1", "+~us-west-1"}, no},
		{"", []string{"+us-east-1", "+us-east-2"}, "Update table operation with more than one create or delete replica actions not allowed"},
	} {
		wantError(t, f.strong(tt.mode, tt.changes...), "ValidationException", tt.want)
	}
	f.put("notes", key("a", "1"))
	wantError(t, f.strong("STRONG", "+us-east-1", "+~us-east-2"), "ValidationException", "The table must be empty to create a global table with MultiRegionConsistency set to STRONG.")
	must[*sdk.DeleteItemOutput](t)(f.DeleteItem(f.ctx, &sdk.DeleteItemInput{TableName: aws.String("notes"), Key: key("a", "1")}))

	if err := f.strong("STRONG", "+us-east-1", "+~us-east-2"); err != nil {
		t.Fatal(err)
	}
	for _, region := range []string{"us-west-2", "us-east-1"} {
		d := f.described(region)
		if d.MultiRegionConsistency != "STRONG" || len(d.Replicas) != 1 || len(d.GlobalTableWitnesses) != 1 || *d.GlobalTableWitnesses[0].RegionName != "us-east-2" || d.GlobalTableWitnesses[0].WitnessStatus != "ACTIVE" {
			t.Errorf("in %s: got %s, %+v, %+v", region, d.MultiRegionConsistency, d.Replicas, d.GlobalTableWitnesses)
		}
	}
	_, err := f.DescribeTable(f.in("us-east-2"), &sdk.DescribeTableInput{TableName: aws.String("notes")})
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found: Table: notes not found")
	f.put("notes", key("a", "1"))
	out := must[*sdk.GetItemOutput](t)(f.GetItem(f.in("us-east-1"), &sdk.GetItemInput{TableName: aws.String("notes"), Key: key("a", "1"), ConsistentRead: aws.Bool(true)}))
	if out.Item == nil {
		t.Error("what was written in one region is not in the other")
	}
	_, err = f.TransactGetItems(f.ctx, &sdk.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: aws.String("notes"), Key: key("a", "1")}}}})
	wantError(t, err, "ValidationException", "Transactions are not supported for global tables with MultiRegionConsistency set to STRONG.")
	_, err = f.UpdateTimeToLive(f.ctx, &sdk.UpdateTimeToLiveInput{TableName: aws.String("notes"), TimeToLiveSpecification: &types.TimeToLiveSpecification{Enabled: aws.Bool(true), AttributeName: aws.String("until")}})
	wantError(t, err, "ValidationException", "Time to live is not supported for global tables with MultiRegionConsistency set to STRONG.")

	for _, tt := range []struct {
		mode    types.MultiRegionConsistency
		changes []string
		want    string
	}{
		{"", []string{"+eu-west-1"}, "Cannot add replicas to a global table with strong MultiRegionConsistency"},
		{"STRONG", []string{"+eu-west-1"}, count},
		{"", []string{"-us-east-1"}, "Update table delete operation does not include all witnesses."},
		{"", []string{"-~us-east-2"}, atLeast},
		{"EVENTUAL", []string{"+eu-west-1"}, "MultiRegionConsistency parameter is unsupported on existing global table"},
		{"STRONG", []string{"-us-east-1"}, "Only Replica Create actions are supported when MultiRegionConsistency parameter is provided."},
		{"", []string{"-us-east-1", "-~eu-west-1"}, "Update global table operation failed because one or more witnesses were not part of the global table. Please retry the request without these witnesses: [eu-west-1]."},
	} {
		wantError(t, f.strong(tt.mode, tt.changes...), "ValidationException", tt.want)
	}
	for _, region := range []string{"us-west-2", "us-east-1"} {
		_, err = f.DeleteTable(f.in(region), &sdk.DeleteTableInput{TableName: aws.String("notes")})
		wantError(t, err, "ValidationException", two)
	}
	if err := f.strong("", "-us-east-1", "-~us-east-2"); err != nil {
		t.Fatal(err)
	}
	if d := f.described("us-west-2"); d.MultiRegionConsistency != "" || d.Replicas != nil || d.GlobalTableWitnesses != nil || *d.ItemCount != 0 && *d.ItemCount != 1 {
		t.Errorf("after the end: got %+v", d)
	}
	must[*sdk.DeleteItemOutput](t)(f.DeleteItem(f.ctx, &sdk.DeleteItemInput{TableName: aws.String("notes"), Key: key("a", "1")}))

	// Three replicas, without a witness.
	if err := f.strong("STRONG", "+us-east-1", "+us-east-2"); err != nil {
		t.Fatal(err)
	}
	wantError(t, f.strong("", "-us-east-1"), "ValidationException", two)
	if err := f.strong("", "-us-east-1", "-us-east-2"); err != nil {
		t.Fatal(err)
	}
	must[*sdk.DeleteTableOutput](t)(f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: aws.String("notes")}))
	if n := f.env.Store.Len(); n != 0 {
		t.Errorf("%d values are left", n)
	}
}
