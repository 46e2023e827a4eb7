list "serverless_state_machine_alias" "fulfil" {
  provider = serverless

  config {
    state_machine = "shop-a"
  }
}
