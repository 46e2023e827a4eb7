# A route by the module whose function writes to a table.

terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region  = "eu-north-1"
  backend = { emulator = {} } # leave this line out to deploy to AWS
}

resource "serverless_table" "visits" {
  name          = "visits"
  partition_key = { name = "guest", type = "S" }
}

resource "serverless_http_api" "guestbook" {
  name = "guestbook"
}

module "sign" {
  source = "../.."

  api        = serverless_http_api.guestbook.id
  route      = "POST /guests/{guest}"
  name       = "guestbook-sign"
  source_dir = "${path.module}/src"
  links      = { VISITS = { to = serverless_table.visits.arn, access = ["read", "write"] } }
}

output "url" {
  value = serverless_http_api.guestbook.url
}
