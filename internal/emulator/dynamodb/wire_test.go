package dynamodb_test

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

func TestWire(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	wiretest.Fixtures(t, f.Wire())
	wiretest.Inert(t, f.Wire(),
		// Tags are kept as they are given; only their keys are looked at.
		"CreateTable.Tags.Value", "TagResource.Tags.Value",
		// Global tables of 2017 cannot be made, so none is found, whatever is asked.
		"CreateGlobalTable.GlobalTableName", "CreateGlobalTable.ReplicationGroup", "UpdateGlobalTable.ReplicaUpdates",
		"ListGlobalTables.ExclusiveStartGlobalTableName", "ListGlobalTables.Limit", "ListGlobalTables.RegionName",
		"UpdateGlobalTableSettings.GlobalTableBillingMode", "UpdateGlobalTableSettings.GlobalTableGlobalSecondaryIndexSettingsUpdate",
		"UpdateGlobalTableSettings.GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate",
		"UpdateGlobalTableSettings.GlobalTableProvisionedWriteCapacityUnits", "UpdateGlobalTableSettings.ReplicaSettingsUpdate")
}
