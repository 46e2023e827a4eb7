package providertest_test

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// notes is what is tested: here one file, often a module.
const notes = `
provider "serverless" {
  region = "eu-north-1"
}

resource "serverless_table" "notes" {
  name          = "notes"
  partition_key = { name = "id", type = "S" }
}

resource "serverless_table_item" "welcome" {
  table = serverless_table.notes.table_name
  item  = { id = "welcome", text = "Hello" }
}
`

// TestNotes is how an acceptance test of a configuration looks. It needs neither an
// account nor a network, and as many as there are run at once: each has an emulator of
// its own. terraform-plugin-testing plans, applies, plans again, which must show
// nothing, and destroys.
func TestNotes(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is not on PATH, and would be downloaded")
	}
	e := providertest.Emulator(t)
	tables := dynamodb.NewFromConfig(providertest.Clients(e, "eu-north-1"))

	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(e),
		Steps: []resource.TestStep{
			{
				Config: notes,
				Check: resource.ComposeAggregateTestCheckFunc(
					resource.TestCheckResourceAttr("serverless_table.notes", "arn", "arn:aws:dynamodb:eu-north-1:000000000000:table/notes"),
					func(*terraform.State) error { // AWS's own clients see what was deployed
						out, err := tables.GetItem(t.Context(), &dynamodb.GetItemInput{
							TableName: aws.String("notes"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "welcome"}},
						})
						if err == nil && len(out.Item) != 2 {
							err = errors.New("the note is not there")
						}
						return err
					},
				),
			},
			{
				ResourceName:      "serverless_table.notes",
				ImportState:       true,
				ImportStateVerify: true,
			},
		},
		CheckDestroy: func(*terraform.State) error {
			if n, err := e.Deployed(); err != nil || n != 0 {
				return errors.Join(err, errors.New("something is left"))
			}
			return nil
		},
	})
}
