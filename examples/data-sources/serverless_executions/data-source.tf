resource "serverless_state_machine" "fulfil" {
  name       = "fulfil"
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
}

data "serverless_executions" "failed" {
  state_machine = serverless_state_machine.fulfil.arn
  status        = "FAILED"
  limit         = 10
}

output "failed" {
  value = data.serverless_executions.failed.executions[*].arn
}
