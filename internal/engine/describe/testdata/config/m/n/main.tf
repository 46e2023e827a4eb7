variable "deep" {}
output "deep" { value = var.deep }
