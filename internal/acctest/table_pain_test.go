package acctest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestOneIndexIsOneChange demands that adding, changing or removing one of many
// indexes touches that index alone, in the plan and on AWS.
func TestOneIndexIsOneChange(t *testing.T) {
	t.Parallel()
	index := func(name, kind string) string {
		return fmt.Sprintf("    %s = { partition_key = { name = %q, type = %q } }\n", name, name, kind)
	}
	config := func(indexes ...string) string {
		return "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\nresource \"serverless_table\" \"t\" {\n  name = \"orders\"\n  partition_key = { name = \"pk\", type = \"S\" }\n  global_indexes = {\n" +
			strings.Join(indexes, "") + "  }\n}\n"
	}
	a, b, c, d := index("by_a", "S"), index("by_b", "S"), index("by_c", "S"), index("by_d", "S")
	for _, x := range []struct {
		name, after string
		touched     []string
	}{
		{"one more", config(a, b, c, d), []string{"by_d"}},
		{"one less", config(a, c), []string{"by_b"}},
		{"another type of a key", config(a, index("by_b", "N"), c), []string{"by_b"}},
		{"another order", config(c, b, a), nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			e := providertest.Emulator(t)
			m := deploy(t, e, strings.SplitAfterN(config(a, b, c), "}\n", 2)[1])
			before := m.Value("serverless_table.t").GetAttr("global_indexes").AsValueMap()
			if _, err := m.Apply(t.Context(), x.after); err != nil {
				t.Fatal(err)
			}
			after := m.Value("serverless_table.t").GetAttr("global_indexes").AsValueMap()
			var touched []string
			for _, name := range []string{"by_a", "by_b", "by_c", "by_d"} {
				was, had := before[name]
				is, has := after[name]
				if had != has || had && !was.RawEquals(is) {
					touched = append(touched, name)
				}
			}
			if fmt.Sprint(touched) != fmt.Sprint(x.touched) {
				t.Errorf("changed %v, want %v", touched, x.touched)
			}
		})
	}
}

// tables is DynamoDB's client on e.
func tables(t *testing.T, e provider.Emulator) *dynamodb.Client {
	t.Helper()
	id, secret := e.Credentials()
	url, err := e.URL()
	if err != nil {
		t.Fatal(err)
	}
	return dynamodb.New(dynamodb.Options{Region: "eu-north-1", BaseEndpoint: &url, HTTPClient: e, Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
}

// TestScaledCapacityIsNoDifference demands that what scaling makes of a capacity
// shows in no plan, survives changes of everything else, and that ending and
// beginning to scale replaces nothing.
func TestScaledCapacityIsNoDifference(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	client := tables(t, e)
	config := func(capacity, more string) string {
		return `
provider "serverless" {
  region = "eu-north-1"
}
resource "serverless_table" "t" {
  name           = "orders"
  partition_key  = { name = "pk", type = "S" }
  global_indexes = { by_user = { partition_key = { name = "user", type = "S" } } }
  capacity       = ` + capacity + more + `
}`
	}
	scaled := `{ read = { min = 5, max = 50 }, write = { min = 2, max = 20 } }`
	m := deploy(t, e, strings.SplitAfterN(config(scaled, ""), "}\n", 2)[1])
	scaling := func(reads, writes int64) { // as Application Auto Scaling does
		t.Helper()
		p := &types.ProvisionedThroughput{ReadCapacityUnits: &reads, WriteCapacityUnits: &writes}
		_, err := client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
			TableName: aws.String("orders"), ProvisionedThroughput: p,
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Update: &types.UpdateGlobalSecondaryIndexAction{IndexName: aws.String("by_user"), ProvisionedThroughput: p}}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	now := func() string {
		t.Helper()
		out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
		if err != nil {
			t.Fatal(err)
		}
		p, i := out.Table.ProvisionedThroughput, out.Table.GlobalSecondaryIndexes[0].ProvisionedThroughput
		return fmt.Sprint(*p.ReadCapacityUnits, *p.WriteCapacityUnits, *i.ReadCapacityUnits, *i.WriteCapacityUnits)
	}
	plan := func(config string) string {
		t.Helper()
		changes, err := m.Plan(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		return changes[0].Action + " " + strings.Join(changes[0].Changed, " ")
	}
	apply := func(config string) {
		t.Helper()
		if _, err := m.Apply(t.Context(), config); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := now(), "5 2 5 2"; got != want {
		t.Errorf("a new table has %s, want the fewest: %s", got, want)
	}
	scaling(40, 15)
	if got := plan(config(scaled, "")); got != "no-op " {
		t.Errorf("the plan when capacity has scaled: %s", got)
	}
	apply(config(scaled, "\n  ttl = \"until\"\n  stream = \"KEYS_ONLY\""))
	if got, want := now(), "40 15 40 15"; got != want {
		t.Errorf("after a change of other things there is %s, want %s", got, want)
	}
	// One capacity becomes fixed; the other stays where it has scaled to.
	fixed := `{ read = { min = 5, max = 50 }, write = { units = 3 } }`
	if got := plan(config(fixed, "")); !strings.HasPrefix(got, "update capacity") {
		t.Errorf("the plan of a fixed capacity: %s", got)
	}
	apply(config(fixed, ""))
	if got, want := now(), "40 3 40 3"; got != want {
		t.Errorf("with fixed writes there is %s, want %s", got, want)
	}
	// New bounds that exclude what there is bring it within them.
	apply(config(`{ read = { min = 5, max = 30 }, write = { units = 3 } }`, ""))
	if got, want := now(), "30 3 30 3"; got != want {
		t.Errorf("within new bounds there is %s, want %s", got, want)
	}
	// To scale again replaces nothing and changes nothing at once.
	scaling(30, 4)
	apply(config(`{ read = { min = 5, max = 30 }, write = { min = 2, max = 20 } }`, ""))
	if got, want := now(), "30 4 30 4"; got != want {
		t.Errorf("when all scales again there is %s, want %s", got, want)
	}
	apply(config(`null`, ""))
	if err := m.Destroy(t.Context(), config(`null`, "")); err != nil {
		t.Fatal(err)
	}
	if n, err := e.Deployed(); err != nil || n != 0 {
		t.Errorf("left: %d (%v)", n, err)
	}
}

// TestLostAnswerOfAKinesisStream: DynamoDB refuses to turn on what is on, also to the
// second attempt of a call whose first answer was lost. Of a stream that is somebody
// else's that stays an error.
func TestLostAnswerOfAKinesisStream(t *testing.T) {
	t.Parallel()
	s := Subject{Type: "serverless_table", Base: Arguments{"name": `"orders"`, "partition_key": `{ name = "pk", type = "S" }`}}
	after := s.Base.with(Arguments{"kinesis_stream": `{ arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/a" }`})
	b := s.bench(t)
	b.wire.Lag = 2
	b.apply(s.Base)
	other := b.another()
	cut := false
	b.wire.Spoil = func(_ int, operation string) Fault {
		if operation != "EnableKinesisStreamingDestination" || cut {
			return Fault{}
		}
		cut = true
		return Fault{Kind: CutAfter}
	}
	b.apply(after)
	b.settled(after)
	if !cut {
		t.Error("no answer was lost")
	}
	_, err := other.Apply(t.Context(), b.config(s.Base.with(Arguments{"kinesis_stream": `{ arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/b" }`})))
	if err == nil || !strings.Contains(err.Error(), "EnableKinesisStreamingDestination answered ValidationException") {
		t.Errorf("another stream in the place of the first: %v", err)
	}
	b.emptied(after)
}
