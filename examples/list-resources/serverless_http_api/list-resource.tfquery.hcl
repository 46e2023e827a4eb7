# terraform query finds the APIs of one application, whoever made them.
list "serverless_http_api" "shop" {
  provider = serverless

  config {
    tags = { app = "shop" }
  }
}
