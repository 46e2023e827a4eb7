package acctest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// queueGrants are blocks that give the worker's role the access words to n queues.
func queueGrants(n int, words string) string {
	return worker + fmt.Sprintf(`
resource "serverless_grant" "g" {
  count  = %d
  from   = serverless_role.r.arn
  to     = ["arn:aws:sqs:eu-north-1:000000000000:q${count.index}"]
  access = [%s]
}
`, n, words)
}

// spillCopy makes a managed policy of the worker's grants with the same statements as
// the inline ones, as a run leaves it that was cut off while it moved them.
func spillCopy(t *testing.T, c *iam.Client, number int) {
	t.Helper()
	inline, _ := granted(t, c, "worker")
	name, all := "worker", []string{}
	for sheet, policy := range inline {
		owner := strings.TrimPrefix(sheet, "serverless-grants")
		if !strings.HasPrefix(owner, "-Grant") { // that of a stack
			name += owner
		}
		_, list, _ := strings.Cut(policy, `"Statement":[`)
		all = append(all, strings.TrimSuffix(list, "]}"))
	}
	p, err := c.CreatePolicy(t.Context(), &iam.CreatePolicyInput{
		PolicyName: aws.String(fmt.Sprint(name, "-grants-", number)), Path: aws.String("/serverless/grants/"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[` + strings.Join(all, ",") + "]}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String("worker"), PolicyArn: p.Policy.Arn}); err != nil {
		t.Fatal(err)
	}
}

// TestGrantsCutOffWhileMoved finds the same grants in two policies, and leaves none of
// the rights that a grant no longer gives.
func TestGrantsCutOffWhileMoved(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]string{
		"one of them goes":   queueGrants(1, `"send"`),
		"both get narrower":  queueGrants(2, `"receive"`),
		"both become larger": queueGrants(2, `"send", "purge"`),
	} {
		for _, header := range []string{atHome, ofStack} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				e := providertest.Emulator(t)
				c := roles(t, e)
				m := deploy(t, e, "")
				apply := func(config string) {
					t.Helper()
					if _, err := m.Apply(t.Context(), header+config); err != nil {
						t.Fatal(err)
					}
				}
				apply(queueGrants(2, `"send"`))
				spillCopy(t, c, 1)
				apply(next)
				inline, managed := granted(t, c, "worker")
				want := strings.Count(next, "count  = 2") + 1
				if got := statements(inline); got != want || len(managed) != 0 {
					t.Errorf("got %d statements in %v and the policies %v, want %d and none", got, inline, managed, want)
				}
			})
		}
	}
}

// TestGrantsOfALostRole leaves no policy behind, also if the first one is missing.
func TestGrantsOfALostRole(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	c := roles(t, e)
	before, err := e.Deployed()
	if err != nil {
		t.Fatal(err)
	}
	m := deploy(t, e, worker)
	both := strings.Replace(queueGrants(1, `"send"`), "serverless_role.r.arn", `"worker"`, 1)
	both = strings.Replace(both, "services = [", "depends_on = [serverless_grant.g]\n  services = [", 1) // so that the role goes first
	if _, err := m.Apply(t.Context(), atHome+both); err != nil {
		t.Fatal(err)
	}
	spillCopy(t, c, 3)
	if err := m.Destroy(t.Context(), atHome); err != nil {
		t.Fatal(err)
	}
	if after, err := e.Deployed(); err != nil || after != before {
		t.Errorf("there are %d things, %v, want %d", after, err, before)
	}
}

// TestPoliciesAtTheQuota exchanges all managed policies of a role that has room for no
// more.
func TestPoliciesAtTheQuota(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	c := roles(t, e)
	arns := map[string][]string{}
	for _, set := range []string{"a", "b"} {
		for i := range 10 {
			p, err := c.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String(fmt.Sprint(set, i)), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}`)})
			if err != nil {
				t.Fatal(err)
			}
			arns[set] = append(arns[set], `"`+*p.Policy.Arn+`"`)
		}
	}
	big := func(letter string) string { // more than half of what a role has room for
		return `policies = [jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::` + strings.Repeat(letter, 6000) + `" }] })]`
	}
	both := func(set string) string {
		with := "policy_arns = [" + strings.Join(arns[set], ", ") + "]\n  " + big(set)
		return strings.Replace(worker, "services", with+"\n  services", 1) + aFunction(with+"\n"+`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }`)
	}
	m := deploy(t, e, both("a"))
	if _, err := m.Apply(t.Context(), atHome+both("b")); err != nil {
		t.Fatal(err)
	}
	if _, managed := granted(t, c, "worker"); len(managed) != 10 || managed[0] != "b0" {
		t.Errorf("got %v", managed)
	}
}
