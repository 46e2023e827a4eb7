package dynamodb

import (
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// writeUnits is what writing that many bytes takes; a write of nothing takes one.
func writeUnits(size int) float64 { return max(1, math.Ceil(float64(size)/1024)) }

// readUnits is what reading that many bytes takes; a read of nothing takes as much
// as a small one.
func readUnits(size int, consistent bool) float64 {
	units := max(1, math.Ceil(float64(size)/4096))
	if !consistent {
		units /= 2
	}
	return units
}

// written is the write units of a change: the table's, and those of each index that
// had to follow.
type written struct {
	table   float64
	indexes []spent
}

// spent is the units of one index.
type spent struct {
	index  string
	global bool
	units  float64
}

// consumed is the ConsumedCapacity of an operation on the table named by in, which
// is answered in the words of the request; nil when none is wanted.
func consumed(want types.ReturnConsumedCapacity, name *string, w written) *types.ConsumedCapacity {
	if want != types.ReturnConsumedCapacityTotal && want != types.ReturnConsumedCapacityIndexes {
		return nil
	}
	total := w.table
	c := &types.ConsumedCapacity{TableName: name}
	for _, x := range w.indexes {
		total += x.units
	}
	c.CapacityUnits = &total
	if want == types.ReturnConsumedCapacityTotal {
		return c
	}
	c.Table = &types.Capacity{CapacityUnits: aws.Float64(w.table)}
	for _, x := range w.indexes {
		into := &c.LocalSecondaryIndexes
		if x.global {
			into = &c.GlobalSecondaryIndexes
		}
		if *into == nil {
			*into = map[string]types.Capacity{}
		}
		(*into)[x.index] = types.Capacity{CapacityUnits: aws.Float64(x.units)}
	}
	return c
}
