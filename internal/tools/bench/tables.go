package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.etcd.io/bbolt"
)

const (
	notes       = "notes"
	partitions  = 100
	perPart     = 100 // items in a partition
	connections = 16
	queried     = 10 // items that a query of the throughput answers with
)

// client is the SDK's client of a server.
func (s *server) client() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: region, BaseEndpoint: &s.url, Credentials: credentials.NewStaticCredentialsProvider(s.key, s.secret, ""),
	})
}

func (s *server) create(ctx context.Context, name string) error {
	c := s.client()
	_, err := c.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}, {AttributeName: aws.String("sk"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}, {AttributeName: aws.String("sk"), KeyType: "RANGE"}},
	})
	if err != nil {
		return fmt.Errorf("%s: making a table: %w", s.name, err)
	}
	return dynamodb.NewTableExistsWaiter(c).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, time.Minute)
}

func keyJSON(i int) string {
	return fmt.Sprintf(`"pk":{"S":"p%d"},"sk":{"S":"s%07d"}`, i/perPart, i%perPart)
}

func putBody(i, size int) string {
	return fmt.Sprintf(`{"TableName":"notes","Item":{%s,"v":{"S":"%s"}}}`, keyJSON(i), strings.Repeat("x", size))
}

func getBody(i int) string { return fmt.Sprintf(`{"TableName":"notes","Key":{%s}}`, keyJSON(i)) }

func queryBody(i, limit int) string {
	return fmt.Sprintf(`{"TableName":"notes","Limit":%d,"KeyConditionExpression":"pk = :p AND sk >= :s","ExpressionAttributeValues":{":p":{"S":"p%d"},":s":{"S":"s"}}}`, limit, i/perPart)
}

func prepareAll(s *server, operation string, n int, body func(i int) string) ([]prepared, error) {
	list := make([]prepared, n)
	for i := range list {
		var err error
		if list[i], err = prepare(s, operation, body(i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// A rate is what a server does of one operation.
type rate struct{ perSecond, cpu float64 }

// rates measures the operations on one server, with items of 1 KB.
func rates(ctx context.Context, s *server) (map[string]rate, error) {
	if err := s.create(ctx, notes); err != nil {
		return nil, err
	}
	const items = partitions * perPart
	found := map[string]rate{}
	for _, op := range []struct {
		name string
		body func(i int) string
	}{
		{"PutItem", func(i int) string { return putBody(i, 1000) }},
		{"GetItem", getBody},
		{"Query", func(i int) string { return queryBody(i, queried) }},
	} {
		requests, err := prepareAll(s, op.name, items, op.body)
		if err != nil {
			return nil, err
		}
		if op.name == "PutItem" { // each item once, so that the others find them
			for c := range connections {
				part := requests[c*items/connections : (c+1)*items/connections]
				if err := sendAll(s, part); err != nil {
					return nil, err
				}
			}
		}
		var r rate
		if r.perSecond, r.cpu, err = throughput(s, connections, requests, 4*time.Second); err != nil {
			return nil, fmt.Errorf("%s: %w", op.name, err)
		}
		found[op.name] = r
	}
	return found, nil
}

// tables measures the emulated DynamoDB, and its peers in the same run.
func (b *bench) tables(ctx context.Context) error {
	ours, err := b.ours(ctx, false)
	if err != nil {
		return err
	}
	defer ours.stop()
	mine, err := rates(ctx, ours)
	if err != nil {
		return err
	}
	if err := b.latencies(ctx, ours); err != nil {
		return err
	}
	operations := []string{"PutItem", "GetItem", "Query"}
	for _, op := range operations {
		b.add(fmt.Sprintf("tables: %s, %d connections", op, connections), mine[op].perSecond, "/s", 0, "")
		b.add(fmt.Sprintf("tables: %s, CPU of the server", op), mine[op].cpu, "µs", 0, "")
	}
	for _, peer := range b.peers(ctx) {
		theirs, err := rates(ctx, peer)
		peer.stop()
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s is left out: %v\n", peer.name, err)
			continue
		}
		for _, op := range operations {
			b.add(fmt.Sprintf("tables: %s of %s", op, peer.name), theirs[op].perSecond, "/s", 0, fmt.Sprintf("%.0f µs CPU", theirs[op].cpu))
			b.addRatio(fmt.Sprintf("tables: %s, ours / %s", op, peer.name), mine[op].perSecond/theirs[op].perSecond, 3)
			b.add(fmt.Sprintf("tables: %s, CPU of ours / %s", op, peer.name), mine[op].cpu/theirs[op].cpu, "×", 0.2, "")
		}
	}
	return nil
}

// latencies measures single calls of the SDK's client.
func (b *bench) latencies(ctx context.Context, s *server) error {
	c := s.client()
	for _, l := range []struct {
		name  string
		limit float64
		call  func(i int) error
	}{
		{"tables: GetItem by the SDK, median", 0.4, func(i int) error {
			_, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(notes), Key: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: fmt.Sprintf("p%d", i%partitions)}, "sk": &types.AttributeValueMemberS{Value: "s0000001"},
			}})
			return err
		}},
		{"tables: Query of 100 items by a raw client, median", 1, nil},
	} {
		var times []float64
		if l.call == nil {
			q, err := prepareAll(s, "Query", partitions, func(i int) string { return queryBody(i*perPart, perPart) })
			if err != nil {
				return err
			}
			if times, err = timed(s, q, 2000); err != nil {
				return err
			}
		}
		for i := 0; l.call != nil && i < 3000; i++ {
			start := time.Now()
			if err := l.call(i); err != nil {
				return err
			}
			times = append(times, float64(time.Since(start).Microseconds())/1000)
		}
		b.add(l.name, median(times), "ms", l.limit, "")
	}
	return nil
}

// million measures what a million items cost, in memory and in time.
func (b *bench) million(ctx context.Context) error {
	s, err := b.ours(ctx, false)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.create(ctx, notes); err != nil {
		return err
	}
	costs := map[string][]float64{}
	filled := 0
	for _, size := range []int{1000, 1_000_000} {
		if err := fill(s, filled, size); err != nil {
			return err
		}
		filled = size
		step := max(1, size/1000)
		for _, op := range []struct {
			name string
			body func(i int) string
		}{
			{"PutItem", func(i int) string { return putBody(i*step, 240) }},
			{"GetItem", func(i int) string { return getBody(i * step) }},
			{"Query", func(i int) string { return queryBody(i*step, queried) }},
		} {
			requests, err := prepareAll(s, op.name, 1000, op.body)
			if err != nil {
				return err
			}
			times, err := timed(s, requests, 5000)
			if err != nil {
				return err
			}
			costs[op.name] = append(costs[op.name], median(times))
		}
	}
	for _, op := range []string{"PutItem", "GetItem", "Query"} {
		b.add(fmt.Sprintf("tables: %s among 10⁶ items / among 10³", op), costs[op][1]/costs[op][0], "×", 1.5, fmt.Sprintf("%.0f µs", 1000*costs[op][1]))
	}
	rss, err := statusOf(s.pid, "VmRSS:")
	if err == nil {
		b.add("tables: memory with 10⁶ items of 300 B", rss, "MB", 1000, "")
	}
	return nil
}

// fill puts the items from one number up to another.
func fill(s *server, from, to int) error {
	var requests []prepared
	for i := from; i < to; i += 25 {
		var body strings.Builder
		body.WriteString(`{"RequestItems":{"notes":[`)
		for j := i; j < min(i+25, to); j++ {
			if j > i {
				body.WriteByte(',')
			}
			fmt.Fprintf(&body, `{"PutRequest":{"Item":{%s,"v":{"S":"%s"}}}}`, keyJSON(j), strings.Repeat("x", 260))
		}
		body.WriteString(`]}}`)
		r, err := prepare(s, "BatchWriteItem", body.String())
		if err != nil {
			return err
		}
		requests = append(requests, r)
		if len(requests) == 1000 || i+25 >= to {
			if err := sendAll(s, requests); err != nil {
				return err
			}
			requests = requests[:0]
		}
	}
	return nil
}

// durable compares a PutItem that is on the disk when it is acknowledged with
// bbolt's own commit there.
func (b *bench) durable(ctx context.Context) error {
	s, err := b.ours(ctx, true)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.create(ctx, notes); err != nil {
		return err
	}
	db, err := bbolt.Open(filepath.Join(s.dir, "own.db"), 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	requests, err := prepareAll(s, "PutItem", 1000, func(i int) string { return putBody(i, 1000) })
	if err != nil {
		return err
	}
	const rounds, each = 20, 30
	var own, puts []float64
	for range rounds { // in turns, because the disk is not always as fast
		times, err := commits(db, each)
		if err != nil {
			return err
		}
		own = append(own, times...)
		if times, err = timed(s, requests, each); err != nil {
			return err
		}
		puts = append(puts, times...)
	}
	b.add("tables: durable PutItem / bbolt's own commit", median(puts)/median(own), "×", 3, fmt.Sprintf("%.2f ms / %.2f ms", median(puts), median(own)))
	perSecond, _, err := throughput(s, connections, requests, 4*time.Second)
	if err != nil {
		return err
	}
	b.addRatio(fmt.Sprintf("tables: durable PutItem, %d connections / one by one", connections), perSecond*median(puts)/1000, 2)
	return nil
}

// commits is how long each of n commits of one item takes bbolt, in ms.
func commits(db *bbolt.DB, n int) ([]float64, error) {
	var times []float64
	for i := range n {
		start := time.Now()
		err := db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("items"))
			if err != nil {
				return err
			}
			return bucket.Put(fmt.Appendf(nil, "%07d", i), make([]byte, 1000))
		})
		if err != nil {
			return nil, err
		}
		times = append(times, float64(time.Since(start).Microseconds())/1000)
	}
	return times, nil
}
