package dynamodb

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// CreateTable implements the operation of that name.
func (s *Service) CreateTable(ctx context.Context, in *dynamodb.CreateTableInput) (*dynamodb.CreateTableOutput, error) {
	if err := checkCreate(in); err != nil {
		return nil, err
	}
	scope, now := env.ScopeOf(ctx), s.now()
	name := tableName(scope, in.TableName)
	arn := scope.ARN("dynamodb", "table/"+name)
	t := table{
		Counted: now,
		Tags:    slices.Clone(in.Tags),
		Desc: types.TableDescription{
			AttributeDefinitions:      in.AttributeDefinitions,
			CreationDateTime:          &now,
			DeletionProtectionEnabled: aws.Bool(aws.ToBool(in.DeletionProtectionEnabled)),
			ItemCount:                 aws.Int64(0),
			KeySchema:                 in.KeySchema,
			OnDemandThroughput:        in.OnDemandThroughput,
			ProvisionedThroughput:     capacityOf(in.ProvisionedThroughput),
			SSEDescription:            encryption(scope, in.SSESpecification),
			TableArn:                  &arn,
			TableId:                   aws.String(uuid.NewString()),
			TableName:                 &name,
			TableSizeBytes:            aws.Int64(0),
		},
	}
	if in.BillingMode == types.BillingModePayPerRequest {
		t.Desc.BillingModeSummary = &types.BillingModeSummary{BillingMode: in.BillingMode, LastUpdateToPayPerRequestDateTime: &now}
	}
	if in.TableClass != "" {
		t.Desc.TableClassSummary = &types.TableClassSummary{TableClass: in.TableClass}
	}
	if spec := in.StreamSpecification; spec != nil && aws.ToBool(spec.StreamEnabled) {
		t.openStream(spec, now)
	}
	if in.ResourcePolicy != nil {
		t.Policy, t.PolicyID = *in.ResourcePolicy, revision(now)
	}
	for _, l := range in.LocalSecondaryIndexes {
		t.Desc.LocalSecondaryIndexes = append(t.Desc.LocalSecondaryIndexes, types.LocalSecondaryIndexDescription{
			IndexArn: aws.String(arn + "/index/" + aws.ToString(l.IndexName)), IndexName: l.IndexName,
			IndexSizeBytes: aws.Int64(0), ItemCount: aws.Int64(0), KeySchema: l.KeySchema, Projection: l.Projection,
		})
	}
	for _, g := range in.GlobalSecondaryIndexes {
		t.Desc.GlobalSecondaryIndexes = append(t.Desc.GlobalSecondaryIndexes, t.newIndex(types.CreateGlobalSecondaryIndexAction{
			IndexName: g.IndexName, KeySchema: g.KeySchema, Projection: g.Projection,
			OnDemandThroughput: g.OnDemandThroughput, ProvisionedThroughput: g.ProvisionedThroughput, WarmThroughput: g.WarmThroughput,
		}))
	}
	for _, v := range in.VectorIndexes {
		t.Desc.VectorIndexes = append(t.Desc.VectorIndexes, t.newVector(v))
	}
	t.warm(in.WarmThroughput)
	s.begin(&t, types.TableStatusCreating)

	err := s.update(func(tx *store.Tx) error {
		if _, ok := s.table(ctx, tx, &name); ok {
			return inUse("Table already exists: %s", name)
		}
		if t.Desc.StreamSpecification != nil {
			s.openLog(tx, &t)
		}
		s.put(ctx, tx, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := t.describeAs(types.TableStatusCreating)
	out.WarmThroughput = asked(in.WarmThroughput)
	for i, g := range in.GlobalSecondaryIndexes {
		out.GlobalSecondaryIndexes[i].WarmThroughput = nil
		if w := asked(g.WarmThroughput); w != nil {
			out.GlobalSecondaryIndexes[i].WarmThroughput = &types.GlobalSecondaryIndexWarmThroughputDescription{
				ReadUnitsPerSecond: w.ReadUnitsPerSecond, WriteUnitsPerSecond: w.WriteUnitsPerSecond, Status: types.IndexStatusUpdating,
			}
		}
	}
	if out.BillingModeSummary != nil {
		out.BillingModeSummary = &types.BillingModeSummary{BillingMode: out.BillingModeSummary.BillingMode}
	}
	return &dynamodb.CreateTableOutput{TableDescription: out}, nil
}

// asked is the warm throughput in CreateTable's answer, which shows only what was
// asked for.
func asked(w *types.WarmThroughput) *types.TableWarmThroughputDescription {
	if w == nil {
		return nil
	}
	return &types.TableWarmThroughputDescription{
		ReadUnitsPerSecond: w.ReadUnitsPerSecond, WriteUnitsPerSecond: w.WriteUnitsPerSecond, Status: types.TableStatusUpdating,
	}
}

// capacityOf is the description of provisioned throughput; zeros for on demand.
func capacityOf(p *types.ProvisionedThroughput) *types.ProvisionedThroughputDescription {
	d := &types.ProvisionedThroughputDescription{
		NumberOfDecreasesToday: aws.Int64(0), ReadCapacityUnits: aws.Int64(0), WriteCapacityUnits: aws.Int64(0),
	}
	if p != nil {
		d.ReadCapacityUnits = aws.Int64(aws.ToInt64(p.ReadCapacityUnits))
		d.WriteCapacityUnits = aws.Int64(aws.ToInt64(p.WriteCapacityUnits))
	}
	return d
}

// newIndex is the description of a global secondary index that is being made.
func (t *table) newIndex(g types.CreateGlobalSecondaryIndexAction) types.GlobalSecondaryIndexDescription {
	d := types.GlobalSecondaryIndexDescription{
		IndexArn:              aws.String(aws.ToString(t.Desc.TableArn) + "/index/" + aws.ToString(g.IndexName)),
		IndexName:             g.IndexName,
		IndexSizeBytes:        aws.Int64(0),
		ItemCount:             aws.Int64(0),
		KeySchema:             g.KeySchema,
		OnDemandThroughput:    g.OnDemandThroughput,
		Projection:            g.Projection,
		ProvisionedThroughput: capacityOf(g.ProvisionedThroughput),
	}
	d.WarmThroughput = indexWarm(t.onDemand(), d.ProvisionedThroughput, g.WarmThroughput)
	return d
}

// What an on-demand table can do at once when nobody asked for more, per second.
const warmReads, warmWrites = 12000, 4000

// warmest is the throughput that a table or index can do at once: what was asked
// for, and at least what its capacity mode gives.
func warmest(onDemand bool, p *types.ProvisionedThroughputDescription, w *types.WarmThroughput) (reads, writes *int64) {
	r, n := aws.ToInt64(p.ReadCapacityUnits), aws.ToInt64(p.WriteCapacityUnits)
	if onDemand {
		r, n = warmReads, warmWrites
	}
	if w != nil {
		r, n = max(r, aws.ToInt64(w.ReadUnitsPerSecond)), max(n, aws.ToInt64(w.WriteUnitsPerSecond))
	}
	return &r, &n
}

func (t *table) warm(w *types.WarmThroughput) {
	d := &types.TableWarmThroughputDescription{Status: types.TableStatusActive}
	d.ReadUnitsPerSecond, d.WriteUnitsPerSecond = warmest(t.onDemand(), t.Desc.ProvisionedThroughput, w)
	t.Desc.WarmThroughput = d
}

func indexWarm(onDemand bool, p *types.ProvisionedThroughputDescription, w *types.WarmThroughput) *types.GlobalSecondaryIndexWarmThroughputDescription {
	d := &types.GlobalSecondaryIndexWarmThroughputDescription{Status: types.IndexStatusActive}
	d.ReadUnitsPerSecond, d.WriteUnitsPerSecond = warmest(onDemand, p, w)
	return d
}

// openStream gives the table a new stream. Its label is the time, and its name
// stays until the stream is closed and another opened.
func (t *table) openStream(spec *types.StreamSpecification, now time.Time) {
	label := now.Format("2006-01-02T15:04:05.000")
	t.Desc.StreamSpecification = spec
	t.Desc.LatestStreamLabel = &label
	t.Desc.LatestStreamArn = aws.String(aws.ToString(t.Desc.TableArn) + "/stream/" + label)
}

// encryption is the description of encryption with a KMS key; nil for the key that
// AWS owns. There is no KMS here: a key that is named by id or alias, or AWS's
// managed one, gets the ARN that it would have, always the same.
func encryption(scope env.Scope, spec *types.SSESpecification) *types.SSEDescription {
	if spec == nil || !aws.ToBool(spec.Enabled) {
		return nil
	}
	key := aws.ToString(spec.KMSMasterKeyId)
	if key == "" {
		key = "alias/aws/dynamodb"
	}
	if i := strings.Index(key, "alias/"); i >= 0 {
		key = uuid.NewSHA1(uuid.NameSpaceURL, []byte(scope.ARN("kms", key[i:]))).String()
	}
	if !strings.HasPrefix(key, "arn:") {
		key = scope.ARN("kms", "key/"+key)
	}
	return &types.SSEDescription{Status: types.SSEStatusEnabled, SSEType: types.SSETypeKms, KMSMasterKeyArn: &key}
}

// revision is the identity of a version of a resource policy.
func revision(now time.Time) string {
	id := uuid.NewString()
	return now.Format("20060102150405") + id[:8]
}
