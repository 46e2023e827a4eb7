package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestHarness has terraform-plugin-testing, the harness of provider tests, take
// this program for terraform: it attaches the provider in the test's process,
// and all that it reads are our exit codes, JSON documents and messages.
func TestHarness(t *testing.T) {
	program, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{program, "terraform"} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			path, err := exec.LookPath(path)
			if err != nil {
				t.Skip("terraform is not on PATH")
			}
			t.Setenv("TF_ACC_TERRAFORM_PATH", path)
			t.Setenv("TF_CLI_CONFIG_FILE", os.DevNull)
			t.Setenv("AWS_REGION", "eu-west-1")
			e := providertest.Emulator(t)
			table := func(more string) string {
				return `resource "serverless_table" "t" {
					name          = "orders"
					partition_key = { name = "pk", type = "S" }
				` + more + "\n}\n"
			}
			const at = "serverless_table.t"
			planned := func(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
				return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(at, action)}}
			}
			tags := tfjsonpath.New("tags")
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: providertest.Factories(e),
				CheckDestroy: func(*terraform.State) error {
					if n, err := e.Deployed(); err != nil || n != 0 {
						t.Errorf("after destroy the emulator holds %d things (%v), want 0", n, err)
					}
					return nil
				},
				Steps: []resource.TestStep{
					{
						Config:            table(`tags = { a = "1" }`),
						ConfigPlanChecks:  planned(plancheck.ResourceActionCreate),
						ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(at, tags, knownvalue.MapExact(map[string]knownvalue.Check{"a": knownvalue.StringExact("1")}))},
						Check:             resource.TestCheckResourceAttr(at, "tags.a", "1"),
					},
					{Config: table(`tags = { a = "1" }`), PlanOnly: true},
					{Config: table(`tags = { a = "2" }`), PlanOnly: true, ExpectNonEmptyPlan: true},
					{
						Config:            table(`tags = { a = "2" }`) + `output "tags" { value = serverless_table.t.tags }`,
						ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate),
						ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValueAtPath("tags", tfjsonpath.New("a"), knownvalue.StringExact("2"))},
					},
					{RefreshState: true},
					{ResourceName: at, ImportState: true, ImportStateId: "orders", ImportStateVerify: true},
					{Config: table(`tags = { a = "2" }`), Taint: []string{at}, ConfigPlanChecks: planned(plancheck.ResourceActionReplace)},
					{Config: table(`ttl = [`), ExpectError: regexp.MustCompile(`Error: Invalid expression`)},
					{Config: table(`capacity = 3`), ExpectError: regexp.MustCompile(`capacity`)},
					{Config: table(`tags = { a = "2" }`), Destroy: true},
					{Config: table(`tags = { a = "2" }`), ConfigPlanChecks: planned(plancheck.ResourceActionCreate)},
				},
			})
		})
	}
}

// TestHarnessQuery has the same harness ask for what exists, as providers' tests
// of lists do. Terraform can do so since 1.14, which ours says that it follows.
func TestHarnessQuery(t *testing.T) {
	program, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TF_ACC_TERRAFORM_PATH", program)
	t.Setenv("TF_CLI_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_REGION", "eu-west-1")
	e := providertest.Emulator(t)
	const list = "serverless_table.all"
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.RequireAbove(tfversion.Version1_14_0)},
		ProtoV6ProviderFactories: providertest.Factories(e),
		Steps: []resource.TestStep{
			{Config: `resource "serverless_table" "t" {
				name          = "orders"
				partition_key = { name = "pk", type = "S" }
			}`},
			{
				Query: true,
				Config: `
					provider "serverless" {}
					list "serverless_table" "all" {
						provider         = serverless
						include_resource = true
					}`,
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength(list, 1),
					querycheck.ExpectIdentity(list, map[string]knownvalue.Check{
						"account_id": knownvalue.NotNull(), "region": knownvalue.StringExact("eu-west-1"), "table_name": knownvalue.StringExact("orders"),
					}),
				},
			},
		},
	})
}
