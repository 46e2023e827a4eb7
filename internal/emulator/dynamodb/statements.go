package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// BatchExecuteStatement implements the operation of that name: each statement stands
// by itself, and what is wrong with one is part of the answer.
func (s *Service) BatchExecuteStatement(ctx context.Context, in *dynamodb.BatchExecuteStatementInput) (*dynamodb.BatchExecuteStatementOutput, error) {
	out := &dynamodb.BatchExecuteStatementOutput{Responses: []types.BatchStatementResponse{}}
	var used tally
	for _, r := range in.Statements {
		answer, u, err := s.batched(ctx, r)
		var api smithy.APIError
		switch {
		case err != nil && !errors.As(err, &api):
			return nil, err
		case err != nil:
			answer.Error = &types.BatchStatementError{
				Code: types.BatchStatementErrorCodeEnum(reasonCode(api.ErrorCode())), Message: aws.String(api.ErrorMessage()),
			}
			var failed *types.ConditionalCheckFailedException
			if errors.As(err, &failed) {
				answer.Error.Item = failed.Item
			}
		default:
			used.add(answer.TableName, u)
		}
		out.Responses = append(out.Responses, answer)
	}
	for i, name := range used.names {
		if c := consumed(in.ReturnConsumedCapacity, name, used.used[i]); c != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
		}
	}
	return out, nil
}

// batched carries out one statement of a batch.
func (s *Service) batched(ctx context.Context, r types.BatchStatementRequest) (answer types.BatchStatementResponse, u usage, err error) {
	st, err := readStatement(r.Statement, r.Parameters)
	if err != nil {
		return answer, u, err
	}
	answer.TableName = &st.Table
	var item expr.Item
	switch st.Verb {
	case "SELECT":
		err = s.env.Store.View(func(tx *store.Tx) (err error) {
			item, u, err = s.one(ctx, tx, &st, aws.ToBool(r.ConsistentRead), "Select statements within BatchExecuteStatement must specify the primary key in the where clause.")
			return err
		})
	case "EXISTS":
		err = invalid("EXISTS() is only supported in ExecuteTransaction")
	default:
		err = s.update(func(tx *store.Tx) (err error) {
			item, u, err = s.execute(ctx, tx, &st, r.ReturnValuesOnConditionCheckFailure)
			return err
		})
	}
	if len(item) > 0 && err == nil {
		answer.Item = attributesOf(item)
	}
	return answer, u, err
}

// one carries out a SELECT of one item. The error of one that does not name its whole
// key has the text keyless.
func (s *Service) one(ctx context.Context, tx *store.Tx, st *expr.Statement, consistent bool, keyless string) (expr.Item, usage, error) {
	t, err := s.usable(ctx, tx, &st.Table)
	if err != nil {
		return nil, usage{}, err
	}
	for _, x := range t.indexes() {
		if x.index == st.Index && x.multiple() {
			return nil, usage{}, invalid(multiAttribute)
		}
	}
	schema := t.key()
	terms, rest := served(schema, st.Where)
	key := expr.Item{}
	for _, term := range terms {
		if term.Op == "=" {
			key[term.Name] = term.Values[0]
		}
	}
	if st.Index != "" || len(key) != len(schema.attributes()) || expr.Checks(st.Where) {
		return nil, usage{}, invalid("%s", keyless)
	}
	path, err := t.keyed(key)
	if err != nil {
		return nil, usage{}, err
	}
	item, err := s.item(tx, &t, path)
	if err != nil {
		return nil, usage{}, err
	}
	u := usage{table: readUnits(expr.ItemSize(item), consistent)}
	if err := s.charge(&t, u, readSide); err != nil {
		return nil, u, err
	}
	if filter := expr.Every(rest); item == nil || filter != nil && !filter.Holds(item) {
		return nil, u, nil
	}
	return picked(st.Paths, item), u, nil
}

// ExecuteTransaction implements the operation of that name: the statements all read,
// or all write.
func (s *Service) ExecuteTransaction(ctx context.Context, in *dynamodb.ExecuteTransactionInput) (*dynamodb.ExecuteTransactionOutput, error) {
	statements := make([]expr.Statement, len(in.TransactStatements))
	read := 0
	for i, r := range in.TransactStatements {
		failed := func(text string) error {
			return invalid("Validation failed in TransactStatements[%d]: %s", i, text)
		}
		st, err := readStatement(r.Statement, r.Parameters)
		switch {
		case err != nil:
			return nil, failed(message(err))
		case st.Returning != "":
			return nil, failed("RETURNING clause is not supported in ExecuteTransaction.")
		case st.Verb == "SELECT" && st.Index != "":
			return nil, failed("Reads on indices are not supported within transactions.")
		case st.Verb == "SELECT":
			read++
		}
		statements[i] = st
	}
	if read > 0 && read < len(statements) {
		return nil, invalid("The transaction must consist of either all reads or all writes")
	}
	out := &dynamodb.ExecuteTransactionOutput{Responses: []types.ItemResponse{}}
	if read > 0 {
		return out, s.env.Store.View(func(tx *store.Tx) error { return s.readAll(ctx, tx, statements, in, out) })
	}
	return out, s.update(func(tx *store.Tx) error { return s.writeAll(ctx, tx, statements, in, out) })
}

func (s *Service) readAll(ctx context.Context, tx *store.Tx, statements []expr.Statement, in *dynamodb.ExecuteTransactionInput, out *dynamodb.ExecuteTransactionOutput) error {
	var used tally
	for i := range statements {
		st := &statements[i]
		if t, ok := s.table(ctx, tx, &st.Table); ok && t.Strong {
			return t.checkStrong("Transactions are")
		}
		item, u, err := s.one(ctx, tx, st, true, fmt.Sprintf("Validation failed in TransactStatements[%d]: Select statements within ExecuteTransaction must specify the primary key in the where clause.", i))
		if err != nil {
			return err
		}
		u.times(transactFactor)
		used.add(&st.Table, u)
		out.Responses = append(out.Responses, types.ItemResponse{Item: attributesOf(item)})
	}
	out.ConsumedCapacity = used.consumed(in.ReturnConsumedCapacity, reads)
	return nil
}

func (s *Service) writeAll(ctx context.Context, tx *store.Tx, statements []expr.Statement, in *dynamodb.ExecuteTransactionInput, out *dynamodb.ExecuteTransactionOutput) error {
	steps := make([]step, len(statements))
	seen := map[string]bool{}
	for i := range statements {
		w, err := s.writing(ctx, tx, &statements[i])
		if err == nil {
			err = w.table.checkStrong("Transactions are")
		}
		if err != nil && statements[i].Verb == "EXISTS" {
			return invalid("Validation failed in TransactStatements[%d]: %s", i, message(err))
		}
		if err != nil {
			return err
		}
		w.returns = in.TransactStatements[i].ReturnValuesOnConditionCheckFailure
		place := w.table.name() + "\x00" + w.table.key().path(w.key)
		if seen[place] {
			return invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[place] = true
		if w.digest, err = statementDigest(in.TransactStatements[i]); err != nil {
			return err
		}
		steps[i] = w
	}
	again, err := s.claim(ctx, tx, in.ClientRequestToken, steps)
	if err != nil {
		return err
	}
	if !again {
		if err := prepare(steps); err != nil {
			return err
		}
	}
	var used tally
	for i := range steps {
		w := &steps[i]
		u := usage{table: readUnits(expr.ItemSize(w.old), true)}
		if !again {
			u = usage{table: writeUnits(0)}
			if w.kind != stepCheck && (w.old != nil || w.new != nil) {
				u = s.write(tx, &w.table, w.old, w.new)
			}
		}
		u.times(transactFactor)
		if err := s.charge(&w.table, u, writeSide); err != nil {
			return throttled(steps, i, err)
		}
		used.add(w.name, u)
	}
	out.ConsumedCapacity = used.consumed(in.ReturnConsumedCapacity, again)
	return nil
}

// statementDigest identifies what a statement of a transaction asks for.
func statementDigest(r types.ParameterizedStatement) ([]byte, error) {
	parameters := make(expr.List, len(r.Parameters))
	for i, a := range r.Parameters {
		v, err := valueOf(a, 0)
		if err != nil {
			return nil, invalidErr(err)
		}
		parameters[i] = v
	}
	return json.Marshal([]any{aws.ToString(r.Statement), encodeItem(expr.Item{"parameters": parameters})})
}
