package dynamodb

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// A source is one expression member of a request: its name, and its text or nil.
type source struct {
	member string
	text   *string
}

// expressions are the expressions of one request, read.
type expressions struct {
	condition  expr.Condition // nil when there is none; also of a FilterExpression
	projection expr.Projection
	update     expr.Update
	changes    []expr.Change // of AttributeUpdates
	key        []expr.KeyTerm
}

// holds reports whether the condition, if there is one, holds for the item.
func (e *expressions) holds(item expr.Item) bool {
	return e.condition == nil || e.condition.Holds(item)
}

// readRequest reads a request's expressions, or the legacy parameters that it has
// instead of them.
func readRequest(l legacy, names map[string]string, values map[string]types.AttributeValue, sources ...source) (expressions, error) {
	if err := l.check(sources...); err != nil {
		return expressions{}, err
	}
	var old expressions
	if err := l.read(&old); err != nil {
		return old, err
	}
	e, err := readExpressions(names, values, sources...)
	if len(l.given()) == 0 || err != nil {
		return e, err
	}
	if err := l.readKeys(&old); err != nil {
		return old, err
	}
	if l.keys != nil { // the only one that may stand beside expressions
		e.key = old.key
	}
	if old.condition != nil {
		e.condition = old.condition
	}
	if l.attributes != nil {
		e.projection = old.projection
	}
	e.update, e.changes = old.update, old.changes
	return e, nil
}

// readExpressions reads a request's expressions, in the order in which AWS does,
// and checks that every placeholder is used.
func readExpressions(names map[string]string, values map[string]types.AttributeValue, sources ...source) (expressions, error) {
	var e expressions
	params, err := placeholders(names, values, sources)
	if err != nil {
		return e, err
	}
	for _, src := range sources {
		if src.text == nil {
			continue
		}
		switch src.member {
		case expr.UpdateExpression:
			e.update, err = params.Update(*src.text)
		case expr.ProjectionExpression:
			e.projection, err = params.Projection(*src.text)
		case expr.KeyConditionExpression:
			e.key, err = params.KeyCondition(*src.text)
		default:
			e.condition, err = params.Condition(src.member, *src.text)
		}
		if err != nil {
			return e, invalidErr(err)
		}
	}
	return e, invalidErr(params.Unused())
}

// placeholders checks the names and values of a request with those expressions.
func placeholders(names map[string]string, values map[string]types.AttributeValue, sources []source) (*expr.Params, error) {
	params := &expr.Params{Names: names}
	var absent []string // expressions that take values, when none is there
	given, takesValues := false, false
	for _, src := range sources {
		given = given || src.text != nil
		if src.member == expr.ProjectionExpression {
			continue
		}
		takesValues = takesValues || src.text != nil
		absent = append(absent, src.member)
	}
	if names != nil {
		if !given {
			return nil, invalid("ExpressionAttributeNames can only be specified when using expressions")
		}
		if len(names) == 0 {
			return nil, invalid("ExpressionAttributeNames must not be empty")
		}
		if key, ok := badPlaceholder('#', names); ok {
			return nil, invalid("ExpressionAttributeNames contains invalid key: Syntax error; key: \"%s\"", key)
		}
		for _, key := range slices.Sorted(maps.Keys(names)) {
			if names[key] == "" {
				return nil, invalid("ExpressionAttributeNames contains invalid value: the attribute name is empty for key %s", key)
			}
		}
	}
	if values == nil {
		return params, nil
	}
	if !takesValues {
		if absent[len(absent)-1] == expr.ConditionExpression { // of an item's write
			return nil, invalid("ExpressionAttributeValues can only be specified when using expressions")
		}
		are := "is"
		if len(absent) > 1 {
			are = "are"
		}
		return nil, invalid("ExpressionAttributeValues can only be specified when using expressions: %s %s null", strings.Join(absent, " and "), are)
	}
	if len(values) == 0 {
		return nil, invalid("ExpressionAttributeValues must not be empty")
	}
	if key, ok := badPlaceholder(':', values); ok {
		return nil, invalid("ExpressionAttributeValues contains invalid key: Syntax error; key: \"%s\"", key)
	}
	params.Values = make(map[string]expr.Value, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		v, err := valueOf(values[key], 0)
		if err != nil {
			const older = "ExpressionAttributeValues contains invalid value: %s for key %s"
			if f := (*valueFault)(nil); errors.As(err, &f) {
				return nil, faulty(message(err), fmt.Sprintf(older, f.older, key))
			}
			return nil, invalid(older, message(err), key)
		}
		params.Values[key] = v
	}
	return params, nil
}

// badPlaceholder finds a key that is not the mark and then letters, digits and
// underscores.
func badPlaceholder[T any](mark byte, placeholders map[string]T) (string, bool) {
	const word = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
	for _, key := range slices.Sorted(maps.Keys(placeholders)) {
		if len(key) < 2 || key[0] != mark || strings.Trim(key[1:], word) != "" {
			return key, true
		}
	}
	return "", false
}

// keyed checks a Key member and returns the path of the item that it names.
func (t *table) keyed(key expr.Item) (path string, err error) {
	k := t.key()
	if err := k.checkKey(key); err != nil {
		return "", err
	}
	return k.path(key), nil
}

// collection is the ItemCollectionMetrics of a write: tables with local indexes
// have item collections, and no collection here comes near a gigabyte.
func (t *table) collection(want types.ReturnItemCollectionMetrics, item expr.Item) *types.ItemCollectionMetrics {
	if want != types.ReturnItemCollectionMetricsSize || len(t.Desc.LocalSecondaryIndexes) == 0 {
		return nil
	}
	hash := keySchema{hash: t.key().hash}
	return &types.ItemCollectionMetrics{
		ItemCollectionKey:   attributesOf(hash.keyOf(item)),
		SizeEstimateRangeGB: []float64{0, 1},
	}
}

// message is the text of an error without its code.
func message(err error) string {
	if api, ok := err.(interface{ ErrorMessage() string }); ok {
		return api.ErrorMessage()
	}
	return err.Error()
}

// checkReturns checks the ReturnValues of PutItem and DeleteItem.
func checkReturns(returns types.ReturnValue) error {
	if returns != "" && returns != types.ReturnValueNone && returns != types.ReturnValueAllOld {
		return invalid("ReturnValues can only be ALL_OLD or NONE")
	}
	return nil
}
