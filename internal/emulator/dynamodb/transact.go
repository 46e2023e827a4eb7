package dynamodb

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxTransaction is how many bytes the items of one transaction have together.
const maxTransaction = 4 << 20

// checkTotal checks the size of all items of a transaction.
func checkTotal(size int) error {
	if size > maxTransaction {
		return invalid("The aggregate size of the items in the transaction cannot exceed 4 MB")
	}
	return nil
}

// transactFactor is how much more a transaction takes: it prepares and commits.
const transactFactor = 2

// TransactGetItems implements the operation of that name.
func (s *Service) TransactGetItems(ctx context.Context, in *dynamodb.TransactGetItemsInput) (*dynamodb.TransactGetItemsOutput, error) {
	keys := make([]expr.Item, len(in.TransactItems))
	read := make([]expressions, len(in.TransactItems))
	for i, item := range in.TransactItems {
		get := item.Get
		if get == nil {
			return nil, invalid("TransactItems can only contain Get")
		}
		var err error
		if keys[i], err = itemOf(get.Key); err != nil {
			return nil, inOlder(err)
		}
		read[i], err = readExpressions(get.ExpressionAttributeNames, nil, source{expr.ProjectionExpression, get.ProjectionExpression})
		if err != nil {
			return nil, err
		}
	}
	out := &dynamodb.TransactGetItemsOutput{Responses: []types.ItemResponse{}}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		var used tally
		seen, size := map[string]bool{}, 0
		for i, item := range in.TransactItems {
			t, found, err := s.target(ctx, tx, item.Get.TableName, keys[i])
			if err == nil {
				err = t.checkStrong("Transactions are")
			}
			if err != nil {
				return err
			}
			place := t.name() + "\x00" + t.key().path(keys[i])
			if seen[place] {
				return invalid("Transaction request cannot include multiple operations on one item")
			}
			seen[place] = true
			size += expr.ItemSize(found)
			if err := checkTotal(size); err != nil {
				return err
			}
			r := types.ItemResponse{}
			if found != nil {
				r.Item = attributesOf(read[i].projection.Of(found))
			}
			out.Responses = append(out.Responses, r)
			u := usage{table: transactFactor * readUnits(expr.ItemSize(found), true)}
			if err := s.charge(&t, u, readSide); err != nil {
				return err
			}
			used.add(item.Get.TableName, u)
		}
		out.ConsumedCapacity = used.consumed(in.ReturnConsumedCapacity, reads)
		return nil
	})
}

// TransactWriteItems implements the operation of that name.
func (s *Service) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
	steps := make([]step, len(in.TransactItems))
	for i, item := range in.TransactItems {
		var err error
		if steps[i], err = readStep(item); err != nil {
			return nil, inOlder(err)
		}
	}
	out := &dynamodb.TransactWriteItemsOutput{}
	return out, s.update(func(tx *store.Tx) error {
		again, err := s.claim(ctx, tx, in.ClientRequestToken, steps)
		if err != nil {
			return err
		}
		if err := s.locate(ctx, tx, steps); err != nil {
			return err
		}
		var used tally
		if again {
			// A repeated request has been carried out: it costs the reads that find so.
			for i := range steps {
				st := &steps[i]
				used.add(st.name, usage{table: transactFactor * readUnits(expr.ItemSize(st.old), true)})
			}
			out.ConsumedCapacity = used.consumed(in.ReturnConsumedCapacity, reads)
			return nil
		}
		if err := prepare(steps); err != nil {
			return err
		}
		for i := range steps {
			st := &steps[i]
			u := usage{table: writeUnits(expr.ItemSize(st.old))}
			if st.kind != stepCheck && (st.old != nil || st.new != nil) {
				u = s.write(tx, &st.table, st.old, st.new)
			}
			u.times(transactFactor)
			if err := s.charge(&st.table, u, writeSide); err != nil {
				return throttled(steps, i, err)
			}
			used.add(st.name, u)
			if st.kind == stepCheck {
				continue
			}
			if m := st.table.collection(in.ReturnItemCollectionMetrics, firstItem(st.key, st.item)); m != nil {
				if out.ItemCollectionMetrics == nil {
					out.ItemCollectionMetrics = map[string][]types.ItemCollectionMetrics{}
				}
				out.ItemCollectionMetrics[*st.name] = append(out.ItemCollectionMetrics[*st.name], *m)
			}
		}
		out.ConsumedCapacity = used.consumed(in.ReturnConsumedCapacity, writes)
		return nil
	})
}

// locate finds the table and the present item of each step. What is wrong with a
// request itself ends it with a ValidationException, not as a cancellation.
func (s *Service) locate(ctx context.Context, tx *store.Tx, steps []step) error {
	seen := map[string]bool{}
	for i := range steps {
		st := &steps[i]
		var err error
		if st.table, err = s.usable(ctx, tx, st.name); err == nil {
			err = st.table.checkStrong("Transactions are")
		}
		if err != nil {
			return err
		}
		key := st.key
		if st.kind == stepPut {
			if err := st.table.check(st.item); unfit(err) {
				st.fault = err
				continue
			} else if err != nil {
				return err
			}
			key = st.table.key().keyOf(st.item)
		}
		path, err := st.table.keyed(key)
		if unfit(err) {
			st.fault = err
			continue
		}
		if err != nil {
			return err
		}
		if err := st.table.checkUpdate(st.update); err != nil {
			return err
		}
		place := st.table.name() + "\x00" + path
		if seen[place] {
			return invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[place] = true
		if st.old, err = s.item(tx, &st.table, path); err != nil {
			return err
		}
	}
	return nil
}

// unfit reports whether an error is that a key has not the attributes or the types of
// the schema: that cancels a transaction, where an empty key ends the request.
func unfit(err error) bool {
	if err == nil {
		return false
	}
	text := message(err)
	return text == mismatch || strings.Contains(text, ": Type mismatch for ") || strings.Contains(text, ": Missing the key ")
}

// prepare evaluates the steps; when one cannot be carried out, none is.
func prepare(steps []step) error {
	reasons := make([]types.CancellationReason, len(steps))
	codes := make([]string, len(steps))
	canceled, size := false, 0
	for i := range steps {
		var api smithy.APIError
		err := steps[i].evaluate()
		if err != nil && !errors.As(err, &api) {
			return err
		}
		codes[i] = "None"
		if err != nil {
			canceled = true
			codes[i] = reasonCode(api.ErrorCode())
			reasons[i].Message = aws.String(api.ErrorMessage())
			var failed *types.ConditionalCheckFailedException
			if errors.As(err, &failed) {
				reasons[i].Item = failed.Item
			}
		}
		reasons[i].Code = aws.String(codes[i])
		size += max(expr.ItemSize(steps[i].old), expr.ItemSize(steps[i].new))
	}
	if !canceled {
		return checkTotal(size)
	}
	return cancellation(codes, reasons)
}

func cancellation(codes []string, reasons []types.CancellationReason) error {
	return &types.TransactionCanceledException{
		Message:             aws.String("Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]"), //nolint:misspell // AWS's spelling
		CancellationReasons: reasons,
	}
}

// throttled is the cancellation of a transaction whose ith step had no capacity.
func throttled(steps []step, i int, err error) error {
	codes, reasons := make([]string, len(steps)), make([]types.CancellationReason, len(steps))
	for j := range steps {
		codes[j] = "None"
		if j == i {
			codes[j], reasons[j].Message = "ProvisionedThroughputExceeded", aws.String(message(err))
		}
		reasons[j].Code = &codes[j]
	}
	return cancellation(codes, reasons)
}

// reasonCode is an error's code as CancellationReasons have it.
func reasonCode(code string) string {
	if code == "ValidationException" {
		return "ValidationError"
	}
	return strings.TrimSuffix(code, "Exception")
}
