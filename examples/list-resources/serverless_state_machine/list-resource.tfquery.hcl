# terraform query finds the state machines, and with -generate-config-out it writes
# what imports them.
list "serverless_state_machine" "shop" {
  provider         = serverless
  include_resource = true

  config {
    name_prefix = "shop-"
    tags        = { app = "shop" }
  }
}
