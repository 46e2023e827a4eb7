package run

import "github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"

// Amount is how many children of a map run there are, and how many items they
// work on.
type Amount struct{ Children, Items int }

func (a *Amount) add(items int) { a.Children, a.Items = a.Children+1, a.Items+items }

func (a Amount) minus(b Amount) Amount { return Amount{a.Children - b.Children, a.Items - b.Items} }

// Run is how a map run stands.
type Run struct {
	Thread                                               int
	ARN                                                  string
	Status                                               Status
	Total, Running, Succeeded, Failed, TimedOut, Aborted Amount
	Concurrency                                          int     // 0 for as many as AWS runs at most
	Tolerated                                            int     // items; -1 for none given
	ToleratedPercentage                                  float64 // -1 for none given
}

// Runs are the map runs under way.
func (x *Execution) Runs() []Run {
	var out []Run
	for _, id := range x.ids() {
		if t := x.threads[id]; t.Group != nil && t.Group.MapRun != "" && !t.Group.Ended {
			out = append(out, t.run(Running))
		}
	}
	return out
}

// run is how the map run of a thread stands. Children that were at work when it
// ended are aborted.
func (t *thread) run(s Status) Run {
	g := t.Group
	r := Run{
		Thread: t.ID, ARN: g.MapRun, Status: s, Total: Amount{g.Next, g.Items}, TimedOut: g.TimedOut, Aborted: g.Aborted,
		Concurrency: g.Concurrency, Tolerated: g.Tolerated, ToleratedPercentage: g.ToleratedPart,
	}
	for _, index := range g.Running {
		r.Running.add(g.weight(index))
	}
	lost := Amount{len(g.Failed), g.FailedItems}
	r.Succeeded = r.Total.minus(lost).minus(r.Running)
	r.Failed = lost.minus(g.TimedOut).minus(g.Aborted)
	if s != Running {
		r.Aborted.Children += r.Running.Children
		r.Aborted.Items += r.Running.Items
		r.Running = Amount{}
	}
	return r
}

// weight is how many items a child works on.
func (g *group) weight(index int) int { return max(g.Weights[index], 1) }

// child names a child of a thread's map run.
func (t *thread) child(index int) Child {
	st := t.state()
	c := Child{Thread: t.ID, Index: index, MapRun: t.Group.MapRun, Scope: st.Map.Processor.Location, Workflow: asl.Standard, Items: t.Group.weight(index)}
	if st.Map.Express {
		c.Workflow = asl.Express
	}
	return c
}

// Children are the children under way, for a host that has lost them. They have no
// Input and no Item.
func (x *Execution) Children() []Child {
	var out []Child
	for _, id := range x.ids() {
		t := x.threads[id]
		if x.status != Running || t.Group == nil || !t.Group.Childs || t.Phase != grouped {
			continue
		}
		for _, index := range t.Group.Running {
			out = append(out, t.child(index))
		}
	}
	return out
}

// UpdateRun changes the limits of a map run; negative values leave one as it is. It
// tells whether the map run is under way.
func (x *Execution) UpdateRun(arn string, concurrency, tolerated int, percentage float64) bool {
	for _, t := range x.threads {
		g := t.Group
		if g == nil || g.MapRun != arn || g.Ended || t.Phase != grouped || x.status != Running {
			continue
		}
		if concurrency >= 0 {
			g.Concurrency = concurrency
		}
		if tolerated >= 0 {
			g.Tolerated = tolerated
		}
		if percentage >= 0 {
			g.ToleratedPart = percentage
		}
		x.touch(t)
		if st := t.state(); !x.exceeded(t, st, false) {
			x.fill(t, st)
		}
		return true
	}
	return false
}
