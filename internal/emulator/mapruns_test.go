package emulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// bucketOf makes a bucket with an object.
func bucketOf(t *testing.T, cfg aws.Config, key, body string) *s3.Client {
	t.Helper()
	c := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(cfg.Region)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: &key, Body: strings.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
	return c
}

func mapRunOf(t *testing.T, c *sfn.Client, execution string) *sfn.DescribeMapRunOutput {
	t.Helper()
	runs, err := c.ListMapRuns(t.Context(), &sfn.ListMapRunsInput{ExecutionArn: &execution})
	if err != nil || len(runs.MapRuns) != 1 {
		t.Fatalf("got %v, %v", runs, err)
	}
	r, err := c.DescribeMapRun(t.Context(), &sfn.DescribeMapRunInput{MapRunArn: runs.MapRuns[0].MapRunArn})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMapRun reads items from S3, works on them in batches by executions of their
// own, and writes the results to S3.
func TestMapRun(t *testing.T) {
	t.Parallel()
	cfg := config(start(t, emulator.Config{}))
	c, files := states(t, cfg), bucketOf(t, cfg, "in.csv", "n,name\n1,a\n2,b\n3,c\n")
	arn := createMachine(t, c, "m", `{"StartAt":"M","States":{"M":{"Type":"Map","Label":"Rows","MaxConcurrency":2,
		"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW"},"Parameters":{"Bucket":"bucket","Key.$":"$.key"}},
		"ItemBatcher":{"MaxItemsPerBatch":2},
		"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","OutputPath":"$.Items[*].name","End":true}}},
		"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"bucket","Prefix":"out"},"WriterConfig":{"Transformation":"COMPACT","OutputType":"JSON"}},"End":true}}}`, "")
	x := startOf(t, c, arn, `{"key":"in.csv"}`)
	end := endOf(t, c, x)
	var out struct {
		MapRunArn           string
		ResultWriterDetails struct{ Bucket, Key string }
	}
	if end.Status != types.ExecutionStatusSucceeded || json.Unmarshal([]byte(*end.Output), &out) != nil {
		t.Fatalf("got %v %s", end.Status, aws.ToString(end.Cause))
	}
	r := mapRunOf(t, c, x)
	if r.Status != types.MapRunStatusSucceeded || *r.MapRunArn != out.MapRunArn || r.ItemCounts.Succeeded != 3 || r.ExecutionCounts.Total != 2 || r.MaxConcurrency != 2 || r.StopDate == nil {
		t.Errorf("got %v %v %v", r, r.ItemCounts, r.ExecutionCounts)
	}
	read := func(key string) string {
		o, err := files.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(o.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var manifest struct {
		ResultFiles struct{ SUCCEEDED []struct{ Key string } }
	}
	if err := json.Unmarshal([]byte(read(out.ResultWriterDetails.Key)), &manifest); err != nil || len(manifest.ResultFiles.SUCCEEDED) != 1 {
		t.Fatalf("got %v, %v", manifest, err)
	}
	var results [][]string
	if err := json.Unmarshal([]byte(read(manifest.ResultFiles.SUCCEEDED[0].Key)), &results); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(results, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	if got, want := fmt.Sprint(results), "[[a b] [c]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	children, err := c.ListExecutions(t.Context(), &sfn.ListExecutionsInput{MapRunArn: r.MapRunArn})
	if err != nil || len(children.Executions) != 2 || *children.Executions[0].MapRunArn != out.MapRunArn {
		t.Fatalf("got %v, %v", children, err)
	}
	child, err := c.DescribeStateMachineForExecution(t.Context(), &sfn.DescribeStateMachineForExecutionInput{ExecutionArn: children.Executions[0].ExecutionArn})
	if err != nil || *child.Label != "Rows" || *child.Name != "m" || !strings.HasPrefix(*child.Definition, `{"ProcessorConfig"`) || !strings.HasSuffix(*child.Definition, `"End":true}}}`) {
		t.Errorf("got %v, %v", child, err)
	}
	want := []string{"ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"}
	if got := eventsOf(t, c, *children.Executions[0].ExecutionArn); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if own, err := c.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: &arn}); err != nil || len(own.Executions) != 1 {
		t.Errorf("got %v, %v; want the children to be left out", own, err)
	}
}

// TestMapRunSurvives ends the emulator while children wait and one of them has
// failed, and redrives the map run when its items are over.
func TestMapRunSurvives(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"STANDARD", "EXPRESS"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir, now := t.TempDir(), clock.NewFake(time.Now().UTC().Truncate(time.Second))
			e, err := emulator.New(emulator.Config{DataDir: dir, Clock: now})
			if err != nil {
				t.Fatal(err)
			}
			c := states(t, config(e))
			arn := createMachine(t, c, "m", fmt.Sprintf(`{"StartAt":"M","States":{"M":{"Type":"Map","ToleratedFailureCount":3,"MaxConcurrency":2,
				"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":%q},"StartAt":"C","States":{
					"C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":3,"Next":"F"}],"Default":"W"},
					"F":{"Type":"Fail","Error":"Three"},"W":{"Type":"Wait","Seconds":60,"End":true}}},"Next":"L"},
				"L":{"Type":"Fail"}}}`, kind), "")
			x := startOf(t, c, arn, `[3,1,2,4]`)
			for r := mapRunOf(t, c, x); r.ItemCounts.Failed != 1 || r.ItemCounts.Running != 2; r = mapRunOf(t, c, x) { //nolint:revive // asked until it is so
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			if e, err = emulator.New(emulator.Config{DataDir: dir, Clock: now}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = e.Close() })
			c = states(t, config(e))
			end, err := c.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &x})
			for ; err == nil && end.Status == types.ExecutionStatusRunning; end, err = c.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &x}) {
				now.Advance(20 * time.Second) // also between two children, when none runs
			}
			if err != nil {
				t.Fatal(err)
			}
			r := mapRunOf(t, c, x)
			if end.Status != types.ExecutionStatusFailed || r.Status != types.MapRunStatusSucceeded || r.ItemCounts.Succeeded != 3 || r.ItemCounts.Failed != 1 || r.ItemCounts.Running != 0 {
				t.Errorf("got %v, %v %v", end.Status, r.Status, r.ItemCounts)
			}
		})
	}
}

// TestMapRunRedriven redrives a map run: only what failed is done again.
func TestMapRunRedriven(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"STANDARD", "EXPRESS"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			cfg := config(start(t, emulator.Config{}))
			c := states(t, cfg)
			files := bucketOf(t, cfg, "2", "two")
			arn := createMachine(t, c, "m", fmt.Sprintf(`{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,
				"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":%q},"StartAt":"T","States":{
					"T":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:s3:getObject","Parameters":{"Bucket":"bucket","Key.$":"$"},"ResultSelector":{"body.$":"$.Body"},"End":true}}},"End":true}}}`, kind), "")
			x := startOf(t, c, arn, `["2","3"]`)
			if end := endOf(t, c, x); end.Status != types.ExecutionStatusFailed || *end.Error != "States.ExceedToleratedFailureThreshold" {
				t.Fatalf("got %v %s %s", end.Status, aws.ToString(end.Error), aws.ToString(end.Cause))
			}
			if _, err := files.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("3"), Body: strings.NewReader("three")}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.RedriveExecution(t.Context(), &sfn.RedriveExecutionInput{ExecutionArn: &x}); err != nil {
				t.Fatal(err)
			}
			end := endOf(t, c, x)
			r := mapRunOf(t, c, x)
			if end.Status != types.ExecutionStatusSucceeded || *end.Output != `[{"body":"two"},{"body":"three"}]` || *r.RedriveCount != 1 || r.ItemCounts.Succeeded != 2 {
				t.Errorf("got %v %s, %v %v", end.Status, aws.ToString(end.Cause)+aws.ToString(end.Output), r, r.ItemCounts)
			}
			if kind == "EXPRESS" {
				return
			}
			children, err := c.ListExecutions(t.Context(), &sfn.ListExecutionsInput{MapRunArn: r.MapRunArn, RedriveFilter: types.ExecutionRedriveFilterRedriven})
			if err != nil || len(children.Executions) != 1 {
				t.Errorf("got %v, %v; want one redriven child", children, err)
			}
		})
	}
}

// TestMapRunStopped stops an execution whose children wait: they are aborted.
func TestMapRunStopped(t *testing.T) {
	t.Parallel()
	c := states(t, config(start(t, emulator.Config{})))
	arn := createMachine(t, c, "m", `{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
		"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}},"End":true}}}`, "")
	x := startOf(t, c, arn, `[1,2]`)
	r := mapRunOf(t, c, x)
	if _, err := c.UpdateMapRun(t.Context(), &sfn.UpdateMapRunInput{MapRunArn: r.MapRunArn, MaxConcurrency: aws.Int32(7), ToleratedFailureCount: aws.Int64(5)}); err != nil {
		t.Fatal(err)
	}
	if r = mapRunOf(t, c, x); r.MaxConcurrency != 7 || r.ToleratedFailureCount != 5 || r.Status != types.MapRunStatusRunning {
		t.Errorf("got %v", r)
	}
	if _, err := c.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: &x}); err != nil {
		t.Fatal(err)
	}
	if r = mapRunOf(t, c, x); r.Status != types.MapRunStatusAborted || r.ItemCounts.Aborted != 2 {
		t.Errorf("got %v %v", r, r.ItemCounts)
	}
	for {
		children, err := c.ListExecutions(t.Context(), &sfn.ListExecutionsInput{MapRunArn: r.MapRunArn, StatusFilter: types.ExecutionStatusAborted})
		if err != nil {
			t.Fatal(err)
		}
		if len(children.Executions) == 2 {
			break
		}
	}
	if _, err := c.UpdateMapRun(t.Context(), &sfn.UpdateMapRunInput{MapRunArn: r.MapRunArn, MaxConcurrency: aws.Int32(1)}); err == nil {
		t.Error("a map run that has ended was updated")
	}
}
