resource "serverless_http_api" "shop" {
  name = "shop"
}

# The old shop answers what is not moved yet. Both routes share the integration.
resource "serverless_integration" "old" {
  api         = serverless_http_api.shop.id
  type        = "HTTP_PROXY"
  uri         = "https://old.example.com/{path}"
  method      = "ANY"
  timeout     = 10000
  description = "The old shop."
}

resource "serverless_route" "old" {
  for_each       = toset(["ANY /carts/{path+}", "ANY /search/{path+}"])
  api            = serverless_http_api.shop.id
  route          = each.key
  integration_id = serverless_integration.old.id
}
