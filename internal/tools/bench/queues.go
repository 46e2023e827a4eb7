package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// queues measures how many messages can be sent, received and deleted in a second,
// over a few connections at once, of an emulator in memory. Only the deletion is
// signed anew each time: it names what the reception has answered.
func (b *bench) queues(ctx context.Context) error {
	s, err := b.ours(ctx, false)
	if err != nil {
		return err
	}
	defer s.stop()
	keys := credentials.NewStaticCredentialsProvider(s.key, s.secret, "")
	q, err := sqs.New(sqs.Options{Region: region, BaseEndpoint: &s.url, Credentials: keys}).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("bench")})
	if err != nil {
		return fmt.Errorf("making a queue: %w", err)
	}
	send, err := prepareCall(s, "sqs", "AmazonSQS.SendMessage", fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":"a message of some length, as they are"}`, *q.QueueUrl))
	if err != nil {
		return err
	}
	receive, err := prepareCall(s, "sqs", "AmazonSQS.ReceiveMessage", fmt.Sprintf(`{"QueueUrl":%q}`, *q.QueueUrl))
	if err != nil {
		return err
	}
	const connections = 4
	var cycles atomic.Int64
	errs := make([]error, connections)
	start, before := time.Now(), cpuOf(s.pid)
	end := start.Add(3 * time.Second)
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() { errs[i] = cycle(ctx, s, *q.QueueUrl, send, receive, end, &cycles) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	b.add("SQS: send, receive, delete", float64(cycles.Load())/time.Since(start).Seconds(), "/s", 4000, "in memory, 4 connections")
	b.results[len(b.results)-1].least = true
	b.add("SQS: CPU of the server for each of them", (cpuOf(s.pid)-before)/float64(cycles.Load()), "µs", 0, "")
	return nil
}

// cycle sends, receives and deletes messages over one connection until the time is
// over.
func cycle(ctx context.Context, s *server, queue string, send, receive prepared, end time.Time, cycles *atomic.Int64) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		return err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	ask := func(p prepared) ([]byte, error) {
		if _, err := conn.Write(p); err != nil {
			return nil, err
		}
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		var body bytes.Buffer
		if _, err := body.ReadFrom(resp.Body); err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("the server answers %s %s", resp.Status, body.Bytes())
		}
		return body.Bytes(), nil
	}
	for time.Now().Before(end) {
		if _, err := ask(send); err != nil {
			return err
		}
		answer, err := ask(receive)
		if err != nil {
			return err
		}
		var got struct {
			Messages []struct{ ReceiptHandle string }
		}
		if err := json.Unmarshal(answer, &got); err != nil {
			return err
		}
		if len(got.Messages) == 0 {
			return errors.New("a message that was sent is not there")
		}
		remove, err := prepareCall(s, "sqs", "AmazonSQS.DeleteMessage", fmt.Sprintf(`{"QueueUrl":%q,"ReceiptHandle":%q}`, queue, got.Messages[0].ReceiptHandle))
		if err != nil {
			return err
		}
		if _, err := ask(remove); err != nil {
			return err
		}
		cycles.Add(1)
	}
	return nil
}
