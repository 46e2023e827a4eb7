package dynamodb_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// run carries out one statement.
func (f *fixture) run(statement string, parameters ...types.AttributeValue) (*sdk.ExecuteStatementOutput, error) {
	return f.ExecuteStatement(f.ctx, &sdk.ExecuteStatementInput{Statement: &statement, Parameters: parameters})
}

// three is a service with three items in the table "notes".
func three(t *testing.T) *fixture {
	f := start(t, "")
	f.notes()
	for i, sk := range []string{"a1", "a2", "b1"} {
		f.put("notes", with(with(key("k", sk), "n", num(fmt.Sprint(i))), "m", &types.AttributeValueMemberM{Value: item{"x": str(sk)}}))
	}
	return f
}

func TestSelect(t *testing.T) {
	t.Parallel()
	f := three(t)
	for _, row := range []struct {
		where, want string
		parameters  []types.AttributeValue
	}{
		{"", "a1 a2 b1", nil},
		{"WHERE pk = 'k'", "a1 a2 b1", nil},
		{"WHERE pk = 'k' AND sk = 'a2'", "a2", nil},
		{"where \"pk\" = ? and sk > ?", "a2 b1", []types.AttributeValue{str("k"), str("a1")}},
		{"WHERE pk = 'k' AND begins_with(sk, 'a')", "a1 a2", nil},
		{"WHERE pk = 'k' AND sk BETWEEN 'a2' AND 'c'", "a2 b1", nil},
		{"WHERE pk = 'k' AND n > 0", "a2 b1", nil},
		{"WHERE n = 1 OR n = 2.0", "a2 b1", nil},
		{"WHERE NOT n IN [0, 1]", "b1", nil},
		{"WHERE n NOT IN (0, 1)", "b1", nil},
		{"WHERE m.x = 'a1'", "a1", nil},
		{"WHERE x IS MISSING AND n IS NOT MISSING", "a1 a2 b1", nil},
		{"WHERE n IS NULL", "", nil},
		{"WHERE contains(m.x, '2') AND (n = 0 OR n = 1) AND n <> 0", "a2", nil},
		{"WHERE attribute_type(n, 'N') AND size(sk) = 2 AND n < 1e0", "a1", nil},
	} {
		out, err := f.run("SELECT * FROM notes "+row.where, row.parameters...)
		if err != nil {
			t.Errorf("%s: %v", row.where, err)
		} else if got := sortKeys(out.Items); got != row.want {
			t.Errorf("%s: got %s, want %s", row.where, got, row.want)
		}
	}
	out := must[*sdk.ExecuteStatementOutput](t)(f.run("SELECT sk, m.x FROM notes WHERE pk = 'k' AND sk = 'b1'"))
	if len(out.Items) != 1 || len(out.Items[0]) != 2 || textOf(out.Items[0]["x"]) != "b1" {
		t.Errorf("paths: got %v", out.Items)
	}
}

// TestSelectPages reads a table page by page.
func TestSelectPages(t *testing.T) {
	t.Parallel()
	f := three(t)
	in := &sdk.ExecuteStatementInput{Statement: aws.String("SELECT * FROM notes WHERE pk = 'k'"), Limit: aws.Int32(2)}
	first := must[*sdk.ExecuteStatementOutput](t)(f.ExecuteStatement(f.ctx, in))
	in.NextToken = first.NextToken
	second := must[*sdk.ExecuteStatementOutput](t)(f.ExecuteStatement(f.ctx, in))
	if a, b := sortKeys(first.Items), sortKeys(second.Items); a != "a1 a2" || b != "b1" || second.NextToken != nil {
		t.Errorf("got %s and %s", a, b)
	}
	in.NextToken = aws.String("x")
	_, err := f.ExecuteStatement(f.ctx, in)
	wantError(t, err, "ValidationException", "Given NextToken is invalid")
}

func TestStatementsWrite(t *testing.T) {
	t.Parallel()
	f := three(t)
	set := func(v types.AttributeValue) string {
		if s, ok := v.(*types.AttributeValueMemberSS); ok {
			return fmt.Sprint(s.Value)
		}
		return textOf(v)
	}
	for _, row := range []struct{ statement, want string }{
		{"INSERT INTO notes VALUE {'pk': 'p', 'sk': 's', 'v': 'it''s', 'l': [1, -2, true, null], 't': <<'a', 'b'>>}", "it's"},
		{"UPDATE notes SET v = 'b' WHERE pk = 'p' AND sk = 's'", "b"},
		{"UPDATE \"notes\" SET v = 1 SET w = 2 WHERE pk = 'p' AND sk = 's'", "1"},
		{"UPDATE notes SET v = v + w - 1 REMOVE w WHERE pk = 'p' AND sk = 's' AND v = 1", "2"},
		{"UPDATE notes SET v = t WHERE pk = 'p' AND sk = 's'", "[a b]"},
		{"UPDATE notes SET v = set_add(v, <<'c'>>) WHERE pk = 'p' AND sk = 's'", "[a b c]"},
		{"UPDATE notes SET v = set_delete(v, <<'a', 'c'>>) WHERE pk = 'p' AND sk = 's'", "[b]"},
		{"UPDATE notes SET v = set_delete(v, <<'b'>>) WHERE pk = 'p' AND sk = 's'", ""},
		{"DELETE FROM notes WHERE pk = 'p' AND sk = 's'", ""},
		{"DELETE FROM notes WHERE pk = 'p' AND sk = 's'", ""},
	} {
		if _, err := f.run(row.statement); err != nil {
			t.Fatalf("%s: %v", row.statement, err)
		}
		out := must[*sdk.GetItemOutput](t)(f.GetItem(f.ctx, &sdk.GetItemInput{TableName: aws.String("notes"), Key: key("p", "s")}))
		if got := set(out.Item["v"]); got != row.want {
			t.Errorf("%s: got %s, want %s", row.statement, got, row.want)
		}
	}
	for returning, want := range map[string]string{"ALL OLD *": "0 4", "MODIFIED OLD *": "0 1", "ALL NEW *": "9 4", "MODIFIED NEW *": "9 1"} {
		f.put("notes", with(with(key("k", "a1"), "n", num("0")), "x", str("x")))
		out := must[*sdk.ExecuteStatementOutput](t)(f.run("UPDATE notes SET n = 9 WHERE pk = 'k' AND sk = 'a1' RETURNING " + returning))
		if got := fmt.Sprint(textOf(out.Items[0]["n"]), " ", len(out.Items[0])); got != want {
			t.Errorf("%s: got %s, want %s", returning, got, want)
		}
	}
}

func TestStatementErrors(t *testing.T) {
	t.Parallel()
	f := three(t)
	const well = "Statement wasn't well formed, can't be processed: "
	for _, row := range []struct{ statement, code, want string }{
		{"SLECT * FROM notes", "ValidationException", well + "Expected data manipulation"},
		{"SELECT * FROM \"notes", "ValidationException", well},
		{"SELECT * FROM \"\"", "ValidationException", "Path component cannot be an empty string"},
		{"SELECT * FROM a.b.c", "ValidationException", "A path may contain at most 2 components in the FROM clause"},
		{"SELECT * FROM notes.none", "ValidationException", "The table does not have the specified index"},
		{"SELECT * FROM none", "ResourceNotFoundException", "Requested resource not found"},
		{"SELECT * FROM notes WHERE pk = 'k' AND n < true", "ValidationException", "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"},
		{"SELECT * FROM notes WHERE pk = ?", "ValidationException", "Number of parameters in request and statement don't match."},
		{"SELECT * FROM notes WHERE pk = 1", "ValidationException", "One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{"INSERT INTO notes VALUE {'pk': 'k', 'sk': 'a1'}", "DuplicateItemException", "Duplicate primary key exists in table"},
		{"INSERT INTO notes VALUE {'pk': 'k'}", "ValidationException", "One or more parameter values were invalid: Missing the key sk in the item"},
		{"UPDATE notes SET v = 1 WHERE pk = 'k'", "ValidationException", "Where clause does not contain a mandatory equality on all key attributes"},
		{"UPDATE notes SET sk = 1 WHERE pk = 'k' AND sk = 'a1'", "ValidationException", "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key"},
		{"UPDATE notes SET v = 1 WHERE pk = 'k' AND sk = 'none'", "ConditionalCheckFailedException", "The conditional request failed"},
		{"UPDATE notes SET v = 1 WHERE pk = 'k' AND sk = 'a1' AND n = 7", "ConditionalCheckFailedException", "The conditional request failed"},
		{"DELETE FROM notes WHERE pk = 'x' RETURNING MODIFIED OLD *", "ValidationException", "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements."},
	} {
		_, err := f.run(row.statement)
		t.Run(row.statement, func(t *testing.T) { wantError(t, err, row.code, row.want) })
	}
}

func TestBatchStatements(t *testing.T) {
	t.Parallel()
	f := three(t)
	statements := []string{
		"SELECT * FROM notes WHERE pk = 'k' AND sk = 'a1'",
		"SELECT * FROM notes WHERE pk = 'k'",
		"SELECT * FROM none WHERE pk = 'k'",
		"INSERT INTO notes VALUE {'pk': 'k', 'sk': 'a1'}",
		"SLECT",
		"DELETE FROM notes WHERE pk = 'k' AND sk = 'a2' RETURNING ALL OLD *",
	}
	in := &sdk.BatchExecuteStatementInput{ReturnConsumedCapacity: "TOTAL"}
	for _, s := range statements {
		in.Statements = append(in.Statements, types.BatchStatementRequest{Statement: aws.String(s)})
	}
	out := must[*sdk.BatchExecuteStatementOutput](t)(f.BatchExecuteStatement(f.ctx, in))
	want := []string{"a1", "ValidationError", "ResourceNotFound", "DuplicateItem", "ValidationError", "a2"}
	for i, r := range out.Responses {
		got := textOf(r.Item["sk"])
		if r.Error != nil {
			got = string(r.Error.Code)
		}
		if got != want[i] {
			t.Errorf("%s: got %s, want %s", statements[i], got, want[i])
		}
	}
	if len(out.ConsumedCapacity) != 1 || *out.ConsumedCapacity[0].CapacityUnits != 1.5 {
		t.Errorf("capacity: got %v", out.ConsumedCapacity)
	}
}

func TestExecuteTransaction(t *testing.T) {
	t.Parallel()
	f := three(t)
	run := func(token string, statements ...string) (*sdk.ExecuteTransactionOutput, error) {
		in := &sdk.ExecuteTransactionInput{ReturnConsumedCapacity: "TOTAL"}
		if token != "" {
			in.ClientRequestToken = &token
		}
		for _, s := range statements {
			in.TransactStatements = append(in.TransactStatements, types.ParameterizedStatement{Statement: aws.String(s)})
		}
		return f.ExecuteTransaction(f.ctx, in)
	}
	const count = "UPDATE notes SET n = n + 1 WHERE pk = 'k' AND sk = 'a1'"
	for i, want := range []struct{ read, write float64 }{{0, 2}, {2, 0}} {
		out := must[*sdk.ExecuteTransactionOutput](t)(run("token", count))
		c := out.ConsumedCapacity[0]
		if aws.ToFloat64(c.ReadCapacityUnits) != want.read || aws.ToFloat64(c.WriteCapacityUnits) != want.write {
			t.Errorf("call %d: got %v", i, c)
		}
	}
	out := must[*sdk.ExecuteTransactionOutput](t)(run("", "SELECT n FROM notes WHERE pk = 'k' AND sk = 'a1'", "SELECT n FROM notes WHERE pk = 'k' AND sk = 'none'"))
	if textOf(out.Responses[0].Item["n"]) != "1" || out.Responses[1].Item != nil {
		t.Errorf("got %v", out.Responses)
	}
	_, err := run("", "INSERT INTO notes VALUE {'pk': 'k', 'sk': 'new'}", "INSERT INTO notes VALUE {'pk': 'k', 'sk': 'a1'}")
	wantError(t, err, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [None, DuplicateItem]") //nolint:misspell // AWS's spelling
	for statement, want := range map[string]string{
		count + " RETURNING ALL NEW *":  "Validation failed in TransactStatements[0]: RETURNING clause is not supported in ExecuteTransaction.",
		"SELECT * FROM notes.x":         "Validation failed in TransactStatements[0]: Reads on indices are not supported within transactions.",
		"SELECT * FROM notes WHERE n=1": "Validation failed in TransactStatements[0]: Select statements within ExecuteTransaction must specify the primary key in the where clause.",
	} {
		_, err := run("", statement)
		wantError(t, err, "ValidationException", want)
	}
	_, err = run("", count, "SELECT * FROM notes")
	wantError(t, err, "ValidationException", "The transaction must consist of either all reads or all writes")
}

// TestStatementErrors has AWS's texts for statements that cannot be read, with the
// line, the column and the length of what is wrong.
func TestStatementTexts(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	const unread, left = "Statement wasn't well formed, can't be processed: ", "Unexpected token after expression"
	for statement, want := range map[string]string{
		"SELECT * FROM notes WHERE pk = 'a' foo":                   unread + left,
		"SELECT * FROM notes WHERE pk = 'a')":                      unread + left,
		"DELETE FROM notes WHERE pk = 'a' ORDER BY pk":             unread + left,
		"SELECT * FROM notes ORDER BY pk WHERE pk = 'a'":           unread + left,
		"INSERT INTO notes t VALUE {'pk': 'a'}":                    unread + left,
		"SELECT * FROM notes WHERE n = 1e2147483648":               unread,
		"SELECT * FROM notes WHERE n = 1.5e-2147483647":            unread,
		"SELECT * FROM notes WHERE n = 1 # note":                   unread,
		"SELECT * FROM notes WHERE n = 1 /* note":                  unread,
		"SELECT * FROM notes t WHERE pk = 'a'":                     "Aliasing is not supported",
		"SELECT * FROM notes AS t WHERE pk = 'a'":                  "Aliasing is not supported",
		"UPDATE notes t SET a = 3 WHERE pk = 'a'":                  "Aliasing is not supported",
		"INSERT INTO notes VALUE {'pk': 1e126}":                    "Number overflow. Attempting to store a number with magnitude larger than supported range under root",
		"INSERT INTO notes VALUE {'m': {'x': [1, 1e126]}}":         "Number overflow. Attempting to store a number with magnitude larger than supported range under root.x[1]",
		"SELECT * FROM notes WHERE attribute_exists('a')":          "Operator or function requires a document path; operator or function: attribute_exists",
		"SELECT * FROM notes WHERE attribute_exists()":             "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 0",
		"SELECT attribute_exists(a) FROM notes":                    "Unexpected path component at 1:8:16",
		"SELECT * FROM notes\nWHERE EXISTS(a)":                     "Unrecognized function: exists at 2:7:6",
		"SELECT * FROM notes WHERE a.inner = 1":                    unread + "Invalid path dot component",
		"SELECT * FROM notes ORDER BY sk":                          "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
		"SELECT * FROM notes WHERE pk = 'a' ORDER BY n":            "Variable reference n in ORDER BY clause must be part of the primary key",
		"UPDATE notes SET t = set_add(s, <<'x'>>) WHERE pk = 'a'":  "The first argument to SET_ADD must equal the assignment value at 1:22:7",
		"UPDATE notes SET s = set_add(s, 'x') WHERE pk = 'a'":      "The second argument to SET_ADD must be a value with type SET at 1:30:1",
		"UPDATE notes SET s = set_delete(s) WHERE pk = 'a'":        "SET_DELETE must have exactly two arguments at 1:22:10",
		"UPDATE notes SET s = set_add(s, <<'x', 'x'>>)":            "One or more parameter values were invalid: Input collection [x, x] contains duplicates.",
		"UPDATE notes SET s = set_add(s, <<>>) WHERE pk = 'a'":     "Empty bags are not supported",
		"INSERT INTO notes VALUE {'s': set_add(<<'a'>>, <<'b'>>)}": "Unsupported data type: set_add under key root at 1:31:7",
		"EXISTS(SELECT * FROM notes WHERE pk = 'a')":               "EXISTS() is only supported in ExecuteTransaction",
	} {
		_, err := f.run(statement)
		wantError(t, err, "ValidationException", want)
	}
}

// EXISTS checks an item's condition within a transaction.
func TestExists(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	f.put("notes", with(key("a", "1"), "n", num("1")))
	run := func(exists string) error {
		_, err := f.ExecuteTransaction(f.ctx, &sdk.ExecuteTransactionInput{TransactStatements: []types.ParameterizedStatement{
			{Statement: aws.String("EXISTS(SELECT * FROM notes WHERE pk = 'a' AND sk = '1'" + exists + ")")},
			{Statement: aws.String("INSERT INTO notes VALUE {'pk': 'b', 'sk': '1'}")},
		}})
		return err
	}
	wantError(t, run(""), "ValidationException", "Validation failed in TransactStatements[0]: EXISTS() must contain a single item read with additional condition")
	wantError(t, run(" AND n = 2"), "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None]") //nolint:misspell // AWS's spelling
	if err := run(" AND n = 1"); err != nil {
		t.Fatal(err)
	}
	if got := f.count(f.ctx, "notes"); got != 2 {
		t.Errorf("got %d items", got)
	}
}
