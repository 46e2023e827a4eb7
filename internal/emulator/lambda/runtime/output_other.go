//go:build !unix

package runtime

// read moves what the process writes to the journal, until nobody can write any more
// or the output is closed.
func (o *output) read() {
	for {
		n, err := o.r.Read(o.buf)
		if err != nil {
			return
		}
		o.mu.Lock()
		o.take(o.buf[:n])
		o.mu.Unlock()
	}
}

// drain cannot see here what is in the pipe.
func (o *output) drain() {}
