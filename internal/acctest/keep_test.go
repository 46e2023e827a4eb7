package acctest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// TestFailedCreateKeepsLogs: a create that fails takes back what it made, and
// leaves the log group that an earlier function of that name wrote to.
func TestFailedCreateKeepsLogs(t *testing.T) {
	t.Parallel()
	b := functionSubject.bench(t)
	b.before()
	key, secret := b.wire.Credentials()
	client := logs.New(logs.Options{
		Region: "eu-north-1", HTTPClient: b.wire.Emulator, BaseEndpoint: aws.String("http://127.0.0.1"),
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
	})
	name := aws.String("/aws/lambda/hello")
	if _, err := client.CreateLogGroup(t.Context(), &logs.CreateLogGroupInput{LogGroupName: name}); err != nil {
		t.Fatal(err)
	}
	held := b.deployed()
	b.wire.Spoil = func(_ int, operation string) Fault {
		if operation == "CreateFunction" {
			return Fault{Kind: Answer, Code: "CodeStorageExceededException", Message: "Code storage limit exceeded."}
		}
		return Fault{}
	}
	if _, err := b.Apply(t.Context(), b.config(b.Base)); err == nil {
		t.Fatal("the apply succeeded")
	}
	out, err := client.DescribeLogGroups(t.Context(), &logs.DescribeLogGroupsInput{LogGroupNamePrefix: name})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.LogGroups) != 1 {
		t.Errorf("%d log groups are left, want the one that was there", len(out.LogGroups))
	}
	if got := b.deployed(); got != held {
		t.Errorf("the emulator holds %d things, want the %d of before", got, held)
	}
}
