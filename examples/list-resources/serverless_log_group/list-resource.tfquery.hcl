list "serverless_log_group" "shop" {
  provider = serverless

  config {
    name_prefix = "shop-"
  }
}
