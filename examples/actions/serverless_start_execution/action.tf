resource "serverless_state_machine" "fulfill" {
  name       = "fulfill"
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
  publish    = { alias = "live" }
}

# Shows that the state machine works:
#   terraform apply -invoke=action.serverless_start_execution.smoke
action "serverless_start_execution" "smoke" {
  config {
    state_machine = serverless_state_machine.fulfill.target_arn
    input         = jsonencode({ id = "smoke" })
    timeout       = "1m"
  }
}
