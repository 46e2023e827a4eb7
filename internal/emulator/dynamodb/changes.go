package dynamodb

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// An incremental export has a line for each item that changed in a period, however
// often: what it was before and is after it.

// What the period of an incremental export can be.
const shortestPeriod, longestPeriod = 15 * time.Minute, 24 * time.Hour

// period is the specification of an incremental export with all that it leaves open,
// within what the table remembers.
func period(in *dynamodb.ExportTableToPointInTimeInput, earliest, latest time.Time) (*types.IncrementalExportSpecification, error) {
	spec := *in.IncrementalExportSpecification
	if spec.ExportViewType == "" {
		spec.ExportViewType = types.ExportViewTypeNewAndOldImages
	}
	if in.ExportTime != nil {
		return nil, invalid("ExportTime cannot be given for an ExportType of %s", types.ExportTypeIncrementalExport)
	}
	if spec.ExportFromTime == nil {
		return nil, invalid("IncrementalExportSpecification.ExportFromTime is required")
	}
	if spec.ExportToTime == nil {
		spec.ExportToTime = aws.Time(latest)
	}
	switch length := spec.ExportToTime.Sub(*spec.ExportFromTime); {
	case spec.ExportFromTime.Before(earliest.Truncate(time.Second)) || spec.ExportToTime.After(latest):
		return nil, &types.InvalidExportTimeException{Message: aws.String("ExportFromTime and ExportToTime must be within the table's point in time recovery window")}
	case length < shortestPeriod || length > longestPeriod:
		return nil, invalid("The period of an incremental export must be from 15 minutes to 24 hours long")
	}
	return &spec, nil
}

// asksFor tells that a request, which may leave something open, means the period of
// an export that there is.
func asksFor(in, d *types.IncrementalExportSpecification) bool {
	switch {
	case in == nil || d == nil:
		return in == d
	case in.ExportFromTime != nil && !in.ExportFromTime.Equal(*d.ExportFromTime), in.ExportToTime != nil && !in.ExportToTime.Equal(*d.ExportToTime):
		return false
	}
	return in.ExportViewType == "" || in.ExportViewType == d.ExportViewType
}

// changes are the lines of the items that a period has changed. The moment it begins
// at is part of it, the one it ends at is not.
func (s *Service) changes(tx *store.Tx, t *table, spec *types.IncrementalExportSpecification) ([]exportLine, error) {
	before := s.asOf(tx, t, spec.ExportFromTime.Add(-time.Nanosecond))
	after := s.asOf(tx, t, spec.ExportToTime.Add(-time.Nanosecond))
	at := map[string]time.Time{} // when each was written last
	prefix := s.prefix(t, "")
	for _, p := range s.history.Prefix(tx, prefix) {
		if !p.At.Before(*spec.ExportFromTime) && p.At.Before(*spec.ExportToTime) {
			at[p.Path] = p.At
		}
	}
	var lines []exportLine
	for _, path := range slices.Sorted(maps.Keys(at)) {
		was, had := before[path]
		is, has := after[path]
		if !had && !has {
			continue // made and deleted again
		}
		images := map[string]expr.Item{}
		for name, stored := range map[string][]byte{"OldImage": was, "NewImage": is} {
			if stored == nil {
				continue
			}
			item, err := decodeItem(stored)
			if err != nil {
				return nil, err
			}
			images[name] = item
		}
		line, err := t.changed(at[path], images, spec.ExportViewType)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// changed is the line of one change.
func (t *table) changed(at time.Time, images map[string]expr.Item, view types.ExportViewType) (exportLine, error) {
	keys := t.key().keyOf(firstItem(images["NewImage"], images["OldImage"]))
	if view == types.ExportViewTypeNewImage {
		delete(images, "OldImage")
	}
	line := map[string]any{
		"Metadata": map[string]any{"WriteTimestampMicros": map[string]string{"N": strconv.FormatInt(at.UnixMicro(), 10)}},
		"Keys":     tree(keys),
	}
	size := expr.ItemSize(keys)
	for name, item := range images {
		line[name] = tree(item)
		size += expr.ItemSize(item)
	}
	text, err := json.Marshal(line)
	return exportLine{append(text, '\n'), size}, err
}
