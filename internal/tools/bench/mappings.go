package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	queuetypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// sources are what the measurements of event source mappings need.
type sources struct {
	functions *lambda.Client
	queues    *sqs.Client
	tables    *dynamodb.Client
	logs      *cloudwatchlogs.Client
}

// mappings measures how long a record takes from its sender to the function, and how
// long many messages take, of which each must come once.
func (b *bench) mappings(ctx context.Context) error {
	s, err := b.ours(ctx, true)
	if err != nil {
		return err
	}
	defer s.stop()
	keys := credentials.NewStaticCredentialsProvider(s.key, s.secret, "")
	role, err := makeRole(ctx, s, keys)
	if err != nil {
		return err
	}
	c := sources{
		lambda.New(lambda.Options{Region: region, BaseEndpoint: &s.url, Credentials: keys}),
		sqs.New(sqs.Options{Region: region, BaseEndpoint: &s.url, Credentials: keys}),
		dynamodb.New(dynamodb.Options{Region: region, BaseEndpoint: &s.url, Credentials: keys}),
		cloudwatchlogs.New(cloudwatchlogs.Options{Region: region, BaseEndpoint: &s.url, Credentials: keys}),
	}
	for _, name := range []string{"queued", "streamed", "many"} {
		if err := b.make(ctx, c.functions, functions[0], name, role); err != nil {
			return err
		}
	}
	send, err := c.queued(ctx, "queued", 1)
	if err != nil {
		return err
	}
	put, err := c.streamed(ctx)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		what, function string
		send           func(ctx context.Context, text string) error
	}{{"SQS", "queued", send}, {"a table's stream", "streamed", put}} {
		took, err := c.latency(ctx, m.function, m.send)
		if err != nil {
			return fmt.Errorf("%s: %w", m.what, err)
		}
		b.add("record to invocation, median: "+m.what, took, "ms", 5, "from before it is sent")
	}
	took, err := c.many(ctx, 10_000)
	if err != nil {
		return err
	}
	b.add("10,000 messages through a mapping, each once", took.Seconds(), "s", 0, "batches of 100")
	return nil
}

// queued makes a queue for the function, and returns what sends a message to it.
func (c sources) queued(ctx context.Context, function string, batch int32) (send func(context.Context, string) error, err error) {
	q, err := c.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &function, Attributes: map[string]string{"VisibilityTimeout": "600"}})
	if err != nil {
		return nil, fmt.Errorf("making a queue: %w", err)
	}
	a, err := c.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: q.QueueUrl, AttributeNames: []queuetypes.QueueAttributeName{"QueueArn"}})
	if err != nil {
		return nil, err
	}
	in := &lambda.CreateEventSourceMappingInput{FunctionName: &function, EventSourceArn: aws.String(a.Attributes["QueueArn"]), BatchSize: &batch}
	if batch > 10 { // which AWS demands
		in.MaximumBatchingWindowInSeconds = aws.Int32(1)
	}
	if _, err := c.functions.CreateEventSourceMapping(ctx, in); err != nil {
		return nil, fmt.Errorf("mapping a queue: %w", err)
	}
	return func(ctx context.Context, text string) error {
		_, err := c.queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: &text})
		return err
	}, nil
}

// streamed makes a table whose stream goes to the function of that name, and returns
// what puts an item into it.
func (c sources) streamed(ctx context.Context) (put func(context.Context, string) error, err error) {
	name := aws.String("streamed")
	t, err := c.tables.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: name, BillingMode: tabletypes.BillingModePayPerRequest,
		AttributeDefinitions: []tabletypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []tabletypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		StreamSpecification:  &tabletypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: tabletypes.StreamViewTypeNewImage},
	})
	if err != nil {
		return nil, fmt.Errorf("making a table: %w", err)
	}
	if err := dynamodb.NewTableExistsWaiter(c.tables).Wait(ctx, &dynamodb.DescribeTableInput{TableName: name}, time.Minute); err != nil {
		return nil, err
	}
	_, err = c.functions.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName: name, EventSourceArn: t.TableDescription.LatestStreamArn, StartingPosition: types.EventSourcePositionTrimHorizon,
	})
	if err != nil {
		return nil, fmt.Errorf("mapping a stream: %w", err)
	}
	return func(ctx context.Context, text string) error {
		_, err := c.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: map[string]tabletypes.AttributeValue{"id": &tabletypes.AttributeValueMemberS{Value: text}}})
		return err
	}, nil
}

// latency sends single records, each with its time, and returns the median of how long
// they took to the function, in ms.
func (c sources) latency(ctx context.Context, function string, send func(context.Context, string) error) (float64, error) {
	const n, first = 100, "0"
	if err := send(ctx, first); err != nil {
		return 0, err
	}
	if _, err := c.wait(ctx, function, 1); err != nil { // the mapping begins
		return 0, err
	}
	for range n {
		if err := send(ctx, strconv.FormatInt(time.Now().UnixMicro(), 10)); err != nil {
			return 0, err
		}
		rest(10 * time.Millisecond)
	}
	var took []float64
	came, err := c.wait(ctx, function, 1+n)
	if err != nil {
		return 0, err
	}
	delete(came, first)
	for sent, times := range came {
		at, err := strconv.ParseInt(sent, 10, 64)
		if err != nil {
			return 0, err
		}
		took = append(took, float64(times[0]-at)/1000)
	}
	return median(took), nil
}

// wait returns when the function has had n different records: when each of them came,
// by their texts.
func (c sources) wait(ctx context.Context, function string, n int) (came map[string][]int64, err error) {
	for range 1200 {
		came = map[string][]int64{}
		pages := cloudwatchlogs.NewFilterLogEventsPaginator(c.logs, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/" + function), FilterPattern: aws.String("CAME")})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			var none *logtypes.ResourceNotFoundException
			if errors.As(err, &none) {
				break // nothing came yet
			}
			if err != nil {
				return nil, err
			}
			for _, e := range out.Events {
				f := strings.Fields(*e.Message)
				at, err := strconv.ParseInt(f[1], 10, 64)
				if err != nil {
					return nil, err
				}
				came[f[2]] = append(came[f[2]], at)
			}
		}
		if len(came) == n {
			return came, nil
		}
		rest(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("only %d of %d records came", len(came), n)
}

// many sends n messages over a few connections, and returns how long it took from the
// first one's sending until the last one came.
func (c sources) many(ctx context.Context, n int) (time.Duration, error) {
	if _, err := c.queued(ctx, "many", 100); err != nil {
		return 0, err
	}
	q, err := c.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("many")})
	if err != nil {
		return 0, err
	}
	const connections, batch = 4, 10
	errs := make([]error, connections)
	start := time.Now()
	var all sync.WaitGroup
	for k := range connections {
		all.Go(func() {
			for i := k * n / connections; i < (k+1)*n/connections && errs[k] == nil; i += batch {
				in := &sqs.SendMessageBatchInput{QueueUrl: q.QueueUrl}
				for j := range batch {
					in.Entries = append(in.Entries, queuetypes.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(j)), MessageBody: aws.String(strconv.Itoa(i + j))})
				}
				_, errs[k] = c.queues.SendMessageBatch(ctx, in)
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	came, err := c.wait(ctx, "many", n)
	if err != nil {
		return 0, err
	}
	last := int64(0)
	for text, times := range came {
		if len(times) != 1 {
			return 0, fmt.Errorf("the message %s came %d times", text, len(times))
		}
		last = max(last, times[0])
	}
	return time.UnixMicro(last).Sub(start), nil
}
