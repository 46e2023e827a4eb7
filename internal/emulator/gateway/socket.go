package gateway

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// Limits of WebSocket APIs.
const (
	maxMessage = 128 << 10 // bytes
	maxFrame   = 32 << 10  // bytes
	maxIdle    = 10 * time.Minute
	maxAge     = 2 * time.Hour
	maxWaiting = 64 // messages of one client that wait for those before them
	sendLimit  = 10 * time.Second
)

// socket is one WebSocket connection.
type socket struct {
	g     *Gateway
	id    string
	api   *API
	stage string
	ip    string
	agent string
	host  string // the domain name under which it came
	at    time.Time
	who   authorized
	key   string // the API key that the client has shown

	conn *websocket.Conn

	mu      sync.Mutex
	active  time.Time // of the last message, either way
	idle    clock.Timer
	old     clock.Timer
	waiting []waiting
	working bool
	room    chan struct{} // closed when there is room for a message again; nil when there is
	done    chan struct{} // closed when no message is worked on any more; nil when none is
	code    int           // why the gateway closes it; 0 when it does not
	reason  string
}

type waiting struct {
	typ  websocket.MessageType
	body []byte
}

func (g *Gateway) newSocket(q *request) *socket {
	return &socket{
		g: g, id: newConnectionID(), api: q.api, stage: q.stage.Name, at: q.at, active: q.at,
		ip: payload.Source(q.Request), agent: q.UserAgent(), host: q.domain(),
	}
}

// newConnectionID returns an id in the form of connections and messages, such as
// L0SM9cOFvHcCIhw=.
func newConnectionID() string {
	var b [11]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	return base64.URLEncoding.EncodeToString(b[:])
}

// sockets are the connections that are open.
type sockets struct {
	alive  context.Context
	end    context.CancelFunc
	mu     sync.Mutex
	open   map[string]*socket
	closed bool
	run    sync.WaitGroup
}

// add begins to read from a socket, unless the gateway is closed.
func (all *sockets) add(s *socket, conn *websocket.Conn) bool {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.closed {
		return false
	}
	s.conn = conn
	all.open[s.id] = s
	end := func() {}
	if connected := s.g.links.Connected; connected != nil {
		end = connected()
	}
	s.old = s.g.clock.AfterFunc(maxAge, func() { s.close(websocket.StatusGoingAway, "Connection duration limit reached") })
	s.touch()
	all.run.Go(func() {
		defer end()
		s.read()
	})
	return true
}

func (all *sockets) get(id string) *socket {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.open[id]
}

func (all *sockets) remove(id string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.open, id)
}

// Close ends every connection, without a call of the $disconnect routes, and waits until
// nothing of them runs any more.
func (g *Gateway) Close() error {
	all := &g.sockets
	all.mu.Lock()
	all.closed = true
	all.mu.Unlock()
	all.end() // which ends what reads from the connections
	all.run.Wait()
	if t, ok := g.proxy.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
	return nil
}

// read takes the client's messages until the connection ends, and calls the $disconnect
// route then.
func (s *socket) read() {
	ctx := s.g.sockets.alive
	var err error
	for {
		var typ websocket.MessageType
		var body []byte
		if typ, body, err = s.conn.Read(ctx); err != nil {
			break
		}
		s.touch()
		s.enqueue(ctx, waiting{typ, body})
	}
	s.g.sockets.remove(s.id)
	_ = s.conn.CloseNow() // it may be closed already
	s.mu.Lock()
	code, reason, done := s.code, s.reason, s.done
	if s.idle != nil {
		s.idle.Stop()
	}
	s.old.Stop()
	if ctx.Err() != nil {
		s.waiting = nil // what a client sent before it left is carried out, but not when the emulator closes
	}
	s.mu.Unlock()
	if done != nil {
		<-done
	}
	if ctx.Err() != nil {
		return // the emulator closes
	}
	if code == 0 {
		code, reason = cause(err)
	}
	s.g.depart(ctx, s, code, reason)
}

// cause is how a connection ended: the client's code, or that of a connection that broke.
func cause(err error) (code int, reason string) {
	var closed websocket.CloseError
	switch {
	case errors.As(err, &closed):
		return int(closed.Code), closed.Reason
	case errors.Is(err, websocket.ErrMessageTooBig), errors.Is(err, errFrame):
		return int(websocket.StatusMessageTooBig), "Message too big"
	}
	return int(websocket.StatusAbnormalClosure), "Connection closed abnormally"
}

// enqueue has a message delivered after those before it. When too many wait, it waits.
func (s *socket) enqueue(ctx context.Context, w waiting) {
	s.mu.Lock()
	for len(s.waiting) >= maxWaiting {
		if s.room == nil {
			s.room = make(chan struct{})
		}
		room := s.room
		s.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return
		}
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, w)
	if !s.working {
		s.working, s.done = true, make(chan struct{})
		s.g.sockets.run.Go(func() { s.work(ctx) })
	}
}

// work delivers messages as long as there are any.
func (s *socket) work(ctx context.Context) {
	for {
		s.mu.Lock()
		if len(s.waiting) == 0 {
			s.working = false
			close(s.done)
			s.done, s.waiting = nil, nil
			s.mu.Unlock()
			return
		}
		w := s.waiting[0]
		s.waiting = s.waiting[1:]
		if s.room != nil {
			close(s.room)
			s.room = nil
		}
		s.mu.Unlock()
		s.g.deliver(ctx, s, w.typ, w.body)
	}
}

// touch says that the connection is in use.
func (s *socket) touch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = s.g.clock.Now()
	if s.idle != nil {
		s.idle.Stop()
	}
	s.idle = s.g.clock.AfterFunc(maxIdle, func() { s.close(websocket.StatusGoingAway, "Going away") })
}

// close ends the connection for a reason of the gateway's. It does not wait until the
// client has agreed.
func (s *socket) close(code websocket.StatusCode, reason string) {
	s.mu.Lock()
	if s.code == 0 {
		s.code, s.reason = int(code), reason
	}
	s.mu.Unlock()
	all := &s.g.sockets
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.open, s.id)
	if !all.closed {
		all.run.Go(func() { _ = s.conn.Close(code, reason) }) // a client that has left is no error of ours
	}
}

// send sends a message to the client, who must take it in time.
func (s *socket) send(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	typ := websocket.MessageText
	if !utf8.Valid(body) {
		typ = websocket.MessageBinary
	}
	err := s.conn.Write(ctx, typ, body)
	if err == nil {
		s.touch()
	}
	return err
}

// complain tells the client why a message was not carried out.
func (s *socket) complain(ctx context.Context, text, requestID string) {
	body := `{"message": ` + quote(text) + `, "connectionId":` + quote(s.id) + `, "requestId":` + quote(requestID) + `}`
	_ = s.send(ctx, []byte(body)) // a client that has left is no error of ours
}

// hijacker hands out connections that refuse frames which are too large.
type hijacker struct{ http.ResponseWriter }

// Hijack implements [http.Hijacker].
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	m := &metered{Conn: conn, from: rw.Reader}
	return m, bufio.NewReadWriter(bufio.NewReaderSize(m, 1<<10), bufio.NewWriterSize(conn, 1<<10)), nil
}

var errFrame = errors.New("the client sent a frame that is too large")

// metered is a connection that follows the client's frames and ends at one that is larger
// than AWS takes.
type metered struct {
	net.Conn
	from *bufio.Reader // what the server has read ahead comes first
	head []byte        // of a frame that has not come in whole
	rest uint64        // of the payload of the frame that comes in
	err  error
}

// Read implements [net.Conn].
func (m *metered) Read(b []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	var n int
	var err error
	if m.from != nil && m.from.Buffered() > 0 {
		n, err = m.from.Read(b)
	} else {
		m.from = nil
		n, err = m.Conn.Read(b)
	}
	if m.follow(b[:n]) {
		return n, err
	}
	// A server's frame is not masked: close, two bytes, the code.
	frame := binary.BigEndian.AppendUint16([]byte{0x88, 2}, uint16(websocket.StatusMessageTooBig))
	_, _ = m.Write(frame) // the connection ends in any case
	m.err = errFrame
	return 0, m.err
}

// follow reports whether no frame is too large in what comes in.
func (m *metered) follow(b []byte) bool {
	for len(b) > 0 {
		if m.rest > 0 {
			n := min(m.rest, uint64(len(b)))
			m.rest -= n
			b = b[n:]
			continue
		}
		m.head = append(m.head, b[0])
		b = b[1:]
		size, whole := frameSize(m.head)
		if !whole {
			continue
		}
		if size > maxFrame {
			return false
		}
		m.head, m.rest = m.head[:0], size
	}
	return true
}

// frameSize is the size of a frame's payload; whole is false as long as its head is not
// there.
func frameSize(head []byte) (size uint64, whole bool) {
	if len(head) < 2 {
		return 0, false
	}
	mask := 0
	if head[1]&0x80 != 0 {
		mask = 4
	}
	switch n := head[1] & 0x7f; {
	case n < 126:
		return uint64(n), len(head) == 2+mask
	case n == 126:
		if len(head) < 4+mask {
			return 0, false
		}
		return uint64(binary.BigEndian.Uint16(head[2:])), true
	default:
		if len(head) < 10+mask {
			return 0, false
		}
		return binary.BigEndian.Uint64(head[2:]), true
	}
}

var _ io.Reader = (*metered)(nil)
