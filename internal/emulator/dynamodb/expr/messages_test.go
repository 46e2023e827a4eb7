package expr_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// params are the placeholders of the tables below.
func params(t testing.TB) *expr.Params {
	return &expr.Params{
		Names: map[string]string{"#a": "a", "#b": "b", "#name": "name", "#dot": "x.y"},
		Values: map[string]expr.Value{
			":s": expr.String("abc"), ":t": expr.String("b"), ":n": n(t, "5"), ":m": n(t, "2"), ":bool": expr.Bool(true),
			":l": expr.List{expr.String("z")}, ":ss": expr.StringSet{"b", "c"}, ":ns": expr.NumberSet{n(t, "1")},
			":map": expr.Map{"k": expr.String("v")}, ":null": expr.Null{}, ":bin": expr.Binary("\x01"), ":typeN": expr.String("N"), ":bad": expr.String("X"),
		},
	}
}

// read reads an expression of a kind and drops the result.
func read(p *expr.Params, kind, src string) (err error) {
	switch kind {
	case expr.UpdateExpression:
		_, err = p.Update(src)
	case expr.ProjectionExpression:
		_, err = p.Projection(src)
	case expr.KeyConditionExpression:
		_, err = p.KeyCondition(src)
	default:
		_, err = p.Condition(kind, src)
	}
	return err
}

func TestMessages(t *testing.T) {
	t.Parallel()
	const (
		c = expr.ConditionExpression
		f = expr.FilterExpression
		k = expr.KeyConditionExpression
		p = expr.ProjectionExpression
		u = expr.UpdateExpression
	)
	for _, row := range []struct{ kind, src, want string }{
		{c, ``, `Invalid ConditionExpression: The expression can not be empty;`},
		{c, `things are not gonna be ok`, `Invalid ConditionExpression: Syntax error; token: "are", near: "things are not"`},
		{c, `a =`, `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="`},
		{c, `a = :s AND`, `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "AND"`},
		{c, `a ! :s`, `Invalid ConditionExpression: Syntax error; token: "!", near: "a ! :s"`},
		{c, `a = 5`, `Invalid ConditionExpression: Syntax error; token: "5", near: "= 5"`},
		{c, `(a = :s`, `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: ":s"`},
		{c, `a`, `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "a"`},
		{c, `((a = :s))`, `Invalid ConditionExpression: The expression has redundant parentheses;`},
		{c, `name = :s`, `Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: name`},
		{f, `a.Status = :s`, `Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: Status`},
		{c, `#x = :s`, `Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #x`},
		{c, `a = :x`, `Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :x`},
		{c, `foo(a)`, `Invalid ConditionExpression: Invalid function name; function: foo`},
		{c, `list_append(a, :l) = :l`, `Invalid ConditionExpression: The function is not allowed in a condition expression; function: list_append`},
		{c, `size(a)`, `Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: size`},
		{c, `attribute_exists(a) = :s`, `Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: attribute_exists`},
		{c, `attribute_exists(a, b)`, `Invalid ConditionExpression: Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2`},
		{c, `attribute_exists(:s)`, `Invalid ConditionExpression: Operator or function requires a document path; operator or function: attribute_exists`},
		{c, `begins_with(a, :n)`, `Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N`},
		{c, `a < :bool`, `Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: <, operand type: BOOL`},
		{c, `size(:n) = :n`, `Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: size, operand type: N`},
		{c, `attribute_type(a, :bad)`, `Invalid ConditionExpression: Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`},
		{c, `a = #a`, `Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]`},
		{c, `a BETWEEN :n AND :m`, `Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:2}`},
		{c, `a BETWEEN :n AND :s`, `Invalid ConditionExpression: The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {S:abc}`},
		{c, strings.Repeat("a", 5000), `Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 5000`},

		{p, `a, `, `Invalid ProjectionExpression: Syntax error; token: "<EOF>", near: ","`},
		{p, `a b`, `Invalid ProjectionExpression: Syntax error; token: "b", near: "a b"`},
		{p, `a.b, a`, `Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]`},
		{p, `a.b, a[1]`, `Invalid ProjectionExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]`},

		{u, `a`, `Invalid UpdateExpression: Syntax error; token: "a", near: "a"`},
		{u, `SET a = :s, `, `Invalid UpdateExpression: Syntax error; token: "<EOF>", near: ","`},
		{u, `SET a == :s`, `Invalid UpdateExpression: Syntax error; token: "=", near: "== :s"`},
		{u, `SET foo-bar = :s`, `Invalid UpdateExpression: Syntax error; token: "-", near: "foo-bar"`},
		{u, `SET a = :s SET b = :s`, `Invalid UpdateExpression: The "SET" section can only be used once in an update expression;`},
		{u, `SET name = :s`, `Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: name`},
		{u, `SET a = attribute_exists(b)`, `Invalid UpdateExpression: The function is not allowed in an update expression; function: attribute_exists`},
		{u, `SET a = if_not_exists(:s, :s)`, `Invalid UpdateExpression: Operator or function requires a document path; operator or function: if_not_exists`},
		{u, `SET a = list_append(:s, :l)`, `Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: list_append, operand type: S`},
		{u, `SET a = :s + :n`, `Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand type: S`},
		{u, `SET a = :s REMOVE a.b`, `Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]`},
		{u, `ADD a :s`, `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND`},
		{u, `DELETE a :n`, `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND`},
		{u, `ADD a b`, `Invalid UpdateExpression: Syntax error; token: "b", near: "a b"`},

		{k, `a = :s OR b = :s`, `Invalid operator used in KeyConditionExpression: OR`},
		{k, `a <> :s`, `Invalid operator used in KeyConditionExpression: <>`},
		{k, `contains(a, :s)`, `Invalid operator used in KeyConditionExpression: contains`},
		{k, `a.b = :s`, `KeyConditionExpressions cannot have conditions on nested attributes`},
		{k, `a = :s AND a = :t`, `Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key`},
		{k, `a = b`, `Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition`},
		{k, `a = :type"`, `Invalid KeyConditionExpression: Syntax error; token: """, near: ":type""`},
	} {
		err := read(params(t), row.kind, row.src)
		if err == nil || err.Error() != row.want {
			t.Errorf("%s\ngot  %v\nwant %s", row.src, err, row.want)
		}
	}
}

func TestUnused(t *testing.T) {
	t.Parallel()
	p := &expr.Params{Names: map[string]string{"#a": "a", "#c": "c", "#b": "b"}, Values: map[string]expr.Value{":v": expr.Null{}}}
	if _, err := p.Projection("#a"); err != nil {
		t.Fatal(err)
	}
	const want = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b, #c}"
	if err := p.Unused(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	p.Names = nil
	const wantValues = "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"
	if err := p.Unused(); err == nil || err.Error() != wantValues {
		t.Errorf("got %v, want %s", err, wantValues)
	}
}

// stored is the item of the tables below.
func stored(t testing.TB) expr.Item {
	return expr.Item{
		"s": expr.String("abcd"), "n": n(t, "5"), "li": expr.List{expr.String("x"), expr.String("y"), expr.String("z")},
		"obj": expr.Map{"k": n(t, "1"), "deep": expr.Map{"l": expr.List{n(t, "7")}}}, "ss": expr.StringSet{"a", "b"},
		"ns": expr.NumberSet{n(t, "1"), n(t, "2")}, "yes": expr.Bool(true), "nul": expr.Null{}, "x.y": n(t, "9"), "emoji": expr.String("a😀"),
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{
		`n = :n`: true, `n <> :n`: false, `n > :m`: true, `n < :m`: false, `n >= :n AND n <= :n`: true,
		`gone = :n`: false, `gone <> :n`: true, `NOT gone = :n`: true, `gone < :n`: false,
		`n BETWEEN :m AND :n`: true, `s BETWEEN :s AND :t`: true, `n IN (:m, :n)`: true, `gone IN (:m)`: false,
		`attribute_exists(obj.deep.l[0])`: true, `attribute_not_exists(obj.deep.l[1])`: true, `attribute_exists(n.a)`: false,
		`attribute_type(n, :typeN)`: true, `attribute_type(s, :typeN)`: false,
		`begins_with(s, :s)`: true, `begins_with(n, :s)`: false, `contains(s, :t)`: true, `contains(ss, :t)`: true,
		`contains(li, :t)`: false, `size(li) < :n`: true, `size(s) = size(li)`: false, `size(emoji) < :n`: true, `size(n) = :n`: false,
		`#dot > :n`: true, `yes = :bool`: true, `nul = :null`: true, `ss = :ss`: false,
		`n = :m OR n = :n AND s = :s`: false, `(n = :m OR n = :n) AND s > :s`: true, `not (n = :m)`: true,
		`:n = n`: true, `(n) = (:n)`: true, `s < :n`: false,
	} {
		c, err := params(t).Condition(expr.ConditionExpression, src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if got := c.Holds(stored(t)); got != want {
			t.Errorf("%s: got %v, want %v", src, got, want)
		}
	}
}

func TestUpdates(t *testing.T) {
	t.Parallel()
	str, num := func(s string) expr.Value { return expr.String(s) }, func(s string) expr.Value { return n(t, s) }
	for _, row := range []struct {
		src, path string
		want      expr.Value
	}{
		{`SET s = :t`, "s", str("b")},
		{`SET n = n + :n`, "n", num("10")},
		{`SET n = n - #dot`, "n", num("-4")},
		{`SET fresh = if_not_exists(fresh, :n) + :m`, "fresh", num("7")},
		{`SET fresh = if_not_exists(n, :m)`, "fresh", num("5")},
		{`SET li = list_append(li, :l)`, "li[3]", str("z")},
		{`SET li = list_append(if_not_exists(nope, :l), li)`, "li[1]", str("x")},
		{`SET li[1] = :s`, "li[1]", str("abc")},
		{`SET li[9] = :s, li[7] = :t`, "li[4]", str("abc")},
		{`SET obj.deep.l[0] = :s`, "obj.deep.l[0]", str("abc")},
		{`SET obj.added = :s`, "obj.added", str("abc")},
		{`SET s = n, n = s`, "s", num("5")},
		{`REMOVE li[0], li[2]`, "li[0]", str("y")},
		{`REMOVE li[0], li[2]`, "li[1]", nil},
		{`REMOVE obj.k`, "obj.k", nil},
		{`REMOVE gone`, "gone", nil},
		{`ADD n :m`, "n", num("7")},
		{`ADD fresh :m`, "fresh", num("2")},
		{`ADD ss :ss`, "ss", expr.StringSet{"a", "b", "c"}},
		{`DELETE ss :ss`, "ss", expr.StringSet{"a"}},
		{`DELETE ns :ns`, "ns", expr.NumberSet{n(t, "2")}},
		{`set s = :s remove n add ns :ns delete ss :ss`, "s", str("abc")},
	} {
		u, err := params(t).Update(row.src)
		if err != nil {
			t.Errorf("%s: %v", row.src, err)
			continue
		}
		before := stored(t)
		after, err := u.Apply(before)
		if err != nil {
			t.Errorf("%s: %v", row.src, err)
			continue
		}
		if !expr.Equal(before, stored(t)) {
			t.Errorf("%s changed the item that it was given", row.src)
		}
		p, err := params(t).Projection(row.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Paths[0].Get(after); !expr.Equal(got, row.want) {
			t.Errorf("%s: %s is %v, want %v", row.src, row.path, got, row.want)
		}
	}
}

func TestUpdateErrors(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]error{
		`SET a = gone`:               expr.ErrNoAttribute,
		`SET a = gone + :n`:          expr.ErrNoAttribute,
		`SET a = s + :n`:             expr.ErrOperandType,
		`SET a = list_append(s, :l)`: expr.ErrOperandType,
		`SET gone.a = :s`:            expr.ErrBadPath,
		`SET s.a = :s`:               expr.ErrBadPath,
		`SET s[0] = :s`:              expr.ErrBadPath,
		`SET obj[0] = :s`:            expr.ErrBadPath,
		`REMOVE gone.a`:              expr.ErrBadPath,
		`ADD s :n`:                   expr.ErrOperandType,
		`ADD ss :ns`:                 expr.ErrOperandType,
		`DELETE ns :ss`:              expr.ErrOperandType,
		`SET li[0] = :s, li.a = s`:   nil,
	} {
		u, err := params(t).Update(src)
		if want == nil {
			if err == nil {
				t.Errorf("%s: got no error", src)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if _, err := u.Apply(stored(t)); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", src, err, want)
		}
	}
}

func TestProjections(t *testing.T) {
	t.Parallel()
	p, err := params(t).Projection("li[2], li[0], obj.deep.l, n, gone, #dot")
	if err != nil {
		t.Fatal(err)
	}
	want := expr.Item{
		"li": expr.List{expr.String("x"), expr.String("z")}, "n": n(t, "5"), "x.y": n(t, "9"),
		"obj": expr.Map{"deep": expr.Map{"l": expr.List{n(t, "7")}}},
	}
	if got := p.Of(stored(t)); !expr.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func FuzzExpressions(f *testing.F) {
	for _, src := range []string{`a = :s AND (NOT b[1].c IN (:n, #a))`, `SET a = list_append(b, :l) + :n REMOVE c`, `a, b.c[0]`, `((`, `#`, `:`, "\xff", `a[99999999999999999999]`} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		for _, kind := range []string{expr.ConditionExpression, expr.UpdateExpression, expr.ProjectionExpression, expr.KeyConditionExpression} {
			if err := read(params(t), kind, src); err != nil && err.Error() == "" {
				t.Errorf("%s %q: an error without words", kind, src)
			}
		}
		if c, err := params(t).Condition(expr.FilterExpression, src); err == nil {
			c.Holds(stored(t))
		}
		if u, err := params(t).Update(src); err == nil {
			_, _ = u.Apply(stored(t))
		}
	})
}
