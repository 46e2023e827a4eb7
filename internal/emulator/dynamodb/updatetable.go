package dynamodb

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// UpdateTable implements the operation of that name. An index that it makes is
// filled in the same commit, and shows CREATING for the settling time.
func (s *Service) UpdateTable(ctx context.Context, in *dynamodb.UpdateTableInput) (*dynamodb.UpdateTableOutput, error) {
	if in.BillingMode == "" && in.DeletionProtectionEnabled == nil &&
		len(in.GlobalSecondaryIndexUpdates) == 0 && in.OnDemandThroughput == nil && in.ProvisionedThroughput == nil &&
		len(in.ReplicaUpdates) == 0 && len(in.VectorIndexUpdates) == 0 && in.SSESpecification == nil && in.StreamSpecification == nil && in.TableClass == "" && in.WarmThroughput == nil {
		return nil, invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required")
	}
	if err := checkCombination(in); err != nil {
		return nil, err
	}
	if err := checkEncryption(in.SSESpecification); err != nil {
		return nil, err
	}
	unscaled, err := s.unscaled(ctx, in)
	if err != nil {
		return nil, err
	}
	var t, before table
	var out *types.TableDescription
	err = s.update(func(tx *store.Tx) (err error) {
		if t, err = s.atRest(ctx, tx, in.TableName); err != nil {
			return err
		}
		was := t.Desc
		s.begin(&t, types.TableStatusUpdating)
		if len(in.ReplicaUpdates) > 0 {
			before = t
			if err := s.regroup(ctx, tx, &t, in, unscaled); err != nil {
				return err
			}
			s.put(ctx, tx, t)
			shown := t
			shown.Replicas, shown.Witness = before.Replicas, before.Witness // the answer does not show the change yet
			shown.Strong = t.Strong || before.Strong
			out = shown.describeAs(types.TableStatusUpdating)
			return nil
		}
		steps := []func(*dynamodb.UpdateTableInput) error{
			func(in *dynamodb.UpdateTableInput) error { return t.rebill(in, s.now()) },
			func(in *dynamodb.UpdateTableInput) error { return t.restream(in.StreamSpecification, s.now()) },
			t.revector,
			func(in *dynamodb.UpdateTableInput) error { return s.reindex(tx, &t, in) },
			func(in *dynamodb.UpdateTableInput) error { return t.rewarm(in.WarmThroughput) },
		}
		for _, step := range steps {
			if err := step(in); err != nil {
				return err
			}
		}
		if in.DeletionProtectionEnabled != nil {
			t.Desc.DeletionProtectionEnabled = in.DeletionProtectionEnabled
		}
		if in.TableClass != "" {
			now := s.now()
			t.Desc.TableClassSummary = &types.TableClassSummary{TableClass: in.TableClass, LastUpdateDateTime: &now}
		}
		if in.SSESpecification != nil {
			if err := t.checkEncrypted(env.ScopeOf(ctx), in.SSESpecification); err != nil {
				return err
			}
			t.Desc.SSEDescription = encryption(env.ScopeOf(ctx), in.SSESpecification)
		}
		if in.StreamSpecification != nil {
			if t.Desc.StreamSpecification != nil {
				s.openLog(tx, &t)
			} else {
				s.closeLog(tx, &t)
			}
		}
		out = t.describeAs(types.TableStatusUpdating)
		if in.SSESpecification != nil {
			out.SSEDescription = changing(was.SSEDescription, t.Desc.SSEDescription)
		}
		if err := s.follow(tx, &t, in); err != nil {
			return err
		}
		s.put(ctx, tx, t)
		return nil
	})
	if err == nil && len(in.ReplicaUpdates) > 0 {
		err = s.scaleCopies(ctx, &before, &t)
	}
	if err != nil {
		return nil, err
	}
	return &dynamodb.UpdateTableOutput{TableDescription: out}, nil
}

// checkCombination checks that what must stand alone in a request does, and what
// cannot be changed at once is not.
func checkCombination(in *dynamodb.UpdateTableInput) error {
	online := slices.ContainsFunc(in.GlobalSecondaryIndexUpdates, func(u types.GlobalSecondaryIndexUpdate) bool { return u.Update == nil })
	capacity := in.ProvisionedThroughput != nil || in.BillingMode != ""
	members := 0
	for _, set := range []bool{
		capacity, in.StreamSpecification != nil, len(in.GlobalSecondaryIndexUpdates) > 0, in.SSESpecification != nil, len(in.ReplicaUpdates) > 0,
		len(in.VectorIndexUpdates) > 0, in.DeletionProtectionEnabled != nil, in.OnDemandThroughput != nil, in.WarmThroughput != nil, in.TableClass != "",
	} {
		if set {
			members++
		}
	}
	alone := members == 1
	strong := in.MultiRegionConsistency != "" || len(in.GlobalTableWitnessUpdates) > 0
	switch {
	case strong && members > 0 && (len(in.ReplicaUpdates) == 0 || !alone):
		return invalid("Requests that modify replicas or witnesses must not also modify other fields")
	case len(in.ReplicaUpdates) > 0 && !alone:
		return parameter("Replica modification must be the only operation in the request")
	case len(in.VectorIndexUpdates) > 0 && !alone:
		return parameter("Vector index modification must be the only operation in the request")
	case in.SSESpecification != nil && !alone:
		return parameter("Server-Side Encryption modification must be the only operation in the request")
	case in.TableClass != "" && !alone:
		return parameter("TableClass modification must be the only operation in the request")
	case in.DeletionProtectionEnabled != nil && !alone:
		return parameter("DeletionProtection modification must be the only operation in the request")
	case in.WarmThroughput != nil && online:
		return parameter("Create global secondary index cannot be specified when updating WarmThroughput")
	case in.WarmThroughput != nil && !alone && (members > 2 || len(in.GlobalSecondaryIndexUpdates) == 0):
		return parameter("WarmThroughput must be the only operation in the request")
	case in.OnDemandThroughput != nil && (members > 2 || members == 2 && in.BillingMode == "" && len(in.GlobalSecondaryIndexUpdates) == 0):
		return parameter("OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
	case in.StreamSpecification != nil && capacity:
		return parameter("You cannot modify stream status while updating table IOPS")
	case online && in.ProvisionedThroughput != nil:
		return parameter("You cannot create or delete index while updating table IOPS")
	case online && in.StreamSpecification != nil:
		return parameter("You cannot create or delete index while changing stream status")
	}
	return nil
}

// changing is the SSEDescription while encryption changes from one to the other.
func changing(from, to *types.SSEDescription) *types.SSEDescription {
	d := to
	if d == nil {
		d = from
	}
	if d == nil {
		return nil
	}
	c := *d
	c.Status = types.SSEStatusUpdating
	return &c
}

// checkEncrypted checks that encryption would change.
func (t *table) checkEncrypted(scope env.Scope, spec *types.SSESpecification) error {
	was, is := t.Desc.SSEDescription, encryption(scope, spec)
	switch {
	case was == nil && is == nil:
		return parameter("Table is already encrypted by default")
	case was != nil && is != nil && aws.ToString(was.KMSMasterKeyArn) == aws.ToString(is.KMSMasterKeyArn):
		return parameter("Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master Key")
	}
	return nil
}

// onDemandNever is the OnDemandThroughput value that takes a limit away.
const onDemandNever = -1

// unlimited drops the limits that are -1.
func unlimited(o *types.OnDemandThroughput) *types.OnDemandThroughput {
	if aws.ToInt64(o.MaxReadRequestUnits) == onDemandNever && aws.ToInt64(o.MaxWriteRequestUnits) == onDemandNever {
		return nil
	}
	return o
}

// limits is what an update of the limits of on-demand throughput leaves: a limit
// that the update does not name stays.
func limits(was, update *types.OnDemandThroughput) *types.OnDemandThroughput {
	if update == nil {
		return was
	}
	is := *update
	if was != nil {
		if is.MaxReadRequestUnits == nil {
			is.MaxReadRequestUnits = was.MaxReadRequestUnits
		}
		if is.MaxWriteRequestUnits == nil {
			is.MaxWriteRequestUnits = was.MaxWriteRequestUnits
		}
	}
	return unlimited(&is)
}

// rebill changes the billing mode and the throughput of the table itself.
func (t *table) rebill(in *dynamodb.UpdateTableInput, now time.Time) error {
	was := t.onDemand()
	if in.BillingMode != "" {
		if err := checkBilling(in.BillingMode, in.ProvisionedThroughput); err != nil {
			return err
		}
	}
	p := in.ProvisionedThroughput
	switch is := in.BillingMode == types.BillingModePayPerRequest; {
	case in.BillingMode != "" && is != was:
		t.switchTo(in.BillingMode, p, now)
	case p != nil && was:
		return checkBilling(types.BillingModePayPerRequest, p)
	case p != nil:
		if err := checkCapacity(p, ""); err != nil {
			return err
		}
		if sameCapacity(t.Desc.ProvisionedThroughput, p) && in.BillingMode == "" && len(in.GlobalSecondaryIndexUpdates) == 0 {
			return unchanged("table", p)
		}
		t.Desc.ProvisionedThroughput = recapacity(t.Desc.ProvisionedThroughput, p, now)
		t.warm(warmOf(t.Desc.WarmThroughput))
	}
	t.Desc.OnDemandThroughput = limits(t.Desc.OnDemandThroughput, in.OnDemandThroughput)
	return nil
}

// switchTo changes the billing mode of the table and, to on demand, of its indexes.
func (t *table) switchTo(mode types.BillingMode, p *types.ProvisionedThroughput, now time.Time) {
	summary := &types.BillingModeSummary{BillingMode: mode}
	if mode == types.BillingModePayPerRequest {
		summary.LastUpdateToPayPerRequestDateTime = &now
	} else if was := t.Desc.BillingModeSummary; was != nil {
		summary.LastUpdateToPayPerRequestDateTime = was.LastUpdateToPayPerRequestDateTime
	}
	t.Desc.BillingModeSummary = summary
	t.Desc.ProvisionedThroughput = capacityOf(p)
	t.warm(warmOf(t.Desc.WarmThroughput))
	indexes := slices.Clone(t.Desc.GlobalSecondaryIndexes)
	for i := range indexes {
		g := &indexes[i]
		g.ProvisionedThroughput = capacityOf(nil)
		w := g.WarmThroughput
		g.WarmThroughput = indexWarm(t.onDemand(), g.ProvisionedThroughput, &types.WarmThroughput{
			ReadUnitsPerSecond: w.ReadUnitsPerSecond, WriteUnitsPerSecond: w.WriteUnitsPerSecond,
		})
	}
	t.Desc.GlobalSecondaryIndexes = indexes
}

func warmOf(d *types.TableWarmThroughputDescription) *types.WarmThroughput {
	return &types.WarmThroughput{ReadUnitsPerSecond: d.ReadUnitsPerSecond, WriteUnitsPerSecond: d.WriteUnitsPerSecond}
}

func sameCapacity(d *types.ProvisionedThroughputDescription, p *types.ProvisionedThroughput) bool {
	return aws.ToInt64(d.ReadCapacityUnits) == aws.ToInt64(p.ReadCapacityUnits) &&
		aws.ToInt64(d.WriteCapacityUnits) == aws.ToInt64(p.WriteCapacityUnits)
}

func unchanged(what string, p *types.ProvisionedThroughput) error {
	r, w := aws.ToInt64(p.ReadCapacityUnits), aws.ToInt64(p.WriteCapacityUnits)
	return invalid("The provisioned throughput for the %s will not change. The requested value equals the current value. "+
		"Current ReadCapacityUnits provisioned for the table: %d. Requested ReadCapacityUnits: %d. "+
		"Current WriteCapacityUnits provisioned for the table: %d. Requested WriteCapacityUnits: %d. "+
		"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.", what, r, r, w, w)
}

// recapacity is the description after a change of provisioned throughput; decreases
// are counted by the day.
func recapacity(was *types.ProvisionedThroughputDescription, p *types.ProvisionedThroughput, now time.Time) *types.ProvisionedThroughputDescription {
	is := *was
	is.ReadCapacityUnits, is.WriteCapacityUnits = p.ReadCapacityUnits, p.WriteCapacityUnits
	less := func(a, b *int64) bool { return aws.ToInt64(a) < aws.ToInt64(b) }
	if less(was.ReadCapacityUnits, p.ReadCapacityUnits) || less(was.WriteCapacityUnits, p.WriteCapacityUnits) {
		is.LastIncreaseDateTime = &now
	}
	if less(p.ReadCapacityUnits, was.ReadCapacityUnits) || less(p.WriteCapacityUnits, was.WriteCapacityUnits) {
		today := int64(1)
		if d := was.LastDecreaseDateTime; d != nil && d.Truncate(24*time.Hour).Equal(now.Truncate(24*time.Hour)) {
			today += aws.ToInt64(was.NumberOfDecreasesToday)
		}
		is.LastDecreaseDateTime, is.NumberOfDecreasesToday = &now, &today
	}
	return &is
}

// restream opens or closes the table's stream. A closed stream's name stays until
// another is opened.
func (t *table) restream(spec *types.StreamSpecification, now time.Time) error {
	if spec == nil {
		return nil
	}
	switch {
	case aws.ToBool(spec.StreamEnabled) && spec.StreamViewType == "":
		return parameter("If stream is being enabled then UpdateViewType is required")
	case !aws.ToBool(spec.StreamEnabled) && spec.StreamViewType != "":
		return parameter("If stream is being disabled, then UpdateViewType must not be specified")
	}
	open := t.Desc.StreamSpecification != nil
	switch enable := aws.ToBool(spec.StreamEnabled); {
	case enable && open:
		return invalid("Table already has an enabled stream: TableName: %s", t.name())
	case !enable && !open:
		return invalid("Table has no stream to disable: TableName: %s", t.name())
	case !enable && len(t.Replicas) > 0:
		return parameter("Disabling Stream is not allowed for a Global Table replica.")
	case enable:
		t.openStream(spec, now)
	default:
		t.Desc.StreamSpecification = nil
	}
	return nil
}

// rewarm raises the table's warm throughput, which cannot be lowered.
func (t *table) rewarm(w *types.WarmThroughput) error {
	if w == nil {
		return nil
	}
	is := t.Desc.WarmThroughput
	const lower = "Requested %s for WarmThroughput for table is lower than current WarmThroughput, decreasing WarmThroughput is not supported"
	if w.ReadUnitsPerSecond != nil && *w.ReadUnitsPerSecond < *is.ReadUnitsPerSecond {
		return parameter(lower, "ReadUnitsPerSecond")
	}
	if w.WriteUnitsPerSecond != nil && *w.WriteUnitsPerSecond < *is.WriteUnitsPerSecond {
		return parameter(lower, "WriteUnitsPerSecond")
	}
	asked := warmOf(is)
	if w.ReadUnitsPerSecond != nil {
		asked.ReadUnitsPerSecond = w.ReadUnitsPerSecond
	}
	if w.WriteUnitsPerSecond != nil {
		asked.WriteUnitsPerSecond = w.WriteUnitsPerSecond
	}
	t.warm(asked)
	return nil
}
