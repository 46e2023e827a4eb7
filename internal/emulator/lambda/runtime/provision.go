package runtime

import (
	"context"
	"fmt"
)

// provision is a number of environments of one function that are started ahead of
// its events; the host's mu guards it.
type provision struct {
	f         *Function
	requested int
	ready     int // started, idle or busy
	starting  int
	failure   string
	changed   chan struct{}
}

// Provisioned is how far environments are started ahead.
type Provisioned struct {
	Requested int
	Ready     int // of them; more while some are being given up
	// Failure is why no further ones are started: the text of the error in the
	// function's init phase; empty while all is well.
	Failure string
	// Changed is closed as soon as any of this is different.
	Changed <-chan struct{}
}

// Provision starts n environments of the function ahead of its events and keeps
// them, without an idle time, until it is called again for the function's key, with
// 0 to give them up, or the function is drained. It does not wait for them:
// [Host].Provisioned tells when they are ready. Events beyond n are served by
// further environments. A call after a failure tries again.
func (h *Host) Provision(f *Function, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.provisions[f.Key]
	if p == nil {
		p = &provision{f: f, changed: make(chan struct{})}
		h.provisions[f.Key] = p
	}
	p.change(func() { p.requested, p.failure = n, "" })
	if n <= 0 {
		delete(h.provisions, f.Key)
	}
	// The idle ones go first.
	for _, e := range append([]*environment(nil), h.idle[f.Key]...) {
		if e.provision == p && p.ready > p.requested {
			h.retire(e)
		}
	}
	for e := range h.all {
		if e.provision == p && p.ready > p.requested {
			e.provision = nil
			p.ready--
		}
	}
	h.fill(p)
}

// Provisioned returns how far the environments of the function of that key are; all
// zero where none are asked for.
func (h *Host) Provisioned(key string) Provisioned {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.provisions[key]
	if p == nil {
		return Provisioned{}
	}
	return Provisioned{Requested: p.requested, Ready: p.ready, Failure: p.failure, Changed: p.changed}
}

// change carries out do and tells who watches.
func (p *provision) change(do func()) {
	do()
	close(p.changed)
	p.changed = make(chan struct{})
}

// fill starts the environments that are missing; h.mu is held.
func (h *Host) fill(p *provision) {
	for !h.closed && p.failure == "" && p.ready+p.starting < p.requested {
		p.starting++
		h.work.Go(func() { h.prepare(p) })
	}
}

// prepare starts one environment ahead.
func (h *Host) prepare(p *provision) {
	e, err := h.open(context.Background(), p.f, true)
	var f *failure
	if err == nil {
		f = e.prepare()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p.starting--
	switch {
	case err != nil:
		p.change(func() { p.failure = err.Error() })
	case f != nil:
		h.discard(e)
		p.change(func() { p.failure = fmt.Sprintf("%s: %s", f.kind, f.body) })
	case h.closed || e.draining || p.ready >= p.requested:
		h.discard(e)
	default:
		e.provision = p
		p.change(func() { p.ready++ })
		h.idle[e.f.Key] = append(h.idle[e.f.Key], e)
	}
}

// initialization says how the environment came to be, in AWS's words.
func (e *environment) initialization() string {
	if e.ahead {
		return "provisioned-concurrency"
	}
	return "on-demand"
}
