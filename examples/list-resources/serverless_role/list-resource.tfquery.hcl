list "serverless_role" "shop" {
  provider = serverless

  config {
    name_prefix = "shop-"
  }
}
