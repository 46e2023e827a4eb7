# The state machines of one application, whoever made them.
data "serverless_state_machines" "shop" {
  name_prefix = "shop-"
  tags        = { app = "shop" }
}

output "state_machines" {
  value = data.serverless_state_machines.shop.state_machine_names
}
