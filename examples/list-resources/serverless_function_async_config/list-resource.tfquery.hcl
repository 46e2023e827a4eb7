list "serverless_function_async_config" "all" {
  provider = serverless

  config {
    function = "shop-a"
  }
}
