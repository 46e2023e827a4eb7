package acctest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

const managedByAWS = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"

// held gives the worker's role what another owner may give it.
var held = map[string]struct {
	give, take func(t *testing.T, c *iam.Client) error
	says       string
}{
	"an inline policy": {
		func(t *testing.T, c *iam.Client) error {
			const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}`
			_, err := c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("worker"), PolicyName: aws.String("theirs"), PolicyDocument: aws.String(policy)})
			return err
		},
		func(t *testing.T, c *iam.Client) error {
			_, err := c.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: aws.String("worker"), PolicyName: aws.String("theirs")})
			return err
		},
		"the policies theirs,",
	},
	"a managed policy": {
		func(t *testing.T, c *iam.Client) error {
			_, err := c.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String("worker"), PolicyArn: aws.String(managedByAWS)})
			return err
		},
		func(t *testing.T, c *iam.Client) error {
			_, err := c.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: aws.String("worker"), PolicyArn: aws.String(managedByAWS)})
			return err
		},
		"the policies " + managedByAWS + ",",
	},
	"an instance profile": {
		func(t *testing.T, c *iam.Client) error {
			if _, err := c.CreateInstanceProfile(t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: aws.String("machines")}); err != nil {
				return err
			}
			_, err := c.AddRoleToInstanceProfile(t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: aws.String("machines"), RoleName: aws.String("worker")})
			return err
		},
		func(t *testing.T, c *iam.Client) error {
			_, err := c.RemoveRoleFromInstanceProfile(t.Context(), &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: aws.String("machines"), RoleName: aws.String("worker")})
			return err
		},
		"a place in the instance profiles machines,",
	},
}

// TestRoleHeldByOthers is not deleted with what others gave it, nor replaced, until that
// is gone or force_detach says so; what the role's own resource gave it goes along.
func TestRoleHeldByOthers(t *testing.T) {
	t.Parallel()
	own := strings.Replace(worker, "services", "policies    = ["+allows("sqs:ListQueues")+"]\n  policy_arns = [\"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole\"]\n  services", 1)
	for name, c := range held {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := providertest.Emulator(t)
			m, client := deploy(t, e, own), roles(t, e)
			if err := c.give(t, client); err != nil {
				t.Fatal(err)
			}
			// Whoever attaches a managed policy ignores it where the role is written.
			kept := func(more string) string {
				return atHome + strings.Replace(own, "services", "lifecycle {\n    ignore_changes = [policy_arns]\n  }\n  "+more+"services", 1)
			}
			for what, do := range map[string]func() error{
				"destroy": func() error { return m.Destroy(t.Context(), atHome) },
				"replace": func() error { _, err := m.Apply(t.Context(), kept("path = \"/team/\"\n  ")); return err },
			} {
				err := do()
				if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "force_detach = true") {
					t.Errorf("%s: got %v, want a refusal that says %q", what, err, c.says)
				}
				if inline, managed := granted(t, client, "worker"); inline["serverless"] == "" || len(managed) == 0 {
					t.Errorf("%s: the role has lost its own policies: %v and %v", what, inline, managed)
				}
			}
			if err := c.take(t, client); err != nil {
				t.Fatal(err)
			}
			if err := m.Destroy(t.Context(), atHome); err != nil {
				t.Errorf("when it is gone: %v", err)
			}

			if name == "an instance profile" {
				if _, err := client.DeleteInstanceProfile(t.Context(), &iam.DeleteInstanceProfileInput{InstanceProfileName: aws.String("machines")}); err != nil {
					t.Fatal(err)
				}
			}
			m = deploy(t, e, own)
			if err := c.give(t, client); err != nil {
				t.Fatal(err)
			}
			if _, err := m.Apply(t.Context(), kept("force_detach = true\n  ")); err != nil {
				t.Fatal(err)
			}
			if err := m.Destroy(t.Context(), atHome); err != nil {
				t.Errorf("with force_detach: %v", err)
			}
			if out, err := client.ListRoles(t.Context(), nil); err != nil || len(out.Roles) != 0 {
				t.Errorf("with force_detach there is still %v, %v", out, err)
			}
		})
	}
}

// TestRoleOfAnother: a role of the name that a function's own role is to have is left
// alone if its tags tell of another owner. One that a run left, cut off before it made
// the function, gets the limits and the tags that a new one would have.
func TestRoleOfAnother(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	m, client := deploy(t, e, ""), roles(t, e)
	name := aws.String("worker")
	create := func(tags ...types.Tag) {
		t.Helper()
		const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
		if _, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(trust), Tags: tags}); err != nil {
			t.Fatal(err)
		}
	}
	config := atHome + `
resource "serverless_function" "f" {
  function_name = "hello"
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  source        = { inline = { "index.mjs" = "export const handler = async () => 1" } }
  role          = { name = "worker", permissions_boundary = "` + managedByAWS + `" }
  tags          = { team = "a" }
}
`
	create(types.Tag{Key: aws.String("owner"), Value: aws.String("billing")})
	_, err := m.Apply(t.Context(), config)
	for _, says := range []string{"role worker exists and has another owner", "owner", "role_arn"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Fatalf("the apply does not say %q: %v", says, err)
		}
	}
	if inline, managed := granted(t, client, "worker"); len(inline)+len(managed) != 0 {
		t.Errorf("the role of another got %v and %v", inline, managed)
	}
	if _, err := client.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: name}); err != nil {
		t.Fatal(err)
	}
	create()
	if _, err := m.Apply(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	out, err := client.GetRole(t.Context(), &iam.GetRoleInput{RoleName: name})
	if err != nil {
		t.Fatal(err)
	}
	if b := out.Role.PermissionsBoundary; b == nil || aws.ToString(b.PermissionsBoundaryArn) != managedByAWS {
		t.Errorf("the role that was taken over is limited by %v", b)
	}
	if len(out.Role.Tags) != 1 || aws.ToString(out.Role.Tags[0].Key) != "team" {
		t.Errorf("its tags are %v", out.Role.Tags)
	}
	if err := m.Destroy(t.Context(), atHome); err != nil {
		t.Fatal(err)
	}
}
