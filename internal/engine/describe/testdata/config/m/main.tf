terraform {
  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}
variable "in" {
  default = "in"
}
variable "from_each" {
  default = "from"
}
resource "terraform_data" "t" {
  input = var.in
}
data "terraform_remote_state" "r" {
  backend = "local"
  config  = { path = "${path.module}/some.tfstate" }
  defaults = {
    x = var.from_each
  }
}
module "n" {
  source = "./n"
  deep   = terraform_data.t.output
}
output "id" { value = terraform_data.t.id }
output "obj" { value = { a = [module.n.deep, var.from_each] } }
