package provider_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestPermissionsBoundary: every role that is made has the provider's boundary, unless
// its resource says another; a change of it is an update of what has the roles.
func TestPermissionsBoundary(t *testing.T) {
	alone(t)
	e := providertest.Emulator(t)
	m := on(e)
	const (
		all   = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
		other = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
	)
	config := func(boundary string) string {
		return fmt.Sprintf(`provider "serverless" {
  region               = "eu-north-1"
  permissions_boundary = %s
}
resource "serverless_function" "f" {
  name    = "f"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => {}" } }
}
resource "serverless_function" "own" {
  name    = "own"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => {}" } }
  role    = { permissions_boundary = %q }
}
resource "serverless_state_machine" "m" {
  name       = "m"
  role       = { name = "machines" }
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Succeed" } } })
}
resource "serverless_role" "r" {
  name     = "r"
  services = ["lambda.amazonaws.com"]
}
`, boundary, other)
	}
	roles := iam.NewFromConfig(providertest.Clients(e, "us-east-1"))
	bounds := func(want string) {
		t.Helper()
		out, err := roles.ListRoles(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Roles {
			one, err := roles.GetRole(t.Context(), &iam.GetRoleInput{RoleName: r.RoleName})
			if err != nil {
				t.Fatal(err)
			}
			got, should := "", want
			if b := one.Role.PermissionsBoundary; b != nil {
				got = *b.PermissionsBoundaryArn
			}
			if len(*r.RoleName) > 3 && (*r.RoleName)[:4] == "own-" {
				should = other
			}
			if got != should {
				t.Errorf("the role %s has the boundary %q, want %q", *r.RoleName, got, should)
			}
		}
		if len(out.Roles) != 4 {
			t.Errorf("%d roles, want 4", len(out.Roles))
		}
	}
	for _, boundary := range []string{all, "", all} {
		written := "null"
		if boundary != "" {
			written = fmt.Sprintf("%q", boundary)
		}
		if _, err := m.Apply(t.Context(), config(written)); err != nil {
			t.Fatal(err)
		}
		bounds(boundary)
		changes, err := m.Plan(t.Context(), config(written))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			if c.Action != "no-op" {
				t.Errorf("with %s the second plan has an %s of %s because of %v", written, c.Action, c.Address, c.Changed)
			}
		}
	}
	// Somebody takes it away.
	name := "machines"
	if _, err := roles.DeleteRolePermissionsBoundary(t.Context(), &iam.DeleteRolePermissionsBoundaryInput{RoleName: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context(), config(fmt.Sprintf("%q", all))); err != nil {
		t.Fatal(err)
	}
	bounds(all)
	if _, err := m.Plan(t.Context(), config("var.unknown")); err != nil {
		t.Errorf("with one that is not known yet: %v", err)
	}
	if err := m.Destroy(t.Context(), config("null")); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Plan(t.Context(), config(`"boundary"`)); err == nil {
		t.Error("a boundary that is no ARN is accepted")
	}
}
