package examples_test

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// uses are the stacks' own tests, by folder; the others are notes.
var uses = map[string]func(*work){"orders": (*work).orders, "saga": (*work).saga, "stream-processor": (*work).readings, "websocket-chat": (*work).chat}

// emulator is the configuration of clients of the example's emulator.
func (w *work) emulator() aws.Config {
	w.Helper()
	cli := *w
	cli.engine.path = filepath.Join(bin, "tfserverless")
	v := map[string]string{}
	for _, m := range regexp.MustCompile(`export (\w+)='([^']*)'`).FindAllStringSubmatch(cli.run("emulator", "env", "-region", "eu-north-1"), -1) {
		v[m[1]] = m[2]
	}
	return aws.Config{
		Region: "eu-north-1", BaseEndpoint: aws.String(v["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(v["AWS_ACCESS_KEY_ID"], v["AWS_SECRET_ACCESS_KEY"], ""),
	}
}

// saga takes three orders: one that is charged, one that is given back, and one
// that there is not enough for.
func (w *work) saga() {
	w.Helper()
	ctx, config := context.Background(), w.emulator()
	states, tables := sfn.NewFromConfig(config), dynamodb.NewFromConfig(config)
	machine := strings.TrimSpace(w.run("output", "-raw", "state_machine"))
	for _, order := range []struct {
		id              string
		price, quantity int
		status, says    string
		left            string
	}{
		{"small", 5, 3, "SUCCEEDED", `{"receipt":"receipt-small"}`, "7"},
		{"dear", 50, 4, "FAILED", "Shop.NotCharged: The card was refused: CardRefused", "7"},
		{"large", 1, 8, "FAILED", "Shop.SoldOut: There is not so much of it.", "7"},
	} {
		started, err := states.StartExecution(ctx, &sfn.StartExecutionInput{
			StateMachineArn: &machine, Name: &order.id,
			Input: aws.String(fmt.Sprintf(`{"id":%q,"sku":"tea","price":%d,"quantity":%d}`, order.id, order.price, order.quantity)),
		})
		if err != nil {
			w.Fatal(err)
		}
		end := w.ended(states, *started.ExecutionArn)
		says := aws.ToString(end.Output) + aws.ToString(end.Error) + ": " + aws.ToString(end.Cause)
		if string(end.Status) != order.status || strings.TrimSuffix(says, ": ") != order.says {
			w.Errorf("%s: %s with %s, want %s with %s", order.id, end.Status, says, order.status, order.says)
		}
		tea, err := tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("stock"), Key: map[string]dynamodbtypes.AttributeValue{"sku": &dynamodbtypes.AttributeValueMemberS{Value: "tea"}}})
		if err != nil {
			w.Fatal(err)
		}
		if units, ok := tea.Item["units"].(*dynamodbtypes.AttributeValueMemberN); !ok || units.Value != order.left {
			w.Errorf("%s: the stock is %v, want %s", order.id, tea.Item, order.left)
		}
	}
}

// ended is an execution at its end.
func (w *work) ended(c *sfn.Client, arn string) *sfn.DescribeExecutionOutput {
	w.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := c.DescribeExecution(context.Background(), &sfn.DescribeExecutionInput{ExecutionArn: &arn})
		if err != nil {
			w.Fatal(err)
		}
		if out.Status != types.ExecutionStatusRunning {
			return out
		}
		<-tick.C
	}
}

// readings counts readings once each, tells of one that cannot be read, and goes on.
func (w *work) readings() {
	w.Helper()
	config := w.emulator()
	tables, queues := dynamodb.NewFromConfig(config), sqs.NewFromConfig(config)
	put := func(sensor string, at int, value dynamodbtypes.AttributeValue) {
		w.Helper()
		if _, err := tables.PutItem(w.Context(), &dynamodb.PutItemInput{TableName: aws.String("readings"), Item: map[string]dynamodbtypes.AttributeValue{
			"sensor": &dynamodbtypes.AttributeValueMemberS{Value: sensor}, "at": &dynamodbtypes.AttributeValueMemberN{Value: strconv.Itoa(at)}, "value": value,
		}}); err != nil {
			w.Fatal(err)
		}
	}
	for at := range 30 {
		for _, sensor := range []string{"cellar", "roof"} {
			put(sensor, at, &dynamodbtypes.AttributeValueMemberN{Value: strconv.Itoa(at)})
		}
	}
	put("roof", 30, &dynamodbtypes.AttributeValueMemberS{Value: "warm"})
	put("roof", 31, &dynamodbtypes.AttributeValueMemberN{Value: "0.5"})
	for sensor, want := range map[string]string{"cellar": "30 435", "roof": "31 435.5"} {
		w.until(sensor+" has "+want, func() bool {
			out, err := tables.GetItem(w.Context(), &dynamodb.GetItemInput{TableName: aws.String("totals"), Key: map[string]dynamodbtypes.AttributeValue{"sensor": &dynamodbtypes.AttributeValueMemberS{Value: sensor}}})
			if err != nil {
				w.Fatal(err)
			}
			n, _ := out.Item["readings"].(*dynamodbtypes.AttributeValueMemberN)
			sum, _ := out.Item["sum"].(*dynamodbtypes.AttributeValueMemberN)
			return n != nil && sum != nil && n.Value+" "+sum.Value == want
		})
	}
	queue := strings.TrimSpace(w.run("output", "-raw", "unreadable"))
	out, err := queues.ReceiveMessage(w.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
	if err != nil {
		w.Fatal(err)
	}
	if len(out.Messages) != 1 || !strings.Contains(aws.ToString(out.Messages[0].Body), `"batchSize":1`) {
		w.Errorf("the queue of what cannot be read has %d messages, want one of one reading", len(out.Messages))
	}
}

// until asks again and again until what is waited for is so.
func (w *work) until(what string, is func() bool) {
	w.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(5 * time.Minute); !is(); {
		select {
		case <-limit:
			w.Fatalf("waiting in vain until %s", what)
		case <-tick.C:
		}
	}
}
