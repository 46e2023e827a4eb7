package dynamodb

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// A past is what an item was before a change, kept while the table has
// point-in-time recovery. They are kept by the table's prefix and a number that
// grows with every change and with time.
type past struct {
	At   time.Time
	Path string
	Was  []byte `json:",omitempty"` // the stored form; nil where there was no item
}

// remember keeps what a change replaces, and forgets what is too old to be
// recovered.
func (s *Service) remember(tx *store.Tx, t *table, path string, old expr.Item) {
	if t.Recovery == nil {
		return
	}
	p := past{At: s.now(), Path: path}
	if old != nil {
		p.Was = encodeItem(old)
	}
	prefix := s.prefix(t, "")
	number := p.At.UnixNano()
	for k := range s.history.DownFrom(tx, after(prefix)) {
		if len(k) > len(prefix) && k[:len(prefix)] == prefix {
			last, _ := numberOf(k[len(prefix):])
			number = max(number, last+1)
		}
		break
	}
	oldest := p.At.AddDate(0, 0, -int(t.Recovery.Days))
	var gone []string
	for k, p := range s.history.Prefix(tx, prefix) {
		if len(gone) == trimStep || p.At.After(oldest) {
			break
		}
		gone = append(gone, k)
	}
	for _, k := range gone {
		s.history.Delete(tx, k)
	}
	s.history.Put(tx, numbered(prefix, number), p)
}

// asOf returns the items of a table, in their stored form by their paths, as they
// were at that moment.
func (s *Service) asOf(tx *store.Tx, t *table, at time.Time) map[string][]byte {
	prefix := s.prefix(t, "")
	items := map[string][]byte{}
	for k, item := range s.items.Prefix(tx, prefix) {
		items[k[len(prefix):]] = item
	}
	// Changes are undone from the last one back.
	for k, p := range s.history.DownFrom(tx, after(prefix)) {
		if len(k) < len(prefix) || k[:len(prefix)] != prefix || !p.At.After(at) {
			break
		}
		if p.Was == nil {
			delete(items, p.Path)
		} else {
			items[p.Path] = p.Was
		}
	}
	return items
}

// recovery is point-in-time recovery that is on.
type recovery struct {
	Since time.Time
	Days  int32
}

// reach is the earliest and the latest moment that can be restored.
func (r *recovery) reach(now time.Time, lag time.Duration) (earliest, latest time.Time) {
	earliest = now.AddDate(0, 0, -int(r.Days))
	if earliest.Before(r.Since) {
		earliest = r.Since
	}
	if latest = now.Add(-lag); latest.Before(earliest) {
		latest = earliest // the only moment that there is
	}
	return earliest, latest
}

// maxRecovery is how many days back point-in-time recovery reaches, and does unless
// the table says otherwise.
const maxRecovery = 35

// tableGone words an unknown table as the operations on backups do.
func tableGone(name *string) error {
	return &types.TableNotFoundException{Message: aws.String("Table not found: " + aws.ToString(name))}
}

// DescribeContinuousBackups implements the operation of that name.
func (s *Service) DescribeContinuousBackups(ctx context.Context, in *dynamodb.DescribeContinuousBackupsInput) (*dynamodb.DescribeContinuousBackupsOutput, error) {
	t, err := s.find(ctx, in.TableName)
	if err != nil {
		return nil, tableGone(in.TableName)
	}
	return &dynamodb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: t.backups(s.now(), s.RecoveryLag)}, nil
}

// UpdateContinuousBackups implements the operation of that name.
func (s *Service) UpdateContinuousBackups(ctx context.Context, in *dynamodb.UpdateContinuousBackupsInput) (*dynamodb.UpdateContinuousBackupsOutput, error) {
	spec := in.PointInTimeRecoverySpecification
	if spec == nil {
		return nil, invalid("PointInTimeRecoverySpecification is required")
	}
	enable := aws.ToBool(spec.PointInTimeRecoveryEnabled)
	if !enable && spec.RecoveryPeriodInDays != nil {
		return nil, invalid("Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.")
	}
	var t table
	err := s.update(func(tx *store.Tx) error {
		var ok bool
		if t, ok = s.table(ctx, tx, in.TableName); !ok {
			return tableGone(in.TableName)
		}
		switch {
		case !enable:
			t.Recovery = nil
			clearSet(tx, s.history, s.prefix(&t, ""))
		default:
			r := recovery{Since: s.now(), Days: maxRecovery}
			if t.Recovery != nil {
				r = *t.Recovery
			}
			if spec.RecoveryPeriodInDays != nil {
				r.Days = *spec.RecoveryPeriodInDays
			}
			t.Recovery = &r
		}
		s.put(ctx, tx, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.UpdateContinuousBackupsOutput{ContinuousBackupsDescription: t.backups(s.now(), s.RecoveryLag)}, nil
}

func (t *table) backups(now time.Time, lag time.Duration) *types.ContinuousBackupsDescription {
	d := &types.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: types.PointInTimeRecoveryStatusDisabled}
	if r := t.Recovery; r != nil {
		earliest, latest := r.reach(now, lag)
		d = &types.PointInTimeRecoveryDescription{
			PointInTimeRecoveryStatus:  types.PointInTimeRecoveryStatusEnabled,
			RecoveryPeriodInDays:       aws.Int32(r.Days),
			EarliestRestorableDateTime: &earliest,
			LatestRestorableDateTime:   &latest,
		}
	}
	return &types.ContinuousBackupsDescription{ContinuousBackupsStatus: types.ContinuousBackupsStatusEnabled, PointInTimeRecoveryDescription: d}
}
