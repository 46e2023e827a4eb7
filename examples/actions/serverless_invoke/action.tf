resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => ({ statusCode: 200, body: event.rawPath })" } }
}

# Shows that the function works.
action "serverless_invoke" "smoke" {
  config {
    function = serverless_function.orders.target_arn
    payload  = provider::serverless::sample_event("http_api", { route = "GET /orders" })
  }
}
