package parts

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

func TestPolicy(t *testing.T) {
	got, err := Policy(
		[]Statement{Allow([]string{"logs:PutLogEvents"}, []string{"arn:a"}), Allow([]string{"x:A", "x:B"}, []string{"*"})},
		[]string{`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a<b": "true"}}}}`},
	)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","Action":"logs:PutLogEvents","Resource":"arn:a"},` +
		`{"Effect":"Allow","Action":["x:A","x:B"],"Resource":"*"},` +
		`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"a<b":"true"}}}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPolicyErrors(t *testing.T) {
	for document, want := range map[string]string{
		`nonsense`: "not a policy document",
		`{"Version":"2008-10-17","Statement":[{}]}`:            `Version is "2008-10-17"`,
		`{"Version":"2012-10-17","Statement":[]}`:              "no statement",
		`{"Version":"2012-10-17"}`:                             "neither an object nor a list",
		`{"Version":"2012-10-17","Statement":[{}],"More":1}`:   "More",
		`{"Version":"2012-10-17","Statement":"everything ok"}`: "neither an object nor a list",
	} {
		_, err := Policy(nil, []string{`{"Version":"2012-10-17","Statement":[{}]}`, document})
		var which *DocumentError
		if !errors.As(err, &which) || which.Index != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error about document 1 with %q", document, err, want)
		}
	}
}

func TestBoth(t *testing.T) {
	a, err := Policy([]Statement{Allow([]string{"x:A"}, []string{"1"}), Allow([]string{"x:B"}, []string{"2"})}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Policy([]Statement{Allow([]string{"x:B"}, []string{"2"}), Allow([]string{"x:C"}, []string{"3"})}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Both(a, b)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Policy([]Statement{Allow([]string{"x:A"}, []string{"1"}), Allow([]string{"x:B"}, []string{"2"}), Allow([]string{"x:C"}, []string{"3"})}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLink(t *testing.T) {
	const table = "arn:aws:dynamodb:eu-north-1:123456789012:table/orders"
	l := Link{Name: "ORDERS", To: table, Access: []string{"read", "read"}}
	statements, err := l.Statements()
	if err != nil {
		t.Fatal(err)
	}
	s := statements[0]
	if len(statements) != 1 || len(s.Resource) != 2 || s.Resource[0] != table || s.Resource[1] != table+"/index/*" {
		t.Errorf("resources: got %v", s.Resource)
	}
	for _, a := range s.Action {
		if strings.Contains(a, "Put") || strings.Contains(a, "Delete") || strings.Contains(a, "*") {
			t.Errorf("read allows %s", a)
		}
	}
	env, err := l.Environment()
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"ORDERS_TABLE_NAME": "orders", "ORDERS_TABLE_ARN": table}; !maps.Equal(env, want) {
		t.Errorf("environment: got %v, want %v", env, want)
	}
}

func TestQueueLink(t *testing.T) {
	const queue = "arn:aws:sqs:eu-north-1:123456789012:mail"
	l := Link{Name: "MAIL", To: queue, Access: []string{"send", "receive"}}
	statements, err := l.Statements()
	if err != nil {
		t.Fatal(err)
	}
	want := "sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage sqs:SendMessage"
	if got := strings.Join(statements[0].Action, " "); got != want || len(statements[0].Resource) != 1 || statements[0].Resource[0] != queue {
		t.Errorf("got %s on %v", got, statements[0].Resource)
	}
	env, err := l.Environment()
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"MAIL_QUEUE_URL": "https://sqs.eu-north-1.amazonaws.com/123456789012/mail", "MAIL_QUEUE_ARN": queue}; !maps.Equal(env, want) {
		t.Errorf("environment: got %v, want %v", env, want)
	}
}

func TestLinkErrors(t *testing.T) {
	for _, c := range []struct {
		to, access, want string
	}{
		{"orders", "read", "is not an ARN"},
		{"arn:aws:dynamodb:r:1:table/", "read", "links lead to"},
		{"arn:aws:dynamodb:r:1:table/t", "delete", `use "read" or "write"`},
		{"arn:aws:lambda:r:1:function:f", "read", `use "invoke"`},
		{"arn:aws:sqs:r:1:q", "write", `use "purge" or "receive" or "send"`},
		{"arn:aws:s3:::bucket", "read", "use policies and environment"},
	} {
		_, err := Link{Name: "X", To: c.to, Access: []string{c.access}}.Statements()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: got %v, want an error with %q", c.to, c.access, err, c.want)
		}
	}
}

func TestRoleName(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, name := range []string{"f", long} {
		here, there := RoleName(name, "eu-north-1"), RoleName(name, "us-east-1")
		if here == there || len(here) > 64 || here != RoleName(name, "eu-north-1") {
			t.Errorf("%s: %s in one region, %s in another", name, here, there)
		}
	}
	if RoleName(long, "r") == RoleName(long[:60], "r") {
		t.Error("names that are cut to the same beginning give the same role")
	}
}
