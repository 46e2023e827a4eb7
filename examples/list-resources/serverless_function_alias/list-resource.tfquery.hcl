list "serverless_function_alias" "orders" {
  provider = serverless

  config {
    function = "shop-a"
  }
}
