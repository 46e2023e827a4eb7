package runtime

import (
	"bytes"
	"os"
	"strings"
	"sync"
)

// output carries what a process writes to its journal.
type output struct {
	r, w    *os.File // w is the process's
	journal *journal
	from    source
	reading sync.WaitGroup

	mu     sync.Mutex // held from reading until the journal has the lines
	buf    []byte
	rest   []byte // a line without its end
	closed bool
}

// newOutput makes a pipe, whose lines go nowhere until bind.
func newOutput() (*output, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &output{r: r, w: w, buf: make([]byte, 32*1024)}, nil
}

// started gives up the end that the process has by now.
func (o *output) started() { _ = o.w.Close() }

// bind begins to read.
func (o *output) bind(j *journal, from source) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.journal, o.from = j, from
		o.reading.Go(o.read)
	}
}

// longest is where a line without an end is cut: what one log event may hold.
const longest = 256 * 1024

// take sends the lines of b, which follow on what came before, to the journal; o.mu
// is held.
func (o *output) take(b []byte) {
	o.rest = append(o.rest, b...)
	var lines []string
	for {
		line, rest, ok := bytes.Cut(o.rest, []byte("\n"))
		if !ok {
			break
		}
		lines = append(lines, strings.TrimSuffix(string(line), "\r"))
		o.rest = rest
	}
	for len(o.rest) > longest {
		lines = append(lines, string(o.rest[:longest]))
		o.rest = o.rest[longest:]
	}
	o.journal.add(o.from, lines...)
}

// close takes what is left in the pipe and ends the reader, whoever else holds the
// other end.
func (o *output) close() {
	o.drain()
	o.mu.Lock()
	o.closed = true
	if len(o.rest) > 0 {
		o.journal.add(o.from, string(o.rest))
		o.rest = nil
	}
	o.mu.Unlock()
	_ = o.w.Close()
	_ = o.r.Close()
	o.reading.Wait()
}
