package runtime

import "sync"

// spare is a sandbox's first process that has been started ahead: it is this
// project's whole binary, whose start takes longer than the rest of a sandbox.
type spare struct {
	mu     sync.Mutex
	p      *process
	closed bool
}

// sandboxProcess returns a process that awaits its description.
func (h *Host) sandboxProcess() (*process, error) {
	h.spare.mu.Lock()
	p := h.spare.p
	h.spare.p = nil
	h.spare.mu.Unlock()
	if p != nil {
		select {
		case <-p.done: // killed by whomever
		default:
			return p, nil
		}
	}
	return h.newSandbox()
}

func (h *Host) newSandbox() (*process, error) {
	c := h.sandboxCommand()
	w, err := newCrew(c)
	if err != nil {
		return nil, err
	}
	return h.starter.start(c, h.records, w)
}

// prefork starts a process for the next sandbox in the background, if there is none.
func (h *Host) prefork() {
	h.begin(func() {
		h.spare.mu.Lock()
		defer h.spare.mu.Unlock()
		if h.spare.p != nil || h.spare.closed {
			return
		}
		if p, err := h.newSandbox(); err == nil { // otherwise the next start will say why
			h.spare.p = p
		}
	})
}

func (s *spare) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.p != nil {
		s.p.kill()
		<-s.p.done
	}
}
