terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

# A pattern, and an event that it should match.
locals {
  large = { detail = { total = [{ numeric = [">", 100] }] } }
}

output "matches" {
  value = provider::serverless::event_match(local.large, { detail = { total = 250 } })

  precondition {
    condition     = !provider::serverless::event_match(local.large, { detail = { total = 99 } })
    error_message = "The pattern lets small orders through."
  }
}
