resource "serverless_state_machine" "night" {
  name       = "night"
  definition = jsonencode({ StartAt = "Wait", States = { Wait = { Type = "Wait", Seconds = 28800, End = true } } })

  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.serverless_start_execution.tonight]
    }
  }
}

# Ends it early: terraform apply -invoke=action.serverless_stop_execution.tonight
action "serverless_stop_execution" "tonight" {
  config {
    execution = "${replace(serverless_state_machine.night.arn, ":stateMachine:", ":execution:")}:tonight"
    error     = "Shop.Closed"
    cause     = "Ended by hand."
  }
}

action "serverless_start_execution" "tonight" {
  config {
    state_machine = serverless_state_machine.night.arn
    name          = "tonight"
    wait          = false
  }
}
