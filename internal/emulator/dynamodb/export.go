package dynamodb

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// Objects is where exports go and imports come from.
type Objects interface {
	PutObject(context.Context, *s3.PutObjectInput) (*s3.PutObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error)
	// Open returns the bytes of an object; the version "" is the newest one.
	Open(ctx context.Context, bucket, key, version string) (body io.ReadCloser, size int64, versionID string, err error)
}

var errNoObjects = errors.New("there is no S3 that exports could go to or imports come from")

// jobLife is how long a token stands for its export or import.
const jobLife = 8 * time.Hour

// A job is an export or an import that has been started, and has ended.
type job[D any] struct {
	Token       string
	At          time.Time
	Description D
}

// jobID is the end of the ARN of a job.
func jobID(at time.Time) string {
	random := uuid.New()
	return fmt.Sprintf("%014d-%s", at.UnixMilli(), hex.EncodeToString(random[:4]))
}

// jobKey is the store key of a job by its ARN.
func jobKey(ctx context.Context, arn *string, kind string) (string, bool) {
	parts := strings.SplitN(aws.ToString(arn), ":", 6)
	if len(parts) < 6 || parts[2] != "dynamodb" {
		return "", false
	}
	name, id, ok := strings.Cut(strings.TrimPrefix(parts[5], "table/"), "/"+kind+"/")
	return env.ScopeOf(ctx).Key(name, id), ok
}

// ExportTableToPointInTime implements the operation of that name. The export is
// done when it is answered, though the answer says that it has begun.
func (s *Service) ExportTableToPointInTime(ctx context.Context, in *dynamodb.ExportTableToPointInTimeInput) (*dynamodb.ExportTableToPointInTimeOutput, error) {
	if s.Objects == nil {
		return nil, errNoObjects
	}
	if in.S3SseKmsKeyId != nil && in.S3SseAlgorithm != types.S3SseAlgorithmKms {
		return nil, invalid("Invalid Request: KMS Key Id is not supported for this encryption type")
	}
	now := s.now()
	d := types.ExportDescription{
		ClientToken: in.ClientToken, ExportFormat: types.ExportFormatDynamodbJson, ExportStatus: types.ExportStatusCompleted, ExportType: types.ExportTypeFullExport,
		S3Bucket: in.S3Bucket, S3BucketOwner: in.S3BucketOwner, S3Prefix: in.S3Prefix, S3SseAlgorithm: in.S3SseAlgorithm, S3SseKmsKeyId: in.S3SseKmsKeyId,
		StartTime: &now, TableArn: in.TableArn,
	}
	if d.S3SseAlgorithm == "" {
		d.S3SseAlgorithm = types.S3SseAlgorithmAes256
	}
	switch {
	case in.ExportFormat != "" && in.ExportFormat != types.ExportFormatDynamodbJson:
		return nil, invalid("the emulator does not export in the ExportFormat %s", in.ExportFormat)
	}
	if in.ExportType == types.ExportTypeIncrementalExport {
		d.ExportType = in.ExportType
	}
	if (d.ExportType == types.ExportTypeIncrementalExport) != (in.IncrementalExportSpecification != nil) {
		return nil, invalid("ExportType %s and IncrementalExportSpecification must be given together", types.ExportTypeIncrementalExport)
	}
	var lines []exportLine
	err := s.env.Store.View(func(tx *store.Tx) error {
		name, _, err := s.resource(ctx, in.TableArn)
		if err != nil {
			return err
		}
		t, ok := s.table(ctx, tx, name)
		switch {
		case !ok:
			return tableGone(name)
		case t.Recovery == nil:
			return &types.PointInTimeRecoveryUnavailableException{Message: aws.String("Point in time recovery is not enabled for table '" + t.name() + "'")}
		}
		earliest, at := t.Recovery.reach(now, s.RecoveryLag)
		if d.ExportType == types.ExportTypeIncrementalExport {
			if d.IncrementalExportSpecification, err = period(in, earliest, at); err != nil {
				return err
			}
			d.TableId = t.Desc.TableId
			lines, err = s.changes(tx, &t, d.IncrementalExportSpecification)
			return err
		}
		if in.ExportTime != nil {
			if in.ExportTime.Before(earliest) || in.ExportTime.After(now) {
				return &types.InvalidExportTimeException{Message: aws.String("ExportTime must be within the table's point in time recovery window")}
			}
			at = *in.ExportTime
		}
		d.ExportTime, d.TableId = &at, t.Desc.TableId
		lines, err = exported(s.asOf(tx, &t, at))
		return err
	})
	if err != nil {
		return nil, err
	}
	if again, ok, err := s.begun(ctx, in, now); ok || err != nil {
		return again, err
	}
	id := jobID(now)
	d.ExportArn = aws.String(aws.ToString(in.TableArn) + "/export/" + id)
	if err := s.writeExport(ctx, &d, id, lines); err != nil {
		var api smithy.APIError
		if !errors.As(err, &api) {
			return nil, err
		}
		d.ExportStatus, d.FailureCode, d.FailureMessage = types.ExportStatusFailed, aws.String("S3"+api.ErrorCode()), aws.String(api.ErrorMessage())
	}
	d.EndTime = aws.Time(s.now())
	key, _ := jobKey(ctx, d.ExportArn, "export")
	err = s.update(func(tx *store.Tx) error {
		s.exports.Put(tx, key, job[types.ExportDescription]{aws.ToString(in.ClientToken), now, d})
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.ExportStatus, d.EndTime, d.ExportManifest, d.ItemCount, d.BilledSizeBytes, d.FailureCode, d.FailureMessage = types.ExportStatusInProgress, nil, nil, nil, nil, nil, nil
	return &dynamodb.ExportTableToPointInTimeOutput{ExportDescription: &d}, nil
}

// begun finds the export that a token stands for.
func (s *Service) begun(ctx context.Context, in *dynamodb.ExportTableToPointInTimeInput, now time.Time) (out *dynamodb.ExportTableToPointInTimeOutput, ok bool, err error) {
	if in.ClientToken == nil {
		return nil, false, nil
	}
	err = s.env.Store.View(func(tx *store.Tx) error {
		for _, j := range s.exports.Prefix(tx, env.ScopeOf(ctx).Key("")) {
			d := j.Description
			if j.Token != *in.ClientToken || now.Sub(j.At) >= jobLife {
				continue
			}
			if d.ExportType != exportType(in) || aws.ToString(d.TableArn) != aws.ToString(in.TableArn) || aws.ToString(d.S3Bucket) != aws.ToString(in.S3Bucket) || aws.ToString(d.S3Prefix) != aws.ToString(in.S3Prefix) ||
				!asksFor(in.IncrementalExportSpecification, d.IncrementalExportSpecification) {
				return &types.ExportConflictException{Message: aws.String("The request contains a ClientToken that was already used with other parameters")}
			}
			out, ok = &dynamodb.ExportTableToPointInTimeOutput{ExportDescription: &d}, true
		}
		return nil
	})
	return out, ok, err
}

func exportType(in *dynamodb.ExportTableToPointInTimeInput) types.ExportType {
	if in.ExportType == "" {
		return types.ExportTypeFullExport
	}
	return in.ExportType
}

// An exportLine is one item of an export, and what it is billed for.
type exportLine struct {
	text []byte
	size int
}

// exported are the lines of items in their stored form.
func exported(items map[string][]byte) ([]exportLine, error) {
	var lines []exportLine
	for _, path := range slices.Sorted(maps.Keys(items)) {
		item, err := decodeItem(items[path])
		if err != nil {
			return nil, err
		}
		text, err := itemJSON(item)
		if err != nil {
			return nil, err
		}
		lines = append(lines, exportLine{fmt.Appendf(nil, "{\"Item\":%s}\n", text), expr.ItemSize(item)})
	}
	return lines, nil
}

// writeExport writes the objects of an export as AWS lays them out.
func (s *Service) writeExport(ctx context.Context, d *types.ExportDescription, id string, lines []exportLine) error {
	parent := "AWSDynamoDB/"
	if p := aws.ToString(d.S3Prefix); p != "" {
		parent = p + "/" + parent
	}
	root := parent + id + "/"
	var data bytes.Buffer
	size := int64(0)
	z := gzip.NewWriter(&data)
	for _, l := range lines {
		size += int64(l.size)
		if _, err := z.Write(l.text); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	count := int64(len(lines))
	d.ItemCount, d.BilledSizeBytes = &count, &size
	d.ExportManifest = aws.String(root + "manifest-summary.json")
	folder := root
	if d.IncrementalExportSpecification != nil {
		folder = parent // one for all incremental exports
	}
	name := folder + "data/" + strings.ReplaceAll(uuid.NewString(), "-", "") + ".json.gz"
	sum := md5.Sum(data.Bytes())
	files, err := json.Marshal(map[string]any{"itemCount": count, "md5Checksum": base64.StdEncoding.EncodeToString(sum[:]), "etag": hex.EncodeToString(sum[:]), "dataFileS3Key": name})
	if err != nil {
		return err
	}
	moment := func(t *time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	about := map[string]any{
		"version": "2020-06-30", "exportArn": d.ExportArn, "startTime": moment(d.StartTime), "endTime": s.now().Format("2006-01-02T15:04:05.000Z"),
		"tableArn": d.TableArn, "tableId": d.TableId, "s3Bucket": d.S3Bucket, "s3Prefix": d.S3Prefix,
		"s3SseAlgorithm": d.S3SseAlgorithm, "s3SseKmsKeyId": d.S3SseKmsKeyId, "manifestFilesS3Key": root + "manifest-files.json",
		"billedSizeBytes": size, "itemCount": count, "outputFormat": d.ExportFormat, "exportType": d.ExportType,
	}
	if i := d.IncrementalExportSpecification; i != nil {
		about["version"] = "2023-08-01"
		about["exportFromTime"], about["exportToTime"], about["outputView"] = moment(i.ExportFromTime), moment(i.ExportToTime), i.ExportViewType
	} else {
		about["exportTime"] = moment(d.ExportTime)
	}
	summary, err := json.Marshal(about)
	if err != nil {
		return err
	}
	files = append(files, '\n')
	for _, o := range []struct {
		key  string
		body []byte
	}{
		{root + "_started", nil}, {name, data.Bytes()}, {root + "manifest-files.json", files}, {root + "manifest-files.md5", checksum(files)},
		{root + "manifest-summary.json", summary}, {root + "manifest-summary.md5", checksum(summary)},
	} {
		if _, err := s.Objects.PutObject(ctx, &s3.PutObjectInput{
			Bucket: d.S3Bucket, Key: &o.key, Body: bytes.NewReader(o.body), ContentLength: aws.Int64(int64(len(o.body))), ExpectedBucketOwner: d.S3BucketOwner,
		}); err != nil {
			return err
		}
	}
	return nil
}

func checksum(b []byte) []byte {
	sum := md5.Sum(b)
	return []byte(base64.StdEncoding.EncodeToString(sum[:]))
}

// DescribeExport implements the operation of that name.
func (s *Service) DescribeExport(ctx context.Context, in *dynamodb.DescribeExportInput) (*dynamodb.DescribeExportOutput, error) {
	key, ok := jobKey(ctx, in.ExportArn, "export")
	if !ok {
		return nil, invalid("Invalid Export ARN")
	}
	out := &dynamodb.DescribeExportOutput{}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		j, ok := s.exports.Get(tx, key)
		if !ok {
			return &types.ExportNotFoundException{Message: aws.String("Export not found: " + aws.ToString(in.ExportArn))}
		}
		out.ExportDescription = &j.Description
		return nil
	})
}

// maxJobs is how many exports or imports one page lists.
const maxJobs = 25

// ListExports implements the operation of that name.
func (s *Service) ListExports(ctx context.Context, in *dynamodb.ListExportsInput) (*dynamodb.ListExportsOutput, error) {
	out := &dynamodb.ListExportsOutput{ExportSummaries: []types.ExportSummary{}}
	next, err := listJobs(s, ctx, s.exports, in.TableArn, in.NextToken, in.MaxResults, func(d *types.ExportDescription) {
		out.ExportSummaries = append(out.ExportSummaries, types.ExportSummary{ExportArn: d.ExportArn, ExportStatus: d.ExportStatus, ExportType: d.ExportType})
	})
	out.NextToken = next
	return out, err
}

// listJobs calls add with a page of jobs, and returns the token of the next one.
func listJobs[D any](s *Service, ctx context.Context, set *store.Set[job[D]], tableARN, token *string, most *int32, add func(*D)) (next *string, err error) {
	prefix, limit := env.ScopeOf(ctx).Key(""), maxJobs
	if most != nil {
		limit = min(limit, int(*most))
	}
	if tableARN != nil {
		name, _, err := s.resource(ctx, tableARN)
		if err != nil {
			return nil, err
		}
		prefix = env.ScopeOf(ctx).Key(*name, "")
	}
	from := prefix
	if token != nil {
		b, err := base64.StdEncoding.DecodeString(*token)
		if err != nil || !strings.HasPrefix(string(b), prefix) {
			return nil, invalid("Invalid Request: Provided nextToken is invalid: %s", *token)
		}
		from = string(b) + "\x00"
	}
	return next, s.env.Store.View(func(tx *store.Tx) error {
		last, n := "", 0
		for key, j := range between(tx, set, from, after(prefix), false) {
			if n == limit {
				next = aws.String(base64.StdEncoding.EncodeToString([]byte(last)))
				return nil
			}
			add(&j.Description)
			last, n = key, n+1
		}
		return nil
	})
}
