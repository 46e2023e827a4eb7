terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

locals {
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Pass", Next = "B" } } })
}

# ["/States/A/Next: Missing 'Next' target: B", ": Workflow has no terminal state"]
output "wrong" {
  value = [for d in provider::serverless::asl_validate(local.definition) : "${d.location}: ${d.message}" if d.severity == "ERROR"]
}
