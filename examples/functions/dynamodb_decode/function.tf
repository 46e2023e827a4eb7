terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

# { id = "a", total = 1.5 }
output "item" {
  value = provider::serverless::dynamodb_decode("{\"id\":{\"S\":\"a\"},\"total\":{\"N\":\"1.5\"}}")
}
