package dynamodb

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/klauspost/compress/zstd"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// ImportTable implements the operation of that name: a new table with the items of
// all objects below a prefix. The import is done when it is answered, though the
// answer says that it has begun.
func (s *Service) ImportTable(ctx context.Context, in *dynamodb.ImportTableInput) (*dynamodb.ImportTableOutput, error) {
	if s.Objects == nil {
		return nil, errNoObjects
	}
	switch {
	case in.InputFormat == types.InputFormatIon:
		return nil, invalid("the emulator does not import the InputFormat %s", in.InputFormat)
	case in.InputFormat != types.InputFormatCsv && in.InputFormatOptions != nil:
		return nil, invalid("Invalid Request: Unsupported InputFormatOptions for the given input format: %s.", in.InputFormat)
	}
	if again, ok, err := s.imported(ctx, in); ok || err != nil {
		return again, err
	}
	now, p := s.now(), in.TableCreationParameters
	made, err := s.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: p.TableName, AttributeDefinitions: p.AttributeDefinitions, KeySchema: p.KeySchema, BillingMode: p.BillingMode,
		GlobalSecondaryIndexes: p.GlobalSecondaryIndexes, OnDemandThroughput: p.OnDemandThroughput, ProvisionedThroughput: p.ProvisionedThroughput,
		SSESpecification: p.SSESpecification,
	})
	if err != nil {
		return nil, err
	}
	arn := made.TableDescription.TableArn
	d := types.ImportTableDescription{
		ClientToken: in.ClientToken, ImportArn: aws.String(*arn + "/import/" + jobID(now)), ImportStatus: types.ImportStatusCompleted,
		InputCompressionType: in.InputCompressionType, InputFormat: in.InputFormat, InputFormatOptions: in.InputFormatOptions,
		S3BucketSource: in.S3BucketSource, StartTime: &now, TableArn: arn, TableCreationParameters: p, TableId: made.TableDescription.TableId,
	}
	if d.InputCompressionType == "" {
		d.InputCompressionType = types.InputCompressionTypeNone
	}
	begun := d
	if err := s.readImport(ctx, &d); err != nil {
		var api smithy.APIError
		if !errors.As(err, &api) {
			return nil, err
		}
		d.ImportStatus, d.FailureCode, d.FailureMessage = types.ImportStatusFailed, aws.String("S3"+api.ErrorCode()), aws.String(api.ErrorMessage())
	}
	d.EndTime = aws.Time(s.now())
	key, _ := jobKey(ctx, d.ImportArn, "import")
	err = s.update(func(tx *store.Tx) error {
		s.imports.Put(tx, key, job[types.ImportTableDescription]{aws.ToString(in.ClientToken), now, d})
		return nil
	})
	if err != nil {
		return nil, err
	}
	begun.ImportStatus = types.ImportStatusInProgress
	return &dynamodb.ImportTableOutput{ImportTableDescription: &begun}, nil
}

// imported finds the import that a token stands for.
func (s *Service) imported(ctx context.Context, in *dynamodb.ImportTableInput) (out *dynamodb.ImportTableOutput, ok bool, err error) {
	if in.ClientToken == nil {
		return nil, false, nil
	}
	err = s.env.Store.View(func(tx *store.Tx) error {
		for _, j := range s.imports.Prefix(tx, env.ScopeOf(ctx).Key("")) {
			d := j.Description
			if j.Token != *in.ClientToken || s.now().Sub(j.At) >= jobLife {
				continue
			}
			if aws.ToString(d.TableCreationParameters.TableName) != aws.ToString(in.TableCreationParameters.TableName) ||
				aws.ToString(d.S3BucketSource.S3Bucket) != aws.ToString(in.S3BucketSource.S3Bucket) {
				return &types.ImportConflictException{Message: aws.String("The request contains a ClientToken that was already used with other parameters")}
			}
			out, ok = &dynamodb.ImportTableOutput{ImportTableDescription: &d}, true
		}
		return nil
	})
	return out, ok, err
}

// readImport reads all objects of an import into its table.
func (s *Service) readImport(ctx context.Context, d *types.ImportTableDescription) error {
	size := int64(0)
	d.ProcessedSizeBytes = &size
	list := &s3.ListObjectsV2Input{Bucket: d.S3BucketSource.S3Bucket, Prefix: d.S3BucketSource.S3KeyPrefix, ExpectedBucketOwner: d.S3BucketSource.S3BucketOwner}
	for {
		page, err := s.Objects.ListObjectsV2(ctx, list)
		if err != nil {
			return err
		}
		for _, o := range page.Contents {
			if err := s.readObject(ctx, d, aws.ToString(o.Key), &size); err != nil {
				return err
			}
		}
		if !aws.ToBool(page.IsTruncated) {
			return nil
		}
		list.ContinuationToken = page.NextContinuationToken
	}
}

// importStep is how many items one commit adds.
const importStep = 500

func (s *Service) readObject(ctx context.Context, d *types.ImportTableDescription, key string, size *int64) error {
	body, _, _, err := s.Objects.Open(ctx, aws.ToString(d.S3BucketSource.S3Bucket), key, "")
	if err != nil {
		return err
	}
	defer body.Close()
	plain, err := decompressed(d.InputCompressionType, body)
	if err != nil {
		d.ErrorCount++
		s.env.Log.Warn("an object cannot be imported", "key", key, "error", err)
		return nil
	}
	defer plain.Close()
	var items []expr.Item
	flush := func() error {
		n, err := s.addItems(ctx, d, items)
		d.ImportedItemCount += n
		d.ErrorCount += int64(len(items)) - n
		items = items[:0]
		return err
	}
	types := s.keyTypes(d.TableCreationParameters.AttributeDefinitions)
	for item, err := range importItems(d, plain, types) {
		if errors.Is(err, errObject) {
			d.ErrorCount++
			s.env.Log.Warn("an object cannot be imported further", "key", key, "error", err)
			break
		}
		d.ProcessedItemCount++
		if err != nil {
			d.ErrorCount++
			continue
		}
		*size += int64(expr.ItemSize(item))
		if items = append(items, item); len(items) == importStep {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// addItems puts items and returns how many the table takes.
func (s *Service) addItems(ctx context.Context, d *types.ImportTableDescription, items []expr.Item) (n int64, err error) {
	err = s.update(func(tx *store.Tx) error {
		n = 0
		t, err := s.known(ctx, tx, d.TableCreationParameters.TableName)
		if err != nil {
			return err
		}
		for _, item := range items {
			if t.check(item) != nil {
				continue
			}
			old, err := s.item(tx, &t, t.key().path(item))
			if err != nil {
				return err
			}
			s.write(tx, &t, old, item)
			n++
		}
		return nil
	})
	return n, err
}

// keyTypes are the types of the attributes that are part of keys: what CSV files
// have of them is read so, and everything else as text.
func (s *Service) keyTypes(definitions []types.AttributeDefinition) map[string]string {
	kinds := map[string]string{}
	for _, d := range definitions {
		kinds[aws.ToString(d.AttributeName)] = string(d.AttributeType)
	}
	return kinds
}

func decompressed(kind types.InputCompressionType, r io.Reader) (io.ReadCloser, error) {
	switch kind {
	case types.InputCompressionTypeGzip:
		return gzip.NewReader(r)
	case types.InputCompressionTypeZstd:
		z, err := zstd.NewReader(r)
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return io.NopCloser(r), nil
}

// errObject is that an object cannot be read to its end.
var errObject = errors.New("the object cannot be read")

// importItems yields the items of an object, each with what is wrong with it.
func importItems(d *types.ImportTableDescription, r io.Reader, kinds map[string]string) func(yield func(expr.Item, error) bool) {
	if d.InputFormat == types.InputFormatCsv {
		return csvItems(d.InputFormatOptions, r, kinds)
	}
	return func(yield func(expr.Item, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 4*maxItem)
		for lines.Scan() {
			if strings.TrimSpace(lines.Text()) == "" {
				continue
			}
			var line struct{ Item json.RawMessage }
			err := json.Unmarshal(lines.Bytes(), &line)
			var item expr.Item
			if err == nil {
				item, err = parseItem(line.Item)
			}
			if !yield(item, err) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, fmt.Errorf("%w: %w", errObject, err))
		}
	}
}

func csvItems(options *types.InputFormatOptions, r io.Reader, kinds map[string]string) func(yield func(expr.Item, error) bool) {
	return func(yield func(expr.Item, error) bool) {
		rows := csv.NewReader(r)
		rows.FieldsPerRecord = -1
		var header []string
		if options != nil && options.Csv != nil {
			if delimiter := aws.ToString(options.Csv.Delimiter); delimiter != "" {
				rows.Comma = rune(delimiter[0])
			}
			header = options.Csv.HeaderList
		}
		for {
			row, err := rows.Read()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, fmt.Errorf("%w: %w", errObject, err))
				return
			case header == nil:
				header = row
				continue
			}
			if !yield(csvItem(header, row, kinds)) {
				return
			}
		}
	}
}

func csvItem(header, row []string, kinds map[string]string) (expr.Item, error) {
	item := expr.Item{}
	for i, text := range row {
		if i >= len(header) || text == "" {
			continue
		}
		switch kinds[header[i]] {
		case "N":
			n, err := expr.ParseNumber(text)
			if err != nil {
				return nil, err
			}
			item[header[i]] = n
		case "B":
			item[header[i]] = expr.Binary(text)
		default:
			item[header[i]] = expr.String(text)
		}
	}
	return item, nil
}

// DescribeImport implements the operation of that name.
func (s *Service) DescribeImport(ctx context.Context, in *dynamodb.DescribeImportInput) (*dynamodb.DescribeImportOutput, error) {
	key, ok := jobKey(ctx, in.ImportArn, "import")
	if !ok {
		return nil, invalid("Invalid Import ARN")
	}
	out := &dynamodb.DescribeImportOutput{}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		j, ok := s.imports.Get(tx, key)
		if !ok {
			return &types.ImportNotFoundException{Message: aws.String("Import not found: " + aws.ToString(in.ImportArn))}
		}
		out.ImportTableDescription = &j.Description
		return nil
	})
}

// ListImports implements the operation of that name.
func (s *Service) ListImports(ctx context.Context, in *dynamodb.ListImportsInput) (*dynamodb.ListImportsOutput, error) {
	out := &dynamodb.ListImportsOutput{ImportSummaryList: []types.ImportSummary{}}
	next, err := listJobs(s, ctx, s.imports, in.TableArn, in.NextToken, in.PageSize, func(d *types.ImportTableDescription) {
		out.ImportSummaryList = append(out.ImportSummaryList, types.ImportSummary{
			CloudWatchLogGroupArn: d.CloudWatchLogGroupArn, EndTime: d.EndTime, ImportArn: d.ImportArn, ImportStatus: d.ImportStatus,
			InputFormat: d.InputFormat, S3BucketSource: d.S3BucketSource, StartTime: d.StartTime, TableArn: d.TableArn,
		})
	})
	out.NextToken = next
	return out, err
}
