terraform {
  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}
variable "v" {
  default     = "1"
  description = "A value."
}
variable "secret" {
  default   = null
  type      = object({ a = optional(string, "x") })
  sensitive = true
}
provider "terraform" {
  alias = "other"
}
locals {
  x = { a = terraform_data.a.id, b = terraform_data.empty.id }
}
resource "terraform_data" "a" {
  input            = "a${var.v}${var.v}-${upper(var.v)}"
  triggers_replace = { a = 1, b = [null, true, path.module], c = [for x in [1] : x] }
}
resource "terraform_data" "c" {
  count      = length(var.v)
  provider   = terraform.other
  input      = [for f in values(terraform_data.f) : f.id if terraform.workspace != f.input]
  depends_on = [module.m, terraform_data.f["k"]]
  provisioner "local-exec" {
    command     = "echo ${self.id}"
    environment = { A = var.v }
  }
}
resource "terraform_data" "f" {
  for_each         = toset(["k", var.v])
  input            = each.key
  triggers_replace = 1 + 2
}
resource "terraform_data" "empty" {}
module "m" {
  source     = "./m"
  for_each   = { k = local.x }
  in         = try(terraform_data.a.output["a"][0], 1)
  from_each  = each.value
  depends_on = [terraform_data.a]
}
module "passed" {
  source = "./m"
  providers = {
    terraform = terraform.other
  }
}
output "o" {
  value       = [module.m["k"].obj.a[0], module.m, module.passed.obj, local.x]
  description = "All of it."
  depends_on  = [terraform_data.a]
}
output "s" {
  value     = sensitive("x")
  sensitive = true
}
