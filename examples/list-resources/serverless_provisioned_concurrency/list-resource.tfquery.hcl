list "serverless_provisioned_concurrency" "all" {
  provider = serverless

  config {
    function = "shop-a"
  }
}
