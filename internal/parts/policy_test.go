package parts

import (
	"errors"
	"maps"
	"slices"
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

func TestLinkTargets(t *testing.T) {
	const here = ":eu-north-1:123456789012:"
	for _, row := range []struct{ to, access, allows, env string }{
		{"arn:aws:s3:::pictures", "read write", "s3:ListBucket on arn:aws:s3:::pictures; s3:AbortMultipartUpload s3:DeleteObject s3:GetObject s3:GetObjectVersion s3:PutObject on arn:aws:s3:::pictures/*", "X_BUCKET=pictures"},
		{"arn:aws:events" + here + "event-bus/shop", "publish", "events:PutEvents on arn:aws:events" + here + "event-bus/shop", "X_BUS_ARN=arn:aws:events" + here + "event-bus/shop X_BUS_NAME=shop"},
		{"arn:aws:kms" + here + "key/k", "read write", "kms:Decrypt kms:Encrypt kms:GenerateDataKey on arn:aws:kms" + here + "key/k", "X_KEY_ARN=arn:aws:kms" + here + "key/k"},
		{"arn:aws:ssm" + here + "parameter/a", "read", "ssm:GetParameter ssm:GetParameters ssm:GetParametersByPath on arn:aws:ssm" + here + "parameter/a", "X_PARAMETER_NAME=a"},
		{"arn:aws:ssm" + here + "parameter/a/b", "read", "ssm:GetParameter ssm:GetParameters ssm:GetParametersByPath on arn:aws:ssm" + here + "parameter/a/b", "X_PARAMETER_NAME=/a/b"},
		{"arn:aws:secretsmanager" + here + "secret:s-Ab12", "read", "secretsmanager:GetSecretValue on arn:aws:secretsmanager" + here + "secret:s-Ab12", "X_SECRET_ARN=arn:aws:secretsmanager" + here + "secret:s-Ab12"},
		{"arn:aws:states" + here + "stateMachine:m", "start stop", "states:StartExecution on arn:aws:states" + here + "stateMachine:m; states:StopExecution on arn:aws:states" + here + "execution:m:*", "X_STATE_MACHINE_ARN=arn:aws:states" + here + "stateMachine:m"},
		{"arn:aws:states" + here + "stateMachine:m:live", "start stop", "states:StartExecution on arn:aws:states" + here + "stateMachine:m:live; states:StopExecution on arn:aws:states" + here + "execution:m:*", "X_STATE_MACHINE_ARN=arn:aws:states" + here + "stateMachine:m:live"},
		{"arn:aws:sns" + here + "news", "publish", "sns:Publish on arn:aws:sns" + here + "news", "X_TOPIC_ARN=arn:aws:sns" + here + "news"},
		{"arn:aws:states" + here + "stateMachine:m", "start await", "states:StartExecution on arn:aws:states" + here + "stateMachine:m; events:DescribeRule events:PutRule events:PutTargets on arn:aws:events" + here + "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule; states:DescribeExecution states:StopExecution on arn:aws:states" + here + "execution:m:*", "X_STATE_MACHINE_ARN=arn:aws:states" + here + "stateMachine:m"},
		{"arn:aws:execute-api" + here + "a1b2c3", "invoke push", "execute-api:Invoke on arn:aws:execute-api" + here + "a1b2c3/*; execute-api:ManageConnections on arn:aws:execute-api" + here + "a1b2c3/*/*/@connections/*", "X_API_ID=a1b2c3"},
		{"arn:aws:dynamodb" + here + "table/t", "stream", "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams on arn:aws:dynamodb" + here + "table/t/stream/*", "X_TABLE_ARN=arn:aws:dynamodb" + here + "table/t X_TABLE_NAME=t"},
	} {
		l := Link{Name: "X", To: row.to, Access: strings.Fields(row.access)}
		statements, err := l.Statements()
		var allows []string
		for _, s := range statements {
			allows = append(allows, strings.Join(s.Action, " ")+" on "+strings.Join(s.Resource, " "))
		}
		if got := strings.Join(allows, "; "); err != nil || got != row.allows {
			t.Errorf("%s to %s: got  %s, %v\nwant %s", row.access, row.to, got, err, row.allows)
		}
		env, err := l.Environment()
		var vars []string
		for _, name := range slices.Sorted(maps.Keys(env)) {
			vars = append(vars, name+"="+env[name])
		}
		if got := strings.Join(vars, " "); err != nil || got != row.env {
			t.Errorf("environment of %s: got %s, %v, want %s", row.to, got, err, row.env)
		}
	}
}

func TestLinkErrors(t *testing.T) {
	for _, c := range []struct {
		to, access, want string
	}{
		{"orders", "read", "is not an ARN"},
		{"arn:aws:dynamodb:r:1:table/", "read", "links lead to"},
		{"arn:aws:dynamodb:r:1:table/t", "delete", `use "admin" or "read" or "stream" or "write"`},
		{"arn:aws:lambda:r:1:function:f", "read", `use "invoke"`},
		{"arn:aws:sqs:r:1:q", "write", `use "purge" or "receive" or "send"`},
		{"arn:aws:kinesis:r:1:stream/s", "publish", `use "read" or "write"`},
		{"arn:aws:firehose:r:1:deliverystream/s", "read", "use policies and environment"},
		{"arn:aws:states:r:1:execution:m:x", "read", "links lead to"},
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
