list "serverless_http_api" "shop" {
  provider = serverless

  config {
    tags = { app = "shop" }
  }
}

# All integrations of that API.
list "serverless_integration" "shop" {
  provider = serverless

  config {
    api = list.serverless_http_api.shop.data[0].identity.id
  }
}
