list "serverless_function_permission" "all" {
  provider = serverless

  config {
    function = "shop-a"
  }
}
