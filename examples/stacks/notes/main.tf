terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region  = "eu-north-1"
  backend = { emulator = {} } # leave this line out to deploy to AWS
}

resource "serverless_table" "notes" {
  name          = "notes"
  partition_key = { name = "id", type = "S" }
}

resource "serverless_function" "notes" {
  name    = "notes"
  runtime = "provided.al2023"
  handler = "bootstrap"
  source  = { file = "${path.module}/build/bootstrap" }
  links   = { NOTES = { to = serverless_table.notes.arn, access = ["read", "write"] } }
}

resource "serverless_http_api" "notes" {
  name = "notes"
}

resource "serverless_route" "notes" {
  for_each = toset(["POST /notes", "GET /notes/{id}"])
  api      = serverless_http_api.notes.id
  route    = each.key
  function = serverless_function.notes.target_arn
}

output "url" {
  value = serverless_http_api.notes.url
}
