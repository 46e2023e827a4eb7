terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

# function:orders
output "resource" {
  value = provider::serverless::arn_parse("arn:aws:lambda:eu-north-1:123456789012:function:orders").resource
}
