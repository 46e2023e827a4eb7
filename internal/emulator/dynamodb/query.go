package dynamodb

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// Query implements the operation of that name.
func (s *Service) Query(ctx context.Context, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	r := read{
		choice:     in.Select,
		consistent: aws.ToBool(in.ConsistentRead),
		descending: in.ScanIndexForward != nil && !*in.ScanIndexForward,
		limit:      aws.ToInt32(in.Limit),
	}
	var err error
	l := legacy{attributes: in.AttributesToGet, filterName: queryFilter, filter: in.QueryFilter, operator: in.ConditionalOperator, keys: in.KeyConditions}
	if r.start, err = startOf(in.ExclusiveStartKey); err != nil {
		return nil, err
	}
	if in.KeyConditionExpression == nil && l.given() == nil {
		return nil, invalid(noKeyCondition)
	}
	r.expressions, err = readRequest(l, in.ExpressionAttributeNames, in.ExpressionAttributeValues,
		source{expr.ProjectionExpression, in.ProjectionExpression},
		source{expr.FilterExpression, in.FilterExpression},
		source{expr.KeyConditionExpression, in.KeyConditionExpression})
	if err != nil {
		return nil, err
	}
	if in.KeyConditionExpression == nil && in.KeyConditions == nil {
		return nil, invalid(noKeyCondition)
	}
	if err := checkSelect(in.Select, in.IndexName, in.ProjectionExpression, in.AttributesToGet); err != nil {
		return nil, err
	}
	p, err := s.search(ctx, &r, in.TableName, in.IndexName, func(prefix string) error {
		r.outside = "The provided starting key is outside query boundaries based on provided conditions"
		if err := r.within(prefix); err != nil {
			return err
		}
		return r.checkFilter(in.QueryFilter != nil)
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.QueryOutput{
		Items: p.items, Count: p.count, ScannedCount: p.scanned, LastEvaluatedKey: p.last,
		ConsumedCapacity: consumed(in.ReturnConsumedCapacity, in.TableName, p.usage),
	}, nil
}

// queryFilter is the member that FilterExpression has replaced.
const queryFilter = "QueryFilter"

const noKeyCondition = "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."

// checkFilter checks that the filter leaves the key to the key condition.
func (r *read) checkFilter(legacy bool) error {
	key, filter := r.schema(), "Filter Expression"
	if legacy {
		filter = queryFilter
	}
	for _, name := range expr.Attributes(r.condition) {
		if key.has(name) {
			return invalid("%s can only contain non-primary key attributes: Primary key attribute: %s", filter, name)
		}
	}
	return nil
}

// within sets the stretch to what the key condition says: all partition key
// attributes by equality, then sort key attributes from the left, of which the last
// one named may be a range.
func (r *read) within(prefix string) error {
	key := r.schema()
	if n := len(key.attributes()); len(r.key) > n {
		return invalid("The number of query conditions (%d) exceeds the number of key attributes defined in the schema (%d)", len(r.key), n)
	}
	terms := map[string]expr.KeyTerm{}
	for _, t := range r.key {
		terms[t.Name] = t
	}
	values := expr.Item{}
	for _, a := range key.hash {
		t, ok := terms[a.name]
		if !ok {
			return invalid("Query condition missed key schema element: %s", a.name)
		}
		if err := a.fits(t); err != nil {
			return err
		}
		if t.Op != "=" {
			return invalid("Query key condition not supported")
		}
		values[a.name] = t.Values[0]
		delete(terms, a.name)
	}
	for _, a := range key.sort {
		if t, ok := terms[a.name]; ok {
			if err := a.fits(t); err != nil {
				return err
			}
		}
	}
	if err := key.checkRanges(terms); err != nil {
		return err
	}
	stem := prefix + string(key.partition(values))
	r.low, r.high = stem, after(stem)
	for _, a := range key.sort {
		t, ok := terms[a.name]
		if !ok {
			break
		}
		delete(terms, a.name)
		r.low, r.high = bounds(stem, t)
		if t.Op != "=" {
			break
		}
		stem = r.low
	}
	if len(terms) == 0 {
		return nil
	}
	// What is left names no key attribute, or one behind a range or a gap.
	for _, a := range key.sort {
		if !slices.ContainsFunc(r.key, func(t expr.KeyTerm) bool { return t.Name == a.name }) {
			return invalid("Query condition missed key schema element: %s", a.name)
		}
	}
	return invalid("Query key condition not supported")
}

// checkRanges checks that of several sort key attributes all before the last one that
// is named are given by equality.
func (k keySchema) checkRanges(terms map[string]expr.KeyTerm) error {
	last := -1
	for i, a := range k.sort {
		if _, ok := terms[a.name]; ok {
			last = i
		}
	}
	if len(k.sort) < 2 || last < 0 {
		return nil
	}
	var loose []string
	for _, a := range k.sort[:last] {
		if t, ok := terms[a.name]; !ok || t.Op != "=" {
			loose = append(loose, a.name)
		}
	}
	if loose == nil {
		return nil
	}
	return invalid("RANGE key attributes %s must have equality conditions specified in the query because a condition is present on key attribute %s",
		strings.Join(loose, ", "), k.sort[last].name)
}

// fits checks that an index can serve the term, and the type of its values.
func (a keyAttribute) fits(t expr.KeyTerm) error {
	if !slices.Contains(keyOperators, t.Op) {
		return invalid("Attempted conditional constraint is not an indexable operation")
	}
	if slices.ContainsFunc(t.Values, func(v expr.Value) bool { return v.Type() != a.typ }) {
		return parameter("Condition parameter type does not match schema type")
	}
	for _, v := range t.Values {
		if kind := empty(v); kind != "" && t.Op != "begins_with" {
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", kind, a.name)
		}
	}
	return nil
}

// keyOperators are the operators of key conditions; KeyConditions may have others.
var keyOperators = []string{"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"}

// bounds are the store keys that begin with stem and meet the term.
func bounds(stem string, t expr.KeyTerm) (low, high string) {
	at := func(v expr.Value) string { return stem + string(expr.AppendKey(nil, v)) }
	first := at(t.Values[0])
	switch t.Op {
	case "<":
		return stem, first
	case "<=":
		return stem, after(first)
	case ">":
		return after(first), after(stem)
	case ">=":
		return first, after(stem)
	case "BETWEEN":
		return first, after(at(t.Values[1]))
	case "begins_with":
		var text string
		switch v := t.Values[0].(type) {
		case expr.String:
			text = string(v)
		case expr.Binary:
			text = string(v)
		}
		first = stem + string(expr.AppendKeyPrefix(nil, text))
	}
	return first, after(first)
}
