package table

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"
)

type (
	capacity struct {
		OnDemand *onDemand `tfsdk:"on_demand"`
		Read     *units    `tfsdk:"read"`
		Write    *units    `tfsdk:"write"`
	}
	onDemand struct {
		MaxRead  basetypes.Int64 `tfsdk:"max_read"`
		MaxWrite basetypes.Int64 `tfsdk:"max_write"`
	}
	units struct {
		Units  basetypes.Int64 `tfsdk:"units"`
		Min    basetypes.Int64 `tfsdk:"min"`
		Max    basetypes.Int64 `tfsdk:"max"`
		Target basetypes.Int64 `tfsdk:"target"`
	}
	warm struct {
		Read  basetypes.Int64 `tfsdk:"read"`
		Write basetypes.Int64 `tfsdk:"write"`
	}
)

// provisioned reports whether the capacity is paid for all the time.
func (c *capacity) provisioned() bool { return c != nil && (c.Read != nil || c.Write != nil) }

func (m *model) billing() types.BillingMode {
	if m.Capacity.provisioned() {
		return types.BillingModeProvisioned
	}
	return types.BillingModePayPerRequest
}

// scales reports whether the number of units follows the load.
func (u *units) scales() bool { return u != nil && !u.Min.IsNull() }

// from is the number of units to ask for where there are now so many, 0 for none
// yet: those that scale stay as they are, within their bounds.
func (u *units) from(now int64) *int64 {
	if !u.scales() {
		return u.Units.ValueInt64Pointer()
	}
	return aws.Int64(min(max(now, u.Min.ValueInt64()), u.Max.ValueInt64()))
}

// throughput is what AWS is told about provisioned capacity, from what there is
// now, nil for nothing; nil on demand.
func (c *capacity) throughput(now *types.ProvisionedThroughput) *types.ProvisionedThroughput {
	if !c.provisioned() {
		return nil
	}
	if now == nil {
		now = &types.ProvisionedThroughput{}
	}
	return &types.ProvisionedThroughput{
		ReadCapacityUnits:  c.Read.from(aws.ToInt64(now.ReadCapacityUnits)),
		WriteCapacityUnits: c.Write.from(aws.ToInt64(now.WriteCapacityUnits)),
	}
}

// unscaled is the capacity before it scales, as something new has it.
func (c *capacity) unscaled() *capacity {
	if !c.provisioned() {
		return c
	}
	p := c.throughput(nil)
	return &capacity{
		Read:  &units{Units: basetypes.Int64PointerValue(p.ReadCapacityUnits)},
		Write: &units{Units: basetypes.Int64PointerValue(p.WriteCapacityUnits)},
	}
}

// limits is what AWS is told about limits on demand: always both, because -1 is
// how one is removed; nil when provisioned.
func (c *capacity) limits() *types.OnDemandThroughput {
	if c.provisioned() {
		return nil
	}
	read, write := aws.Int64(-1), aws.Int64(-1)
	if c != nil && c.OnDemand != nil {
		if p := c.OnDemand.MaxRead.ValueInt64Pointer(); p != nil {
			read = p
		}
		if p := c.OnDemand.MaxWrite.ValueInt64Pointer(); p != nil {
			write = p
		}
	}
	return &types.OnDemandThroughput{MaxReadRequestUnits: read, MaxWriteRequestUnits: write}
}

// newLimits is limits for something new, which has none to remove.
func (c *capacity) newLimits() *types.OnDemandThroughput {
	l := c.limits()
	if l == nil || *l.MaxReadRequestUnits < 0 && *l.MaxWriteRequestUnits < 0 {
		return nil
	}
	return l
}

// changedLimits is limits where they change, else nil.
func (c *capacity) changedLimits(was *capacity) *types.OnDemandThroughput {
	is, before := c.limits(), was.limits()
	switch {
	case is == nil:
		return nil
	case before == nil:
		return c.newLimits()
	case sameLimits(is, before):
		return nil
	}
	return is
}

func sameThroughput(a, b *types.ProvisionedThroughput) bool {
	return a == nil && b == nil || a != nil && b != nil &&
		aws.ToInt64(a.ReadCapacityUnits) == aws.ToInt64(b.ReadCapacityUnits) && aws.ToInt64(a.WriteCapacityUnits) == aws.ToInt64(b.WriteCapacityUnits)
}

func sameLimits(a, b *types.OnDemandThroughput) bool {
	return a == nil && b == nil || a != nil && b != nil &&
		*a.MaxReadRequestUnits == *b.MaxReadRequestUnits && *a.MaxWriteRequestUnits == *b.MaxWriteRequestUnits
}

// capacityOf is the capacity of an index: its own, or else the table's.
func (m *model) capacityOf(i globalIndex) *capacity {
	switch {
	case i.Capacity != nil:
		return i.Capacity
	case m.Capacity.provisioned():
		return m.Capacity
	}
	return nil
}

// capacityRead keeps was where it says the same in another way: no attribute and
// an on_demand without limits are both on demand without limits.
func capacityRead(was *capacity, perRequest bool, p *types.ProvisionedThroughputDescription, o *types.OnDemandThroughput, s scaling, resource string) *capacity {
	if !perRequest {
		if p == nil {
			return nil
		}
		var reads, writes *units
		if was != nil {
			reads, writes = was.Read, was.Write
		}
		return &capacity{
			Read:  s.read(reads, p.ReadCapacityUnits, scalable{resource, reading}),
			Write: s.read(writes, p.WriteCapacityUnits, scalable{resource, writing}),
		}
	}
	limit := func(n *int64) basetypes.Int64 {
		if n == nil || *n < 0 {
			return basetypes.Int64Null()
		}
		return basetypes.Int64Value(*n)
	}
	d := &onDemand{}
	if o != nil {
		d = &onDemand{MaxRead: limit(o.MaxReadRequestUnits), MaxWrite: limit(o.MaxWriteRequestUnits)}
	}
	if d.MaxRead.IsNull() && d.MaxWrite.IsNull() && !was.provisioned() {
		if was != nil && was.OnDemand != nil {
			return &capacity{OnDemand: d}
		}
		return was
	}
	if d.MaxRead.IsNull() && d.MaxWrite.IsNull() {
		return nil
	}
	return &capacity{OnDemand: d}
}

// same reports whether two provisioned capacities mean the same.
func (c *capacity) same(o *capacity) bool {
	equal := func(a, b *units) bool {
		return a == nil && b == nil || a != nil && b != nil && a.Units.Equal(b.Units) && a.Min.Equal(b.Min) && a.Max.Equal(b.Max) && (!a.scales() || a.target() == b.target())
	}
	return c != nil && o != nil && equal(c.Read, o.Read) && equal(c.Write, o.Write)
}

// sent is what AWS is told about warm throughput; nil for nothing.
func (w *warm) sent() *types.WarmThroughput {
	if w == nil || w.Read.IsNull() && w.Write.IsNull() {
		return nil
	}
	return &types.WarmThroughput{ReadUnitsPerSecond: w.Read.ValueInt64Pointer(), WriteUnitsPerSecond: w.Write.ValueInt64Pointer()}
}

// changed is sent where it asks for something else than was.
func (w *warm) changed(was *warm) *types.WarmThroughput {
	if w == nil || was != nil && w.Read.Equal(was.Read) && w.Write.Equal(was.Write) {
		return nil
	}
	return w.sent()
}

// warmRead is what is there as far as was asks for it: AWS has more by itself.
func warmRead(was *warm, read, write *int64) *warm {
	if was == nil {
		return nil
	}
	atMost := func(asked basetypes.Int64, found *int64) basetypes.Int64 {
		if asked.IsNull() || aws.ToInt64(found) >= asked.ValueInt64() {
			return asked
		}
		return basetypes.Int64PointerValue(found)
	}
	return &warm{Read: atMost(was.Read, read), Write: atMost(was.Write, write)}
}
