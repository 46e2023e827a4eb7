terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

# What a function gets of a queue with one message.
output "event" {
  value = provider::serverless::sample_event("sqs", { body = { kind = "hello" }, queue = "mail" })
}
