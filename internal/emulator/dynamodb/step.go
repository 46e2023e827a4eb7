package dynamodb

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// A step is one operation of TransactWriteItems, read.
type step struct {
	name    *string
	key     expr.Item // nil for a put
	item    expr.Item // of a put
	kind    stepKind
	returns types.ReturnValuesOnConditionCheckFailure
	digest  []byte
	expressions

	inserts     bool // of PartiQL: there must be no item yet
	changesOnly bool // of PartiQL: there must be an item

	table table
	fault error // what the schema has against its key; the transaction fails for it
	old   expr.Item
	new   expr.Item
}

type stepKind int

const (
	stepCheck stepKind = iota
	stepPut
	stepUpdate
	stepDelete
)

// readStep reads one operation and its expressions.
func readStep(in types.TransactWriteItem) (step, error) {
	var st step
	var key, item map[string]types.AttributeValue
	var names map[string]string
	var values map[string]types.AttributeValue
	var sources []source
	set := 0
	if c := in.ConditionCheck; c != nil {
		set++
		st = step{name: c.TableName, kind: stepCheck, returns: c.ReturnValuesOnConditionCheckFailure}
		key, names, values = c.Key, c.ExpressionAttributeNames, c.ExpressionAttributeValues
		sources = []source{{expr.ConditionExpression, c.ConditionExpression}}
	}
	if p := in.Put; p != nil {
		set++
		st = step{name: p.TableName, kind: stepPut, returns: p.ReturnValuesOnConditionCheckFailure}
		item, names, values = p.Item, p.ExpressionAttributeNames, p.ExpressionAttributeValues
		sources = []source{{expr.ConditionExpression, p.ConditionExpression}}
	}
	if u := in.Update; u != nil {
		set++
		st = step{name: u.TableName, kind: stepUpdate, returns: u.ReturnValuesOnConditionCheckFailure}
		key, names, values = u.Key, u.ExpressionAttributeNames, u.ExpressionAttributeValues
		sources = []source{{expr.UpdateExpression, u.UpdateExpression}, {expr.ConditionExpression, u.ConditionExpression}}
	}
	if d := in.Delete; d != nil {
		set++
		st = step{name: d.TableName, kind: stepDelete, returns: d.ReturnValuesOnConditionCheckFailure}
		key, names, values = d.Key, d.ExpressionAttributeNames, d.ExpressionAttributeValues
		sources = []source{{expr.ConditionExpression, d.ConditionExpression}}
	}
	if set != 1 {
		return st, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	var err error
	if key != nil {
		if st.key, err = itemOf(key); err != nil {
			return st, err
		}
	}
	if st.item, err = itemOf(item); err != nil {
		return st, err
	}
	if st.expressions, err = readExpressions(names, values, sources...); err != nil {
		return st, err
	}
	st.digest, err = digest(st.name, st.kind, st.key, st.item, names, values, sources)
	return st, err
}

// evaluate checks a step's condition and works out the item that it leaves.
func (st *step) evaluate() (err error) {
	if st.fault != nil {
		return st.fault
	}
	if st.inserts && st.old != nil {
		return &types.DuplicateItemException{Message: aws.String("Duplicate primary key exists in table")}
	}
	if st.changesOnly && st.old == nil || !st.holds(st.old) {
		return refused(st.old, st.returns)
	}
	switch st.kind {
	case stepPut:
		st.new = st.item
	case stepUpdate:
		st.new, err = st.table.updated(st.update, st.key, st.old)
	}
	return err
}
