package examples_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/go-jose/go-jose/v4"
)

// An issuer signs the tokens of customers.
type issuer struct {
	url string
	key jose.JSONWebKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: jose.JSONWebKey{Key: key, KeyID: "one", Algorithm: string(jose.RS256), Use: "sig"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any = map[string]string{"issuer": i.url, "jwks_uri": i.url + "/keys"}
		if r.URL.Path == "/keys" {
			answer = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.key.Public()}}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// token says to the shop who the customer is.
func (i *issuer) token(t *testing.T, customer string) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: i.key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := json.Marshal(map[string]any{"iss": i.url, "aud": "shop", "sub": customer, "exp": time.Now().Add(time.Hour).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestAccOrdersActions applies the variant of the orders stack whose smoke call is an
// action, with our engine alone: not each of the others has actions.
func TestAccOrdersActions(t *testing.T) {
	needs(t, "stacks/orders")
	w := start(t, "stacks/orders", engines(t)[0])
	w.shop()
	smoke, err := os.ReadFile("stacks/orders/action/smoke.tf")
	if err != nil {
		t.Fatal(err)
	}
	w.write("smoke.tf", string(smoke))
	if out := w.run("apply", "-auto-approve", "-no-color"); !strings.Contains(out, `answered {"statusCode":200`) {
		t.Errorf("the smoke call is not told of:\n%s", out)
	}
	w.run("plan", "-detailed-exitcode", "-no-color")
	// What does not answer ends the apply of the version that does not.
	w.write(filepath.Join("src", "orders-api", "order.mjs"), "export const shown = 'nothing else'\n")
	if out, err := w.try("apply", "-auto-approve", "-no-color"); err == nil || !strings.Contains(out, "does not provide an export") {
		t.Errorf("applying a function that does not work: %v\n%s", err, out)
	}
	w.run("destroy", "-auto-approve", "-no-color")
}

// shop says to the orders stack whose tokens it takes.
func (w *work) shop() {
	w.Helper()
	w.issuer = newIssuer(w.T)
	w.env = append(w.env, "TF_VAR_issuer="+w.issuer.url)
}

// orders buys something that is paid and something that is too dear, and looks at all
// that follows.
func (w *work) orders() {
	w.Helper()
	url := strings.TrimSpace(w.run("output", "-raw", "url"))
	call := func(customer, method, path, body string, want int) (answer struct {
		ID, Status string
		Total      float64
		Orders     []struct{ ID string }
	}) {
		w.Helper()
		req, err := http.NewRequestWithContext(w.Context(), method, url+path, strings.NewReader(body))
		if err != nil {
			w.Fatal(err)
		}
		if customer != "" {
			req.Header.Set("Authorization", "Bearer "+w.issuer.token(w.T, customer))
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			w.Fatal(err)
		}
		defer resp.Body.Close()
		got, err := io.ReadAll(resp.Body)
		if err != nil {
			w.Fatal(err)
		}
		if resp.StatusCode != want {
			w.Fatalf("%s %s: got %d %s, want %d", method, path, resp.StatusCode, got, want)
		}
		if err := json.Unmarshal(got, &answer); err != nil {
			w.Fatalf("%s %s: %v in %s", method, path, err, got)
		}
		return answer
	}
	call("", http.MethodGet, "/orders", "", http.StatusUnauthorized)
	call("ann", http.MethodPost, "/orders", "{}", http.StatusBadRequest)
	call("ann", http.MethodGet, "/orders/none", "", http.StatusNotFound)
	paid := call("ann", http.MethodPost, "/orders", `{"total": 12.5}`, http.StatusCreated)
	if paid.Status != "NEW" || paid.Total != 12.5 {
		w.Errorf("the new order is %+v", paid)
	}
	w.until("the order is paid", func() bool {
		return call("ann", http.MethodGet, "/orders/"+paid.ID, "", http.StatusOK).Status == "PAID"
	})
	if got := call("bob", http.MethodGet, "/orders", "", http.StatusOK).Orders; len(got) != 0 {
		w.Errorf("bob sees the orders %v of others", got)
	}
	dear := call("ann", http.MethodPost, "/orders", `{"total": 5000}`, http.StatusCreated)
	config := w.emulator()
	logs, tables, queues := cloudwatchlogs.NewFromConfig(config), dynamodb.NewFromConfig(config), sqs.NewFromConfig(config)
	for _, mail := range []string{
		"to ann: order#" + paid.ID + " is paid, receipt-" + paid.ID,
		"to ann: order#" + dear.ID + " is not paid",
	} {
		w.until("there is the mail "+mail, func() bool {
			out, err := logs.FilterLogEvents(w.Context(), &cloudwatchlogs.FilterLogEventsInput{
				LogGroupName: aws.String("/aws/lambda/shop-dev-mailer"), FilterPattern: aws.String(`"` + mail + `"`),
			})
			if err != nil {
				w.Fatal(err)
			}
			return len(out.Events) > 0
		})
	}
	if got := call("ann", http.MethodGet, "/orders/"+dear.ID, "", http.StatusOK).Status; got != "NEW" {
		w.Errorf("the order that was refused is %s, want NEW", got)
	}
	if got := call("ann", http.MethodGet, "/orders", "", http.StatusOK).Orders; len(got) != 2 {
		w.Errorf("ann has the orders %v, want two", got)
	}
	w.until("the function has seen the last order", func() bool {
		out, err := tables.GetItem(w.Context(), &dynamodb.GetItemInput{TableName: aws.String("shop-dev-orders"), Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "ann"}, "sk": &types.AttributeValueMemberS{Value: "latest"},
		}})
		if err != nil {
			w.Fatal(err)
		}
		latest, ok := out.Item["order"].(*types.AttributeValueMemberS)
		return ok && latest.Value == dear.ID
	})
	w.late(config, dear.ID)
	for _, name := range []string{"shop-dev-failures", "shop-dev-mail", "shop-dev-mail-dlq"} {
		w.until(name+" is empty", func() bool { return w.empty(queues, name) })
	}
}

// late gives the projector a record again that another one of the same order has
// followed: it changes nothing.
func (w *work) late(config aws.Config, order string) {
	w.Helper()
	tables, functions := dynamodb.NewFromConfig(config), lambda.NewFromConfig(config)
	key := func(sk string) *dynamodb.GetItemInput {
		return &dynamodb.GetItemInput{TableName: aws.String("shop-dev-orders"), ConsistentRead: aws.Bool(true), Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "ann"}, "sk": &types.AttributeValueMemberS{Value: sk},
		}}
	}
	at := func() string {
		out, err := tables.GetItem(w.Context(), key("order#"+order))
		if err != nil {
			w.Fatal(err)
		}
		n, ok := out.Item["created_at"].(*types.AttributeValueMemberN)
		if !ok {
			w.Fatalf("the order %s is %v", order, out.Item)
		}
		return n.Value
	}()
	record := fmt.Sprintf(`{"Records": [{"dynamodb": {"SequenceNumber": "1", "NewImage": {
		"pk": {"S": "ann"}, "id": {"S": %q}, "status": {"S": "STALE"}, "created_at": {"N": %q}}}}]}`, order, at)
	said, err := functions.Invoke(w.Context(), &lambda.InvokeInput{FunctionName: aws.String("shop-dev-order-projector"), Payload: []byte(record)})
	if err != nil || said.FunctionError != nil {
		w.Fatalf("calling the projector: %v, %s", err, said.Payload)
	}
	out, err := tables.GetItem(w.Context(), key("latest"))
	if err != nil {
		w.Fatal(err)
	}
	if state, ok := out.Item["state"].(*types.AttributeValueMemberS); !ok || state.Value != "NEW" {
		w.Errorf("after a late record the latest order is %v, want it as it was", out.Item)
	}
}

// empty tells that a queue has no messages, and that nobody is at work on one. A read
// that does not see the queue yet tells nothing.
func (w *work) empty(queues *sqs.Client, name string) bool {
	w.Helper()
	q, err := queues.GetQueueUrl(w.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
	var unseen *sqstypes.QueueDoesNotExist
	if errors.As(err, &unseen) {
		return false
	}
	if err != nil {
		w.Fatal(err)
	}
	waiting, taken := sqstypes.QueueAttributeNameApproximateNumberOfMessages, sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible
	out, err := queues.GetQueueAttributes(w.Context(), &sqs.GetQueueAttributesInput{QueueUrl: q.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{waiting, taken}})
	if err != nil {
		w.Fatal(err)
	}
	return out.Attributes[string(waiting)] == "0" && out.Attributes[string(taken)] == "0"
}
