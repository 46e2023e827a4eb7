package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// machines measures Step Functions through its API, with the SDK: executions that
// are waited for, durable ones, and large maps.
func (b *bench) machines(ctx context.Context) error {
	s, err := b.ours(ctx, true)
	if err != nil {
		return err
	}
	defer s.stop()
	cfg := aws.Config{Region: region, BaseEndpoint: &s.url, Credentials: credentials.NewStaticCredentialsProvider(s.key, s.secret, "")}
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	role, err := iam.NewFromConfig(cfg).CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("bench"), AssumeRolePolicyDocument: &trust})
	if err != nil {
		return fmt.Errorf("making a role: %w", err)
	}
	// The SDK puts "sync-" before the host of StartSyncExecution, which no resolver knows.
	cfg.HTTPClient = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(s.url, "http://"))
	}}}
	m := &machineBench{bench: b, server: s, c: sfn.NewFromConfig(cfg), role: *role.Role.Arn}
	return errors.Join(m.sync(ctx), m.durable(ctx), m.inline(ctx), m.distributed(ctx, s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })))
}

type machineBench struct {
	*bench
	server *server
	c      *sfn.Client
	role   string
}

// passes is a chain of n states.
func passes(n int) string {
	var b strings.Builder
	b.WriteString(`{"StartAt":"S1","States":{`)
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, `"S%d":{"Type":"Pass","Next":"S%d"},`, i, i+1)
	}
	fmt.Fprintf(&b, `"S%d":{"Type":"Pass","End":true}}}`, n)
	return b.String()
}

func (m *machineBench) create(ctx context.Context, name, definition string, kind types.StateMachineType) (string, error) {
	out, err := m.c.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: &m.role, Type: kind})
	if err != nil {
		return "", fmt.Errorf("making the state machine %s: %w", name, err)
	}
	return *out.StateMachineArn, nil
}

func (m *machineBench) sync(ctx context.Context) error {
	arn, err := m.create(ctx, "sync", passes(5), types.StateMachineTypeExpress)
	if err != nil {
		return err
	}
	var took []float64
	for range 500 {
		start := time.Now()
		out, err := m.c.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{StateMachineArn: &arn})
		if err != nil || out.Status != types.SyncExecutionStatusSucceeded {
			return fmt.Errorf("running an execution: %v, %w", out, err)
		}
		took = append(took, float64(time.Since(start).Microseconds())/1000)
	}
	m.add("Step Functions: StartSyncExecution of 5 states, median", median(took), "ms", 2, "by the SDK")
	return nil
}

// durable runs executions that are written down at every step, over 8 connections.
func (m *machineBench) durable(ctx context.Context) error {
	const states, each, connections = 20, 25, 8
	arn, err := m.create(ctx, "durable", passes(states), types.StateMachineTypeStandard)
	if err != nil {
		return err
	}
	errs := make([]error, connections)
	var all sync.WaitGroup
	start := time.Now()
	for i := range connections {
		all.Go(func() {
			for range each {
				if errs[i] == nil {
					errs[i] = m.toEnd(ctx, arn)
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	m.add("Step Functions: transitions of durable executions", states*each*connections/time.Since(start).Seconds(), "/s", 1000, "")
	m.results[len(m.results)-1].least = true
	return nil
}

// toEnd runs a STANDARD execution to its end.
func (m *machineBench) toEnd(ctx context.Context, arn string) error {
	x, err := m.c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn})
	if err != nil {
		return fmt.Errorf("starting an execution: %w", err)
	}
	for {
		out, err := m.c.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: x.ExecutionArn})
		if err != nil {
			return fmt.Errorf("asking for an execution: %w", err)
		}
		switch out.Status {
		case types.ExecutionStatusSucceeded:
			return nil
		case types.ExecutionStatusRunning:
		default:
			return fmt.Errorf("an execution ended as %s: %s", out.Status, aws.ToString(out.Cause))
		}
	}
}

func (m *machineBench) inline(ctx context.Context) error {
	arn, err := m.create(ctx, "inline", `{"QueryLanguage":"JSONata","StartAt":"M","States":{"M":{"Type":"Map","Items":"{% [1..10000] %}",
		"ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"Output":"{% $count($states.result) %}","End":true}}}`, types.StateMachineTypeExpress)
	if err != nil {
		return err
	}
	start := time.Now()
	out, err := m.c.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{StateMachineArn: &arn})
	if err != nil || aws.ToString(out.Output) != "10000" {
		return fmt.Errorf("running an inline map: %v, %w", out, err)
	}
	m.add("Step Functions: an inline map over 10,000 items", 10_000/time.Since(start).Seconds(), "items/s", 0, "")
	return nil
}

// distributed runs a map over 100,000 lines of a file, and looks at the memory early
// and late.
func (m *machineBench) distributed(ctx context.Context, files *s3.Client) error {
	const items = 100_000
	bucket := "bench-items"
	if _, err := files.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region}}); err != nil {
		return fmt.Errorf("making a bucket: %w", err)
	}
	if _, err := files.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("items"), Body: strings.NewReader(strings.Repeat("{\"n\":1}\n", items))}); err != nil {
		return fmt.Errorf("writing the items: %w", err)
	}
	arn, err := m.create(ctx, "distributed", `{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1000,
		"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket":"bench-items","Key":"items"}},
		"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},
		"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"bench-items","Prefix":"out"}},"End":true}}}`, types.StateMachineTypeStandard)
	if err != nil {
		return err
	}
	start := time.Now()
	x, err := m.c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn})
	if err != nil {
		return fmt.Errorf("starting a distributed map: %w", err)
	}
	runs, err := m.c.ListMapRuns(ctx, &sfn.ListMapRunsInput{ExecutionArn: x.ExecutionArn})
	if err != nil || len(runs.MapRuns) != 1 {
		return fmt.Errorf("looking for the map run: %v, %w", runs, err)
	}
	var early, late float64
	for {
		r, err := m.c.DescribeMapRun(ctx, &sfn.DescribeMapRunInput{MapRunArn: runs.MapRuns[0].MapRunArn})
		if err != nil {
			return fmt.Errorf("asking for the map run: %w", err)
		}
		memory, err := statusOf(m.server.pid, "VmRSS:")
		if err != nil {
			return err
		}
		if early == 0 && r.ItemCounts.Succeeded >= items/5 {
			early = memory
		}
		if late = memory; r.Status == types.MapRunStatusSucceeded {
			break
		}
		if r.Status != types.MapRunStatusRunning {
			return fmt.Errorf("the map run ended as %s", r.Status)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	m.add("Step Functions: a distributed map over 100,000 items", items/time.Since(start).Seconds(), "items/s", 0, "durable, EXPRESS children")
	m.add("Step Functions: memory at its end to that at a fifth", late/early, "×", 1.5, fmt.Sprintf("%.0f MB", late))
	return nil
}
