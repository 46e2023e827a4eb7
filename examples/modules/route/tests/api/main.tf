# An HTTP API for the tests of the module.

terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

resource "serverless_http_api" "this" {
  name = "test"
}

output "id" {
  value = serverless_http_api.this.id
}

output "url" {
  value = serverless_http_api.this.url
}
