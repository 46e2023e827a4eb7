list "serverless_function" "shop" {
  provider = serverless

  config {
    name_prefix = "shop-"
  }
}
