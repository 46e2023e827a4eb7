package dynamodb_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// objects is a bucket that is only written to.
type objects map[string][]byte

func (o objects) PutObject(_ context.Context, in *s3.PutObjectInput) (*s3.PutObjectOutput, error) {
	body, err := io.ReadAll(in.Body)
	o[*in.Key] = body
	return &s3.PutObjectOutput{}, err
}

func (o objects) ListObjectsV2(context.Context, *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error) {
	return nil, errors.New("nothing lists")
}

func (o objects) Open(context.Context, string, string, string) (io.ReadCloser, int64, string, error) {
	return nil, 0, "", errors.New("nothing opens")
}

func TestIncrementalExport(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	files := objects{}
	f.Objects = files
	f.notes()
	must[*sdk.UpdateContinuousBackupsOutput](t)(f.UpdateContinuousBackups(f.ctx, &sdk.UpdateContinuousBackupsInput{
		TableName: aws.String("notes"), PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true)},
	}))
	note := func(sk, text string) item {
		i := key("k", sk)
		i["text"] = str(text)
		return i
	}
	f.clock.Advance(time.Minute)
	f.put("notes", note("old", "before"))
	f.put("notes", note("still", "the same"))
	f.put("notes", note("gone", "before"))
	f.clock.Advance(time.Minute)
	from := f.clock.Now()
	f.put("notes", note("old", "in between"))
	f.put("notes", note("new", "after"))
	f.put("notes", note("short", "lived"))
	f.clock.Advance(10 * time.Minute)
	f.put("notes", note("old", "after"))
	for _, sk := range []string{"gone", "short"} {
		must[*sdk.DeleteItemOutput](t)(f.DeleteItem(f.ctx, &sdk.DeleteItemInput{TableName: aws.String("notes"), Key: key("k", sk)}))
	}
	f.clock.Advance(10 * time.Minute)
	to := f.clock.Now()
	f.put("notes", note("old", "too late"))

	arn := f.described("eu-north-1").TableArn
	export := func(spec *types.IncrementalExportSpecification) (*types.ExportDescription, error) {
		out, err := f.ExportTableToPointInTime(f.ctx, &sdk.ExportTableToPointInTimeInput{
			TableArn: arn, S3Bucket: aws.String("lake"), S3Prefix: aws.String("out"), ExportType: types.ExportTypeIncrementalExport, IncrementalExportSpecification: spec,
		})
		if err != nil {
			return nil, err
		}
		return must[*sdk.DescribeExportOutput](t)(f.DescribeExport(f.ctx, &sdk.DescribeExportInput{ExportArn: out.ExportDescription.ExportArn})).ExportDescription, nil
	}
	for view, want := range map[types.ExportViewType]map[string]string{
		"": {
			"old":  `"NewImage":{"pk":{"S":"k"},"sk":{"S":"old"},"text":{"S":"after"}},"OldImage":{"pk":{"S":"k"},"sk":{"S":"old"},"text":{"S":"before"}}}`,
			"new":  `"NewImage":{"pk":{"S":"k"},"sk":{"S":"new"},"text":{"S":"after"}}}`,
			"gone": `"OldImage":{"pk":{"S":"k"},"sk":{"S":"gone"},"text":{"S":"before"}}}`,
		},
		types.ExportViewTypeNewImage: {
			"old":  `"NewImage":{"pk":{"S":"k"},"sk":{"S":"old"},"text":{"S":"after"}}}`,
			"new":  `"NewImage":{"pk":{"S":"k"},"sk":{"S":"new"},"text":{"S":"after"}}}`,
			"gone": `}`,
		},
	} {
		clear(files)
		d, err := export(&types.IncrementalExportSpecification{ExportFromTime: &from, ExportToTime: &to, ExportViewType: view})
		if err != nil {
			t.Fatal(err)
		}
		if d.ExportStatus != "COMPLETED" || *d.ItemCount != 3 || d.ExportTime != nil || d.ExportType != "INCREMENTAL_EXPORT" {
			t.Errorf("got %+v", d)
		}
		lines, about := "", map[string]any{}
		for name, body := range files {
			switch {
			case strings.HasPrefix(name, "out/AWSDynamoDB/data/"):
				z, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(z)
				if err != nil {
					t.Fatal(err)
				}
				lines += string(text)
			case strings.HasSuffix(name, "manifest-summary.json"):
				if err := json.Unmarshal(body, &about); err != nil {
					t.Fatal(err)
				}
			}
		}
		if about["exportType"] != "INCREMENTAL_EXPORT" || about["outputView"] != string(d.IncrementalExportSpecification.ExportViewType) || about["exportFromTime"] == nil || about["exportTime"] != nil {
			t.Errorf("the summary is %v", about)
		}
		if n := strings.Count(lines, "\n"); n != len(want) {
			t.Errorf("%q: %d lines:\n%s", view, n, lines)
		}
		for sk, images := range want {
			at := from
			if sk != "new" {
				at = from.Add(10 * time.Minute)
			}
			micros, err := json.Marshal(at.UnixMicro())
			if err != nil {
				t.Fatal(err)
			}
			line := `{"Keys":{"pk":{"S":"k"},"sk":{"S":"` + sk + `"}},"Metadata":{"WriteTimestampMicros":{"N":"` + string(micros) + `"}}`
			if images != "}" {
				line += ","
			}
			if line += images; !strings.Contains(lines, line+"\n") {
				t.Errorf("%q: no line\n%s\nin\n%s", view, line, lines)
			}
		}
	}
	_, err := export(nil)
	wantError(t, err, "ValidationException", "ExportType INCREMENTAL_EXPORT and IncrementalExportSpecification must be given together")
	_, err = export(&types.IncrementalExportSpecification{ExportFromTime: &from, ExportToTime: aws.Time(from.Add(time.Minute))})
	wantError(t, err, "ValidationException", "The period of an incremental export must be from 15 minutes to 24 hours long")
	_, err = export(&types.IncrementalExportSpecification{ExportFromTime: aws.Time(from.AddDate(0, 0, -1)), ExportToTime: &to})
	wantError(t, err, "InvalidExportTimeException", "ExportFromTime and ExportToTime must be within the table's point in time recovery window")
}

// TestIncrementalExportToken answers a token with the export that it began, and
// refuses it for another period.
func TestIncrementalExportToken(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.Objects = objects{}
	f.notes()
	must[*sdk.UpdateContinuousBackupsOutput](t)(f.UpdateContinuousBackups(f.ctx, &sdk.UpdateContinuousBackupsInput{
		TableName: aws.String("notes"), PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true)},
	}))
	f.clock.Advance(time.Minute)
	from := f.clock.Now()
	f.clock.Advance(time.Hour)
	in := &sdk.ExportTableToPointInTimeInput{
		TableArn: f.described("eu-north-1").TableArn, S3Bucket: aws.String("lake"), ExportType: types.ExportTypeIncrementalExport, ClientToken: aws.String("once"),
		IncrementalExportSpecification: &types.IncrementalExportSpecification{ExportFromTime: &from, ExportToTime: aws.Time(from.Add(20 * time.Minute))},
	}
	first := must[*sdk.ExportTableToPointInTimeOutput](t)(f.ExportTableToPointInTime(f.ctx, in)).ExportDescription.ExportArn
	if again := must[*sdk.ExportTableToPointInTimeOutput](t)(f.ExportTableToPointInTime(f.ctx, in)).ExportDescription.ExportArn; *again != *first {
		t.Errorf("got %s, want %s", *again, *first)
	}
	in.IncrementalExportSpecification.ExportToTime = aws.Time(from.Add(30 * time.Minute))
	_, err := f.ExportTableToPointInTime(f.ctx, in)
	wantError(t, err, "ExportConflictException", "The request contains a ClientToken that was already used with other parameters")
}
