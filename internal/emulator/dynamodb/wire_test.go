package dynamodb_test

import (
	"reflect"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

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

// TestOperations demands that each operation of the SDK's client is served, or that
// the answer says why it is not.
func TestOperations(t *testing.T) {
	t.Parallel()
	service := start(t, "").Wire()
	served := map[string]bool{}
	for _, op := range service.Operations {
		served[op.Name] = true
	}
	client := reflect.TypeFor[*sdk.Client]()
	for i := range client.NumMethod() {
		m := client.Method(i)
		if m.Type.NumIn() != 4 || m.Type.In(2).Kind() != reflect.Pointer || m.Type.In(2).Elem().Name() != m.Name+"Input" {
			continue
		}
		if served[m.Name] == (service.Unserved[m.Name] != "") {
			t.Errorf("%s: served %t, and refused for %q", m.Name, served[m.Name], service.Unserved[m.Name])
		}
	}
}
