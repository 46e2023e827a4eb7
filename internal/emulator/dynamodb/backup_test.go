package dynamodb_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// count is how many items a table has.
func (f *fixture) count(ctx context.Context, table string) int {
	f.t.Helper()
	return int(must[*sdk.ScanOutput](f.t)(f.Scan(ctx, &sdk.ScanInput{TableName: &table, Select: types.SelectCount})).Count)
}

func (f *fixture) backup(table string) *string {
	f.t.Helper()
	out := must[*sdk.CreateBackupOutput](f.t)(f.CreateBackup(f.ctx, &sdk.CreateBackupInput{TableName: &table, BackupName: aws.String("daily")}))
	if out.BackupDetails.BackupStatus != types.BackupStatusCreating {
		f.t.Fatalf("status: got %s", out.BackupDetails.BackupStatus)
	}
	return out.BackupDetails.BackupArn
}

func TestBackup(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.db")
	f := start(t, file)
	f.notes()
	f.put("notes", key("a", "1"))
	arn := f.backup("notes")
	f.put("notes", key("a", "2"))

	d := must[*sdk.DescribeBackupOutput](t)(f.DescribeBackup(f.ctx, &sdk.DescribeBackupInput{BackupArn: arn})).BackupDescription
	if d.BackupDetails.BackupStatus != types.BackupStatusAvailable || d.SourceTableDetails.BillingMode != types.BillingModePayPerRequest {
		t.Fatalf("got %+v of %+v", d.BackupDetails, d.SourceTableDetails)
	}
	must[*sdk.DeleteTableOutput](t)(f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: aws.String("notes")}))
	if err := f.env.Store.Close(); err != nil {
		t.Fatal(err)
	}

	f = start(t, file) // what was kept is in the file
	out := must[*sdk.RestoreTableFromBackupOutput](t)(f.RestoreTableFromBackup(f.ctx, &sdk.RestoreTableFromBackupInput{BackupArn: arn, TargetTableName: aws.String("again")}))
	if s := out.TableDescription.RestoreSummary; !aws.ToBool(s.RestoreInProgress) || *s.SourceBackupArn != *arn {
		t.Fatalf("got %+v", s)
	}
	if got := f.count(f.ctx, "again"); got != 1 {
		t.Fatalf("got %d items, want the one of then", got)
	}
	list := must[*sdk.ListBackupsOutput](t)(f.ListBackups(f.ctx, &sdk.ListBackupsInput{TableName: aws.String("notes")}))
	if len(list.BackupSummaries) != 1 || *list.BackupSummaries[0].BackupArn != *arn {
		t.Fatalf("got %+v", list.BackupSummaries)
	}
	must[*sdk.DeleteBackupOutput](t)(f.DeleteBackup(f.ctx, &sdk.DeleteBackupInput{BackupArn: arn}))
	_, err := f.DescribeBackup(f.ctx, &sdk.DescribeBackupInput{BackupArn: arn})
	wantError(t, err, "BackupNotFoundException", "Backup not found: "+*arn)
	if n := f.Kept(); n != 0 {
		t.Fatalf("%d items are left of a deleted backup", n)
	}
}

func TestListBackups(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	var arns []*string
	for range 3 {
		arns = append(arns, f.backup("notes"))
		f.clock.Advance(time.Second)
	}
	first := f.clock.Now().Add(-3 * time.Second)
	for _, tt := range []struct {
		name string
		in   sdk.ListBackupsInput
		want int
	}{
		{"all of the region", sdk.ListBackupsInput{}, 3},
		{"of a table that is none", sdk.ListBackupsInput{TableName: aws.String("other")}, 0},
		{"from the first one's moment", sdk.ListBackupsInput{TimeRangeLowerBound: &first}, 3},
		{"up to, without, the second's", sdk.ListBackupsInput{TimeRangeUpperBound: aws.Time(first.Add(time.Second))}, 1},
		{"behind the first", sdk.ListBackupsInput{ExclusiveStartBackupArn: arns[0]}, 2},
		{"two", sdk.ListBackupsInput{Limit: aws.Int32(2)}, 2},
		{"those that AWS made", sdk.ListBackupsInput{BackupType: types.BackupTypeFilterSystem}, 0},
		{"of every type", sdk.ListBackupsInput{BackupType: types.BackupTypeFilterAll}, 3},
	} {
		out := must[*sdk.ListBackupsOutput](t)(f.ListBackups(f.ctx, &tt.in))
		if got := len(out.BackupSummaries); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func (f *fixture) recover(table string) {
	f.t.Helper()
	must[*sdk.UpdateContinuousBackupsOutput](f.t)(f.UpdateContinuousBackups(f.ctx, &sdk.UpdateContinuousBackupsInput{
		TableName: &table, PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true)},
	}))
}

// A restore has the items of its moment: those that were added later are gone,
// those that were changed or deleted are as they were.
func TestRestoreToPointInTime(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	f.put("notes", with(key("a", "kept"), "v", str("1")))
	f.put("notes", with(key("a", "changed"), "v", str("1")))
	f.put("notes", with(key("a", "deleted"), "v", str("1")))
	f.recover("notes")
	f.clock.Advance(time.Minute)
	at := f.clock.Now()
	f.clock.Advance(time.Minute)
	f.put("notes", with(key("a", "changed"), "v", str("2")))
	f.put("notes", with(key("a", "changed"), "v", str("3")))
	f.put("notes", key("a", "added"))
	must[*sdk.DeleteItemOutput](t)(f.DeleteItem(f.ctx, &sdk.DeleteItemInput{TableName: aws.String("notes"), Key: key("a", "deleted")}))

	must[*sdk.RestoreTableToPointInTimeOutput](t)(f.RestoreTableToPointInTime(f.ctx, &sdk.RestoreTableToPointInTimeInput{
		SourceTableName: aws.String("notes"), TargetTableName: aws.String("then"), RestoreDateTime: &at,
	}))
	must[*sdk.RestoreTableToPointInTimeOutput](t)(f.RestoreTableToPointInTime(f.ctx, &sdk.RestoreTableToPointInTimeInput{
		SourceTableName: aws.String("notes"), TargetTableName: aws.String("now"), UseLatestRestorableTime: aws.Bool(true),
	}))
	for _, tt := range []struct {
		table string
		want  map[string]string
	}{
		{"then", map[string]string{"kept": "1", "changed": "1", "deleted": "1"}},
		{"now", map[string]string{"kept": "1", "changed": "3", "added": ""}},
	} {
		out := must[*sdk.ScanOutput](t)(f.Scan(f.ctx, &sdk.ScanInput{TableName: &tt.table}))
		if int(out.Count) != len(tt.want) {
			t.Errorf("%s: got %d items, want %d", tt.table, out.Count, len(tt.want))
		}
		for _, item := range out.Items {
			name := item["sk"].(*types.AttributeValueMemberS).Value
			got := ""
			if v, ok := item["v"].(*types.AttributeValueMemberS); ok {
				got = v.Value
			}
			if want, ok := tt.want[name]; !ok || got != want {
				t.Errorf("%s: %s: got %q, want %q", tt.table, name, got, want)
			}
		}
	}
}

func TestDeletedTableBackup(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	f.put("notes", key("a", "1"))
	f.recover("notes")
	must[*sdk.DeleteTableOutput](t)(f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: aws.String("notes")}))
	if n := f.env.Store.Len(); n != 0 {
		t.Errorf("%d values count as deployed after the table", n)
	}
	list := must[*sdk.ListBackupsOutput](t)(f.ListBackups(f.ctx, &sdk.ListBackupsInput{BackupType: types.BackupTypeFilterAll}))
	if len(list.BackupSummaries) != 1 || *list.BackupSummaries[0].BackupName != "notes$DeletedTableBackup" {
		t.Fatalf("got %+v", list.BackupSummaries)
	}
	arn := list.BackupSummaries[0].BackupArn
	_, err := f.DeleteBackup(f.ctx, &sdk.DeleteBackupInput{BackupArn: arn})
	wantError(t, err, "ValidationException", "Invalid Request: User is not allowed to delete the system backup with arn "+*arn+". It will automatically expire on 2026-02-06T03:04:05Z")
	must[*sdk.RestoreTableFromBackupOutput](t)(f.RestoreTableFromBackup(f.ctx, &sdk.RestoreTableFromBackupInput{BackupArn: arn, TargetTableName: aws.String("notes")}))
	if got := f.count(f.ctx, "notes"); got != 1 {
		t.Fatalf("got %d items", got)
	}
	f.clock.Advance(36 * 24 * time.Hour)
	_, err = f.DescribeBackup(f.ctx, &sdk.DescribeBackupInput{BackupArn: arn})
	wantError(t, err, "BackupNotFoundException", "Backup not found: "+*arn)
}

func TestRestoreErrors(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	arn := f.backup("notes")
	name, target := aws.String("notes"), aws.String("again")
	point := func(in sdk.RestoreTableToPointInTimeInput) error {
		in.TargetTableName = target
		_, err := f.RestoreTableToPointInTime(f.ctx, &in)
		return err
	}
	from := func(in sdk.RestoreTableFromBackupInput) error {
		in.TargetTableName = target
		_, err := f.RestoreTableFromBackup(f.ctx, &in)
		return err
	}
	now := f.clock.Now()
	wantError(t, point(sdk.RestoreTableToPointInTimeInput{UseLatestRestorableTime: aws.Bool(true)}), "ValidationException", "The parameter 'TableName' is required but was not present in the request")
	wantError(t, point(sdk.RestoreTableToPointInTimeInput{SourceTableName: name}), "ValidationException", "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both")
	wantError(t, point(sdk.RestoreTableToPointInTimeInput{SourceTableName: aws.String("none"), RestoreDateTime: &now}), "TableNotFoundException", "Table not found: none")
	wantError(t, point(sdk.RestoreTableToPointInTimeInput{SourceTableName: name, RestoreDateTime: &now}), "PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table 'notes'")
	f.recover("notes")
	wantError(t, point(sdk.RestoreTableToPointInTimeInput{SourceTableName: name, RestoreDateTime: aws.Time(now.Add(-time.Hour))}), "InvalidRestoreTimeException",
		"RestoreDateTime '2026-01-02T02:04:05Z' must be within EarliestRestorableDateTime '2026-01-02T03:04:05Z' and LatestRestorableDateTime '2026-01-02T03:04:05Z'")
	wantError(t, from(sdk.RestoreTableFromBackupInput{BackupArn: aws.String("arn:aws:dynamodb:eu-north-1:000000000000:table/notes")}), "ValidationException", "Invalid Backup ARN")
	wantError(t, from(sdk.RestoreTableFromBackupInput{BackupArn: arn, BillingModeOverride: types.BillingModeProvisioned}), "ValidationException", "Invalid Request: Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED")
	wantError(t, from(sdk.RestoreTableFromBackupInput{BackupArn: arn, GlobalSecondaryIndexOverride: []types.GlobalSecondaryIndex{{
		IndexName: aws.String("new"), KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("sk"), KeyType: "HASH"}}, Projection: &types.Projection{ProjectionType: "ALL"},
	}}}), "ValidationException", "Invalid Request: Index new does not match a secondary index that existed in the source table and cannot be created during the restore operation")
	target = name
	wantError(t, from(sdk.RestoreTableFromBackupInput{BackupArn: arn}), "TableAlreadyExistsException", "Table already exists: notes")
}

// A backup feeds one restore at a time.
func TestRestoreTakesTime(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	arn := f.backup("notes")
	f.Settle = time.Minute
	must[*sdk.RestoreTableFromBackupOutput](t)(f.RestoreTableFromBackup(f.ctx, &sdk.RestoreTableFromBackupInput{BackupArn: arn, TargetTableName: aws.String("one")}))
	_, err := f.RestoreTableFromBackup(f.ctx, &sdk.RestoreTableFromBackupInput{BackupArn: arn, TargetTableName: aws.String("two")})
	wantError(t, err, "BackupInUseException", "Backup is being used to restore another table: "+*arn)
	_, err = f.RestoreTableFromBackup(f.ctx, &sdk.RestoreTableFromBackupInput{BackupArn: arn, TargetTableName: aws.String("one")})
	wantError(t, err, "TableInUseException", "Table: one is already being restored from backup: "+*arn)
	f.clock.Advance(time.Minute)
	d := must[*sdk.DescribeTableOutput](t)(f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: aws.String("one")})).Table
	if d.TableStatus != types.TableStatusActive || d.RestoreSummary != nil {
		t.Fatalf("got %s, %+v", d.TableStatus, d.RestoreSummary)
	}
}

// in is the fixture's context in another region.
func (f *fixture) in(region string) context.Context {
	return env.WithScope(f.ctx, env.Scope{Account: "000000000000", Region: region})
}
