list "serverless_function_version" "orders" {
  provider = serverless

  config {
    function = "shop-a"
  }
}
