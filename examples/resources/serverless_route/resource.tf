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
