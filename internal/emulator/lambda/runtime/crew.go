package runtime

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// crew is the host's end of a sandbox that holds several programs: extensions, and
// the runtime, which starts when they have registered. Both ends write lines. To
// the sandbox: "start", "terminate" and "kill", which are for the runtime. From it:
// "NAME\tSTATUS" when a program has ended, with an empty name for the runtime.
type crew struct {
	ended func(extension, status string) // called for extensions
	out   *output                        // what extensions write

	mu   sync.Mutex
	pipe *os.File // nil when closed
}

// newCrew makes a crew, and adds what its other end needs to the command of a sandbox.
func newCrew(c *exec.Cmd, j *journal, ended func(extension, status string)) (*crew, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("making a line to the extensions: %w", err)
	}
	out, err := newOutput(j, fromExtension)
	if err != nil {
		return nil, errors.Join(err, ours.Close(), theirs.Close())
	}
	// start closes the extra files, and out still needs its own.
	w, err := duplicate(out.w)
	if err != nil {
		out.close()
		return nil, errors.Join(err, ours.Close(), theirs.Close())
	}
	c.ExtraFiles = append(c.ExtraFiles, theirs, w)
	return &crew{ended: ended, out: out, pipe: ours}, nil
}

// listen tells of the ends of programs, until the sandbox has ended.
func (w *crew) listen(p *process) {
	lines := bufio.NewScanner(w.pipe)
	for lines.Scan() {
		name, status, _ := strings.Cut(lines.Text(), "\t")
		if name == "" {
			p.end(status)
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
