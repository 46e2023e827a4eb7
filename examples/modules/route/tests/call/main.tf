# A call of the route, as a client makes it.

terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

variable "url" {
  type = string
}

data "serverless_request" "this" {
  url = var.url
}

output "status" {
  value = data.serverless_request.this.status
}

output "body" {
  value = data.serverless_request.this.response
}
