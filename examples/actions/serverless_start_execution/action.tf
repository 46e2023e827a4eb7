resource "serverless_state_machine" "fulfil" {
  name       = "fulfil"
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
  publish    = { alias = "live" }
}

# Shows that the state machine works:
#   terraform apply -invoke=action.serverless_start_execution.smoke
action "serverless_start_execution" "smoke" {
  config {
    state_machine = serverless_state_machine.fulfil.target_arn
    input         = jsonencode({ id = "smoke" })
    timeout       = "1m"
  }
}
