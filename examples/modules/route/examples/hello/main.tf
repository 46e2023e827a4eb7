# Two routes by the module, each with its own function of the same code.

terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region  = "eu-north-1"
  backend = { emulator = {} } # leave this line out to deploy to AWS
}

resource "serverless_http_api" "hello" {
  name = "hello"
}

module "route" {
  source   = "../.."
  for_each = { hello = "Hello", goodbye = "Goodbye" }

  api         = serverless_http_api.hello.id
  route       = "GET /${each.key}"
  name        = each.key
  source_dir  = "${path.module}/src"
  environment = { GREETING = each.value }
}

output "url" {
  value = serverless_http_api.hello.url
}
