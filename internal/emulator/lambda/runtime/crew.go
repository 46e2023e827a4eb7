package runtime

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// crew is the host's end of a sandbox, whose first process holds the function's
// program and its extensions. Both ends write lines. To the sandbox: first its
// [sandboxSpec], then "start", when extensions have registered, "terminate" and
// "kill", which are for the function's program. From it: "NAME\tSTATUS" when a program
// has ended, with an empty name for the function's.
type crew struct {
	out     *output // what extensions write
	several bool    // there are extensions
	ended   func(extension, status string)

	mu   sync.Mutex
	pipe *os.File // nil when closed
}

// newCrew makes a crew, and adds what its other end needs to the command of a sandbox.
func newCrew(c *exec.Cmd) (*crew, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("making a line to a sandbox: %w", err)
	}
	out, err := newOutput()
	if err != nil {
		return nil, errors.Join(err, ours.Close(), theirs.Close())
	}
	c.ExtraFiles = append(c.ExtraFiles, theirs, out.w)
	return &crew{out: out, pipe: ours}, nil
}

// tell sends the description of the sandbox. It is called once, before bind.
func (w *crew) tell(spec sandboxSpec, ended func(extension, status string)) error {
	b, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	w.several, w.ended = len(spec.Extensions) > 0, ended
	w.say(string(b))
	return nil
}

// listen tells of the ends of programs, until the sandbox has ended.
func (w *crew) listen(p *process) {
	w.mu.Lock()
	pipe := w.pipe
	w.mu.Unlock()
	if pipe == nil {
		return
	}
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		name, status, _ := strings.Cut(lines.Text(), "\t")
		if name == "" {
			p.end(status)
			if !w.several {
				p.kill() // with what the program has left
			}
		} else {
			w.ended(name, status)
		}
	}
}

// say sends a line; a sandbox that has ended needs none.
func (w *crew) say(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pipe != nil {
		_, _ = w.pipe.WriteString(line + "\n")
	}
}

func (w *crew) stop(kindly bool) {
	if kindly {
		w.say("terminate")
	} else {
		w.say("kill")
	}
}

func (w *crew) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.pipe.Close()
	w.pipe = nil
	w.out.close()
}
