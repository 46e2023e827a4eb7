resource "serverless_state_machine" "fulfill" {
  name       = "fulfill"
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
  publish    = { alias = "live" }
}

# Another name, which stays at the first version whatever is published.
resource "serverless_state_machine_alias" "first" {
  state_machine = serverless_state_machine.fulfill.arn
  name          = "first"
  version       = "1"
  description   = "What the old shop starts."
}
