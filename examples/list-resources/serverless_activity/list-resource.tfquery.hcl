list "serverless_activity" "all" {
  provider = serverless

  config {
    name_prefix = "shop-"
  }
}
