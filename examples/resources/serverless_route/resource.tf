resource "serverless_http_api" "shop" {
  name = "shop"
}

resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source = {
    inline = { "index.mjs" = "export const handler = async (event) => event.pathParameters ?? {};" }
  }
}

resource "serverless_route" "orders" {
  for_each = toset(["GET /orders", "GET /orders/{id}", "POST /orders"])
  api      = serverless_http_api.shop.id
  route    = each.key
  function = serverless_function.orders.target_arn
  timeout  = 10000
}

# A server answers this one.
resource "serverless_route" "status" {
  api      = serverless_http_api.shop.id
  route    = "GET /status"
  http     = { url = "https://status.example.com/shop", method = "GET" }
  throttle = { rate = 5, burst = 10 }
}
