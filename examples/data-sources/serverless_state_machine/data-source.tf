resource "serverless_state_machine" "fulfill" {
  name       = "fulfill"
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
}

data "serverless_state_machine" "fulfill" {
  state_machine_name = serverless_state_machine.fulfill.state_machine_name
}

output "first_state" {
  value = jsondecode(data.serverless_state_machine.fulfill.definition).StartAt
}
