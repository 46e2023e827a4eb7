terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region  = "eu-north-1"
  backend = { emulator = {} } # leave this line out to deploy to AWS
}

resource "serverless_websocket_api" "chat" {
  name       = "chat"
  access_log = {}
  throttle   = { rate = 100, burst = 200 }
}

# Who is connected; those who left without a word go after two hours, which is as
# long as a connection lasts.
resource "serverless_table" "connections" {
  name          = "connections"
  partition_key = { name = "id", type = "S" }
  ttl           = "expires_at"
}

resource "serverless_function" "chat" {
  name        = "chat"
  runtime     = "provided.al2023"
  handler     = "bootstrap"
  source      = { file = "${path.module}/build/bootstrap" }
  links       = { CONNECTIONS = { to = serverless_table.connections.arn, access = ["read", "write"] } }
  environment = { MANAGEMENT_URL = serverless_websocket_api.chat.management_url }

  policies = [jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "execute-api:ManageConnections"
      Resource = "${serverless_websocket_api.chat.execution_arn}/*/POST/@connections/*"
    }]
  })]
}

# A message { "action": "send", "text": "…" } goes to the route send, all others to
# $default.
resource "serverless_route" "chat" {
  for_each = toset(["$connect", "$disconnect", "$default", "send"])
  api      = serverless_websocket_api.chat.id
  route    = each.key
  function = serverless_function.chat.target_arn
}

output "url" {
  value = serverless_websocket_api.chat.url
}
