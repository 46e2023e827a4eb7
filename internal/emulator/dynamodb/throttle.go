package dynamodb

import (
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// burst is how many seconds of unused provisioned capacity are kept for later.
const burst = 300

// A side is one of the two capacities of a table or index.
type side int

const (
	readSide side = iota
	writeSide
)

// throttle counts the capacity that is left, for a service that is told to refuse
// what is beyond it.
type throttle struct {
	mu   sync.Mutex
	left map[bucketKey]bucket
}

// bucketKey is one capacity: of the table or index with that ARN.
type bucketKey struct {
	arn  string
	side side
}

// A bucket is filled with the capacity of every second, and holds some of them.
type bucket struct {
	units float64
	at    time.Time
}

// spend takes units from what is left of a capacity of so many a second, of which
// holds are kept; it reports false, and takes none, when nothing is left. What is
// left may be less than is taken: nobody knows before what a request costs.
func (h *throttle) spend(key bucketKey, perSecond, holds, units float64, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left == nil {
		h.left = map[bucketKey]bucket{}
	}
	b, ok := h.left[key]
	if !ok {
		b = bucket{units: perSecond, at: now}
	}
	b.units = min(perSecond*holds, b.units+perSecond*now.Sub(b.at).Seconds())
	b.at = now
	allowed := b.units > 0
	if allowed {
		b.units -= units
	}
	h.left[key] = b
	return allowed
}

const (
	tableExceeded = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."
	indexExceeded = "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. " +
		"Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API"
	limitExceeded = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
)

// charge takes what a request has used from the table's capacity and its indexes'.
// The error is that of a request that must not be carried out; without the option
// Throttle there is none.
func (s *Service) charge(t *table, u usage, on side) error {
	if !s.Throttle {
		return nil
	}
	now, onDemand := s.now(), t.onDemand()
	local := 0.0 // local indexes take from the table
	for _, x := range u.indexes {
		if !x.global {
			local += x.units
			continue
		}
		g := t.Desc.GlobalSecondaryIndexes[t.indexAt(x.index)]
		perSecond, holds := capacity(onDemand, g.ProvisionedThroughput, g.OnDemandThroughput, on)
		if perSecond > 0 && !s.throttle.spend(bucketKey{aws.ToString(g.IndexArn), on}, perSecond, holds, x.units, now) {
			return exceeded(onDemand, indexExceeded)
		}
	}
	if u.table+local == 0 {
		return nil
	}
	perSecond, holds := capacity(onDemand, t.Desc.ProvisionedThroughput, t.Desc.OnDemandThroughput, on)
	if perSecond > 0 && !s.throttle.spend(bucketKey{aws.ToString(t.Desc.TableArn), on}, perSecond, holds, u.table+local, now) {
		return exceeded(onDemand, tableExceeded)
	}
	return nil
}

// capacity is how many units a second there are, and for how many seconds they are
// kept; zero for no bound.
func capacity(onDemand bool, p *types.ProvisionedThroughputDescription, o *types.OnDemandThroughput, on side) (perSecond, holds float64) {
	var units *int64
	switch {
	case onDemand && o == nil:
	case onDemand && on == readSide:
		units = o.MaxReadRequestUnits
	case onDemand:
		units = o.MaxWriteRequestUnits
	case on == readSide:
		units = p.ReadCapacityUnits
	default:
		units = p.WriteCapacityUnits
	}
	holds = burst
	if onDemand {
		holds = 1
	}
	return float64(max(0, aws.ToInt64(units))), holds
}

func exceeded(onDemand bool, text string) error {
	if onDemand {
		return &types.ThrottlingException{Message: aws.String(limitExceeded)}
	}
	return &types.ProvisionedThroughputExceededException{Message: &text}
}
