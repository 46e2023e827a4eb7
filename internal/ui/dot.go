package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// Node is a resource of the configuration with all that it depends on, directly
// or through others.
type Node struct {
	Addr  addr.ConfigResource
	Needs []addr.ConfigResource
}

const dotHead = "digraph G {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n"

// Graph draws resources and the direct dependencies between them, in the DOT
// language.
func Graph(nodes []Node) string {
	nodes = slices.Clone(nodes)
	slices.SortFunc(nodes, func(a, b Node) int { return compareResources(a.Addr, b.Addr) })
	needs := map[addr.ConfigResource]map[addr.ConfigResource]bool{}
	for _, n := range nodes {
		needs[n.Addr] = map[addr.ConfigResource]bool{}
		for _, need := range n.Needs {
			needs[n.Addr][need] = true
		}
	}
	var b strings.Builder
	b.WriteString(dotHead)
	module := addr.Module("")
	for _, n := range nodes {
		if n.Addr.Module != module {
			if module != "" {
				b.WriteString("  }\n")
			}
			module = n.Addr.Module
			fmt.Fprintf(&b, "  subgraph %q {\n    label = %q\n    fontname = \"sans-serif\"\n", "cluster_"+string(module), string(module))
		}
		pad := "  "
		if module != "" {
			pad = "    "
		}
		fmt.Fprintf(&b, "%s%q [label=%q];\n", pad, n.Addr.String(), n.Addr.Resource.String())
	}
	if module != "" {
		b.WriteString("  }\n")
	}
	for _, n := range nodes {
		direct := slices.DeleteFunc(slices.Clone(n.Needs), func(need addr.ConfigResource) bool {
			return needs[need] == nil || slices.ContainsFunc(n.Needs, func(between addr.ConfigResource) bool { return between != need && needs[between][need] })
		})
		slices.SortFunc(direct, compareResources)
		for _, need := range direct {
			fmt.Fprintf(&b, "  %q -> %q;\n", n.Addr.String(), need.String())
		}
	}
	return b.String() + "}\n"
}

func compareResources(a, b addr.ConfigResource) int {
	if a.Module != b.Module {
		return strings.Compare(string(a.Module), string(b.Module))
	}
	return strings.Compare(a.Resource.String(), b.Resource.String())
}

// GraphOfPlan draws the steps of applying a plan, each with those that it waits
// for, in the DOT language.
func GraphOfPlan(p *plan.Plan) string {
	label := func(op plan.Op) string {
		if op.Kind == plan.Invoke {
			return p.Invocations[op.Change].Addr.String() + " (invoke)"
		}
		c := p.Changes[op.Change]
		word := c.Action.String()
		switch {
		case op.Kind == plan.Remove:
			word = plan.Delete.String()
		case c.Action.Replaces(), c.Action == plan.ForgetCreate:
			word = plan.Create.String()
		}
		return c.Addr.String() + deposedText(c.Deposed) + " (" + word + ")"
	}
	// What a meeting point waits for is drawn at those who wait for it.
	var waits func(i int, seen map[int]bool) []int
	waits = func(i int, seen map[int]bool) []int {
		var out []int
		for _, before := range p.Graph[i].After {
			switch {
			case seen[before]:
			case p.Graph[before].Kind == plan.Join:
				seen[before] = true
				out = append(out, waits(before, seen)...)
			default:
				seen[before] = true
				out = append(out, before)
			}
		}
		return out
	}
	var nodes, edges []string
	for i, op := range p.Graph {
		if op.Kind == plan.Join {
			continue
		}
		nodes = append(nodes, fmt.Sprintf("  %q;\n", label(op)))
		for _, before := range waits(i, map[int]bool{}) {
			edges = append(edges, fmt.Sprintf("  %q -> %q;\n", label(op), label(p.Graph[before])))
		}
	}
	slices.Sort(nodes)
	slices.Sort(edges)
	return dotHead + strings.Join(nodes, "") + strings.Join(edges, "") + "}\n"
}
