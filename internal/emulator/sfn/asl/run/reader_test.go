package run

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

// TestReaders reads items of every kind, and writes results of every kind.
func TestReaders(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte("\"b\",\"k1\"\n\"b\",\"k2\"\n"))
	_ = z.Close()
	storage := files{
		"b/list.json":  `[1,{"a":2}]`,
		"b/deep.json":  `{"x":[{"items":{"k":1,"l":2}}]}`,
		"b/text.json":  `"no list"`,
		"b/lines":      "{\"n\":1}\n\n2\r\n[3]",
		"b/table.csv":  "a|b\n1|\"x|y\"\n2\n",
		"b/odd.csv":    "a,b\n\n\"x,\ny\",{\"\"k\"\":\"\"v\"\"}\r\nx\\,y,\\q\\\"\n\"\",\"\"\"\"\n",
		"b/in/1":       `[1]`,
		"b/in/2":       `[2,3]`,
		"b/in/3":       `[4]`,
		"b/inv.json":   `{"fileFormat":"CSV","fileSchema":"Bucket, Key","destinationBucket":"arn:aws:s3:::b","files":[{"key":"inv.csv.gz"}]}`,
		"b/inv.csv.gz": zipped.String(),
		"b/athena":     "\"s3://b/in/1\"\n\"s3://b/in/2\"\n",
	}
	const get, list = `"Resource":"arn:aws:states:::s3:getObject"`, `"Resource":"arn:aws:states:::s3:listObjectsV2"`
	for _, row := range []struct{ name, reader, more, want string }{
		{"json", get + `,"ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"b","Key":"list.json"}`, "", `[1,{"a":2}]`},
		{"pointer", get + `,"ReaderConfig":{"InputType":"JSON","ItemsPointer":"/x/0/items"},"Parameters":{"Bucket":"b","Key":"deep.json"}`, "", `[{"Key":"k","Value":1},{"Key":"l","Value":2}]`},
		{"no pointer", get + `,"ReaderConfig":{"InputType":"JSON","ItemsPointer":"/x/1"},"Parameters":{"Bucket":"b","Key":"deep.json"}`, "", "States.ItemReaderFailed: The ItemsPointer '/x/1' leads to no value in the JSON file"},
		{"no list", get + `,"ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"b","Key":"text.json"}`, "", "States.ItemReaderFailed: Attempting to map over non-iterable node."},
		{"no file", get + `,"ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"b","Key":"none"}`, "", "States.ItemReaderFailed: The specified key does not exist."},
		{"an argument", get + `,"ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"b","Key":"none","ExpectedBucketOwner":"1"}`, "", "States.ItemReaderFailed: The argument 'ExpectedBucketOwner' is not supported here"},
		{"parquet", get + `,"ReaderConfig":{"InputType":"PARQUET"},"Parameters":{"Bucket":"b","Key":"lines"}`, "", "States.ItemReaderFailed: files of type PARQUET cannot be read here"},
		{"lines", get + `,"ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket":"b","Key":"lines"}`, "", `[{"n":1},2,[3]]`},
		{"csv", get + `,"ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","CSVDelimiter":"PIPE"},"Parameters":{"Bucket":"b","Key":"table.csv"}`, "", `[{"a":"1","b":"x|y"},{"a":"2","b":""}]`},
		{"odd csv", get + `,"ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW"},"Parameters":{"Bucket":"b","Key":"odd.csv"}`, "", `[{"a":"x,\ny","b":"{\"k\":\"v\"}"},{"a":"x,y","b":"q\""},{"a":"","b":"\""}]`},
		{"at most", get + `,"ReaderConfig":{"InputType":"JSONL","MaxItemsPath":"$.two"},"Parameters":{"Bucket":"b","Key":"lines"}`, "", `[{"n":1},2]`},
		{"listing", list + `,"Parameters":{"Bucket":"b","Prefix":"in/"}`, `,"ItemSelector":{"k.$":"$$.Map.Item.Value.Key","n.$":"$$.Map.Item.Value.Size"}`, `[{"k":"in/1","n":3},{"k":"in/2","n":5},{"k":"in/3","n":3}]`},
		{"flattened", list + `,"ReaderConfig":{"InputType":"JSON","Transformation":"LOAD_AND_FLATTEN"},"Parameters":{"Bucket":"b","Prefix":"in/"}`, "", `[1,2,3,4]`},
		{"inventory", get + `,"ReaderConfig":{"InputType":"MANIFEST"},"Parameters":{"Bucket":"b","Key":"inv.json"}`, "", `[{"Bucket":"b","Key":"k1"},{"Bucket":"b","Key":"k2"}]`},
		{"athena", get + `,"ReaderConfig":{"InputType":"JSON","ManifestType":"ATHENA_DATA"},"Parameters":{"Bucket":"b","Key":"athena"}`, "", `[1,2,3]`},
		{"batches", get + `,"ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket":"b","Key":"lines"}`, `,"ItemBatcher":{"MaxItemsPerBatchPath":"$.two","BatchInput":{"x.$":"$.two"}}`, `[{"BatchInput":{"x":2},"Items":[{"n":1},2]},{"BatchInput":{"x":2},"Items":[[3]]}]`},
		{"small batches", get + `,"ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket":"b","Key":"lines"}`, `,"ItemBatcher":{"MaxInputBytesPerBatch":15}`, `[{"Items":[{"n":1}]},{"Items":[2]},{"Items":[[3]]}]`},
		{"flat results", get + `,"ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket":"b","Key":"lines"}`, `,"ResultWriter":{"WriterConfig":{"Transformation":"FLATTEN"}}`, `[{"n":1},2,3]`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := machine(t, `{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"ItemReader":{`+row.reader+`},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}`+row.more+`,"End":true}}}`, asl.Standard)
			w := newWorld(t, m)
			w.objects = storage
			x := w.start(asl.Standard, `{"two":2}`)
			w.drive(x)
			got := x.Output()
			if f := x.Failure(); f.Error != nil {
				got = *f.Error + ": " + *f.Cause
			}
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// TestTolerance has map runs of which items fail.
func TestTolerance(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ tolerated, want string }{
		{``, "FAILED"},
		{`,"ToleratedFailureCount":1`, "FAILED"},
		{`,"ToleratedFailureCount":2`, "SUCCEEDED [0,0,0]"},
		{`,"ToleratedFailurePercentage":39`, "FAILED"},
		{`,"ToleratedFailurePercentage":40`, "SUCCEEDED [0,0,0]"},
		{`,"ToleratedFailurePercentage":100`, "SUCCEEDED [0,0,0]"},
	} {
		m := machine(t, `{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"C","States":{
			"C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":1,"Next":"F"}],"Default":"S"},"S":{"Type":"Succeed"},"F":{"Type":"Fail","Error":"E"}}}`+row.tolerated+`,"End":true}}}`, asl.Standard)
		w := newWorld(t, m)
		x := w.start(asl.Standard, "[0,1,0,1,0]")
		w.drive(x)
		got := strings.TrimSpace(string(x.Status()) + " " + x.Output())
		if got != row.want {
			t.Errorf("%s: got %s, want %s", row.tolerated, got, row.want)
		}
		if f := x.Failure(); f.Error != nil && *f.Error != "States.ExceedToleratedFailureThreshold" {
			t.Errorf("%s: got %s", row.tolerated, *f.Error)
		}
	}
}
