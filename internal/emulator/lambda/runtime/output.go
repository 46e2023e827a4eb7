package runtime

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"os"
	"strings"
	"sync"
)

// output carries what a process writes to its journal. This side keeps the write
// end too: a line of its own, sent down the same pipe, comes out behind everything
// that the process wrote before, which is how drain knows that nothing is left.
type output struct {
	r, w     *os.File
	mark     string // a secret line
	journal  *journal
	from     source
	marks    chan struct{}
	reading  sync.WaitGroup
	draining sync.Mutex
	closed   bool
}

// newOutput makes a pipe, whose lines go nowhere until bind.
func newOutput() (*output, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	var secret [16]byte
	_, _ = rand.Read(secret[:]) // never fails
	o := &output{r: r, w: w, mark: "\x00" + hex.EncodeToString(secret[:]), marks: make(chan struct{}, 1)}
	return o, nil
}

// bind begins to read.
func (o *output) bind(j *journal, from source) {
	o.draining.Lock()
	defer o.draining.Unlock()
	if !o.closed {
		o.journal, o.from = j, from
		o.reading.Go(o.read)
	}
}

// longest is where a line without an end is cut: what one log event may hold.
const longest = 256 * 1024

func (o *output) read() {
	var rest []byte
	buf := make([]byte, 32*1024)
	for {
		n, err := o.r.Read(buf)
		rest = o.split(append(rest, buf[:n]...))
		if err != nil {
			if len(rest) > 0 {
				o.journal.add(o.from, string(rest))
			}
			return
		}
	}
}

// split sends the lines of b to the journal and returns what is left.
func (o *output) split(b []byte) []byte {
	var lines []string
	for {
		line, rest, ok := bytes.Cut(b, []byte("\n"))
		if !ok {
			break
		}
		b = rest
		text, marked := strings.CutSuffix(string(line), o.mark)
		if !marked || text != "" {
			lines = append(lines, strings.TrimSuffix(text, "\r"))
		}
		if marked {
			o.journal.add(o.from, lines...)
			lines = nil
			o.marks <- struct{}{}
		}
	}
	if n := len(b) - len(o.mark); n > longest { // the mark may have begun
		lines = append(lines, string(b[:n]))
		b = b[n:]
	}
	o.journal.add(o.from, lines...)
	return b
}

// drain waits until everything written so far is in the journal.
func (o *output) drain() {
	if o == nil {
		return
	}
	o.draining.Lock()
	defer o.draining.Unlock()
	if o.closed || o.journal == nil {
		return
	}
	if _, err := o.w.WriteString(o.mark + "\n"); err == nil {
		<-o.marks
	}
}

// close drains the pipe and ends the reader, whoever else holds the write end.
func (o *output) close() {
	o.drain()
	o.draining.Lock()
	defer o.draining.Unlock()
	o.closed = true
	_ = o.w.Close()
	_ = o.r.Close()
	o.reading.Wait()
}
