resource "serverless_state_machine" "fulfill" {
  name       = "fulfill"
  definition = jsonencode({ StartAt = "Refuse", States = { Refuse = { Type = "Fail", Error = "Shop.Closed" } } })

  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.serverless_start_execution.first]
    }
  }
}

# Takes up what failed, where it failed:
#   terraform apply -invoke=action.serverless_redrive_execution.first
action "serverless_redrive_execution" "first" {
  config {
    execution     = "${replace(serverless_state_machine.fulfill.arn, ":stateMachine:", ":execution:")}:first"
    fail_on_error = false
  }
}

action "serverless_start_execution" "first" {
  config {
    state_machine = serverless_state_machine.fulfill.arn
    name          = "first"
    fail_on_error = false
  }
}
