resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
  publish = { alias = "live" }
}

# Sends all calls of the alias to version 1.
action "serverless_shift_traffic" "back" {
  config {
    function = serverless_function.orders.target_arn
    version  = "1"
    weight   = 1
  }
}
