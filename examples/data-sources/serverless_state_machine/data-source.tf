resource "serverless_state_machine" "fulfil" {
  name       = "fulfil"
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
}

data "serverless_state_machine" "fulfil" {
  state_machine_name = serverless_state_machine.fulfil.state_machine_name
}

output "first_state" {
  value = jsondecode(data.serverless_state_machine.fulfil.definition).StartAt
}
