terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

# arn:aws:iam::123456789012:role/reader
output "arn" {
  value = provider::serverless::arn_build("aws", "iam", "", "123456789012", "role/reader")
}
