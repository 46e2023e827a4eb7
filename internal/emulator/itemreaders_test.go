package emulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// putObject writes an object.
func putObject(t *testing.T, c *s3.Client, key, body string) {
	t.Helper()
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: &key, Body: strings.NewReader(body)})
	must(t, err)
}

// getObject reads an object.
func getObject(t *testing.T, c *s3.Client, key string) string {
	t.Helper()
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &key})
	must(t, err)
	text, err := io.ReadAll(out.Body)
	must(t, err)
	return string(text)
}

// TestItemReaders reads items of every kind from S3.
func TestItemReaders(t *testing.T) {
	t.Parallel()
	cfg := config(start(t, emulator.Config{}))
	c, files := states(t, cfg), bucketOf(t, cfg, "list.json", `[1,{"a":2}]`)
	for key, body := range map[string]string{
		"deep.json": `{"x":[{"items":[3,4]}]}`, "lines": "{\"n\":1}\n2\n", "table.csv": "a|b\n1|2\n", "in/1": `[1]`, "in/2": `[2,3]`,
		"inventory.json": `{"fileFormat":"CSV","fileSchema":"Bucket, Key","destinationBucket":"arn:aws:s3:::bucket","files":[{"key":"inventory.csv"}]}`,
		"inventory.csv":  "\"bucket\",\"in/1\"\n\"bucket\",\"in/2\"\n", "athena": "\"s3://bucket/in/1\"\n\"s3://bucket/in/2\"\n",
	} {
		putObject(t, files, key, body)
	}
	for i := range 1100 { // more than one page of a listing
		putObject(t, files, fmt.Sprintf("many/%04d", i), "")
	}
	const get, list = `"Resource":"arn:aws:states:::s3:getObject"`, `"Resource":"arn:aws:states:::s3:listObjectsV2"`
	for i, row := range []struct{ reader, more, want string }{
		{get + `,"ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"bucket","Key":"list.json"}`, "", `[1,{"a":2}]`},
		{get + `,"ReaderConfig":{"InputType":"JSON","ItemsPointer":"/x/0/items"},"Parameters":{"Bucket":"bucket","Key":"deep.json"}`, "", `[3,4]`},
		{get + `,"ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket":"bucket","Key":"lines"}`, "", `[{"n":1},2]`},
		{get + `,"ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"GIVEN","CSVHeaders":["x","y"],"CSVDelimiter":"PIPE","MaxItems":1},"Parameters":{"Bucket":"bucket","Key":"table.csv"}`, "", `[{"x":"a","y":"b"}]`},
		{list + `,"Parameters":{"Bucket":"bucket","Prefix":"in/"}`, `,"ItemSelector":{"k.$":"$$.Map.Item.Value.Key","n.$":"$$.Map.Item.Value.Size"}`, `[{"k":"in/1","n":3},{"k":"in/2","n":5}]`},
		{list + `,"ReaderConfig":{"InputType":"JSON","Transformation":"LOAD_AND_FLATTEN"},"Parameters":{"Bucket":"bucket","Prefix":"in/"}`, "", `[1,2,3]`},
		{list + `,"Parameters":{"Bucket":"bucket","Prefix":"many/"}`, `,"ItemBatcher":{"MaxItemsPerBatch":600},"ResultSelector":{"n.$":"States.ArrayLength($)"}`, `{"n":2}`},
		{get + `,"ReaderConfig":{"InputType":"MANIFEST"},"Parameters":{"Bucket":"bucket","Key":"inventory.json"}`, "", `[{"Bucket":"bucket","Key":"in/1"},{"Bucket":"bucket","Key":"in/2"}]`},
		{get + `,"ReaderConfig":{"InputType":"JSON","ManifestType":"ATHENA_DATA"},"Parameters":{"Bucket":"bucket","Key":"athena"}`, "", `[1,2,3]`},
		{get + `,"ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"bucket","Key":"none"}`, "", "States.ItemReaderFailed: The specified key does not exist. (Service: Amazon S3; Status Code: 404; Error Code: NoSuchKey;"},
		{get + `,"ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"nowhere","Key":"none"}`, "", "States.ItemReaderFailed: The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket;"},
	} {
		arn := createMachine(t, c, fmt.Sprint("m", i), `{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"ItemReader":{`+row.reader+`},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}`+row.more+`,"End":true}}}`, "")
		end := endOf(t, c, startOf(t, c, arn, "{}"))
		got := aws.ToString(end.Output)
		if end.Error != nil {
			got = *end.Error + ": " + aws.ToString(end.Cause)
		}
		if got != row.want && (end.Error == nil || !strings.HasPrefix(got, row.want)) {
			t.Errorf("%s: got %.300s, want %s", row.reader, got, row.want)
		}
	}
}

// resultFiles are the files of results of one kind, which a manifest names.
func resultFiles(t *testing.T, c *s3.Client, manifest, kind string) (all []map[string]any) {
	t.Helper()
	var m struct {
		ResultFiles map[string][]struct{ Key string }
	}
	must(t, json.Unmarshal([]byte(getObject(t, c, manifest)), &m))
	for _, f := range m.ResultFiles[kind] {
		var part []map[string]any
		must(t, json.Unmarshal([]byte(getObject(t, c, f.Key)), &part))
		all = append(all, part...)
	}
	return all
}

// TestResultsRedriven writes what succeeded and what failed to S3. A redrive works on
// what failed alone: EXPRESS children as other executions, STANDARD ones as the same.
func TestResultsRedriven(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"STANDARD", "EXPRESS"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			cfg := config(start(t, emulator.Config{}))
			c, files := states(t, cfg), bucketOf(t, cfg, "1", "one")
			arn := createMachine(t, c, "m", fmt.Sprintf(`{"StartAt":"M","States":{"M":{"Type":"Map","Label":"Rows","MaxConcurrency":1,
				"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":%q},"StartAt":"T","States":{
					"T":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:s3:getObject","Parameters":{"Bucket":"bucket","Key.$":"$"},"ResultSelector":{"body.$":"$.Body"},"End":true}}},
				"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"bucket","Prefix":"out"}},"End":true}}}`, kind), "")
			x := startOf(t, c, arn, `["1","2"]`)
			if end := endOf(t, c, x); end.Status != types.ExecutionStatusFailed {
				t.Fatalf("got %v %s", end.Status, aws.ToString(end.Output))
			}
			run := mapRunOf(t, c, x)
			manifest := "out/" + (*run.MapRunArn)[strings.LastIndexByte(*run.MapRunArn, ':')+1:] + "/manifest.json"
			failed := resultFiles(t, files, manifest, "FAILED")
			if len(failed) != 1 || failed[0]["Status"] != "FAILED" || failed[0]["Error"] != "S3.NoSuchKeyException" || failed[0]["Input"] != `"2"` {
				t.Fatalf("got %v", failed)
			}
			putObject(t, files, "2", "two")
			_, err := c.RedriveExecution(t.Context(), &sfn.RedriveExecutionInput{ExecutionArn: &x})
			must(t, err)
			if end := endOf(t, c, x); end.Status != types.ExecutionStatusSucceeded {
				t.Fatalf("got %v %s", end.Status, aws.ToString(end.Cause))
			}
			done := resultFiles(t, files, manifest, "SUCCEEDED")
			i := slices.IndexFunc(done, func(o map[string]any) bool { return o["Output"] == `{"body":"two"}` })
			if len(done) != 2 || i < 0 {
				t.Fatalf("got %v", done)
			}
			before, after := fmt.Sprint(failed[0]["ExecutionArn"]), fmt.Sprint(done[i]["ExecutionArn"])
			if (before == after) != (kind == "STANDARD") || !strings.Contains(after, ":m/Rows:") {
				t.Errorf("it was %s, and is %s", before, after)
			}
		})
	}
}
