terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

# {"id":{"S":"a"},"tags":{"SS":["x","y"]},"total":{"N":"1.5"}}
output "item" {
  value = jsonencode(provider::serverless::dynamodb_encode({
    id    = "a"
    total = 1.5
    tags  = toset(["x", "y"])
  }))
}
