package dynamodb

import (
	"math"
	"slices"

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

// usage is the capacity units that an operation takes: the table's, and those of
// each index that it had to touch.
type usage struct {
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
func consumed(want types.ReturnConsumedCapacity, name *string, u usage) *types.ConsumedCapacity {
	if want != types.ReturnConsumedCapacityTotal && want != types.ReturnConsumedCapacityIndexes {
		return nil
	}
	total := u.table
	c := &types.ConsumedCapacity{TableName: name}
	for _, x := range u.indexes {
		total += x.units
	}
	c.CapacityUnits = &total
	if want == types.ReturnConsumedCapacityTotal {
		return c
	}
	c.Table = &types.Capacity{CapacityUnits: aws.Float64(u.table)}
	for _, x := range u.indexes {
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

// add adds another operation's units to u.
func (u *usage) add(v usage) {
	u.table += v.table
	for _, x := range v.indexes {
		if i := slices.IndexFunc(u.indexes, func(y spent) bool { return y.index == x.index }); i >= 0 {
			u.indexes[i].units += x.units
		} else {
			u.indexes = append(u.indexes, x)
		}
	}
}

// times multiplies u.
func (u *usage) times(factor float64) {
	u.table *= factor
	for i := range u.indexes {
		u.indexes[i].units *= factor
	}
}

// A tally is the usage of several operations by the name of the table, in the
// order of its first use.
type tally struct {
	names []*string
	used  []usage
}

func (y *tally) add(name *string, u usage) {
	for i, n := range y.names {
		if *n == *name {
			y.used[i].add(u)
			return
		}
	}
	y.names, y.used = append(y.names, name), append(y.used, u)
}

// reads and writes say for transactions, which tell them apart, what units are of.
const (
	reads  = true
	writes = false
)

// consumed is the ConsumedCapacity of each table of a transaction.
func (y *tally) consumed(want types.ReturnConsumedCapacity, reads bool) []types.ConsumedCapacity {
	var list []types.ConsumedCapacity
	for i, name := range y.names {
		c := consumed(want, name, y.used[i])
		if c == nil {
			return nil
		}
		split(c.CapacityUnits, &c.ReadCapacityUnits, &c.WriteCapacityUnits, reads)
		if t := c.Table; t != nil {
			split(t.CapacityUnits, &t.ReadCapacityUnits, &t.WriteCapacityUnits, reads)
		}
		for _, m := range []map[string]types.Capacity{c.LocalSecondaryIndexes, c.GlobalSecondaryIndexes} {
			for index, x := range m {
				split(x.CapacityUnits, &x.ReadCapacityUnits, &x.WriteCapacityUnits, reads)
				m[index] = x
			}
		}
		list = append(list, *c)
	}
	return list
}

func split(units *float64, read, write **float64, reads bool) {
	if reads {
		*read = units
	} else {
		*write = units
	}
}
