package dynamodb

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// legacy is what a request gives by the parameters that expressions have replaced.
// A request uses the one or the other.
type legacy struct {
	attributes []string                              // AttributesToGet
	updates    map[string]types.AttributeValueUpdate // AttributeUpdates
	filterName string                                // QueryFilter or ScanFilter
	filter     map[string]types.Condition
	expected   map[string]types.ExpectedAttributeValue
	operator   types.ConditionalOperator
	keys       map[string]types.Condition // KeyConditions
}

// given names the parameters that the request has, in AWS's order.
func (l *legacy) given() []string {
	var names []string
	for _, p := range []struct {
		name string
		set  bool
	}{
		{"AttributesToGet", l.attributes != nil},
		{"AttributeUpdates", l.updates != nil},
		{l.filterName, l.filter != nil},
		{"Expected", l.expected != nil},
		{"ConditionalOperator", l.operator != ""},
		{"KeyConditions", l.keys != nil},
	} {
		if p.set {
			names = append(names, p.name)
		}
	}
	return names
}

// check checks that the parameters stand alone: beside expressions there is only
// KeyConditions, unless its own expression is there.
func (l *legacy) check(sources ...source) error {
	var expressions []string
	given := l.given()
	for _, src := range sources {
		if src.text != nil {
			expressions = append(expressions, src.member)
		}
	}
	if !slices.Contains(expressions, expr.KeyConditionExpression) {
		given = slices.DeleteFunc(given, func(name string) bool { return name == "KeyConditions" })
	}
	if len(expressions) > 0 && len(given) > 0 {
		return invalid("Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}",
			strings.Join(given, ", "), strings.Join(expressions, ", "))
	}
	if l.operator == "" {
		return nil
	}
	switch len(l.filter) + len(l.expected) {
	case 0:
		return invalid("ConditionalOperator cannot be used without Filter or Expected")
	case 1:
		return invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
	}
	return nil
}

// read adds to e what the parameters say, checked.
func (l *legacy) read(e *expressions) (err error) {
	if l.attributes != nil {
		if e.projection, err = l.projection(); err != nil {
			return err
		}
	}
	if l.updates != nil {
		if e.update, e.changes, err = l.update(); err != nil {
			return err
		}
	}
	var conditions []expr.Condition
	for _, name := range slices.Sorted(maps.Keys(l.filter)) {
		c, err := comparison(name, l.filter[name])
		if err != nil {
			return err
		}
		conditions = append(conditions, c.Condition())
	}
	for _, name := range slices.Sorted(maps.Keys(l.expected)) {
		c, err := expectation(name, l.expected[name])
		if err != nil {
			return err
		}
		conditions = append(conditions, c.Condition())
	}
	if len(conditions) > 0 {
		e.condition = expr.Every(conditions)
		if l.operator == types.ConditionalOperatorOr {
			e.condition = expr.Any(conditions)
		}
	}
	return nil
}

func (l *legacy) projection() (expr.Projection, error) {
	var paths []expr.Path
	for i, name := range l.attributes {
		if slices.Contains(l.attributes[:i], name) {
			return expr.Projection{}, parameter("Duplicate value in attribute name: %s", name)
		}
		paths = append(paths, expr.Path{{Name: name}})
	}
	return expr.Project(paths...), nil
}

func (l *legacy) update() (expr.Update, []expr.Change, error) {
	var changes []expr.Change
	for _, name := range slices.Sorted(maps.Keys(l.updates)) {
		u := l.updates[name]
		c := expr.Change{Attribute: name, Action: string(u.Action)}
		if c.Action == "" {
			c.Action = string(types.AttributeActionPut)
		}
		if u.Value != nil {
			v, err := valueOf(u.Value, 0)
			if err != nil {
				return expr.Update{}, nil, invalidErr(err)
			}
			c.Value = v
		}
		if err := c.Check(); err != nil {
			return expr.Update{}, nil, invalidErr(err)
		}
		changes = append(changes, c)
	}
	return expr.Changes(changes), changes, nil
}

// readKeys adds the terms of KeyConditions to e.
func (l *legacy) readKeys(e *expressions) error {
	if l.keys == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(l.keys)) {
		c, err := comparison(name, l.keys[name])
		if err != nil {
			return err
		}
		t, _ := c.KeyTerm() // what no index can serve is told once the key is known
		e.key = append(e.key, t)
	}
	if len(e.key) != 1 && len(e.key) != 2 {
		return invalid("Conditions can be of length 1 or 2 only")
	}
	return nil
}

// comparison reads a legacy condition on an attribute.
func comparison(name string, in types.Condition) (expr.Comparison, error) {
	c := expr.Comparison{Attribute: name, Operator: string(in.ComparisonOperator)}
	for _, a := range in.AttributeValueList {
		v, err := valueOf(a, 0)
		if err != nil {
			return c, invalidErr(err)
		}
		c.Values = append(c.Values, v)
	}
	return c, invalidErr(c.Check())
}

// expectation reads an element of Expected, which has an older form too: a value
// to equal, or Exists.
func expectation(name string, in types.ExpectedAttributeValue) (expr.Comparison, error) {
	c := types.Condition{ComparisonOperator: in.ComparisonOperator, AttributeValueList: in.AttributeValueList}
	if in.Value != nil {
		c.AttributeValueList = append(c.AttributeValueList, in.Value)
	}
	exists := "null"
	if in.Exists != nil {
		exists = strconv.FormatBool(*in.Exists)
	}
	op := in.ComparisonOperator
	var err error
	switch {
	case in.AttributeValueList != nil && in.Value != nil:
		err = parameter("Value and AttributeValueList cannot be used together for Attribute: %s", name)
	case op != "" && in.Exists != nil:
		err = parameter("Exists and ComparisonOperator cannot be used together for Attribute: %s", name)
	case op != "" && op != types.ComparisonOperatorNull && op != types.ComparisonOperatorNotNull && in.AttributeValueList == nil && in.Value == nil:
		err = parameter("Value or AttributeValueList must be used with ComparisonOperator: %s for Attribute: %s", op, name)
	case op != "":
	case in.AttributeValueList != nil:
		err = parameter("AttributeValueList can only be used with a ComparisonOperator for Attribute: %s", name)
	case exists == "false" && in.Value != nil:
		err = parameter("Value cannot be used when Exists is false for Attribute: %s", name)
	case exists == "false":
		c.ComparisonOperator = types.ComparisonOperatorNull
	case in.Value == nil:
		err = parameter("Value must be provided when Exists is %s for Attribute: %s", exists, name)
	default:
		c.ComparisonOperator = types.ComparisonOperatorEq
	}
	if err != nil {
		return expr.Comparison{}, err
	}
	return comparison(name, c)
}
