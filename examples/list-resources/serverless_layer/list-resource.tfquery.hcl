list "serverless_layer" "shop" {
  provider = serverless

  config {
    name_prefix = "shop-"
  }
}
