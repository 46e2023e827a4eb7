resource "serverless_state_machine" "fulfill" {
  name       = "fulfill"
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
}

data "serverless_executions" "failed" {
  state_machine = serverless_state_machine.fulfill.arn
  status        = "FAILED"
  limit         = 10
}

output "failed" {
  value = data.serverless_executions.failed.executions[*].arn
}
