list "serverless_state_machine_alias" "fulfill" {
  provider = serverless

  config {
    state_machine = "shop-a"
  }
}
