list "serverless_http_api" "shop" {
  provider = serverless

  config {
    tags = { app = "shop" }
  }
}

# All routes of that API.
list "serverless_route" "shop" {
  provider = serverless

  config {
    api = list.serverless_http_api.shop.data[0].identity.id
  }
}
