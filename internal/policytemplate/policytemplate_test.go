package policytemplate

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

var here = Scope{Partition: "aws", Region: "eu-north-1", Account: "123456789012"}

// TestTemplates: each of SAM's 81 has statements that are whole.
func TestTemplates(t *testing.T) {
	names := Names()
	if len(names) != 81 {
		t.Errorf("there are %d templates, want 81", len(names))
	}
	action := regexp.MustCompile(`^[a-z0-9-]+:[A-Z*][A-Za-z0-9*]*$`)
	resource := regexp.MustCompile(`^(\*|x|arn:aws:[a-z0-9]+:(eu-north-1)?:(123456789012)?:[^{}]+)$`)
	for _, name := range names {
		found, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]string{}
		for _, p := range found.Parameters {
			values[p] = "x"
		}
		all, err := found.Statements(values, here)
		if err != nil || len(all) == 0 {
			t.Errorf("%s: %v, %v", name, all, err)
		}
		for _, s := range all {
			if len(s.Actions) == 0 || len(s.Resources) == 0 {
				t.Errorf("%s has an empty statement", name)
			}
			for _, a := range s.Actions {
				if !action.MatchString(a) {
					t.Errorf("%s: %q is no action", name, a)
				}
			}
			for _, r := range s.Resources {
				if !resource.MatchString(r) {
					t.Errorf("%s: %q is no resource", name, r)
				}
			}
		}
	}
}

func TestStatements(t *testing.T) {
	for _, row := range []struct {
		name   string
		values map[string]string
		want   []Statement
	}{
		{"SQSSendMessagePolicy", map[string]string{"QueueName": "mail"}, []Statement{
			{Actions: []string{"sqs:SendMessage*"}, Resources: []string{"arn:aws:sqs:eu-north-1:123456789012:mail"}},
		}},
		{"EFSWriteAccessPolicy", map[string]string{"FileSystem": "fs-1", "AccessPoint": "fsap-1"}, []Statement{{
			Actions:   []string{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"},
			Resources: []string{"arn:aws:elasticfilesystem:eu-north-1:123456789012:file-system/fs-1"},
			Condition: map[string]map[string]string{"StringEquals": {"elasticfilesystem:AccessPointArn": "arn:aws:elasticfilesystem:eu-north-1:123456789012:access-point/fsap-1"}},
		}}},
		{"SSMParameterWithSlashPrefixReadPolicy", map[string]string{"ParameterName": "/shop/key"}, []Statement{
			{Actions: []string{"ssm:DescribeParameters"}, Resources: []string{"*"}},
			{Actions: []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"}, Resources: []string{"arn:aws:ssm:eu-north-1:123456789012:parameter/shop/key"}},
		}},
	} {
		found, err := Find(row.name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := found.Statements(row.values, here); err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v, %v, want %v", row.name, got, err, row.want)
		}
	}
}

func TestBadTemplates(t *testing.T) {
	for _, row := range []struct{ name, values, want string }{
		{"DynamoDbCrud", "", `no policy template "DynamoDbCrud"; there are DynamoDBBackupFullAccessPolicy, DynamoDBCrudPolicy`},
		{"Nothing", "", "the documentation of AWS SAM lists them"},
		{"DynamoDBCrudPolicy", "", "DynamoDBCrudPolicy needs the parameter TableName"},
		{"DynamoDBCrudPolicy", "TableName Table", "DynamoDBCrudPolicy has no parameter Table; it takes TableName"},
		{"EC2DescribePolicy", "Id", "EC2DescribePolicy has no parameter Id; it takes no parameters"},
	} {
		found, err := Find(row.name)
		if err == nil {
			err = found.Check(strings.Fields(row.values))
		}
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s with %q: got %v, want %q", row.name, row.values, err, row.want)
		}
	}
}

// TestEmptyValue: a name that is empty does not give the rights to everything.
func TestEmptyValue(t *testing.T) {
	found, err := Find("LambdaInvokePolicy")
	if err != nil {
		t.Fatal(err)
	}
	got, err := found.Statements(map[string]string{"FunctionName": ""}, here)
	if want := "the parameter FunctionName of LambdaInvokePolicy is empty"; err == nil || err.Error() != want {
		t.Errorf("got %v, %v, want %q", got, err, want)
	}
}

func TestPolicy(t *testing.T) {
	found, err := Find("SQSSendMessagePolicy")
	if err != nil {
		t.Fatal(err)
	}
	all, err := found.Statements(map[string]string{"QueueName": "mail"}, here)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Policy(all)
	const want = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:SendMessage*"],"Resource":["arn:aws:sqs:eu-north-1:123456789012:mail"]}]}`
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if !found.Places() {
		t.Error("a queue's template needs no account")
	}
	anywhere, err := Find("EC2DescribePolicy")
	if err != nil || anywhere.Places() {
		t.Errorf("EC2DescribePolicy: got %v, which should need no account", err)
	}
}
