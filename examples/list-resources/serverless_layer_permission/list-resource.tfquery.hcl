list "serverless_layer_permission" "all" {
  provider = serverless

  config {
    layer_name = "shop-a"
    version    = "1"
  }
}
