package examples_test

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/gorilla/websocket"
)

// said is what a client of the chat sends or gets.
type said struct {
	Action string `json:"action,omitempty"`
	From   string `json:"from,omitempty"`
	Text   string `json:"text"`
}

// chat lets three clients talk: what one says the others get, and one that left is
// forgotten.
func (w *work) chat() {
	w.Helper()
	url := strings.TrimSpace(w.run("output", "-raw", "url"))
	alice, bob, carol := w.join(url), w.join(url), w.join(url)
	w.send(alice, said{Action: "send", Text: "hello"})
	first, second := w.hear(bob), w.hear(carol)
	if first.Text != "hello" || first.From == "" || first != second {
		w.Errorf("the others heard %+v and %+v, want the same hello", first, second)
	}
	w.send(bob, said{Action: "shout", Text: "HELLO"}) // for which there is no route
	if got := w.hear(bob); got.From != "" || !strings.HasPrefix(got.Text, "send ") {
		w.Errorf("the answer of $default is %+v, want what to send", got)
	}
	if err := carol.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Minute)); err != nil {
		w.Fatal(err)
	}
	w.connected(2)
	w.send(bob, said{Action: "send", Text: "she left"})
	if got := w.hear(alice); got.Text != "she left" || got.From == first.From {
		w.Errorf("alice heard %+v, want bob", got)
	}
	for _, c := range []*websocket.Conn{alice, bob, carol} {
		_ = c.Close() // as clients do that lose their network
	}
	w.connected(0)
}

// join connects one more client.
func (w *work) join(url string) *websocket.Conn {
	w.Helper()
	c, resp, err := websocket.DefaultDialer.DialContext(context.Background(), url, http.Header{})
	if err != nil {
		w.Fatalf("connecting to %s: %v", url, err)
	}
	_ = resp.Body.Close()
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		w.Fatal(err)
	}
	return c
}

func (w *work) send(c *websocket.Conn, m said) {
	w.Helper()
	if err := c.WriteJSON(m); err != nil {
		w.Fatal(err)
	}
}

func (w *work) hear(c *websocket.Conn) (m said) {
	w.Helper()
	if err := c.ReadJSON(&m); err != nil {
		w.Fatal(err)
	}
	return m
}

// connected waits until the table has so many connections.
func (w *work) connected(want int) {
	w.Helper()
	tables := dynamodb.NewFromConfig(w.emulator())
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 3000 {
		out, err := tables.Scan(context.Background(), &dynamodb.ScanInput{TableName: aws.String("connections"), ConsistentRead: aws.Bool(true)})
		if err != nil {
			w.Fatal(err)
		}
		if len(out.Items) == want {
			return
		}
		<-tick.C
	}
	w.Fatalf("there are not %d connections after a minute", want)
}
