list "serverless_function_url" "all" {
  provider = serverless

  config {
    function = "shop-a"
  }
}
