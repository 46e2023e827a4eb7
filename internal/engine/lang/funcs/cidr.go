package funcs

import (
	"math/big"
	"net"
	"net/netip"

	"github.com/apparentlymart/go-cidr/cidr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/gocty"
)

var cidrHost = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "prefix", Type: cty.String},
		{Name: "hostnum", Type: cty.Number},
	},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		network, err := parseCIDR(args, 0)
		if err != nil {
			return cty.UnknownVal(cty.String), err
		}
		num, err := bigInt(args, 1)
		if err != nil {
			return cty.UnknownVal(cty.String), err
		}
		ip, err := cidr.HostBig(network, num)
		if err != nil {
			return cty.UnknownVal(cty.String), function.NewArgError(1, err)
		}
		return cty.StringVal(ip.String()), nil
	},
})

var cidrNetmask = function.New(&function.Spec{
	Params:       []function.Parameter{{Name: "prefix", Type: cty.String}},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		network, err := parseCIDR(args, 0)
		if err != nil {
			return cty.UnknownVal(cty.String), err
		}
		if network.IP.To4() == nil {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(0, "IPv6 addresses have no netmask, but a prefix length")
		}
		return cty.StringVal(net.IP(network.Mask).String()), nil
	},
})

var cidrSubnet = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "prefix", Type: cty.String},
		{Name: "newbits", Type: cty.Number},
		{Name: "netnum", Type: cty.Number},
	},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		network, err := parseCIDR(args, 0)
		if err != nil {
			return cty.UnknownVal(cty.String), err
		}
		var bits int
		if err := gocty.FromCtyValue(args[1], &bits); err != nil {
			return cty.UnknownVal(cty.String), function.NewArgError(1, err)
		}
		num, err := bigInt(args, 2)
		if err != nil {
			return cty.UnknownVal(cty.String), err
		}
		sub, err := cidr.SubnetBig(network, bits, num)
		if err != nil {
			return cty.UnknownVal(cty.String), function.NewArgError(1, err)
		}
		return cty.StringVal(sub.String()), nil
	},
})

// cidrSubnets lays subnets of the given extra prefix lengths one after another.
var cidrSubnets = function.New(&function.Spec{
	Params:       []function.Parameter{{Name: "prefix", Type: cty.String}},
	VarParam:     &function.Parameter{Name: "newbits", Type: cty.Number},
	Type:         function.StaticReturnType(cty.List(cty.String)),
	RefineResult: notNull,
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		network, err := parseCIDR(args, 0)
		if err != nil {
			return cty.UnknownVal(ty), err
		}
		start, width := network.Mask.Size()
		var current *net.IPNet
		var out []cty.Value
		for i, a := range args[1:] {
			var bits int
			if err := gocty.FromCtyValue(a, &bits); err != nil {
				return cty.UnknownVal(ty), function.NewArgError(i+1, err)
			}
			size := start + bits
			switch {
			case bits < 1:
				return cty.UnknownVal(ty), function.NewArgErrorf(i+1, "a subnet must extend the prefix by at least one bit")
			case bits > 32:
				return cty.UnknownVal(ty), function.NewArgErrorf(i+1, "a subnet may extend the prefix by at most 32 bits")
			case size > width:
				return cty.UnknownVal(ty), function.NewArgErrorf(i+1, "a prefix of %d bits leaves no room for %d more in an address of %d", start, bits, width)
			}
			if current == nil {
				current, err = cidr.Subnet(network, bits, 0)
				if err != nil {
					return cty.UnknownVal(ty), function.NewArgError(i+1, err)
				}
			} else {
				next, rollover := cidr.NextSubnet(current, size)
				if rollover || !network.Contains(next.IP) {
					return cty.UnknownVal(ty), function.NewArgErrorf(i+1, "there is no room left in %s for a subnet of %d bits after %s", network, size, current)
				}
				current = next
			}
			out = append(out, cty.StringVal(current.String()))
		}
		if len(out) == 0 {
			return cty.ListValEmpty(cty.String), nil
		}
		return cty.ListVal(out), nil
	},
})

// cidrContains tells whether a network holds an address or another network.
var cidrContains = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "containing_prefix", Type: cty.String},
		{Name: "contained_ip_or_prefix", Type: cty.String},
	},
	Type:         function.StaticReturnType(cty.Bool),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		outer, err := netip.ParsePrefix(args[0].AsString())
		if err != nil {
			return cty.UnknownVal(cty.Bool), function.NewArgErrorf(0, "this is not a network in CIDR notation: %s", err)
		}
		inner, err := netip.ParsePrefix(args[1].AsString())
		if err != nil {
			ip, err := netip.ParseAddr(args[1].AsString())
			if err != nil {
				return cty.UnknownVal(cty.Bool), function.NewArgErrorf(1, "this is neither an address nor a network in CIDR notation")
			}
			inner = netip.PrefixFrom(ip, ip.BitLen())
		}
		if outer.Addr().Is4() != inner.Addr().Is4() {
			return cty.UnknownVal(cty.Bool), function.NewArgErrorf(1, "the address family differs: %s vs. %s", outer, inner)
		}
		return cty.BoolVal(inner.Bits() >= outer.Bits() && outer.Contains(inner.Addr())), nil
	},
})

func parseCIDR(args []cty.Value, i int) (*net.IPNet, error) {
	_, network, err := net.ParseCIDR(args[i].AsString())
	if err != nil {
		return nil, function.NewArgErrorf(i, "this is not a network in CIDR notation, such as 10.0.0.0/16: %s", err)
	}
	return network, nil
}

func bigInt(args []cty.Value, i int) (*big.Int, error) {
	n, acc := args[i].AsBigFloat().Int(nil)
	if n == nil || acc != big.Exact {
		return nil, function.NewArgErrorf(i, "a whole number is required")
	}
	return n, nil
}
