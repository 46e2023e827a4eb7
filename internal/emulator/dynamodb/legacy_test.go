package dynamodb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// condition is a legacy condition.
func condition(op types.ComparisonOperator, values ...types.AttributeValue) types.Condition {
	return types.Condition{ComparisonOperator: op, AttributeValueList: values}
}

// TestLegacyFilter scans with one condition on v and lists the sort keys it finds.
func TestLegacyFilter(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	set := &types.AttributeValueMemberNS{Value: []string{"1", "2"}}
	list := &types.AttributeValueMemberL{Value: []types.AttributeValue{num("1"), str("x")}}
	for sk, v := range map[string]types.AttributeValue{"none": nil, "one": num("1"), "two": num("2"), "text": str("abc"), "set": set, "list": list} {
		i := key("a", sk)
		if v != nil {
			i["v"] = v
		}
		f.put("notes", i)
	}
	for _, row := range []struct {
		want string
		c    types.Condition
	}{
		{"one", condition("EQ", num("1.0"))},
		{"list", condition("EQ", list)},
		{"list none set text two", condition("NE", num("1"))},
		{"one", condition("LT", num("2"))},
		{"one two", condition("LE", num("2"))},
		{"two", condition("GT", num("1"))},
		{"one two", condition("GE", num("1"))},
		{"list one set text two", condition("NOT_NULL")},
		{"none", condition("NULL")},
		{"list set", condition("CONTAINS", num("1"))},
		{"text", condition("CONTAINS", str("b"))},
		{"none one text two", condition("NOT_CONTAINS", num("1"))},
		{"text", condition("BEGINS_WITH", str("ab"))},
		{"one two", condition("IN", num("1"), num("2"), num("3"))},
		{"one two", condition("BETWEEN", num("1"), num("2"))},
	} {
		out := must[*sdk.ScanOutput](t)(f.Scan(f.ctx, &sdk.ScanInput{TableName: aws.String("notes"), ScanFilter: map[string]types.Condition{"v": row.c}}))
		if got := sortKeys(out.Items); got != row.want {
			t.Errorf("%s %v: got %s, want %s", row.c.ComparisonOperator, row.c.AttributeValueList, got, row.want)
		}
	}
	for op, want := range map[types.ConditionalOperator]string{"": "one", "AND": "one", "OR": "one set text two"} {
		out := must[*sdk.ScanOutput](t)(f.Scan(f.ctx, &sdk.ScanInput{TableName: aws.String("notes"), ConditionalOperator: op,
			ScanFilter: map[string]types.Condition{"v": condition("IN", num("1")), "sk": condition("GE", str("o"))}}))
		if got := sortKeys(out.Items); got != want {
			t.Errorf("%s: got %s, want %s", op, got, want)
		}
	}
}

func sortKeys(items []map[string]types.AttributeValue) string {
	var keys []string
	for _, i := range items {
		keys = append(keys, i["sk"].(*types.AttributeValueMemberS).Value)
	}
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

func TestKeyConditions(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	for _, sk := range []string{"a1", "a2", "b1"} {
		f.put("notes", with(with(key("p", sk), "v", str(sk)), "w", num("1")))
	}
	pk := condition("EQ", str("p"))
	for _, row := range []struct {
		want string
		sk   types.Condition
	}{
		{"a1", condition("EQ", str("a1"))}, {"a1 a2", condition("LT", str("b"))}, {"a1 a2", condition("LE", str("a2"))},
		{"b1", condition("GT", str("a2"))}, {"a2 b1", condition("GE", str("a2"))},
		{"a1 a2", condition("BEGINS_WITH", str("a"))}, {"a2 b1", condition("BETWEEN", str("a2"), str("c"))},
	} {
		out := must[*sdk.QueryOutput](t)(f.Query(f.ctx, &sdk.QueryInput{TableName: aws.String("notes"), KeyConditions: map[string]types.Condition{"pk": pk, "sk": row.sk}}))
		if got := sortKeys(out.Items); got != row.want {
			t.Errorf("%s: got %s, want %s", row.sk.ComparisonOperator, got, row.want)
		}
	}
	out := must[*sdk.QueryOutput](t)(f.Query(f.ctx, &sdk.QueryInput{TableName: aws.String("notes"), KeyConditions: map[string]types.Condition{"pk": pk},
		QueryFilter: map[string]types.Condition{"v": condition("EQ", str("a2"))}, AttributesToGet: []string{"sk", "w"}}))
	if len(out.Items) != 1 || len(out.Items[0]) != 2 || out.ScannedCount != 3 {
		t.Errorf("filter and attributes: got %v of %d", out.Items, out.ScannedCount)
	}
	mixed := must[*sdk.QueryOutput](t)(f.Query(f.ctx, &sdk.QueryInput{TableName: aws.String("notes"), KeyConditions: map[string]types.Condition{"pk": pk},
		FilterExpression: aws.String("v = :v"), ExpressionAttributeValues: item{":v": str("b1")}}))
	if got := sortKeys(mixed.Items); got != "b1" {
		t.Errorf("beside a filter expression: got %s", got)
	}
}

func TestAttributeUpdates(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	change := func(action types.AttributeAction, v types.AttributeValue) map[string]types.AttributeValueUpdate {
		return map[string]types.AttributeValueUpdate{"v": {Action: action, Value: v}}
	}
	set := func(s ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: s} }
	list := func(v ...types.AttributeValue) types.AttributeValue { return &types.AttributeValueMemberL{Value: v} }
	for i, row := range []struct {
		old     types.AttributeValue
		updates map[string]types.AttributeValueUpdate
		want    types.AttributeValue
	}{
		{nil, change("PUT", str("x")), str("x")},
		{str("y"), change("", str("x")), str("x")},
		{nil, change("ADD", num("2")), num("2")},
		{num("1"), change("ADD", num("2")), num("3")},
		{set("a"), change("ADD", set("a", "b")), set("a", "b")},
		{list(str("a")), change("ADD", list(num("1"))), list(str("a"), num("1"))},
		{set("a", "b"), change("DELETE", set("a")), set("b")},
		{set("a"), change("DELETE", set("a")), nil},
		{str("a"), change("DELETE", nil), nil},
		{str("a"), map[string]types.AttributeValueUpdate{}, str("a")},
	} {
		k := key("a", fmt.Sprint(i))
		if row.old != nil {
			f.put("notes", with(key("a", fmt.Sprint(i)), "v", row.old))
		}
		out := must[*sdk.UpdateItemOutput](t)(f.UpdateItem(f.ctx, &sdk.UpdateItemInput{TableName: aws.String("notes"), Key: k, AttributeUpdates: row.updates, ReturnValues: "ALL_NEW"}))
		if got := out.Attributes["v"]; fmt.Sprintf("%#v", bare(got)) != fmt.Sprintf("%#v", bare(row.want)) {
			t.Errorf("%d: got %v, want %v", i, bare(got), bare(row.want))
		}
	}
	// An update that only takes away makes no item; one of nothing does.
	for sk, in := range map[string]sdk.UpdateItemInput{
		"gone": {AttributeUpdates: change("DELETE", nil)}, "lost": {UpdateExpression: aws.String("REMOVE v")}, "made": {},
	} {
		in.TableName, in.Key = aws.String("notes"), key("b", sk)
		must[*sdk.UpdateItemOutput](t)(f.UpdateItem(f.ctx, &in))
	}
	out := must[*sdk.QueryOutput](t)(f.Query(f.ctx, &sdk.QueryInput{TableName: aws.String("notes"), KeyConditions: map[string]types.Condition{"pk": condition("EQ", str("b"))}}))
	if got := sortKeys(out.Items); got != "made" {
		t.Errorf("got the items %s, want made", got)
	}
}

// bare is a value without pointers.
func bare(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberL:
		var l []any
		for _, e := range v.Value {
			l = append(l, bare(e))
		}
		return l
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return "#" + v.Value
	case *types.AttributeValueMemberSS:
		return v.Value
	}
	return v
}

func TestExpected(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	f.put("notes", with(key("a", "1"), "v", num("1")))
	yes, no := aws.Bool(true), aws.Bool(false)
	for i, row := range []struct {
		e    types.ExpectedAttributeValue
		want bool
	}{
		{types.ExpectedAttributeValue{Value: num("1")}, true},
		{types.ExpectedAttributeValue{Value: num("2")}, false},
		{types.ExpectedAttributeValue{Value: num("1"), Exists: yes}, true},
		{types.ExpectedAttributeValue{Value: num("2"), Exists: yes}, false},
		{types.ExpectedAttributeValue{Exists: no}, false},
		{types.ExpectedAttributeValue{ComparisonOperator: "NOT_NULL"}, true},
		{types.ExpectedAttributeValue{ComparisonOperator: "GT", Value: num("0")}, true},
		{types.ExpectedAttributeValue{ComparisonOperator: "GT", AttributeValueList: []types.AttributeValue{num("1")}}, false},
	} {
		_, err := f.PutItem(f.ctx, &sdk.PutItemInput{TableName: aws.String("notes"), Item: with(key("a", "1"), "v", num("1")),
			Expected: map[string]types.ExpectedAttributeValue{"v": row.e}})
		if row.want && err != nil {
			t.Errorf("%d: %v", i, err)
		} else if !row.want {
			wantError(t, err, "ConditionalCheckFailedException", "The conditional request failed")
		}
	}
	must[*sdk.DeleteItemOutput](t)(f.DeleteItem(f.ctx, &sdk.DeleteItemInput{TableName: aws.String("notes"), Key: key("a", "1"), ConditionalOperator: "OR",
		Expected: map[string]types.ExpectedAttributeValue{"v": {Value: num("1")}, "w": {Value: num("1")}}}))
}

func TestLegacyErrors(t *testing.T) {
	t.Parallel()
	const (
		one   = "One or more parameter values were invalid: "
		write = "1 validation error detected: "
		mixed = "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}"
	)
	f := start(t, "")
	f.notes()
	name := aws.String("notes")
	expect := func(e types.ExpectedAttributeValue) error {
		_, err := f.PutItem(f.ctx, &sdk.PutItemInput{TableName: name, Item: key("a", "1"), Expected: map[string]types.ExpectedAttributeValue{"a": e}})
		return err
	}
	update := func(u types.AttributeValueUpdate) error {
		_, err := f.UpdateItem(f.ctx, &sdk.UpdateItemInput{TableName: name, Key: key("a", "1"), AttributeUpdates: map[string]types.AttributeValueUpdate{"v": u}})
		return err
	}
	scan := func(in sdk.ScanInput) error {
		in.TableName = name
		_, err := f.Scan(f.ctx, &in)
		return err
	}
	query := func(in sdk.QueryInput) error {
		in.TableName = name
		_, err := f.Query(f.ctx, &in)
		return err
	}
	filter := func(c types.Condition) error {
		return scan(sdk.ScanInput{ScanFilter: map[string]types.Condition{"a": c}})
	}
	pk := condition("EQ", str("a"))
	f.put("notes", with(key("a", "1"), "v", str("x")))
	for i, row := range []struct {
		err  error
		want string
	}{
		{expect(types.ExpectedAttributeValue{}), write + one + "Value must be provided when Exists is null for Attribute: a"},
		{expect(types.ExpectedAttributeValue{Exists: aws.Bool(true)}), write + one + "Value must be provided when Exists is true for Attribute: a"},
		{expect(types.ExpectedAttributeValue{Exists: aws.Bool(false), Value: str("x")}), write + one + "Value cannot be used when Exists is false for Attribute: a"},
		{expect(types.ExpectedAttributeValue{Exists: aws.Bool(true), ComparisonOperator: "LT"}), write + one + "Exists and ComparisonOperator cannot be used together for Attribute: a"},
		{expect(types.ExpectedAttributeValue{ComparisonOperator: "LT"}), write + one + "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a"},
		{expect(types.ExpectedAttributeValue{AttributeValueList: []types.AttributeValue{}}), write + one + "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"},
		{expect(types.ExpectedAttributeValue{AttributeValueList: []types.AttributeValue{}, Value: str("x"), ComparisonOperator: "LT"}), write + one + "Value and AttributeValueList cannot be used together for Attribute: a"},
		{expect(types.ExpectedAttributeValue{ComparisonOperator: "NULL", Value: str("x")}), write + one + "Invalid number of argument(s) for the NULL ComparisonOperator"},
		{filter(condition("BETWEEN", num("1"))), one + "Invalid number of argument(s) for the BETWEEN ComparisonOperator"},
		{filter(condition("IN", num("1"), str("1"))), one + "AttributeValues inside AttributeValueList must be of same type"},
		{filter(condition("LT", &types.AttributeValueMemberSS{Value: []string{"a"}})), one + "ComparisonOperator LT is not valid for SS AttributeValue type"},
		{filter(condition("BETWEEN", num("2"), num("1"))), "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"},
		{filter(condition("EQ", num("x"))), "The parameter cannot be converted to a numeric value: x"},
		{update(types.AttributeValueUpdate{Action: "ADD"}), write + one + "Only DELETE action is allowed when no attribute value is specified"},
		{update(types.AttributeValueUpdate{Action: "ADD", Value: str("x")}), write + one + "ADD action is not supported for the type S"},
		{update(types.AttributeValueUpdate{Action: "DELETE", Value: num("1")}), write + one + "DELETE action with value is not supported for the type N"},
		{update(types.AttributeValueUpdate{Action: "ADD", Value: num("1")}), "Type mismatch for attribute to update"},
		{scan(sdk.ScanInput{AttributesToGet: []string{"a", "b", "a"}}), one + "Duplicate value in attribute name: a"},
		{scan(sdk.ScanInput{ConditionalOperator: "AND"}), "ConditionalOperator cannot be used without Filter or Expected"},
		{scan(sdk.ScanInput{ConditionalOperator: "AND", ScanFilter: map[string]types.Condition{"a": pk}}), "ConditionalOperator can only be used when Filter or Expected has two or more elements"},
		{scan(sdk.ScanInput{ConditionalOperator: "AND", AttributesToGet: []string{"a"}, ScanFilter: map[string]types.Condition{}, FilterExpression: aws.String("x"), ProjectionExpression: aws.String("y")}),
			fmt.Sprintf(mixed, "AttributesToGet, ScanFilter, ConditionalOperator", "ProjectionExpression, FilterExpression")},
		{query(sdk.QueryInput{}), "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
		{query(sdk.QueryInput{ConditionalOperator: "AND"}), "ConditionalOperator cannot be used without Filter or Expected"},
		{query(sdk.QueryInput{KeyConditions: map[string]types.Condition{}}), "Conditions can be of length 1 or 2 only"},
		{query(sdk.QueryInput{KeyConditions: map[string]types.Condition{"pk": pk}, KeyConditionExpression: aws.String("pk = :v")}), fmt.Sprintf(mixed, "KeyConditions", "KeyConditionExpression")},
		{query(sdk.QueryInput{KeyConditions: map[string]types.Condition{"pk": pk, "sk": condition("NE", str("a"))}}), "Attempted conditional constraint is not an indexable operation"},
		{query(sdk.QueryInput{KeyConditions: map[string]types.Condition{"pk": condition("LT", str("a"))}}), "Query key condition not supported"},
		{query(sdk.QueryInput{KeyConditions: map[string]types.Condition{"pk": condition("EQ", num("1"))}}), one + "Condition parameter type does not match schema type"},
		{query(sdk.QueryInput{KeyConditions: map[string]types.Condition{"pk": pk}, QueryFilter: map[string]types.Condition{"sk": pk}}), "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"},
		{query(sdk.QueryInput{KeyConditions: map[string]types.Condition{"pk": pk}, AttributesToGet: []string{"a"}, Select: "COUNT"}), "Cannot specify the AttributesToGet when choosing to get COUNT"},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) { wantError(t, row.err, "ValidationException", row.want) })
	}
}
