package emulator_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// counter logs which messages came, as short as they are.
const counter = `
def handler(event, context):
    print("CAME " + ",".join(r["body"] for r in event["Records"]))
`

// TestManyMessages carries 10,000 messages to a function that succeeds: each comes
// exactly once.
func TestManyMessages(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 messages take some seconds")
	}
	t.Parallel()
	const n = 10_000
	c := config(start(t, emulator.Config{}))
	f := deployCode(t, c, "many", counter)
	url, arn := queueOf(t, c, "q", map[string]string{"VisibilityTimeout": "600"})
	queues := sqs.NewFromConfig(c)
	_, err := lambda.NewFromConfig(c).CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{
		FunctionName: &f.arn, EventSourceArn: &arn, BatchSize: aws.Int32(500), MaximumBatchingWindowInSeconds: aws.Int32(1),
	})
	must(t, err)
	var senders sync.WaitGroup
	for w := range 4 {
		senders.Go(func() {
			for i := w * n / 4; i < (w+1)*n/4; i += 10 {
				in := &sqs.SendMessageBatchInput{QueueUrl: &url}
				for j := range 10 {
					in.Entries = append(in.Entries, sqstypes.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(j)), MessageBody: aws.String(fmt.Sprint(i + j))})
				}
				if _, err := queues.SendMessageBatch(t.Context(), in); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	until(t, "the queue is empty", func() bool { return size(t, c, url) == "0+0" })
	came := map[string]int{}
	until(t, "all is logged", func() bool {
		clear(came)
		pages := cloudwatchlogs.NewFilterLogEventsPaginator(cloudwatchlogs.NewFromConfig(c), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/many")})
		for pages.HasMorePages() {
			out, err := pages.NextPage(t.Context())
			must(t, err)
			for _, e := range out.Events {
				if list, ok := strings.CutPrefix(strings.TrimSpace(*e.Message), "CAME "); ok {
					for id := range strings.SplitSeq(list, ",") {
						came[id]++
					}
				}
			}
		}
		return len(came) == n
	})
	for id, times := range came {
		if times != 1 {
			t.Errorf("%s came %d times", id, times)
		}
	}
}
